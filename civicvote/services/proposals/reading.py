"""One proposal with everything public about it, in two statements however long its story is, three with files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, literal, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from civicvote.domain.errors import NotFoundError
from civicvote.domain.lifecycles import ENDORSABLE_STATES, PROPOSAL, ProposalState
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor, Permission, Role
from civicvote.domain.workflow import Move
from civicvote.models.accounts import User, public_name
from civicvote.models.deliberation import Forum
from civicvote.models.departments import Department
from civicvote.models.discussion import Appeal, Thread, Watch
from civicvote.models.files import Attachment
from civicvote.models.proposals import CoAuthor, Proposal, ProposalEndorsement, ProposalMove
from civicvote.services import files, watching
from civicvote.services.proposals import authors
from civicvote.services.proposals.endorsing import of_person, refusal
from civicvote.services.proposals.moves import readable, sees_hidden, towards, visible
from civicvote.services.proposals.writing import EDITABLE, require_editable

S = ProposalState

#: Stages of a proposal's way as citizens see them.
STEPS: tuple[Message, ...] = (msg("공감 모으기"), msg("담당 부서 지정"), msg("부서 검토"), msg("답변"))
_STEP = {S.DRAFT: 0, S.PUBLISHED: 0, S.AWAITING_DEPARTMENT: 1, S.IN_REVIEW: 2, S.ANSWERED: len(STEPS)}
GONE = msg("탈퇴한 시민")


@dataclass(frozen=True, slots=True)
class Panel:
    """What stands at the 공감 button. `given`: "own", "earlier" (with an account the person has left) or empty."""

    proposal_id: UUID
    count: int
    given: str
    refused: Message | None
    closes_at: datetime | None
    department_threshold: int
    forum_threshold: int
    forum_reached: bool
    collecting: bool

    @property
    def goal(self) -> int:
        """The threshold ahead, or the last one."""
        return self.department_threshold if self.count < self.department_threshold else self.forum_threshold

    @property
    def missing(self) -> int:
        """How many are missing to it."""
        return max(0, self.goal - self.count)

    @property
    def for_department(self) -> bool:
        """Whether the threshold ahead is the department's."""
        return self.goal == self.department_threshold and self.count < self.department_threshold


def panel(proposal: Proposal, *, given: str) -> Panel:
    """The 공감 of a proposal as one person sees it."""
    return Panel(
        proposal_id=proposal.id,
        count=proposal.endorsement_count,
        given=given,
        refused=refusal(proposal),
        closes_at=proposal.closes_at,
        department_threshold=proposal.department_threshold,
        forum_threshold=proposal.forum_threshold,
        forum_reached=proposal.forum_reached_at is not None,
        collecting=proposal.state in ENDORSABLE_STATES,
    )


@dataclass(frozen=True, slots=True)
class Link:
    """Another proposal this one leads to."""

    id: UUID
    number: int | None
    title: str


@dataclass(frozen=True, slots=True)
class Step:
    """A change of state in the public history."""

    name: str
    target: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Detail:
    """A proposal as its page shows it."""

    proposal: Proposal
    #: Its thread of comments; None for a draft. Held here, the session finds it again without asking the database.
    thread: Thread | None
    department: str
    author: str | None
    authors: Sequence[authors.AuthorRow]
    is_author: bool
    is_co_author: bool
    sees_text: bool
    panel: Panel
    following: bool
    step: int
    moves: Sequence[Move]
    history: Sequence[Step]
    attached: Sequence[files.Shown]
    previous: Link | None
    next: Link | None
    merged_into: Link | None
    forum_id: UUID | None
    appealed: bool

    @property
    def editable(self) -> bool:
        """Whether the reader may change it here and now."""
        own = self.is_author or self.is_co_author
        return own and self.proposal.hidden_at is None and self.proposal.state in EDITABLE

    @property
    def withdrawable(self) -> bool:
        """Whether the reader may take it back now."""
        return any(move.name == "withdraw" for move in self.moves)

    @property
    def resubmittable(self) -> bool:
        """Whether the reader may improve on it with a new one."""
        return self.is_author and self.proposal.state is S.CLOSED and self.proposal.hidden_at is None


def _to_reader(actor: Actor) -> list[Any]:
    """What the reader has to do with the proposal, and what grew out of it."""
    given = select(ProposalEndorsement.user_id).where(ProposalEndorsement.proposal_id == Proposal.id)
    follows = select(Watch.user_id).where(Watch.subject_id == Proposal.id, Watch.user_id == actor.id)
    forum = select(Forum.id).where(Forum.proposal_id == Proposal.id).correlate(Proposal).scalar_subquery()
    return [
        given.where(of_person(actor)).exists().label("given"),
        given.where(ProposalEndorsement.user_id == actor.id).exists().label("own"),
        follows.exists().label("following"),
        forum.label("forum"),
        select(Appeal.id)
        .where(Appeal.proposal_id == Proposal.id, Appeal.against_id == Proposal.hidden_by)
        .exists()
        .label("appealed"),
        select(Attachment.id).where(Attachment.subject_id == Proposal.id).exists().label("attached"),
    ]


