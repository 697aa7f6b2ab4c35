"""Committee, online and survey decide together."""

from fractions import Fraction

import pytest

from civicvote.domain.errors import InvalidError
from civicvote.domain.tally import Amount, Code, Combined, Election, Electorate, Method, Project, Rule, combine, tally
from civicvote.domain.tally.certificate import certificate, verify
from civicvote.domain.tally.why import confirm, why
from tests.domain.contest import contest, reasons

COSTS: dict[str, Amount] = {"a": 50, "b": 50, "c": 50}


def parts() -> list[Electorate]:
    """Committee: a 3 of 4 votes, b 1. Online: b 60 of 100, c 40. Survey: c 10 of 10."""
    committee = contest(COSTS, 100, a=2, a_b=1)
    online = contest(COSTS, 100, b=60, c=40)
    survey = contest(COSTS, 100, c=10)
    weights = [("위원회", 45, committee), ("온라인", 45, online), ("설문", 10, survey)]
    return [Electorate(name, Fraction(weight), election) for name, weight, election in weights]


def test_shares_are_weighted_exactly() -> None:
    outcome = tally(combine(parts()), Rule())
    assert outcome.scores == {"a": Fraction(135, 400), "b": Fraction(153, 400), "c": Fraction(112, 400)}
    assert sum(outcome.scores.values()) == 1
    assert outcome.votes == {"a": 3, "b": 61, "c": 50}
    assert outcome.voters == 113
    assert outcome.selected == ("b", "a")
    assert reasons(outcome) == {"c": Code.NO_MONEY_LEFT}
    assert [step.score for step in outcome.steps] == [Fraction(153, 400), Fraction(27, 80)]


def test_only_the_proportion_of_the_weights_matters() -> None:
    decimals = [Electorate(part.name, part.weight / 100, part.election) for part in parts()]
    assert combine(decimals).scores == combine(parts()).scores


def test_certificates_hold_and_no_number_of_supporters_is_told() -> None:
    """A supporter's weight depends on the electorate, so there is no one number that would have done."""
    election = combine(parts())
    for method in sorted(Method.ranked()):
        outcome = tally(election, Rule(method))
        verify(election, certificate(election, outcome))
        told = why(election, outcome)
        assert {one.supporters for one in told.values()} == {None}
        lost = told[outcome.rejected[0].project]
        assert confirm(election, outcome, lost).supporters is None


def test_an_even_result_is_a_tie_whatever_the_denominators() -> None:
    """1/3 of one half and 2/3 of the other on either side: floats would find a winner."""
    costs: dict[str, Amount] = {"a": 60, "b": 60}
    one, other = contest(costs, 100, a=1, b=2), contest(costs, 100, a=2000, b=1000)
    both = combine([Electorate("1", Fraction(1), one), Electorate("2", Fraction(1), other)])
    outcome = tally(both, Rule())
    assert (outcome.selected, outcome.ties) == (("a",), (("a", "b"),))


def test_points_are_shared_out_within_their_electorate() -> None:
    projects = [Project("a", 60), Project("b", 60)]
    points = Election.of(projects, 100, [{"a": 5, "b": 1}, {"b": 4}])
    votes = Election.of(projects, 100, [["a"]] * 2 + [["b"]] * 3)
    both = combine([Electorate("점수", Fraction(1), points), Electorate("찬성", Fraction(1), votes)])
    assert both.scores == (Fraction(9, 20), Fraction(11, 20))
    assert tally(both, Rule()).selected == ("b",)


def test_an_electorate_that_did_not_vote_adds_nothing() -> None:
    silent = Electorate("설문", Fraction(50), contest(COSTS, 100, none=3))
    both = combine([*parts()[:1], silent])
    assert both.scores == (Fraction(27, 76) / Fraction(45, 95) * Fraction(45, 95), Fraction(9, 76), 0)
    assert both.voters == 6


def test_the_whole_city_has_room_in_the_fractions() -> None:
    """Three large electorates with totals that have nothing in common: beyond 64 bits, still exact."""
    costs: dict[str, Amount] = {"a": 60, "b": 60}

    def city(votes: int) -> Election:
        projects = [Project(name, cost) for name, cost in costs.items()]
        return Election.from_rows(projects, 100, [0, 1, 2], [0, 1], None, [votes, votes + 1], voters=2 * votes + 1)

    three = [Electorate(str(votes), Fraction(1), city(votes)) for votes in (5_000_000, 5_000_011, 5_000_029)]
    both = combine(three)
    assert both.point_unit > 2**63
    assert sum(both.scores) == 1
    assert tally(both, Rule()).selected == ("b",)


def test_what_cannot_be_combined_is_refused() -> None:
    first = parts()[0]
    with pytest.raises(InvalidError, match="비중"):
        combine([])
    with pytest.raises(InvalidError, match="비중"):
        combine([Electorate("온라인", Fraction(0), first.election)])
    with pytest.raises(InvalidError, match="같아야"):
        combine([first, Electorate("온라인", Fraction(1), contest(COSTS, 90, a=1))])


@pytest.mark.parametrize("method", [method for method in Method if method not in Method.ranked()])
def test_only_rules_that_need_nothing_but_scores_can_use_them(method: Method) -> None:
    both = combine(parts())
    assert isinstance(both, Combined)
    with pytest.raises(InvalidError, match="득표 순서"):
        tally(both, Rule(method))
