"""What people say, wherever they say it, and what moderators do about it.

A thread has the key of the thing it hangs on (a proposal, a forum, a round, a campaign). Comments, statements, questions,
nominations, annotations and proofs are all posts: reports, hiding, appeals and slowing down are written once.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from civicvote.domain.deliberation import Stance
from civicvote.domain.discussion import HideReason, PostKind, ThreadKind
from civicvote.domain.lifecycles import PostState
from civicvote.models.base import AppendOnly, Base, Keyed, enum_type

_PINNED = text("pinned_at IS NOT NULL")


class Thread(Keyed, Base):
    """A place to talk."""

    __tablename__ = "thread"

    kind: Mapped[ThreadKind] = mapped_column(enum_type(ThreadKind, "kind_known"))
    #: Title and path of the thing it hangs on, for queues and notices.
    title: Mapped[str] = mapped_column(String(160))
    path: Mapped[str] = mapped_column(String(200))
    #: Shown posts, derived; `civicvote recount` rebuilds it.
    post_count: Mapped[int] = mapped_column(default=0)
    #: Grows with every change anybody can see: what a page left open compares.
    pulse: Mapped[int] = mapped_column(default=0)
    closed_at: Mapped[datetime | None]
    closed_reason: Mapped[str] = mapped_column(Text, default="")


class Post(Keyed, Base):
    """Something somebody said; answers are one level deep (`root_id`)."""

    __tablename__ = "post"

    thread_id: Mapped[UUID] = mapped_column(ForeignKey("thread.id"))
    kind: Mapped[PostKind] = mapped_column(enum_type(PostKind, "kind_known"), default=PostKind.COMMENT)
    state: Mapped[PostState] = mapped_column(enum_type(PostState, "state_known"), default=PostState.SHOWN)
    root_id: Mapped[UUID | None] = mapped_column(ForeignKey("post.id"))
    #: The post that was answered, if it wasn't the root itself.
    reply_to_id: Mapped[UUID | None] = mapped_column(ForeignKey("post.id"), index=True)
    #: What it is about within its round: a section of the synthesis.
    anchor_id: Mapped[UUID | None] = mapped_column(index=True)
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    #: Spoken for a department, or as an expert; said beside the name.
    speaks_as: Mapped[str] = mapped_column(String(60), default="")
    title: Mapped[str] = mapped_column(String(120), default="")
    body: Mapped[str] = mapped_column(Text)
    stance: Mapped[Stance | None] = mapped_column(enum_type(Stance, "stance_known"))
    #: Kept with the kind, such as a proof's link and consent.
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    pinned_at: Mapped[datetime | None]
    #: 추천, or people who want the question answered; derived.
    support_count: Mapped[int] = mapped_column(default=0)
    #: Statement votes, derived.
    agree_count: Mapped[int] = mapped_column(default=0)
    disagree_count: Mapped[int] = mapped_column(default=0)
    pass_count: Mapped[int] = mapped_column(default=0)
    #: Shown answers; derived.
    answer_count: Mapped[int] = mapped_column(default=0)
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("post.id"), index=True)
    hidden_at: Mapped[datetime | None]
    hidden_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    hidden_code: Mapped[HideReason | None] = mapped_column(enum_type(HideReason, "hidden_code_known"))
    hidden_reason: Mapped[str] = mapped_column(Text, default="")
    #: Why it waits for a moderator, in a word of `services.discussion.guards`.
    held_for: Mapped[str] = mapped_column(String(24), default="")
    #: SHA-256 of the folded text: the same text again is noticed.
    fingerprint: Mapped[str] = mapped_column(String(64), default="")
    #: Sent along with the form: the same form sent twice is one post.
    form_key: Mapped[UUID] = mapped_column(unique=True)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 — SQLAlchemy's own declaration
    __table_args__ = (
        CheckConstraint(
            "state <> 'hidden' OR (hidden_code IS NOT NULL AND hidden_reason <> '' AND hidden_at IS NOT NULL)",
            name="hidden_with_reason",
        ),
        CheckConstraint("state <> 'merged' OR merged_into_id IS NOT NULL", name="merged_into_something"),
        Index("ix_post_thread_id_root_id_id", "thread_id", "root_id", "id"),
        Index("ix_post_thread_id_kind_state_id", "thread_id", "kind", "state", "id"),
        Index("ix_post_thread_id_root_id_support_count_id", "thread_id", "root_id", "support_count", "id"),
        Index("ix_post_root_id_id", "root_id", "id"),
        Index("ix_post_pinned", "thread_id", "pinned_at", "id", sqlite_where=_PINNED, postgresql_where=_PINNED),
        Index("ix_post_state_id", "state", "id"),
        Index("ix_post_author_id_created_at", "author_id", "created_at"),
        Index("ix_post_author_id_fingerprint", "author_id", "fingerprint"),
    )


class PostSupport(Base):
    """추천: one per account and post."""

    __tablename__ = "post_support"

    post_id: Mapped[UUID] = mapped_column(ForeignKey("post.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True, index=True)
    at: Mapped[datetime]


class StatementVote(Base):
    """Agree (1), disagree (-1) or pass (0) to a statement; the latest counts, one per account."""

    __tablename__ = "statement_vote"

    post_id: Mapped[UUID] = mapped_column(ForeignKey("post.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    thread_id: Mapped[UUID] = mapped_column(ForeignKey("thread.id"))
    value: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("value IN (-1, 0, 1)", name="value_known"),
        Index("ix_statement_vote_thread_id_user_id", "thread_id", "user_id"),
        Index("ix_statement_vote_user_id", "user_id"),
    )


class Report(Keyed, Base):
    """Somebody says a post or a proposal breaks the rules; once per account and thing."""

    __tablename__ = "report"

    post_id: Mapped[UUID | None] = mapped_column(ForeignKey("post.id"))
    proposal_id: Mapped[UUID | None] = mapped_column(ForeignKey("proposal.id"))
    reporter_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    #: Whether the reporter was verified then: only such reports veil a post.
    verified: Mapped[bool]
    code: Mapped[HideReason] = mapped_column(enum_type(HideReason, "code_known"))
    note: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    #: Whether the moderator agreed.
    upheld: Mapped[bool | None]

    __table_args__ = (
        CheckConstraint("(post_id IS NULL) <> (proposal_id IS NULL)", name="one_thing"),
        CheckConstraint("(settled_at IS NULL) = (upheld IS NULL)", name="settled_with_outcome"),
        UniqueConstraint("post_id", "reporter_id"),
        UniqueConstraint("proposal_id", "reporter_id"),
        Index("ix_report_settled_at_id", "settled_at", "id"),
    )


class ModerationDecision(Keyed, AppendOnly, Base):
    """What a moderator did to a post or a proposal and why: the source of the public transparency page."""

    __tablename__ = "moderation_decision"

    post_id: Mapped[UUID | None] = mapped_column(ForeignKey("post.id"), index=True)
    proposal_id: Mapped[UUID | None] = mapped_column(ForeignKey("proposal.id"), index=True)
    #: hide, release, restore, merge, pin …
    name: Mapped[str] = mapped_column(String(24))
    code: Mapped[HideReason | None] = mapped_column(enum_type(HideReason, "code_known"))
    reason: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (CheckConstraint("post_id IS NULL OR proposal_id IS NULL", name="one_thing"),)


class Appeal(Keyed, Base):
    """이의제기 against a hiding: once per thing and moderator who hid it, decided by another one."""

    __tablename__ = "appeal"

    post_id: Mapped[UUID | None] = mapped_column(ForeignKey("post.id"))
    proposal_id: Mapped[UUID | None] = mapped_column(ForeignKey("proposal.id"))
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    #: Who hid it.
    against_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    upheld: Mapped[bool | None]
    answer: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        CheckConstraint("(post_id IS NULL) <> (proposal_id IS NULL)", name="one_thing"),
        UniqueConstraint("post_id", "against_id"),
        UniqueConstraint("proposal_id", "against_id"),
        CheckConstraint("decided_by <> against_id", name="decided_by_another"),
        CheckConstraint("(decided_at IS NULL) = (upheld IS NULL)", name="decided_with_outcome"),
        CheckConstraint("decided_at IS NULL OR answer <> ''", name="decided_with_answer"),
        Index("ix_appeal_decided_at_id", "decided_at", "id"),
    )


class Watch(Base):
    """소식 받기: somebody wants to hear when a thing moves on. `subject_id` is the key of its thread."""

    __tablename__ = "watch"

    subject_id: Mapped[UUID] = mapped_column(ForeignKey("thread.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True, index=True)
    at: Mapped[datetime]
