"""A published contest as a file."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.errors import InvalidError, NotFoundError
from civicvote.domain.lifecycles import CycleState
from civicvote.domain.messages import msg
from civicvote.models.counts import PublishedFile
from civicvote.models.cycles import Cycle
from civicvote.models.votes import Vote
from civicvote.services import counting
from civicvote.services.counting.files import pb_name


def export_file(session: Session, slug: str, pool: str = "") -> bytes:
    """The published `.pb` of a cycle's pool (the only one, or the one named); NotFoundError before publication."""
    row = session.execute(
        select(Vote)
        .join(Cycle, Cycle.id == Vote.cycle_id)
        .where(Cycle.slug == slug, Cycle.state == CycleState.PUBLISHED)
    ).first()
    if row is None:
        raise NotFoundError(msg("결과가 공표된 예산이 아닙니다: %(slug)s", slug=slug))
    vote: Vote = row[0]
    contests = [c for c in vote.notice["contests"] if pool in {"", c["title"], c["pool"]}]
    if len(contests) != 1:
        names = ", ".join(c["title"] for c in vote.notice["contests"])
        raise InvalidError(msg("분야를 하나 골라 주십시오: %(names)s", names=names), field="pool")
    name = pb_name(counting.notice_of(vote), contests[0]["pool"])
    content = session.scalar(
        select(PublishedFile.content).where(PublishedFile.vote_id == vote.id, PublishedFile.name == name)
    )
    if content is None:
        raise NotFoundError
    return content
