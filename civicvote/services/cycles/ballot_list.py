"""투표안건: what will be voted on. One member of staff asks, another approves; between the two nothing may change unseen."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.ballot_list import Item, Terms, changes, digest
from civicvote.domain.errors import ConflictError, ForbiddenError, NotFoundError
from civicvote.domain.lifecycles import CYCLE, CycleState, ProjectState
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor, Permission, Role
from civicvote.domain.text import clean_text, refuse_resident_number
from civicvote.keystore import KeyStore
from civicvote.models.accounts import User, UserRole
from civicvote.models.cycles import Cycle, Pool
from civicvote.models.projects import Project
from civicvote.services import audit, clock, outbox, votes, workflow
from civicvote.services.conflicts import settled
from civicvote.services.cycles import terms as list_terms
from civicvote.services.cycles.reading import get, is_held
from civicvote.services.cycles.terms import items as list_items
from civicvote.services.projects.moves import advance

#: From here on the list is public.
LISTED = frozenset({CycleState.LISTED, CycleState.SEALED, CycleState.COUNTED, CycleState.PUBLISHED})
_UNDER_REVIEW = (ProjectState.SUBMITTED, ProjectState.ASSIGNED, ProjectState.IN_REVIEW, ProjectState.SUPPLEMENT)
_ON_LIST = (
    ProjectState.ON_BALLOT,
    ProjectState.SELECTED,
    ProjectState.NOT_SELECTED,
    ProjectState.EXECUTING,
    ProjectState.COMPLETED,
)
_RACED = msg("다른 담당자가 먼저 처리했거나 안건이 바뀌었습니다. 새로 고침 후 다시 확인해 주십시오.")


@dataclass(frozen=True, slots=True)
class PoolList:
    """A pool with the projects to be voted on in it. `cost_won`: all of them together."""

    pool: Pool
    items: Sequence[Item]

    @property
    def cost_won(self) -> int:
        """What all projects of the pool cost together, won."""
        return sum(item.cost_won for item in self.items)

    @property
    def share(self) -> int:
        """Per cent of the pool that all its projects together would take (over 100: people choose)."""
        return round(100 * self.cost_won / self.pool.amount_won)


@dataclass(frozen=True, slots=True)
class BallotList:
    """The list's page. `changed`: what differs from the list as requested; `own_request`: the reader asked for it."""

    cycle: Cycle
    pools: Sequence[PoolList]
    waiting: int
    public: bool
    held: bool
    requester: str
    own_request: bool
    changed: Sequence[tuple[Message, str]]
    obstacle: Message | None
    terms: Terms

    @property
    def vote_number(self) -> UUID:
        """Number of the vote to come: what its key is made for on an offline machine."""
        return votes.vote_id(self.cycle.id)

    def alternatives(self, item: Item) -> str:
        """Name of the group of alternatives the project belongs to, if any."""
        return next((group.title for group in self.terms.alternatives if item.id in group.projects), "")

    @property
    def count(self) -> int:
        """Projects on the list."""
        return sum(len(pool.items) for pool in self.pools)


def _requested(cycle: Cycle) -> list[Item]:
    stored: dict[str, Any] = (cycle.list_requested or {}).get("projects", {})
    return [
        Item(UUID(key), number, title, cost_won, UUID(pool_id))
        for key, (number, title, cost_won, pool_id) in stored.items()
    ]


def _obstacle(cycle: Cycle, items: Sequence[Item], terms: Terms) -> Message | None:
    """Why the list can't be requested or approved now, if so."""
    moment = clock.now()
    free = [item for item in items if item.id not in terms.locked_ids]
    if not free:
        return msg("적격 판정을 받은 사업이 없어 투표에 부칠 것이 없습니다.")
    if len(free) < cycle.min_picks:
        return msg(
            "골라야 하는 최소 사업 수(%(n)s개)보다 적격 사업이 적습니다. 규칙을 고친 뒤 요청해 주십시오.",
            n=cycle.min_picks,
        )
    if moment < cycle.proposals_close_at:
        return msg("제안접수가 끝난 뒤에 투표안건을 정할 수 있습니다.")
    if moment >= cycle.voting_open_at:
        return msg("공고한 투표 시작 시각이 지났습니다. 일정을 고친 뒤 다시 요청해 주십시오.")
    return terms.obstacle(items, {pool.id: pool.amount_won for pool in cycle.pools})


