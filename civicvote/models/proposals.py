"""시민제안: what citizens propose to the city, who stands behind it, what the city answers and then does."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from civicvote.domain.discussion import HideReason
from civicvote.domain.lifecycles import CommitmentState, ProposalState
from civicvote.domain.proposals import Triage, Verdict
from civicvote.models.base import AppendOnly, Base, Keyed, enum_type

#: What the public list shows, as its indexes say it: queries repeat these words, or a partial index is not used.
LISTED = "state <> 'draft' AND hidden_at IS NULL"
#: What may still take 공감, apart from the clock.
TAKING = f"{LISTED} AND state IN ('published', 'awaiting_department')"
#: No state in it: SQLite would go by that and sort. An answer is published with the move to 답변 완료.
REPLIED = f"{LISTED} AND answered_at IS NOT NULL"
#: Orders of the list: column and what it holds of.
LIST_ORDERS = {
    "published_at": LISTED,
    "endorsement_count": LISTED,
    "shuffle": LISTED,
    "closes_at": TAKING,
    "answered_at": REPLIED,
}
#: What narrows the list to one value each.
LIST_FILTERS = ("state", "category", "district", "department_id")


def _list_indexes() -> list[Index]:
    """Each order by itself and behind each filter: a page reads its own rows only, however many others there are."""
    return [
        Index(
            f"ix_proposal_list_{'_'.join(columns)}",
            *columns,
            "id",
            sqlite_where=text(condition),
            postgresql_where=text(condition),
        )
        for order, condition in LIST_ORDERS.items()
        for columns in (
            (order,),
            *((name, order) for name in LIST_FILTERS),
        )
    ]


_UNSORTED = text("triage IS NULL")


class Proposal(Keyed, Base):
    """A citizen's proposal. Its thread of comments has the same key."""

    __tablename__ = "proposal"

    #: Given at publication, counted over the whole platform; what people call it.
    number: Mapped[int | None] = mapped_column(unique=True)
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    state: Mapped[ProposalState] = mapped_column(enum_type(ProposalState, "state_known"), default=ProposalState.DRAFT)
    title: Mapped[str] = mapped_column(String(120))
    problem: Mapped[str] = mapped_column(Text, default="")
    idea: Mapped[str] = mapped_column(Text, default="")
    category: Mapped[str] = mapped_column(String(40), default="")
    district: Mapped[str | None] = mapped_column(String(5))
    place: Mapped[str] = mapped_column(String(120), default="")
    #: A point in the view of `districts.VIEW_BOX`; both or neither.
    map_x: Mapped[int | None]
    map_y: Mapped[int | None]
    triage: Mapped[Triage | None] = mapped_column(enum_type(Triage, "triage_known"))
    triage_note: Mapped[str] = mapped_column(Text, default="")
    #: Where a complaint was forwarded to, in words.
    forwarded_to: Mapped[str] = mapped_column(String(120), default="")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    #: End of the 공감 window and the thresholds in force at publication: later settings don't touch them.
    closes_at: Mapped[datetime | None]
    department_threshold: Mapped[int] = mapped_column(default=50)
    forum_threshold: Mapped[int] = mapped_column(default=500)
    #: When the second threshold was reached; recorded once.
    forum_reached_at: Mapped[datetime | None]
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("department.id"))
    assigned_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    #: When department and staff were told that the answer is late; another due date is told anew.
    overdue_told_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    #: The verdict of the published answer.
    verdict: Mapped[Verdict | None] = mapped_column(enum_type(Verdict, "verdict_known"))
    #: Public reason of the last move that needed one.
    state_reason: Mapped[str] = mapped_column(Text, default="")
    #: Hidden by a moderator: everybody else reads the reason only. The state stays as it is.
    hidden_at: Mapped[datetime | None]
    hidden_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    hidden_code: Mapped[HideReason | None] = mapped_column(enum_type(HideReason, "hidden_code_known"))
    hidden_reason: Mapped[str] = mapped_column(Text, default="")
    #: The proposal this one improves on, after 공감마감.
    previous_id: Mapped[UUID | None] = mapped_column(ForeignKey("proposal.id"), index=True)
    merged_into_id: Mapped[UUID | None] = mapped_column(ForeignKey("proposal.id"), index=True)
    #: Number of the last revision; 0 while nobody has endorsed it.
    revision: Mapped[int] = mapped_column(default=0)
    #: Random 0 to 2³¹-1: a visitor's random order begins at a place of their own and stays the same.
    shuffle: Mapped[int]
    #: Derived from rows; `civicvote recount` rebuilds them.
    endorsement_count: Mapped[int] = mapped_column(default=0)
    #: Who wrote last: what one author saves as they type is told from what another one saved meanwhile.
    saved_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 — SQLAlchemy's own declaration
    __table_args__ = (
        CheckConstraint(
            "state = 'draft' OR (number IS NOT NULL AND published_at IS NOT NULL AND closes_at IS NOT NULL)",
            name="numbered_once_public",
        ),
        CheckConstraint(
            "state <> 'in_review' OR (department_id IS NOT NULL AND due_at IS NOT NULL)", name="department_in_review"
        ),
        CheckConstraint(
            "state <> 'answered' OR (verdict IS NOT NULL AND answered_at IS NOT NULL)", name="verdict_once_answered"
        ),
        CheckConstraint("state <> 'merged' OR merged_into_id IS NOT NULL", name="merged_into_something"),
        CheckConstraint("merged_into_id <> id AND previous_id <> id", name="not_itself"),
        CheckConstraint("state <> 'forwarded' OR triage = 'complaint'", name="complaint_once_forwarded"),
        CheckConstraint(
            "hidden_at IS NULL OR (hidden_code IS NOT NULL AND hidden_reason <> '')", name="hidden_with_reason"
        ),
        CheckConstraint("(map_x IS NULL) = (map_y IS NULL)", name="point_whole"),
        CheckConstraint(
            "department_threshold >= 1 AND forum_threshold >= department_threshold", name="thresholds_ordered"
        ),
        Index("ix_proposal_author_id_id", "author_id", "id"),
        Index("ix_proposal_department_id_due_at", "department_id", "due_at"),
        Index("ix_proposal_state_closes_at", "state", "closes_at"),
        Index("ix_proposal_state_due_at_id", "state", "due_at", "id"),
        Index("ix_proposal_unsorted", "published_at", "id", sqlite_where=_UNSORTED, postgresql_where=_UNSORTED),
        *_list_indexes(),
    )


