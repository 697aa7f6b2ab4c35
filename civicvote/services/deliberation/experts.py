"""Who runs a forum's rounds, and who answers questions in it: named by staff among the accounts that hold the role."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import literal, select, union_all
from sqlalchemy.orm import Session

from civicvote.domain.errors import InvalidError, NotFoundError
from civicvote.domain.messages import msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor, Permission, Role
from civicvote.models.accounts import User, UserRole
from civicvote.models.deliberation import Forum, ForumExpert, ForumModerator
from civicvote.services import audit, clock, notices
from civicvote.services.deliberation import access, making, words
from civicvote.services.upsert import insert_new

FIELD_MAX = 60


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody named for a forum; `field` is an expert's."""

    user_id: UUID
    name: str
    field: str


@dataclass(frozen=True, slots=True)
class Team:
    """Who stands behind a forum."""

    moderators: list[Named]
    experts: list[Named]


def team(session: Session, forum_id: UUID) -> Team:
    """Moderators and experts of a forum, in one statement."""
    moderators = (
        select(literal("moderator").label("part"), User.id.label("id"), User.name.label("name"), literal("").label("f"))
        .join(ForumModerator, ForumModerator.user_id == User.id)
        .where(ForumModerator.forum_id == forum_id)
    )
    experts = (
        select(literal("expert"), User.id, User.name, ForumExpert.field)
        .join(ForumExpert, ForumExpert.user_id == User.id)
        .where(ForumExpert.forum_id == forum_id)
    )
    found = union_all(moderators, experts).subquery()
    rows = session.execute(select(found).order_by(found.c.part, found.c.name, found.c.id)).all()
    named = [(part, Named(key, name, field)) for part, key, name, field in rows]
    return Team([one for part, one in named if part == "moderator"], [one for part, one in named if part == "expert"])


def candidates(session: Session, role: Role, but: list[Named]) -> list[tuple[UUID, str]]:
    """Accounts that hold the role and aren't named yet."""
    query = (
        select(User.id, User.name)
        .join(UserRole, UserRole.user_id == User.id)
        .where(UserRole.role == role, User.erased_at.is_(None))
        .order_by(User.name, User.id)
        .limit(500)
    )
    taken = {one.user_id for one in but}
    return [(key, name) for key, name in session.execute(query) if key not in taken]


def _held(session: Session, actor: Actor, forum_id: UUID) -> Forum:
    actor.require(Permission.FORUM_APPROVE)
    return access.forum(session, actor, forum_id)


def _require_role(session: Session, user_id: UUID, role: Role) -> None:
    held = select(UserRole.user_id).where(UserRole.user_id == user_id, UserRole.role == role)
    if session.scalar(held) is None:
        raise InvalidError(msg("그 역할을 가진 계정 가운데에서 골라 주십시오."), field="user")


def _welcome(session: Session, actor: Actor, held: Forum, user_id: UUID, part: str) -> None:
    notices.tell(
        session,
        NoticeKind.WORK_WAITS,
        about=f"{held.id}|{part}",
        to=[user_id],
        but=actor.id,
        path=making.path(held),
        title=held.title,
        move=part,
    )


def name_moderator(session: Session, actor: Actor, forum_id: UUID, user_id: UUID) -> None:
    """Let somebody with the role run this forum's rounds; they are told."""
    held = _held(session, actor, forum_id)
    _require_role(session, user_id, Role.MODERATOR)
    row = {"forum_id": forum_id, "user_id": user_id, "at": clock.now()}
    if insert_new(session, ForumModerator, [row]):
        audit.record(session, actor, "forum:name-moderator", held, user=user_id)
        _welcome(session, actor, held, user_id, "moderator")


def name_expert(session: Session, actor: Actor, forum_id: UUID, user_id: UUID, *, field: str) -> None:
    """Let somebody with the role answer questions in this forum, in their field."""
    held = _held(session, actor, forum_id)
    _require_role(session, user_id, Role.EXPERT)
    of = words.line(field, "field", minimum=2, maximum=FIELD_MAX)
    if insert_new(session, ForumExpert, [{"forum_id": forum_id, "user_id": user_id, "field": of}]):
        audit.record(session, actor, "forum:name-expert", held, user=user_id)
        _welcome(session, actor, held, user_id, "expert")


def release(session: Session, actor: Actor, forum_id: UUID, user_id: UUID) -> None:
    """Name somebody no longer, whichever part they had."""
    held = _held(session, actor, forum_id)
    found = [session.get(table, (forum_id, user_id)) for table in (ForumModerator, ForumExpert)]
    kept = [one for one in found if one is not None]
    if not kept:
        raise NotFoundError
    for one in kept:
        session.delete(one)
    session.flush()
    audit.record(session, actor, "forum:release", held, user=user_id)
