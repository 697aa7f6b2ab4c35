"""Opening a vote: keys outside the database, the notice, the board's first line."""

import hashlib
import stat
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.ballots import board as chains
from civicvote.domain.ballots import keys as vote_keys
from civicvote.domain.ballots import rules
from civicvote.domain.cycles import BallotType, TallyRule
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import SYSTEM, VISITOR
from civicvote.keystore import KeyStore
from civicvote.models.audit import AuditEvent
from civicvote.models.cycles import Cycle
from civicvote.services import board, votes
from tests import factories
from tests.support.voting import polls


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


def _listed(session: Session, **values: object) -> Cycle:
    cycle = factories.cycle(session, CycleState.LISTED, opened="before", **values)
    pool = factories.pool(session, cycle)
    for number in ("3", "1", "2"):
        factories.project(session, pool, state=ProjectState.ON_BALLOT, number=number)
    factories.project(session, pool, state=ProjectState.ELIGIBLE, number="9")
    return cycle


def test_makes_keys_notice_and_the_first_line(session: Session, keys: KeyStore) -> None:
    cycle = _listed(session)
    vote = votes.open_vote(session, SYSTEM, cycle, keys=keys)
    assert vote.id == votes.vote_id(cycle.id)
    assert vote.key_mode == "file"
    assert (vote.opens_at, vote.closes_at) == (cycle.voting_open_at, cycle.voting_close_at)
    rules.check_notice(vote.notice)  # type: ignore[arg-type]
    assert [p["id"] for p in vote.notice["projects"]] == ["1", "2", "3"]
    assert vote.notice["keys"]["shares"] == "1/1"
    assert vote_keys.vote_key(keys.read(f"vote-{vote.id}")).public == vote.public_key
    assert vote_keys.board_key(keys.board(vote.id)).public == vote.board_key
    assert len(keys.roll(vote.id)) == 32
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in keys.folder.glob("*.key"))
    (entry,) = board.entries(session, vote.id)
    assert (entry.seq, entry.kind) == (0, "notice")
    assert entry.item == {"digest": rules.notice_digest(vote.notice)}  # type: ignore[arg-type]
    (head,) = board.heads(session, vote.id)
    assert chains.verify_head(vote.board_key, head)
    assert head.hash == entry.hash.hex()
    assert session.scalars(select(AuditEvent.action).where(AuditEvent.subject_id == vote.id)).all() == ["vote:open"]


def test_opening_twice_gives_the_same_vote(session: Session, keys: KeyStore) -> None:
    cycle = _listed(session)
    assert votes.open_vote(session, SYSTEM, cycle, keys=keys) is votes.open_vote(session, SYSTEM, cycle, keys=keys)
    assert len(board.entries(session, votes.vote_id(cycle.id))) == 1


def test_files_of_a_try_that_was_rolled_back_serve_the_next(session: Session, keys: KeyStore) -> None:
    cycle = _listed(session)
    with session.begin_nested() as savepoint:
        votes.open_vote(session, SYSTEM, cycle, keys=keys)
        savepoint.rollback()
    number = votes.vote_id(cycle.id)
    left = keys.roll(number)
    (keys.folder / f"board-{number}.key").write_bytes(b"cut short")
    vote = votes.open_vote(session, SYSTEM, cycle, keys=keys)
    assert keys.roll(number) == left
    assert vote_keys.board_key(keys.board(number)).public == vote.board_key


def test_a_key_made_offline_leaves_no_secret_here(session: Session, keys: KeyStore) -> None:
    cycle = _listed(session)
    number = votes.vote_id(cycle.id)
    pair = vote_keys.new_vote_key()
    (keys.folder / votes.OFFERED).mkdir(parents=True)
    (keys.folder / votes.OFFERED / f"{number}.public.json").write_text(vote_keys.public_file(pair.public, str(number)))
    vote = votes.open_vote(session, SYSTEM, cycle, keys=keys)
    assert (vote.key_mode, vote.public_key) == ("shares", pair.public)
    assert vote.notice["keys"]["shares"] == "3/5"
    assert not keys.exists(f"vote-{number}")


def test_a_key_of_another_vote_is_refused(session: Session, keys: KeyStore) -> None:
    cycle = _listed(session)
    number = votes.vote_id(cycle.id)
    (keys.folder / votes.OFFERED).mkdir(parents=True)
    other = vote_keys.public_file(vote_keys.new_vote_key().public, "another")
    (keys.folder / votes.OFFERED / f"{number}.public.json").write_text(other)
    with pytest.raises(InvalidError):
        votes.open_vote(session, SYSTEM, cycle, keys=keys)


def test_needs_projects_and_the_right(session: Session, keys: KeyStore) -> None:
    empty = factories.cycle(session, CycleState.LISTED)
    factories.pool(session, empty)
    with pytest.raises(ConflictError):
        votes.open_vote(session, SYSTEM, empty, keys=keys)
    with pytest.raises(ForbiddenError):
        votes.open_vote(session, VISITOR, empty, keys=keys)
    picky = _listed(session, min_picks=4, max_picks=5)
    with pytest.raises(ConflictError):
        votes.open_vote(session, SYSTEM, picky, keys=keys)


