"""Forms of accounts. Lengths here keep input bounded; what a password or name must be, the service says."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, InputRequired, Length

from civicvote.domain import districts
from civicvote.forms.base import BaseForm
from civicvote.web.i18n import language


class TextInput(StringField):
    """A line of text that a validator has required: its data is never None afterwards."""

    data: str


class PasswordInput(PasswordField):
    """The same for a password; what was typed is never sent back."""

    data: str


_NEEDED = _l("입력해 주십시오.")
_TOO_LONG = _l("너무 깁니다. %(max)d자까지 쓸 수 있습니다.")


def _email(label: str, description: str = "") -> TextInput:
    return TextInput(
        label,
        [DataRequired(_NEEDED), Length(max=254, message=_TOO_LONG)],
        description=description,
        render_kw={"type": "email", "autocomplete": "email", "inputmode": "email", "autocapitalize": "none"},
    )


def _password(label: str, description: str = "", *, new: bool = False) -> PasswordInput:
    return PasswordInput(
        label,
        [InputRequired(_NEEDED), Length(max=128, message=_TOO_LONG)],
        description=description,
        render_kw={"autocomplete": "new-password" if new else "current-password"},
    )


_RULE = _l("10자 이상. 낱말 여러 개를 이으면 길고 외우기 쉽습니다.")


class SignInForm(BaseForm):
    email = _email(_l("이메일"))
    password = _password(_l("비밀번호"))
    next = HiddenField()


def _name() -> TextInput:
    return TextInput(
        _l("별명"),
        [DataRequired(_NEEDED), Length(max=40, message=_TOO_LONG)],
        description=_l("2~20자. 제안과 댓글에 표시되어 모두에게 보입니다."),
        render_kw={"autocomplete": "nickname"},
    )


def _district() -> SelectField:
    return SelectField(_l("사는 자치구"), validate_choice=False, description=_l("우리 동네 사업을 먼저 보여 드립니다."))


def _district_choices() -> list[SelectChoice]:
    named = (SelectChoice(code, name) for code, name in districts.choices(language()))
    return [SelectChoice("", _l("선택 안 함")), *named]


class SignUpForm(BaseForm):
    email = _email(_l("이메일"), _l("확인 링크를 보내 드립니다. 다른 사람에게는 보이지 않습니다."))
    name = _name()
    password = _password(_l("비밀번호"), _RULE, new=True)
    district = _district()
    consent = BooleanField(
        _l("만 14세 이상이며, 개인정보 수집과 이용에 동의합니다."),
        [InputRequired(_l("동의하셔야 가입할 수 있습니다."))],
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.district.choices = _district_choices()


class ConfirmForm(BaseForm):
    password = _password(_l("비밀번호"), _l("가입할 때 정한 비밀번호입니다."))


class ForgotForm(BaseForm):
    email = _email(_l("이메일"), _l("가입할 때 쓴 주소를 입력해 주십시오."))


class ResetForm(BaseForm):
    password = _password(_l("새 비밀번호"), _RULE, new=True)


class ProfileForm(BaseForm):
    name = _name()
    district = _district()
    locale = SelectField(_l("언어"), choices=[SelectChoice("ko", "한국어"), SelectChoice("en", "English")])

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.district.choices = _district_choices()


class EmailForm(BaseForm):
    email = _email(_l("새 이메일"))
    password = _password(_l("비밀번호"), _l("본인인지 다시 확인합니다."))


class PasswordForm(BaseForm):
    password = _password(_l("지금 비밀번호"))
    new_password = _password(_l("새 비밀번호"), _RULE, new=True)


class EraseForm(BaseForm):
    sure = BooleanField(_l("되돌릴 수 없다는 것을 알고 있습니다."), [InputRequired(_l("확인해 주십시오."))])
    password = _password(_l("비밀번호"), _l("본인인지 다시 확인합니다."))


class TokenForm(BaseForm):
    """A button with its CSRF token."""