def show(session: Session, actor: Actor, slug: str) -> BallotList:
    """The list per pool with costs. Before it is approved only staff and auditors see it; six statements."""
    cycle = get(session, actor, slug)
    public = cycle.state in LISTED
    if not public and not (actor.can(Permission.CYCLE_MANAGE) or actor.can(Permission.AUDIT_READ)):
        raise NotFoundError
    items = list_items(session, cycle, _ON_LIST if public else (ProjectState.ELIGIBLE,))
    reviewed = select(func.count()).where(Project.cycle_id == cycle.id, Project.state.in_(_UNDER_REVIEW))
    waiting = 0 if public else session.scalar(reviewed)
    asked = cycle.state is CycleState.LIST_REQUESTED
    requester = session.scalar(select(User.name).where(User.id == cycle.list_requested_by)) if asked else None
    terms = list_terms.read(session, cycle)
    return BallotList(
        cycle=cycle,
        pools=[PoolList(pool, [item for item in items if item.pool_id == pool.id]) for pool in cycle.pools],
        waiting=waiting or 0,
        public=public,
        held=is_held(session, cycle.id),
        requester=requester or "",
        own_request=asked and cycle.list_requested_by == actor.id,
        changed=changes(_requested(cycle), items) if asked else (),
        obstacle=None if public else _obstacle(cycle, items, terms),
        terms=terms,
    )


def _staff(session: Session) -> list[UUID]:
    return list(session.scalars(select(UserRole.user_id).where(UserRole.role == Role.STAFF).order_by(UserRole.user_id)))


def _lock(session: Session, cycle: Cycle) -> None:
    """Let nobody else move the cycle until this transaction ends; ConflictError if somebody just did."""
    version = session.scalar(select(Cycle.version).where(Cycle.id == cycle.id).with_for_update())
    if version != cycle.version:
        raise ConflictError(_RACED)


def request_list(session: Session, actor: Actor, slug: str) -> Cycle:
    """Ask a second member of staff to approve the list as it is now; its digest is recorded, the rules lock."""
    actor.require(Permission.CYCLE_MANAGE)
    cycle = get(session, actor, slug)
    _lock(session, cycle)
    CYCLE.check(actor, cycle.state, "request-list", "")
    items = list_items(session, cycle, (ProjectState.ELIGIBLE,))
    terms = list_terms.read(session, cycle)
    if (obstacle := _obstacle(cycle, items, terms)) is not None:
        raise ConflictError(obstacle)
    fingerprint = digest(items, terms)
    with settled(session, _RACED):
        cycle.list_requested_by = actor.id
        cycle.list_requested = {
            "digest": fingerprint,
            "projects": {str(i.id): [i.number, i.title, i.cost_won, str(i.pool_id)] for i in items},
        }
        workflow.move(session, actor, CYCLE, cycle, "request-list")
        audit.record(session, actor, "cycle:list-digest", cycle, digest=fingerprint, projects=len(items))
    for user_id in _staff(session):
        if user_id != actor.id:
            _tell(session, cycle, "ballot-list-requested", user_id, count=len(items))
    return cycle


def _tell(session: Session, cycle: Cycle, kind: str, user_id: UUID, **payload: Any) -> None:
    outbox.put(
        session,
        kind,
        about=f"{cycle.id}|{clock.now().isoformat()}",
        recipient_id=user_id,
        title=cycle.title,
        slug=cycle.slug,
        **payload,
    )


