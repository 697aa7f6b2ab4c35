"""Saying something: once per form, at most two deep, slowed down where it floods, held where it must be seen first."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import Stance
from civicvote.domain.discussion import PostKind, ThreadKind
from civicvote.domain.errors import ConflictError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import POST, PostState
from civicvote.domain.messages import msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor, Permission, Role
from civicvote.domain.text import clean_line, clean_text, refuse_resident_number
from civicvote.models.accounts import User
from civicvote.models.base import new_id
from civicvote.models.campaigns import Campaign
from civicvote.models.discussion import Post, PostSupport, Thread
from civicvote.models.proposals import CoAuthor, Proposal
from civicvote.services import audit, clock, notices, watching, workflow
from civicvote.services.discussion import doors, guards, threads
from civicvote.services.discussion.settling import settle
from civicvote.services.upsert import insert_new

TITLE_MAX = 80
BODY_MIN = 2
#: Characters of a post, by what it is said as.
BODY_MAX = {
    PostKind.COMMENT: 1000,
    PostKind.STATEMENT: 140,
    PostKind.QUESTION: 500,
    PostKind.NOMINATION: 1000,
    PostKind.ANNOTATION: 1000,
    PostKind.PROOF: 500,
}
_MENTION = re.compile(r"@([^\s@.,:;!?()<>]{1,40})")
_MOST_MENTIONS = 5


@dataclass(frozen=True, slots=True)
class Words:
    """What is said, as typed. `parent_id`: the post it answers; `anchor_id`: the section it is about."""

    body: str
    title: str = ""
    kind: PostKind = PostKind.COMMENT
    stance: Stance | None = None
    parent_id: UUID | None = None
    anchor_id: UUID | None = None
    speaks_as: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


def say(
    session: Session,
    actor: Actor,
    thread_id: UUID,
    *,
    body: str,
    form_key: UUID,
    premoderated: bool = False,
    **more: Any,
) -> Post:
    """Say something in a thread; the same form again is the same post. `more`: the other fields of `Words`.

    Whether the actor may speak there is the caller's question (`doors.may_speak`, or the thing's own rule). InvalidError for
    what can't be said, TooManyError or ConflictError with the time when it is possible again, ConflictError in a closed thread.
    """
    actor.require(Permission.POST_WRITE)
    words = Words(body=body, **more)
    text = clean_text(words.body, minimum=BODY_MIN, maximum=BODY_MAX[words.kind], field="body")
    refuse_resident_number(text, field="body")
    title = clean_line(words.title, maximum=TITLE_MAX, field="title")
    refuse_resident_number(title, field="title")
    known = session.scalars(select(Post).where(Post.form_key == form_key)).one_or_none()
    if known is not None:
        return _same(known, actor)
    thread = _open(session, thread_id)
    root, replied = _parent(session, thread, words.parent_id)
    mark = guards.fingerprint(f"{title} {text}")
    held = guards.slow_down(session, actor, mark)
    reason = guards.held_for(session, actor, f"{title} {text}", held, premoderated=premoderated)
    row = {
        "id": new_id(), "thread_id": thread.id, "kind": words.kind, "author_id": actor.id, "title": title, "body": text,
        "state": PostState.HELD if reason else PostState.SHOWN, "root_id": root.id if root else None,
        "reply_to_id": replied.id if replied else None, "anchor_id": words.anchor_id, "stance": words.stance,
        "speaks_as": words.speaks_as[:60], "extra": words.extra, "created_at": clock.now(), "held_for": reason,
        "hidden_reason": "", "fingerprint": mark, "form_key": form_key, "version": 1, "support_count": 0,
        "agree_count": 0, "disagree_count": 0, "pass_count": 0, "answer_count": 0,
    }  # fmt: skip
    if not insert_new(session, Post, [row]):  # the same form at the same moment
        return _same(session.scalars(select(Post).where(Post.form_key == form_key)).one(), actor)
    post = session.get_one(Post, row["id"])
    audit.record(session, actor, "post:write", post, thread=thread.id, kind=words.kind.value, held=reason)
    if post.state is PostState.SHOWN:
        appeared(session, post, by=actor)
    return post


def _same(known: Post, actor: Actor) -> Post:
    if known.author_id != actor.id:
        raise NotFoundError
    return known


def _open(session: Session, thread_id: UUID) -> Thread:
    thread = session.get(Thread, thread_id)
    if thread is None:
        raise NotFoundError
    if thread.closed_at is not None:
        raise ConflictError(msg("닫힌 대화입니다. 이유: %(reason)s", reason=thread.closed_reason or "–"))
    return thread


def _parent(session: Session, thread: Thread, parent_id: UUID | None) -> tuple[Post | None, Post | None]:
    """The root of the conversation and the post that is answered, if that isn't the root itself."""
    if parent_id is None:
        return None, None
    parent = session.get(Post, parent_id)
    if parent is None or parent.thread_id != thread.id:
        raise NotFoundError
    if parent.state is not PostState.SHOWN:
        raise ConflictError(msg("지금은 답할 수 없는 글입니다. 새로 고침 후 확인해 주십시오."))
    if parent.root_id is None:
        return parent, None
    return session.get_one(Post, parent.root_id), parent


def count_answer(session: Session, post: Post, by: int) -> None:
    """Move the number of answers of the post's root."""
    if post.root_id is not None:
        session.execute(
            update(Post)
            .where(Post.id == post.root_id)
            .values(answer_count=Post.answer_count + by)
            .execution_options(synchronize_session=False)
        )


