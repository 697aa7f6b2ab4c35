"""What came before a forum and what came of it: links, and drafts that begin where a forum ended."""

from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import ForumKind
from civicvote.domain.errors import ConflictError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import ForumState
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor
from civicvote.domain.text import excerpt
from civicvote.models.deliberation import Forum, ForumLink
from civicvote.services import audit, clock
from civicvote.services.deliberation import access, making, words

LABEL_MAX, URL_MAX, LINKS_MAX = 160, 500, 30


def of(session: Session, forum_id: UUID) -> list[ForumLink]:
    """Links of a forum in the order they were made."""
    return list(session.scalars(select(ForumLink).where(ForumLink.forum_id == forum_id).order_by(ForumLink.id)))


def _address(text: str) -> str:
    """A path on this site or an https address, as it was written; else InvalidError."""
    found = words.line(text, "url", minimum=2, maximum=URL_MAX)
    wrong = InvalidError(msg("이 누리집의 주소(/로 시작) 또는 https:// 로 시작하는 주소를 넣어 주십시오."), field="url")
    if any(char in found for char in " \\\"'<>"):
        raise wrong
    if found.startswith("/") and not found.startswith("//"):
        return found
    try:
        parts = urlsplit(found)
    except ValueError as error:
        raise wrong from error
    if parts.scheme != "https" or "." not in (parts.hostname or "") or parts.username or parts.password:
        raise wrong
    return found


def _put(session: Session, forum_id: UUID, *, after: bool, label: str, url: str) -> ForumLink:
    made = ForumLink(forum_id=forum_id, after=after, label=label[:LABEL_MAX], url=url, at=clock.now())
    session.add(made)
    session.flush()
    return made


def add(session: Session, actor: Actor, forum_id: UUID, *, after: bool, label: str, url: str) -> ForumLink:
    """Say what came before (`after` false) or what came of it."""
    held = access.forum(session, actor, forum_id)
    access.require_moderator(session, actor, forum_id)
    words_ = words.line(label, "label", minimum=2, maximum=LABEL_MAX)
    address = _address(url)
    count = session.scalar(select(func.count()).where(ForumLink.forum_id == forum_id)) or 0
    if count >= LINKS_MAX:
        raise ConflictError(msg("연결은 %(most)s개까지 넣을 수 있습니다.", most=LINKS_MAX))
    made = _put(session, forum_id, after=after, label=words_, url=address)
    audit.record(session, actor, "forum:link", held, link=made.id, after=after)
    return made


def remove(session: Session, actor: Actor, forum_id: UUID, link_id: UUID) -> None:
    """Take a link away; the way back to the proposal a forum grew out of stays."""
    held = access.forum(session, actor, forum_id)
    access.require_moderator(session, actor, forum_id)
    found = session.get(ForumLink, link_id)
    if found is None or found.forum_id != forum_id:
        raise NotFoundError
    if held.proposal_id is not None and found.url == f"/proposals/{held.proposal_id}":
        raise ConflictError(msg("이 공론장이 시작된 시민제안으로 가는 연결은 지우지 않습니다."))
    session.delete(found)
    session.flush()
    audit.record(session, actor, "forum:unlink", held, link=link_id)


def promote(session: Session, actor: Actor, forum_id: UUID, kind: ForumKind) -> Forum:
    """Begin a 서울시가 묻습니다 or a 시민토론 with what a forum came to: a draft; both pages lead to each other once it is open.

    A draft is its makers' alone, so the way to it from here is only shown to who may open it.
    """
    source = access.forum(session, actor, forum_id, lock=True)
    access.require_moderator(session, actor, forum_id)
    if source.state not in {ForumState.CONCLUDED, ForumState.ANSWERED}:
        raise ConflictError(msg("결론을 공개한 뒤에 다음 단계로 이을 수 있습니다."))
    if source.kind is ForumKind.THEME:
        raise ConflictError(msg("테마토론은 테마토론 화면의 ‘다음 단계로 잇기’에서 한 번만 잇습니다."))
    content = making.Content(
        title=source.title,
        summary=excerpt(source.conclusion, making.SUMMARY_MAX),
        background=source.conclusion[: making.BACKGROUND_MAX],
        category=source.category,
        district=source.district or "",
        department_id=source.department_id,
    )
    made = making.draft(session, actor, kind, content)
    _put(session, made.id, after=False, label=source.title, url=making.path(source))
    _put(session, source.id, after=True, label=made.title, url=making.path(made))
    audit.record(session, actor, "forum:promote", source, to=made.id, kind=kind.value)
    return made
