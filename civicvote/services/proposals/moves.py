"""A proposal's changes of state: through the table, with public history and word to those who follow it."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ForbiddenError, NotFoundError
from civicvote.domain.lifecycles import PROPOSAL, ProposalState
from civicvote.domain.messages import msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor, Role
from civicvote.domain.permissions import Permission as P
from civicvote.models.base import new_id
from civicvote.models.proposals import CoAuthor, Proposal, ProposalMove
from civicvote.services import clock, notices, watching, workflow
from civicvote.services.discussion import threads


def path(proposal: Proposal) -> str:
    """Where the proposal stands on this site."""
    return f"/proposals/{proposal.id}"


def co_authors(session: Session, proposal: Proposal) -> set[UUID]:
    """Accounts that write along."""
    return set(session.scalars(select(CoAuthor.user_id).where(CoAuthor.proposal_id == proposal.id)))


def towards(session: Session, actor: Actor, proposal: Proposal) -> Actor:
    """The actor with the roles this proposal gives: its author's, a co-author's, its department's."""
    roles: list[Role] = []
    if actor.id is None:
        return actor
    if actor.id == proposal.author_id:
        roles.append(Role.AUTHOR)
    elif session.get(CoAuthor, (proposal.id, actor.id)) is not None:
        roles.append(Role.CO_AUTHOR)
    if (
        not roles  # nobody reviews their own proposal
        and Role.DEPARTMENT in actor.roles
        and actor.department_id is not None
        and actor.department_id == proposal.department_id
    ):
        roles += [Role.REVIEWER, Role.OWNER]
    return actor.also(*roles)


def require_not_own(session: Session, actor: Actor, *proposals: Proposal) -> None:
    """ForbiddenError where the actor wrote one of them: another official deals with it."""
    for proposal in proposals:
        if towards(session, actor, proposal).roles & {Role.AUTHOR, Role.CO_AUTHOR}:
            raise ForbiddenError(msg("내가 쓴 제안은 다른 담당자가 처리합니다."))


def advance(
    session: Session,
    actor: Actor,
    proposal: Proposal,
    name: str,
    *,
    reason: str = "",
    kind: NoticeKind = NoticeKind.FOLLOWED_CHANGED,
    authors: NoticeKind | None = None,
    about: str = "",
    **also: Any,
) -> ProposalMove:
    """Make the move called `name`. Authors and followers are told as `kind`, except whoever made the move and of drafts.

    `authors`: another kind for the authors. `about`: for what can happen again and again and is told once. `also`: what else
    the notice says, such as the department.
    """
    source = proposal.state
    row = workflow.move(session, towards(session, actor, proposal), PROPOSAL, proposal, name, reason=reason)
    proposal.updated_at = clock.now()
    proposal.state_reason = reason.strip()
    entry = ProposalMove(
        id=new_id(),
        proposal_id=proposal.id,
        name=name,
        source=source.value,
        target=row.target.value,
        reason=proposal.state_reason,
        at=proposal.updated_at,
    )
    session.add(entry)
    session.flush()
    if source is not ProposalState.DRAFT:
        writers: set[UUID | None] = {proposal.author_id, *co_authors(session, proposal)}
        followers: set[UUID | None] = set(session.scalars(watching.watchers(proposal.id)))
        for what, people in ((authors or kind, writers), (kind, followers - writers)):
            notices.tell(
                session,
                what,
                about=about or entry.id,
                to=people,
                but=actor.id,
                path=path(proposal),
                title=proposal.title,
                move=name,
                state=row.target.value,
                reason=proposal.state_reason,
                **also,
            )
        threads.touch(session, proposal.id)
    return entry


def tell(session: Session, actor: Actor, proposal: Proposal, kind: NoticeKind, *, about: str, **payload: str) -> None:
    """Tell its writers and followers of something that is no change of state; whoever did it isn't told."""
    people: set[UUID | None] = {proposal.author_id, *co_authors(session, proposal)}
    people |= set(session.scalars(watching.watchers(proposal.id)))
    told: dict[str, Any] = {"title": proposal.title, **payload}
    notices.tell(session, kind, about=about, to=people, but=actor.id, path=path(proposal), **told)


def hold(session: Session, proposal_id: UUID) -> None:
    """Lock the proposal's row until the transaction ends.

    By its key alone: one that was loaded before and has changed since is then read again instead of refused.
    """
    session.execute(select(Proposal.id).where(Proposal.id == proposal_id).with_for_update())


def visible(session: Session, actor: Actor, proposal_id: UUID, *, lock: bool = False) -> Proposal:
    """The proposal if this actor may see that it is there: a draft is its authors' alone, else NotFoundError."""
    if lock:
        hold(session, proposal_id)
    proposal = session.get(Proposal, proposal_id, populate_existing=lock)
    if proposal is None:
        raise NotFoundError
    if proposal.state is ProposalState.DRAFT and not towards(session, actor, proposal).roles & {
        Role.AUTHOR,
        Role.CO_AUTHOR,
    }:
        raise NotFoundError
    return proposal


def sees_hidden(near: Actor) -> bool:
    """Whether an actor (with the roles a proposal gives) reads what a moderator has hidden: its authors and those who decide."""
    return bool(near.roles & {Role.AUTHOR, Role.CO_AUTHOR}) or any(
        near.can(permission) for permission in (P.POST_MODERATE, P.PROPOSAL_TRIAGE, P.AUDIT_READ)
    )


def readable(session: Session, actor: Actor, proposal_id: UUID) -> Proposal:
    """The proposal if this actor may read its text; what is hidden, or somebody else's draft, is not there."""
    proposal = visible(session, actor, proposal_id)
    if proposal.hidden_at is not None and not sees_hidden(towards(session, actor, proposal)):
        raise NotFoundError
    return proposal
