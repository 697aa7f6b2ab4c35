"""What people want by mail: each kind at once, gathered or not at all; all of it off; and the links of letters that say so."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from civicvote.domain.errors import InvalidError, NotFoundError
from civicvote.domain.messages import Message, msg
from civicvote.domain.notices import SORTS, Group, MailMode, NoticeKind, choices
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.accounts import User
from civicvote.models.notices import Notice, NoticeMail, NoticePreference
from civicvote.services import audit, clock

#: What a link of a letter is for, when it isn't one kind.
ALL, DIGEST = "all", "digest"
_SIGNED = 20
_NEEDED: Final = [kind for kind, sort in SORTS.items() if sort.needed]
#: Whoever may do one of these is told of work that waits.
_WORKING: Final = (
    Permission.POST_MODERATE,
    Permission.PROPOSAL_ASSIGN,
    Permission.REVIEW_QUEUE,
    Permission.CYCLE_MANAGE,
)


@dataclass(frozen=True, slots=True)
class Wishes:
    """How somebody wants mail: a mode for each kind that concerns them, and what is off as a whole."""

    modes: dict[NoticeKind, MailMode]
    off: bool
    digest_off: bool


def wishes(session: Session, actor: Actor) -> Wishes:
    """The actor's own; two statements."""
    found = _wishes(session, actor.account())
    if not any(actor.can(permission) for permission in _WORKING):
        modes = {kind: mode for kind, mode in found.modes.items() if SORTS[kind].group is not Group.WORK}
        return Wishes(modes, found.off, found.digest_off)
    return found


def _wishes(session: Session, user_id: UUID) -> Wishes:
    rows = session.execute(
        select(NoticePreference.kind, NoticePreference.mode).where(NoticePreference.user_id == user_id)
    )
    chosen: dict[NoticeKind, MailMode] = {row.kind: row.mode for row in rows}
    whole = session.execute(
        select(NoticeMail.off_at, NoticeMail.digest_off_at).where(NoticeMail.user_id == user_id)
    ).first()
    modes = {kind: chosen.get(kind, sort.default) for kind, sort in SORTS.items()}
    return Wishes(modes, bool(whole and whole.off_at), bool(whole and whole.digest_off_at))


def choose(session: Session, actor: Actor, modes: Mapping[NoticeKind, MailMode]) -> None:
    """Set how kinds come by mail. InvalidError for switching off what tells of a decision about oneself."""
    user_id = actor.account()
    for kind, mode in modes.items():
        if mode not in choices(kind):
            raise InvalidError(msg("내 글에 대한 결정을 알리는 메일은 끌 수 없습니다."), field=kind.name.lower())
    before = _wishes(session, user_id)
    changed = {kind: mode for kind, mode in modes.items() if mode is not before.modes[kind]}
    _set(session, user_id, changed)
    if before.digest_off and MailMode.DIGEST in changed.values():
        _switch(session, user_id, digest_off_at=None)
    if changed:
        audit.record(session, actor, "notice:choose", None, kinds=sorted(changed))


def _set(session: Session, user_id: UUID, modes: Mapping[NoticeKind, MailMode]) -> None:
    if not modes:
        return
    moment = clock.now()
    rows = [{"user_id": user_id, "kind": kind, "mode": mode, "at": moment} for kind, mode in modes.items()]
    made: Any = _insert(session)(NoticePreference).values(rows)
    keys = ["user_id", "kind"]
    session.execute(made.on_conflict_do_update(index_elements=keys, set_={"mode": made.excluded.mode, "at": moment}))
    _hold_back(session, user_id, Notice.kind.in_([kind for kind, mode in modes.items() if mode is MailMode.OFF]))


def _insert(session: Session) -> Any:
    return sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert


def _switch(session: Session, user_id: UUID, **values: datetime | None) -> None:
    made: Any = _insert(session)(NoticeMail).values(user_id=user_id, **values)
    session.execute(made.on_conflict_do_update(index_elements=["user_id"], set_=values))


def _hold_back(session: Session, user_id: UUID, *which: Any) -> None:
    """What waits to be mailed isn't wanted any more."""
    session.execute(
        update(Notice)
        .where(Notice.recipient_id == user_id, Notice.mailed_at.is_(None), Notice.mail_at.is_not(None), *which)
        .values(mail=MailMode.OFF, mail_at=None)
        .execution_options(synchronize_session=False)
    )


