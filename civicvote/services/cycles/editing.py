"""Preparing a cycle: its windows and rules, its pools, the announcement, and holds while it runs."""

from dataclasses import asdict, fields
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from civicvote.domain.cycle_plan import Plan, PoolPlan
from civicvote.domain.errors import ConflictError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import CYCLE, CycleState
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.text import clean_text, refuse_resident_number
from civicvote.models.cycles import Cycle, Hold, Pool
from civicvote.models.projects import Project
from civicvote.models.votes import Ballot, Vote
from civicvote.services import audit, clock, workflow
from civicvote.services.conflicts import settled
from civicvote.services.cycles.reading import get

#: Before the ballot list is submitted for approval; afterwards the rules are what people vote by.
EDITABLE = frozenset({CycleState.DRAFT, CycleState.ANNOUNCED})
_CHANGED = msg("다른 담당자가 먼저 고쳤습니다. 새로 고침 후 바뀐 내용을 확인하고 다시 저장해 주십시오.")
_LOCKED = msg("투표안건 승인을 요청한 뒤에는 일정과 규칙을 바꿀 수 없습니다.")
_SLUG_TAKEN = msg("이미 쓰고 있는 주소입니다. 다른 주소를 적어 주십시오.")


def is_editable(cycle: Cycle) -> bool:
    """Whether windows, rules and pools may still change."""
    return cycle.state in EDITABLE


def _has_ballots(session: Session, cycle: Cycle) -> bool:
    cast = exists().where(Ballot.vote_id == Vote.id, Vote.cycle_id == cycle.id)
    return bool(session.scalar(select(cast)))


def unlocked(session: Session, cycle: Cycle, version: int) -> None:
    """Raise ConflictError unless the cycle is still the `version` somebody looked at and its rules are open."""
    if not is_editable(cycle) or _has_ballots(session, cycle):
        raise ConflictError(_LOCKED)
    if cycle.version != version:
        raise ConflictError(_CHANGED)


def _slug_is_free(session: Session, slug: str, *, besides: UUID | None = None) -> None:
    query = select(Cycle.id).where(Cycle.slug == slug)
    if besides is not None:
        query = query.where(Cycle.id != besides)
    if session.scalar(query) is not None:
        raise InvalidError(_SLUG_TAKEN, field="slug")


def create(session: Session, actor: Actor, plan: Plan) -> Cycle:
    """A new cycle, a draft until it is announced."""
    actor.require(Permission.CYCLE_MANAGE)
    plan.check()
    _slug_is_free(session, plan.slug)
    cycle = Cycle(**asdict(plan), state=CycleState.DRAFT, created_by=actor.id, created_at=clock.now())
    session.add(cycle)
    with settled(session, _SLUG_TAKEN):
        audit.record(session, actor, "cycle:create", cycle, slug=cycle.slug)
    return cycle


def edit(session: Session, actor: Actor, slug: str, plan: Plan, *, version: int) -> Cycle:
    """Change windows and rules. `version` is the one the form was filled in from; its address stays once announced."""
    actor.require(Permission.CYCLE_MANAGE)
    cycle = get(session, actor, slug)
    unlocked(session, cycle, version)
    plan.check()
    values = asdict(plan)
    if cycle.state is not CycleState.DRAFT and plan.slug != cycle.slug:
        raise InvalidError(msg("공고한 뒤에는 주소를 바꿀 수 없습니다."), field="slug")
    _slug_is_free(session, plan.slug, besides=cycle.id)
    changed = sorted(name for name, value in values.items() if getattr(cycle, name) != value)
    if changed:
        with settled(session, _CHANGED):
            for name in changed:
                setattr(cycle, name, values[name])
            audit.record(session, actor, "cycle:edit", cycle, changed=changed)
    return cycle


def _pool(cycle: Cycle, pool_id: UUID) -> Pool:
    for pool in cycle.pools:
        if pool.id == pool_id:
            return pool
    raise NotFoundError


def _touch(cycle: Cycle) -> None:
    """A change of pools is a change of the cycle: its version counts it."""
    flag_modified(cycle, "year")


def pool(session: Session, actor: Actor, slug: str, pool_id: UUID) -> tuple[Cycle, Pool]:
    """One pool, for its form."""
    actor.require(Permission.CYCLE_MANAGE)
    cycle = get(session, actor, slug)
    return cycle, _pool(cycle, pool_id)


def warnings(cycle: Cycle) -> list[Message]:
    """What staff should think over in a cycle's rules."""
    return Plan(**{item.name: getattr(cycle, item.name) for item in fields(Plan)}).warnings()


def _flows(cycle: Cycle, plan: PoolPlan, position: int) -> None:
    """InvalidError unless what the pool leaves goes to one that is counted after it."""
    later = {pool.id for pool in cycle.pools if pool.position > position}
    if plan.leftover_to is not None and plan.leftover_to not in later:
        raise InvalidError(msg("남은 예산은 이 분야보다 뒤에 개표하는 분야로만 넘길 수 있습니다."), field="leftover_to")


