"""A filled-in ballot paper, as it was sent: ticks in their order, and what was written beside projects (points, places)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from civicvote.domain.ballots.rules import BallotForm
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import Message, msg

#: Projects (approval, knapsack), projects in order of preference (ranking), or project → points (points, score).
Marks = Sequence[str] | Mapping[str, int]
_FULL_WIDTH: Final = str.maketrans("０１２３４５６７８９", "0123456789")


class PaperError(InvalidError):
    """Mistakes that stand beside projects: number of the project → what is wrong there."""

    def __init__(self, message: Message, beside: Mapping[str, Message]) -> None:
        super().__init__(message, field="picks")
        self.beside = beside


@dataclass(frozen=True, slots=True)
class Paper:
    """`picks`: numbers of the ticked projects. `texts`: number → what was typed. `before`: an order chosen earlier.

    `whose`: the mark of the voter it was handed to; empty where it wasn't said.
    """

    picks: tuple[str, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    whose: str = ""

    def marked(self, *, typed: bool) -> tuple[str, ...]:
        """The projects somebody has touched: ticked ones, or those with something beside them."""
        return tuple(number for number, text in self.texts.items() if not _is_nothing(text)) if typed else self.picks

    def marks(self, form: BallotForm) -> Marks:
        """What the paper says under the notice's ballot form; PaperError where a number can't be read."""
        if form.get("ranking"):
            return self.ranked()
        points = form["points"]
        return self.picks if points is None else self.points(points["max"], points["sum"])

    def points(self, most: int | None, total: int | None) -> dict[str, int]:
        """Project → points from 1 on; nothing and 0 are no points."""
        given: dict[str, int] = {}
        wrong: dict[str, Message] = {}
        limit = most or total
        for number, text in self.texts.items():
            value = 0 if _is_nothing(text) else _whole(text)
            if value is None:
                wrong[number] = msg("점수는 0 이상의 정수로 적어 주십시오.")
            elif limit is not None and value > limit:
                wrong[number] = msg("%(n)s점까지 줄 수 있습니다.", n=limit)
            elif value:
                given[number] = value
        if wrong:
            raise PaperError(msg("점수를 다시 적어 주십시오."), wrong)
        over = sum(given.values()) - (total if total is not None else sum(given.values()))
        if over > 0:
            raise InvalidError(
                msg("모두 %(sum)s점까지 나누어 줄 수 있습니다. %(over)s점을 줄여 주십시오.", sum=total, over=over),
                field="picks",
            )
        return given

    def total(self) -> int:
        """Points that can be read, together: what a bar shows while something is still wrong."""
        return sum(_whole(text) or 0 for text in self.texts.values())

    def ordered(self) -> list[str]:
        """The picks by the places typed, as far as they can be read; ties and blanks in the order they came in.

        Without places: in the order chosen earlier, what is new at the end.
        """
        places = {number: _whole(self.texts.get(number, "")) for number in self.picks}
        if any(place is not None for place in places.values()):
            return sorted(self.picks, key=lambda number: len(self.picks) if (at := places[number]) is None else at)
        known = {number: place for place, number in enumerate(self.before)}
        return sorted(self.picks, key=lambda number: known.get(number, len(known)))

    def ranked(self) -> list[str]:
        """The picks from the first preference on; PaperError where two share a place or one is left out."""
        if not any(self.texts.get(number, "").strip() for number in self.picks):
            return self.ordered()
        size = len(self.picks)
        places = {number: _whole(self.texts.get(number, "")) for number in self.picks}
        wrong: dict[str, Message] = {}
        missing = sorted(set(range(1, size + 1)) - set(places.values()))
        for number, place in places.items():
            if place is None or not 1 <= place <= size:
                wrong[number] = msg("1부터 %(n)s까지의 순위를 적어 주십시오.", n=size)
            elif list(places.values()).count(place) > 1:
                wrong[number] = msg(
                    "%(place)s순위가 둘 이상입니다. 아직 비어 있는 순위: %(missing)s",
                    place=place,
                    missing=", ".join(map(str, missing)),
                )
        if wrong:
            raise PaperError(msg("순위가 겹치거나 빠졌습니다."), wrong)
        return self.ordered()

    def arranged(self) -> "Paper":
        """The same with nothing but the picks, in the order they have so far."""
        return Paper(tuple(self.ordered()), whose=self.whose)

    def moved(self, number: str, step: int) -> "Paper":
        """The same with a project `step` places further down (up: −1); places are numbered anew."""
        order = self.ordered()
        if number in order:
            place = order.index(number)
            order.insert(min(max(place + step, 0), len(order) - 1), order.pop(place))
        return Paper(tuple(order), whose=self.whose)


def points_of(order: Sequence[str], top: int) -> dict[str, int]:
    """What a ranking gives its projects: `top` points to the first, then one less each. InvalidError beside `picks`."""
    if len(set(order)) != len(order):
        raise InvalidError(msg("같은 사업을 두 번 고를 수 없습니다."), field="picks")
    if len(order) > top:
        raise InvalidError(msg("사업은 %(n)s개까지 고를 수 있습니다.", n=top), field="picks")
    return {number: top - place for place, number in enumerate(order)}


def _is_nothing(text: str) -> bool:
    return _whole(text) == 0 or not text.strip()


def _whole(text: str) -> int | None:
    """The number typed in ASCII or full-width digits; None if it is none, as are signs such as ① and 1²."""
    plain = text.strip().translate(_FULL_WIDTH)
    return int(plain) if re.fullmatch(r"[0-9]{1,6}", plain) else None
