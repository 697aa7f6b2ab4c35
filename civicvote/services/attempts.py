"""Tries at something guarded: counted in the database, so that every process sees the same number.

A try is written in a transaction of its own before the work begins: a refusal rolls the request back, not the count.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import TooManyError
from civicvote.domain.messages import msg
from civicvote.models.accounts import Attempt
from civicvote.services import clock
from civicvote.services.locks import exclusive


@dataclass(frozen=True, slots=True)
class Guard:
    """At most `limit` tries of a kind within `window`, per account and per network address."""

    kind: str
    limit: int
    window: timedelta


SIGN_IN = Guard("sign-in", 10, timedelta(minutes=15))
SECOND_FACTOR = Guard("factor", 10, timedelta(minutes=15))
#: Mails to one address, asked for by anybody: few, lest the site be used to flood a mailbox.
MAIL = Guard("mail", 5, timedelta(hours=1))
#: Forms that send mails, per network address.
MAIL_SENDER = Guard("mail-sender", 20, timedelta(hours=1))
KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Try:
    """One thing that is counted: the guard and whose try it is, as a keyed hash."""

    guard: Guard
    key_hash: str


def network(address: str | None) -> str:
    """What is counted of a client's address: IPv4 whole, IPv6 by its /64, which one household holds."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:  # what a server that listens on both kinds sees of IPv4
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def tried(key: bytes, guard: Guard, what: str, who: str) -> Try:
    """A try by `who`, which is a `what` ("account", "address"); only an HMAC of it is stored."""
    text = f"{guard.kind}|{what}|{who}"
    return Try(guard, hmac.digest(key, text.encode(), hashlib.sha256).hex())


def spend(session: Session, tries: Iterable[Try]) -> None:
    """Count the tries, all or none; TooManyError with the seconds until the next is taken.

    Run it in a transaction that commits before the guarded work begins.
    """
    wanted = sorted(tries, key=lambda one: one.key_hash)
    moment = clock.now()
    for one in wanted:
        exclusive(session, f"attempt|{one.key_hash}")
        since = moment - one.guard.window
        count, oldest = session.execute(
            select(func.count(), func.min(Attempt.at)).where(
                Attempt.kind == one.guard.kind, Attempt.key_hash == one.key_hash, Attempt.at > since
            )
        ).one()
        if count >= one.guard.limit:
            _refuse(ceil((oldest + one.guard.window - moment).total_seconds()))
    session.add_all(Attempt(kind=one.guard.kind, key_hash=one.key_hash, at=moment) for one in wanted)
    session.flush()


def _refuse(seconds: int) -> None:
    minutes = max(1, ceil(seconds / 60))
    raise TooManyError(
        msg("시도가 너무 많아 잠시 멈추었습니다. %(minutes)s분 뒤에 다시 시도해 주십시오.", minutes=minutes),
        retry_after=max(1, seconds),
    )


def forgive(session: Session, *, whole: Try, one_of: Try) -> None:
    """After a success: the account's tries are forgotten, of the network address only this one.

    Otherwise whoever owns one account could clear the count of their address at will.
    """
    session.execute(delete(Attempt).where(Attempt.kind == whole.guard.kind, Attempt.key_hash == whole.key_hash))
    latest = (
        select(Attempt.id)
        .where(Attempt.kind == one_of.guard.kind, Attempt.key_hash == one_of.key_hash)
        .order_by(Attempt.at.desc(), Attempt.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    session.execute(delete(Attempt).where(Attempt.id == latest))


def purge(session: Session) -> int:
    """Drop what no guard looks at any more. Returns how many."""
    result = session.execute(delete(Attempt).where(Attempt.at < clock.now() - KEPT))
    return int(getattr(result, "rowcount", 0))
