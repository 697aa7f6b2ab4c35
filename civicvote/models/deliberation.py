"""공론장: forums with rounds, what people think, what came of it. What they say is in `discussion`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from civicvote.domain.deliberation import Audience, ForumKind, Reflection, RoundKind, Stance
from civicvote.domain.lifecycles import ForumState
from civicvote.models.base import AppendOnly, Base, Keyed, enum_type


class Forum(Keyed, Base):
    """시민토론, 서울시가 묻습니다, 테마토론, or an assembly's online talk. Its thread has the same key."""

    __tablename__ = "forum"

    kind: Mapped[ForumKind] = mapped_column(enum_type(ForumKind, "kind_known"))
    state: Mapped[ForumState] = mapped_column(enum_type(ForumState, "state_known"), default=ForumState.DRAFT)
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(String(300), default="")
    #: Markdown.
    background: Mapped[str] = mapped_column(Text, default="")
    category: Mapped[str] = mapped_column(String(40), default="")
    district: Mapped[str | None] = mapped_column(String(5))
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("department.id"), index=True)
    #: The proposal it grew out of; a proposal opens one forum at the most by itself.
    proposal_id: Mapped[UUID | None] = mapped_column(ForeignKey("proposal.id"), unique=True)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    #: Who asked for the approval; neither they nor the author gives it.
    submitted_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    opened_at: Mapped[datetime | None]
    #: Markdown.
    conclusion: Mapped[str] = mapped_column(Text, default="")
    concluded_at: Mapped[datetime | None]
    #: By when the department must say what it did with the conclusion (서울시가 묻습니다).
    answer_due_at: Mapped[datetime | None]
    #: When the department and staff were told that it is overdue: once.
    overdue_told_at: Mapped[datetime | None]
    reflection: Mapped[Reflection | None] = mapped_column(enum_type(Reflection, "reflection_known"))
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_at: Mapped[datetime | None]
    #: The nomination that became the theme (테마토론), and when staff confirmed it.
    theme_post_id: Mapped[UUID | None] = mapped_column(ForeignKey("post.id"))
    theme_confirmed_at: Mapped[datetime | None]
    state_reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 — SQLAlchemy's own declaration
    __table_args__ = (
        CheckConstraint(
            "state NOT IN ('concluded', 'answered') OR (conclusion <> '' AND concluded_at IS NOT NULL)",
            name="conclusion_written",
        ),
        CheckConstraint(
            "state <> 'answered' OR (reflection IS NOT NULL AND answer <> '' AND answered_at IS NOT NULL)",
            name="answer_written",
        ),
        Index("ix_forum_kind_state_id", "kind", "state", "id"),
        Index("ix_forum_state_answer_due_at", "state", "answer_due_at"),
    )


