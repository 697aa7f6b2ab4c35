"""Forms of administration. Several stand on one page, so each has a prefix."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.validators import DataRequired, Length, Optional

from civicvote.domain.permissions import ASSIGNABLE, Role
from civicvote.forms.base import BaseForm
from civicvote.forms.fields import options
from civicvote.services.admin import ROLES, DepartmentRow
from civicvote.web.i18n import language, say

_NEEDED = _l("입력해 주십시오.")
_CHOOSE = _l("골라 주십시오.")
_TOO_LONG = _l("너무 깁니다. %(max)d자까지 쓸 수 있습니다.")


class TextInput(StringField):
    """A line of text that a validator has required: its data is never None afterwards."""

    data: str


def _line(label: Any, description: Any = "", *, maximum: int = 200, **attrs: str) -> TextInput:
    return TextInput(
        label,
        [DataRequired(_NEEDED), Length(max=maximum, message=_TOO_LONG)],
        description=description,
        render_kw={"autocomplete": "off"} | attrs,
    )


def _reason() -> TextInput:
    return _line(_l("이유"), _l("당사자와 다른 관리자에게 이메일로 전달되고 감사기록에 남습니다."))


def _roles(held: Iterable[Role]) -> list[Any]:
    return options([("", _l("골라 주십시오")), *((role.value, say(ROLES[role])) for role in held)])


def _departments(rows: Sequence[DepartmentRow], nothing: Any) -> list[Any]:
    korean = language() == "ko"
    return options(
        [("", nothing), *((str(row.id), row.name if korean else row.name_en or row.name) for row in rows if row.active)]
    )


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None


class FindForm(BaseForm):
    email = _line(_l("이메일"), maximum=254, type="email", inputmode="email")
    purpose = _line(_l("열람 목적"), _l("누가 왜 찾았는지 기록되어 감사 담당이 봅니다."))


class LookForm(BaseForm):
    purpose = _line(
        _l("열람 목적"), _l("누가 왜 보았는지 기록되어 감사 담당이 봅니다. 당사자도 자기 기록을 내려받을 수 있습니다.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, prefix="look", **kwargs)


class GrantForm(BaseForm):
    role = SelectField(_l("역할"), [DataRequired(_CHOOSE)])
    department = SelectField(_l("부서"), [Optional()], description=_l("부서 담당에게는 꼭 필요합니다."))
    reason = _reason()

    def __init__(self, held: Iterable[Role], rows: Sequence[DepartmentRow], **kwargs: Any) -> None:
        super().__init__(prefix="grant", **kwargs)
        self.role.choices = _roles(role for role in ASSIGNABLE if role not in set(held))
        self.department.choices = _departments(rows, _l("지금 그대로"))

    @property
    def department_id(self) -> UUID | None:
        """The department chosen, if any."""
        return _id(self.department.data)


class RevokeForm(BaseForm):
    role = SelectField(_l("역할"), [DataRequired(_CHOOSE)])
    reason = _reason()

    def __init__(self, held: Iterable[Role], **kwargs: Any) -> None:
        super().__init__(prefix="revoke", **kwargs)
        self.role.choices = _roles(held)


class MoveForm(BaseForm):
    department = SelectField(_l("부서"), [Optional()])
    reason = _reason()

    def __init__(self, rows: Sequence[DepartmentRow], **kwargs: Any) -> None:
        super().__init__(prefix="move", **kwargs)
        self.department.choices = _departments(rows, _l("부서 없음"))

    @property
    def department_id(self) -> UUID | None:
        """The department chosen; None to leave any."""
        return _id(self.department.data)


class DepartmentForm(BaseForm):
    name = _line(_l("부서 이름"), maximum=60)
    name_en = StringField(
        _l("영어 이름"),
        [Optional(), Length(max=80, message=_TOO_LONG)],
        render_kw={"autocomplete": "off", "lang": "en"},
    )
