"""Votes and sealed ballots. Nothing here says who chose what, nor when: see the formulas in domain/ballots."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from civicvote.models.base import AppendOnly, Base, Keyed

#: SQLite numbers rows as they come, and the n-th participant would be the n-th ballot; without that number rows lie by key.
NO_ORDER = {"sqlite_with_rowid": False}


class Vote(Keyed, Base):
    """A vote with its keys and the notice that fixes its rules. One per cycle, made when the ballot list is approved."""

    __tablename__ = "vote"

    cycle_id: Mapped[UUID] = mapped_column(ForeignKey("cycle.id"), unique=True)
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    #: The rules, pools and projects as announced; its digest is the board's first entry.
    notice: Mapped[dict[str, Any]]
    #: X25519 public key that ballots are sealed with; its secret half is never here.
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    #: "file" (one key file, demo and small votes) or "shares" (3 of 5).
    key_mode: Mapped[str] = mapped_column(String(8))
    #: Ed25519 public key of the board.
    board_key: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("key_mode IN ('file', 'shares')", name="key_mode_known"),
        CheckConstraint("opens_at < closes_at", name="window"),
    )


class Participation(AppendOnly, Base):
    """That somebody took part: only the pair, no time, no serial number."""

    __tablename__ = "participation"

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)

    __table_args__ = (NO_ORDER,)


class UnfinishedBallot(Base):
    """That somebody began a ballot: the pair, no time, no picks. Gone when they have cast, were reminded, or the vote closes."""

    __tablename__ = "unfinished_ballot"

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)

    __table_args__ = (NO_ORDER,)


class Ballot(AppendOnly, Base):
    """A sealed ballot in its slot; the highest version counts."""

    __tablename__ = "ballot"

    #: Random, not time-ordered: the order of keys must not tell who voted when.
    id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"))
    slot: Mapped[bytes] = mapped_column(LargeBinary(16))
    version: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    tracker: Mapped[str] = mapped_column(String(24))

    __table_args__ = (
        UniqueConstraint("vote_id", "slot", "version"),
        UniqueConstraint("tracker"),
        CheckConstraint("version >= 1", name="version_positive"),
        NO_ORDER,
    )


class BallotWaiting(Base):
    """A tracker the sequencer has not put on the board yet: a short list, so that it never searches all ballots."""

    __tablename__ = "ballot_waiting"

    tracker: Mapped[str] = mapped_column(String(24), primary_key=True)
    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"), index=True)

    __table_args__ = (NO_ORDER,)


class CastKey(AppendOnly, Base):
    """A form's idempotency key with the receipt it got: the same form sent again gets the same receipt."""

    __tablename__ = "cast_key"

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    #: Sealed for whoever holds the form's key: the minute of a tracker stands nowhere in the clear.
    receipt: Mapped[dict[str, Any]]

    __table_args__ = (NO_ORDER,)


class BoardEntry(AppendOnly, Base):
    """A line of the public board: hash = SHA-256(prev ‖ canonical{seq, kind, item})."""

    __tablename__ = "board_entry"

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str] = mapped_column(String(16))
    item: Mapped[str] = mapped_column(Text)
    prev: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    __table_args__ = (
        # A tracker or digest stands on a board once, so a sequencer that starts twice adds nothing.
        UniqueConstraint("vote_id", "kind", "item"),
        Index("ix_board_entry_item", "item"),
    )


class BoardHead(Keyed, AppendOnly, Base):
    """The signed end of the board at some moment."""

    __tablename__ = "board_head"

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"))
    seq: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    signature: Mapped[str] = mapped_column(String(128))

    __table_args__ = (UniqueConstraint("vote_id", "seq"),)


class TurnoutCount(Base):
    """Participants per district, kept beside the facts; `civicvote recount` rebuilds it."""

    __tablename__ = "turnout_count"

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"), primary_key=True)
    #: District code, or "" where it is unknown.
    district: Mapped[str] = mapped_column(String(5), primary_key=True)
    people: Mapped[int] = mapped_column(default=0)
    #: What pages show: it follows `people` in steps of ten or more, so that no two looks differ by a few persons.
    shown: Mapped[int] = mapped_column(default=0)


class TurnoutHour(Base):
    """Ballots the sequencer put on the board in an hour: a number of lines, of nobody in particular."""

    __tablename__ = "turnout_hour"

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"), primary_key=True)
    #: Beginning of the hour.
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    ballots: Mapped[int]
