"""Numbered versions of a proposal's text, from the first 공감 on, and what changed between two of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain import diffs
from civicvote.domain.errors import NotFoundError
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor
from civicvote.models.accounts import User, public_name
from civicvote.models.base import new_id
from civicvote.models.proposals import Proposal, ProposalRevision
from civicvote.services import clock
from civicvote.services.proposals.moves import readable
from civicvote.services.upsert import insert_new

#: Versions a proposal may have: its window lasts days, and readers must be able to follow.
LIMIT = 100
#: What a revision keeps of a proposal.
KEPT = ("title", "problem", "idea", "category", "district", "place")
#: Names of those fields on the pages of differences.
FIELDS: dict[str, Message] = {
    "title": msg("제목"),
    "problem": msg("무엇이 문제입니까"),
    "idea": msg("서울시가 무엇을 하면 좋겠습니까"),
    "category": msg("분류"),
    "district": msg("자치구"),
    "place": msg("위치"),
}


def keep_first(session: Session, proposal: Proposal) -> None:
    """Number 0: what the first people who gave 공감 read. What is there already stays."""
    _write(session, proposal, {name: getattr(proposal, name) for name in KEPT}, 0, by=proposal.author_id)


def begun(session: Session, proposal: Proposal) -> bool:
    """Whether changes are numbered: somebody has given 공감, even if they took it back."""
    if proposal.endorsement_count or proposal.revision:
        return True
    first = select(ProposalRevision.id).where(ProposalRevision.proposal_id == proposal.id)
    return session.scalar(first.limit(1)) is not None


def keep(
    session: Session, actor: Actor, proposal: Proposal, before: dict[str, str | None], *, note: str
) -> ProposalRevision:
    """The proposal's present text under the next number; `before` becomes number 0 if nothing was kept yet."""
    _write(session, proposal, before, 0, by=proposal.author_id)
    proposal.revision += 1
    made = ProposalRevision(
        proposal_id=proposal.id,
        number=proposal.revision,
        note=note,
        author_id=actor.id,
        at=clock.now(),
        **{name: getattr(proposal, name) for name in KEPT},
    )
    session.add(made)
    return made


def _write(session: Session, proposal: Proposal, text: dict[str, str | None], number: int, *, by: UUID | None) -> None:
    row = {"id": new_id(), "proposal_id": proposal.id, "number": number, "note": "", "author_id": by, "at": clock.now()}
    insert_new(session, ProposalRevision, [row | text])


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """A line of the list. `author` is None for somebody who left."""

    number: int
    note: str
    author: str | None
    at: datetime


def listing(session: Session, actor: Actor, proposal_id: UUID) -> tuple[Proposal, list[RevisionRow]]:
    """All versions, the newest first (`LIMIT` at the most)."""
    proposal = readable(session, actor, proposal_id)
    rows = session.execute(
        select(
            ProposalRevision.number,
            ProposalRevision.note,
            public_name(),
            ProposalRevision.at,
        )
        .outerjoin(User, User.id == ProposalRevision.author_id)
        .where(ProposalRevision.proposal_id == proposal_id)
        .order_by(ProposalRevision.number.desc())
        .limit(LIMIT)
    )
    return proposal, [RevisionRow(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that changed, as pieces."""

    label: Message
    name: str
    pieces: Sequence[diffs.Piece]


@dataclass(frozen=True, slots=True)
class Compared:
    """Two versions of a proposal beside each other."""

    proposal: Proposal
    old: RevisionRow
    new: RevisionRow
    fields: Sequence[Difference]


def compare(session: Session, actor: Actor, proposal_id: UUID, number: int, *, since: int | None = None) -> Compared:
    """What version `number` changed against the one before it, or against `since`; NotFoundError if there are no such two."""
    proposal = readable(session, actor, proposal_id)
    earlier = number - 1 if since is None else since
    rows = session.execute(
        select(ProposalRevision, public_name())
        .outerjoin(User, User.id == ProposalRevision.author_id)
        .where(ProposalRevision.proposal_id == proposal_id, ProposalRevision.number.in_({earlier, number}))
    )
    found = {revision.number: (revision, name) for revision, name in rows}
    if earlier >= number or len(found) != 2:
        raise NotFoundError
    old, new = found[earlier][0], found[number][0]
    changed = [
        Difference(label, name, diffs.changes(getattr(old, name) or "", getattr(new, name) or ""))
        for name, label in FIELDS.items()
        if getattr(old, name) != getattr(new, name)
    ]
    lines = [RevisionRow(one.number, one.note, name, one.at) for one, name in (found[earlier], found[number])]
    return Compared(proposal, lines[0], lines[1], changed)