def appeared(session: Session, post: Post, *, by: Actor) -> None:
    """A post can now be read by others: count it, and tell those whom it concerns, each once."""
    _count(session, post, 1)
    thread = session.get_one(Thread, post.thread_id, populate_existing=True)
    told: set[UUID | None] = {post.author_id, by.id}
    for kind, people in (
        (NoticeKind.REPLIED, _answered(session, post)),
        (NoticeKind.MENTIONED, _mentioned(session, post)),
        (NoticeKind.COMMENTED, _concerned(session, thread)),
    ):
        if kind is NoticeKind.COMMENTED and post.kind is PostKind.PROOF:
            continue
        notices.tell(
            session,
            kind,
            about=post.id,
            to=people - told,
            path=f"{thread.path}#post-{post.id}",
            title=thread.title,
            by=post.author_id,
        )
        told |= people


def _answered(session: Session, post: Post) -> set[UUID | None]:
    keys = [key for key in (post.root_id, post.reply_to_id) if key is not None]
    return set(session.scalars(select(Post.author_id).where(Post.id.in_(keys)))) if keys else set()


def _mentioned(session: Session, post: Post) -> set[UUID | None]:
    """People of the thread called by their exact name; a name two of them share calls nobody."""
    names = list(dict.fromkeys(_MENTION.findall(post.body)))[:_MOST_MENTIONS]
    if not names:
        return set()
    rows = session.execute(
        select(User.name, User.id)
        .join(Post, Post.author_id == User.id)
        .where(
            Post.thread_id == post.thread_id,
            Post.state == PostState.SHOWN,
            User.name.in_(names),
            User.erased_at.is_(None),
        )
        .distinct()
        .limit(100)
    ).all()
    called = Counter(name for name, _key in rows)
    return {key for name, key in rows if called[name] == 1}


def _concerned(session: Session, thread: Thread) -> set[UUID | None]:
    """Whoever wrote the thing, and whoever follows it."""
    people: set[UUID | None] = set(session.scalars(watching.watchers(thread.id)))
    if thread.kind is ThreadKind.PROPOSAL:
        people |= set(session.scalars(select(Proposal.author_id).where(Proposal.id == thread.id)))
        people |= set(session.scalars(select(CoAuthor.user_id).where(CoAuthor.proposal_id == thread.id)))
    return people


def towards(actor: Actor, post: Post) -> Actor:
    """The actor with the role this post gives: its author's."""
    return actor.also(Role.AUTHOR) if actor.id is not None and actor.id == post.author_id else actor


def vanished(session: Session, post: Post) -> None:
    """A post that could be read no longer can."""
    _count(session, post, -1)


def _count(session: Session, post: Post, by: int) -> None:
    """Move every number that a shown post is part of."""
    threads.touch(session, post.thread_id, posts=by)
    count_answer(session, post, by)
    if post.kind is PostKind.PROOF:
        session.execute(
            update(Campaign)
            .where(Campaign.id == post.thread_id)
            .values(proof_count=Campaign.proof_count + by)
            .execution_options(synchronize_session=False)
        )


def withdraw(session: Session, actor: Actor, post_id: UUID) -> Post:
    """Take one's own post back: its place stays, its text goes."""
    post = locked(session, post_id)
    near = towards(actor, post)
    if not near.can(Permission.POST_WITHDRAW):
        raise NotFoundError
    was = post.state
    workflow.move(session, near, POST, post, "withdraw")
    post.body, post.title, post.extra = "", "", {}
    session.flush()
    if was is PostState.SHOWN:
        vanished(session, post)
    settle(session, actor, post, upheld=False)
    return post


def locked(session: Session, post_id: UUID) -> Post:
    """A post that is about to change: one at a time."""
    post = session.get(Post, post_id, with_for_update=True, populate_existing=True)
    if post is None:
        raise NotFoundError
    return post


def support(session: Session, actor: Actor, post_id: UUID, *, on: bool = True) -> int:
    """추천, or take it back; saying it twice changes nothing. Returns the number of supporters."""
    actor.require(Permission.POST_WRITE)
    post = session.get(Post, post_id, populate_existing=True)
    if post is None:
        raise NotFoundError
    thread = session.get_one(Thread, post.thread_id)
    doors.may_speak(session, actor, thread)
    if post.kind is PostKind.STATEMENT:  # which is answered, and would count twice
        raise NotFoundError
    if post.state is not PostState.SHOWN or thread.closed_at is not None:
        raise ConflictError(msg("지금은 추천할 수 없는 글입니다."))
    if on and post.author_id == actor.id:
        raise InvalidError(msg("자기 글은 추천할 수 없습니다."))
    if not _mark(session, actor, post_id, on=on):
        return post.support_count
    audit.record(session, actor, "post:support" if on else "post:unsupport", post)
    count: int = session.scalars(
        update(Post)
        .where(Post.id == post_id)
        .values(support_count=Post.support_count + (1 if on else -1))
        .returning(Post.support_count)
        .execution_options(synchronize_session=False)
    ).one()
    threads.touch(session, post.thread_id)
    return count


def _mark(session: Session, actor: Actor, post_id: UUID, *, on: bool) -> bool:
    if on:
        row = {"post_id": post_id, "user_id": actor.account(), "at": clock.now()}
        return bool(insert_new(session, PostSupport, [row]))
    removed = delete(PostSupport).where(PostSupport.post_id == post_id, PostSupport.user_id == actor.id)
    gone = session.scalars(removed.returning(PostSupport.user_id).execution_options(synchronize_session=False)).all()
    return bool(gone)
