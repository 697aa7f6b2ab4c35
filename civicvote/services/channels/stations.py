"""Polling stations: a tablet that can do nothing but take ballots, and one checked-in person at a time in front of it."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission, Role
from civicvote.domain.text import clean_line, refuse_resident_number
from civicvote.keystore import KeyStore
from civicvote.models.channels import Channel, CheckIn, Station, StationCode, StationSeat
from civicvote.models.cycles import Cycle
from civicvote.models.votes import Vote
from civicvote.services import audit, board, clock, sessions
from civicvote.services.attempts import Guard
from civicvote.services.channels import steps
from civicvote.services.channels.common import check_unsealed, hold_slot
from civicvote.services.channels.desk import find_vote, refuse_outside, refuse_own, refuse_unseen, voted
from civicvote.services.conflicts import settled
from civicvote.services.locks import exclusive
from civicvote.services.upsert import insert_new
from civicvote.services.voting import checked_in

#: Without a request for so long, whoever sat here is signed out.
IDLE: Final = timedelta(seconds=60)
CODE_FOR: Final = timedelta(minutes=10)
#: A station left on ends by itself: an hour after the vote closes, and after a long day.
AFTER_CLOSE: Final = timedelta(hours=1)
LONGEST: Final = timedelta(hours=16)
#: Wrong codes in a row at one station; nobody can try anywhere else.
CODES: Final = Guard("station-code", 20, timedelta(minutes=15))
#: Eight of 31 signs that nobody takes for another: 39 bits for ten minutes and twenty tries.
_SIGNS: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_LENGTH: Final = 8
_WRONG: Final = msg("맞지 않거나 시간이 지난 코드입니다. 다시 입력하거나 접수대에서 새 코드를 받아 주십시오.")
_OCCUPIED: Final = msg("앞사람이 투표하고 있습니다. 끝난 뒤에 입력해 주십시오.")


@dataclass(frozen=True, slots=True)
class StationFound:
    """A station that is on. `seated`: somebody sits there whose time hasn't run out; `actor` is what they may do.

    `known`: the cookie is the newest; without that nobody is seated. `stopped`: a copy of the cookie was noticed.
    """

    id: UUID
    name: str
    vote_id: UUID
    slug: str
    title: str
    seated: bool
    known: bool
    stopped: bool
    actor: Actor


def open_station(session: Session, actor: Actor, slug: str, *, name: str) -> str:
    """Turn the actor's own browser into a station: their session ends. Returns the station's cookie, which isn't kept."""
    actor.require(Permission.VOTE_DESK)
    if actor.id is None:
        raise ForbiddenError
    _cycle, vote, _held = board.find(session, slug)
    check_unsealed(session, vote)
    called = clean_line(name, minimum=2, maximum=60, field="name")
    refuse_resident_number(called, field="name")
    moment, (cookie, token_hash, step_hash) = clock.now(), steps.new_cookie()
    made = Station(
        vote_id=vote.id,
        name=called,
        token_hash=token_hash,
        step_hash=step_hash,
        opened_by=actor.id,
        opened_at=moment,
        expires_at=min(vote.closes_at + AFTER_CLOSE, moment + LONGEST),
    )
    session.add(made)
    audit.record(session, actor, "station:open", made)
    if actor.session_id is not None:
        sessions.revoke(session, actor, actor.session_id)
    session.flush()
    return cookie


def close_station(session: Session, actor: Actor, slug: str, station_id: UUID) -> None:
    """End a station from any desk; whoever sits there is signed out."""
    actor.require(Permission.VOTE_DESK)
    _cycle, vote, _held = board.find(session, slug)
    found = session.get(Station, station_id)
    if found is None or found.vote_id != vote.id:
        raise NotFoundError
    if found.closed_at is None:
        found.closed_at = clock.now()
        session.execute(delete(StationSeat).where(StationSeat.station_id == found.id))
        audit.record(session, actor, "station:close", found)
    session.flush()


def find(session: Session, cookie: str) -> StationFound | None:
    """The station of a cookie, in one statement; None if there is none any more."""
    moment, (token, step) = clock.now(), steps.parts(cookie)
    row = session.execute(
        select(Station, Cycle.slug, Cycle.title, CheckIn.person_id, CheckIn.level)
        .join(Vote, Vote.id == Station.vote_id)
        .join(Cycle, Cycle.id == Vote.cycle_id)
        .outerjoin(StationSeat, (StationSeat.station_id == Station.id) & (StationSeat.seen_at > moment - IDLE))
        .outerjoin(CheckIn, CheckIn.id == StationSeat.check_in_id)
        .where(
            Station.token_hash == sessions.token_hash(token),
            or_(Station.closed_at.is_(None), Station.copied_at.is_not(None)),
            Station.expires_at > moment,
        ),
        execution_options={"populate_existing": True},
    ).first()
    if row is None:
        return None
    station: Station = row[0]
    stopped = station.copied_at is not None
    known = not stopped and steps.good(station, step, moment)
    seated = known and row.person_id is not None
    actor = Actor(
        roles=frozenset({Role.VERIFIED} if seated else ()),
        level=(row.level or 0) if seated else 0,
        person_id=row.person_id if seated else None,
        station_id=station.id,
        vote_id=station.vote_id,
    )
    return StationFound(station.id, station.name, station.vote_id, row.slug, row.title, seated, known, stopped, actor)


