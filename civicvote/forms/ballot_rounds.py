"""Forms of a forum's ballot: its paper, its rules, its options."""

from collections.abc import Sequence
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from civicvote.domain.ballot_paper import Paper
from civicvote.domain.ballot_rounds import BALLOT_METHODS, BODY, TITLE, BallotMethod, BallotPlan
from civicvote.forms.base import BaseForm
from civicvote.forms.cycles import VersionForm
from civicvote.forms.fields import WholeField, clean_input, clean_line, options
from civicvote.forms.voting import CastForm, PaperForm
from civicvote.services.ballot_rounds import DeskView
from civicvote.web.i18n import say

_NEEDED = InputRequired(_l("꼭 적어 주십시오."))


class OptionPaperForm(PaperForm):
    """The paper as people fill it in: ticks, or in a ranking a place beside each option."""

    @property
    def paper(self) -> Paper:
        """What was filled in; whoever has a place is picked."""
        given = super().paper
        placed = tuple(number for number, text in given.texts.items() if text.strip())
        return given if given.picks else Paper(placed, given.texts, given.before, given.whose)


class OptionCastForm(CastForm):
    """The confirmation of it."""


class BallotPlanForm(VersionForm):
    """How people vote and how many options win."""

    method = SelectField(_l("투표 방식"), choices=[])
    max_picks = WholeField(
        _l("고를 수 있는 수"),
        description=_l("‘하나 고르기’에서는 적지 않아도 됩니다. 순위 매기기에서는 매길 수 있는 순위의 수입니다."),
        default=1,
        validators=[_NEEDED],
    )
    winners = WholeField(_l("뽑는 수"), default=1, validators=[_NEEDED])
    min_age = WholeField(_l("참여 나이(세 이상)"), default=14, validators=[_NEEDED])

    def __init__(self, **values: object) -> None:
        super().__init__(**values)
        self.method.choices = options((one.value, say(words)) for one, words in BALLOT_METHODS.items())

    @property
    def plan(self) -> BallotPlan:
        """What was decided."""
        return BallotPlan(
            BallotMethod(self.method.data), self.max_picks.data or 0, self.winners.data or 0, self.min_age.data or 0
        )


class OptionForm(BaseForm):
    """An option in words."""

    title = StringField(
        _l("선택지"),
        filters=[clean_line],
        validators=[_NEEDED, Length(max=TITLE, message=_l("120자까지 적을 수 있습니다."))],
    )
    body = TextAreaField(
        _l("설명"), filters=[clean_input], validators=[Length(max=BODY, message=_l("2,000자까지 적을 수 있습니다."))]
    )


def _ids(values: Sequence[str]) -> list[UUID]:
    found = []
    for value in values[:200]:
        try:
            found.append(UUID(value))
        except ValueError:
            continue
    return found


class TakeForm(BaseForm):
    """What citizens said, to become options: one each, or gathered in one that is there."""

    chosen = SelectMultipleField(
        _l("시민이 낸 의견"),
        choices=[],
        validate_choice=False,
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )
    into = SelectField(_l("넣을 곳"), choices=[], validate_choice=False)

    def offer(self, view: DeskView) -> "TakeForm":
        """Put what the page has to offer into the fields."""
        rows = [(str(one.id), _("%(title)s (추천 %(n)s)", title=one.title, n=one.support)) for one in view.said]
        rows += [(str(one.id), one.title) for one in view.sections]
        self.chosen.choices = options(rows)
        self.into.choices = options(
            [("", _("각각 새 선택지로"))]
            + [(str(one.id), _("‘%(title)s’에 합치기", title=one.title)) for one in view.options]
        )
        return self

    @property
    def keys(self) -> list[UUID]:
        """Keys of what was ticked."""
        return _ids(self.chosen.data or [])

    @property
    def target(self) -> UUID | None:
        """The option it goes into, if one was chosen."""
        return next(iter(_ids([self.into.data or ""])), None)


class SendBackForm(BaseForm):
    """Why a request is sent back."""

    reason = TextAreaField(
        _l("돌려보내는 이유"),
        filters=[clean_input],
        validators=[_NEEDED, Length(max=1000, message=_l("1,000자까지 적을 수 있습니다."))],
    )
