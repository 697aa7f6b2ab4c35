"""Points on the map of Seoul."""

import pytest

from civicvote.domain import districts, places


@pytest.mark.parametrize("one", districts.DISTRICTS, ids=lambda one: one.code)
def test_each_districts_middle_lies_in_it_and_in_its_view(one: districts.District) -> None:
    x, y = places.middle(one.code)
    assert places.district_at(x, y) == one.code
    view = places.view_of(one.code)
    assert view.x < x < view.x + view.width
    assert view.y < y < view.y + view.height
    assert view.width / view.height == pytest.approx(districts.VIEW_WIDTH / districts.VIEW_HEIGHT)


@pytest.mark.parametrize("point", [(0, 0), (999, 0), (0, 825), (-5, 400), (5000, 400)])
def test_outside_is_nowhere(point: places.Point) -> None:
    assert places.district_at(*point) is None


def test_a_click_means_the_point_under_it() -> None:
    assert places.WHOLE.at(0.5, 0.5) == (500, 413)
    view = places.view_of("11740")
    assert view.at(0, 0) == (round(view.x), round(view.y))
    assert view.at(1, 1) == (round(view.x + view.width), round(view.y + view.height))
    assert places.view_of("nowhere") == places.view_of(None) == places.WHOLE


def test_arrows_move_a_little_and_stay_on_the_map() -> None:
    view = places.view_of("11110")
    x, y = places.middle("11110")
    assert view.moved((x, y), 1, 0)[0] > x
    assert view.moved((x, y), 0, -1)[1] < y
    assert places.WHOLE.moved((0, 826), -1, 1) == (0, 826)
