"""A secret ballot in a forum, from its options to a result that anyone recounts: on both databases."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.ballot_paper import Paper
from civicvote.domain.ballot_rounds import BallotMethod, BallotPlan
from civicvote.domain.deliberation import Audience
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import CycleState
from civicvote.domain.permissions import VISITOR, Actor
from civicvote.keystore import KeyStore
from civicvote.models.audit import AuditEvent
from civicvote.models.counts import PublishedFile
from civicvote.models.cycles import Cycle
from civicvote.models.deliberation import RoundParticipant
from civicvote.models.verification import Person
from civicvote.models.votes import Ballot, Participation, Vote
from civicvote.services import ballot_rounds, board, clock, cycles, home, results, staff, voting
from civicvote.services.counting import publication, release, runs
from civicvote.services.deliberation import schedule
from tests import factories
from tests.support.ballot_rounds import BallotRound, announced, forum, prepared, ranked, round_of, version
from tests.support.voting import voter


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


def cast(session: Session, made: BallotRound, actor: Actor, keys: KeyStore, *picks: str) -> str:
    given = ballot_rounds.cast(session, actor, made.id, Paper(picks), key=uuid4().hex, arrived=clock.now(), keys=keys)
    return given.tracker


def vote_of(session: Session, made: BallotRound) -> Vote:
    return runs.vote_of(session, made.slug)[1]


def counted(session: Session, made: BallotRound, keys: KeyStore) -> None:
    """Sealed and counted by one, approved by the other: the count everybody's vote has."""
    vote = vote_of(session, made)
    with time_machine.travel(vote.closes_at + timedelta(minutes=2), tick=False):
        board.sequence(session, keys)
        runs.seal(session, made.first, made.slug, keys=keys)
        run = runs.count(session, made.first, made.slug, keys=keys)
        if release.chosen(session, run) is None:  # few ballots: the first person chooses what is published
            release.choose(session, made.first, made.slug, only_totals=False)
        with pytest.raises(ConflictError):
            publication.publish(session, made.first, made.slug, keys=keys)
        publication.publish(session, made.second, made.slug, keys=keys)


