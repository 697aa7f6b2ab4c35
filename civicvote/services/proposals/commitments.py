"""이행과제: what the city promised with an answer, in steps with a day each, followed to the end."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.korean import seoul_date
from civicvote.domain.lifecycles import COMMITMENT, CommitmentState, ProposalState
from civicvote.domain.messages import Message, msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.paging import Cursor, Page
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.proposals import COMMITTING
from civicvote.domain.text import clean_line, clean_text, refuse_resident_number
from civicvote.domain.workflow import Move
from civicvote.models.base import new_id
from civicvote.models.departments import Department
from civicvote.models.proposals import Commitment, CommitmentUpdate, Milestone, Proposal
from civicvote.services import audit, clock, workflow
from civicvote.services.discussion import threads
from civicvote.services.proposals import moves
from civicvote.services.upsert import insert_new

TITLE_MIN, TITLE_MAX = 5, 100
TEXT_MIN, TEXT_MAX = 2, 2000
SIZE = 20
MOST_MILESTONES = 30


@dataclass(frozen=True, slots=True)
class Row:
    """A commitment in a list. `late`: a milestone's day has passed."""

    id: UUID
    title: str
    state: CommitmentState
    department: str
    proposal_id: UUID
    proposal: str
    milestones: int
    done: int
    late: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Detail:
    """One commitment with its steps and story."""

    row: Row
    reason: str
    became: str
    milestones: Sequence[Milestone]
    updates: Sequence[CommitmentUpdate]
    moves: Sequence[Move] = field(default_factory=list)
    owns: bool = False


def _path(commitment: Commitment) -> str:
    return f"/commitments/{commitment.id}"


def _rows(session: Session, *conditions: Any, limit: int = SIZE + 1) -> list[Row]:
    today = seoul_date(clock.now())
    own = Milestone.commitment_id == Commitment.id
    steps = select(func.count()).where(own).scalar_subquery()
    done = select(func.count()).where(own, Milestone.done_at.is_not(None)).scalar_subquery()
    late = select(Milestone.id).where(own, Milestone.done_at.is_(None), Milestone.due_on < today).exists()
    query = (
        select(Commitment, Department.name, Proposal.title, steps, done, late)
        .join(Department, Department.id == Commitment.department_id)
        .join(Proposal, Proposal.id == Commitment.proposal_id)
        .where(Proposal.hidden_at.is_(None), *conditions)
        .order_by(Commitment.id.desc())
        .limit(limit)
    )
    going = {CommitmentState.PLANNED, CommitmentState.UNDER_WAY}
    return [
        Row(c.id, c.title, c.state, unit, c.proposal_id, title, n, k, bool(behind) and c.state in going, c.updated_at)
        for c, unit, title, n, k, behind in session.execute(query)
    ]


def listing(
    session: Session,
    *,
    state: CommitmentState | None = None,
    department: UUID | None = None,
    cursor: Cursor | None = None,
) -> Page[Row]:
    """Everything promised, the newest first."""
    conditions: list[Any] = []
    if state is not None:
        conditions.append(Commitment.state == state)
    if department is not None:
        conditions.append(Commitment.department_id == department)
    if cursor is not None:
        conditions.append(Commitment.id < cursor.key)
    return Page.cut(_rows(session, *conditions), SIZE, lambda row: Cursor(row.id))


def of(session: Session, proposal: Proposal) -> list[Row]:
    """What was promised with a proposal's answer; nothing is asked of one without such an answer."""
    if proposal.state is not ProposalState.ANSWERED or proposal.verdict not in COMMITTING:
        return []
    return _rows(session, Commitment.proposal_id == proposal.id, limit=50)


def may_promise(session: Session, actor: Actor, proposal: Proposal) -> bool:
    """Whether the actor's department answered the proposal in a way that asks for a commitment."""
    if proposal.state is not ProposalState.ANSWERED or proposal.verdict not in COMMITTING:
        return False
    return moves.towards(session, actor, proposal).can(Permission.COMMITMENT_WRITE)


def departments(session: Session) -> list[tuple[str, str]]:
    """Departments that have promised something: key and name."""
    rows = session.execute(
        select(Department.id, Department.name)
        .where(select(Commitment.id).where(Commitment.department_id == Department.id).exists())
        .order_by(Department.name)
    )
    return [(str(key), name) for key, name in rows]