def approve_list(session: Session, actor: Actor, slug: str, *, keys: KeyStore) -> Cycle:
    """Publish the list: every eligible project goes on the ballot and the vote gets its keys and notice.

    By another person than the one who asked, before voting opens, and only if the list is still the one asked for.
    """
    actor.require(Permission.CYCLE_APPROVE)
    cycle = get(session, actor, slug)
    _lock(session, cycle)
    CYCLE.check(actor, cycle.state, "approve-list", "")
    if actor.id is not None and actor.id == cycle.list_requested_by:
        raise ForbiddenError(msg("승인을 요청한 사람은 승인할 수 없습니다. 다른 담당자가 확인하고 승인해야 합니다."))
    projects = session.scalars(
        select(Project)
        .where(Project.cycle_id == cycle.id, Project.state == ProjectState.ELIGIBLE)
        .order_by(Project.number, Project.id)
        .with_for_update()
    ).all()
    items = [Item(p.id, p.number or "", p.title, p.cost_won or 0, p.pool_id, p.category, p.district) for p in projects]
    terms = list_terms.read(session, cycle)
    if (obstacle := _obstacle(cycle, items, terms)) is not None:
        raise ConflictError(obstacle)
    fingerprint = digest(items, terms)
    if fingerprint != (cycle.list_requested or {}).get("digest"):
        raise ConflictError(
            msg("승인을 요청한 뒤 안건이 바뀌었습니다. 바뀐 내용을 확인하고 돌려보내면 다시 요청할 수 있습니다.")
        )
    with settled(session, _RACED):
        cycle.list_approved_by = actor.id
        workflow.move(session, actor, CYCLE, cycle, "approve-list")
        for project in projects:
            advance(session, actor, project, "list")
        audit.record(session, actor, "cycle:list-digest", cycle, digest=fingerprint, projects=len(items))
        votes.open_vote(session, actor, cycle, keys=keys)
    return cycle


def return_list(session: Session, actor: Actor, slug: str, *, reason: str) -> Cycle:
    """Send the request back with a reason, which its sender is told; rules and reviews are open again."""
    actor.require(Permission.CYCLE_APPROVE)
    cycle = get(session, actor, slug)
    _lock(session, cycle)
    reason = clean_text(reason, maximum=1000, field="reason")
    refuse_resident_number(reason, field="reason")
    requester = cycle.list_requested_by
    with settled(session, _RACED):
        workflow.move(session, actor, CYCLE, cycle, "return-list", reason=reason)
        cycle.list_requested_by = None
        cycle.list_requested = None
    if requester is not None and requester != actor.id:
        _tell(session, cycle, "ballot-list-returned", requester, reason=reason)
    return cycle


def excludable(session: Session, actor: Actor, slug: str, project_id: UUID) -> tuple[Cycle, Project]:
    """A project of a published list that can still be taken off; ConflictError when it is too early or too late."""
    actor.require(Permission.PROJECT_EXCLUDE)
    cycle = get(session, actor, slug)
    project = session.scalars(
        select(Project).where(Project.id == project_id, Project.cycle_id == cycle.id)
    ).one_or_none()
    if project is None or project.state is ProjectState.DRAFT:
        raise NotFoundError
    if cycle.state is not CycleState.LISTED:
        raise ConflictError(msg("투표안건을 공고한 뒤부터 투표함을 봉인하기 전까지만 안건을 제외할 수 있습니다."))
    return cycle, project


def exclude(session: Session, actor: Actor, slug: str, project_id: UUID, *, reason: str) -> Project:
    """Take a project off a published list, with a public reason. Possible until the ballot box is sealed."""
    cycle, project = excludable(session, actor, slug, project_id)
    _lock(session, cycle)
    reason = clean_text(reason, minimum=5, maximum=2000, field="reason")
    refuse_resident_number(reason, field="reason")
    with settled(session, _RACED):
        advance(session, actor, project, "exclude", reason=reason)
    return project
