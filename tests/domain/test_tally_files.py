"""Real elections: the winners that pabutools and an exact computation agree on, and the official ones."""

from dataclasses import replace
from fractions import Fraction
from functools import cache

import pytest

from civicvote.domain.pabulib import PabulibFile, declared, dump, election, from_election, parse, report
from civicvote.domain.tally import Completion, Election, Method, Outcome, Rule, Utility, tally
from tests.shared_data import SHARED, pabulib_expected, pabulib_files

SHARES = Method.EQUAL_SHARES
#: The keys of expected.json. `greedy`: G1 by votes. `greedy_by_score`, `greedy_score_per_cost`: the same rules on points
#: (ordinal ones L … 1, as the city counted). `…_per_cost`: G4. `mes…`: Equal Shares, utility cost for approvals and points
#: for ballots with points; `mes_cardinality`: utility 1. `mes_add1`: with the exhaustive stop, `…_never_stop_early`:
#: without it. `mes_add1u_votes`: add1, then G1 by votes (points) on what is left. `phragmen`: pabutools' reading, which
#: ends where a least-load project does not fit; its winners stand in the order of their ids. `…_pabutools_borda…`:
#: ordinal ballots with the points L−1 … 0 that pabutools gives, so that a ballot's last choice is no support.
RULES = {
    "greedy": Rule(),
    "greedy_by_score": Rule(),
    "greedy_per_cost": Rule(Method.GREEDY_PER_COST),
    "greedy_score_per_cost": Rule(Method.GREEDY_PER_COST),
    "greedy_pabutools_borda_per_cost": Rule(Method.GREEDY_PER_COST),
    "mes": Rule(SHARES),
    "mes_pabutools_borda": Rule(SHARES),
    "mes_cardinality": Rule(SHARES, Utility.CARDINALITY),
    "mes_add1": Rule(SHARES, completion=Completion.ADD1),
    "mes_add1_pabutools_borda": Rule(SHARES, completion=Completion.ADD1),
    "mes_add1_never_stop_early": Rule(SHARES, completion=Completion.ADD1, exhaustive_stop=False),
    "mes_add1u_votes": Rule(SHARES, completion=Completion.ADD1U),
    "phragmen": Rule(Method.PHRAGMEN),
}
UNORDERED = {"phragmen"}
NO_RULE = {
    "Switzerland_Zurich_S5D10.pb",
    "US_Stanford_Dataset_PB_Cambridge_2019_vote_approvals.pb",
    "US_Stanford_Dataset_PB_Chicago_39th_Ward_2021_vote_knapsacks.pb",
}


@cache
def load(name: str) -> tuple[PabulibFile, Election]:
    assert SHARED is not None
    file = parse((SHARED / "data" / "pabulib" / name).read_bytes())
    return file, election(file)


def borda(contest: Election) -> Election:
    """Preferences as pabutools reads them: one point less for each."""
    rows = contest.rows
    assert rows.points is not None
    return Election.from_rows(
        contest.projects,
        contest.budget,
        rows.indptr,
        rows.picks,
        rows.points - contest.point_unit,
        rows.people,
        voters=contest.voters,
        point_unit=contest.point_unit,
    )


def recount(contest: Election, outcome: Outcome) -> None:
    """Equal Shares again from the published prices alone: additions and comparisons, ballot by ballot.

    Ballots that bought the same projects hold the same, so money is kept by what was paid for.
    """
    assert outcome.endowment is not None
    held = dict.fromkeys(range(len(contest.ballots)), outcome.endowment)
    for step in outcome.steps:
        if step.price is None:
            continue
        number, paid, emptied = contest.index[step.project], Fraction(0), 0
        for row, ballot in enumerate(contest.ballots):
            if number in ballot.picks:
                points = ballot.points[ballot.picks.index(number)] if contest.scored else 1
                share = min(held[row], step.price * points / contest.point_unit)
                emptied += ballot.count if share == held[row] and held[row] else 0
                held[row] -= share
                paid += share * ballot.count
        assert paid == step.cost, step.project
        assert emptied == step.emptied, step.project


