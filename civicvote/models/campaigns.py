"""실천캠페인: what people do themselves about an accepted proposal. Proofs are posts of the campaign's thread."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from civicvote.domain.lifecycles import CampaignState
from civicvote.models.base import Base, Keyed, enum_type


class Campaign(Keyed, Base):
    """A campaign with its window and goal."""

    __tablename__ = "campaign"

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id"), index=True)
    state: Mapped[CampaignState] = mapped_column(enum_type(CampaignState, "state_known"), default=CampaignState.DRAFT)
    title: Mapped[str] = mapped_column(String(120))
    #: What to do and how to show it; Markdown.
    guide: Mapped[str] = mapped_column(Text)
    goal: Mapped[int]
    district: Mapped[str | None] = mapped_column(String(5))
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    #: What it achieved, said at the end; Markdown.
    state_reason: Mapped[str] = mapped_column(Text, default="")
    #: Confirmed proofs; derived.
    proof_count: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 — SQLAlchemy's own declaration
    __table_args__ = (
        CheckConstraint("goal >= 1", name="goal_positive"),
        CheckConstraint("opens_at < closes_at", name="window"),
        Index("ix_campaign_state_closes_at", "state", "closes_at"),
    )