def test_from_options_to_a_result_that_anyone_recounts(session: Session, keys: KeyStore, tmp_path: Path) -> None:
    made = announced(session, keys, 3, BallotPlan(BallotMethod.APPROVAL, 2, 1))
    people = [voter(session)[1] for _ in range(12)]
    trackers = [cast(session, made, who, keys, "1", "2") for who in people[:7]]
    trackers += [cast(session, made, who, keys, "2") for who in people[7:]]
    again = cast(session, made, people[0], keys, "3")
    board.sequence(session, keys)
    on_board = {entry.item for entry in board.entries(session, vote_of(session, made).id) if entry.kind == "ballot"}
    assert {*trackers, again} <= on_board
    counted(session, made, keys)
    contest = ballot_rounds.outcome(session, VISITOR, made.id).contest
    assert [(one.number, one.votes) for one in contest.winners] == [("2", 11)]
    assert {one.number: one.votes for one in contest.losers} == {"1": 6, "3": 1}
    assert [one.title for one in ballot_rounds.winners(session, made.id)] == ["선택 2"]
    files = session.scalars(select(PublishedFile).where(PublishedFile.vote_id == vote_of(session, made).id)).all()
    for file in files:
        (tmp_path / file.name).write_bytes(file.content)
    checked = subprocess.run(
        [sys.executable, "recount.py", "bundle.zip"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_single_choice_and_ranking_count_as_announced(session: Session, keys: KeyStore) -> None:
    single = announced(session, keys, 3)
    for pick in ("1", "1", "2"):
        cast(session, single, voter(session)[1], keys, pick)
    with pytest.raises(InvalidError):
        cast(session, single, voter(session)[1], keys, "1", "2")
    with pytest.raises(InvalidError):
        cast(session, single, voter(session)[1], keys)
    counted(session, single, keys)
    assert [one.title for one in ballot_rounds.winners(session, single.id)] == ["선택 1"]
    order = announced(session, keys, 4, ranked(3, 2))
    for picks in (("1", "2", "3"), ("1", "2"), ("4", "2")):
        cast(session, order, voter(session)[1], keys, *picks)
    counted(session, order, keys)
    contest = ballot_rounds.outcome(session, VISITOR, order.id).contest
    assert [(one.number, one.points) for one in contest.winners] == [("2", 6), ("1", 6)]


def test_an_option_without_a_vote_never_wins(session: Session, keys: KeyStore) -> None:
    made = announced(session, keys, 3, BallotPlan(BallotMethod.APPROVAL, 2, 2))
    cast(session, made, voter(session)[1], keys, "3")
    counted(session, made, keys)
    assert [one.title for one in ballot_rounds.winners(session, made.id)] == ["선택 3"]


def test_one_ballot_a_person_and_nothing_of_when(session: Session, keys: KeyStore) -> None:
    made = announced(session, keys)
    user, actor = voter(session)
    first = cast(session, made, actor, keys, "1")
    assert user.person_id is not None
    person = session.get_one(Person, user.person_id)
    user.person_id = None  # an erased account's person comes back with another
    user.level = 0
    session.flush()
    other = factories.user(session, level=2, person=person)
    second = cast(session, made, factories.actor(other), keys, "2")
    vote = vote_of(session, made)
    assert first != second
    assert len(session.scalars(select(Participation).where(Participation.vote_id == vote.id)).all()) == 1
    slots = session.execute(select(Ballot.slot, Ballot.version).where(Ballot.vote_id == vote.id)).all()
    assert len({row.slot for row in slots}) == 1
    assert sorted(row.version for row in slots) == [1, 2]
    assert session.scalars(select(RoundParticipant).where(RoundParticipant.round_id == made.id)).all() == []
    assert not session.scalars(select(AuditEvent).where(AuditEvent.actor_id.in_([user.id, other.id]))).all()


def test_the_same_form_sent_twice_is_one_ballot(session: Session, keys: KeyStore) -> None:
    made = announced(session, keys)
    _, actor = voter(session)
    key = uuid4().hex
    given = [
        ballot_rounds.cast(session, actor, made.id, Paper(("1",)), key=key, arrived=clock.now(), keys=keys)
        for _ in range(2)
    ]
    assert given[0] == given[1]


def test_the_deadline_holds_to_the_second(session: Session, keys: KeyStore) -> None:
    made = announced(session, keys)
    _, actor = voter(session)
    closes = made.round.closes_at
    with time_machine.travel(closes - timedelta(seconds=1), tick=False):
        cast(session, made, actor, keys, "1")
    with time_machine.travel(closes, tick=False), pytest.raises(ConflictError):
        cast(session, made, actor, keys, "2")
    before = announced(session, keys, opens_at=clock.now().replace(microsecond=0) + timedelta(hours=1))
    opens = before.round.opens_at
    with time_machine.travel(opens - timedelta(seconds=1), tick=False), pytest.raises(ConflictError):
        cast(session, before, actor, keys, "1")
    with time_machine.travel(opens, tick=False):
        cast(session, before, actor, keys, "1")


@pytest.mark.parametrize(("audience", "level"), [(Audience.VERIFIED, 0), (Audience.RESIDENTS, 1)])
def test_nobody_under_the_level_casts(session: Session, keys: KeyStore, audience: Audience, level: int) -> None:
    made = announced(session, keys, audience=audience)
    low = factories.actor(factories.user(session, level=level))
    with pytest.raises(ForbiddenError):
        cast(session, made, low, keys, "1")
    cast(session, made, factories.actor(factories.user(session, level=level + 1)), keys, "1")


def test_a_hold_on_the_round_stops_the_box(session: Session, keys: KeyStore) -> None:
    made = announced(session, keys)
    _, actor = voter(session)
    made.round.held_at, made.round.held_reason = clock.now(), "서버를 점검합니다."
    session.flush()
    with pytest.raises(ConflictError):
        cast(session, made, actor, keys, "1")
    with pytest.raises(ConflictError):
        voting.cast(session, actor, made.slug, ["1"], key=uuid4().hex, arrived=clock.now(), keys=keys)
    made.round.held_at, made.round.held_reason = None, ""
    session.flush()
    cast(session, made, actor, keys, "1")


def test_everyone_with_an_account_is_no_audience_of_a_secret_ballot(session: Session) -> None:
    made = prepared(session, audience=Audience.EVERYONE)
    with pytest.raises(ConflictError) as refused:
        ballot_rounds.ask(session, made.moderator, made.id, version=version(session, made))
    assert "본인확인" in str(refused.value.message)


def test_options_are_locked_by_two_people(session: Session, keys: KeyStore) -> None:
    made = prepared(session)
    seen = version(session, made)
    ballot_rounds.add(session, made.moderator, made.id, title="늦은 선택")
    with pytest.raises(ConflictError):
        ballot_rounds.ask(session, made.moderator, made.id, version=seen)
    ballot_rounds.ask(session, made.first, made.id, version=version(session, made))
    with pytest.raises(ConflictError):
        ballot_rounds.add(session, made.moderator, made.id, title="더 늦은 선택")
    with pytest.raises(ForbiddenError):
        ballot_rounds.announce(session, made.first, made.id, keys=keys)
    with pytest.raises(ForbiddenError):
        ballot_rounds.announce(session, made.moderator, made.id, keys=keys)
    ballot_rounds.send_back(session, made.second, made.id, reason="선택지 말을 다듬어 주십시오.")
    option = ballot_rounds.lines(session, made.id)[0]
    ballot_rounds.edit(session, made.moderator, made.id, option.id, title="다듬은 선택", body="")
    ballot_rounds.ask(session, made.first, made.id, version=version(session, made))
    vote = ballot_rounds.announce(session, made.second, made.id, keys=keys)
    assert vote.notice["projects"][0]["title"] == "다듬은 선택"
    for change in (
        lambda: ballot_rounds.add(session, made.first, made.id, title="다른 선택"),
        lambda: ballot_rounds.edit(session, made.first, made.id, option.id, title="다른 선택", body=""),
        lambda: ballot_rounds.remove(session, made.first, made.id, option.id),
        lambda: ballot_rounds.plan(session, made.first, made.id, BallotPlan(), version=version(session, made)),
    ):
        with pytest.raises(ConflictError):
            change()


def test_who_may_prepare_a_ballot(session: Session) -> None:
    made = prepared(session)
    stranger = factories.actor(factories.user(session, level=2))
    for who in (VISITOR, stranger):
        with pytest.raises(ForbiddenError):
            ballot_rounds.add(session, who, made.id, title="내 선택")
        with pytest.raises(ForbiddenError):
            ballot_rounds.desk(session, who, made.id)
    draft = round_of(session, forum(session, state=type(made.forum.state).DRAFT))
    with pytest.raises(NotFoundError):
        ballot_rounds.show(session, stranger, draft.id, arrived=clock.now(), keys=KeyStore(Path("unused")))


def test_a_ballot_needs_something_to_choose(session: Session) -> None:
    made = prepared(session, options=1)
    with pytest.raises(ConflictError):
        ballot_rounds.ask(session, made.moderator, made.id, version=version(session, made))
    ballot_rounds.add(session, made.moderator, made.id, title="둘째")
    ballot_rounds.plan(
        session, made.moderator, made.id, BallotPlan(BallotMethod.APPROVAL, 2, 2), version=version(session, made)
    )
    with pytest.raises(ConflictError):
        ballot_rounds.ask(session, made.moderator, made.id, version=version(session, made))


def test_no_budget_page_lists_it(session: Session, keys: KeyStore) -> None:
    made = announced(session, keys)
    assert made.slug not in [row.slug for row in cycles.listing(session, made.first).rows]
    assert made.slug not in [slug for slug, _title in cycles.announced(session)]
    assert made.slug not in [card.slug for card in home.cards(session, limit=50)]
    assert made.slug not in [task.slug for task in staff.desk(session, made.first).cycles]
    with pytest.raises(NotFoundError):
        cycles.detail(session, made.first, made.slug)
    with pytest.raises(NotFoundError):
        cycles.hold(session, made.first, made.slug, reason="시험 삼아 멈춥니다.")
    assert made.slug in [row.slug for row in board.listing(session).rows]


def test_turnout_is_public_and_counts_are_not(session: Session, keys: KeyStore) -> None:
    made = announced(session, keys)
    for pick in ("1", "1", "2"):
        cast(session, made, voter(session)[1], keys, pick)
    board.sequence(session, keys)
    view = ballot_rounds.show(session, VISITOR, made.id, arrived=clock.now(), keys=keys)
    assert (view.people, view.contest, view.booth) == (3, None, None)
    with pytest.raises(NotFoundError):
        ballot_rounds.outcome(session, made.first, made.id)
    assert ballot_rounds.winners(session, made.id) == []
    assert results.chosen(session, made.slug) is None
    cycle = session.scalars(select(Cycle).where(Cycle.slug == made.slug)).one()
    assert cycle.state is CycleState.LISTED


def test_an_announced_ballot_keeps_its_window(session: Session, keys: KeyStore) -> None:
    made = announced(session, keys)
    with pytest.raises(ConflictError):
        schedule.extend(
            session, made.first, made.id, closes_at=made.round.closes_at + timedelta(days=1), reason="더 받겠습니다."
        )
    asked = prepared(session)
    ballot_rounds.ask(session, asked.moderator, asked.id, version=version(session, asked))
    asked.round.closes_at += timedelta(days=1)
    session.flush()
    with pytest.raises(ConflictError):
        ballot_rounds.announce(session, asked.first, asked.id, keys=keys)
