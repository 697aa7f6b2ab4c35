"""Writing a proposal together: invitations by mail, accepting and declining, leaving."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, InvalidError, NotFoundError, TooManyError
from civicvote.domain.lifecycles import ProposalState
from civicvote.domain.messages import msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.accounts import User, public_name
from civicvote.models.proposals import CoAuthor, CoAuthorInvitation, Proposal
from civicvote.services import audit, clock, notices, outbox, watching
from civicvote.services.accounts import tokens
from civicvote.services.accounts.joining import check_address
from civicvote.services.proposals.moves import towards, visible
from civicvote.services.proposals.writing import EDITABLE
from civicvote.services.sessions import token_hash
from civicvote.services.upsert import changes_one, insert_new

LIFETIME = timedelta(days=14)
#: Co-authors and open invitations a proposal may have; letters an account may have sent in a day.
MOST, LETTERS_A_DAY = 10, 20
_DAY = timedelta(days=1)

#: An account that has shown that its address is its own.
_REAL = (User.email_confirmed_at.is_not(None), User.erased_at.is_(None))

#: Makes a token into the address of a page; the view knows how.
Link = Callable[[str], str]
#: Names one invitation: by its link or by the address it was sent to.
Which = ColumnElement[bool]

GONE = msg(
    "이 초대는 더 쓸 수 없습니다. 이미 답했거나 거두어졌거나 14일이 지났습니다. 제안자에게 다시 초대해 달라고 하십시오."
)


@dataclass(frozen=True, slots=True)
class AuthorRow:
    """Somebody who writes along. `name` is None for somebody who left."""

    user_id: UUID
    name: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation without an answer, as its sender sees it."""

    id: UUID
    email: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Desk:
    """The author's page: who writes along, who is invited."""

    proposal: Proposal
    authors: list[AuthorRow]
    open: list[InvitationRow]
    invites: bool
    leaves: bool


def listing(session: Session, proposal_id: UUID) -> list[AuthorRow]:
    """Who writes along, in the order they came; one statement."""
    rows = session.execute(
        select(CoAuthor.user_id, public_name(), CoAuthor.at)
        .join(User, User.id == CoAuthor.user_id)
        .where(CoAuthor.proposal_id == proposal_id)
        .order_by(CoAuthor.at, CoAuthor.user_id)
    )
    return [AuthorRow(*row) for row in rows]


def desk(session: Session, actor: Actor, proposal_id: UUID) -> Desk:
    """The page of a proposal's authors; for them alone. Addresses are shown to the author, who wrote them."""
    proposal = visible(session, actor, proposal_id)
    near = towards(session, actor, proposal)
    near.require(Permission.PROPOSAL_EDIT)
    author = near.can(Permission.PROPOSAL_OWN)
    waiting = _open(session, proposal_id) if author else []
    return Desk(proposal, listing(session, proposal_id), waiting, author and proposal.state in EDITABLE, not author)


def _open(session: Session, proposal_id: UUID) -> list[InvitationRow]:
    rows = session.execute(
        select(CoAuthorInvitation.id, CoAuthorInvitation.email, CoAuthorInvitation.expires_at)
        .where(
            CoAuthorInvitation.proposal_id == proposal_id,
            CoAuthorInvitation.ended_at.is_(None),
            CoAuthorInvitation.expires_at > clock.now(),
        )
        .order_by(CoAuthorInvitation.id)
    )
    return [InvitationRow(key, email or "", expires_at) for key, email, expires_at in rows]


def _own(session: Session, actor: Actor, proposal_id: UUID) -> Proposal:
    """The proposal for its author, locked: limits and answers are decided by one at a time."""
    proposal = visible(session, actor, proposal_id, lock=True)
    towards(session, actor, proposal).require(Permission.PROPOSAL_OWN)
    return proposal


