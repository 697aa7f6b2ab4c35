"""A moderator's decisions. Each is recorded, and whoever it touches is told how to appeal."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from civicvote.domain.discussion import HideReason, PostKind, ThreadKind
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import POST, PostState
from civicvote.domain.messages import msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor, Permission, Role
from civicvote.domain.text import clean_text, refuse_resident_number
from civicvote.models.deliberation import Round
from civicvote.models.discussion import Appeal, ModerationDecision, Post, PostSupport, StatementVote, Thread
from civicvote.models.proposals import Proposal
from civicvote.services import audit, clock, dated_settings, notices, workflow
from civicvote.services.campaigns import proofs
from civicvote.services.deliberation import access, debates
from civicvote.services.discussion import counters, posting, threads
from civicvote.services.discussion.settling import settle
from civicvote.services.proposals import moves

REASON_MIN, REASON_MAX = 2, 300


def may_moderate(session: Session, actor: Actor, thread: Thread) -> bool:
    """Whether the actor moderates this thread: a round's is its forum's moderators' and staff's alone.

    Nobody moderates the talk under a proposal of their own.
    """
    if thread.kind is ThreadKind.ROUND:
        found = session.get(Round, thread.id)
        return found is not None and access.moderates(session, actor, found.forum_id)
    if thread.kind is ThreadKind.FORUM:
        return access.moderates(session, actor, thread.id)
    if thread.kind is ThreadKind.PROPOSAL:
        near = moves.towards(session, actor, session.get_one(Proposal, thread.id))
        return actor.can(Permission.POST_MODERATE) and not near.roles & {Role.AUTHOR, Role.CO_AUTHOR}
    return actor.can(Permission.POST_MODERATE)


def moderated(session: Session, actor: Actor, post_id: UUID) -> tuple[Post, Thread]:
    """The post, locked, with its thread, for somebody who moderates there."""
    if not (actor.can(Permission.POST_MODERATE) or actor.can(Permission.FORUM_MODERATE)):
        raise ForbiddenError
    post = posting.locked(session, post_id)
    thread = session.get_one(Thread, post.thread_id)
    if not may_moderate(session, actor, thread):
        raise ForbiddenError
    return post, thread


def _record(session: Session, actor: Actor, subject: Post | Proposal, name: str, **more: Any) -> None:
    key = {"post_id": subject.id} if isinstance(subject, Post) else {"proposal_id": subject.id}
    session.add(ModerationDecision(name=name, by=actor.id, at=clock.now(), **key, **more))
    kind = "post" if isinstance(subject, Post) else "proposal"
    code = more.get("code")
    audit.record(session, actor, f"{kind}:moderate", subject, deed=name, code=code.value if code else "")


def _reason(text: str) -> str:
    cleaned = clean_text(text, minimum=REASON_MIN, maximum=REASON_MAX, field="reason")
    refuse_resident_number(cleaned, field="reason")
    return cleaned


def _require_not_overruled(session: Session, actor: Actor, subject: Post | Proposal) -> None:
    """Whose hiding of the thing was appealed against with success leaves it to others."""
    mine = Appeal.post_id == subject.id if isinstance(subject, Post) else Appeal.proposal_id == subject.id
    lost = select(Appeal.id).where(mine, Appeal.against_id == actor.id, Appeal.upheld.is_(True))
    if session.scalars(lost).first() is not None:
        raise ForbiddenError(msg("이의제기가 받아들여진 글입니다. 다시 숨길지는 다른 모더레이터가 판단합니다."))


def release(session: Session, actor: Actor, post_id: UUID) -> Post:
    """Let a post be read: one that waited, or that reports had taken out of sight. Reports of a shown one are set aside."""
    post, thread = moderated(session, actor, post_id)
    if post.author_id == actor.id:
        raise ForbiddenError(msg("자기 글은 다른 모더레이터가 확인합니다."))
    if post.state is not PostState.SHOWN:
        workflow.move(session, as_moderator(actor), POST, post, "release")
        session.flush()
        _shown(session, actor, post)
        notices.tell(
            session, NoticeKind.RELEASED, about=f"{post.id}|{post.version}", to=[post.author_id],
            path=f"{thread.path}#post-{post.id}", title=thread.title,
        )  # fmt: skip
    settle(session, actor, post, upheld=False)
    _record(session, actor, post, "release")
    return post


def as_moderator(actor: Actor) -> Actor:
    """Staff who run a forum do there what moderators do."""
    return actor if actor.can(Permission.POST_MODERATE) else actor.also(Role.MODERATOR)


def _shown(session: Session, actor: Actor, post: Post) -> None:
    posting.appeared(session, post, by=actor)
    if post.kind is PostKind.PROOF:
        proofs.confirmed(session, post)


def hide(session: Session, actor: Actor, post_id: UUID, *, code: HideReason, reason: str) -> Post:
    """Hide a post with a public reason; its place stays, and its author is told how to appeal."""
    post, thread = moderated(session, actor, post_id)
    if post.author_id == actor.id:
        raise ForbiddenError(msg("자기 글은 다른 모더레이터가 확인합니다."))
    _require_not_overruled(session, actor, post)
    text = _reason(reason)
    was = post.state
    post.hidden_at, post.hidden_by, post.hidden_code, post.hidden_reason = clock.now(), actor.id, code, text
    workflow.move(session, as_moderator(actor), POST, post, "hide", reason=text)
    session.flush()
    if was is PostState.SHOWN:
        posting.vanished(session, post)
    settle(session, actor, post, upheld=True)
    _record(session, actor, post, "hide", code=code, reason=text)
    tell_hidden(session, post, author=[post.author_id], title=thread.title)
    return post


def tell_hidden(session: Session, subject: Post | Proposal, *, author: Sequence[UUID | None], title: str) -> None:
    """Tell whoever wrote it why it is hidden, and until when they may appeal."""
    kind = "post" if isinstance(subject, Post) else "proposal"
    assert subject.hidden_code is not None
    notices.tell(
        session,
        NoticeKind.HIDDEN,
        about=f"{subject.id}|{subject.hidden_at}",
        to=author,
        path=f"/hidden/{kind}/{subject.id}/appeal",
        title=title,
        code=subject.hidden_code.value,
        reason=subject.hidden_reason,
        days=dated_settings.value(session, "moderation.appeal_days"),
    )


def hide_proposal(session: Session, actor: Actor, proposal_id: UUID, *, code: HideReason, reason: str) -> Proposal:
    """Hide a proposal: others read the reason only. Its state stays as it is."""
    actor.require(Permission.POST_MODERATE)
    proposal = moves.visible(session, actor, proposal_id, lock=True)
    if proposal.hidden_at is not None:
        raise ConflictError(msg("이미 숨긴 제안입니다."))
    moves.require_not_own(session, actor, proposal)
    _require_not_overruled(session, actor, proposal)
    text = _reason(reason)
    proposal.hidden_at, proposal.hidden_by, proposal.hidden_code, proposal.hidden_reason = (
        clock.now(), actor.id, code, text,
    )  # fmt: skip
    session.flush()
    threads.touch(session, proposal.id)
    debates.follow_hiding(session, proposal)
    settle(session, actor, proposal, upheld=True)
    _record(session, actor, proposal, "hide", code=code, reason=text)
    writers = [proposal.author_id, *moves.co_authors(session, proposal)]
    tell_hidden(session, proposal, author=writers, title=proposal.title)
    return proposal


def keep_proposal(session: Session, actor: Actor, proposal_id: UUID) -> None:
    """Set the reports of a proposal aside: it stays."""
    actor.require(Permission.POST_MODERATE)
    proposal = moves.visible(session, actor, proposal_id, lock=True)
    moves.require_not_own(session, actor, proposal)
    settle(session, actor, proposal, upheld=False)
    _record(session, actor, proposal, "release")


def pin(session: Session, actor: Actor, post_id: UUID, *, on: bool) -> Post:
    """Let a post stand on top of its thread, or no longer."""
    post, _thread = moderated(session, actor, post_id)
    if post.author_id == actor.id:
        raise ForbiddenError(msg("자기 글은 다른 모더레이터가 확인합니다."))
    if on and (post.state is not PostState.SHOWN or post.root_id is not None):
        raise ConflictError(msg("공개된 글만 맨 위에 고정할 수 있습니다."))
    if (post.pinned_at is not None) is not on:
        post.pinned_at = clock.now() if on else None
        session.flush()
        threads.touch(session, post.thread_id)
        _record(session, actor, post, "pin" if on else "unpin")
    return post


def merge(session: Session, actor: Actor, post_id: UUID, target_id: UUID) -> Post:
    """Merge a post into another of the same kind and thread: its answers, supporters and votes go along, each person once.

    Where somebody voted on both, the latest vote counts.
    """
    if post_id == target_id:
        raise InvalidError(msg("다른 글을 골라 주십시오."), field="target")
    if session.get(Post, target_id) is None:
        raise InvalidError(msg("다른 글을 골라 주십시오."), field="target")
    # Locked in the order of their keys, as everybody does who locks several.
    for key in sorted((post_id, target_id)):
        posting.locked(session, key)
    post, thread = moderated(session, actor, post_id)
    target = session.get_one(Post, target_id)
    if actor.id in {post.author_id, target.author_id}:
        raise ForbiddenError(msg("자기 글은 다른 모더레이터가 확인합니다."))
    alike = target.thread_id == post.thread_id and target.kind is post.kind and target.root_id is None
    if not alike or post.root_id is not None:
        raise InvalidError(msg("같은 곳에 있는 같은 종류의 글끼리만 합칠 수 있습니다."), field="target")
    if target.state is not PostState.SHOWN:
        raise InvalidError(msg("공개된 글에만 합칠 수 있습니다."), field="target")
    post.merged_into_id = target.id
    workflow.move(session, as_moderator(actor), POST, post, "merge")
    session.flush()
    _move_along(session, post, target)
    posting.vanished(session, post)
    settle(session, actor, post, upheld=False)
    _record(session, actor, post, "merge")
    notices.tell(
        session, NoticeKind.MERGED, about=post.id, to=[post.author_id, target.author_id], but=actor.id,
        path=f"{thread.path}#post-{target.id}", title=thread.title,
    )  # fmt: skip
    return target


def _move_along(session: Session, post: Post, target: Post) -> None:
    session.execute(
        update(Post)
        .where(Post.root_id == post.id)
        .values(root_id=target.id)
        .execution_options(synchronize_session=False)
    )
    held = set(session.scalars(select(PostSupport.user_id).where(PostSupport.post_id == target.id)))
    for row in session.scalars(select(PostSupport).where(PostSupport.post_id == post.id)).all():
        if row.user_id not in held and row.user_id != target.author_id:
            session.add(PostSupport(post_id=target.id, user_id=row.user_id, at=row.at))
    voted = {
        vote.user_id: vote for vote in session.scalars(select(StatementVote).where(StatementVote.post_id == target.id))
    }
    for vote in session.scalars(select(StatementVote).where(StatementVote.post_id == post.id)).all():
        other = voted.get(vote.user_id)
        if other is None:
            session.add(
                StatementVote(
                    post_id=target.id, user_id=vote.user_id, thread_id=vote.thread_id, value=vote.value, at=vote.at
                )
            )
        elif other.at < vote.at:
            other.value, other.at = vote.value, vote.at
    session.flush()
    counters.recount_post(session, target.id)


def close_thread(session: Session, actor: Actor, thread_id: UUID, *, reason: str) -> Thread:
    """Nobody can say more there, for the reason given."""
    thread = _thread(session, actor, thread_id)
    if thread.closed_at is None:
        thread.closed_at, thread.closed_reason = clock.now(), _reason(reason)
        session.flush()
        threads.touch(session, thread.id)
        audit.record(session, actor, "thread:close", thread)
    return thread


def reopen_thread(session: Session, actor: Actor, thread_id: UUID) -> Thread:
    """People may speak there again."""
    thread = _thread(session, actor, thread_id)
    if thread.closed_at is not None:
        thread.closed_at, thread.closed_reason = None, ""
        session.flush()
        threads.touch(session, thread.id)
        audit.record(session, actor, "thread:reopen", thread)
    return thread


def _thread(session: Session, actor: Actor, thread_id: UUID) -> Thread:
    thread = session.get(Thread, thread_id, with_for_update=True, populate_existing=True)
    if thread is None:
        raise NotFoundError
    if not may_moderate(session, actor, thread):
        raise ForbiddenError
    return thread
