"""Forms of verification. What an identity must look like, the domain says; here only what is needed and how long."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileAllowed, FileField, FileRequired
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from civicvote.domain import districts
from civicvote.forms.base import BaseForm
from civicvote.forms.fields import WholeField, options
from civicvote.services.verification import BASES, DeskCase, Namesake
from civicvote.web.i18n import language, say

_NEEDED = _l("입력해 주십시오.")
_CHOOSE = _l("골라 주십시오.")
_TOO_LONG = _l("너무 깁니다. %(max)d자까지 쓸 수 있습니다.")
_SEXES = [("f", _l("여성")), ("m", _l("남성")), ("", _l("밝히지 않음"))]


class TextInput(StringField):
    """A line of text that a validator has required: its data is never None afterwards."""

    data: str


def _line(label: Any, description: Any = "", *, maximum: int = 60, **attrs: str) -> TextInput:
    return TextInput(
        label,
        [DataRequired(_NEEDED), Length(max=maximum, message=_TOO_LONG)],
        description=description,
        render_kw=attrs,
    )


def _birth_date() -> TextInput:
    return _line(_l("생년월일"), _l("예: 1990-05-17"), inputmode="numeric", autocomplete="bday")


def _phone() -> TextInput:
    return _line(_l("전화번호"), _l("예: 010-1234-5678"), type="tel", autocomplete="tel")


class RegisterForm(BaseForm):
    name = _line(_l("이름"), _l("주민등록에 적힌 대로"), autocomplete="name")
    birth_date = _birth_date()
    phone = _phone()
    consent = BooleanField(
        _l("본인확인을 위해 이름, 생년월일, 전화번호를 서울시 명부와 비교하는 데 동의합니다."),
        [InputRequired(_l("동의하셔야 본인확인을 할 수 있습니다."))],
    )


def _district_choices() -> list[Any]:
    return options([("", _l("골라 주십시오")), *districts.choices(language())])


class DemoForm(BaseForm):
    district = SelectField(_l("자치구"), [DataRequired(_CHOOSE)])
    birth_year = WholeField(
        _l("태어난 해"),
        [
            InputRequired(_l("네 자리 숫자로 적어 주십시오.")),
            NumberRange(1880, 2200, _l("네 자리 숫자로 적어 주십시오.")),
        ],
        description=_l("예: 1990"),
        render_kw={"inputmode": "numeric", "type": "text"},
    )
    sex = RadioField(_l("성별"), [Optional()], choices=options(_SEXES), default="")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.district.choices = _district_choices()


class LookUpForm(BaseForm):
    """Its fields are called find-…, because the page holds the form of the verification as well."""

    email = _line(_l("이메일"), maximum=254, type="email", autocomplete="off", inputmode="email")
    purpose = _line(
        _l("열람 목적"), _l("예: 창구 방문 민원인의 본인확인. 기록에 남습니다."), maximum=200, autocomplete="off"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, prefix="find", **kwargs)


class DocumentsForm(BaseForm):
    """What a clerk at any desk reads off documents, and about whom."""

    district = SelectField(_l("자치구"), [Optional()], description=_l("서류에 적힌 주소의 자치구입니다."))
    guardian = BooleanField(_l("만 14세 미만이며, 보호자의 동의를 서류로 확인했습니다."))
    namesake = RadioField(
        _l("이름과 생년월일이 같은 분"),
        [Optional()],
        choices=options(
            [
                (Namesake.UNKNOWN.value, _l("해당 없음")),
                (Namesake.SAME.value, _l("같은 분이며 전화번호가 바뀌었음")),
                (Namesake.OTHER.value, _l("다른 분(동명이인)")),
            ]
        ),
        default="",
    )


class DeskForm(DocumentsForm):
    email = _line(_l("계정의 이메일"), maximum=254, type="email", autocomplete="off", inputmode="email")
    name = _line(_l("이름"), _l("신분증에 적힌 대로"), autocomplete="off")
    birth_date = _line(_l("생년월일"), _l("예: 1990-05-17. 주민등록번호 뒷자리는 적지 않습니다."), autocomplete="off")
    phone = _line(_l("전화번호"), _l("예: 010-1234-5678"), type="tel", autocomplete="off")
    sex = RadioField(_l("성별"), [Optional()], choices=options(_SEXES), default="")
    level = RadioField(
        _l("확인한 것"),
        [InputRequired(_CHOOSE)],
        choices=options([("2", _l("본인이며 서울 시민 (투표할 수 있음)")), ("1", _l("본인임만 확인"))]),
        default="2",
    )
    basis = SelectField(
        _l("서울과의 관계"), [Optional()], description=_l("서울 시민으로 확인할 때 서류로 본 것을 고릅니다.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.basis.choices = options([("", _l("골라 주십시오")), *((key, say(label)) for key, label in BASES.items())])
        self.district.choices = _district_choices()

    def case(self) -> DeskCase:
        """What the clerk typed, for the service."""
        return DeskCase(
            email=self.email.data,
            name=self.name.data,
            birth_date=self.birth_date.data,
            phone=self.phone.data,
            level=int(self.level.data),
            sex=self.sex.data or None,
            basis=self.basis.data or None,
            district=self.district.data or None,
            guardian_consents=self.guardian.data,
            namesake=Namesake(self.namesake.data or ""),
        )


class RegisterFileForm(BaseForm):
    file = FileField(
        _l("명부 파일"),
        [FileRequired(_l("파일을 골라 주십시오.")), FileAllowed(["csv"], _l("CSV 파일만 올릴 수 있습니다."))],
        description=_l("CSV, UTF-8 또는 CP949, 8 MB까지. 더 큰 파일은 civicvote register import 명령으로 가져옵니다."),
        render_kw={"accept": ".csv,text/csv"},
    )
