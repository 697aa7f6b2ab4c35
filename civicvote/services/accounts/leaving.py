"""Out of the house: everything one gave as a file, and erasure."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError
from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Role
from civicvote.models.accounts import (
    EmailToken,
    LoginSession,
    Passkey,
    PasskeyChallenge,
    RecoveryCode,
    Totp,
    User,
    UserRole,
)
from civicvote.models.base import new_id
from civicvote.models.channels import CheckIn
from civicvote.models.cycles import Cycle
from civicvote.models.notices import Notice, NoticeMail, NoticePreference
from civicvote.models.outbox import OutboxMessage
from civicvote.models.projects import Comment, Endorsement, Follow, Project
from civicvote.models.verification import Person, PersonalDataAccess, Verification
from civicvote.models.votes import Participation, Vote
from civicvote.services import audit, clock, outbox
from civicvote.services.deliberation import leaving as forums
from civicvote.services.discussion import leaving as talk
from civicvote.services.locks import exclusive
from civicvote.services.proposals import leaving as citizen_proposals
from civicvote.services.records import rows as _rows

#: What stands where an erased account's nickname stood; pages translate it like any message.
ERASED_NAME: Final = msg("탈퇴한 시민").text


def _account(session: Session, user_id: UUID) -> dict[str, Any]:
    columns = (
        User.id,
        User.email,
        User.email_confirmed_at,
        User.name,
        User.district,
        User.locale,
        User.level,
        User.level_expires_at,
        User.created_at,
    )
    return _rows(session, columns, User.id == user_id)[0]


def _identity(session: Session, actor: Actor) -> dict[str, Any]:
    verified = (
        Verification.method,
        Verification.level,
        Verification.basis,
        Verification.granted_at,
        Verification.expires_at,
    )
    person = (Person.birth_year, Person.sex, Person.district)
    looked = (PersonalDataAccess.at, PersonalDataAccess.what, PersonalDataAccess.purpose)
    return {
        "verifications": _rows(session, verified, Verification.user_id == actor.id),
        "person": _rows(session, person, Person.id == actor.person_id) if actor.person_id else [],
        "looked_at_by_officials": _rows(session, looked, PersonalDataAccess.user_id == actor.id),
    }


def _reactions(session: Session, table: type[Endorsement] | type[Follow], user_id: UUID | None) -> list[dict[str, Any]]:
    columns = (table.project_id, Project.title.label("project"), table.at)
    joined = [(Project, Project.id == table.project_id)]
    return _rows(session, columns, table.user_id == user_id, start=table, joins=joined)


def _contributions(session: Session, actor: Actor) -> dict[str, Any]:
    written = (
        "id number state title problem idea category district place requested_won created_at updated_at submitted_at"
    )
    said = "id project_id parent_id body created_at hidden_at hidden_reason"
    project = [getattr(Project, name) for name in written.split()]
    comment = [getattr(Comment, name) for name in said.split()]
    return {
        "proposals": _rows(session, project, Project.author_id == actor.id),
        "comments": _rows(session, comment, Comment.author_id == actor.id),
        **citizen_proposals.given(session, actor.account()),
        **forums.given(session, actor.account()),
        **talk.given(session, actor.account()),
        "endorsements": _reactions(session, Endorsement, actor.id),
        "follows": _reactions(session, Follow, actor.id),
    }


def _votes(session: Session, actor: Actor) -> list[dict[str, Any]]:
    if actor.person_id is None:
        return []
    return _rows(
        session,
        (Cycle.slug, Cycle.title),
        Participation.person_id == actor.person_id,
        start=Participation,
        joins=[(Vote, Vote.id == Participation.vote_id), (Cycle, Cycle.id == Vote.cycle_id)],
    )


def _check_ins(session: Session, actor: Actor) -> list[dict[str, Any]]:
    if actor.person_id is None:
        return []
    return _rows(
        session,
        (Cycle.slug, CheckIn.channel, CheckIn.checked_in_at, CheckIn.taken_back_at),
        CheckIn.person_id == actor.person_id,
        start=CheckIn,
        joins=[(Vote, Vote.id == CheckIn.vote_id), (Cycle, Cycle.id == Vote.cycle_id)],
    )


def _security(session: Session, user_id: UUID) -> dict[str, Any]:
    opened = (LoginSession.device, LoginSession.created_at, LoginSession.last_seen_at, LoginSession.revoked_at)
    return {
        "sessions": _rows(session, opened, LoginSession.user_id == user_id),
        "authenticator_app": _rows(session, (Totp.confirmed_at,), Totp.user_id == user_id),
        "passkeys": _rows(
            session, (Passkey.name, Passkey.created_at, Passkey.last_used_at), Passkey.user_id == user_id
        ),
        "roles": _rows(session, (UserRole.role,), UserRole.user_id == user_id),
    }


def _notices(session: Session, user_id: UUID) -> dict[str, Any]:
    told = (Notice.kind, Notice.payload, Notice.path, Notice.created_at, Notice.read_at, Notice.mailed_at)
    wished = (NoticePreference.kind, NoticePreference.mode, NoticePreference.at)
    whole = (NoticeMail.off_at, NoticeMail.digest_off_at)
    return {
        "received": _rows(session, told, Notice.recipient_id == user_id),
        "mail_by_kind": _rows(session, wished, NoticePreference.user_id == user_id),
        "mail": _rows(session, whole, NoticeMail.user_id == user_id),
    }


def download(session: Session, actor: Actor) -> dict[str, Any]:
    """Everything the person gave, ready for JSON. Of votes only that they took part: nothing else is known of them."""
    user_id = actor.account()
    found = {
        "made_at": clock.now().isoformat(),
        "account": _account(session, user_id),
        "identity": _identity(session, actor),
        **_contributions(session, actor),
        "votes_taken_part_in": _votes(session, actor),
        "check_ins_at_desks": _check_ins(session, actor),
        "security": _security(session, user_id),
        "notices": _notices(session, user_id),
    }
    audit.record(session, actor, "account:download", session.get_one(User, actor.id))
    return found


def _keep_one_admin(session: Session, user_id: UUID) -> None:
    exclusive(session, "admins")
    held = session.scalar(select(func.count()).where(UserRole.user_id == user_id, UserRole.role == Role.ADMIN))
    others = session.scalar(select(func.count()).where(UserRole.user_id != user_id, UserRole.role == Role.ADMIN))
    if held and not others:
        raise ConflictError(msg("하나뿐인 관리자 계정은 지울 수 없습니다. 다른 관리자를 먼저 정해 주십시오."))


def erase(session: Session, actor: Actor) -> None:
    """Take the person out of the account; the password was just shown.

    Contributions stay under `ERASED_NAME`. Address, nickname, password, factors, links, sessions and roles go; drafts,
    which nobody else ever saw, are emptied. The person is let go of: the same person with a new account still has the
    participation they had.
    """
    user_id = actor.account()
    _keep_one_admin(session, user_id)
    user = session.get_one(User, user_id, with_for_update=True)
    address, locale = user.email, user.locale
    for table in (
        UserRole,
        Totp,
        RecoveryCode,
        Passkey,
        PasskeyChallenge,
        EmailToken,
        LoginSession,
        Follow,
        NoticePreference,
        NoticeMail,
    ):
        session.execute(delete(table).where(table.user_id == user.id).execution_options(synchronize_session=False))
    session.execute(delete(Notice).where(Notice.recipient_id == user.id).execution_options(synchronize_session=False))
    _forget_texts(session, user.id)
    citizen_proposals.forget(session, user)
    forums.forget(session, user)
    _empty(user)
    audit.record(session, Actor(id=user.id), "account:erase", user)
    session.flush()
    outbox.put(session, "account-erased", about=str(new_id()), address=address, locale=locale)


def _empty(user: User) -> None:
    user.email = None
    user.email_confirmed_at = None
    user.password_hash = None
    user.name = ERASED_NAME
    user.district = None
    user.person_id = None
    user.level = 0
    user.level_expires_at = None
    user.department_id = None
    user.erased_at = clock.now()


def _forget_texts(session: Session, user_id: UUID) -> None:
    session.execute(
        update(Project)
        .where(Project.author_id == user_id, Project.state == ProjectState.DRAFT)
        .values(title="", problem="", idea="", place="", category="", district=None, requested_won=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.recipient_id == user_id)
        .values(payload={}, address=None, leased_until=None, done_at=func.coalesce(OutboxMessage.done_at, clock.now()))
        .execution_options(synchronize_session=False)
    )