def detail(session: Session, actor: Actor, commitment_id: UUID) -> Detail:
    """One commitment as everybody reads it, with what the actor may do."""
    rows = _rows(session, Commitment.id == commitment_id)
    if not rows:
        raise NotFoundError
    held = session.get_one(Commitment, commitment_id)
    steps = session.scalars(
        select(Milestone).where(Milestone.commitment_id == commitment_id).order_by(Milestone.due_on, Milestone.id)
    ).all()
    story = session.scalars(
        select(CommitmentUpdate)
        .where(CommitmentUpdate.commitment_id == commitment_id)
        .order_by(CommitmentUpdate.id.desc())
        .limit(100)
    ).all()
    near = _towards(session, actor, held)
    allowed = COMMITMENT.allowed(near, held.state)
    return Detail(rows[0], held.state_reason, held.became, steps, story, allowed, near.can(Permission.COMMITMENT_WRITE))


def _towards(session: Session, actor: Actor, commitment: Commitment) -> Actor:
    return moves.towards(session, actor, session.get_one(Proposal, commitment.proposal_id))


def promising(session: Session, actor: Actor, proposal_id: UUID) -> Proposal:
    """The answered proposal whose department the actor is; ConflictError for one without an accepting answer."""
    proposal = moves.readable(session, actor, proposal_id)
    if not moves.towards(session, actor, proposal).can(Permission.COMMITMENT_WRITE):
        raise ForbiddenError
    if proposal.state is not ProposalState.ANSWERED or proposal.verdict not in COMMITTING:
        raise ConflictError(msg("수용하거나 부분수용한 답변이 공개된 제안에만 이행과제를 만들 수 있습니다."))
    return proposal


def _line(text: str, name: str) -> str:
    cleaned = clean_line(text, minimum=TITLE_MIN, maximum=TITLE_MAX, field=name)
    refuse_resident_number(cleaned, field=name)
    return cleaned


def _text(text: str, name: str) -> str:
    cleaned = clean_text(text, minimum=TEXT_MIN, maximum=TEXT_MAX, field=name)
    refuse_resident_number(cleaned, field=name)
    return cleaned


def promise(session: Session, actor: Actor, proposal_id: UUID, *, title: str, first: str, due_on: date) -> Commitment:
    """Make a commitment with its first step; whoever follows the proposal is told."""
    proposal = promising(session, actor, proposal_id)
    assert proposal.department_id is not None
    moment = clock.now()
    made = Commitment(
        proposal_id=proposal.id,
        department_id=proposal.department_id,
        title=_line(title, "title"),
        created_at=moment,
        updated_at=moment,
    )
    session.add(made)
    session.flush()
    _add(session, made, title=first, due_on=due_on)
    audit.record(session, actor, "commitment:make", made, proposal=proposal.id)
    moves.tell(session, actor, proposal, NoticeKind.FOLLOWED_CHANGED, about=f"{made.id}|made", move="commit")
    threads.touch(session, proposal.id)
    return made


def _own(session: Session, actor: Actor, commitment_id: UUID) -> Commitment:
    held = session.get(Commitment, commitment_id, with_for_update=True, populate_existing=True)
    if held is None:
        raise NotFoundError
    if not _towards(session, actor, held).can(Permission.COMMITMENT_WRITE):
        raise ForbiddenError
    return held


def owned(session: Session, actor: Actor, commitment_id: UUID) -> Commitment:
    """The commitment for its department's people."""
    return _own(session, actor, commitment_id)


def _require_coming(due_on: date) -> None:
    if due_on < seoul_date(clock.now()):
        raise InvalidError(msg("오늘이나 오늘보다 뒤의 날을 골라 주십시오."), field="due_on")


def _add(session: Session, held: Commitment, *, title: str, due_on: date) -> Milestone:
    name = _line(title, "step")
    _require_coming(due_on)
    number = session.scalar(select(func.count()).where(Milestone.commitment_id == held.id)) or 0
    if number >= MOST_MILESTONES:
        raise InvalidError(msg("단계는 %(n)s개까지 만들 수 있습니다.", n=MOST_MILESTONES), field="step")
    step = Milestone(commitment_id=held.id, title=name, due_on=due_on, first_due_on=due_on)
    session.add(step)
    session.flush()
    return step


def add_step(session: Session, actor: Actor, commitment_id: UUID, *, title: str, due_on: date) -> Milestone:
    """Add a step with its day."""
    held = _own(session, actor, commitment_id)
    step = _add(session, held, title=title, due_on=due_on)
    held.updated_at = clock.now()
    audit.record(session, actor, "commitment:step", held)
    return step