if SHARED:
    CASES = [(name, rule) for name, entry in pabulib_expected().items() for rule in entry["rules"]]

    @pytest.mark.parametrize(("name", "rule"), CASES)
    def test_winners_are_the_expected_ones(name: str, rule: str) -> None:
        _, contest = load(name)
        expected = pabulib_expected()[name]["rules"][rule]
        contest = borda(contest) if "borda" in rule else contest
        chosen = RULES[rule]
        if contest.scored:
            chosen = replace(chosen, utility=Utility.usual(contest))
        outcome = tally(contest, chosen)
        selected = sorted(outcome.selected) if rule in UNORDERED else list(outcome.selected)
        assert selected == expected["winners"]
        assert str(outcome.spent) == expected.get("cost", str(outcome.spent))
        steps = {"mes_add1": "add1_steps", "mes_add1_never_stop_early": "add1_never_stop_steps"}
        if rule in steps:
            assert outcome.rounds == pabulib_expected()[name][steps[rule]]
        everyone = {*outcome.selected, *(reason.project for reason in outcome.rejected)}
        assert everyone == {project.id for project in contest.projects}

    def test_every_file_and_every_rule_is_in_the_list() -> None:
        assert set(pabulib_expected()) == {path.name for path in pabulib_files()}
        assert len(CASES) == 142

    @pytest.mark.parametrize("name", ["Poland_Katowice_2025_Kostuchna.pb", "Switzerland_Zurich_S5D10.pb"])
    def test_points_weighed_by_cost_choose_the_same_projects_here(name: str) -> None:
        _, contest = load(name)
        outcome = tally(contest, Rule(SHARES, Utility.COST, Completion.ADD1))
        assert set(outcome.selected) == set(pabulib_expected()[name]["rules"]["mes_add1"]["winners"])

    @pytest.mark.parametrize("name", [path.name for path in pabulib_files()])
    def test_the_declared_rule_reproduces_the_official_winners(name: str) -> None:
        file, contest = load(name)
        official = pabulib_expected()[name]["official_selected"]
        if name in NO_RULE:
            assert file.meta["rule"] == "unknown"
            assert official is None
            return
        outcome = tally(contest, declared(file).rule)
        if official is None:  # the file does not say who won
            official = pabulib_expected()[name]["rules"]["greedy"]["winners"]
        assert set(outcome.selected) == set(official)

    @pytest.mark.parametrize("name", [path.name for path in pabulib_files()])
    def test_files_come_back_byte_for_byte_but_for_line_ends(name: str) -> None:
        assert SHARED is not None
        data = (SHARED / "data" / "pabulib" / name).read_bytes()
        file, _ = load(name)
        assert dump(file) == data.replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n"
        assert dump(parse(dump(file))) == dump(file)

    @pytest.mark.parametrize("name", [path.name for path in pabulib_files()])
    def test_an_exported_election_counts_the_same(name: str) -> None:
        file, contest = load(name)
        again = election(parse(dump(from_election(contest, file.meta))))
        assert again.projects == contest.projects
        assert (again.votes, again.scores, again.voters) == (contest.votes, contest.scores, contest.voters)
        assert tally(again, Rule(SHARES)).selected == tally(contest, Rule(SHARES)).selected

    @pytest.mark.parametrize(
        "name", ["Netherlands_Assen_2024.pb", "Poland_Warszawa_2019_Brodno.pb", "Switzerland_Zurich_S5D10.pb"]
    )
    def test_published_prices_are_enough_for_a_recount(name: str) -> None:
        _, contest = load(name)
        rule = Rule(SHARES, Utility.usual(contest), Completion.ADD1)
        recount(contest, tally(contest, rule))

    def test_reports_name_the_odd_lines() -> None:
        file, _ = load("Poland_Warszawa_2026_Brodno.pb")
        assert [(notice.line, str(notice.message)) for notice in report(file)] == [
            (357, "한 투표지에서 같은 사업('1379')을 두 번 골랐습니다. 한 번만 셉니다."),
            (25, "사업 '1379'의 votes 값(656)이 세어 본 값(655)과 다릅니다."),
        ]
        file, _ = load("Poland_Lodz_2022_Baluty-Doly.pb")
        assert report(file) == []
        file, _ = load("Poland_Warszawa_2022_Bemowo.pb")
        assert ["153, 773" in str(notice.message) for notice in report(file)] == [True]
