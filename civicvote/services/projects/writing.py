"""An author's work on a proposal: draft, change, submit, withdraw, answer what the department asks."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from civicvote.domain import districts
from civicvote.domain.errors import ConflictError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.text import clean_line, clean_text, refuse_resident_number
from civicvote.models.cycles import Cycle, Hold, Pool
from civicvote.models.projects import Project
from civicvote.services import audit, clock, search
from civicvote.services.locks import exclusive
from civicvote.services.projects.moves import advance, towards
from civicvote.services.projects.reading import EDITABLE, visible
from civicvote.services.upsert import insert_new

TITLE_MIN, TITLE_MAX = 5, 80
TEXT_MIN, TEXT_MAX = 10, 5000
PLACE_MAX = 120

#: Fields of city life a proposal may name; stored as written here.
CATEGORIES: dict[str, Message] = {
    name.text: name
    for name in (
        msg("교통·안전"),
        msg("복지·돌봄"),
        msg("환경·공원"),
        msg("문화·체육"),
        msg("교육·청년"),
        msg("주거·도시"),
        msg("일자리·경제"),
        msg("기타"),
    )
}


@dataclass(frozen=True, slots=True)
class Content:
    """What an author writes. `requested_won` in won or None if left open; texts as typed."""

    pool_id: UUID
    title: str
    problem: str = ""
    idea: str = ""
    category: str = ""
    district: str = ""
    place: str = ""
    requested_won: int | None = None


@dataclass(frozen=True, slots=True)
class OpenPool:
    """A pool that takes proposals now."""

    id: UUID
    name: str
    amount_won: int
    district: str | None
    cycle_slug: str
    cycle_title: str
    closes_at: datetime


def _held() -> ColumnElement[bool]:
    return select(Hold.id).where(Hold.cycle_id == Cycle.id, Hold.lifted_at.is_(None)).exists()


def open_pools(session: Session) -> list[OpenPool]:
    """Where one may propose at this moment, the cycle that closes first on top; one statement."""
    moment = clock.now()
    rows = session.execute(
        select(Pool, Cycle, _held().label("held"))
        .join(Cycle, Cycle.id == Pool.cycle_id)
        .where(
            Cycle.state == CycleState.ANNOUNCED, Cycle.proposals_open_at <= moment, Cycle.proposals_close_at > moment
        )
        .order_by(Cycle.proposals_close_at, Cycle.id, Pool.position, Pool.id)
    )
    return [
        OpenPool(pool.id, pool.name, pool.amount_won, pool.district, cycle.slug, cycle.title, cycle.proposals_close_at)
        for pool, cycle, held in rows
        if cycle.timetable(held=bool(held)).takes_proposals(moment)
    ]


def _pool(session: Session, pool_id: UUID, *, kept: UUID | None) -> Pool:
    """The pool if it takes proposals now, or if it is the draft's own (`kept`)."""
    if pool_id == kept:
        pool = session.get(Pool, pool_id)
        if pool is not None:
            return pool
    if pool_id not in {pool.id for pool in open_pools(session)}:
        raise InvalidError(msg("지금 제안을 받지 않는 분야입니다. 접수 중인 분야를 골라 주십시오."), field="pool")
    return session.get_one(Pool, pool_id)


def _line(value: str, field: str, *, minimum: int = 0, maximum: int) -> str:
    text = clean_line(value, minimum=minimum, maximum=maximum, field=field)
    refuse_resident_number(text, field=field)
    return text


def _text(value: str, field: str, *, minimum: int = 0, maximum: int = TEXT_MAX) -> str:
    text = clean_text(value, minimum=minimum, maximum=maximum, field=field)
    refuse_resident_number(text, field=field)
    return text


