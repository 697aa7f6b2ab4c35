"""What the forms and addresses of 공론장 carry, and in which shape."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Optional

from civicvote.domain import districts
from civicvote.domain.deliberation import (
    AUDIENCES,
    REFLECTIONS,
    ROUND_KINDS,
    Audience,
    ForumKind,
    Reflection,
    RoundKind,
)
from civicvote.forms.base import BaseForm
from civicvote.forms.cycles import VersionForm
from civicvote.forms.fields import SeoulDateTimeField, clean_input, clean_line, options
from civicvote.forms.projects import PERSONAL, Measured, key_of
from civicvote.models.base import new_id
from civicvote.models.deliberation import Forum, Round, SynthesisSection
from civicvote.services.deliberation import conclusion, experts, groups, links, making, schedule, synthesis, words
from civicvote.services.deliberation import options as choices
from civicvote.services.deliberation.forums import Filters, Status
from civicvote.web.i18n import language, say

_NEEDED = _l("꼭 적어 주십시오.")


def _need() -> DataRequired:
    return DataRequired(_NEEDED)


def filters_from(args: MultiDict[str, str], kind: ForumKind | None = None) -> Filters:
    """A list's filters as its address gives them; what isn't understood is left out."""
    status, district, wanted = args.get("status", ""), args.get("district", ""), args.get("kind", "")
    return Filters(
        kind=kind or (ForumKind(wanted) if wanted in set(ForumKind) else None),
        status=Status(status) if status in set(Status) else None,
        district=district if districts.is_district(district) else "",
    )


class ForumForm(VersionForm):
    """What a forum is about."""

    kind = SelectField(_l("종류"), validate_choice=False)
    title = StringField(_l("제목"), [_need(), Measured(2, making.TITLE_MAX), PERSONAL], filters=[clean_line])
    summary = TextAreaField(
        _l("한 문단 요약"), [Optional(), Measured(0, making.SUMMARY_MAX), PERSONAL], filters=[clean_line]
    )
    background = TextAreaField(
        _l("배경 자료"), [Optional(), Measured(0, making.BACKGROUND_MAX), PERSONAL], filters=[clean_input]
    )
    category = StringField(_l("분야"), [Optional(), Measured(0, 40), PERSONAL], filters=[clean_line])
    district = SelectField(_l("자치구"), validate_choice=False)
    department = SelectField(_l("담당 부서"), validate_choice=False)

    def offer(self, kinds: Iterable[tuple[str, Any]], departments: Iterable[tuple[str, str]]) -> None:
        """Fill the selects; a department's own form has no choice of department."""
        self.kind.choices = options(kinds)
        self.district.choices = options([("", districts.name_of(None, language())), *districts.choices(language())])
        own = list(departments)
        if own:
            self.department.choices = options([("", _l("정하지 않음")), *own])
        else:
            del self.department

    def show(self, forum: Forum) -> None:
        """Fill in what is stored."""
        self.version.data, self.title.data, self.summary.data = str(forum.version), forum.title, forum.summary
        self.background.data, self.category.data = forum.background, forum.category
        self.district.data = forum.district or ""
        if self.department:
            self.department.data = str(forum.department_id or "")

    def content(self) -> making.Content:
        """What was written; call it after the form validated."""
        return making.Content(
            title=self.title.data or "",
            summary=self.summary.data or "",
            background=self.background.data or "",
            category=self.category.data or "",
            district=self.district.data or "",
            department_id=key_of(self.department.data) if self.department else None,
        )


class OptionsForm(BaseForm):
    """The options of 서울시가 묻습니다, one a line."""

    options = TextAreaField(
        _l("선택지"),
        [_need(), Measured(1, 10 * (choices.TEXT_MAX + 1)), PERSONAL],
        filters=[clean_input],
        description=_l("한 줄에 하나씩, 2개에서 10개까지 써 주십시오. 보이는 순서대로 놓입니다."),
    )

    @property
    def lines(self) -> list[str]:
        """The options."""
        return [line.strip() for line in (self.options.data or "").splitlines() if line.strip()]


class RoundForm(VersionForm):
    """A round's plan, on Seoul's clock."""

    kind = SelectField(_l("무엇을 하는 순서입니까"))
    title = StringField(_l("순서 이름"), [_need(), Measured(2, schedule.TITLE_MAX), PERSONAL], filters=[clean_line])
    guide = TextAreaField(
        _l("참여 안내"), [Optional(), Measured(0, schedule.GUIDE_MAX), PERSONAL], filters=[clean_input]
    )
    opens_at = SeoulDateTimeField(_l("시작"), [InputRequired(_NEEDED)])
    closes_at = SeoulDateTimeField(_l("마감"), [InputRequired(_NEEDED)])
    audience = RadioField(
        _l("참여할 수 있는 사람"),
        choices=options((one.value, one.value) for one in Audience),
        default=Audience.EVERYONE.value,
    )
    group = SelectField(_l("참여자 모둠"), validate_choice=False)
    premoderated = BooleanField(_l("올라온 의견·질문을 모더레이터가 확인한 뒤 공개합니다."))

    def offer(self, kinds: Iterable[RoundKind], rows: Sequence[groups.Row]) -> None:
        """Fill the selects."""
        self.kind.choices = options((one.value, say(ROUND_KINDS[one])) for one in kinds)
        self.audience.choices = options((one.value, say(text)) for one, text in AUDIENCES.items())
        self.group.choices = options([("", _l("고르지 않음")), *((str(row.id), row.name) for row in rows)])

    def show(self, found: Round) -> None:
        """Fill in what is stored."""
        self.version.data, self.kind.data, self.title.data = str(found.version), found.kind.value, found.title
        self.guide.data, self.opens_at.data, self.closes_at.data = found.guide, found.opens_at, found.closes_at
        self.audience.data, self.group.data = found.audience.value, str(found.group_id or "")
        self.premoderated.data = found.premoderated

    def plan(self) -> schedule.Plan:
        """What was written; call it after the form validated."""
        assert self.opens_at.data is not None
        assert self.closes_at.data is not None
        return schedule.Plan(
            kind=RoundKind(self.kind.data),
            title=self.title.data or "",
            guide=self.guide.data or "",
            opens_at=self.opens_at.data,
            closes_at=self.closes_at.data,
            audience=Audience(self.audience.data),
            group_id=key_of(self.group.data),
            premoderated=bool(self.premoderated.data),
        )


