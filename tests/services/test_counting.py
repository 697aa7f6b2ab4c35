"""From the close to the published files: who may, what is recorded, and what cannot be."""

import hashlib
import json
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.cli.count import count as offline
from civicvote.domain import pabulib, tally
from civicvote.domain.ballots import counting as opening
from civicvote.domain.ballots import keys as vote_keys
from civicvote.domain.ballots.encoding import canonical
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import SYSTEM, Role
from civicvote.keystore import KeyStore
from civicvote.models.audit import AuditEvent
from civicvote.models.counts import PublishedFile, TallyDecision, TallyRun
from civicvote.models.cycles import Cycle
from civicvote.models.outbox import OutboxMessage
from civicvote.models.votes import BoardEntry
from civicvote.services import board, clock, counting, votes, voting
from civicvote.services.counting import files
from civicvote.services.counting.outcomes import exact, read_reason
from civicvote.services.projects.moves import advance
from tests import factories
from tests.support.elections import Count, closed_vote
from tests.support.voting import voter


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


@pytest.fixture
def vote(session: Session, keys: KeyStore) -> Count:
    return closed_vote(session, keys)


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


def board_kinds(session: Session, vote: Count) -> list[str]:
    query = select(BoardEntry.kind).where(BoardEntry.vote_id == vote.polls.vote.id).order_by(BoardEntry.seq)
    return [kind for kind in session.scalars(query) if kind != "ballot"]


def counted(session: Session, vote: Count, keys: KeyStore) -> TallyRun:
    counting.seal(session, vote.first, vote.slug, keys=keys)
    return counting.count(session, vote.first, vote.slug, keys=keys)


def test_the_box_is_sealed_a_minute_after_the_close_and_once(session: Session, vote: Count, keys: KeyStore) -> None:
    with pytest.raises(ConflictError, match="마감 1분 뒤"):
        counting.seal(session, vote.first, vote.slug, keys=keys)
    assert counting.stand(session, vote.first, vote.slug).waits
    with vote.over:
        counting.seal(session, vote.first, vote.slug, keys=keys)
        with pytest.raises(ConflictError, match="투표함 봉인"):
            counting.seal(session, vote.second, vote.slug, keys=keys)
    assert board_kinds(session, vote) == ["notice", "counted"]
    assert actions(session).count("vote:seal") == 1
    assert vote.polls.cycle.state is CycleState.SEALED


def test_nothing_of_a_count_is_open_to_others(session: Session, vote: Count, keys: KeyStore) -> None:
    citizen = factories.actor(factories.user(session))
    auditor = factories.actor(factories.user(session, Role.AUDITOR), Role.AUDITOR)
    for actor in (citizen, auditor):
        for act in (counting.seal, counting.count, counting.publish):
            with pytest.raises(ForbiddenError):
                act(session, actor, vote.slug, keys=keys)
        with pytest.raises(ForbiddenError):
            counting.count(session, actor, vote.slug, keys=keys, opened=b"{}")
        with pytest.raises(ForbiddenError):
            counting.export(session, actor, vote.slug)
        with pytest.raises(ForbiddenError):
            counting.discard(session, actor, vote.slug, reason="이유")
    with pytest.raises(ForbiddenError):
        counting.stand(session, citizen, vote.slug)
    assert counting.stand(session, auditor, vote.slug).balance.participants == len(vote.picks)
    with pytest.raises(NotFoundError):
        counting.stand(session, vote.first, "nowhere")


def test_a_run_keeps_what_went_in_and_what_came_out(session: Session, vote: Count, keys: KeyStore) -> None:
    with vote.over, pytest.raises(ConflictError):
        counting.count(session, vote.first, vote.slug, keys=keys)
    with vote.over:
        run = counted(session, vote, keys)
    votes_of: dict[str, int] = {}
    for contest in run.result["result"]["contests"]:
        votes_of |= contest["votes"]
    assert votes_of == {number: sum(number in picks for picks in vote.picks) for number in vote.polls.projects}
    assert run.result["papers"] == {"counted": 24, "valid": 24, "invalid": {}}
    assert run.result_hash == opening.result_digest(run.result["result"])
    assert len(json.loads(run.plaintexts)["ballots"]) == 24
    with vote.over, pytest.raises(ConflictError):
        counting.count(session, vote.first, vote.slug, keys=keys)


