"""Points on the map of Seoul: which district one lies in, and how a click on a picture of the map becomes one.

A point is a pair of whole numbers in `districts.VIEW_BOX`. A view is the part of the map a picture shows: the whole city, or
one district with what is around it, always in the proportions of the whole.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from civicvote.domain.districts import BY_CODE, DISTRICTS, VIEW_HEIGHT, VIEW_WIDTH

Point = tuple[int, int]

#: Pixels of the picture that people click on: it fits a narrow phone, and a browser without scripts says where in pixels.
PICTURE_WIDTH: Final = 288
PICTURE_HEIGHT: Final = 238
#: How far one press of an arrow moves the point, as a share of what the picture shows.
STEP: Final = 0.04
#: How much of its surroundings a district's view shows on each side.
_MARGIN: Final = 0.12
_PART: Final = re.compile(r"([Mlz])([^Mlz]*)")
_NUMBER: Final = re.compile(r"-?\d+")


@dataclass(frozen=True, slots=True)
class View:
    """The part of the map a picture shows."""

    x: float
    y: float
    width: float
    height: float

    @property
    def box(self) -> str:
        """As the `viewBox` of an SVG."""
        return f"{self.x:g} {self.y:g} {self.width:g} {self.height:g}"

    def at(self, across: float, down: float) -> Point:
        """The point at these shares (0 to 1) of the picture's width and height."""
        return round(self.x + across * self.width), round(self.y + down * self.height)

    def moved(self, point: Point, across: int, down: int) -> Point:
        """The point a step further: -1, 0 or 1 to each side; it stays on the map."""
        x = point[0] + round(across * STEP * self.width)
        y = point[1] + round(down * STEP * self.width)
        return min(max(x, 0), VIEW_WIDTH), min(max(y, 0), VIEW_HEIGHT)


WHOLE: Final = View(0, 0, VIEW_WIDTH, VIEW_HEIGHT)


@cache
def _rings(code: str) -> tuple[tuple[Point, ...], ...]:
    """A district's outline as closed rings."""
    rings: list[tuple[Point, ...]] = []
    ring: list[Point] = []
    for kind, text in _PART.findall(BY_CODE[code].shape):
        numbers = [int(number) for number in _NUMBER.findall(text)]
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
        if kind == "M":
            ring = [pairs[0]]
        elif kind == "l":
            for dx, dy in pairs:
                ring.append((ring[-1][0] + dx, ring[-1][1] + dy))
        else:
            rings.append(tuple(ring))
    return tuple(rings)


def _inside(ring: tuple[Point, ...], point: Point) -> bool:
    """Whether a ray from the point crosses the ring an odd number of times."""
    x, y = point
    odd = False
    for (x1, y1), (x2, y2) in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            odd = not odd
    return odd


def district_at(x: int, y: int) -> str | None:
    """Code of the district a point lies in; None outside Seoul."""
    for one in DISTRICTS:
        if sum(_inside(ring, (x, y)) for ring in _rings(one.code)) % 2:
            return one.code
    return None


def middle(code: str) -> Point:
    """A point well inside a district."""
    return BY_CODE[code].label


@cache
def view_of(code: str | None) -> View:
    """What a picture shows for a district; the whole city for None or a code there is not."""
    if code is None or code not in BY_CODE:
        return WHOLE
    points = [point for ring in _rings(code) for point in ring]
    left, right = min(x for x, _ in points), max(x for x, _ in points)
    top, bottom = min(y for _, y in points), max(y for _, y in points)
    width = max(right - left, (bottom - top) * VIEW_WIDTH / VIEW_HEIGHT) * (1 + 2 * _MARGIN)
    height = width * VIEW_HEIGHT / VIEW_WIDTH
    return View((left + right - width) / 2, (top + bottom - height) / 2, width, height)