def test_rules_become_the_ballot_form(session: Session, keys: KeyStore) -> None:
    made = polls(session, keys, jongno_values={"max_picks": 1})
    form = made.vote.notice["ballot"]
    assert (form["min"], form["max"], form["max_cost"]) == (1, 3, None)
    assert form["groups"] == [
        {
            "id": str(made.jongno.id),
            "title": "종로구",
            "projects": ["B1", "B2", "B3"],
            "min": 0,
            "max": 1,
            "max_cost": None,
        }
    ]
    money = polls(session, keys, ballot_type=BallotType.KNAPSACK, min_picks=0)
    form = money.vote.notice["ballot"]
    assert form["max"] is None
    assert [(group["max"], group["max_cost"]) for group in form["groups"]] == [(None, 200_000_000), (None, 100_000_000)]
    assert money.vote.notice["more"]["districts"] == {str(money.jongno.id): "11110"}


def test_every_ballot_type_has_its_form(session: Session, keys: KeyStore) -> None:
    def form(**values: Any) -> Any:
        made = polls(session, keys, jongno_values={"max_picks": 1}, **values).vote.notice
        assert [group["max"] for group in made["ballot"]["groups"]] == [1]
        assert [contest["measure"] for contest in made["contests"]] == ["points"] * 2
        return made["ballot"]

    spread = form(ballot_type=BallotType.POINTS, max_picks=4, point_sum=10, point_max=6)
    assert (spread["max"], spread["points"], spread["ranking"]) == (4, {"max": 6, "sum": 10}, False)
    scored = form(ballot_type=BallotType.SCORE, max_picks=5, point_max=5)
    assert (scored["max"], scored["points"]) == (5, {"max": 5, "sum": None})
    ranked = form(ballot_type=BallotType.RANKING, max_picks=3)
    assert (ranked["max"], ranked["points"], ranked["ranking"]) == (3, {"max": 3, "sum": None}, True)


def test_the_count_is_announced_as_staff_chose_it(session: Session, keys: KeyStore) -> None:
    made = polls(
        session,
        keys,
        completion="add1u",
        comparison=True,
        tie="votes,cost-desc",
        tie_lot=True,
        min_support=3,
        min_share=25,
        quorum=10,
    )
    first, second = made.vote.notice["contests"]
    assert (first["rule"], first["completion"], first["comparison"]) == ("equal-shares", "add1u", True)
    assert first["tie_by"] == ["votes", "cost-desc"]
    assert (first["threshold"], first["threshold_share"], first["quorum"]) == (3, "0.025", 10)
    assert (first["exclusive"], first["caps"], first["locked"], first["leftover_to"]) == ([], [], [], None)
    lot = made.vote.notice["more"]["lot"]
    assert len(bytes.fromhex(lot)) == 16
    for contest, ids in ((first, ["A1", "A2", "A3", "A4", "A5"]), (second, ["B1", "B2", "B3"])):
        assert contest["ties"] == sorted(ids, key=lambda one: hashlib.sha256(f"{lot}|{one}".encode()).digest())


def test_the_lot_is_drawn_for_each_vote_whatever_its_keys(session: Session, keys: KeyStore) -> None:
    one, two = (polls(session, keys, tie_lot=True).vote.notice["more"]["lot"] for _ in range(2))
    assert one != two
    assert "lot" not in polls(session, keys).vote.notice["more"]


@pytest.mark.parametrize("rule", list(TallyRule))
def test_every_rule_can_be_announced(session: Session, keys: KeyStore, rule: TallyRule) -> None:
    made = polls(session, keys, ballot_type=BallotType.RANKING, tally_rule=rule)
    counted = "votes" if rule in {TallyRule.PHRAGMEN, TallyRule.PHRAGMEN_SKIP} else "points"
    assert [(c["rule"], c["measure"]) for c in made.vote.notice["contests"]] == [(rule.value, counted)] * 2


def test_the_rules_offered_are_those_a_notice_may_declare() -> None:
    assert {rule.value for rule in TallyRule} == set(get_args(rules.MethodName))


def test_what_is_left_flows_past_pools_without_projects(session: Session, keys: KeyStore) -> None:
    cycle = factories.cycle(session, CycleState.LISTED, opened="before")
    last = factories.pool(session, cycle, position=3)
    empty = factories.pool(session, cycle, position=2, leftover_to=last.id)
    first = factories.pool(session, cycle, position=1, leftover_to=empty.id)
    for number, pool in (("1", first), ("2", last)):
        factories.project(session, pool, state=ProjectState.ON_BALLOT, number=number)
    notice = votes.open_vote(session, SYSTEM, cycle, keys=keys).notice
    assert [(c["pool"], c["leftover_to"]) for c in notice["contests"]] == [
        (str(first.id), str(last.id)),
        (str(last.id), None),
    ]