def test_the_counter_neither_approves_nor_discards(session: Session, vote: Count, keys: KeyStore) -> None:
    with vote.over:
        counted(session, vote, keys)
        with pytest.raises(ConflictError, match="다른 담당자"):
            counting.publish(session, vote.first, vote.slug, keys=keys)
        with pytest.raises(ConflictError, match="다른 담당자"):
            counting.discard(session, vote.first, vote.slug, reason="다시 세겠습니다")
    assert vote.polls.cycle.state is CycleState.COUNTED
    assert session.scalar(select(func.count()).select_from(TallyDecision)) == 0
    assert counting.stand(session, vote.first, vote.slug).own_run
    assert not counting.stand(session, vote.second, vote.slug).own_run


def test_a_discarded_count_needs_a_reason_and_is_made_again(session: Session, vote: Count, keys: KeyStore) -> None:
    with vote.over:
        first = counted(session, vote, keys)
        with pytest.raises(InvalidError):
            counting.discard(session, vote.second, vote.slug, reason=" ")
        with pytest.raises(InvalidError, match="주민등록번호"):
            counting.discard(session, vote.second, vote.slug, reason="900101-1234567 님이 이의를 제기함")
        assert counting.stand(session, vote.second, vote.slug).cycle.state is CycleState.COUNTED
        counting.discard(session, vote.second, vote.slug, reason="수치를 다시 확인해야 합니다")
        assert vote.polls.cycle.state is CycleState.SEALED
        with pytest.raises(ConflictError, match="기다리는 개표 결과가 없습니다"):
            counting.publish(session, vote.second, vote.slug, keys=keys)
        again = counting.count(session, vote.second, vote.slug, keys=keys)
        assert (again.result_hash, again.input_hash) == (first.result_hash, first.input_hash)
        with pytest.raises(ConflictError):
            counting.publish(session, vote.second, vote.slug, keys=keys)
        counting.publish(session, vote.first, vote.slug, keys=keys)
    runs = counting.stand(session, vote.first, vote.slug).runs
    assert [(run.by, run.approved, run.decided_by, run.reason) for run in runs] == [
        ("이검산", True, "김집계", ""),
        ("김집계", False, "이검산", "수치를 다시 확인해야 합니다"),
    ]


def test_the_second_person_publishes_everything(session: Session, vote: Count, keys: KeyStore) -> None:
    author = factories.user(session)
    vote.polls.projects["A1"].author_id = author.id
    session.flush()
    with vote.over:
        run = counted(session, vote, keys)
        counting.publish(session, vote.second, vote.slug, keys=keys)
    assert board_kinds(session, vote) == ["notice", "counted", "plaintexts", "result"]
    assert {"vote:seal", "tally:run", "cycle:publish", "tally:approve"} <= set(actions(session))
    chosen = {one for contest in run.result["result"]["contests"] for one in contest["selected"]}
    states = {number: project.state for number, project in vote.polls.projects.items()}
    assert states == {n: ProjectState.SELECTED if n in chosen else ProjectState.NOT_SELECTED for n in states}
    told = session.scalars(select(OutboxMessage.recipient_id).where(OutboxMessage.kind == "project-moved")).all()
    assert told == [author.id]
    published = {file.name: file for file in session.scalars(select(PublishedFile))}
    assert set(published) == {
        "bundle.zip",
        "recount.py",
        "recount_ballots.py",
        "recount_files.py",
        "recount_rules.py",
        "projects.csv",
        "pool-01-서울-전체.pb",
        "pool-02-종로구.pb",
    }
    with zipfile.ZipFile(BytesIO(published["bundle.zip"].content)) as archive:
        assert archive.read("projects.csv") == published["projects.csv"].content
    contest = next(c for c in run.result["contests"] if c["title"] == "서울 전체")
    file = pabulib.parse(published["pool-01-서울-전체.pb"].content)
    assert set(file.winners or ()) == {step["project"] for step in contest["steps"]}
    assert "원" in published["projects.csv"].content.decode("utf-8-sig").splitlines()[0]