def _step(session: Session, actor: Actor, step_id: UUID) -> tuple[Milestone, Commitment]:
    step = session.get(Milestone, step_id)
    if step is None:
        raise NotFoundError
    return step, _own(session, actor, step.commitment_id)


def step(session: Session, actor: Actor, step_id: UUID) -> tuple[Milestone, Commitment]:
    """A step for its department's people."""
    return _step(session, actor, step_id)


def finish_step(session: Session, actor: Actor, step_id: UUID, *, done: bool = True) -> Commitment:
    """Mark a step as done, or as not done after all."""
    found, held = _step(session, actor, step_id)
    if (found.done_at is not None) is not done:
        found.done_at = clock.now() if done else None
        held.updated_at = clock.now()
        audit.record(session, actor, "commitment:step-done" if done else "commitment:step-undone", held)
    return held


def move_step(session: Session, actor: Actor, step_id: UUID, *, due_on: date, note: str) -> Commitment:
    """Give a step another day, with the reason; the day first promised stays readable."""
    found, held = _step(session, actor, step_id)
    _require_coming(due_on)
    found.note, found.due_on = _text(note, "note"), due_on
    held.updated_at = clock.now()
    audit.record(session, actor, "commitment:step-move", held, due_on=due_on.isoformat())
    return held


def report(
    session: Session, actor: Actor, commitment_id: UUID, *, text: str, form_key: UUID, move: str = ""
) -> Commitment:
    """Say how it goes; the same form twice is one report. Whoever follows the proposal is told."""
    held = _own(session, actor, commitment_id)
    words = _text(text, "text")
    row = {
        "id": new_id(), "commitment_id": held.id, "text": words, "move": move, "by": actor.id, "at": clock.now(),
        "form_key": form_key,
    }  # fmt: skip
    if insert_new(session, CommitmentUpdate, [row]):
        held.updated_at = clock.now()
        session.flush()
        audit.record(session, actor, "commitment:report", held)
        proposal = session.get_one(Proposal, held.proposal_id)
        moves.tell(
            session, actor, proposal, NoticeKind.FOLLOWED_CHANGED, about=f"{held.id}|{form_key}", move=move or "report"
        )
    return held


def advance(session: Session, actor: Actor, commitment_id: UUID, name: str, *, text: str, form_key: UUID) -> Commitment:
    """Begin, complete, drop or resume it; the words are public."""
    held = _own(session, actor, commitment_id)
    if name not in {row.name for row in COMMITMENT.moves}:
        raise NotFoundError
    words = _text(text, "text")
    if name == "complete":
        _require_all_done(session, held)
    workflow.move(session, _towards(session, actor, held), COMMITMENT, held, name, reason=words)
    held.state_reason = words
    session.flush()
    return report(session, actor, commitment_id, text=words, form_key=form_key, move=name)


def _require_all_done(session: Session, held: Commitment) -> None:
    left = select(func.count()).where(Milestone.commitment_id == held.id, Milestone.done_at.is_(None))
    number = session.scalar(left) or 0
    if number:
        raise InvalidError(
            msg("마치지 않은 단계가 %(n)s개 있습니다. 먼저 ‘마침으로 표시’하거나 날을 바꾸어 주십시오.", n=number)
        )


def move_label(session: Session, actor: Actor, commitment_id: UUID, name: str) -> Message:
    """What the move is called, if its department may make it now."""
    held = session.get(Commitment, commitment_id)
    if held is None or name not in {row.name for row in COMMITMENT.moves}:
        raise NotFoundError
    return COMMITMENT.check(_towards(session, actor, held), held.state, name, "–").label


def became(session: Session, actor: Actor, commitment_id: UUID, *, path: str) -> Commitment:
    """Say what it has become on this site, such as a budget project or a forum: its path, or "" for nothing."""
    held = _own(session, actor, commitment_id)
    text = path.strip()
    if text and (
        not text.startswith("/") or text.startswith("//") or "\\" in text or not text.isprintable() or " " in text
    ):
        raise InvalidError(msg("이 누리집의 주소를 ‘/’부터 적어 주십시오."), field="path")
    held.became = clean_line(text, maximum=200, field="path")
    held.updated_at = clock.now()
    audit.record(session, actor, "commitment:became", held)
    return held
