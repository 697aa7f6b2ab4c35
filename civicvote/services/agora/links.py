"""Outside links: registered, changed and taken down by staff."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain import addresses, districts
from civicvote.domain.errors import InvalidError, NotFoundError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.text import clean_line
from civicvote.models.agora import OutsideLink
from civicvote.services import audit, clock

TITLE_MAX, HOST_MAX, SUMMARY_MAX = 100, 60, 300


@dataclass(frozen=True, slots=True)
class LinkDraft:
    """What staff write. `url` an https address."""

    title: str
    host: str
    url: str
    opens_at: datetime
    closes_at: datetime
    summary: str = ""
    district: str = ""


def _values(draft: LinkDraft) -> dict[str, object]:
    if draft.opens_at >= draft.closes_at:
        raise InvalidError(msg("끝나는 때는 시작하는 때보다 뒤여야 합니다."), field="closes_at")
    if draft.district and not districts.is_district(draft.district):
        raise InvalidError(msg("없는 자치구입니다. 목록에서 골라 주십시오."), field="district")
    return {
        "title": clean_line(draft.title, minimum=2, maximum=TITLE_MAX, field="title"),
        "host": clean_line(draft.host, minimum=1, maximum=HOST_MAX, field="host"),
        "url": addresses.https(draft.url, field="url"),
        "summary": clean_line(draft.summary, maximum=SUMMARY_MAX, field="summary"),
        "district": draft.district or None,
        "opens_at": draft.opens_at,
        "closes_at": draft.closes_at,
    }


def outside(session: Session, actor: Actor) -> Sequence[OutsideLink]:
    """The registered links, the latest closing first."""
    actor.require(Permission.AGORA_MANAGE)
    return session.scalars(
        select(OutsideLink)
        .where(OutsideLink.removed_at.is_(None))
        .order_by(OutsideLink.closes_at.desc(), OutsideLink.id.desc())
        .limit(200)
    ).all()


def link(session: Session, actor: Actor, link_id: UUID) -> OutsideLink:
    """One link, to be changed."""
    actor.require(Permission.AGORA_MANAGE)
    found = session.get(OutsideLink, link_id)
    if found is None or found.removed_at is not None:
        raise NotFoundError
    return found


def add_link(session: Session, actor: Actor, draft: LinkDraft) -> OutsideLink:
    """Register a link."""
    actor.require(Permission.AGORA_MANAGE)
    made = OutsideLink(created_by=actor.id, created_at=clock.now(), **_values(draft))
    session.add(made)
    session.flush()
    audit.record(session, actor, "outside-link:add", made)
    return made


def change_link(session: Session, actor: Actor, link_id: UUID, draft: LinkDraft) -> OutsideLink:
    """Correct a link."""
    found = link(session, actor, link_id)
    for name, value in _values(draft).items():
        setattr(found, name, value)
    audit.record(session, actor, "outside-link:change", found)
    return found


def remove_link(session: Session, actor: Actor, link_id: UUID) -> None:
    """Take a link down."""
    found = link(session, actor, link_id)
    found.removed_at = clock.now()
    audit.record(session, actor, "outside-link:remove", found)
