"""Certificates: honest ones hold, changed ones do not, and the checker shares nothing with the rules."""

import ast
import copy
import json
from fractions import Fraction
from inspect import getsource
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicvote.domain.errors import InvalidError
from civicvote.domain.pabulib import election as contest_of
from civicvote.domain.pabulib import parse
from civicvote.domain.tally import Completion, Election, Method, Project, Rule, Utility, tally
from civicvote.domain.tally.certificate import certificate, verify, verifying
from civicvote.domain.tally.why import confirm, why
from tests.domain.reference.contest import Contest
from tests.domain.test_brute_force import contests, elected, ruled
from tests.domain.test_why import some
from tests.shared_data import SHARED, pabulib_files

LISTED = [method for method in Method if method not in {Method.EQUAL_SHARES, Method.WELFARE}]


def check(contest: Contest, method: Method, **more: Any) -> None:
    """What is written holds, also after a journey through JSON; a result with one winner less or more does not."""
    election = elected(contest)
    outcome = tally(election, ruled(contest, method, **more))
    body = json.loads(json.dumps(certificate(election, outcome)))
    assert tuple(body["selected"]) == outcome.selected
    verify(election, body)
    for forged in forgeries(body):
        with pytest.raises(InvalidError):
            verify(election, forged)


def forgeries(body: dict[str, Any]) -> list[dict[str, Any]]:
    forged = []
    if body["selected"]:
        forged.append(body | {"selected": body["selected"][:-1]})
        if body.get("steps"):
            forged.append(body | {"steps": body["steps"][:-1], "selected": body["selected"][:-1]})
    forged.append(body | {"void": not body["void"]})
    forged.append(body | {"budget": str(Fraction(body["budget"]) + 1)})
    for number, step in enumerate(body.get("steps", ())):
        key = "price" if "price" in step else "paid"
        changed = copy.deepcopy(body)
        changed["steps"][number][key] = str(Fraction(step[key]) + Fraction(1, 7))
        forged.append(changed)
    return forged


@some
@given(contests(), st.sampled_from(LISTED))
def test_certificates_of_rules_without_shares(contest: Contest, method: Method) -> None:
    check(contest, method)


@some
@given(contests(), st.sampled_from(Completion), st.booleans(), st.booleans())
def test_certificates_of_equal_shares(contest: Contest, completion: Completion, by_cost: bool, stop: bool) -> None:  # noqa: FBT001
    utility = Utility.COST if by_cost else Utility.CARDINALITY
    more = {"utility": utility, "completion": completion, "exhaustive_stop": stop}
    check(contest, Method.EQUAL_SHARES, step=Fraction(1, 2), **more)


def three() -> Election:
    """Everyone can pay for one project; C costs its supporters least, B is within reach of A."""
    projects = [Project("A", 60), Project("B", 62), Project("C", 30)]
    return Election.of(projects, 150, [["A", "C"]] * 5 + [["B"]] * 5)


def test_a_run_that_passes_over_a_cheaper_project_is_refused() -> None:
    election = three()
    body = certificate(election, tally(election, Rule(Method.EQUAL_SHARES)))
    assert [step["project"] for step in body["steps"]] == ["A", "B"]
    assert body["bounds"] == [[2, "C", None]]
    for key, value in (("bounds", []), ("endowment", "16"), ("rounds", 1), ("rest", ["C"])):
        with pytest.raises(InvalidError):
            verify(election, body | {key: value})
    with pytest.raises(InvalidError, match="B: A"):
        verify(election, body | {"steps": body["steps"][::-1], "selected": body["selected"][::-1]})
    with pytest.raises(InvalidError, match="bounds: C"):
        verify(election, body | {"bounds": [[0, "C", "1000"]]})


def test_a_bound_that_says_too_much_is_refused() -> None:
    election = three()
    body = certificate(election, tally(election, Rule(Method.EQUAL_SHARES, Utility.CARDINALITY)))
    assert [step["project"] for step in body["steps"]] == ["C", "B"]
    for bound in ([0, "C", "7"], [0, "A", None], [0, "A", "13"]):
        with pytest.raises(InvalidError):
            verify(election, body | {"bounds": [bound, *body["bounds"]]})