class ProposalEndorsement(Base):
    """공감: one per account by the key, one per verified person by the constraint."""

    __tablename__ = "proposal_endorsement"

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True, index=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    at: Mapped[datetime]
    #: The proposal it was given to, where that one was merged into this.
    merged_from_id: Mapped[UUID | None] = mapped_column(ForeignKey("proposal.id"))

    __table_args__ = (UniqueConstraint("proposal_id", "person_id"),)


class ProposalMove(Keyed, AppendOnly, Base):
    """A proposal's public history: each change of state with its reason."""

    __tablename__ = "proposal_move"

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id"))
    name: Mapped[str] = mapped_column(String(32))
    source: Mapped[str] = mapped_column(String(32))
    target: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]

    __table_args__ = (Index("ix_proposal_move_proposal_id_id", "proposal_id", "id"),)


class ProposalRevision(Keyed, AppendOnly, Base):
    """A numbered version of a proposal's text, kept once somebody has endorsed it. Number 0 is what the first endorsers read."""

    __tablename__ = "proposal_revision"

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    problem: Mapped[str] = mapped_column(Text)
    idea: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(String(40))
    district: Mapped[str | None] = mapped_column(String(5))
    place: Mapped[str] = mapped_column(String(120))
    #: What was changed and why, in the author's words.
    note: Mapped[str] = mapped_column(String(300), default="")
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("proposal_id", "number"),)


