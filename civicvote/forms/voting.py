"""What a ballot box is sent: picks, the look at the list, the form's own key; and a receipt to keep."""

from itertools import islice
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, StringField
from wtforms.validators import Length
from wtforms.widgets import HiddenInput

from civicvote.domain.ballot_paper import Paper, PaperError
from civicvote.domain.errors import InvalidError
from civicvote.forms.base import BaseForm
from civicvote.services.voting import Filters
from civicvote.web.i18n import say

#: More boxes than any ballot has; a longer list is cut before anybody looks at it.
MOST = 3000


class PicksField(Field):
    """Every ticked box of one name; which ones exist, the rules know."""

    widget = HiddenInput()

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Keep the texts as they came, without blanks around them."""
        self.data = [str(value).strip()[:60] for value in valuelist[:MOST]]

    def _value(self) -> str:
        return ""


class PaperForm(BaseForm):
    """A ballot paper: ticks, and what is written beside projects in fields named `v-<number>`.

    Where people tick and type, the names are each voter's own (`p.<mark>.<number>`, `v.<mark>.<number>`): browsers fill in
    a form again by the names of its fields.
    """

    picks = PicksField(_l("고른 사업"), default=list)
    #: An order chosen before, numbers between blanks: the way back from the ordering page doesn't lose it.
    order = StringField()
    #: The mark of the voter the page was made for.
    whose = StringField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: Number → what is wrong beside it, in words.
        self.beside: dict[str, str] = {}

    def refuse(self, error: InvalidError) -> None:
        """Put the rule's message above the form, and its mistakes beside the projects."""
        super().refuse(error)
        if isinstance(error, PaperError):
            self.beside = {number: say(message) for number, message in error.beside.items()}

    @property
    def paper(self) -> Paper:
        """What was filled in."""
        sent = list(islice(request.form.items(), MOST)) if self.is_submitted() else []
        ticks = [str(value).strip()[:60] for name, value in sent if name.startswith("p.")]
        texts = {number: str(value)[:12] for name, value in sent if (number := _beside(name))}
        picks = tuple(dict.fromkeys([*(self.picks.data or ()), *ticks])) if ticks else tuple(self.picks.data or ())
        return Paper(picks, texts, tuple((self.order.data or "")[:20_000].split()), (self.whose.data or "")[:40])


def _beside(name: str) -> str:
    """The number of the project a field stands beside; empty for other fields."""
    if name.startswith("v."):
        return name.split(".", 2)[-1][:60]
    return name[2:62] if name.startswith("v-") else ""


class BasketForm(PaperForm):
    """The basket, with what its list is narrowed to and what is to be compared."""

    q = StringField(_l("사업 찾기"), validators=[Length(max=60, message=_l("60자까지 입력할 수 있습니다."))])
    pool = StringField(validators=[Length(max=60)])
    district = StringField(validators=[Length(max=5)])
    #: A district chosen on the map goes before the one in the list of choices.
    area = StringField(validators=[Length(max=5)])
    compare = PicksField(_l("비교할 사업"), default=list)

    @property
    def filters(self) -> Filters:
        """What the list is narrowed to."""
        place = self.area.data if "area" in request.form else self.district.data
        return Filters((self.q.data or "")[:60], self.pool.data or "", place or "")


class OrderForm(PaperForm):
    """Picks with their places; `move` is "<number>:up" or "<number>:down" of the button that was pressed."""

    move = StringField()

    @property
    def moved(self) -> Paper:
        """The paper after the button's move, if one was pressed."""
        number, _colon, way = (self.move.data or "")[:70].rpartition(":")
        return self.paper.moved(number, -1 if way == "up" else 1) if number else self.paper


class CastForm(PaperForm):
    """The confirmation: the same form sent twice is one ballot."""

    key = HiddenField()


class ReceiptForm(BaseForm):
    """A receipt sent back to be kept as a file."""

    vote = HiddenField()
    tracker = HiddenField()
    minute = HiddenField()
    signature = HiddenField()

    def document(self) -> dict[str, str]:
        """As the domain writes it."""
        return {name: getattr(self, name).data or "" for name in ("vote", "tracker", "minute", "signature")}
