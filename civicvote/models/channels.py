"""Voting elsewhere than online: who was checked in, batches of paper ballots, tablets that are polling stations.

What names a person never stands beside a ballot, and what was keyed from paper is sealed like every other ballot.
"""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from civicvote.models.base import Base, Keyed, enum_type
from civicvote.models.votes import NO_ORDER


class Channel(StrEnum):
    """How somebody who was checked in votes."""

    PAPER = "paper"
    STATION = "station"


class Ask(StrEnum):
    """What one clerk asks and another decides."""

    VOID = "void"
    TAKE_BACK = "take-back"
    DOCUMENTS = "documents"


class PaperKind(StrEnum):
    """What a sheet of paper is: its picks are sealed, what it is as a whole is not."""

    VALID = "valid"
    BLANK = "blank"
    VOID = "void"


class CheckIn(Keyed, Base):
    """A person who came to a desk and votes there: from now on their account can't. One at a time per person and vote."""

    __tablename__ = "check_in"

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    #: What clerks call it; counted per vote.
    number: Mapped[int]
    channel: Mapped[Channel] = mapped_column(enum_type(Channel, "channel_known"))
    #: Verification level at the desk: of the account, or of the documents the clerk saw.
    level: Mapped[int]
    checked_in_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    checked_in_at: Mapped[datetime]
    #: What documents showed of somebody nobody had verified, as the first clerk saw them; NULL for everybody else.
    basis: Mapped[str | None] = mapped_column(String(16))
    shown_district: Mapped[str | None] = mapped_column(String(5))
    #: The second clerk who saw them; without one there is neither a paper nor a code.
    documents_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    #: They had voted online: two clerks void that ballot before a paper is handed out.
    voted_online: Mapped[bool] = mapped_column(default=False)
    online_voided: Mapped[bool] = mapped_column(default=False)
    paper_given_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    #: The district whose paper was handed out; "" where the paper is the same for all.
    paper_district: Mapped[str | None] = mapped_column(String(5))
    taken_back_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 — SQLAlchemy's own declaration
    __table_args__ = (
        Index(
            "uq_check_in_living",
            "vote_id",
            "person_id",
            unique=True,
            sqlite_where=text("taken_back_at IS NULL"),
            postgresql_where=text("taken_back_at IS NULL"),
        ),
        UniqueConstraint("vote_id", "number"),
        CheckConstraint("level BETWEEN 0 AND 2", name="level_known"),
        CheckConstraint("voted_online OR NOT online_voided", name="void_what_was_cast"),
        CheckConstraint("(paper_given_by IS NULL) = (paper_district IS NULL)", name="paper_given_whole"),
        CheckConstraint(
            "paper_given_by IS NULL OR (channel = 'paper' AND taken_back_at IS NULL AND voted_online = online_voided)",
            name="one_paper_one_ballot",
        ),
        CheckConstraint("taken_back_at IS NULL OR NOT online_voided", name="void_stays"),
        CheckConstraint("(basis IS NULL) = (shown_district IS NULL)", name="documents_whole"),
        CheckConstraint(
            "documents_by IS NULL OR (basis IS NOT NULL AND documents_by <> checked_in_by)", name="documents_two_people"
        ),
        CheckConstraint(
            "paper_given_by IS NULL OR basis IS NULL OR documents_by IS NOT NULL", name="documents_before_paper"
        ),
    )


class DeskRequest(Keyed, Base):
    """One clerk asks, another decides: nobody voids a ballot or takes a check-in back alone."""

    __tablename__ = "desk_request"

    check_in_id: Mapped[UUID] = mapped_column(ForeignKey("check_in.id"))
    ask: Mapped[Ask] = mapped_column(enum_type(Ask, "ask_known"))
    reason: Mapped[str] = mapped_column(String(200))
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    requested_at: Mapped[datetime]
    approved: Mapped[bool | None]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    decided_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("(approved IS NULL) = (decided_by IS NULL)", name="decided_whole"),
        CheckConstraint("approved IS NULL OR NOT approved OR decided_by <> requested_by", name="two_people"),
        Index(
            "uq_desk_request_open",
            "check_in_id",
            unique=True,
            sqlite_where=text("decided_by IS NULL"),
            postgresql_where=text("decided_by IS NULL"),
        ),
        Index("ix_desk_request_check_in_id", "check_in_id"),
    )


