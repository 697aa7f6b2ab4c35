"""What waits for an official, counted in one statement: what their first pages announce."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ScalarSelect, exists, func, or_, select
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import ForumKind
from civicvote.domain.lifecycles import UNASSIGNED_STATES, ForumState, PostState, ProposalState
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor, Permission, Role
from civicvote.models.deliberation import Forum, ForumModerator, Round
from civicvote.models.discussion import Appeal, Post, Thread
from civicvote.models.proposals import Proposal, ProposalAnswer
from civicvote.services import clock
from civicvote.services.moderation import queue
from civicvote.services.proposals import desk


class Desk(StrEnum):
    """A page where work is done."""

    PROPOSALS = "proposals"
    POSTS = "posts"
    FORUMS = "forums"


class Kind(StrEnum):
    """What is to be done."""

    SORT = "sort"
    ASSIGN = "assign"
    ANSWER = "answer"
    LATE = "late"
    PUBLISH = "publish"
    PROMISE = "promise"
    LOOK = "look"
    REPORTS = "reports"
    APPEALS = "appeals"
    APPROVE = "approve"
    CONCLUDE = "conclude"
    REFLECT = "reflect"


#: Each with its desk and how it is said.
WORDS: dict[Kind, tuple[Desk, Message]] = {
    Kind.SORT: (Desk.PROPOSALS, msg("분류할 제안")),
    Kind.ASSIGN: (Desk.PROPOSALS, msg("부서를 정할 제안")),
    Kind.ANSWER: (Desk.PROPOSALS, msg("답변할 제안")),
    Kind.LATE: (Desk.PROPOSALS, msg("기한이 지난 답변")),
    Kind.PUBLISH: (Desk.PROPOSALS, msg("공개할 답변")),
    Kind.PROMISE: (Desk.PROPOSALS, msg("이행과제를 만들 제안")),
    Kind.LOOK: (Desk.POSTS, msg("확인할 글")),
    Kind.REPORTS: (Desk.POSTS, msg("신고")),
    Kind.APPEALS: (Desk.POSTS, msg("이의제기")),
    Kind.APPROVE: (Desk.FORUMS, msg("승인할 공론장")),
    Kind.CONCLUDE: (Desk.FORUMS, msg("결론을 쓸 공론장")),
    Kind.REFLECT: (Desk.FORUMS, msg("반영 결과를 답할 공론장")),
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many of a kind."""

    kind: Kind
    count: int

    @property
    def desk(self) -> Desk:
        """Where it is done."""
        return WORDS[self.kind][0]

    @property
    def words(self) -> Message:
        """What it is called."""
        return WORDS[self.kind][1]


def desks(actor: Actor) -> list[Desk]:
    """The desks this actor works at."""
    department = Role.DEPARTMENT in actor.roles and actor.department_id is not None
    found = {
        Desk.PROPOSALS: actor.can(Permission.PROPOSAL_ASSIGN) or department,
        Desk.POSTS: actor.can(Permission.POST_MODERATE) or actor.can(Permission.FORUM_APPROVE),
        Desk.FORUMS: actor.can(Permission.FORUM_DRAFT) or actor.can(Permission.FORUM_MODERATE),
    }
    return [one for one, works in found.items() if works]


def _number(what: Any, *conditions: Any) -> ScalarSelect[int]:
    return select(func.count()).select_from(what).where(*conditions).scalar_subquery()


def _proposals(actor: Actor) -> dict[Kind, ScalarSelect[int]]:
    reviewed = (Proposal.state == ProposalState.IN_REVIEW, Proposal.hidden_at.is_(None))
    ready = exists().where(ProposalAnswer.proposal_id == Proposal.id, ProposalAnswer.ready_at.is_not(None))
    late = Proposal.due_at <= clock.now()
    if not actor.can(Permission.PROPOSAL_ASSIGN):
        own = Proposal.department_id == actor.department_id
        return {
            Kind.ANSWER: _number(Proposal, *reviewed, own, ~ready),
            Kind.LATE: _number(Proposal, *reviewed, own, ~ready, late),
            Kind.PROMISE: _number(Proposal, *desk.unpromised(), own),
        }
    return {
        Kind.SORT: _number(
            Proposal, Proposal.triage.is_(None), Proposal.state.in_(UNASSIGNED_STATES), Proposal.hidden_at.is_(None)
        ),
        Kind.ASSIGN: _number(Proposal, Proposal.state == ProposalState.AWAITING_DEPARTMENT),
        Kind.PUBLISH: _number(Proposal, *reviewed, ready),
        Kind.LATE: _number(Proposal, *reviewed, late),
    }


def _posts(actor: Actor) -> dict[Kind, ScalarSelect[int]]:
    held = select(func.count()).select_from(Post).join(Thread, Thread.id == Post.thread_id)
    held = held.where(Post.state.in_((PostState.HELD, PostState.VEILED)), queue.mine(actor), queue.not_own(actor))
    found = {Kind.LOOK: held.scalar_subquery(), Kind.REPORTS: queue.reported(actor).scalar_subquery()}
    if actor.can(Permission.APPEAL_DECIDE):
        found[Kind.APPEALS] = _number(Appeal, queue.to_decide(actor))
    return found


def _forums(actor: Actor) -> dict[Kind, ScalarSelect[int]]:
    named = exists().where(ForumModerator.forum_id == Forum.id, ForumModerator.user_id == actor.id)
    runs = or_(named, Forum.created_by == actor.id) if actor.can(Permission.FORUM_APPROVE) else named
    over = ~exists().where(Round.forum_id == Forum.id, Round.closes_at > clock.now())
    begun = exists().where(Round.forum_id == Forum.id)
    found = {Kind.CONCLUDE: _number(Forum, Forum.state == ForumState.OPEN, runs, over, begun)}
    if actor.can(Permission.FORUM_APPROVE):
        other = or_(Forum.created_by != actor.id, Forum.created_by.is_(None))
        found[Kind.APPROVE] = _number(Forum, Forum.state == ForumState.SUBMITTED, other)
    if Role.DEPARTMENT in actor.roles and actor.department_id is not None:
        own = Forum.department_id == actor.department_id
        asked = (Forum.kind == ForumKind.QUESTION, Forum.state == ForumState.CONCLUDED)
        found[Kind.REFLECT] = _number(Forum, own, *asked)
    return found


_COUNTED = {Desk.PROPOSALS: _proposals, Desk.POSTS: _posts, Desk.FORUMS: _forums}


@dataclass(frozen=True, slots=True)
class Work:
    """An official's desks, and what waits at them."""

    desks: Sequence[Desk]
    waiting: Sequence[Waiting]

    @property
    def total(self) -> int:
        """How many things wait; what is late is among what is to be answered."""
        return sum(one.count for one in self.waiting if one.kind is not Kind.LATE)


def of(session: Session, actor: Actor) -> Work:
    """The actor's desks and what waits there; one statement, and none for whoever has no desk."""
    places = desks(actor)
    wanted = {kind: number for place in places for kind, number in _COUNTED[place](actor).items()}
    if not wanted:
        return Work(places, [])
    counted = dict(zip(wanted, session.execute(select(*wanted.values())).one(), strict=True))
    return Work(places, [Waiting(kind, counted[kind]) for kind in Kind if counted.get(kind)])