def test_what_supporters_paid_adds_up_to_the_cost(session: Session, vote: Count, keys: KeyStore) -> None:
    with vote.over:
        run = counted(session, vote, keys)
    for contest in run.result["contests"]:
        ballots = [set(picks) for picks in vote.picks]
        held = [exact(contest["endowment"])] * len(ballots)
        for step in contest["steps"]:
            price, paid = exact(step["price"]), 0
            for row, picks in enumerate(ballots):
                if step["project"] in picks:
                    share = min(held[row], price)
                    held[row] -= share
                    paid += share
            assert paid == step["cost"], "the share shown is what people paid"


def test_a_tampered_run_is_not_published(session: Session, vote: Count, keys: KeyStore) -> None:
    with vote.over:
        run = counted(session, vote, keys)
        good = json.loads(json.dumps(run.result))
        for spoil in ("result", "plaintexts", "input"):
            forged = TallyRun(
                vote_id=run.vote_id,
                requested_by=run.requested_by,
                at=clock.now(),
                code_version=run.code_version,
                result=good,
                input_hash="0" * 64 if spoil == "input" else run.input_hash,
                plaintexts=run.plaintexts[:-1] + b" }" if spoil == "plaintexts" else run.plaintexts,
                result_hash="f" * 64 if spoil == "result" else run.result_hash,
            )
            session.add(forged)
            session.flush()
            with pytest.raises(ConflictError, match="다릅니다"):
                counting.publish(session, vote.second, vote.slug, keys=keys)
    assert vote.polls.cycle.state is CycleState.COUNTED
    assert session.scalar(select(func.count()).select_from(PublishedFile)) == 0


def test_shares_count_offline_and_come_back(session: Session, keys: KeyStore, tmp_path: Path) -> None:
    secret = vote_keys.new_vote_key()
    cycle = factories.cycle(session, CycleState.LISTED, opened="voting", min_picks=1, max_picks=3)
    pool = factories.pool(session, cycle, 100_000_000)
    for n in range(3):
        factories.project(session, pool, state=ProjectState.ON_BALLOT, number=f"A{n}", cost_won=40_000_000)
    made = votes.open_vote(session, SYSTEM, cycle, keys=keys, public_key=secret.public)
    for n in range(5):
        _, person = voter(session)
        voting.cast(session, person, cycle.slug, [f"A{n % 3}"], key=f"{n:032x}", arrived=clock.now(), keys=keys)
    staff = [factories.actor(factories.user(session, Role.STAFF), Role.STAFF) for _ in range(2)]
    with time_machine.travel(made.closes_at + counting.DRAIN, tick=False):
        with pytest.raises(ConflictError, match="봉인한 뒤"):
            counting.export(session, staff[0], cycle.slug)
        counting.seal(session, staff[0], cycle.slug, keys=keys)
        (tmp_path / "export.json").write_bytes(counting.export(session, staff[0], cycle.slug))
        for share in vote_keys.split(secret.secret, str(made.id)):
            (tmp_path / f"{share.number}.txt").write_text(vote_keys.share_file(share))
        shares = [word for n in (1, 3, 5) for word in ("--share", str(tmp_path / f"{n}.txt"))]
        out = str(tmp_path / "opened.json")
        done = CliRunner().invoke(offline, [str(tmp_path / "export.json"), *shares, "--out", out])
        assert done.exit_code == 0, done.output
        with pytest.raises(ConflictError, match="나누어 보관"):
            counting.count(session, staff[0], cycle.slug, keys=keys)
        content = Path(out).read_bytes()
        body = json.loads(content)
        wrong = (b"", b"\xff", b"[", b"{}", canonical(body | {"ballots": body["ballots"][:-1]}), b"[" * 5000)
        for bad in wrong:
            with pytest.raises(InvalidError) as refused, session.begin_nested():
                counting.count(session, staff[0], cycle.slug, keys=keys, opened=bad)
            assert refused.value.field == "opened"
            session.refresh(cycle)
            assert cycle.state is CycleState.SEALED
        run = counting.count(session, staff[0], cycle.slug, keys=keys, opened=content)
        counting.release.choose(session, staff[0], cycle.slug, only_totals=False)
        with pytest.raises(InvalidError) as refused:
            counting.publish(session, staff[1], cycle.slug, keys=keys)
        assert refused.value.field == "opened"
        counting.publish(session, staff[1], cycle.slug, keys=keys, opened=content)
    assert run.result["papers"]["valid"] == 5
    assert vote_key_is_nowhere(keys, secret.secret)


