"""More sheets in a box than were handed out: two people say so with a reason, and the public board does.

A sheet too many is counted like every other, for nobody can tell which one it is; but it is never silently so. Fewer sheets
than were handed out need no words: people may take a paper home.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.channels import CheckIn, PaperBatch, PaperDifference
from civicvote.services import audit, clock
from civicvote.services.channels import paper
from civicvote.services.channels.common import clean_reason
from civicvote.services.conflicts import settled
from civicvote.services.locks import exclusive

_NONE: Final = msg("교부한 투표용지보다 투표지가 많지 않아 적을 차이가 없습니다. 바로 확정할 수 있습니다.")
_GONE: Final = msg("교부 기록과 투표지의 차이가 없어졌습니다. 적어 둔 차이를 거둔 뒤 확정해 주십시오.")
_THERE: Final = msg("이 묶음에는 이미 차이를 적었습니다. 다른 담당자가 확인하거나, 거두고 다시 적어 주십시오.")
_NOT_THERE: Final = msg("확인을 기다리는 차이가 없습니다. 다른 담당자가 이미 처리했는지 확인해 주십시오.")
_BY_ANOTHER: Final = msg("적은 사람은 확인할 수 없습니다. 다른 담당자가 확인해야 합니다.")


@dataclass(frozen=True, slots=True)
class Excess:
    """Papers of a batch's kind. `given`: handed out; `papers`: sheets of this batch and of all confirmed ones.

    `told`: how many too many the board knows of already.
    """

    given: int
    papers: int
    told: int

    @property
    def difference(self) -> int:
        """How many sheets nobody handed out, as far as the records go; not above 0 where nothing is wrong."""
        return self.papers - self.given

    @property
    def new(self) -> bool:
        """Whether it is to be stated before the batch is confirmed."""
        return self.difference > max(self.told, 0)


def excess(session: Session, batch: PaperBatch) -> Excess:
    """Count, in one statement."""
    alike = (PaperBatch.vote_id == batch.vote_id, PaperBatch.district == batch.district)
    confirmed = (*alike, PaperBatch.confirmed_by.is_not(None), PaperBatch.id != batch.id)
    given = select(func.count()).where(CheckIn.vote_id == batch.vote_id, CheckIn.paper_district == batch.district)
    before = select(func.coalesce(func.sum(PaperBatch.papers), 0)).where(*confirmed)
    told = (
        select(func.coalesce(func.max(PaperDifference.difference), 0))
        .join(PaperBatch, PaperBatch.id == PaperDifference.batch_id)
        .where(*confirmed)
    )
    row = session.execute(select(given.scalar_subquery(), before.scalar_subquery(), told.scalar_subquery())).one()
    return Excess(int(row[0]), int(row[1]) + batch.papers, int(row[2]))


def stated(session: Session, batch: PaperBatch) -> PaperDifference | None:
    """What was stated of the batch, agreed to or not."""
    return session.scalars(select(PaperDifference).where(PaperDifference.batch_id == batch.id)).first()


def obstacle(found: Excess, said: PaperDifference | None) -> Message | None:
    """What to do before the batch may be confirmed; None where nothing is missing."""
    if not found.new:
        return None if said is None else _GONE
    if said is None:
        return msg(
            "교부한 투표용지(%(given)s장)보다 투표지(%(papers)s장)가 %(more)s장 많습니다. 빠뜨린 교부 기록이 있는지 접수 "
            "화면에서 확인하고 투표지를 다시 세어 주십시오. 그래도 많으면 차이와 사유를 적고 다른 담당자의 확인을 받아 확정합니다.",
            given=found.given,
            papers=found.papers,
            more=found.difference,
        )
    if said.difference != found.difference:
        return msg(
            "적어 둔 차이(%(said)s장)가 지금의 차이(%(now)s장)와 다릅니다. 거두고 다시 적어 주십시오.",
            said=said.difference,
            now=found.difference,
        )
    return None if said.agreed_by else msg("적어 둔 차이를 다른 담당자가 확인한 뒤에 확정할 수 있습니다.")


def state(session: Session, actor: Actor, slug: str, number: int, *, reason: str) -> PaperDifference:
    """Say that there are sheets nobody handed out, and why. The number is the records' own, never typed.

    ConflictError while the batch isn't keyed alike and counted, or nothing is too many.
    """
    actor.require(Permission.PAPER_KEY)
    if actor.id is None:
        raise ForbiddenError
    why = clean_reason(reason)
    _vote, batch = _open(session, slug, number)
    problem = paper.obstacle(batch, paper.keyings(session, batch), paper.marks(session, batch))
    if problem is not None:
        raise ConflictError(problem)
    found = excess(session, batch)
    if not found.new:
        raise ConflictError(_NONE)
    made = PaperDifference(
        batch_id=batch.id, difference=found.difference, reason=why, stated_by=actor.id, stated_at=clock.now()
    )
    with settled(session, _THERE):
        session.add(made)
    audit.record(session, actor, "paper:state-difference", batch, difference=made.difference, reason=why)
    return made


def decide(session: Session, actor: Actor, slug: str, number: int, *, approve: bool) -> None:
    """Agree, which only another one can; or strike it out, which anybody may until the batch is confirmed."""
    actor.require(Permission.PAPER_KEY)
    _vote, batch = _open(session, slug, number)
    said = stated(session, batch)
    if said is None or (approve and said.agreed_by is not None):
        raise ConflictError(_NOT_THERE)
    if approve and said.stated_by == actor.id:
        raise ForbiddenError(_BY_ANOTHER)
    found = excess(session, batch)
    if approve and said.difference != found.difference:
        raise ConflictError(obstacle(found, said) or _NOT_THERE)
    deed = "paper:agree-difference" if approve else "paper:strike-difference"
    audit.record(session, actor, deed, batch, difference=said.difference, stated_by=said.stated_by)
    if approve:
        said.agreed_by, said.agreed_at = actor.id, clock.now()
    else:
        session.delete(said)
    with settled(session, _NOT_THERE):
        session.flush()


def _open(session: Session, slug: str, number: int) -> tuple[Any, PaperBatch]:
    """The batch, with every other of the vote standing still: its number is one of all of them."""
    vote, batch = paper.open_for_change(session, slug, number)
    exclusive(session, f"board|{vote.id}")
    return vote, batch


def note(batch: PaperBatch, found: Excess, said: PaperDifference) -> tuple[str, Any]:
    """The board's row beside that of the batch. A kind of its own would need another verifier; the sum holds without it."""
    return "note", {
        "about": "paper-difference",
        "batch": batch.number,
        "district": batch.district,
        "given": found.given,
        "papers": found.papers,
        "difference": found.difference,
        "reason": said.reason,
    }
