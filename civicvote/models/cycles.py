"""A budget cycle, its pools of money, and the holds on it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from civicvote.domain.ballot_list import Scope
from civicvote.domain.cycles import BallotType, Eligibility, TallyRule, Timetable, Window
from civicvote.domain.lifecycles import CycleState
from civicvote.models.base import Base, Keyed, enum_type


class Cycle(Keyed, Base):
    """One year's 시민공감예산: windows, rules of the ballot and of the count.

    Rules lock when the ballot list is submitted for approval.
    """

    __tablename__ = "cycle"

    slug: Mapped[str] = mapped_column(String(60), unique=True)
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[CycleState] = mapped_column(enum_type(CycleState, "state_known"), default=CycleState.DRAFT)
    year: Mapped[int]

    proposals_open_at: Mapped[datetime]
    proposals_close_at: Mapped[datetime]
    review_until: Mapped[datetime]
    voting_open_at: Mapped[datetime]
    voting_close_at: Mapped[datetime]

    ballot_type: Mapped[BallotType] = mapped_column(
        enum_type(BallotType, "ballot_type_known"), default=BallotType.APPROVAL
    )
    min_picks: Mapped[int] = mapped_column(default=1)
    max_picks: Mapped[int] = mapped_column(default=10)
    #: Most points for one project, and for all together; NULL where the ballot type has none.
    point_max: Mapped[int | None]
    point_sum: Mapped[int | None]
    min_level: Mapped[int] = mapped_column(default=2)
    min_age: Mapped[int] = mapped_column(default=14)
    #: Only people verified in this district (code) may vote; NULL: the whole city.
    district: Mapped[str | None] = mapped_column(String(5))

    tally_rule: Mapped[TallyRule] = mapped_column(
        enum_type(TallyRule, "tally_rule_known"), default=TallyRule.EQUAL_SHARES
    )
    utility: Mapped[str] = mapped_column(String(16), default="cost")
    completion: Mapped[str] = mapped_column(String(16), default="add1")
    #: Won by which each voter's share grows in a completion.
    step_won: Mapped[int] = mapped_column(default=1000)
    exhaustive_stop: Mapped[bool] = mapped_column(default=True)
    #: Greedy's result is taken if more voters get more from it (Equal Shares).
    comparison: Mapped[bool] = mapped_column(default=False, server_default=false())
    tie: Mapped[str] = mapped_column(String(16), default="votes")
    #: Whether a lot settles what `tie` leaves; else the order of numbers.
    tie_lot: Mapped[bool] = mapped_column(default=False, server_default=false())
    #: Votes (points) a project needs to be considered at all, and the share of its contest's ballots, in tenths of a per cent.
    min_support: Mapped[int] = mapped_column(default=0)
    min_share: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Ballots a contest needs to be counted.
    quorum: Mapped[int] = mapped_column(default=0, server_default="0")

    #: Days after the result in which anybody may object; the vote's keys are destroyed after them.
    objection_days: Mapped[int] = mapped_column(default=30)

    #: Where the cycle was decided: here, in an imported file, or in a forum (the vote of a round, which no budget page lists).
    origin: Mapped[str] = mapped_column(String(16), default="platform")
    #: Of all its amounts: KRW, or an imported file's own.
    currency: Mapped[str] = mapped_column(String(3), default="KRW")
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    list_requested_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    list_approved_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    #: The ballot list as its request showed it, which the approval compares:
    #: {"digest": …, "projects": {id: [number, title, won, pool id]}}.
    list_requested: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    #: Counts every change of rules, pools and windows; forms carry it so that nobody overwrites another's change.
    version: Mapped[int] = mapped_column(default=1)

    pools: Mapped[list["Pool"]] = relationship(lazy="raise_on_sql", back_populates="cycle", order_by="Pool.position")
    holds: Mapped[list["Hold"]] = relationship(lazy="raise_on_sql", back_populates="cycle", order_by="Hold.placed_at")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 — SQLAlchemy's own declaration
    __table_args__ = (
        CheckConstraint("proposals_open_at < proposals_close_at", name="proposals_window"),
        CheckConstraint("voting_open_at < voting_close_at", name="voting_window"),
        CheckConstraint("proposals_close_at <= voting_open_at", name="proposals_before_voting"),
        CheckConstraint("min_picks >= 0 AND max_picks >= 1 AND min_picks <= max_picks", name="picks"),
        CheckConstraint("min_level BETWEEN 0 AND 2", name="level_known"),
        CheckConstraint("min_age BETWEEN 0 AND 120", name="age_plausible"),
        CheckConstraint("district IS NULL OR min_level = 2", name="district_needs_level"),
        CheckConstraint("objection_days BETWEEN 0 AND 365", name="objection_days_plausible"),
        CheckConstraint("step_won >= 1", name="step_positive"),
        CheckConstraint("utility IN ('cost', 'cardinality')", name="utility_known"),
        CheckConstraint("completion IN ('none', 'add1', 'add1u', 'utilitarian')", name="completion_known"),
        CheckConstraint(
            "tie IN ('id', 'votes', 'cost', 'cost-desc', 'votes,cost', 'votes,cost-desc')", name="tie_known"
        ),
        CheckConstraint("point_max >= 1 AND point_sum >= 1", name="points_positive"),
        CheckConstraint("ballot_type <> 'points' OR point_sum IS NOT NULL", name="points_have_sum"),
        CheckConstraint("ballot_type <> 'score' OR point_max IS NOT NULL", name="score_has_max"),
        CheckConstraint("min_share BETWEEN 0 AND 1000", name="share_plausible"),
        CheckConstraint("quorum >= 0", name="quorum_not_negative"),
        CheckConstraint("origin IN ('platform', 'import', 'round')", name="origin_known"),
        CheckConstraint("list_approved_by IS NULL OR list_approved_by <> list_requested_by", name="list_two_people"),
        Index("ix_cycle_state_voting_close_at", "state", "voting_close_at"),
        Index("ix_cycle_year_id", "year", "id"),
    )

    def timetable(self, *, held: bool) -> Timetable:
        """The facts that decide the phase."""
        return Timetable(
            self.state,
            Window(self.proposals_open_at, self.proposals_close_at),
            Window(self.voting_open_at, self.voting_close_at),
            held=held,
        )

    def eligibility(self) -> Eligibility:
        """Who may vote."""
        return Eligibility(self.min_level, self.min_age, self.district)


class Pool(Keyed, Base):
    """Money of a cycle: city-wide (no district) or one district's; a contest of its own in the count."""

    __tablename__ = "pool"

    cycle_id: Mapped[UUID] = mapped_column(ForeignKey("cycle.id"))
    name: Mapped[str] = mapped_column(String(80))
    theme: Mapped[str] = mapped_column(String(40), default="")
    district: Mapped[str | None] = mapped_column(String(5))
    amount_won: Mapped[int] = mapped_column(BigInteger)
    #: Most picks within this pool; NULL leaves only the cycle's own limit.
    max_picks: Mapped[int | None]
    position: Mapped[int] = mapped_column(default=0)
    #: The pool, counted later, that gets what this one leaves.
    leftover_to: Mapped[UUID | None] = mapped_column(ForeignKey("pool.id"))
    cycle: Mapped[Cycle] = relationship(lazy="raise_on_sql", back_populates="pools")

    __table_args__ = (
        CheckConstraint("leftover_to <> id", name="leftover_to_another"),
        CheckConstraint("amount_won > 0", name="amount_positive"),
        CheckConstraint("max_picks >= 1", name="picks_positive"),
        UniqueConstraint("cycle_id", "name"),
        Index("ix_pool_cycle_id_position", "cycle_id", "position"),
    )