class ForumModerator(Base):
    """Somebody who runs a forum's rounds; an appeal is decided by another."""

    __tablename__ = "forum_moderator"

    forum_id: Mapped[UUID] = mapped_column(ForeignKey("forum.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True, index=True)
    at: Mapped[datetime]


class ForumExpert(Base):
    """Somebody who answers questions in a forum, and in which field."""

    __tablename__ = "forum_expert"

    forum_id: Mapped[UUID] = mapped_column(ForeignKey("forum.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True, index=True)
    field: Mapped[str] = mapped_column(String(60), default="")


class ForumOption(Keyed, Base):
    """An answer that 서울시가 묻습니다 offers."""

    __tablename__ = "forum_option"

    forum_id: Mapped[UUID] = mapped_column(ForeignKey("forum.id"))
    position: Mapped[int]
    text: Mapped[str] = mapped_column(String(200))
    #: People who chose it last; derived.
    count: Mapped[int] = mapped_column(default=0)

    __table_args__ = (UniqueConstraint("forum_id", "position"),)


class ForumChoice(Base):
    """What a person thinks now: a stance (시민토론), or one of the options (서울시가 묻습니다). The latest counts, one per person."""

    __tablename__ = "forum_choice"

    forum_id: Mapped[UUID] = mapped_column(ForeignKey("forum.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True, index=True)
    stance: Mapped[Stance | None] = mapped_column(enum_type(Stance, "stance_known"))
    option_id: Mapped[UUID | None] = mapped_column(ForeignKey("forum_option.id"), index=True)
    at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("(stance IS NULL) <> (option_id IS NULL)", name="one_choice"),
        Index("ix_forum_choice_forum_id_stance", "forum_id", "stance"),
    )


class StanceCount(Base):
    """People per stance of a 시민토론; derived."""

    __tablename__ = "stance_count"

    forum_id: Mapped[UUID] = mapped_column(ForeignKey("forum.id"), primary_key=True)
    stance: Mapped[Stance] = mapped_column(enum_type(Stance, "stance_known"), primary_key=True)
    people: Mapped[int] = mapped_column(default=0)


class ForumLink(Keyed, Base):
    """What came before a forum, or what came of it."""

    __tablename__ = "forum_link"

    forum_id: Mapped[UUID] = mapped_column(ForeignKey("forum.id"), index=True)
    after: Mapped[bool]
    label: Mapped[str] = mapped_column(String(160))
    #: A path on this site or an https address.
    url: Mapped[str] = mapped_column(String(500))
    at: Mapped[datetime]


class ParticipantGroup(Keyed, Base):
    """People a round is for: a season's members, or a table."""

    __tablename__ = "participant_group"

    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(12))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]

    __table_args__ = (CheckConstraint("kind IN ('season', 'table')", name="kind_known"),)


class GroupMember(Base):
    """Somebody in a participant group."""

    __tablename__ = "group_member"

    group_id: Mapped[UUID] = mapped_column(ForeignKey("participant_group.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True, index=True)


class Round(Keyed, Base):
    """One part of a forum, with its window. Its thread has the same key."""

    __tablename__ = "round"

    forum_id: Mapped[UUID] = mapped_column(ForeignKey("forum.id"))
    position: Mapped[int]
    kind: Mapped[RoundKind] = mapped_column(enum_type(RoundKind, "kind_known"))
    title: Mapped[str] = mapped_column(String(120))
    #: What is asked of people here; Markdown.
    guide: Mapped[str] = mapped_column(Text, default="")
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    audience: Mapped[Audience] = mapped_column(enum_type(Audience, "audience_known"), default=Audience.EVERYONE)
    group_id: Mapped[UUID | None] = mapped_column(ForeignKey("participant_group.id"), index=True)
    #: Statements, questions and nominations wait for a moderator before others see them.
    premoderated: Mapped[bool] = mapped_column(default=False)
    #: 보류: closed by staff although the clock would have it open.
    held_reason: Mapped[str] = mapped_column(Text, default="")
    held_at: Mapped[datetime | None]
    #: People who took part so far; derived.
    participant_count: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 — SQLAlchemy's own declaration
    __table_args__ = (
        CheckConstraint("opens_at < closes_at", name="window"),
        CheckConstraint("(audience = 'group') = (group_id IS NOT NULL)", name="group_named"),
        CheckConstraint("(held_at IS NULL) = (held_reason = '')", name="held_with_reason"),
        UniqueConstraint("forum_id", "position"),
        Index("ix_round_closes_at", "closes_at"),
        Index("ix_round_opens_at", "opens_at"),
    )


class RoundHold(Keyed, Base):
    """A 보류 of a round from its beginning to its end, with both reasons; public."""

    __tablename__ = "round_hold"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), index=True)
    held_at: Mapped[datetime]
    held_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    reason: Mapped[str] = mapped_column(Text)
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    lifted_reason: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        CheckConstraint("reason <> ''", name="reason_written"),
        CheckConstraint("(lifted_at IS NULL) = (lifted_reason = '')", name="lifted_with_reason"),
    )


class RoundExtension(Keyed, AppendOnly, Base):
    """More time for a round; the old date stays visible."""

    __tablename__ = "round_extension"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), index=True)
    old_closes_at: Mapped[datetime]
    new_closes_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]

    __table_args__ = (CheckConstraint("new_closes_at > old_closes_at", name="later"),)


class RoundSummary(Keyed, AppendOnly, Base):
    """중간 정리: what a moderator says has been said so far. Markdown."""

    __tablename__ = "round_summary"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]
    form_key: Mapped[UUID] = mapped_column(unique=True)


class RoundParticipant(Base):
    """That somebody took part in a round: for counts by group, never shown by name."""

    __tablename__ = "round_participant"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True, index=True)
    at: Mapped[datetime]


class RoundEvent(Keyed, AppendOnly, Base):
    """That a round's opening, its last day or its end was told: once each."""

    __tablename__ = "round_event"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"))
    name: Mapped[str] = mapped_column(String(24))
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("round_id", "name"),)


class SynthesisSection(Keyed, Base):
    """A part of the synthesis; annotations are posts anchored to it. Markdown."""

    __tablename__ = "synthesis_section"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"))
    position: Mapped[int]
    heading: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 — SQLAlchemy's own declaration
    __table_args__ = (UniqueConstraint("round_id", "position"),)


class SynthesisRevision(Keyed, AppendOnly, Base):
    """A section of the synthesis as it was once published; the newest is what the section says."""

    __tablename__ = "synthesis_revision"

    section_id: Mapped[UUID] = mapped_column(ForeignKey("synthesis_section.id"))
    number: Mapped[int]
    heading: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text)
    by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("section_id", "number"),)


class AnnotationUptake(Base):
    """That a moderator took an annotation up in the synthesis, in which revision, and how."""

    __tablename__ = "annotation_uptake"

    post_id: Mapped[UUID] = mapped_column(ForeignKey("post.id"), primary_key=True)
    section_id: Mapped[UUID] = mapped_column(ForeignKey("synthesis_section.id"), index=True)
    #: The revision that stood when it was marked.
    revision: Mapped[int]
    note: Mapped[str] = mapped_column(String(300), default="")
    by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]


class OpinionMap(Base):
    """The last opinion map of a statements round, as the worker computed it: groups, coordinates by place, no person's key."""

    __tablename__ = "opinion_map"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), primary_key=True)
    computed_at: Mapped[datetime]
    #: The thread's pulse the map was computed from.
    pulse: Mapped[int]
    participants: Mapped[int]
    statements: Mapped[int]
    document: Mapped[dict[str, Any]]