class ShownDocument(Base):
    """What a second clerk compares with a document, until they have: nothing of it stays."""

    __tablename__ = "shown_document"

    check_in_id: Mapped[UUID] = mapped_column(ForeignKey("check_in.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    birth_date: Mapped[date] = mapped_column(Date)
    #: The first clerk says that it isn't whom the platform knows by the same name and birth date.
    namesake: Mapped[bool]

    __table_args__ = (NO_ORDER,)


class VoidWaiting(Base):
    """A voided ballot the board doesn't say so of yet: posted several at a time, so that nobody at the desk is told apart."""

    __tablename__ = "void_waiting"

    tracker: Mapped[str] = mapped_column(String(24), primary_key=True)
    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"), index=True)

    __table_args__ = (NO_ORDER,)


class PaperBatch(Keyed, Base):
    """A box or bundle of paper ballots: counted by hand, keyed twice, confirmed once, then in the ballot box."""

    __tablename__ = "paper_batch"

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"))
    number: Mapped[int]
    place: Mapped[str] = mapped_column(String(60))
    #: The district whose projects its papers may pick; "" where the paper is the same for all.
    district: Mapped[str] = mapped_column(String(5), default="")
    #: Sheets as counted by hand.
    papers: Mapped[int]
    opened_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    opened_at: Mapped[datetime]
    confirmed_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    confirmed_at: Mapped[datetime | None]
    valid: Mapped[int | None]
    blank: Mapped[int | None]
    void: Mapped[int | None]
    #: Dropped by two people: opened by mistake, or its papers went into another batch.
    drop_requested_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    drop_reason: Mapped[str] = mapped_column(String(200), default="")
    dropped_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 — SQLAlchemy's own declaration
    __table_args__ = (
        UniqueConstraint("vote_id", "number"),
        CheckConstraint("papers BETWEEN 1 AND 2000", name="papers_plausible"),
        CheckConstraint(
            "confirmed_by IS NULL OR (valid IS NOT NULL AND blank IS NOT NULL AND void IS NOT NULL"
            " AND valid >= 0 AND blank >= 0 AND void >= 0 AND valid + blank + void = papers)",
            name="balance",
        ),
        CheckConstraint("dropped_by IS NULL OR confirmed_by IS NULL", name="dropped_or_confirmed"),
        CheckConstraint(
            "dropped_by IS NULL OR (drop_requested_by IS NOT NULL AND dropped_by <> drop_requested_by)",
            name="drop_two_people",
        ),
    )


class PaperDifference(Keyed, Base):
    """More sheets than were handed out: one person states it with a reason, another agrees, and the board says so."""

    __tablename__ = "paper_difference"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("paper_batch.id"), unique=True)
    #: Sheets of this kind beyond those handed out, this batch and all confirmed before it together.
    difference: Mapped[int]
    reason: Mapped[str] = mapped_column(String(200))
    stated_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    stated_at: Mapped[datetime]
    agreed_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    agreed_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("difference >= 1", name="difference_positive"),
        CheckConstraint("(agreed_by IS NULL) = (agreed_at IS NULL)", name="agreed_whole"),
        CheckConstraint("agreed_by IS NULL OR agreed_by <> stated_by", name="two_people"),
    )


class PaperKeying(Base):
    """One of the two times a batch is keyed, each by a person of its own."""

    __tablename__ = "paper_keying"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("paper_batch.id"), primary_key=True)
    turn: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    keyed_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    finished_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("batch_id", "keyed_by"),
        CheckConstraint("turn IN (1, 2)", name="two_turns"),
    )


class PaperEntry(Base):
    """A sheet as one of the two keyed it. Gone once the batch is confirmed: no number of a sheet leads to a ballot."""

    __tablename__ = "paper_entry"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("paper_batch.id"), primary_key=True)
    turn: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    paper: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[PaperKind] = mapped_column(enum_type(PaperKind, "kind_known"))
    #: Why a sheet is void: one of a short list, so that nobody writes its picks here.
    reason: Mapped[str] = mapped_column(String(16), default="")
    #: The ballot, sealed with the vote's key; NULL for blank and void sheets.
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    #: HMAC of what was keyed, by a key that is never in the database: equal only for the same sheet keyed alike.
    mark: Mapped[bytes] = mapped_column(LargeBinary(32))

    __table_args__ = (
        CheckConstraint("turn IN (1, 2)", name="two_turns"),
        CheckConstraint("paper >= 1", name="paper_positive"),
        CheckConstraint("(kind = 'valid') = (sealed IS NOT NULL)", name="valid_is_sealed"),
        CheckConstraint("(kind = 'void') = (reason <> '')", name="void_has_reason"),
    )


class Station(Keyed, Base):
    """A tablet that can do nothing but take ballots of one vote. Only SHA-256s of its tokens are stored.

    The cookie has a second part that changes with every page: whoever comes with an old one has a copy.
    """

    __tablename__ = "station"

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    opened_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    opened_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    #: The part the tablet last came with, and the one or two it may have been given since.
    step_hash: Mapped[str] = mapped_column(String(64))
    next_hash: Mapped[str | None] = mapped_column(String(64))
    older_hash: Mapped[str | None] = mapped_column(String(64))
    stepped_at: Mapped[datetime | None]
    #: After a cast the last part is good for a second press only.
    again_until: Mapped[datetime | None]
    #: Two browsers came with the same cookie: neither goes on.
    copied_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("copied_at IS NULL OR closed_at IS NOT NULL", name="copied_is_closed"),)


class StationCode(Base):
    """A code that seats one checked-in person at a station, once; kept as a keyed hash until it is used or runs out."""

    __tablename__ = "station_code"

    check_in_id: Mapped[UUID] = mapped_column(ForeignKey("check_in.id"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]

    __table_args__ = (NO_ORDER,)


class StationSeat(Base):
    """Who votes at a station now: one at a time. Gone when they are done; nothing tells later who sat there when."""

    __tablename__ = "station_seat"

    station_id: Mapped[UUID] = mapped_column(ForeignKey("station.id"), primary_key=True)
    check_in_id: Mapped[UUID] = mapped_column(ForeignKey("check_in.id"), unique=True)
    seen_at: Mapped[datetime]

    __table_args__ = (NO_ORDER,)