def test_a_bound_that_nobody_could_pay_in_full_is_refused() -> None:
    """B's supporters hold 5 each, so at 7 they pay its cost of 10 together, but its price is 5, less than C's."""
    projects = [Project("A", 2), Project("B", 10), Project("C", 12)]
    election = Election.of(projects, 24, [["A", "B"]] * 2 + [["C"]] * 2)
    rule = Rule(Method.EQUAL_SHARES, Utility.CARDINALITY, exclusive=(frozenset("BC"),))
    body = certificate(election, tally(election, rule))
    assert body["selected"] == ["A", "B"]
    steps = [{"project": "A", "price": "1"}, {"project": "C", "price": "6"}]
    forged = body | {"steps": steps, "selected": ["A", "C"]}
    for price in ("5", "6", "7"):
        with pytest.raises(InvalidError):
            verify(election, forged | {"bounds": [[1, "B", price]]})
    verify(election, body | {"bounds": [[1, "C", "6"]]})  # exactly its price


def test_prices_that_floats_cannot_tell_apart_are_certified() -> None:
    """A's supporters pay half a unit in 10^17 more than B's, and A comes first in the tie order."""
    won = 10**15
    projects = [Project("A", 180 * won + 1), Project("B", 210 * won), Project("C", 60 * won)]
    election = Election.of(projects, 600 * won, [["A", "C"], ["A"], ["A"], *[["B"]] * 3])
    outcome = tally(election, Rule(Method.EQUAL_SHARES, Utility.CARDINALITY))
    assert outcome.selected == ("C", "B", "A")
    body = certificate(election, outcome)
    assert body["bounds"][0] == [1, "A", str(70 * won + Fraction(1, 2))]
    verify(election, body)


def test_rounds_are_counted_from_none() -> None:
    """All else would hold: everything is in at lower endowments too, at the same price."""
    election = Election.of([Project("A", 2)], 12, [["A"]] * 2 + [[]])
    body = certificate(election, tally(election, Rule(Method.EQUAL_SHARES, completion=Completion.ADD1, step=1)))
    assert (body["rounds"], body["endowment"]) == (0, "4")
    for rounds, endowment in ((-1, "3"), (0.5, "9/2")):
        with pytest.raises(InvalidError, match="rounds"):
            verify(election, body | {"rounds": rounds, "endowment": endowment})


def test_a_bound_above_all_purses_is_refused_where_they_just_suffice() -> None:
    """At any price from 5 up the two bring 10, but the price is 5."""
    election = Election.of([Project("A", 10), Project("B", 10)], 10, [["A", "B"]] * 2)
    body = certificate(election, tally(election, Rule(Method.EQUAL_SHARES)))
    assert body["selected"] == ["A"]
    forged = {"steps": [{"project": "B", "price": "5"}], "bounds": [[0, "A", "100"], [1, "A", None]], "selected": ["B"]}
    with pytest.raises(InvalidError, match="bounds: A"):
        verify(election, body | forged)


def test_add1_shows_that_the_next_endowment_overspends() -> None:
    election = three()
    rule = Rule(Method.EQUAL_SHARES, completion=Completion.ADD1, exhaustive_stop=False)
    body = certificate(election, tally(election, rule))
    assert body["next"] is not None
    verify(election, body)
    empty: dict[str, Any] = {"steps": [], "bounds": []}
    for value in (None, empty):
        with pytest.raises(InvalidError):
            verify(election, body | {"next": value})


def test_what_cannot_be_certified_or_read() -> None:
    election = three()
    with pytest.raises(InvalidError, match="다시 집계"):
        certificate(election, tally(election, Rule(Method.WELFARE)))
    honest = certificate(election, tally(election, Rule()))
    for broken in (
        {},
        honest | {"format": "x"},
        honest | {"rule": {}},
        honest | {"steps": [{}]},
        honest | {"rule": None},
    ):
        with pytest.raises(InvalidError):
            verify(election, broken)


def test_the_checker_uses_no_part_of_the_rules() -> None:
    tree = ast.parse(getsource(verifying))
    used = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name for name in used if name and name.startswith("civicvote")} == {
        "civicvote.domain.errors",
        "civicvote.domain.messages",
        "civicvote.domain.tally.election",
        "civicvote.domain.tally.rows",
    }


if SHARED:

    @pytest.mark.parametrize("path", pabulib_files(), ids=lambda path: path.stem)
    def test_real_elections_are_certified_and_their_closest_losers_know_what_was_missing(path: Path) -> None:
        election = contest_of(parse(path.read_bytes()))
        for method in (Method.EQUAL_SHARES, Method.PHRAGMEN_SKIP, Method.GREEDY):
            outcome = tally(election, Rule(method, Utility.usual(election)))
            verify(election, json.loads(json.dumps(certificate(election, outcome))))
            proposed = why(election, outcome)
            for reason in outcome.rejected[:1]:
                told = confirm(election, outcome, proposed[reason.project])
                assert told.confirmed
                assert told.supporters == pytest.approx(proposed[reason.project].supporters, abs=1)