class PublicReasonForm(BaseForm):
    """A reason everybody will read."""

    reason = TextAreaField(
        _l("이유"), [_need(), Measured(words.REASON_MIN, words.REASON_MAX), PERSONAL], filters=[clean_input]
    )


class ExtendForm(PublicReasonForm):
    """More time for a round."""

    closes_at = SeoulDateTimeField(_l("새 마감"), [InputRequired(_NEEDED)])


class ConcludeForm(BaseForm):
    """The conclusion; the reason is asked for where rounds aren't over."""

    text = TextAreaField(_l("결론"), [_need(), Measured(20, conclusion.TEXT_MAX), PERSONAL], filters=[clean_input])
    reason = TextAreaField(
        _l("먼저 마무리하는 이유"), [Optional(), Measured(0, words.REASON_MAX), PERSONAL], filters=[clean_input]
    )


class ReflectForm(BaseForm):
    """What the department did with the conclusion."""

    reflection = RadioField(
        _l("반영 결과"),
        [InputRequired(_l("반영 결과를 골라 주십시오."))],
        choices=options((one.value, one.value) for one in Reflection),
    )
    text = TextAreaField(
        _l("이유와 계획"), [_need(), Measured(10, conclusion.TEXT_MAX), PERSONAL], filters=[clean_input]
    )

    @classmethod
    def offered(cls) -> "ReflectForm":
        """The form with its words."""
        form = cls()
        form.reflection.choices = options((one.value, say(text)) for one, text in REFLECTIONS.items())
        return form


class LinkForm(BaseForm):
    """What came before or after."""

    after = RadioField(
        _l("언제의 일입니까"),
        choices=options([("0", _l("이 공론장 앞")), ("1", _l("이 공론장 뒤"))]),
        default="1",
    )
    label = StringField(_l("이름"), [_need(), Measured(2, links.LABEL_MAX), PERSONAL], filters=[clean_line])
    url = StringField(
        _l("주소"),
        [_need(), Measured(2, links.URL_MAX)],
        filters=[clean_line],
        description=_l("이 누리집 안은 /로 시작하는 주소, 밖은 https://로 시작하는 주소를 넣어 주십시오."),
    )


class TeamForm(BaseForm):
    """Somebody to name; `field` is an expert's."""

    user = SelectField(_l("계정"), [InputRequired(_l("계정을 골라 주십시오."))], validate_choice=False)
    field = StringField(_l("전문 분야"), [Optional(), Measured(0, experts.FIELD_MAX), PERSONAL], filters=[clean_line])

    def offer(self, accounts: Iterable[tuple[UUID, str]], *, expert: bool) -> None:
        """Fill the select; only experts have a field."""
        self.user.choices = options([("", _l("고르기")), *((str(key), name) for key, name in accounts)])
        if not expert:
            del self.field


class GroupForm(BaseForm):
    """A participant group."""

    name = StringField(_l("모둠 이름"), [_need(), Measured(2, groups.NAME_MAX), PERSONAL], filters=[clean_line])
    kind = RadioField(_l("종류"), choices=options((key, key) for key in groups.KINDS), default="season")

    @classmethod
    def offered(cls) -> "GroupForm":
        """The form with its words."""
        form = cls()
        form.kind.choices = options((key, say(text)) for key, text in groups.KINDS.items())
        return form


class EmailsForm(BaseForm):
    """Addresses, one a line."""

    emails = TextAreaField(
        _l("이메일 목록"),
        [_need()],
        description=_l("한 줄에 하나씩 붙여 넣어 주십시오. 이름이 함께 있어도 주소만 읽습니다."),
    )


class SectionForm(VersionForm):
    """A part of the synthesis."""

    heading = StringField(_l("소제목"), [_need(), Measured(2, synthesis.HEADING_MAX), PERSONAL], filters=[clean_line])
    body = TextAreaField(_l("내용"), [_need(), Measured(10, synthesis.BODY_MAX), PERSONAL], filters=[clean_input])

    def show(self, part: SynthesisSection) -> None:
        """Fill in what is stored."""
        self.version.data, self.heading.data, self.body.data = str(part.version), part.heading, part.body


class SayForm(BaseForm):
    """A question, an answer or an annotation; the same form sent twice is one."""

    form_key = HiddenField()
    body = TextAreaField(_l("내용"), [_need(), Measured(2, 2000), PERSONAL], filters=[clean_input])

    @property
    def key(self) -> UUID:
        """The form's key; a fresh one for a form that came without."""
        return key_of(self.form_key.data) or new_id()
