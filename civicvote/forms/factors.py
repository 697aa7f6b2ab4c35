"""Forms of the second factor."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from civicvote.forms.accounts import PasswordInput, TextInput
from civicvote.forms.base import BaseForm

_NEEDED = _l("입력해 주십시오.")


class SureForm(BaseForm):
    password = PasswordInput(
        _l("비밀번호"), [InputRequired(_NEEDED), Length(max=128)], render_kw={"autocomplete": "current-password"}
    )
    next = HiddenField()


class CodeForm(BaseForm):
    """The six digits of an app."""

    code = TextInput(
        _l("인증 코드"),
        [DataRequired(_NEEDED), Length(max=20)],
        description=_l("앱에 보이는 숫자 여섯 자리입니다."),
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"},
    )
    next = HiddenField()


class RecoveryForm(BaseForm):
    """One of the ten codes."""

    recovery = TextInput(
        _l("복구 코드"),
        [DataRequired(_NEEDED), Length(max=40)],
        description=_l("등록할 때 적어 둔 코드 열 개 가운데 쓰지 않은 하나입니다."),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    next = HiddenField()


class PasskeyForm(BaseForm):
    """What the browser's script fills in: the credential as JSON."""

    credential = HiddenField(validators=[DataRequired(), Length(max=20_000)])
    next = HiddenField()


class NewPasskeyForm(PasskeyForm):
    name = StringField(_l("이름"), [Length(max=60)], description=_l("어느 기기인지 알아볼 이름입니다. 예: 내 휴대전화"))
