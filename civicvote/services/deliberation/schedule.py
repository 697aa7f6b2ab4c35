"""Rounds: written before they begin; afterwards they can only be extended, or held and resumed, each with a public reason."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import (
    COMMON_ROUNDS,
    Audience,
    ForumKind,
    Opening,
    RoundKind,
    check_window,
)
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.domain.lifecycles import ForumState
from civicvote.domain.messages import Message, msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.deliberation import Forum, ParticipantGroup, Round, RoundExtension, RoundHold
from civicvote.services import audit, clock, notices
from civicvote.services.ballot_rounds import preparing as ballots
from civicvote.services.conflicts import settled
from civicvote.services.deliberation import access, making, people, words
from civicvote.services.discussion import threads

TITLE_MAX, GUIDE_MAX, ROUNDS_MAX = 120, 4000, 20


@dataclass(frozen=True, slots=True)
class Plan:
    """What a round is to be."""

    kind: RoundKind
    title: str
    opens_at: datetime
    closes_at: datetime
    guide: str = ""
    audience: Audience = Audience.EVERYONE
    group_id: UUID | None = None
    premoderated: bool = False


def opening(found: Round, held: Forum, at: datetime | None = None) -> Opening:
    """Where the round stands by the clock, in one word."""
    state = access.window(found, held, at)
    if state.over:
        return Opening.OVER
    if state.held:
        return Opening.HELD
    return Opening.OPEN if state.open else Opening.COMING


def refusal(session: Session, actor: Actor, found: Round, held: Forum) -> Message | None:
    """Why the actor can't take part in the round now; None if they can, and for a visitor while it is open."""
    try:
        if actor.signed_in:
            access.require_open(session, actor, found, held)
    except ConflictError as error:
        return error.message
    return None


def begun(found: Round, held: Forum) -> bool:
    """Whether people could already take part: from then on a round only changes by extension or hold."""
    return held.opened_at is not None and clock.now() >= max(found.opens_at, held.opened_at)


def kinds_for(held: Forum) -> list[RoundKind]:
    """The kinds of rounds that can be added to this forum: a 테마토론 has one of each of its own from the start."""
    if held.kind is ForumKind.THEME:
        return [RoundKind.STATEMENTS, RoundKind.QUESTIONS]
    return [one for one in RoundKind if one in COMMON_ROUNDS]


def may_plan(session: Session, actor: Actor, held: Forum) -> bool:
    """Whether the actor may write rounds now: the draft's makers, and while it is open whoever runs it."""
    if held.state is ForumState.DRAFT:
        return making.may_edit(actor, held)
    return held.state is ForumState.OPEN and access.moderates(session, actor, held.id)


def plannable(session: Session, actor: Actor, forum_id: UUID) -> Forum:
    """The forum, locked so that two planners don't pass each other; Forbidden or Conflict if it takes no rounds now."""
    held = access.forum(session, actor, forum_id, lock=True)
    if not (actor.can(Permission.FORUM_DRAFT) or access.moderates(session, actor, forum_id)):
        raise ForbiddenError
    if held.state not in {ForumState.DRAFT, ForumState.OPEN}:
        raise ConflictError(msg("승인을 기다리거나 끝난 공론장의 순서는 바꿀 수 없습니다."))
    if not may_plan(session, actor, held):
        raise ForbiddenError
    return held


def _checked(session: Session, held: Forum, plan: Plan, *, kept: RoundKind | None = None) -> dict[str, object]:
    if plan.kind not in kinds_for(held) and plan.kind is not kept:
        raise InvalidError(msg("이 공론장에는 넣을 수 없는 순서입니다."), field="kind")
    check_window(plan.opens_at, plan.closes_at, now=clock.now())
    group_id = plan.group_id if plan.audience is Audience.GROUP else None
    if plan.audience is Audience.GROUP and (group_id is None or session.get(ParticipantGroup, group_id) is None):
        raise InvalidError(msg("참여자 모둠을 골라 주십시오."), field="group")
    return {
        "kind": plan.kind,
        "title": words.line(plan.title, "title", minimum=2, maximum=TITLE_MAX),
        "guide": words.text(plan.guide, "guide", minimum=0, maximum=GUIDE_MAX),
        "opens_at": plan.opens_at,
        "closes_at": plan.closes_at,
        "audience": plan.audience,
        "group_id": group_id,
        "premoderated": plan.premoderated,
    }


