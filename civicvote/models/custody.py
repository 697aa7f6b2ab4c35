"""What happens around a box: keys that two people ended, and news of the ballot that everybody who took part is told."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from civicvote.models.base import AppendOnly, Base, Keyed


class KeyEnding(Keyed, AppendOnly, Base):
    """One person's word that a key of a vote is destroyed. `place` 1 changes nothing; 2, by another person, ends the key."""

    __tablename__ = "key_ending"

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"))
    #: "vote" (opens ballots: its shares or its file) or "roll" (makes slots: a file beside the database).
    key: Mapped[str] = mapped_column(String(8))
    place: Mapped[int]
    stated_by: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]
    #: What was destroyed and how, in the person's words.
    how: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("vote_id", "key", "place"),
        UniqueConstraint("vote_id", "key", "stated_by"),
        CheckConstraint("key IN ('vote', 'roll')", name="key_known"),
        CheckConstraint("place IN (1, 2)", name="two_people"),
    )


class BallotNews(Keyed, Base):
    """A change of the ballot during the vote. All who took part are told, person by person: `told_to` is how far that is."""

    __tablename__ = "ballot_news"

    vote_id: Mapped[UUID] = mapped_column(ForeignKey("vote.id"))
    #: Names the change within its vote: the same one is never announced twice.
    about: Mapped[str] = mapped_column(String(120))
    #: "withdrawn" or "changed".
    kind: Mapped[str] = mapped_column(String(12))
    #: Number of the project in the notice.
    project: Mapped[str] = mapped_column(String(40))
    #: Why it was withdrawn, or what is put right.
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    told_to: Mapped[UUID | None]
    #: Letters promised so far.
    told: Mapped[int] = mapped_column(default=0)
    told_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("vote_id", "about"),
        CheckConstraint("kind IN ('withdrawn', 'changed')", name="kind_known"),
    )
