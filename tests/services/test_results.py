"""What a published result says: shares to the won, reasons with amounts, and the other rule beside it."""

import json
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain import pabulib
from civicvote.domain.ballots.counting import Opened
from civicvote.domain.ballots.rules import Notice
from civicvote.domain.ballots.sealing import Ballot
from civicvote.domain.cycles import TallyRule
from civicvote.domain.errors import NotFoundError
from civicvote.domain.permissions import SYSTEM, VISITOR
from civicvote.domain.tally import certificate
from civicvote.keystore import KeyStore
from civicvote.models.projects import Project
from civicvote.services import counting, results
from civicvote.services import pabulib as elections
from civicvote.services.counting import analysis, outcomes, release
from civicvote.services.counting.files import pb_name
from civicvote.services.exports import csv_bytes, safe_cell
from civicvote.services.results.document import Reader
from tests.domain import ballot_factory
from tests.services.test_pabulib_import import SMALL
from tests.support.elections import Count, closed_vote

outcomes_document = outcomes.document


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


def published(session: Session, keys: KeyStore, **values: object) -> Count:
    vote = closed_vote(session, keys, **values)  # type: ignore[arg-type]
    with vote.over:
        counting.seal(session, vote.first, vote.slug, keys=keys)
        counting.count(session, vote.first, vote.slug, keys=keys)
        counting.publish(session, vote.second, vote.slug, keys=keys)
    return vote


def test_shares_are_what_supporters_paid_and_no_more_than_they_had(session: Session, keys: KeyStore) -> None:
    vote = published(session, keys)
    for contest in results.published(session, VISITOR, vote.slug).contests:
        assert contest.endowment is not None
        assert contest.endowment >= Fraction(contest.budget, contest.voters), "raised by add1, never lowered"
        held = [contest.endowment] * len(vote.picks)
        left = contest.budget
        for winner in contest.winners:
            assert winner.share is not None
            paid, emptied = Fraction(0), 0
            for row, picks in enumerate(vote.picks):
                if winner.number in picks:
                    share = min(held[row], winner.share)
                    emptied += share == held[row] > 0
                    held[row] -= share
                    paid += share
            left -= winner.cost
            assert (paid, emptied, left) == (winner.cost, winner.emptied, winner.left)
        assert contest.spent == sum(winner.cost for winner in contest.winners) <= contest.budget


def test_by_votes_there_are_no_shares(session: Session, keys: KeyStore) -> None:
    vote = published(session, keys, tally_rule=TallyRule.GREEDY)
    for contest in results.published(session, VISITOR, vote.slug).contests:
        assert contest.endowment is None
        assert {winner.share for winner in contest.winners} == {None}
        rules = [side.rule for side in contest.sides]
        assert rules == ["greedy", "greedy-per-cost", "welfare", "equal-shares", "phragmen-skip"]
        order = [winner.votes for winner in contest.winners]
        assert order == sorted(order, reverse=True)


def test_reasons_name_amounts_as_asked(session: Session, keys: KeyStore) -> None:
    elections.import_file(session, SYSTEM, pabulib.parse(SMALL), elections.Terms(slug="abroad"), keys=keys)
    (contest,) = results.published(session, VISITOR, "abroad").contests
    (loser,) = contest.losers
    assert "EUR" in str(loser.explained(lambda value: f"EUR {value}"))
    assert contest.budget == Fraction(201, 2)


def test_losers_know_what_was_missing_and_winners_what_was_left(session: Session, keys: KeyStore) -> None:
    vote = published(session, keys, completion="none")
    shown = results.published(session, VISITOR, vote.slug).contests
    losers = [loser for contest in shown for loser in contest.losers if loser.votes]
    assert losers
    for loser in losers:
        assert loser.told["confirmed"]
        assert loser.support is not None
        assert loser.support < 1
        assert loser.paid_for or loser.held
        said = [str(sentence) for sentence in loser.figures(str)]
        assert any("더 있었거나" in sentence for sentence in said)
        assert loser.number not in " ".join(said), "projects are called by their titles"
    for contest in shown:
        assert contest.sides[0].rule == "equal-shares"
        assert contest.ladder == contest.winners
        assert all(winner.kept is not None and winner.figures(str) for winner in contest.winners)
        assert sum(kind.voters for kind in contest.kinds) == contest.voters


