"""오늘의공론장: places to take part outside this platform, such as 엠보팅."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from civicvote.models.base import Base, Keyed


class OutsideLink(Keyed, Base):
    """A registered link with its window."""

    __tablename__ = "outside_link"

    title: Mapped[str] = mapped_column(String(120))
    #: Who runs it, as people know it: 엠보팅, 메타버스시장실.
    host: Mapped[str] = mapped_column(String(60))
    url: Mapped[str] = mapped_column(String(500))
    summary: Mapped[str] = mapped_column(String(300), default="")
    district: Mapped[str | None] = mapped_column(String(5))
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("opens_at < closes_at", name="window"),
        Index("ix_outside_link_closes_at", "closes_at"),
    )
