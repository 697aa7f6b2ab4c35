"""What a ballot box is sent: picks, the look at the list, the form's own key; and a receipt to keep."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, StringField
from wtforms.validators import Length
from wtforms.widgets import HiddenInput

from civicvote.forms.base import BaseForm
from civicvote.services.voting import Filters

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


class BasketForm(BaseForm):
    """The basket, with what its list is narrowed to."""

    picks = PicksField(_l("고른 사업"), default=list)
    q = StringField(_l("사업 찾기"), validators=[Length(max=60, message=_l("60자까지 입력할 수 있습니다."))])
    pool = StringField(validators=[Length(max=60)])
    district = StringField(validators=[Length(max=5)])

    @property
    def chosen(self) -> list[str]:
        """Numbers of the ticked projects."""
        picks: list[str] = self.picks.data or []
        return picks

    @property
    def filters(self) -> Filters:
        """What the list is narrowed to."""
        return Filters((self.q.data or "")[:60], self.pool.data or "", self.district.data or "")


class CastForm(BaseForm):
    """The confirmation: the same form sent twice is one ballot."""

    picks = PicksField(_l("고른 사업"), default=list)
    key = HiddenField()

    @property
    def chosen(self) -> list[str]:
        """Numbers of the confirmed projects."""
        picks: list[str] = self.picks.data or []
        return picks


class ReceiptForm(BaseForm):
    """A receipt sent back to be kept as a file."""

    vote = HiddenField()
    tracker = HiddenField()
    minute = HiddenField()
    signature = HiddenField()

    def document(self) -> dict[str, str]:
        """As the domain writes it."""
        return {name: getattr(self, name).data or "" for name in ("vote", "tracker", "minute", "signature")}