def add(session: Session, actor: Actor, forum_id: UUID, plan: Plan) -> Round:
    """Add a round behind the others. In an open forum it can't begin in the past."""
    held = plannable(session, actor, forum_id)
    values = _checked(session, held, plan)
    last, count = session.execute(
        select(func.coalesce(func.max(Round.position), 0), func.count()).where(Round.forum_id == forum_id)
    ).one()
    if count >= ROUNDS_MAX:
        raise ConflictError(msg("순서는 %(most)s개까지 넣을 수 있습니다.", most=ROUNDS_MAX))
    made = Round(forum_id=forum_id, position=last + 1, **values)
    with settled(session, making.CHANGED):
        session.add(made)
    audit.record(session, actor, "round:add", made, forum=forum_id, kind=plan.kind.value)
    if held.opened_at is not None:
        making.open_threads(session, held)
    return made


def changeable(session: Session, actor: Actor, round_id: UUID) -> tuple[Round, Forum]:
    """A round that hasn't begun, with its forum; ConflictError once it has."""
    found, held = access.round_of(session, actor, round_id)
    plannable(session, actor, held.id)
    session.refresh(found, with_for_update=True)
    if begun(found, held):
        raise ConflictError(msg("이미 시작된 순서입니다. 연장하거나 보류할 수만 있습니다."))
    ballots.require_unannounced(session, round_id)
    return found, held


def edit(session: Session, actor: Actor, round_id: UUID, plan: Plan, *, version: int) -> Round:
    """Change a round before it begins."""
    found, held = changeable(session, actor, round_id)
    if found.version != version:
        raise ConflictError(making.CHANGED)
    if held.kind is ForumKind.THEME and plan.kind is not found.kind:
        raise ConflictError(msg("테마토론의 순서는 종류를 바꿀 수 없습니다."))
    with settled(session, making.CHANGED):
        for name, value in _checked(session, held, plan, kept=found.kind).items():
            setattr(found, name, value)
    threads.rename(session, found.id, f"{held.title} · {found.title}"[:160])
    audit.record(
        session, actor, "round:edit", found, opens_at=found.opens_at, closes_at=found.closes_at, kind=found.kind.value
    )
    return found


def remove(session: Session, actor: Actor, round_id: UUID) -> None:
    """Take a round out of a draft. What was public stays: its page may be known to people."""
    found, held = changeable(session, actor, round_id)
    if held.opened_at is not None:
        raise ConflictError(
            msg("공개한 순서는 지우지 않습니다. 필요하면 내용을 바꾸거나 이유를 밝히고 보류해 주십시오.")
        )
    if held.kind is ForumKind.THEME:
        raise ConflictError(msg("테마토론의 네 순서는 지울 수 없습니다."))
    audit.record(session, actor, "round:remove", found, forum=held.id)
    with settled(session, making.CHANGED):
        ballots.forget(session, round_id)
        session.delete(found)


def shift(session: Session, actor: Actor, round_id: UUID, *, up: bool) -> Round:
    """Swap a round with its neighbour; the order is what pages show, the windows stay."""
    found, held = changeable(session, actor, round_id)
    rows = access.rounds(session, held.id)
    place = next(i for i, one in enumerate(rows) if one.id == found.id)
    other = place - 1 if up else place + 1
    if not 0 <= other < len(rows):
        return found
    neighbour = rows[other]
    if begun(neighbour, held):
        raise ConflictError(msg("이미 시작된 순서와는 자리를 바꿀 수 없습니다."))
    with settled(session, making.CHANGED):
        mine, theirs = found.position, neighbour.position
        found.position = -1  # two rows never hold one place, not even for a moment
        session.flush()
        neighbour.position = mine
        session.flush()
        found.position = theirs
    audit.record(session, actor, "round:shift", found, position=theirs)
    return found


