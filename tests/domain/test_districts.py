import hashlib
import re
from pathlib import Path

import pytest

from civicvote.domain import districts as d
from civicvote.domain.errors import InvalidError

ROOT = Path(__file__).parents[2]
MAP = ROOT / "static" / "img" / "seoul_districts.svg"


def test_there_are_25_districts_in_the_order_of_their_codes() -> None:
    codes = [one.code for one in d.DISTRICTS]
    assert len(codes) == len(set(codes)) == 25
    assert codes == sorted(codes)
    assert (codes[0], codes[-1]) == ("11110", "11740")
    assert d.BY_CODE["11260"].name == "중랑구"
    assert d.BY_CODE["11260"].name_en == "Jungnang-gu"
    assert all(one.name.endswith("구") and one.name_en.endswith("-gu") for one in d.DISTRICTS)


def test_population_is_that_of_december_2020() -> None:
    assert d.SEOUL_RESIDENTS == 9_668_465
    assert sum(d.population_by_band().values()) == 9_668_465
    assert d.district("11710").residents == 667_960
    assert d.population_by_band("11110")[(100, None)] == 276
    assert sum(map(sum, d.SEOUL_BY_SEX.values())) == 9_509_458


def test_population_is_the_source_table_row_by_row() -> None:
    bands = [*(f"{low}-{low + 9}" for low in range(0, 100, 10)), "100+"]
    rows = [
        f"{one.name},{one.code},{band},{people}\n"
        for one in d.DISTRICTS
        for band, people in zip(bands, one.population, strict=True)
    ]
    # sha256 of the rows of the city's table, computed when it was carried over
    digest = "e0b97fe9faecf40f50f6baee61ffe94d18797998f47384b0cec38d7ddc3b63d3"
    assert hashlib.sha256("".join(rows).encode()).hexdigest() == digest


def test_residents_from_an_age_share_the_band_it_cuts() -> None:
    jongno = d.district("11110")
    assert d.residents_from(0, "11110") == jongno.residents
    assert d.residents_from(14, "11110") == jongno.residents - 7_527 - 11_013 + 6_608
    assert d.residents_from(100, "11110") == d.residents_from(110, "11110") == 276
    assert d.residents_from(14) == sum(one.residents_from(14) for one in d.DISTRICTS)
    with pytest.raises(ValueError, match="negative"):
        jongno.residents_from(-1)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("종로구", "11110"),
        ("종로", "11110"),
        (" 서울특별시 중구 ", "11140"),
        ("서울시강남구", "11680"),
        ("Jongno-gu", "11110"),
        ("SONGPA", "11710"),
        ("11545", "11545"),
        ("중", None),
        ("부산진구", None),
        ("", None),
    ],
)
def test_find_knows_what_people_write(typed: str, code: str | None) -> None:
    found = d.find(typed)
    assert (found.code if found else None) == code


def test_names_and_choices_in_both_languages() -> None:
    assert d.name_of(None) == d.name_of(d.SEOUL) == "서울시 전체"
    assert d.name_of("11680", "en") == "Gangnam-gu"
    assert d.choices()[0] == ("11110", "종로구")
    assert d.choices("en")[-1] == ("11740", "Gangdong-gu")
    assert d.is_district("11110")
    assert not d.is_district("11")
    with pytest.raises(InvalidError, match="없는 자치구"):
        d.district("26110")


def test_bands() -> None:
    assert [d.band_of(age) for age in (0, 9, 10, 14, 99, 100, 118)] == [
        (0, 9), (0, 9), (10, 19), (10, 19), (90, 99), (100, None), (100, None),
    ]  # fmt: skip
    assert [d.band_label(band) for band in (d.AGE_BANDS[0], d.AGE_BANDS[3], d.AGE_BANDS[-1])] == [
        "10세 미만",
        "30대",
        "100세 이상",
    ]
    assert d.band_label((30, 39), "en") == "30–39"
    assert d.band_label((100, None), "en") == "100+"
    with pytest.raises(ValueError, match="negative"):
        d.band_of(-1)


def _points(shape: str) -> list[tuple[int, int]]:
    points: list[tuple[int, int]] = []
    for start, steps in re.findall(r"M(\d+ \d+)l([^z]+)z", shape):
        x, y = map(int, start.split())
        points.append((x, y))
        numbers = [int(n) for n in re.findall(r"-?\d+", steps)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            points.append((x, y))
    return points


def _inside(point: tuple[int, int], ring: list[tuple[int, int]]) -> bool:
    x, y = point
    inside = False
    for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
            inside = not inside
    return inside


@pytest.mark.parametrize("one", d.DISTRICTS, ids=lambda one: one.code)
def test_a_shape_lies_in_the_view_and_holds_its_label(one: d.District) -> None:
    points = _points(one.shape)
    assert len(points) >= 10
    assert all(0 <= x <= d.VIEW_WIDTH and 0 <= y <= d.VIEW_HEIGHT for x, y in points)
    assert _inside(one.label, points)
    assert sum(_inside(one.label, _points(other.shape)) for other in d.DISTRICTS) == 1


def test_neighbours_share_border_points_and_the_map_lies_the_right_way_round() -> None:
    corners = {one.code: set(_points(one.shape)) for one in d.DISTRICTS}
    assert len(corners["11680"] & corners["11650"]) >= 5  # 강남 · 서초
    assert d.district("11500").label[0] < d.district("11740").label[0]  # 강서 west of 강동
    assert d.district("11320").label[1] < d.district("11620").label[1]  # 도봉 north of 관악
    assert all(any(corners[a] & corners[b] for b in corners if b != a) for a in corners)


def test_the_picture_is_small_and_is_made_of_the_same_shapes() -> None:
    picture = MAP.read_text(encoding="utf-8")
    assert len(picture.encode()) <= 10_240
    assert sum(len(one.shape) for one in d.DISTRICTS) <= 10_240
    assert "국토지리정보원" in picture
    assert f'viewBox="{d.VIEW_BOX}"' in picture
    for one in d.DISTRICTS:
        assert f'<path id="d{one.code}" d="{one.shape}"><title>{one.name}</title></path>' in picture
