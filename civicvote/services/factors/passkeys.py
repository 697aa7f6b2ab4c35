"""Passkeys (WebAuthn level 2): registered, used as a second factor, or instead of address and password.

A ceremony begins with 32 random bytes that one answer may use once, for five minutes, for the purpose they were made for.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from civicvote.domain.errors import ConflictError, InvalidError, NotFoundError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor
from civicvote.domain.text import clean_line
from civicvote.models.accounts import Passkey, PasskeyChallenge, User
from civicvote.services import clock, sessions
from civicvote.services.factors import codes
from civicvote.services.factors.apps import Enrolled
from civicvote.services.factors.state import added, note, recount, state
from civicvote.services.upsert import changes_one

LIFETIME = timedelta(minutes=5)
MOST = 20
FAILED = msg("패스키를 확인하지 못했습니다. 다시 시도해 주십시오.")


@dataclass(frozen=True, slots=True)
class Party:
    """Us, as a browser sees us: `id` the host, `origin` scheme and host with port, `name` for people."""

    id: str
    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class Ceremony:
    """One begun: the challenge to remember, and the options for the browser as JSON."""

    id: UUID
    options: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A challenge that is being answered."""

    challenge: bytes
    user_id: UUID | None


def _challenge(session: Session, purpose: str, user_id: UUID | None) -> PasskeyChallenge:
    session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at < clock.now() - timedelta(hours=1)))
    made = PasskeyChallenge(
        challenge=secrets.token_bytes(32), purpose=purpose, user_id=user_id, expires_at=clock.now() + LIFETIME
    )
    session.add(made)
    session.flush()
    return made


def _descriptors(session: Session, user_id: UUID) -> list[PublicKeyCredentialDescriptor]:
    found = session.scalars(select(Passkey.credential_id).where(Passkey.user_id == user_id).order_by(Passkey.id))
    return [PublicKeyCredentialDescriptor(id=one) for one in found]


def begin_registration(session: Session, actor: Actor, *, party: Party) -> Ceremony:
    """Options to make a passkey with."""
    user_id = actor.account()
    known = _descriptors(session, user_id)
    if len(known) >= MOST:
        raise ConflictError(msg("패스키는 %(n)s개까지 등록할 수 있습니다. 쓰지 않는 것을 지워 주십시오.", n=MOST))
    user = session.get_one(User, user_id)
    made = _challenge(session, "register", user_id)
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=user_id.bytes,
        user_name=user.email or user.name,
        user_display_name=user.name,
        challenge=made.challenge,
        exclude_credentials=known,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    return Ceremony(made.id, options_to_json(options))


def begin_second(session: Session, user_id: UUID, *, party: Party) -> Ceremony:
    """Options to show a passkey with after the password."""
    made = _challenge(session, "second", user_id)
    options = generate_authentication_options(
        rp_id=party.id, challenge=made.challenge, allow_credentials=_descriptors(session, user_id)
    )
    return Ceremony(made.id, options_to_json(options))


def begin_sign_in(session: Session, *, party: Party) -> Ceremony:
    """Options to sign in with a passkey alone: the device itself must then check the person."""
    made = _challenge(session, "sign-in", None)
    options = generate_authentication_options(
        rp_id=party.id, challenge=made.challenge, user_verification=UserVerificationRequirement.REQUIRED
    )
    return Ceremony(made.id, options_to_json(options))


def take(session: Session, challenge_id: UUID | None, purpose: str, user_id: UUID | None) -> Taken:
    """Spend a challenge. In a transaction of its own: an answer that fails has used it up all the same."""
    found = session.get(PasskeyChallenge, challenge_id) if challenge_id else None
    if found is None or found.purpose != purpose or found.user_id != user_id or found.expires_at <= clock.now():
        raise InvalidError(FAILED)
    unused = PasskeyChallenge.id == found.id, PasskeyChallenge.used_at.is_(None)
    if not changes_one(session, update(PasskeyChallenge).where(*unused).values(used_at=clock.now())):
        raise InvalidError(FAILED)
    return Taken(found.challenge, found.user_id)


def register(
    session: Session,
    actor: Actor,
    taken: Taken,
    credential: str,
    *,
    name: str,
    party: Party,
    codes_key: bytes,
    limits: sessions.Limits,
) -> Enrolled:
    """Store the passkey a browser made; from now on a second factor is asked for at every sign-in."""
    user_id = actor.account()
    label = clean_line(name, minimum=1, maximum=60, field="name")
    try:
        made = verify_registration_response(
            credential=credential,
            expected_challenge=taken.challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise InvalidError(FAILED) from None
    first = not state(session, user_id).any
    session.add(
        Passkey(
            user_id=user_id,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            name=label,
            created_at=clock.now(),
        )
    )
    try:
        session.flush()
    except IntegrityError:
        raise ConflictError(msg("이미 등록된 패스키입니다.")) from None
    note(session, actor, "factor:passkey-added", user_id)
    new = codes.issue(session, user_id, codes_key) if first else []
    return Enrolled(added(session, actor, limits=limits), new)


def use(session: Session, taken: Taken, credential: str, *, party: Party) -> UUID:
    """The account whose passkey answered the challenge; InvalidError for anything else.

    Without an account in the challenge (a sign-in by passkey alone) the device must have checked the person.
    """
    try:
        parsed = parse_authentication_credential_json(credential)
        found = session.scalars(select(Passkey).where(Passkey.credential_id == parsed.raw_id)).first()
        if found is None or taken.user_id not in {None, found.user_id}:
            raise InvalidError(FAILED)
        shown = verify_authentication_response(
            credential=parsed,
            expected_challenge=taken.challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=found.public_key,
            credential_current_sign_count=found.sign_count,
            require_user_verification=taken.user_id is None,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise InvalidError(FAILED) from None
    found.sign_count = shown.new_sign_count
    found.last_used_at = clock.now()
    return found.user_id


def sign_in(session: Session, user_id: UUID, *, device: str, limits: sessions.Limits, old: Actor) -> str:
    """Open a session for whoever showed a passkey; it counts as the second factor too. Returns its token."""
    user = session.get(User, user_id)
    if user is None or user.erased_at is not None or user.email_confirmed_at is None:
        raise InvalidError(FAILED)
    if old.session_id is not None:
        sessions.revoke(session, old, old.session_id)
    return sessions.start(session, user, device=device, limits=limits, second_factor_at=clock.now())


def remove(session: Session, actor: Actor, passkey_id: UUID) -> str:
    """Forget one of the actor's passkeys. Returns this session's new token."""
    user_id = actor.account()
    found = session.get(Passkey, passkey_id)
    if found is None or found.user_id != user_id:
        raise NotFoundError
    session.delete(found)
    note(session, actor, "factor:passkey-removed", user_id)
    return recount(session, actor)