def _running(session: Session, actor: Actor, round_id: UUID) -> tuple[Round, Forum]:
    """A round of an open forum that isn't over, locked, for whoever runs it."""
    found, held = access.round_of(session, actor, round_id, lock=True)
    access.require_moderator(session, actor, held.id)
    if held.state is not ForumState.OPEN:
        raise ConflictError(msg("진행 중인 공론장에서만 할 수 있습니다."))
    if access.window(found, held).over:
        raise ConflictError(msg("이미 끝난 순서입니다. 더 논의하려면 새 순서를 넣어 주십시오."))
    return found, held


def extend(session: Session, actor: Actor, round_id: UUID, *, closes_at: datetime, reason: str) -> RoundExtension:
    """Give a round more time. The old date stays visible, and whoever took part or follows is told."""
    found, held = _running(session, actor, round_id)
    ballots.require_unannounced(session, round_id)
    why = words.reason(reason)
    if closes_at <= found.closes_at:
        raise InvalidError(
            msg("지금의 마감보다 뒤의 때를 골라 주십시오. 기간은 늘릴 수만 있습니다."), field="closes_at"
        )
    check_window(found.opens_at, closes_at, now=clock.now())
    line = RoundExtension(
        round_id=found.id,
        old_closes_at=found.closes_at,
        new_closes_at=closes_at,
        reason=why,
        by=actor.id,
        at=clock.now(),
    )
    with settled(session, making.CHANGED):
        session.add(line)
        found.closes_at = closes_at
    audit.record(session, actor, "round:extend", found, old=line.old_closes_at, new=closes_at)
    threads.touch(session, found.id)
    notices.tell(
        session,
        NoticeKind.ROUND_EXTENDED,
        about=line.id,
        to=people.audience_of(found, taken=True),
        but=actor.id,
        path=making.round_path(found),
        title=held.title,
        round=found.title,
        closes_at=closes_at.isoformat(),
        reason=why,
    )
    return line


def hold(session: Session, actor: Actor, round_id: UUID, *, reason: str) -> Round:
    """보류: nobody takes part although the clock has the round open, and the reason stands on its page."""
    found, _held = _running(session, actor, round_id)
    if found.held_at is not None:
        raise ConflictError(msg("이미 보류되어 있습니다."))
    why, moment = words.reason(reason), clock.now()
    with settled(session, making.CHANGED):
        found.held_at, found.held_reason = moment, why
        session.add(RoundHold(round_id=found.id, held_at=moment, held_by=actor.id, reason=why))
    audit.record(session, actor, "round:hold", found)
    threads.touch(session, found.id)
    return found


def resume(session: Session, actor: Actor, round_id: UUID, *, reason: str) -> Round:
    """End the hold; whether the round is open then is the clock's business again."""
    found, _held = _running(session, actor, round_id)
    if found.held_at is None:
        raise ConflictError(msg("보류되어 있지 않습니다."))
    why = words.reason(reason)
    line = session.scalars(select(RoundHold).where(RoundHold.round_id == found.id, RoundHold.lifted_at.is_(None))).one()
    with settled(session, making.CHANGED):
        line.lifted_at, line.lifted_by, line.lifted_reason = clock.now(), actor.id, why
        found.held_at, found.held_reason = None, ""
    audit.record(session, actor, "round:resume", found)
    threads.touch(session, found.id)
    return found


@dataclass(frozen=True, slots=True)
class History:
    """What was changed about a round's time: public."""

    extensions: list[RoundExtension]
    holds: list[RoundHold]


def history(session: Session, round_id: UUID) -> History:
    """Extensions and holds of a round, the oldest first."""
    return History(
        list(
            session.scalars(
                select(RoundExtension).where(RoundExtension.round_id == round_id).order_by(RoundExtension.id)
            )
        ),
        list(session.scalars(select(RoundHold).where(RoundHold.round_id == round_id).order_by(RoundHold.id))),
    )