def _requested(amount: int | None, pool: Pool) -> int | None:
    if amount is not None and amount <= 0:
        raise InvalidError(msg("금액은 1원 이상이어야 합니다. 모르면 비워 두십시오."), field="requested")
    if amount is not None and amount > pool.amount_won:
        raise InvalidError(
            msg(
                "이 분야의 전체 예산은 %(amount)s원입니다. 그보다 적은 금액을 적어 주십시오.",
                amount=f"{pool.amount_won:,}",
            ),
            field="requested",
        )
    return amount


def _district(code: str, pool: Pool) -> str | None:
    if pool.district:
        return pool.district
    if code and not districts.is_district(code):
        raise InvalidError(msg("없는 자치구입니다. 목록에서 골라 주십시오."), field="district")
    return code or None


def _values(content: Content, pool: Pool, *, whole: bool) -> dict[str, object]:
    """The columns of what the author wrote, clean. `whole`: long enough to be public; a draft may be a title alone."""
    if content.category and content.category not in CATEGORIES:
        raise InvalidError(msg("목록에 없는 분류입니다. 다시 골라 주십시오."), field="category")
    least = TEXT_MIN if whole else 0
    return {
        "pool_id": pool.id,
        "cycle_id": pool.cycle_id,
        "title": _line(content.title, "title", minimum=TITLE_MIN if whole else 1, maximum=TITLE_MAX),
        "problem": _text(content.problem, "problem", minimum=least),
        "idea": _text(content.idea, "idea", minimum=least),
        "category": content.category,
        "district": _district(content.district, pool),
        "place": _line(content.place, "place", maximum=PLACE_MAX),
        "requested_won": _requested(content.requested_won, pool),
    }


def _own(session: Session, actor: Actor, project_id: UUID) -> Project:
    project = visible(session, actor, project_id)
    towards(actor, project).require(Permission.PROJECT_EDIT)
    return project


def _stale() -> ConflictError:
    return ConflictError(
        msg("다른 화면에서 먼저 고친 내용이 있습니다. 이 화면의 글을 복사해 두고 새로 고친 뒤 다시 고쳐 주십시오.")
    )


def start(session: Session, actor: Actor, key: UUID, content: Content) -> Project:
    """Begin a draft under `key`, which its form carried: the same form sent twice is one draft.

    A form that was saved meanwhile goes on with its draft; one whose draft has moved on elsewhere is a Conflict.
    """
    actor.require(Permission.PROJECT_WRITE)
    known = session.get(Project, key)
    if known is not None and known.author_id != actor.id:
        raise NotFoundError
    pool = _pool(session, content.pool_id, kept=known.pool_id if known else None)
    values = _values(content, pool, whole=False)
    moment = clock.now()
    if known is None:
        fresh = {
            "id": key, "author_id": actor.id, "state": ProjectState.DRAFT, "created_at": moment, "updated_at": moment,
            "state_reason": "", "endorsement_count": 0, "comment_count": 0, "version": 1, **values,
        }  # fmt: skip
        if insert_new(session, Project, [fresh]):
            project = session.get_one(Project, key)
            audit.record(session, actor, "project:draft", project, cycle=project.cycle_id)
            return project
        known = _own(session, actor, key)
    if all(getattr(known, name) == value for name, value in values.items()):
        return known
    return change(session, actor, key, content, version=1)


