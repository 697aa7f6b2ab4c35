"""투표 rounds: the ballot's form and its options until they are announced. Votes and counts are in `votes` and `counts`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from civicvote.domain.ballot_rounds import BallotMethod, BallotPlan
from civicvote.models.base import Base, Keyed, enum_type


class RoundBallot(Base):
    """The secret ballot of a round. From the announcement on it has a cycle of its own, which no budget page lists."""

    __tablename__ = "round_ballot"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), primary_key=True)
    #: Made when the options are announced; from then on nothing here changes.
    cycle_id: Mapped[UUID | None] = mapped_column(ForeignKey("cycle.id"), unique=True)
    method: Mapped[BallotMethod] = mapped_column(enum_type(BallotMethod, "method_known"))
    max_picks: Mapped[int]
    #: How many options are chosen by the count.
    winners: Mapped[int]
    min_age: Mapped[int]
    #: Who asked another to announce it, when, and the digest of what they saw.
    asked_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    asked_at: Mapped[datetime | None]
    asked_digest: Mapped[str] = mapped_column(String(64), default="")
    #: Why the last request was sent back.
    returned_reason: Mapped[str] = mapped_column(Text, default="")
    announced_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    announced_at: Mapped[datetime | None]
    #: Counts every change of the form and the options.
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 — SQLAlchemy's own declaration
    __table_args__ = (
        CheckConstraint("max_picks >= 1 AND (method <> 'single' OR max_picks = 1)", name="picks"),
        CheckConstraint("winners >= 1", name="winners_positive"),
        CheckConstraint("min_age BETWEEN 0 AND 120", name="age_plausible"),
        CheckConstraint("(asked_at IS NULL) = (asked_digest = '')", name="asked_whole"),
        CheckConstraint("(announced_at IS NULL) = (cycle_id IS NULL)", name="announced_whole"),
        CheckConstraint("announced_by <> asked_by", name="two_people"),
    )

    def plan(self) -> BallotPlan:
        """What was decided about it."""
        return BallotPlan(self.method, self.max_picks, self.winners, self.min_age)


class BallotOption(Keyed, Base):
    """Something to choose. Its place is the number a ballot calls it by; places of removed options stay empty."""

    __tablename__ = "ballot_option"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round_ballot.round_id"))
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    #: Plain text.
    body: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        CheckConstraint("position >= 1", name="position_positive"),
        UniqueConstraint("round_id", "position"),
    )


class BallotOptionSource(Base):
    """A nomination or statement an option speaks for; what says the same is gathered in one option."""

    __tablename__ = "ballot_option_source"

    #: The option's round again, so that a post is in one option of a round only.
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round_ballot.round_id"), primary_key=True)
    post_id: Mapped[UUID] = mapped_column(ForeignKey("post.id"), primary_key=True, index=True)
    option_id: Mapped[UUID] = mapped_column(ForeignKey("ballot_option.id"), index=True)


class ThemePromotion(Base):
    """What a 테마토론 led to, once: a proposal, a city question, or an item of a budget cycle's agenda."""

    __tablename__ = "theme_promotion"

    forum_id: Mapped[UUID] = mapped_column(ForeignKey("forum.id"), primary_key=True)
    proposal_id: Mapped[UUID | None] = mapped_column(ForeignKey("proposal.id"), unique=True)
    question_id: Mapped[UUID | None] = mapped_column(ForeignKey("forum.id"), unique=True)
    cycle_id: Mapped[UUID | None] = mapped_column(ForeignKey("cycle.id"), index=True)
    by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]
    #: When the way there was shown: a draft's only once it is public.
    linked_at: Mapped[datetime | None] = mapped_column(index=True)

    __table_args__ = (
        CheckConstraint(
            "(CASE WHEN proposal_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN question_id IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN cycle_id IS NULL THEN 0 ELSE 1 END) = 1",
            name="one_target",
        ),
    )
