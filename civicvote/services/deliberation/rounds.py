"""One round as its page shows it, and taking part in it: the door every contribution goes through."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import Opening
from civicvote.domain.messages import Message
from civicvote.domain.permissions import Actor
from civicvote.models.deliberation import Forum, Round, RoundHold, RoundSummary
from civicvote.services.deliberation import access, detail, schedule


@dataclass(frozen=True, slots=True)
class View:
    """A round's page. `refusal`: why a signed-in reader can't take part now, None if they can. `summaries`: the newest first."""

    round: Round
    forum: Forum
    opening: Opening
    stop: detail.Stop
    siblings: Sequence[detail.Stop]
    holds: Sequence[RoundHold]
    summaries: Sequence[RoundSummary]
    moderates: bool
    refusal: Message | None

    @property
    def open(self) -> bool:
        """Whether this reader may take part now, or could after signing in."""
        return self.opening is Opening.OPEN and self.refusal is None


def summaries(session: Session, round_id: UUID) -> Sequence[RoundSummary]:
    """What moderators said has been said so far, the newest first."""
    return session.scalars(
        select(RoundSummary).where(RoundSummary.round_id == round_id).order_by(RoundSummary.id.desc()).limit(50)
    ).all()


def view(session: Session, actor: Actor, round_id: UUID) -> View:
    """A round with its forum and neighbours, in four statements for a visitor."""
    # Read together first, and kept: the doors below then find both without asking again.
    both = session.execute(
        select(Round, Forum).join(Forum, Forum.id == Round.forum_id).where(Round.id == round_id)
    ).first()
    found, held = access.round_of(session, actor, round_id)
    del both
    moderates = access.moderates(session, actor, held.id)
    siblings = detail.stops(session, actor, held, moderates=moderates)
    return View(
        round=found,
        forum=held,
        opening=schedule.opening(found, held),
        stop=next(one for one in siblings if one.round.id == found.id),
        siblings=siblings,
        holds=list(session.scalars(select(RoundHold).where(RoundHold.round_id == round_id).order_by(RoundHold.id))),
        summaries=summaries(session, round_id),
        moderates=moderates,
        refusal=schedule.refusal(session, actor, found, held),
    )