class CoAuthor(Base):
    """Somebody who accepted an invitation to write along."""

    __tablename__ = "proposal_co_author"

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user_account.id"), primary_key=True, index=True)
    at: Mapped[datetime]


class CoAuthorInvitation(Keyed, Base):
    """A link to write along, usable once; sent to an address, which may or may not have an account."""

    __tablename__ = "proposal_invitation"

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    #: Emptied when the invitation is used, taken back or has run out.
    email: Mapped[str | None] = mapped_column(String(254))
    invited_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    #: When it was accepted, declined or taken back.
    ended_at: Mapped[datetime | None]


class DueExtension(Keyed, AppendOnly, Base):
    """More time for a department's answer, with the reason; the old date stays readable."""

    __tablename__ = "proposal_due_extension"

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id"), index=True)
    old_due_at: Mapped[datetime]
    new_due_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]

    __table_args__ = (CheckConstraint("new_due_at > old_due_at", name="later"),)


class AnswerBatch(Keyed, Base):
    """Answers that are published together."""

    __tablename__ = "answer_batch"

    title: Mapped[str] = mapped_column(String(120))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    created_at: Mapped[datetime]
    published_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    published_at: Mapped[datetime | None]


class ProposalAnswer(Keyed, Base):
    """A department's answer, from draft to publication; one per proposal."""

    __tablename__ = "proposal_answer"

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id"), unique=True)
    department_id: Mapped[UUID] = mapped_column(ForeignKey("department.id"))
    verdict: Mapped[Verdict] = mapped_column(enum_type(Verdict, "verdict_known"))
    #: The reason and what will be done, in Markdown.
    text: Mapped[str] = mapped_column(Text)
    #: Where it goes with 타기관이송.
    elsewhere: Mapped[str] = mapped_column(String(120), default="")
    drafted_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    drafted_at: Mapped[datetime]
    #: The department says it is ready for staff to publish.
    ready_at: Mapped[datetime | None]
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("answer_batch.id"), index=True)
    published_by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    published_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 — SQLAlchemy's own declaration
    __table_args__ = (
        CheckConstraint("verdict <> 'elsewhere' OR elsewhere <> ''", name="elsewhere_named"),
        Index("ix_proposal_answer_ready_at_published_at", "ready_at", "published_at"),
        Index("ix_proposal_answer_published_at", "published_at"),
    )


class Commitment(Keyed, Base):
    """이행과제: what the city promised with its answer, followed to the end."""

    __tablename__ = "commitment"

    proposal_id: Mapped[UUID] = mapped_column(ForeignKey("proposal.id"), index=True)
    department_id: Mapped[UUID] = mapped_column(ForeignKey("department.id"))
    state: Mapped[CommitmentState] = mapped_column(
        enum_type(CommitmentState, "state_known"), default=CommitmentState.PLANNED
    )
    title: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    state_reason: Mapped[str] = mapped_column(Text, default="")
    #: What it became, such as a budget project or a forum: a path on this site.
    became: Mapped[str] = mapped_column(String(200), default="")
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 — SQLAlchemy's own declaration
    __table_args__ = (
        Index("ix_commitment_department_id_state_id", "department_id", "state", "id"),
        Index("ix_commitment_state_id", "state", "id"),
    )


class Milestone(Keyed, Base):
    """A step of a commitment with its day."""

    __tablename__ = "commitment_milestone"

    commitment_id: Mapped[UUID] = mapped_column(ForeignKey("commitment.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    due_on: Mapped[date]
    #: Day first promised, where it was moved.
    first_due_on: Mapped[date]
    done_at: Mapped[datetime | None]
    note: Mapped[str] = mapped_column(Text, default="")


class CommitmentUpdate(Keyed, AppendOnly, Base):
    """What the department reports on a commitment, state changes included; nothing is rewritten."""

    __tablename__ = "commitment_update"

    commitment_id: Mapped[UUID] = mapped_column(ForeignKey("commitment.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    move: Mapped[str] = mapped_column(String(32), default="")
    by: Mapped[UUID | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime]
    form_key: Mapped[UUID] = mapped_column(unique=True)