def _found(session: Session, actor: Actor, proposal_id: UUID) -> Row[Any]:
    """The proposal with what belongs to it and to the reader: one statement."""
    before, newer, after, into = (aliased(Proposal) for _ in range(4))
    newest = (
        select(newer.id)
        .where(
            newer.previous_id == Proposal.id,
            or_(newer.state != S.DRAFT, newer.author_id == actor.id),
            newer.hidden_at.is_(None),
        )
        .order_by(newer.id.desc())
        .limit(1)
        .correlate(Proposal)
        .scalar_subquery()
    )
    links = [
        getattr(one, column).label(f"{name}_{column}")
        for name, one in (("before", before), ("after", after), ("into", into))
        for column in ("id", "number", "title")
    ]
    author = public_name().label("author")
    row = session.execute(
        # The thread comes along: whoever shows its posts finds it loaded.
        select(Proposal, Thread, Department.name.label("department"), author, *_to_reader(actor), *links)
        .outerjoin(Thread, Thread.id == Proposal.id)
        .outerjoin(Department, Department.id == Proposal.department_id)
        .outerjoin(User, User.id == Proposal.author_id)
        .outerjoin(before, and_(before.id == Proposal.previous_id, before.hidden_at.is_(None)))
        .outerjoin(after, after.id == newest)
        .outerjoin(into, and_(into.id == Proposal.merged_into_id, into.hidden_at.is_(None)))
        .where(Proposal.id == proposal_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError
    return row


def _link(key: UUID | None, number: int | None, title: str | None) -> Link | None:
    return Link(key, number, title or "") if key is not None else None


def detail(session: Session, actor: Actor, proposal_id: UUID) -> Detail:
    """Everything about a proposal but its comments and its answer; NotFoundError for a foreign draft."""
    row = _found(session, actor, proposal_id)
    proposal: Proposal = row.Proposal
    near = towards(session, actor, proposal)
    own = near.roles & {Role.AUTHOR, Role.CO_AUTHOR}
    if proposal.state is S.DRAFT and not own:
        raise NotFoundError
    given = "own" if row.own else "earlier" if row.given else ""
    history, along = _story(session, proposal_id)
    return Detail(
        proposal=proposal,
        thread=row.Thread,
        department=row.department or "",
        author=row.author,
        authors=along,
        is_author=Role.AUTHOR in near.roles,
        is_co_author=Role.CO_AUTHOR in near.roles,
        sees_text=proposal.hidden_at is None or sees_hidden(near),
        panel=panel(proposal, given=given),
        following=bool(row.following),
        step=_STEP.get(proposal.state, -1),
        moves=PROPOSAL.allowed(near, proposal.state),
        history=history,
        attached=files.of(session, proposal_id)[proposal_id] if row.attached else [],
        previous=_link(row.before_id, row.before_number, row.before_title),
        next=_link(row.after_id, row.after_number, row.after_title),
        merged_into=_link(row.into_id, row.into_number, row.into_title),
        forum_id=row.forum,
        appealed=bool(row.appealed),
    )


def _story(session: Session, proposal_id: UUID) -> tuple[list[Step], list[authors.AuthorRow]]:
    """What happened, and who writes along, each in its order: one statement."""
    nothing = literal("")
    moved = select(
        ProposalMove.id.label("key"),
        ProposalMove.name.label("name"),
        ProposalMove.target.label("target"),
        ProposalMove.reason.label("reason"),
        ProposalMove.at.label("at"),
    ).where(ProposalMove.proposal_id == proposal_id)
    name = public_name()
    along = (
        select(CoAuthor.user_id, name, nothing, nothing, CoAuthor.at)
        .join(User, User.id == CoAuthor.user_id)
        .where(CoAuthor.proposal_id == proposal_id)
    )
    story = union_all(moved, along).subquery("story")
    rows = session.execute(select(story).order_by(story.c.at, story.c.key)).all()
    steps = [Step(row.name, row.target, row.reason, row.at) for row in rows if row.target]
    return steps, [authors.AuthorRow(row.key, row.name, row.at) for row in rows if not row.target]


def editable(session: Session, actor: Actor, proposal_id: UUID) -> Proposal:
    """A proposal for its authors' form; ForbiddenError for others, ConflictError once a department reads it."""
    proposal = visible(session, actor, proposal_id)
    towards(session, actor, proposal).require(Permission.PROPOSAL_EDIT)
    require_editable(proposal)
    return proposal


@dataclass(frozen=True, slots=True)
class OwnRow:
    """A proposal in a person's own lists."""

    id: UUID
    number: int | None
    title: str
    state: ProposalState
    endorsements: int
    at: datetime


def _own_rows(session: Session, *conditions: Any, limit: int) -> list[OwnRow]:
    rows = session.execute(
        select(
            Proposal.id,
            Proposal.number,
            Proposal.title,
            Proposal.state,
            Proposal.endorsement_count,
            Proposal.updated_at,
        )
        .where(*conditions)
        .order_by(Proposal.updated_at.desc(), Proposal.id.desc())
        .limit(limit)
    )
    return [OwnRow(*row) for row in rows]


def written_by(session: Session, actor: Actor, *, limit: int = 100) -> list[OwnRow]:
    """What the actor wrote alone or with others, the last changed first."""
    along = select(CoAuthor.proposal_id).where(CoAuthor.user_id == actor.id)
    return _own_rows(session, (Proposal.author_id == actor.id) | Proposal.id.in_(along), limit=limit)


def followed_by(session: Session, actor: Actor, *, limit: int = 100) -> list[OwnRow]:
    """Other people's proposals the actor wants to hear of, the last changed first."""
    watched = select(Watch.subject_id).where(Watch.user_id == actor.id)
    others = (Proposal.author_id != actor.id) | Proposal.author_id.is_(None)
    return _own_rows(
        session, Proposal.id.in_(watched), others, Proposal.state != S.DRAFT, Proposal.hidden_at.is_(None), limit=limit
    )


def follow(session: Session, actor: Actor, proposal_id: UUID, *, on: bool = True) -> None:
    """소식 받기, or no longer."""
    proposal = readable(session, actor, proposal_id) if on else visible(session, actor, proposal_id)
    if proposal.state is S.DRAFT:
        raise NotFoundError
    watching.watch(session, actor, proposal.id, on=on)
