"""Feasibility review: who looks, by which criteria, what is asked of the author, and the verdict."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from civicvote.models.base import Base, Keyed


class Review(Keyed, Base):
    """One assignment of a project to a department. A project has at most one open review."""

    __tablename__ = "review"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    department_id: Mapped[UUID] = mapped_column(ForeignKey("department.id"))
    #: The person in charge; NULL lets anybody of the department take it.
    reviewer_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    assigned_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    assigned_at: Mapped[datetime]
    due_at: Mapped[datetime]
    #: Answers to the criteria form: {criterion: {"answer": "yes|no|partly", "note": …}}.
    criteria: Mapped[dict[str, Any]]
    cost_won: Mapped[int | None] = mapped_column(BigInteger)
    verdict: Mapped[str | None] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]
    #: Replaced by another assignment before a verdict.
    closed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 — SQLAlchemy's own declaration
    __table_args__ = (
        CheckConstraint("verdict IN ('accept', 'refuse')", name="verdict_known"),
        CheckConstraint("verdict IS NULL OR (reason <> '' AND decided_at IS NOT NULL)", name="verdict_with_reason"),
        Index(
            "uq_review_open",
            "project_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL AND decided_at IS NULL"),
            postgresql_where=text("closed_at IS NULL AND decided_at IS NULL"),
        ),
        Index("ix_review_project_id_id", "project_id", "id"),
        Index("ix_review_department_id_due_at_id", "department_id", "due_at", "id"),
        Index("ix_review_reviewer_id_due_at_id", "reviewer_id", "due_at", "id"),
        Index("ix_review_due_at_id", "due_at", "id"),
        Index("ix_review_decided_at_id", "decided_at", "id"),
    )


class Supplement(Keyed, Base):
    """보완요청: a question to the author with a deadline, and the answer."""

    __tablename__ = "supplement"

    review_id: Mapped[UUID] = mapped_column(ForeignKey("review.id"), index=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"))
    question: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime]
    due_at: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(Text)
    answered_at: Mapped[datetime | None]
    #: The deadline went by without an answer.
    lapsed_at: Mapped[datetime | None]

    __table_args__ = (
        Index(
            "uq_supplement_open",
            "project_id",
            unique=True,
            sqlite_where=text("answered_at IS NULL AND lapsed_at IS NULL"),
            postgresql_where=text("answered_at IS NULL AND lapsed_at IS NULL"),
        ),
        Index("ix_supplement_project_id_id", "project_id", "id"),
        Index("ix_supplement_due_at", "due_at"),
    )