def invite(session: Session, actor: Actor, proposal_id: UUID, *, email: str, link: Link) -> None:
    """Send a link to write along to an address. Whether it has an account is nobody's business: all is the same.

    Who is invited again gets a new link; the old one ends.
    """
    proposal = _own(session, actor, proposal_id)
    if proposal.state not in EDITABLE or proposal.hidden_at is not None:
        raise ConflictError(msg("부서 검토가 시작되었거나 끝난 제안에는 공동제안자를 초대할 수 없습니다."))
    address = check_address(email)
    if address == session.scalars(select(User.email).where(User.id == actor.account())).one():
        raise InvalidError(msg("본인의 주소입니다. 함께 쓸 다른 분의 주소를 적어 주십시오."), field="email")
    _require_room(session, actor, proposal, address)
    _end_earlier(session, proposal, address)
    token, moment = tokens.new(), clock.now()
    made = CoAuthorInvitation(
        proposal_id=proposal.id,
        token_hash=token_hash(token),
        email=address,
        invited_by=actor.id,
        created_at=moment,
        expires_at=moment + LIFETIME,
    )
    session.add(made)
    session.flush()
    audit.record(session, actor, "proposal:invite", proposal, invitation=made.id)
    _send(session, actor, made, title=proposal.title, url=link(token))
    notices.tell(
        session,
        NoticeKind.INVITED,
        about=made.id,
        to=select(User.id).where(User.email == address, *_REAL),
        path=f"/proposals/invited/{made.id}",
        title=proposal.title,
        name=actor.name,
    )


def _send(session: Session, actor: Actor, made: CoAuthorInvitation, *, title: str, url: str) -> None:
    locale = session.scalars(select(User.locale).where(User.id == actor.id)).one()
    outbox.put(
        session,
        "proposal-invitation",
        about=str(made.id),
        address=made.email,
        locale=locale,
        url=url,
        title=title,
        inviter=actor.name,
    )


def _end_earlier(session: Session, proposal: Proposal, address: str) -> None:
    session.execute(
        update(CoAuthorInvitation)
        .where(
            CoAuthorInvitation.proposal_id == proposal.id,
            CoAuthorInvitation.email == address,
            CoAuthorInvitation.ended_at.is_(None),
        )
        .values(ended_at=clock.now(), email=None)
        .execution_options(synchronize_session=False)
    )


def _require_room(session: Session, actor: Actor, proposal: Proposal, address: str) -> None:
    taken = len(listing(session, proposal.id)) + sum(1 for row in _open(session, proposal.id) if row.email != address)
    if taken >= MOST:
        raise ConflictError(msg("공동제안자는 초대한 분까지 %(most)s명까지 둘 수 있습니다.", most=MOST))
    sent = session.scalar(
        select(func.count()).where(
            CoAuthorInvitation.invited_by == actor.id, CoAuthorInvitation.created_at > clock.now() - _DAY
        )
    )
    if (sent or 0) >= LETTERS_A_DAY:
        raise TooManyError(
            msg("하루에 보낼 수 있는 초대를 모두 보냈습니다. 내일 다시 해 주십시오."), retry_after=86_400
        )


def take_back(session: Session, actor: Actor, proposal_id: UUID, invitation_id: UUID) -> None:
    """End an invitation that nobody has answered; what has ended stays so."""
    proposal = _own(session, actor, proposal_id)
    known = CoAuthorInvitation.id == invitation_id, CoAuthorInvitation.proposal_id == proposal.id
    if session.scalar(select(CoAuthorInvitation.id).where(*known)) is None:
        raise NotFoundError
    waiting = update(CoAuthorInvitation).where(*known, CoAuthorInvitation.ended_at.is_(None))
    if changes_one(session, waiting.values(ended_at=clock.now(), email=None)):
        audit.record(session, actor, "proposal:uninvite", proposal, invitation=invitation_id)


@dataclass(frozen=True, slots=True)
class Invited:
    """What somebody with a link sees before they answer: nothing of a draft but its title."""

    proposal_id: UUID
    title: str
    inviter: str | None
    public: bool
    expires_at: datetime


def by_link(token: str) -> Which:
    """The invitation behind a link, for whoever has it."""
    return CoAuthorInvitation.token_hash == token_hash(token)