def autosave(session: Session, actor: Actor, key: UUID, content: Content, *, version: int) -> None:
    """Keep what is being typed. Leaves the version alone, so that the open form can still be saved by its button.

    Whoever saved by button since gets the better of an autosave: ConflictError.
    """
    actor.require(Permission.PROJECT_WRITE)
    project = session.get(Project, key)
    if project is None:
        start(session, actor, key, content)
        return
    _own(session, actor, key)
    values = _values(content, _pool(session, content.pool_id, kept=project.pool_id), whole=False)
    kept = session.execute(
        update(Project)
        .where(Project.id == key, Project.version == version, Project.state == ProjectState.DRAFT)
        .values(**values, updated_at=clock.now())
        .returning(Project.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if kept is None:
        raise _stale()
    audit.record(session, actor, "project:autosave", project)


def change(session: Session, actor: Actor, project_id: UUID, content: Content, *, version: int) -> Project:
    """Save by the author: free while a draft, and until the review begins. `version` is the one the form was made from."""
    project = _own(session, actor, project_id)
    if project.state not in EDITABLE:
        raise ConflictError(
            msg("검토가 시작된 제안은 고칠 수 없습니다. 보탤 내용은 댓글로 남기거나 보완 요청에 답해 주십시오.")
        )
    if project.version != version:
        raise _stale()
    public = project.state is not ProjectState.DRAFT
    if public and content.pool_id != project.pool_id:
        raise InvalidError(msg("제출한 뒤에는 분야를 바꿀 수 없습니다."), field="pool")
    pool = _pool(session, content.pool_id, kept=project.pool_id)
    changed = []
    for name, value in _values(content, pool, whole=public).items():
        if getattr(project, name) != value:
            setattr(project, name, value)
            changed.append(name)
    if changed:
        project.updated_at = clock.now()
        session.flush()
        audit.record(session, actor, "project:edit", project, fields=changed)
        search.index(session, project)
    return project


def submit(session: Session, actor: Actor, project_id: UUID) -> Project:
    """Make the draft public under the next number of its cycle, while the cycle takes proposals."""
    project = _own(session, actor, project_id)
    if project.state is not ProjectState.DRAFT:
        if project.number:
            return project  # the same form twice
        raise ConflictError
    cycle = session.get_one(Cycle, project.cycle_id)
    pool = session.get_one(Pool, project.pool_id)
    _require_window(session, cycle)
    _values(
        Content(
            pool.id, project.title, project.problem, project.idea, project.category, project.district or "",
            project.place, project.requested_won,
        ),
        pool,
        whole=True,
    )  # fmt: skip
    project.number = _next_number(session, cycle)
    advance(session, actor, project, "submit")
    search.index(session, project)
    return project


def save(session: Session, actor: Actor, key: UUID, content: Content, *, version: int | None, final: bool) -> Project:
    """What the form's button does: begin (`version` None) or change the proposal, and submit it if `final`."""
    stored = None if version is None else change(session, actor, key, content, version=version)
    project = stored or start(session, actor, key, content)
    return submit(session, actor, project.id) if final and project.state is ProjectState.DRAFT else project


def _require_window(session: Session, cycle: Cycle) -> None:
    held = session.scalar(select(Hold.id).where(Hold.cycle_id == cycle.id, Hold.lifted_at.is_(None)))
    moment = clock.now()
    if cycle.timetable(held=held is not None).takes_proposals(moment):
        return
    if held is not None:
        text = msg(
            "「%(cycle)s」 접수를 잠시 멈추었습니다. 초안은 남아 있으니 다시 열리면 제출해 주십시오.", cycle=cycle.title
        )
    elif moment < cycle.proposals_open_at:
        text = msg("「%(cycle)s」 접수는 아직 시작되지 않았습니다. 초안은 남아 있습니다.", cycle=cycle.title)
    else:
        text = msg(
            "「%(cycle)s」 제안접수가 끝났습니다. 초안은 남아 있으니 다음 접수 때 분야를 다시 골라 제출해 주십시오.",
            cycle=cycle.title,
        )
    raise ConflictError(text)


def _next_number(session: Session, cycle: Cycle) -> str:
    """The cycle's next number such as 26-0001; one at a time, so that none is given twice or left out."""
    exclusive(session, f"project-number:{cycle.id}")
    prefix = f"{cycle.year % 100:02d}-"
    last = session.scalar(
        select(Project.number)
        .where(Project.cycle_id == cycle.id, Project.number.startswith(prefix, autoescape=True))
        .order_by(func.length(Project.number).desc(), Project.number.desc())
        .limit(1)
    )
    taken = (last or "").removeprefix(prefix)
    return f"{prefix}{int(taken) + 1 if taken.isdecimal() else 1:04d}"
