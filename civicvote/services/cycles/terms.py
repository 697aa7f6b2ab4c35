"""What holds for one ballot list: alternatives, caps, projects that are settled. Open until the list is requested."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, String, Uuid, delete, literal, null, select, union_all
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from civicvote.domain.ballot_list import Alternatives, Cap, Item, LockedIn, Scope, Terms
from civicvote.domain.errors import ConflictError, NotFoundError
from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.text import clean_line, clean_text, refuse_resident_number
from civicvote.models.cycles import Alternative, AlternativeGroup, BallotCap, Cycle, LockedProject
from civicvote.models.projects import Project
from civicvote.services import audit
from civicvote.services.conflicts import settled
from civicvote.services.cycles.editing import is_editable
from civicvote.services.cycles.reading import get

_LOCKED = msg("투표안건 승인을 요청한 뒤에는 안건의 조건을 바꿀 수 없습니다.")
_RACED = msg("다른 담당자가 먼저 같은 것을 정했습니다. 새로 고침 후 확인해 주십시오.")


def items(session: Session, cycle: Cycle, states: Sequence[ProjectState]) -> list[Item]:
    """The cycle's projects in `states` as lines of a list, by number."""
    rows = session.execute(
        select(
            Project.id,
            Project.number,
            Project.title,
            Project.cost_won,
            Project.pool_id,
            Project.category,
            Project.district,
        )
        .where(Project.cycle_id == cycle.id, Project.state.in_(states))
        .order_by(Project.number, Project.id)
    )
    return [
        Item(row.id, row.number or "", row.title, row.cost_won or 0, row.pool_id, row.category, row.district)
        for row in rows
    ]


def read(session: Session, cycle: Cycle) -> Terms:
    """The terms of the cycle's list, in one statement."""
    nobody, nothing, none = null().cast(Uuid), literal(""), null().cast(BigInteger)
    members = (
        select(
            literal("group"), AlternativeGroup.id, Alternative.project_id, AlternativeGroup.title, nothing, none, none
        )
        .join(Alternative, Alternative.group_id == AlternativeGroup.id)
        .where(AlternativeGroup.cycle_id == cycle.id)
    )
    scope = BallotCap.scope.cast(String)
    caps = select(
        literal("cap"), BallotCap.id, nobody, BallotCap.value, scope, BallotCap.max_projects, BallotCap.max_won
    ).where(BallotCap.cycle_id == cycle.id)
    locked = select(
        literal("locked"), LockedProject.id, LockedProject.project_id, LockedProject.reason, nothing, none, none
    ).where(LockedProject.cycle_id == cycle.id)
    rows = sorted(session.execute(union_all(members, caps, locked)).all(), key=lambda row: (row[1], str(row[2])))
    groups: dict[UUID, tuple[str, set[UUID]]] = {}
    for kind, key, project, title, *_rest in rows:
        if kind == "group":
            groups.setdefault(key, (title, set()))[1].add(project)
    return Terms(
        tuple(Alternatives(key, title, frozenset(projects)) for key, (title, projects) in groups.items()),
        tuple(Cap(row[1], Scope(row[4]), row[3], row[5], row[6]) for row in rows if row[0] == "cap"),
        tuple(LockedIn(row[1], row[2], row[3]) for row in rows if row[0] == "locked"),
    )


@dataclass(frozen=True, slots=True)
class TermsView:
    """The staff's page: the list as it would be now, and what was chosen for it."""

    cycle: Cycle
    items: Sequence[Item]
    terms: Terms
    editable: bool

    @property
    def abouts(self) -> list[tuple[Scope, str]]:
        """Categories and districts of the list: what a cap can be about."""
        categories = sorted({item.category for item in self.items if item.category})
        places = sorted({item.district for item in self.items if item.district})
        return [*((Scope.CATEGORY, one) for one in categories), *((Scope.DISTRICT, one) for one in places)]

    def title(self, project: UUID) -> str:
        """A project's number and title; a project that left the list by a dash."""
        return next((f"{item.number} {item.title}" for item in self.items if item.id == project), "–")

    def count(self, cap: Cap) -> int:
        """How many projects of the list the cap is about."""
        return sum(cap.covers(item) for item in self.items)