def switch_all(session: Session, actor: Actor, *, on: bool) -> None:
    """All mail about notices off, or on again as it was chosen by kind; what is needed comes anyway."""
    _switch_scope(session, actor, ALL, on=on)


# --- links in letters ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Link:
    """What a letter's link is for: `kind` is None for all mail or all gathered letters. `off`: it is switched off already;
    `all_off`: all mail is.
    """

    user_id: UUID
    scope: str
    kind: NoticeKind | None
    off: bool
    all_off: bool

    @property
    def label(self) -> Message:
        """What it switches off."""
        if self.kind is not None:
            return SORTS[self.kind].label
        return msg("하루에 한 번 모아 보내는 메일") if self.scope == DIGEST else msg("모든 알림 메일")


def token(key: bytes, user_id: UUID, scope: str) -> str:
    """The link's secret part: account and scope, signed. Nothing is stored and nothing of the person stands in it."""
    signed = _sign(key, user_id, scope)
    return urlsafe_b64encode(user_id.bytes + signed + scope.encode()).decode().rstrip("=")


def _sign(key: bytes, user_id: UUID, scope: str) -> bytes:
    return hmac.digest(key, b"notices|" + user_id.bytes + scope.encode(), hashlib.sha256)[:_SIGNED]


def _opened(key: bytes, text: str) -> tuple[UUID, str]:
    """(account, scope) of a link that we made; NotFoundError for any other."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        user_id, signed, scope = UUID(bytes=raw[:16]), raw[16 : 16 + _SIGNED], raw[16 + _SIGNED :].decode()
    except (ValueError, NotBase64) as error:
        raise NotFoundError from error
    if not hmac.compare_digest(signed, _sign(key, user_id, scope)) or token(key, user_id, scope) != text:
        raise NotFoundError
    return user_id, scope


def link(session: Session, key: bytes, text: str) -> Link:
    """What a letter's link switches off, for whoever holds it; NotFoundError for a forged one, or when the account is gone."""
    user_id, scope = _opened(key, text)
    if session.scalar(select(User.id).where(User.id == user_id, User.erased_at.is_(None))) is None:
        raise NotFoundError
    found = _wishes(session, user_id)
    kind = NoticeKind(scope) if scope in set(NoticeKind) else None
    whole = found.digest_off if scope == DIGEST else found.off
    off = found.modes[kind] is MailMode.OFF if kind is not None else whole
    return Link(user_id, scope, kind, off, found.off)


def unsubscribe(session: Session, key: bytes, text: str, *, everything: bool = False, on: bool = False) -> None:
    """Switch off what the link is for, or `everything`; `on`: take that back. Saying it twice changes nothing."""
    found = link(session, key, text)
    if on != (found.all_off if everything else found.off):
        return
    actor = Actor(id=found.user_id)
    if found.kind is not None and not everything:
        _switch_kind(session, actor, found.kind, on=on)
    else:
        _switch_scope(session, actor, ALL if everything else found.scope, on=on)


def _switch_kind(session: Session, actor: Actor, kind: NoticeKind, *, on: bool) -> None:
    assert actor.id is not None
    if on:
        mine = (
            NoticePreference.user_id == actor.id,
            NoticePreference.kind == kind,
            NoticePreference.mode == MailMode.OFF,
        )
        session.execute(delete(NoticePreference).where(*mine).execution_options(synchronize_session=False))
    elif MailMode.OFF in choices(kind):
        _set(session, actor.id, {kind: MailMode.OFF})
    audit.record(session, actor, "notice:resume" if on else "notice:unsubscribe", None, scope=kind.value)


def _switch_scope(session: Session, actor: Actor, scope: str, *, on: bool) -> None:
    assert actor.id is not None
    moment = None if on else clock.now()
    if scope == DIGEST:
        _switch(session, actor.id, digest_off_at=moment)
    else:
        _switch(session, actor.id, off_at=moment)
    if not on:
        gathered = [Notice.mail == MailMode.DIGEST] if scope == DIGEST else []
        _hold_back(session, actor.id, Notice.kind.not_in(_NEEDED), *gathered)
    audit.record(session, actor, "notice:resume" if on else "notice:unsubscribe", None, scope=scope)