class Hold(Keyed, Base):
    """보류: staff close what the clock has open, with a reason; lifted by filling in `lifted_at`."""

    __tablename__ = "cycle_hold"

    cycle_id: Mapped[UUID] = mapped_column(ForeignKey("cycle.id"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    placed_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    placed_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    lift_reason: Mapped[str] = mapped_column(Text, default="")
    cycle: Mapped[Cycle] = relationship(lazy="raise_on_sql", back_populates="holds")

    __table_args__ = (
        # One hold at a time: of two people pressing the button the second is told.
        Index(
            "uq_cycle_hold_open",
            "cycle_id",
            unique=True,
            sqlite_where=text("lifted_at IS NULL"),
            postgresql_where=text("lifted_at IS NULL"),
        ),
    )


class AlternativeGroup(Keyed, Base):
    """Projects on a ballot list of which at most one is funded."""

    __tablename__ = "alternative_group"

    cycle_id: Mapped[UUID] = mapped_column(ForeignKey("cycle.id"), index=True)
    title: Mapped[str] = mapped_column(String(80))


class Alternative(Base):
    """A project of a group; it can be in one only."""

    __tablename__ = "alternative"

    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), primary_key=True)
    group_id: Mapped[UUID] = mapped_column(ForeignKey("alternative_group.id"), index=True)


class BallotCap(Keyed, Base):
    """Most projects, or won, of a category or district that each pool of the cycle may fund."""

    __tablename__ = "ballot_cap"

    cycle_id: Mapped[UUID] = mapped_column(ForeignKey("cycle.id"))
    scope: Mapped[Scope] = mapped_column(enum_type(Scope, "scope_known"))
    #: The category's name, or the district's code.
    value: Mapped[str] = mapped_column(String(40))
    max_projects: Mapped[int | None]
    max_won: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        CheckConstraint("max_projects >= 1 AND max_won >= 1", name="limits_positive"),
        CheckConstraint("max_projects IS NOT NULL OR max_won IS NOT NULL", name="limit_given"),
        UniqueConstraint("cycle_id", "scope", "value"),
    )


class LockedProject(Keyed, Base):
    """A project that is funded before the votes are counted, for a public reason."""

    __tablename__ = "locked_project"

    cycle_id: Mapped[UUID] = mapped_column(ForeignKey("cycle.id"), index=True)
    project_id: Mapped[UUID] = mapped_column(ForeignKey("project.id"), unique=True)
    reason: Mapped[str] = mapped_column(Text)
