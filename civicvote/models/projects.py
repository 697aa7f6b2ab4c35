"""Budget projects: what citizens propose, what others say to it, and how it goes on."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from civicvote.domain.lifecycles import ProjectState
from civicvote.models.base import AppendOnly, Base, Keyed, enum_type


class Project(Keyed, Base):
    """A proposal to a pool, from draft to completion."""

    __tablename__ = "project"

    cycle_id: Mapped[UUID] = mapped_column(ForeignKey("cycle.id"))
    pool_id: Mapped[UUID] = mapped_column(ForeignKey("pool.id"))
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    #: Number within the cycle, given at submission; what people and ballots call it. In an imported cycle: the file's own id.
    number: Mapped[str | None] = mapped_column(String(40))
    state: Mapped[ProjectState] = mapped_column(enum_type(ProjectState, "state_known"), default=ProjectState.DRAFT)
    title: Mapped[str] = mapped_column(String(120))
    problem: Mapped[str] = mapped_column(Text, default="")
    idea: Mapped[str] = mapped_column(Text, default="")
    category: Mapped[str] = mapped_column(String(40), default="")
    district: Mapped[str | None] = mapped_column(String(5))
    place: Mapped[str] = mapped_column(String(120), default="")
    #: What the author thinks it costs; NULL if left open.
    requested_won: Mapped[int | None] = mapped_column(BigInteger)
    #: What the review says it costs: the figure on the ballot.
    cost_won: Mapped[int | None] = mapped_column(BigInteger)
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("department.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    #: Public reason of the last decision that needed one.
    state_reason: Mapped[str] = mapped_column(Text, default="")
    #: Derived from endorsement, comment and follow rows; `civicvote recount` rebuilds them.
    endorsement_count: Mapped[int] = mapped_column(default=0)
    comment_count: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    costs: Mapped[list["CostLine"]] = relationship(
        lazy="raise_on_sql", order_by="CostLine.position", cascade="all, delete-orphan"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 — SQLAlchemy's own declaration
    __table_args__ = (
        CheckConstraint("requested_won > 0", name="requested_positive"),
        CheckConstraint("cost_won > 0", name="cost_positive"),
        CheckConstraint("state = 'draft' OR number IS NOT NULL", name="numbered_once_submitted"),
        CheckConstraint(
            "state NOT IN ('eligible', 'on_ballot', 'selected', 'not_selected', 'executing', 'completed') OR cost_won IS NOT NULL",
            name="cost_once_eligible",
        ),
        UniqueConstraint("cycle_id", "number"),
        Index("ix_project_cycle_id_state_id", "cycle_id", "state", "id"),
        Index("ix_project_state_id", "state", "id"),
        Index("ix_project_author_id_id", "author_id", "id"),
        Index("ix_project_department_id_state_id", "department_id", "state", "id"),
        Index("ix_project_pool_id_state_id", "pool_id", "state", "id"),
        Index("ix_project_submitted_at_id", "submitted_at", "id"),
        Index("ix_project_endorsement_count_id", "endorsement_count", "id"),
        Index("ix_project_comment_count_id", "comment_count", "id"),
        Index("ix_project_cost_won_id", "cost_won", "id"),
        Index("ix_project_district_id", "district", "id"),
    )


class CostLine(Keyed, Base):
    """A line of the reviewed cost, by class: 사업비 (programme), 인건비 (staff), 운영비 (operation)."""

    __tablename__ = "project_cost_line"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    kind: Mapped[str] = mapped_column(String(16))
    label: Mapped[str] = mapped_column(String(120))
    amount_won: Mapped[int] = mapped_column(BigInteger)
    position: Mapped[int] = mapped_column(default=0)

    __table_args__ = (
        CheckConstraint("kind IN ('programme', 'staff', 'operation')", name="kind_known"),
        CheckConstraint("amount_won > 0", name="amount_positive"),
        Index("ix_project_cost_line_project_id_position", "project_id", "position"),
    )


class Endorsement(Base):
    """공감: one per person and project, by the key itself."""

    __tablename__ = "endorsement"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True, index=True)
    at: Mapped[datetime]


class Follow(Base):
    """Somebody wants to hear when the project moves on."""

    __tablename__ = "follow"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True, index=True)
    at: Mapped[datetime]


class Comment(Keyed, Base):
    """What people say; answers are one level deep. Hidden ones keep their place with the reason."""

    __tablename__ = "comment"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("comment.id"), index=True)
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    hidden_at: Mapped[datetime | None]
    hidden_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    hidden_reason: Mapped[str] = mapped_column(Text, default="")
    #: Sent along with the form: the same form sent twice is one comment.
    form_key: Mapped[UUID] = mapped_column(unique=True)

    __table_args__ = (
        CheckConstraint("hidden_at IS NULL OR hidden_reason <> ''", name="hidden_with_reason"),
        Index("ix_comment_project_id_parent_id_id", "project_id", "parent_id", "id"),
    )


class ProjectMove(Keyed, AppendOnly, Base):
    """A project's public history: each change of state with its reason."""

    __tablename__ = "project_move"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    name: Mapped[str] = mapped_column(String(32))
    source: Mapped[str] = mapped_column(String(32))
    target: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]

    __table_args__ = (Index("ix_project_move_project_id_id", "project_id", "id"),)


class StatusUpdate(Keyed, AppendOnly, Base):
    """A status line of a funded project: progress in per cent and what happened."""

    __tablename__ = "status_update"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]
    progress: Mapped[int]
    spent_won: Mapped[int] = mapped_column(BigInteger, default=0)
    text: Mapped[str] = mapped_column(Text)
    form_key: Mapped[UUID] = mapped_column(unique=True)

    __table_args__ = (
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress_share"),
        CheckConstraint("spent_won >= 0", name="spent_not_negative"),
        Index("ix_status_update_project_id_id", "project_id", "id"),
    )
