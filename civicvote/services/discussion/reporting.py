"""Reports: once per account and thing; enough of them by verified people take a post out of sight until somebody has looked."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.discussion import HideReason
from civicvote.domain.errors import ConflictError
from civicvote.domain.lifecycles import POST, PostState
from civicvote.domain.messages import msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import SYSTEM, Actor, Permission
from civicvote.domain.text import clean_line, refuse_resident_number
from civicvote.models.base import new_id
from civicvote.models.discussion import Post, Report, Thread
from civicvote.services import audit, clock, dated_settings, notices, workflow
from civicvote.services.discussion import posting
from civicvote.services.proposals import moves
from civicvote.services.upsert import insert_new

NOTE_MAX = 300


def report_post(session: Session, actor: Actor, post_id: UUID, *, code: HideReason, note: str = "") -> None:
    """Report a post; saying it twice changes nothing. The caller has seen that the actor may read it."""
    actor.require(Permission.POST_REPORT)
    post = posting.locked(session, post_id)
    if post.author_id == actor.id:
        raise ConflictError(msg("자기 글은 신고할 수 없습니다. 지우려면 ‘지우기’를 눌러 주십시오."))
    if post.state is not PostState.SHOWN:
        raise ConflictError(msg("이미 담당자가 확인하고 있거나 공개되지 않은 글입니다."))
    if _keep(session, actor, {"post_id": post_id}, code, note):
        audit.record(session, actor, "post:report", post, code=code.value)
        _veil(session, post)


def report_proposal(session: Session, actor: Actor, proposal_id: UUID, *, code: HideReason, note: str = "") -> None:
    """Report a proposal; moderators look at it."""
    actor.require(Permission.POST_REPORT)
    proposal = moves.readable(session, actor, proposal_id)
    if proposal.author_id == actor.id:
        raise ConflictError(msg("자기 제안은 신고할 수 없습니다."))
    if _keep(session, actor, {"proposal_id": proposal_id}, code, note):
        audit.record(session, actor, "proposal:report", proposal, code=code.value)


def _keep(session: Session, actor: Actor, subject: dict[str, UUID], code: HideReason, note: str) -> bool:
    text = clean_line(note, maximum=NOTE_MAX, field="note")
    refuse_resident_number(text, field="note")
    row = {
        "id": new_id(),
        "reporter_id": actor.account(),
        "verified": actor.level >= 1,
        "code": code,
        "note": text,
        "created_at": clock.now(),
        **subject,
    }
    return bool(insert_new(session, Report, [row]))


def _veil(session: Session, post: Post) -> None:
    """Take it out of sight once enough verified people say so, and no moderator has looked since."""
    wanted = dated_settings.value(session, "moderation.reports_to_veil")
    verified = session.scalar(
        select(func.count()).where(Report.post_id == post.id, Report.verified.is_(True), Report.settled_at.is_(None))
    )
    if (verified or 0) < wanted:
        return
    workflow.move(session, SYSTEM, POST, post, "veil")
    session.flush()
    posting.vanished(session, post)
    thread = session.get_one(Thread, post.thread_id)
    notices.tell(
        session,
        NoticeKind.HIDDEN,
        about=f"{post.id}|veil|{post.version}",
        to=[post.author_id],
        path=f"{thread.path}#post-{post.id}",
        title=thread.title,
        veiled=True,
    )
