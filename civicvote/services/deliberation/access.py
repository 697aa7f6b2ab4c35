"""Who may see a forum or round, and who may take part in a round now."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import Audience, ForumKind, RoundKind
from civicvote.domain.errors import ConflictError, ForbiddenError, NotFoundError
from civicvote.domain.lifecycles import PUBLIC_FORUM_STATES, ForumState
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission, Role
from civicvote.models.ballot_rounds import RoundBallot
from civicvote.models.deliberation import Forum, ForumModerator, GroupMember, Round, RoundParticipant
from civicvote.services import clock
from civicvote.services.upsert import insert_new


def towards(actor: Actor, forum: Forum) -> Actor:
    """The actor with the roles this forum gives: its department's."""
    own = Role.DEPARTMENT in actor.roles and actor.department_id is not None
    return actor.also(Role.OWNER) if own and actor.department_id == forum.department_id else actor


def moderates(session: Session, actor: Actor, forum_id: UUID) -> bool:
    """Whether the actor runs this forum: staff, or a moderator named for it."""
    if actor.id is None or not actor.can(Permission.FORUM_MODERATE):
        return False
    return actor.can(Permission.FORUM_APPROVE) or session.get(ForumModerator, (forum_id, actor.id)) is not None


def require_moderator(session: Session, actor: Actor, forum_id: UUID) -> None:
    """Raise ForbiddenError unless the actor runs this forum."""
    if not moderates(session, actor, forum_id):
        raise ForbiddenError


def forum(session: Session, actor: Actor, forum_id: UUID, *, lock: bool = False) -> Forum:
    """The forum if this actor may see it: what isn't public yet is its makers' alone, else NotFoundError."""
    found = session.get(Forum, forum_id, with_for_update=True if lock else None, populate_existing=lock)
    if found is None:
        raise NotFoundError
    # A draft that was cancelled was never public.
    public = found.state in PUBLIC_FORUM_STATES and found.opened_at is not None
    own = actor.can(Permission.FORUM_APPROVE) or (actor.id is not None and actor.id == found.created_by)
    if not (public or own or moderates(session, actor, forum_id) or towards(actor, found).can(Permission.FORUM_ANSWER)):
        raise NotFoundError
    return found


def in_group(session: Session, actor: Actor, group_id: UUID | None) -> bool:
    """Whether the actor is one of a group's people."""
    return actor.id is not None and group_id is not None and session.get(GroupMember, (group_id, actor.id)) is not None


def round_of(session: Session, actor: Actor, round_id: UUID, *, lock: bool = False) -> tuple[Round, Forum]:
    """A round with its forum, if this actor may read it; a group's round is NotFound for others."""
    found = session.get(Round, round_id, with_for_update=True if lock else None, populate_existing=lock)
    if found is None:
        raise NotFoundError
    held = forum(session, actor, found.forum_id)
    if (
        found.audience is Audience.GROUP
        and not in_group(session, actor, found.group_id)
        and not moderates(session, actor, held.id)
        and not actor.can(Permission.AUDIT_READ)
    ):
        raise NotFoundError
    return found, held


@dataclass(frozen=True, slots=True)
class Window:
    """Where a round stands by the clock."""

    before: bool
    open: bool
    over: bool
    held: bool


def window(found: Round, held: Forum, at: datetime | None = None) -> Window:
    """Whether the round is open at a moment (now): by the clock, while its forum is open and nobody holds it.

    What follows the ballot of a 테마토론 waits for the theme's confirmation, however late that is.
    """
    moment = at or clock.now()
    before, over = moment < found.opens_at, moment >= found.closes_at
    stopped = found.held_at is not None
    going = held.state is ForumState.OPEN
    shut = before or over or stopped or _waits_for_theme(found, held)
    return Window(before, going and not shut, over or (held.opened_at is not None and not going), stopped)


def _waits_for_theme(found: Round, held: Forum) -> bool:
    """Whether nobody knows yet what to talk about."""
    later = found.kind not in {RoundKind.NOMINATIONS, RoundKind.BALLOT}
    return held.kind is ForumKind.THEME and later and held.theme_confirmed_at is None


def going(moment: datetime) -> ColumnElement[bool]:
    """`window(…).open` as a condition on rounds joined to their forums; a ballot goes once it is announced."""
    announced = exists().where(RoundBallot.round_id == Round.id, RoundBallot.announced_at.is_not(None))
    early = Round.kind.in_((RoundKind.NOMINATIONS, RoundKind.BALLOT))
    return and_(
        Forum.state == ForumState.OPEN,
        Round.opens_at <= moment,
        Round.closes_at > moment,
        Round.held_at.is_(None),
        or_(Forum.kind != ForumKind.THEME, early, Forum.theme_confirmed_at.is_not(None)),
        or_(Round.kind != RoundKind.BALLOT, announced),
    )


_LACKS = {
    Audience.VERIFIED: msg("본인확인을 마친 시민이 참여합니다. ‘본인확인’에서 확인을 마친 뒤 다시 해 주십시오."),
    Audience.RESIDENTS: msg("서울시민으로 확인된 사람이 참여합니다. ‘본인확인’에서 확인을 마친 뒤 다시 해 주십시오."),
}
_LEVEL = {Audience.VERIFIED: 1, Audience.RESIDENTS: 2}


def require_open(session: Session, actor: Actor, found: Round, held: Forum, *, runs: bool = False) -> None:
    """Raise with words unless the actor may take part in the round at this moment; whoever `runs` it needs no level."""
    actor.require(Permission.POST_WRITE)
    state = window(found, held)
    if state.held:
        raise ConflictError(msg("이 토론은 지금 멈추어 있습니다. 이유: %(reason)s", reason=found.held_reason))
    if state.over:
        raise ConflictError(msg("이 토론은 끝났습니다. 더는 의견을 낼 수 없습니다."))
    if not state.open:
        raise ConflictError(msg("이 토론은 아직 시작되지 않았습니다."))
    if runs:
        return
    if actor.level < _LEVEL.get(found.audience, 0):
        raise ConflictError(_LACKS[found.audience])
    if found.audience is Audience.GROUP and not in_group(session, actor, found.group_id):
        raise NotFoundError


def took_part(session: Session, actor: Actor, round_id: UUID) -> None:
    """Keep that the actor took part, once."""
    row = {"round_id": round_id, "user_id": actor.account(), "at": clock.now()}
    if insert_new(session, RoundParticipant, [row]):
        session.execute(
            update(Round)
            .where(Round.id == round_id)
            .values(participant_count=Round.participant_count + 1)
            .execution_options(synchronize_session=False)
        )


def rounds(session: Session, forum_id: UUID) -> list[Round]:
    """A forum's rounds in their order."""
    return list(session.scalars(select(Round).where(Round.forum_id == forum_id).order_by(Round.position, Round.id)))