def touch(session: Session, station_id: UUID) -> None:
    """Whoever sits there is still there; a seat whose time has run out stays so."""
    moment = clock.now()
    session.execute(
        update(StationSeat)
        .where(StationSeat.station_id == station_id, StationSeat.seen_at > moment - IDLE)
        .values(seen_at=moment),
        execution_options={"synchronize_session": False},
    )


def normalise_code(text: str) -> str:
    """A code as typed, spoken or scanned: the part after `#` of a scanned address, without blanks and hyphens."""
    return "".join(char for char in text.rsplit("#", 1)[-1].upper() if char.isalnum())[:64]


def shown_code(code: str) -> str:
    """ABCD-EFGH."""
    return f"{code[:4]}-{code[4:]}"


def _hash(code: str, key: bytes) -> str:
    return hmac.digest(key, b"station-code|" + code.encode(), hashlib.sha256).hex()


def issue_code(
    session: Session, actor: Actor, slug: str, check_in_id: UUID, *, arrived: datetime, keys: KeyStore
) -> str:
    """A new code for a station voter, which replaces an older one. It is shown once and kept as a keyed hash.

    ConflictError for somebody who has voted: a code is the voter's, but a clerk sees it.
    """
    actor.require(Permission.VOTE_DESK)
    cycle, vote, held = board.find(session, slug)
    _vote, made = find_vote(session, slug, check_in_id)
    refuse_own(actor, made)
    refuse_outside(cycle, vote, held=held, arrived=arrived)
    hold_slot(session, vote, made.person_id, keys)
    session.refresh(made)
    if made.channel is not Channel.STATION or made.taken_back_at is not None:
        raise ConflictError(
            msg("현장 전자투표로 접수된 분이 아니거나 접수가 취소되었습니다. 접수 내용을 다시 확인해 주십시오.")
        )
    refuse_unseen(made)
    if voted(session, vote, made.person_id):
        raise ConflictError(checked_in.VOTED.message)
    code = "".join(secrets.choice(_SIGNS) for _ in range(_LENGTH))
    session.execute(delete(StationCode).where(StationCode.check_in_id == made.id))
    session.add(
        StationCode(
            check_in_id=made.id,
            code_hash=_hash(code, keys.derived("station-code")),
            expires_at=clock.now() + CODE_FOR,
        )
    )
    audit.record(session, actor, "check-in:code", made, number=made.number)
    session.flush()
    return code


def redeem(session: Session, station: StationFound, code: str, *, keys: KeyStore) -> None:
    """Seat the person of a code at the station; the code is used up. The caller has counted the try (`CODES`).

    InvalidError beside `code` for a wrong, used or old code, or one of another vote; ConflictError while somebody
    sits there. Nobody's name is recorded: who sat where when would lead from a person to a ballot.
    """
    exclusive(session, f"station|{station.id}")
    moment = clock.now()
    seen_at = session.scalar(select(StationSeat.seen_at).where(StationSeat.station_id == station.id))
    if seen_at is not None and seen_at > moment - IDLE:
        raise ConflictError(_OCCUPIED)
    check_in_id = session.scalar(
        delete(StationCode)
        .where(
            StationCode.code_hash == _hash(normalise_code(code), keys.derived("station-code")),
            StationCode.expires_at > moment,
            StationCode.check_in_id.in_(
                select(CheckIn.id).where(CheckIn.vote_id == station.vote_id, CheckIn.taken_back_at.is_(None))
            ),
        )
        .returning(StationCode.check_in_id),
        execution_options={"synchronize_session": False},
    )
    if check_in_id is None:
        raise InvalidError(_WRONG, field="code")
    session.execute(
        delete(StationSeat).where((StationSeat.station_id == station.id) | (StationSeat.check_in_id == check_in_id)),
        execution_options={"synchronize_session": False},
    )
    with settled(session, _OCCUPIED):
        seat_row = {"station_id": station.id, "check_in_id": check_in_id, "seen_at": moment}
        if not insert_new(session, StationSeat, [seat_row]):
            raise ConflictError(_OCCUPIED)


def leave(session: Session, station: StationFound) -> None:
    """Whoever sits there is done."""
    session.execute(delete(StationSeat).where(StationSeat.station_id == station.id))