def by_address(session: Session, actor: Actor, invitation_id: UUID) -> Which:
    """An invitation that was sent to the actor's own confirmed address, which needs no link."""
    address = session.scalar(select(User.email).where(User.id == actor.account(), *_REAL))
    return and_(CoAuthorInvitation.id == invitation_id, CoAuthorInvitation.email == (address or ""))


def look(session: Session, which: Which) -> Invited:
    """The invitation; NotFoundError with words for one that is made up, somebody else's, answered or too old."""
    invitation, proposal = _living(session, which)
    inviter = session.scalar(select(User.name).where(User.id == invitation.invited_by, User.erased_at.is_(None)))
    public = proposal.state is not ProposalState.DRAFT and proposal.hidden_at is None
    return Invited(proposal.id, proposal.title, inviter, public, invitation.expires_at)


def _living(session: Session, which: Which, *, lock: bool = False) -> tuple[CoAuthorInvitation, Proposal]:
    query = (
        select(CoAuthorInvitation, Proposal)
        .join(Proposal, Proposal.id == CoAuthorInvitation.proposal_id)
        .where(which, CoAuthorInvitation.ended_at.is_(None), CoAuthorInvitation.expires_at > clock.now())
    )
    found = session.execute(query.with_for_update() if lock else query).one_or_none()
    if found is None or found[1].state not in EDITABLE or found[1].hidden_at is not None:
        raise NotFoundError(GONE)
    return found[0], found[1]


def _end(session: Session, invitation: CoAuthorInvitation, accepted_by: UUID | None) -> None:
    waiting = update(CoAuthorInvitation).where(
        CoAuthorInvitation.id == invitation.id, CoAuthorInvitation.ended_at.is_(None)
    )
    if not changes_one(session, waiting.values(ended_at=clock.now(), email=None, accepted_by=accepted_by)):
        raise NotFoundError(GONE)


def accept(session: Session, actor: Actor, which: Which) -> UUID:
    """Write along from now on; the link is spent. Returns the proposal's key."""
    user_id = actor.account()
    invitation, proposal = _living(session, which, lock=True)
    if proposal.author_id == user_id:
        raise ConflictError(msg("본인의 제안입니다. 초대받은 분이 자기 계정으로 이 링크를 열어야 합니다."))
    _end(session, invitation, user_id)
    if insert_new(session, CoAuthor, [{"proposal_id": proposal.id, "user_id": user_id, "at": clock.now()}]):
        audit.record(session, actor, "proposal:join", proposal, invitation=invitation.id)
        if proposal.state is not ProposalState.DRAFT:
            watching.watch(session, actor, proposal.id)
    return proposal.id


def decline(session: Session, actor: Actor, which: Which) -> None:
    """No, thank you: the link is spent. Needs no account."""
    invitation, proposal = _living(session, which, lock=True)
    _end(session, invitation, None)
    audit.record(session, actor, "proposal:decline", proposal, invitation=invitation.id)


def leave(session: Session, actor: Actor, proposal_id: UUID) -> Proposal:
    """A co-author steps back; what they wrote stays."""
    proposal = visible(session, actor, proposal_id)
    if not _drop(session, proposal, actor.account()):
        raise NotFoundError
    audit.record(session, actor, "proposal:leave", proposal)
    return proposal


def remove(session: Session, actor: Actor, proposal_id: UUID, user_id: UUID) -> None:
    """The author lets a co-author go; what they wrote stays."""
    proposal = _own(session, actor, proposal_id)
    if not _drop(session, proposal, user_id):
        raise NotFoundError
    audit.record(session, actor, "proposal:let-go", proposal, account=user_id)


def _drop(session: Session, proposal: Proposal, user_id: UUID) -> bool:
    found = session.get(CoAuthor, (proposal.id, user_id))
    if found is None:
        return False
    session.delete(found)
    session.flush()
    return True


def forget_addresses(session: Session) -> int:
    """Addresses of invitations that ran out unanswered go; once an hour is soon enough. Returns how many."""
    old = session.scalars(
        update(CoAuthorInvitation)
        .where(CoAuthorInvitation.expires_at <= clock.now(), CoAuthorInvitation.email.is_not(None))
        .values(email=None)
        .returning(CoAuthorInvitation.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(old)
