"""The form a proposal is written in, with its point on the map."""

from collections.abc import Mapping
from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Optional

from civicvote.domain import districts, places
from civicvote.forms.base import BaseForm
from civicvote.forms.projects import PERSONAL, Measured, key_of
from civicvote.models.base import new_id
from civicvote.models.proposals import Proposal
from civicvote.services.projects.writing import CATEGORIES, PLACE_MAX
from civicvote.services.proposals import writing
from civicvote.web.i18n import language, say

_ARROWS = {"point-up": (0, -1), "point-down": (0, 1), "point-left": (-1, 0), "point-right": (1, 0)}
_LARGEST = 10_000


def whole(text: object) -> int | None:
    """A small whole number as an address or a hidden field carries it; None for anything else."""
    digits = str(text or "").strip()
    number = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 5 else None
    return number if number is not None and number <= _LARGEST else None


class ProposalForm(BaseForm):
    """A proposal. `key` makes the same form one draft; `version` is the one it was made from.

    The point lies in `map_x` and `map_y`; `view` says which part of the map the picture in the page shows.
    """

    key = HiddenField()
    version = HiddenField()
    map_x = HiddenField()
    map_y = HiddenField()
    view = HiddenField()
    title = StringField(
        _l("제목"), validators=[DataRequired(_l("제목을 써 주십시오.")), Measured(0, writing.TITLE_MAX), PERSONAL]
    )
    problem = TextAreaField(_l("무엇이 문제입니까"), validators=[Optional(), Measured(0, writing.TEXT_MAX), PERSONAL])
    idea = TextAreaField(
        _l("서울시가 무엇을 하면 좋겠습니까"), validators=[Optional(), Measured(0, writing.TEXT_MAX), PERSONAL]
    )
    category = SelectField(_l("분류"), validators=[Optional()], validate_choice=False)
    district = SelectField(_l("자치구"), validators=[Optional()], validate_choice=False)
    place = StringField(_l("위치"), validators=[Optional(), Measured(0, PLACE_MAX), PERSONAL])
    note = StringField(_l("무엇을 왜 고쳤습니까"), validators=[Optional(), Measured(0, writing.NOTE_MAX), PERSONAL])

    def offer(self) -> None:
        """Fill the selects."""
        self.category.choices = [
            ("", str(_l("고르지 않음"))),
            *((name, say(text)) for name, text in CATEGORIES.items()),
        ]
        self.offer_districts()

    def offer_districts(self) -> None:
        """Fill the select beside the map."""
        self.district.choices = [("", districts.name_of(None, language())), *districts.choices(language())]

    def show(self, proposal: Proposal) -> None:
        """Fill in what is stored."""
        self.key.data, self.version.data = str(proposal.id), str(proposal.version)
        self.title.data, self.problem.data, self.idea.data = proposal.title, proposal.problem, proposal.idea
        self.category.data, self.place.data = proposal.category, proposal.place
        self.district.data = self.view.data = proposal.district or ""
        if proposal.map_x is not None:
            self.map_x.data, self.map_y.data = str(proposal.map_x), str(proposal.map_y)

    @property
    def form_key(self) -> UUID:
        """The draft's key; a fresh one for a form that came without."""
        return key_of(self.key.data) or new_id()

    @property
    def based_on(self) -> int:
        """The version the form was made from; 1 for a new one."""
        text = str(self.version.data or "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 1

    @property
    def point(self) -> places.Point | None:
        """The point on the map, if one is marked."""
        x, y = whole(self.map_x.data), whole(self.map_y.data)
        return (x, y) if x is not None and y is not None else None

    def mark(self, point: places.Point | None) -> None:
        """Mark a point, whose district is chosen with it, or none."""
        found = places.district_at(*point) if point else None
        self.map_x.data, self.map_y.data = (str(point[0]), str(point[1])) if point and found else ("", "")
        if found:
            self.district.data = found

    def take_point(self, sent: Mapping[str, str]) -> str:
        """Do what was asked of the map: a tap on its picture, an arrow, another district. What it was; empty if nothing.

        A browser without scripts sends the pixel of the picture that was clicked; a key pressed on it sends 0, 0.
        """
        action = sent.get("action", "")
        x, y = whole(sent.get("map.x")), whole(sent.get("map.y"))
        if x is not None and y is not None:
            action = "point-tap"
        if not action.startswith("point-"):
            return ""
        view = places.view_of(str(self.view.data or "") or None)
        if action == "point-tap" and x and y:
            self.mark(view.at(x / places.PICTURE_WIDTH, y / places.PICTURE_HEIGHT))
        elif action in _ARROWS and self.point:
            self.mark(view.moved(self.point, *_ARROWS[action]))
        elif action == "point-middle" and districts.is_district(str(self.district.data)):
            self.mark(places.middle(str(self.district.data)))
        elif action == "point-clear":
            self.mark(None)
        self._agree()
        return action

    def _agree(self) -> None:
        """The picture shows the chosen district; a point outside it goes."""
        chosen = str(self.district.data or "")
        if self.point and chosen and places.district_at(*self.point) != chosen:
            self.mark(None)
        self.view.data = chosen

    def content(self) -> writing.Content:
        """What the author wrote; call it after the form validated."""
        point = self.point
        return writing.Content(
            title=self.title.data or "",
            problem=self.problem.data or "",
            idea=self.idea.data or "",
            category=self.category.data or "",
            district=self.district.data or "",
            place=self.place.data or "",
            map_x=point[0] if point else None,
            map_y=point[1] if point else None,
        )


class WithdrawForm(BaseForm):
    """Why an author takes a proposal back; public."""

    reason = TextAreaField(
        _l("철회하는 이유"),
        validators=[DataRequired(_l("이유를 써 주십시오.")), Measured(2, writing.REASON_MAX), PERSONAL],
    )
