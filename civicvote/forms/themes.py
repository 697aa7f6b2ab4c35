"""Forms of 테마토론: making one, nominating, what becomes of it."""

from uuid import UUID, uuid4

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from civicvote.domain.ballot_rounds import BALLOT_METHODS, LEVELS, BallotMethod
from civicvote.domain.cycles import Window
from civicvote.domain.deliberation import AUDIENCES, Audience
from civicvote.domain.themes import REASON_MAX, TARGETS, TITLE_MAX, Target, ThemePlan
from civicvote.forms.base import BaseForm
from civicvote.forms.fields import SeoulDateTimeField, WholeField, clean_input, clean_line, options
from civicvote.services.deliberation.theme_pages import PromotionChoices
from civicvote.web.i18n import say

_NEEDED = InputRequired(_l("꼭 적어 주십시오."))


def _moment(label: str) -> SeoulDateTimeField:
    return SeoulDateTimeField(label, validators=[_NEEDED])


class ThemeForm(BaseForm):
    """A whole 테마토론 with its windows. 확정 has the time between the ballot's close and the discussion."""

    title = StringField(
        _l("이름"), filters=[clean_line], validators=[_NEEDED, Length(max=80, message=_l("80자까지 적을 수 있습니다."))]
    )
    summary = StringField(
        _l("한 줄 소개"),
        filters=[clean_line],
        validators=[_NEEDED, Length(max=300, message=_l("300자까지 적을 수 있습니다."))],
    )
    background = TextAreaField(
        _l("안내와 배경 자료"),
        description=_l("마크다운으로 적을 수 있습니다."),
        filters=[clean_input],
        validators=[_NEEDED, Length(max=20_000, message=_l("20,000자까지 적을 수 있습니다."))],
    )
    nominations_opens = _moment(_l("후보접수 시작"))
    nominations_closes = _moment(_l("후보접수 마감"))
    premoderated = BooleanField(_l("후보를 모더레이터가 먼저 확인한 뒤 공개"))
    ballot_opens = _moment(_l("주제투표 시작"))
    ballot_closes = _moment(_l("주제투표 마감"))
    voters = SelectField(_l("투표할 수 있는 사람"), choices=[])
    method = SelectField(_l("투표 방식"), choices=[])
    max_picks = WholeField(
        _l("고를 수 있는 수"), description=_l("‘하나 고르기’에서는 쓰지 않습니다."), default=3, validators=[_NEEDED]
    )
    discussion_opens = _moment(_l("토론 시작"))
    discussion_closes = _moment(_l("토론 마감"))
    synthesis_opens = _moment(_l("정리 시작"))
    synthesis_closes = _moment(_l("정리 마감"))

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self.voters.choices = options((one.value, say(AUDIENCES[one])) for one in LEVELS)
        self.method.choices = options((one.value, say(words)) for one, words in BALLOT_METHODS.items())

    def _window(self, name: str) -> Window:
        return Window(self[f"{name}_opens"].data, self[f"{name}_closes"].data)

    @property
    def plan(self) -> ThemePlan:
        """What was decided."""
        return ThemePlan(
            title=self.title.data or "",
            summary=self.summary.data or "",
            background=self.background.data or "",
            nominations=self._window("nominations"),
            ballot=self._window("ballot"),
            discussion=self._window("discussion"),
            synthesis=self._window("synthesis"),
            premoderated=bool(self.premoderated.data),
            voters=Audience(self.voters.data),
            method=BallotMethod(self.method.data),
            max_picks=self.max_picks.data or 0,
        )


class NominationForm(BaseForm):
    """A theme somebody wants to talk about."""

    title = StringField(
        _l("이야기하고 싶은 주제"),
        filters=[clean_line],
        validators=[_NEEDED, Length(max=TITLE_MAX, message=_l("80자까지 적을 수 있습니다."))],
    )
    reason = TextAreaField(
        _l("이 주제가 필요한 이유"),
        filters=[clean_input],
        validators=[_NEEDED, Length(max=REASON_MAX, message=_l("1,000자까지 적을 수 있습니다."))],
    )
    #: The same form sent twice is one nomination.
    form_key = HiddenField(default=lambda: str(uuid4()))

    @property
    def key(self) -> UUID:
        """The form's own key; a new one where it was tampered with."""
        return _uuid(self.form_key.data) or uuid4()


def _uuid(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


class ConfirmForm(BaseForm):
    """확정: the option that was looked at."""

    option = HiddenField()

    @property
    def key(self) -> UUID:
        """The option's key; one that is none's if it can't be read."""
        return _uuid(self.option.data) or uuid4()


class PromoteForm(BaseForm):
    """Where the conclusion goes."""

    target = RadioField(_l("이을 곳"), choices=[], default=Target.QUESTION.value)
    department = SelectField(_l("맡을 부서"), description=_l("‘서울시가 묻습니다’로 이을 때 고릅니다."), choices=[])
    cycle = SelectField(_l("시민공감예산"), description=_l("‘시민공감예산 의제’로 이을 때 고릅니다."), choices=[])

    def offer(self, view: PromotionChoices) -> "PromoteForm":
        """Put what there is to choose from into the fields."""
        self.target.choices = options((one.value, say(words)) for one, words in TARGETS.items())
        nothing = [("", _("고르지 않음"))]
        self.department.choices = options(nothing + [(str(key), name) for key, name in view.departments])
        self.cycle.choices = options(nothing + [(str(key), title) for key, title in view.cycles])
        return self

    @property
    def department_id(self) -> UUID | None:
        """The department chosen."""
        return _uuid(self.department.data) if self.department.data else None

    @property
    def cycle_id(self) -> UUID | None:
        """The cycle chosen."""
        return _uuid(self.cycle.data) if self.cycle.data else None