def add_pool(session: Session, actor: Actor, slug: str, plan: PoolPlan, *, version: int) -> Pool:
    """Another pool, at the end."""
    actor.require(Permission.CYCLE_MANAGE)
    cycle = get(session, actor, slug)
    unlocked(session, cycle, version)
    plan.check([pool.name for pool in cycle.pools])
    last = max((pool.position for pool in cycle.pools), default=0)
    _flows(cycle, plan, last + 1)
    with settled(session, _CHANGED):
        pool = Pool(cycle_id=cycle.id, position=last + 1, **asdict(plan))
        cycle.pools.append(pool)
        _touch(cycle)
        audit.record(session, actor, "cycle:add-pool", cycle, pool=pool.id, amount_won=pool.amount_won)
    return pool


def edit_pool(session: Session, actor: Actor, slug: str, pool_id: UUID, plan: PoolPlan, *, version: int) -> Pool:
    """Change a pool's name, amount, area, theme, limit or where its rest goes."""
    actor.require(Permission.CYCLE_MANAGE)
    cycle = get(session, actor, slug)
    pool = _pool(cycle, pool_id)
    unlocked(session, cycle, version)
    plan.check([other.name for other in cycle.pools if other is not pool])
    _flows(cycle, plan, pool.position)
    values = asdict(plan)
    changed = sorted(name for name, value in values.items() if getattr(pool, name) != value)
    if changed:
        with settled(session, _CHANGED):
            for name in changed:
                setattr(pool, name, values[name])
            _touch(cycle)
            audit.record(session, actor, "cycle:edit-pool", cycle, pool=pool.id, changed=changed)
    return pool


def remove_pool(session: Session, actor: Actor, slug: str, pool_id: UUID, *, version: int) -> None:
    """Take a pool away; refused while anybody has a proposal in it, be it a draft."""
    actor.require(Permission.CYCLE_MANAGE)
    cycle = get(session, actor, slug)
    pool = _pool(cycle, pool_id)
    unlocked(session, cycle, version)
    if session.scalar(select(exists().where(Project.pool_id == pool.id))):
        raise ConflictError(msg("이 분야에 제안이 있어 지울 수 없습니다."))
    with settled(session, _CHANGED):
        for other in cycle.pools:
            if other.leftover_to == pool.id:
                other.leftover_to = None
        session.flush()
        cycle.pools.remove(pool)
        session.delete(pool)
        _touch(cycle)
        audit.record(session, actor, "cycle:remove-pool", cycle, pool=pool.id)


def announce(session: Session, actor: Actor, slug: str, *, version: int) -> Cycle:
    """Make the cycle public, as it was previewed. Refused without a pool or once its voting could not take place."""
    actor.require(Permission.CYCLE_MANAGE)
    cycle = get(session, actor, slug)
    if cycle.version != version:
        raise ConflictError(_CHANGED)
    CYCLE.check(actor, cycle.state, "announce", "")
    if not cycle.pools:
        raise ConflictError(msg("예산 분야가 하나도 없습니다. 분야와 금액을 먼저 등록해 주십시오."))
    if cycle.proposals_close_at <= clock.now():
        raise ConflictError(msg("제안접수 마감이 이미 지났습니다. 일정을 고친 뒤 공고해 주십시오."))
    with settled(session, _CHANGED):
        workflow.move(session, actor, CYCLE, cycle, "announce")
    return cycle


def hold(session: Session, actor: Actor, slug: str, *, reason: str) -> Hold:
    """보류: stop proposals and ballots that the clock lets in. Public, with its reason."""
    actor.require(Permission.CYCLE_MANAGE)
    cycle = get(session, actor, slug)
    reason = clean_text(reason, minimum=5, maximum=1000, field="reason")
    refuse_resident_number(reason, field="reason")
    if cycle.state is CycleState.DRAFT:
        raise ConflictError(msg("아직 공고하지 않은 예산은 보류할 것이 없습니다."))
    if cycle.state is CycleState.PUBLISHED:
        raise ConflictError(msg("결과를 공표한 뒤에는 보류할 수 없습니다."))
    placed = Hold(cycle_id=cycle.id, reason=reason, placed_by=actor.id, placed_at=clock.now())
    session.add(placed)
    with settled(session, msg("이미 보류 중입니다.")):
        audit.record(session, actor, "cycle:hold", cycle, hold=placed.id)
    return placed


def lift(session: Session, actor: Actor, slug: str, *, reason: str) -> Hold:
    """End the hold, with a reason; what the clock has open is open again."""
    actor.require(Permission.CYCLE_MANAGE)
    cycle = get(session, actor, slug)
    reason = clean_text(reason, minimum=5, maximum=1000, field="reason")
    refuse_resident_number(reason, field="reason")
    placed = session.scalars(
        select(Hold).where(Hold.cycle_id == cycle.id, Hold.lifted_at.is_(None)).with_for_update()
    ).one_or_none()
    if placed is None:
        raise ConflictError(msg("보류 중이 아닙니다. 다른 담당자가 먼저 해제했을 수 있습니다."))
    placed.lifted_at = clock.now()
    placed.lifted_by = actor.id
    placed.lift_reason = reason
    audit.record(session, actor, "cycle:lift", cycle, hold=placed.id)
    session.flush()
    return placed
