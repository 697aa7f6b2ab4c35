"""What counting leaves behind: runs that never change, and the files that were published."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from civicvote.models.base import AppendOnly, Base, Keyed, enum_type


class CountKind(StrEnum):
    """What a counting task does: open with the key file and count; count an opened file; count again and publish."""

    COUNT = "count"
    RECEIVE = "receive"
    PUBLISH = "publish"


_OPEN = text("finished_at IS NULL")


class CountTask(Keyed, Base):
    """A count or publication somebody asked for, done by the worker under a lease. One at a time per vote."""

    __tablename__ = "count_task"

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"))
    kind: Mapped[CountKind] = mapped_column(enum_type(CountKind, "kind_known"))
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    requested_at: Mapped[datetime]
    #: What the offline machine opened, as it was uploaded; emptied at the end.
    opened: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    #: Asked for a publication of totals only.
    pooled: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    #: Why it ended without effect: `text` (a Korean sentence of the catalogue) and its `params`; never a ballot.
    failure: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    __table_args__ = (
        Index("ix_count_task_vote_id_id", "vote_id", "id"),
        Index("uq_count_task_open", "vote_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        CheckConstraint("finished_at IS NULL OR opened IS NULL", name="emptied_at_the_end"),
        CheckConstraint("failure IS NULL OR finished_at IS NOT NULL", name="failed_is_finished"),
    )


class TallyRun(Keyed, AppendOnly, Base):
    """One count: what went in (digest), by which rule, every step, and what came out per pool."""

    __tablename__ = "tally_run"

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"))
    requested_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]
    input_hash: Mapped[str] = mapped_column(String(64))
    code_version: Mapped[str] = mapped_column(String(40))
    #: Opened ballots sorted by their own hash: what will be published, readable by nobody before that.
    plaintexts: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    result: Mapped[dict[str, Any]]
    result_hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (Index("ix_tally_run_vote_id_id", "vote_id", "id"),)


class TallyDecision(Keyed, AppendOnly, Base):
    """What the second person said to a run: approved after counting again, or sent back."""

    __tablename__ = "tally_decision"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("tally_run.id"), unique=True)
    requested_by: Mapped[UUID | None]
    decided_by: Mapped[UUID | None]
    at: Mapped[datetime]
    approved: Mapped[bool]
    result_hash: Mapped[str] = mapped_column(String(64))
    #: Why it was sent back.
    reason: Mapped[str] = mapped_column(Text, default="")
    #: Approved for publication without single ballots.
    pooled: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (CheckConstraint("requested_by <> decided_by", name="two_people"),)


class TallyRelease(Keyed, AppendOnly, Base):
    """What the person who counted wants published: single ballots, or totals only (`pooled`). The last one holds."""

    __tablename__ = "tally_release"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("tally_run.id"))
    chosen_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]
    pooled: Mapped[bool]

    __table_args__ = (Index("ix_tally_release_run_id_id", "run_id", "id"),)


class WithheldFile(Keyed, AppendOnly, Base):
    """The whole bundle of a vote whose single ballots aren't published: for auditors."""

    __tablename__ = "withheld_file"

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"), unique=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class PublishedFile(Keyed, AppendOnly, Base):
    """A file of a published result: bundle, .pb or CSV, byte for byte as announced."""

    __tablename__ = "published_file"

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"))
    name: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(80))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("vote_id", "name"),)