def vote_key_is_nowhere(keys: KeyStore, secret: bytes) -> bool:
    return all(secret not in path.read_bytes() for path in keys.folder.rglob("*") if path.is_file())


def test_a_made_up_file_of_the_first_person_is_found_by_the_second(
    session: Session, vote: Count, keys: KeyStore
) -> None:
    with vote.over:
        counting.seal(session, vote.first, vote.slug, keys=keys)
        made = vote.polls.vote
        sealed = [ballot for _, ballot in board.counted(session, made)]
        true = opening.open_ballots(sealed, keys.read(f"vote-{made.id}"), counting.notice_of(made)).document()
        made.key_mode = "shares"  # as if the key were elsewhere
        session.flush()
        forged = json.loads(canonical(true))
        for ballot in forged["ballots"]:
            ballot["c"] = ["A1", "A2"]
        forged["ballots"].sort(key=lambda one: hashlib.sha256(canonical(one)).digest())
        counting.count(session, vote.first, vote.slug, keys=keys, opened=canonical(forged))
        for given in (None, b"", b"{}"):
            with pytest.raises(InvalidError) as refused:
                counting.publish(session, vote.second, vote.slug, keys=keys, opened=given)
            assert refused.value.field == "opened"
        with pytest.raises(ConflictError, match="다릅니다"):
            counting.publish(session, vote.second, vote.slug, keys=keys, opened=canonical(true))
        counting.discard(session, vote.second, vote.slug, reason="올린 파일이 열쇠 보관자의 것과 다릅니다")
        counting.count(session, vote.first, vote.slug, keys=keys, opened=canonical(true))
        counting.publish(session, vote.second, vote.slug, keys=keys, opened=canonical(true))
    assert vote.polls.cycle.state is CycleState.PUBLISHED


def test_a_project_that_left_the_vote_is_not_chosen_nor_exported(session: Session, vote: Count, keys: KeyStore) -> None:
    most = max(["A1", "A2", "A3", "A4", "A5"], key=lambda number: sum(number in picks for picks in vote.picks))
    staff = vote.first
    advance(session, staff, vote.polls.projects[most], "exclude", reason="다른 사업과 겹칩니다")
    with vote.over:
        run = counted(session, vote, keys)
        counting.publish(session, vote.second, vote.slug, keys=keys)
    assert "withdraw" in board_kinds(session, vote)
    contest = next(c for c in run.result["contests"] if c["title"] == "서울 전체")
    assert most not in {step["project"] for step in contest["steps"]}
    assert {r["project"]: r["code"] for r in contest["rejected"]}[most] == "withdrawn"
    assert vote.polls.projects[most].state is ProjectState.WITHDRAWN
    content = session.scalars(select(PublishedFile.content).where(PublishedFile.name == "pool-01-서울-전체.pb")).one()
    again = pabulib.election(pabulib.parse(content))
    assert most not in again.index
    assert again.voters == contest["voters"], "who chose only that project still has a share"
    notice_rule = tally.Rule(
        tally.Method.EQUAL_SHARES,
        completion=tally.Completion.ADD1,
        step=1000,
        tie=tally.Tie.parse("votes,id"),
    )
    assert list(tally.tally(again, notice_rule).selected) == [step["project"] for step in contest["steps"]]


def test_reasons_read_with_grouped_figures(session: Session, vote: Count, keys: KeyStore) -> None:
    with vote.over:
        run = counted(session, vote, keys)
    sentences = [str(read_reason(r)) for contest in run.result["contests"] for r in contest["rejected"]]
    assert sentences
    assert any("40,000,000" in sentence for sentence in sentences)
    assert not any("Fraction" in sentence or "/" in sentence for sentence in sentences)
    whole = {
        "project": "A1",
        "code": "supporters-spent",
        "facts": {"supporters": 3, "held": "1234567", "cost": 9999999},
    }
    assert "1,234,567" in str(read_reason(whole))


def test_a_cycle_without_a_vote_has_no_count(session: Session, keys: KeyStore, vote: Count) -> None:
    draft = factories.cycle(session, CycleState.ANNOUNCED)
    for act in (counting.seal, counting.count, counting.publish):
        with pytest.raises(NotFoundError):
            act(session, vote.first, draft.slug, keys=keys)
    assert session.get(Cycle, draft.id) is draft
    assert files.NO_CURRENCY == "XXX"
