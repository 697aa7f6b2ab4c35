"""`move`: the one place where a state changes, with its record."""

from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from civicvote.domain.permissions import Actor
from civicvote.domain.workflow import Move, Workflow
from civicvote.services import audit


class Stateful(Protocol):
    """A thing with a state of some workflow."""

    id: UUID
    state: Any


def move(session: Session, actor: Actor, workflow: Workflow, subject: Stateful, name: str, *, reason: str = "") -> Move:
    """Make the move called `name`, or raise Forbidden, Conflict or Invalid. Recorded; the caller tells those concerned.

    Two people at once: the row's version column lets one win; the other gets a Conflict at flush.
    """
    row = workflow.check(actor, subject.state, name, reason)
    source = subject.state
    subject.state = row.target
    audit.record(session, actor, f"{workflow.name}:{name}", subject, source=source.value, target=row.target.value)
    session.flush()
    return row
