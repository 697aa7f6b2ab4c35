"""What a published result says: shares to the won, reasons with amounts, and the other rule beside it."""

from fractions import Fraction
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from civicvote.domain import pabulib
from civicvote.domain.cycles import TallyRule
from civicvote.domain.errors import NotFoundError
from civicvote.domain.permissions import SYSTEM, VISITOR
from civicvote.keystore import KeyStore
from civicvote.services import counting, results
from civicvote.services import pabulib as elections
from civicvote.services.exports import csv_bytes, safe_cell
from tests.services.test_pabulib_import import SMALL
from tests.support.elections import Count, closed_vote


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
        assert contest.beside.rule == "equal-shares"
        order = [winner.votes for winner in contest.winners]
        assert order == sorted(order, reverse=True)


def test_reasons_name_amounts_as_asked(session: Session, keys: KeyStore) -> None:
    elections.import_file(session, SYSTEM, pabulib.parse(SMALL), elections.Terms(slug="abroad"), keys=keys)
    (contest,) = results.published(session, VISITOR, "abroad").contests
    (loser,) = contest.losers
    assert "EUR" in str(loser.explained(lambda value: f"EUR {value}"))
    assert contest.budget == Fraction(201, 2)


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