def show(session: Session, actor: Actor, slug: str) -> TermsView:
    """The terms of a list that is being prepared, for staff."""
    actor.require(Permission.CYCLE_MANAGE)
    cycle = get(session, actor, slug)
    return TermsView(cycle, items(session, cycle, (ProjectState.ELIGIBLE,)), read(session, cycle), is_editable(cycle))


def _open(session: Session, actor: Actor, slug: str) -> TermsView:
    """The view, if it may be changed: a change counts as one of the cycle, so that a request doesn't overlook it."""
    view = show(session, actor, slug)
    if not view.editable:
        raise ConflictError(_LOCKED)
    flag_modified(view.cycle, "year")
    return view


def add_alternatives(session: Session, actor: Actor, slug: str, *, title: str, projects: Sequence[UUID]) -> None:
    """Of these projects at most one is to be funded."""
    actor.require(Permission.CYCLE_MANAGE)
    view = _open(session, actor, slug)
    wanted = Alternatives(uuid4(), title, frozenset(projects))
    wanted.check(view.items, view.terms.alternatives)
    group = AlternativeGroup(cycle_id=view.cycle.id, title=clean_line(title, maximum=80))
    session.add(group)
    with settled(session, _RACED):
        session.flush()
        session.add_all(Alternative(project_id=project, group_id=group.id) for project in sorted(wanted.projects))
        audit.record(session, actor, "cycle:add-alternatives", view.cycle, group=group.id, projects=len(projects))


def add_cap(
    session: Session,
    actor: Actor,
    slug: str,
    *,
    scope: Scope,
    value: str,
    max_projects: int | None,
    max_won: int | None,
) -> None:
    """At most so many projects, or won, of a category (its name) or a district (its code) in each pool."""
    actor.require(Permission.CYCLE_MANAGE)
    view = _open(session, actor, slug)
    Cap(uuid4(), scope, value, max_projects, max_won).check()
    cap = BallotCap(cycle_id=view.cycle.id, scope=scope, value=value, max_projects=max_projects, max_won=max_won)
    session.add(cap)
    with settled(session, _RACED):
        audit.record(session, actor, "cycle:add-cap", view.cycle, cap=cap.id, scope=scope.value)


def lock_in(session: Session, actor: Actor, slug: str, *, project: UUID | None, reason: str) -> None:
    """Fund a project before the votes are counted, for a reason that is published."""
    actor.require(Permission.CYCLE_MANAGE)
    view = _open(session, actor, slug)
    key = project or view.cycle.id  # no project: one that is on no list
    LockedIn(uuid4(), key, reason).check(view.items)
    reason = clean_text(reason, maximum=1000, field="reason")
    refuse_resident_number(reason, field="reason")
    session.add(LockedProject(cycle_id=view.cycle.id, project_id=key, reason=reason))
    with settled(session, _RACED):
        audit.record(session, actor, "cycle:lock-in", view.cycle, project=key)


def remove(session: Session, actor: Actor, slug: str, term_id: UUID) -> None:
    """Take one of the terms back."""
    actor.require(Permission.CYCLE_MANAGE)
    view = _open(session, actor, slug)
    for model in (AlternativeGroup, BallotCap, LockedProject):
        found = session.scalars(select(model).where(model.id == term_id, model.cycle_id == view.cycle.id)).one_or_none()
        if found is not None:
            break
    else:
        raise NotFoundError
    if isinstance(found, AlternativeGroup):
        session.execute(delete(Alternative).where(Alternative.group_id == found.id))
    with settled(session, _RACED):
        session.delete(found)
        audit.record(session, actor, "cycle:remove-term", view.cycle, term=term_id)
