"""Counts that were asked for: once, done by whoever still may, ended with a sentence, never half."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from civicvote import db, jobs
from civicvote.domain.ballots import counting as opening
from civicvote.domain.ballots.encoding import canonical
from civicvote.domain.ballots.sealing import Ballot
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.domain.lifecycles import CycleState
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Role
from civicvote.keystore import KeyStore
from civicvote.models.accounts import UserRole
from civicvote.models.audit import AuditEvent
from civicvote.models.counts import CountKind, CountTask, PublishedFile, TallyDecision, TallyRelease, TallyRun
from civicvote.models.votes import BoardEntry
from civicvote.services import board, clock, counting, staff
from civicvote.services.counting import queue, runs, tasks
from tests import factories
from tests.support.elections import Count, closed_vote


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


@pytest.fixture
def vote(session: Session, keys: KeyStore) -> Count:
    made = closed_vote(session, keys)
    with made.over:
        counting.seal(session, made.first, made.slug, keys=keys)
    return made


@pytest.fixture
def counted(session: Session, vote: Count, keys: KeyStore) -> Count:
    with vote.over:
        counting.count(session, vote.first, vote.slug, keys=keys)
    return vote


def task_of(session: Session) -> CountTask:
    session.expire_all()
    return session.scalars(select(CountTask).options(undefer(CountTask.opened)).order_by(CountTask.id.desc())).first()  # type: ignore[return-value]


def number(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def actions(session: Session, action: str) -> list[AuditEvent]:
    return list(session.scalars(select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)))


def take(session: Session) -> queue.Lease:
    held = queue.lease(session)
    assert held is not None
    return held


def share(session: Session, vote: Count) -> Any:
    """As if the key were elsewhere; returns what its holders open."""
    made = vote.polls.vote
    made.key_mode = "shares"
    session.flush()
    return made


def true_opened(session: Session, vote: Count, keys: KeyStore) -> dict[str, Any]:
    made = vote.polls.vote
    sealed = [ballot for _, ballot in board.counted(session, made)]
    return opening.open_ballots(sealed, keys.read(f"vote-{made.id}"), counting.notice_of(made)).document()


def test_pressed_twice_is_asked_for_and_counted_once(
    session: Session, vote: Count, database: db.Database, keys: KeyStore
) -> None:
    with vote.over:
        assert counting.request_count(session, vote.first, vote.slug)
        assert not counting.request_count(session, vote.first, vote.slug)
        assert not counting.request_count(session, vote.second, vote.slug), "whoever presses second"
        assert number(session, CountTask) == 1
        assert number(session, TallyRun) == 0, "nothing is counted by asking"
        assert [event.detail["kind"] for event in actions(session, "tally:request")] == ["count"]
        under_way = counting.under_way(session, vote.second, vote.slug)
        assert under_way is not None
        assert (under_way.kind, under_way.by) == (CountKind.COUNT, "김집계")
        assert jobs.count(database, keys) == 1
        assert jobs.count(database, keys) == 0
        assert counting.under_way(session, vote.second, vote.slug) is None
    session.expire_all()
    run = session.scalars(select(TallyRun)).one()
    assert run.requested_by == vote.first.id
    assert vote.polls.cycle.state is CycleState.COUNTED
    assert task_of(session).finished_at is not None


def test_who_may_ask_and_when(session: Session, vote: Count, keys: KeyStore) -> None:
    citizen = factories.actor(factories.user(session))
    auditor = factories.actor(factories.user(session, Role.AUDITOR), Role.AUDITOR)
    with vote.over:
        for actor in (citizen, auditor):
            with pytest.raises(ForbiddenError):
                counting.request_count(session, actor, vote.slug)
            with pytest.raises(ForbiddenError):
                counting.request_publication(session, actor, vote.slug)
        with pytest.raises(ForbiddenError):
            counting.under_way(session, citizen, vote.slug)
        with pytest.raises(ConflictError, match="기다리는 개표 결과가 없습니다"):
            counting.request_publication(session, vote.second, vote.slug)
        with pytest.raises(ConflictError, match="바로 개표합니다"):
            counting.request_count(session, vote.first, vote.slug, opened=b"{}")
        counting.count(session, vote.first, vote.slug, keys=keys)
        with pytest.raises(ConflictError):
            counting.request_count(session, vote.first, vote.slug)
        with pytest.raises(ConflictError, match="개표한 사람"):
            counting.request_publication(session, vote.first, vote.slug)
        with pytest.raises(InvalidError, match="공개 범위와 다릅니다"):
            counting.request_publication(session, vote.second, vote.slug, pooled=True)
    assert number(session, CountTask) == 0


def test_the_second_count_publishes(session: Session, counted: Count, database: db.Database, keys: KeyStore) -> None:
    with counted.over:
        assert counting.request_publication(session, counted.second, counted.slug)
        assert not counting.request_publication(session, counted.second, counted.slug)
        assert number(session, PublishedFile) == 0
        assert jobs.count(database, keys) == 1
    session.expire_all()
    decision = session.scalars(select(TallyDecision)).one()
    assert (decision.decided_by, decision.approved) == (counted.second.id, True)
    assert counted.polls.cycle.state is CycleState.PUBLISHED
    kinds = session.scalars(select(BoardEntry.kind).order_by(BoardEntry.seq)).all()
    assert [kind for kind in kinds if kind != "ballot"] == ["notice", "counted", "plaintexts", "result"]
    assert task_of(session).failure is None


def test_while_it_is_counted_nobody_sends_it_back_or_chooses_anew(session: Session, counted: Count) -> None:
    with counted.over:
        counting.request_publication(session, counted.second, counted.slug)
        with pytest.raises(ConflictError, match="지금 개표하고 있습니다"):
            counting.discard(session, counted.second, counted.slug, reason="그만두겠습니다")
        with pytest.raises(ConflictError, match="지금 개표하고 있습니다"):
            counting.release.choose(session, counted.first, counted.slug, only_totals=True)
        todo = {row.slug: row.task for row in staff.desk(session, counted.first).cycles}
    assert todo[counted.slug] is staff.Task.AWAIT_COUNT


def without_roles(session: Session, user: Any) -> None:
    session.execute(delete(UserRole).where(UserRole.user_id == user.id))


def test_who_has_lost_the_role_counts_nothing(
    session: Session, vote: Count, database: db.Database, keys: KeyStore
) -> None:
    with vote.over:
        counting.request_count(session, vote.first, vote.slug)
        without_roles(session, vote.users[0])
        jobs.count(database, keys)
        stand = counting.stand(session, vote.second, vote.slug)
        assert stand.failure is not None
        assert "권한이 그사이에 없어졌습니다" in str(stand.failure)
        assert number(session, TallyRun) == 0
        assert [event.detail["kind"] for event in actions(session, "tally:stop")] == ["count"]
        counting.request_count(session, vote.second, vote.slug)
        assert counting.stand(session, vote.second, vote.slug).failure is None
        jobs.count(database, keys)
    assert number(session, TallyRun) == 1


#: Of the running test.
KEYS: list[KeyStore] = []


def lose_role(session: Session, count: Count) -> None:
    without_roles(session, count.users[1])


def choose_again(session: Session, count: Count) -> None:
    run = session.scalars(select(TallyRun)).one()
    session.add(TallyRelease(run_id=run.id, chosen_by=count.first.id, at=clock.now(), pooled=True))


def grow_board(session: Session, count: Count) -> None:
    board.append(session, count.polls.vote, [("note", {"text": "알림"})], KEYS[0])


def count_again(session: Session, count: Count) -> None:
    run = session.scalars(select(TallyRun)).one()
    values = {
        name: getattr(run, name)
        for name in ("vote_id", "requested_by", "input_hash", "code_version", "result", "result_hash")
    }
    session.add(TallyRun(at=clock.now(), plaintexts=run.plaintexts, **values))


def end_elsewhere(session: Session, count: Count) -> None:
    count.polls.cycle.state = CycleState.SEALED


def change_rules(session: Session, count: Count) -> None:
    count.polls.vote.notice = count.polls.vote.notice | {"title": "다른 투표"}


@pytest.mark.parametrize(
    "meanwhile",
    [lose_role, choose_again, grow_board, count_again, end_elsewhere, change_rules],
    ids=lambda change: change.__name__,
)
def test_what_changed_while_it_was_computed_keeps_it_from_being_published(
    session: Session, counted: Count, keys: KeyStore, meanwhile: Callable[[Session, Count], None]
) -> None:
    KEYS[:] = [keys]
    with counted.over:
        counting.request_publication(session, counted.second, counted.slug)
        held = take(session)
        made = tasks.prepare(session, held, keys=keys)
        assert made is not None
        meanwhile(session, counted)
        session.flush()
        with pytest.raises((ConflictError, InvalidError)):
            tasks.keep(session, held, made)
    assert number(session, PublishedFile) == 0


def test_a_box_that_is_not_the_sealed_one_is_not_counted(
    session: Session, vote: Count, database: db.Database, keys: KeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = board.counted
    monkeypatch.setattr(board, "counted", lambda *given: real(*given)[1:])
    with vote.over:
        counting.request_count(session, vote.first, vote.slug)
        jobs.count(database, keys)
        assert "봉인할 때 게시한 목록과 다릅니다" in str(counting.stand(session, vote.first, vote.slug).failure)
    assert number(session, TallyRun) == 0


def test_a_differing_second_count_says_so_and_publishes_nothing(
    session: Session, vote: Count, database: db.Database, keys: KeyStore
) -> None:
    with vote.over:
        true = true_opened(session, vote, keys)
        share(session, vote)
        forged = json.loads(canonical(true))
        for ballot in forged["ballots"]:
            ballot["c"] = ["A1", "A2"]
        forged["ballots"].sort(key=lambda one: Ballot(tuple(one["c"]), bytes.fromhex(one["r"])).own_hash())
        counting.request_count(session, vote.first, vote.slug, opened=canonical(forged))
        assert task_of(session).kind is CountKind.RECEIVE
        jobs.count(database, keys)
        assert task_of(session).opened is None, "the file is emptied at the end"
        counting.release.choose(session, vote.first, vote.slug, only_totals=False)
        counting.request_publication(session, vote.second, vote.slug, opened=canonical(true))
        jobs.count(database, keys)
        stand = counting.stand(session, vote.second, vote.slug)
        assert "먼저 개표한 결과와 다릅니다" in str(stand.failure)
        assert task_of(session).opened is None
        assert number(session, PublishedFile) == 0
        assert stand.cycle.state is CycleState.COUNTED
        counting.discard(session, vote.second, vote.slug, reason="올린 파일이 열쇠 보관자의 것과 다릅니다")
        assert counting.stand(session, vote.second, vote.slug).failure is None, "it concerned the run sent back"


def test_a_file_is_looked_at_before_it_is_taken(session: Session, vote: Count, keys: KeyStore) -> None:
    with vote.over:
        true = true_opened(session, vote, keys)
        share(session, vote)
        written = canonical(true)
        bad = {
            b"": "그대로 올려",
            b"{}": "그대로 올려",
            b"\xff\xfe": "그대로 올려",
            b"[" * 20_000: "그대로 올려",
            b'{"ballots":[],"format":' + b"[" * 20_000: "그대로 올려",
            json.dumps(true, indent=1).encode(): "그대로 올려",
            canonical(true | {"spoiled": 3}): "그대로 올려",
            canonical(true | {"format": "x"}): "그대로 올려",
            canonical(true | {"vote": "another"}): "다른 투표",
            canonical(true | {"ballots": true["ballots"][1:]}): "개표한 표의 수",
            canonical(true | {"undecryptable": ["A" * 24]}): "개표한 표의 수",
        }
        for content, words in bad.items():
            with pytest.raises(InvalidError, match=words) as refused:
                counting.request_count(session, vote.first, vote.slug, opened=content)
            assert refused.value.field == "opened"
        assert number(session, CountTask) == 0
        assert counting.request_count(session, vote.first, vote.slug, opened=written + b"\n")


def test_what_only_a_whole_look_finds_ends_the_task(
    session: Session, vote: Count, database: db.Database, keys: KeyStore
) -> None:
    with vote.over:
        true = true_opened(session, vote, keys)
        share(session, vote)
        turned = canonical(true | {"ballots": true["ballots"][::-1]})
        counting.request_count(session, vote.first, vote.slug, opened=turned)
        jobs.count(database, keys)
        assert "정해진 순서가 아닙니다" in str(counting.stand(session, vote.first, vote.slug).failure)
    assert number(session, TallyRun) == 0


def test_the_unforeseen_is_tried_again_and_then_given_up(
    session: Session,
    vote: Count,
    database: db.Database,
    keys: KeyStore,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tries = []

    def break_down(*_args: object, **_kwargs: object) -> None:
        tries.append(1)
        raise ZeroDivisionError("ballot of somebody")

    monkeypatch.setattr(runs, "prepare", break_down)
    with time_machine.travel(vote.polls.vote.closes_at + timedelta(minutes=2), tick=False) as now:
        counting.request_count(session, vote.first, vote.slug)
        for expected in (1, 2, 3):
            assert jobs.count(database, keys) == 1
            assert jobs.count(database, keys) == 0, "not at once"
            assert len(tries) == expected
            now.shift(timedelta(minutes=1))
        assert jobs.count(database, keys) == 0
        assert counting.stand(session, vote.first, vote.slug).failure == queue.GIVEN_UP
        monkeypatch.undo()
        counting.request_count(session, vote.first, vote.slug)
        assert jobs.count(database, keys) == 1
    assert number(session, TallyRun) == 1
    told = "".join(capsys.readouterr())
    assert "ZeroDivisionError" in told
    assert "ballot of somebody" not in told


def test_a_dropped_task_is_taken_up_and_its_first_worker_comes_too_late(
    session: Session, vote: Count, keys: KeyStore
) -> None:
    with time_machine.travel(vote.polls.vote.closes_at + timedelta(minutes=2), tick=False) as now:
        counting.request_count(session, vote.first, vote.slug)
        early = take(session)
        slow = tasks.prepare(session, early, keys=keys)
        assert queue.lease(session) is None
        assert not queue.waits(session)
        now.shift(queue.LEASE * 0.75)
        queue.renew(session, early)
        now.shift(queue.LEASE * 0.75)
        assert queue.lease(session) is None, "renewed"
        now.shift(queue.LEASE)
        assert queue.waits(session)
        late = take(session)
        assert (early.attempt, late.attempt) == (1, 2)
        queue.renew(session, early)
        queue.refuse(session, early, msg("끝"))
        queue.failed(session, early)
        assert tasks.prepare(session, early, keys=keys) is None
        assert slow is not None
        assert not tasks.keep(session, early, slow)
        assert number(session, TallyRun) == 0
        made = tasks.prepare(session, late, keys=keys)
        assert made is not None
        assert tasks.keep(session, late, made)
        assert not tasks.keep(session, late, made), "done is done"
    assert number(session, TallyRun) == 1


def test_a_task_that_kills_its_workers_is_given_up(session: Session, vote: Count) -> None:
    with time_machine.travel(vote.polls.vote.closes_at + timedelta(minutes=2), tick=False) as now:
        counting.request_count(session, vote.first, vote.slug)
        for _ in range(queue.MAX_ATTEMPTS):
            take(session)
            now.shift(queue.LEASE * 2)
        assert queue.lease(session) is None
        assert counting.stand(session, vote.first, vote.slug).failure == queue.GIVEN_UP


def test_a_message_is_kept_with_what_it_names(session: Session, vote: Count) -> None:
    with vote.over:
        counting.request_count(session, vote.first, vote.slug)
        queue.refuse(session, take(session), msg("%(n)s장, %(path)s", n=3, path=Path("묶음")))
        assert str(counting.stand(session, vote.first, vote.slug).failure) == "3장, 묶음"


def test_one_open_task_per_vote_is_the_databases_promise(session: Session, vote: Count) -> None:
    def task(**values: Any) -> CountTask:
        given = {"vote_id": vote.polls.vote.id, "kind": CountKind.COUNT, "requested_by": vote.first.id}
        return CountTask(requested_at=clock.now(), **given | values)

    def add(one: CountTask) -> None:
        with session.begin_nested():
            session.add(one)

    for good in (task(), task(finished_at=clock.now()), task(finished_at=clock.now())):
        add(good)
    for wrong in (task(), task(finished_at=clock.now(), opened=b"x"), task(failure={"text": "", "params": {}})):
        with pytest.raises(IntegrityError):
            add(wrong)