def test_runs_of_older_versions_are_still_read(
    session: Session, keys: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def older(*given: Any) -> dict[str, Any]:
        document = outcomes_document(*given)
        del document["reached"]
        for contest in document["contests"]:
            for key in ("why", "sides", "kinds", "certificate", "more", "leftover_to", "adopted", "void", "scores"):
                del contest[key]
            for step in contest["steps"]:
                del step["paid"], step["locked"]
            selected = [step["project"] for step in contest["steps"][1:]]
            contest["other"] = {
                "rule": "greedy",
                "selected": selected,
                "with_one": [20, 18],
                "mean": [1.5, 1.25],
                "prefer": [6, 2],
            }
        return document

    monkeypatch.setattr(outcomes, "document", older)
    vote = published(session, keys)
    result = results.published(session, VISITOR, vote.slug)
    assert result.reached == []
    for contest in result.contests:
        mine, other = contest.sides
        assert (mine.with_one, other.with_one, other.prefer, other.funded) == (20, 18, (6, 2), None)
        assert len(other.dropped) == 1
        assert contest.spent == sum(winner.cost for winner in contest.winners)
        assert all(winner.figures(str) == [] and str(winner.explained(str)) for winner in contest.winners)
        assert all(loser.figures(str) == [] and str(loser.explained(str)) for loser in contest.losers)
    assert results.log_document(session, VISITOR, vote.slug)["contests"]


def test_the_log_holds_a_certificate_that_the_published_ballots_prove(session: Session, keys: KeyStore) -> None:
    vote = published(session, keys)
    log = json.loads(json.dumps(results.log_document(session, VISITOR, vote.slug)))
    for contest in log["contests"]:
        name = pb_name(cast("Notice", vote.polls.vote.notice), contest["pool"])
        data = results.file(session, VISITOR, vote.slug, name).content
        certificate.verify(pabulib.election(pabulib.parse(data)), contest["certificate"])


def test_where_only_totals_are_published_no_small_cell_is_either(session: Session, keys: KeyStore) -> None:
    vote = closed_vote(session, keys)
    with vote.over:
        counting.seal(session, vote.first, vote.slug, keys=keys)
        counting.count(session, vote.first, vote.slug, keys=keys)
        release.choose(session, vote.first, vote.slug, only_totals=True)
        counting.publish(session, vote.second, vote.slug, keys=keys, pooled=True)
    result = results.published(session, VISITOR, vote.slug)
    assert result.pooled
    assert all(contest.kinds == [] for contest in result.contests)
    assert all("kinds" not in contest for contest in results.log_document(session, VISITOR, vote.slug)["contests"])


def test_who_got_nothing_is_told_by_contest_in_cells_of_ten() -> None:
    city, district = ("c0", "c1"), ("d5",)

    def cast(count: int, *picks: str) -> list[Ballot]:
        return [Ballot(picks, bytes(16))] * count

    def outcome(*selected: str) -> Any:
        return SimpleNamespace(selected=selected)

    counted = {"city": outcome("c0"), "district": outcome()}
    ballots = [*cast(12, *city[:1]), *cast(11, city[1]), *cast(9, city[0], *district), *cast(10, *district)]
    assert analysis.reached(ballots, counted, {"city": city, "district": district}) == [
        {"of": "city", "voters": 32, "without": 11},
        {"of": "district", "voters": 19, "without": None},  # nine got something: too few to tell
    ]
    assert analysis.reached(ballots, counted, {"city": city}) == []


def test_who_got_nothing_is_told_by_district_of_the_projects_they_chose(session: Session, keys: KeyStore) -> None:
    vote = closed_vote(session, keys)
    for place, project in enumerate(session.scalars(select(Project).order_by(Project.number))):
        project.district = ("11110", "11140", None)[place % 3]
    with vote.over:
        counting.seal(session, vote.first, vote.slug, keys=keys)
        counting.count(session, vote.first, vote.slug, keys=keys)
        counting.publish(session, vote.second, vote.slug, keys=keys)
    areas = results.published(session, VISITOR, vote.slug).areas
    assert [area.title for area in areas] == ["11110", "11140"]


def test_money_that_flows_and_contests_that_are_void_are_told() -> None:
    notice = ballot_factory.two_pools()
    first, second = notice["contests"]
    first |= {"quorum": 5, "leftover_to": "district"}
    second |= {"caps": [{"title": "안전", "projects": ["d0", "d1"], "max": 1, "max_cost": None}], "locked": ["d2"]}
    ballots = tuple(Ballot(("c0", "d0", "d1"), bytes([n] * 16)) for n in range(4))
    document = outcomes.document(notice, Opened("seoul-2026", ballots, (), ()), ())
    reader = Reader(notice, {})
    city, district = (reader.contest(contest) for contest in json.loads(json.dumps(document))["contests"])
    assert (city.void, city.winners, city.sides, city.leftover_to) == (True, [], [], "district")
    assert {loser.code for loser in city.losers} == {"void"}
    assert (district.more, district.budget) == (900, 1150)
    assert district.winners[0].locked
    assert "확정된" in str(district.winners[0].explained(str))
    capped = next(loser for loser in district.losers if loser.code == "capped")
    assert "안전" in str(capped.explained(str))


def test_why_tells_of_each_project_and_of_no_other(session: Session, keys: KeyStore) -> None:
    vote = published(session, keys)
    for project in vote.polls.projects.values():
        why = results.why(session, VISITOR, vote.slug, project.id)
        assert (why.winner is None) != (why.loser is None)
        one = why.winner or why.loser
        assert one is not None
        assert one.number == project.number
    other = closed_vote(session, keys, people=2)
    for slug, project_id in ((vote.slug, other.polls.projects["A1"].id), (other.slug, other.polls.projects["A1"].id)):
        with pytest.raises(NotFoundError):
            results.why(session, VISITOR, slug, project_id)


LIVE = [
    blank + sign + "1+1" for sign in "=+-@＝＋－＠" for blank in ("", " ", "\t", "\r", "\n", "\u200b", "\ufeff", "\xa0")
]


@pytest.mark.parametrize("cell", LIVE)
def test_no_cell_is_a_formula(cell: str) -> None:
    assert safe_cell(cell) == f"'{cell}"


def test_tables_read_in_spreadsheets() -> None:
    data = csv_bytes(["가", "나"], [["=1+1", -5], ['따"옴표', "줄\n바꿈"]])
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.decode("utf-8-sig") == '가,나\r\n\'=1+1,-5\r\n"따""옴표","줄\n바꿈"\r\n'
