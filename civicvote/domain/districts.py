"""The 25 districts (자치구) of Seoul: codes, names, residents by age band, and outlines for maps.

Codes are the five digits of the legal-district code (법정동코드), "11110" 종로구 to "11740" 강동구.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from civicvote.domain import district_shapes
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg

#: Ten-year bands as (lowest age, highest age); the last is open: 100 and over.
AGE_BANDS: Final[tuple[tuple[int, int | None], ...]] = (*((low, low + 9) for low in range(0, 100, 10)), (100, None))
#: `viewBox` of a map drawn with `District.shape`.
VIEW_BOX: Final = "0 0 1000 826"
VIEW_WIDTH: Final = 1000
VIEW_HEIGHT: Final = 826
#: Line that must stand beside every map.
MAP_ATTRIBUTION: Final = msg("지도 자료: 국토지리정보원")
#: Line that must stand beside every figure of residents.
POPULATION_ATTRIBUTION: Final = msg("인구 자료: 서울특별시 등록인구(2020년 12월)")
#: Code that stands for the whole city where a district code may also stand.
SEOUL: Final = "11"


@dataclass(frozen=True, slots=True)
class District:
    """One 자치구.

    `population` has one number of residents per band of `AGE_BANDS`; `shape` is the `d` of an SVG path in
    `VIEW_BOX`; `label` the point (x, y) farthest from its border, where a name or figure fits best.
    """

    code: str
    name: str
    name_en: str
    population: tuple[int, ...]
    label: tuple[int, int]
    shape: str

    def __str__(self) -> str:
        """The Korean name."""
        return self.name

    @property
    def residents(self) -> int:
        """Residents of every age."""
        return sum(self.population)

    def called(self, locale: str = "ko") -> str:
        """The name in the language of the page ("ko…", else English)."""
        return self.name if locale.startswith("ko") else self.name_en

    def residents_from(self, age: int) -> int:
        """Residents of at least `age` years, a band that `age` cuts counted by its share of years.

        Bands are ten years wide, so the estimate for 14 takes six tenths of the 10–19 band, rounded to a person.
        """
        if age < 0:
            raise ValueError("age must not be negative")
        tenths = 0
        for (low, high), people in zip(AGE_BANDS, self.population, strict=True):
            if age <= low or high is None:
                tenths += people * 10
            elif age <= high:
                tenths += people * (high + 1 - age)
        return (tenths + 5) // 10


DISTRICTS: Final[tuple[District, ...]] = tuple(
    District(code, name, name_en, population, label, district_shapes.SHAPES[code])
    for code, name, name_en, population, label in district_shapes.ROWS
)
BY_CODE: Final[Mapping[str, District]] = MappingProxyType({district.code: district for district in DISTRICTS})
CODES: Final[frozenset[str]] = frozenset(BY_CODE)
#: Residents of the whole city by sex ("male", "female"), per band of `AGE_BANDS`, 2021.
SEOUL_BY_SEX: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(district_shapes.BY_SEX)
#: Residents of the whole city, December 2020.
SEOUL_RESIDENTS: Final[int] = sum(district.residents for district in DISTRICTS)

_ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        alias.casefold(): district.code
        for district in DISTRICTS
        for alias in (
            district.code,
            district.name,
            district.name_en,
            district.name_en.removesuffix("-gu"),
            # "중" alone is a word, every other name is known without its 구
            *([district.name.removesuffix("구")] if len(district.name) > 2 else []),
        )
    }
)


def is_district(code: str) -> bool:
    """Whether `code` is one of the 25."""
    return code in BY_CODE


def district(code: str) -> District:
    """The district of a code; InvalidError when there is none."""
    try:
        return BY_CODE[code]
    except KeyError:
        raise InvalidError(msg("없는 자치구입니다. 서울시 25개 자치구 가운데 하나를 골라 주십시오.")) from None


def find(text: str) -> District | None:
    """The district people mean: a code, "종로구", "종로", "서울특별시 종로구", "Jongno-gu" or "jongno"; else None."""
    words = text.strip().casefold().split()
    if not words:
        return None
    last = "".join(words[-1:])
    for prefix in ("서울특별시", "서울시"):
        last = last.removeprefix(prefix)
    code = _ALIASES.get(last)
    return BY_CODE[code] if code else None


def name_of(code: str | None, locale: str = "ko") -> str:
    """What to call an area: a district's name, or the whole city for None and `SEOUL`."""
    if code is None or code == SEOUL:
        return "서울시 전체" if locale.startswith("ko") else "All of Seoul"
    return district(code).called(locale)


def choices(locale: str = "ko") -> list[tuple[str, str]]:
    """(code, name) of all 25 in the order of their codes, as a select shows them."""
    return [(one.code, one.called(locale)) for one in DISTRICTS]


def population_by_band(code: str | None = None) -> dict[tuple[int, int | None], int]:
    """Residents per band of `AGE_BANDS` of one district, or of the whole city."""
    chosen = DISTRICTS if code in {None, SEOUL} else (district(code or ""),)
    return {band: sum(one.population[i] for one in chosen) for i, band in enumerate(AGE_BANDS)}


def residents_from(age: int, code: str | None = None) -> int:
    """Residents of at least `age` years in one district or the whole city: the denominator of a turnout."""
    if code in {None, SEOUL}:
        return sum(one.residents_from(age) for one in DISTRICTS)
    return district(code or "").residents_from(age)


def band_of(age: int) -> tuple[int, int | None]:
    """The band of `AGE_BANDS` an age falls into."""
    if age < 0:
        raise ValueError("age must not be negative")
    return AGE_BANDS[min(age // 10, len(AGE_BANDS) - 1)]


def band_label(band: tuple[int, int | None], locale: str = "ko") -> str:
    """A band as a table shows it: "10대", "10세 미만", "100세 이상"; in English "10–19", "0–9", "100+"."""
    low, high = band
    if not locale.startswith("ko"):
        return f"{low}+" if high is None else f"{low}–{high}"
    if high is None:
        return f"{low}세 이상"
    return "10세 미만" if low == 0 else f"{low}대"
