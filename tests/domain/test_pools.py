"""What one contest leaves goes to the next in the published order."""

import pytest

from civicvote.domain.errors import InvalidError
from civicvote.domain.tally import Pool, Rule, tally, tally_all
from tests.domain.contest import contest

NORTH = contest({"n1": 60, "n2": 60}, 100, n1=3, n2=2)
SOUTH = contest({"s1": 70, "s2": 30}, 100, s1=3)
CITY = contest({"c1": 80, "c2": 90}, 100, c1=5, c2=4)


def test_unspent_money_flows_on() -> None:
    """40 from the north and 30 from the south make the city's 100 into 170: both of its projects fit."""
    pools = [Pool("north", NORTH, Rule(), "city"), Pool("south", SOUTH, Rule(), "city"), Pool("city", CITY, Rule())]
    outcomes = tally_all(pools)
    assert list(outcomes) == ["north", "south", "city"]
    assert outcomes["city"].budget == 170
    assert outcomes["city"].selected == ("c1", "c2")
    assert outcomes["city"].left == 0
    assert tally(CITY, Rule()).selected == ("c1",)


def test_money_passes_through_several_contests() -> None:
    pools = [Pool("south", SOUTH, Rule(), "north"), Pool("north", NORTH, Rule(), "city"), Pool("city", CITY, Rule())]
    outcomes = tally_all(pools)
    assert (outcomes["north"].budget, outcomes["north"].selected) == (130, ("n1", "n2"))
    assert outcomes["city"].budget == 110


def test_a_void_contest_gives_everything() -> None:
    outcomes = tally_all([Pool("north", NORTH, Rule(quorum=50), "city"), Pool("city", CITY, Rule())])
    assert outcomes["north"].void
    assert outcomes["city"].budget == 200


def test_without_a_destination_money_stays() -> None:
    outcomes = tally_all([Pool("north", NORTH, Rule()), Pool("city", CITY, Rule())])
    assert (outcomes["north"].left, outcomes["city"].budget) == (40, 100)


@pytest.mark.parametrize("to", ["north", "nowhere"])
def test_money_flows_only_forward(to: str) -> None:
    with pytest.raises(InvalidError, match="뒤에"):
        tally_all([Pool("north", NORTH, Rule()), Pool("city", CITY, Rule(), to)])


def test_two_contests_of_one_name_are_refused() -> None:
    with pytest.raises(InvalidError, match="겹칩니다"):
        tally_all([Pool("north", NORTH, Rule()), Pool("north", CITY, Rule())])
