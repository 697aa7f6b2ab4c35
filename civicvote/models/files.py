"""Files people attach: stored under random names outside the web root."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from civicvote.models.base import Base, Keyed


class Attachment(Keyed, Base):
    """A picture or document of a draft, proposal, post, forum or campaign; its key is its address."""

    __tablename__ = "attachment"

    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    #: Key of what it belongs to (a proposal's, post's, forum's); it is as public as that thing.
    subject_id: Mapped[UUID]
    subject_kind: Mapped[str] = mapped_column(String(16))
    #: Pictures are shown, documents only downloaded.
    picture: Mapped[bool]
    media_type: Mapped[str] = mapped_column(String(80))
    #: What people see; cleaned.
    name: Mapped[str] = mapped_column(String(120))
    #: What it shows, for people who don't see it.
    alt: Mapped[str] = mapped_column(String(200), default="")
    size: Mapped[int]
    width: Mapped[int | None]
    height: Mapped[int | None]
    sha256: Mapped[str] = mapped_column(String(64))
    #: Random name of the stored file.
    stored_as: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("subject_kind IN ('proposal', 'post', 'forum', 'round', 'campaign')", name="subject_known"),
        CheckConstraint("size > 0", name="size_positive"),
        Index("ix_attachment_subject_id_id", "subject_id", "id"),
        Index("ix_attachment_removed_at", "removed_at"),
    )
