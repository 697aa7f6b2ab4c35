"""How many people each clerk checked in, and by what: who checks in unusually many alone stands out to auditors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from civicvote.domain.permissions import Actor, Permission
from civicvote.models.accounts import User
from civicvote.models.audit import AuditEvent
from civicvote.models.channels import Channel, CheckIn
from civicvote.models.cycles import Cycle
from civicvote.services import board


@dataclass(frozen=True, slots=True)
class ClerkRow:
    """Check-ins of one clerk, those taken back included. `account` + `register` + `documents` = `paper` + `station` = `all`.

    `alone`: found by account or register, so that no second clerk looked; with the paper handed out or a code made by the same clerk.
    """

    id: UUID
    name: str
    account: int
    register: int
    documents: int
    paper: int
    station: int
    alone: int
    taken_back: int
    all: int


@dataclass(frozen=True, slots=True)
class Clerks:
    """A vote's clerks, whoever checked in most first."""

    cycle: Cycle
    rows: Sequence[ClerkRow]


def by_clerk(session: Session, actor: Actor, slug: str) -> Clerks:
    """For auditors, in two statements. What somebody was found by is in the log, all else in the check-ins."""
    actor.require(Permission.AUDIT_READ)
    cycle, vote, _held = board.find(session, slug)

    def count(*which: Any) -> Any:
        return func.count().filter(*which)

    found_by = AuditEvent.detail["shown"].as_string()
    coded = (
        select(AuditEvent.id)
        .where(
            AuditEvent.subject_id == CheckIn.id,
            AuditEvent.action == "check-in:code",
            AuditEvent.actor_id == CheckIn.checked_in_by,
        )
        .correlate(CheckIn)
        .exists()
    )
    rows = session.execute(
        select(
            User.id,
            User.name,
            count(found_by == "account"),
            count(found_by == "register"),
            count(CheckIn.basis.is_not(None)),
            count(CheckIn.channel == Channel.PAPER),
            count(CheckIn.channel == Channel.STATION),
            count(CheckIn.basis.is_(None), (CheckIn.paper_given_by == CheckIn.checked_in_by) | coded),
            count(CheckIn.taken_back_at.is_not(None)),
            func.count(),
        )
        .select_from(CheckIn)
        .join(User, User.id == CheckIn.checked_in_by)
        .outerjoin(AuditEvent, and_(AuditEvent.subject_id == CheckIn.id, AuditEvent.action == "check-in:make"))
        .where(CheckIn.vote_id == vote.id)
        .group_by(User.id, User.name)
        .order_by(func.count().desc(), User.id)
    )
    return Clerks(cycle, [ClerkRow(*row) for row in rows])
