"""Writing a proposal together: one-time links, who may answer them, and what they tell nobody."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, TooManyError
from civicvote.domain.lifecycles import ProposalState
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import VISITOR, Actor, Role
from civicvote.models.accounts import User
from civicvote.models.audit import AuditEvent
from civicvote.models.notices import Notice
from civicvote.models.outbox import OutboxMessage
from civicvote.models.proposals import CoAuthor, CoAuthorInvitation, Proposal
from civicvote.services import clock
from civicvote.services.accounts import leaving
from civicvote.services.proposals import authors, moves, reading, writing
from tests import factories
from tests.support import proposals as made


def _invite(session: Session, author: Actor, proposal: Proposal, email: str = "friend@example.org") -> str:
    """The token in the letter."""
    authors.invite(session, author, proposal.id, email=email, link=lambda token: f"/i/{token}")
    session.flush()
    letter = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(1)).one()
    assert (letter.kind, letter.address, letter.recipient_id) == ("proposal-invitation", email, None)
    return str(letter.payload["url"]).removeprefix("/i/")


def _arranged(session: Session, state: ProposalState = ProposalState.PUBLISHED) -> tuple[Proposal, Actor, User, Actor]:
    author, friend = factories.user(session), factories.user(session)
    return made.proposal(session, author, state), factories.actor(author), friend, factories.actor(friend)


@pytest.mark.parametrize("state", [ProposalState.DRAFT, ProposalState.PUBLISHED])
def test_whoever_accepts_writes_along(session: Session, state: ProposalState) -> None:
    proposal, author, friend, actor = _arranged(session, state)
    token = _invite(session, author, proposal)
    stored = session.scalars(select(CoAuthorInvitation)).one()
    assert token not in {stored.token_hash, str(stored.email)}
    assert authors.look(session, authors.by_link(token)).title == proposal.title
    assert authors.accept(session, actor, authors.by_link(token)) == proposal.id
    session.refresh(stored)
    assert (stored.email, stored.accepted_by) == (None, friend.id)
    assert Role.CO_AUTHOR in moves.towards(session, actor, proposal).roles
    writing.change(session, actor, proposal.id, made.content(title="함께 고친 제목"), version=proposal.version)
    assert [row.name for row in reading.detail(session, actor, proposal.id).authors] == [friend.name]
    with pytest.raises(ForbiddenError):
        authors.invite(session, actor, proposal.id, email="third@example.org", link=str)
    assert authors.desk(session, actor, proposal.id).open == []


def test_a_link_is_good_once_in_its_time_and_only_if_it_was_sent(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal, author, _friend, actor = _arranged(session)
    used, declined, taken, late = (_invite(session, author, proposal, f"{n}@example.org") for n in range(4))
    authors.accept(session, actor, authors.by_link(used))
    authors.decline(session, VISITOR, authors.by_link(declined))
    row = next(one for one in authors.desk(session, author, proposal.id).open if one.email == "2@example.org")
    authors.take_back(session, author, proposal.id, row.id)
    authors.take_back(session, author, proposal.id, row.id)
    soon = clock.now() + authors.LIFETIME
    monkeypatch.setattr(clock, "now", lambda: soon)
    for token in (used, declined, taken, late, "x" * 43):
        for answer in (
            lambda t: authors.look(session, authors.by_link(t)),
            lambda t: authors.accept(session, actor, authors.by_link(t)),
        ):
            with pytest.raises(NotFoundError) as gone:
                answer(token)
            assert "더 쓸 수 없습니다" in str(gone.value.message)
    assert authors.forget_addresses(session) == 1
    assert set(session.scalars(select(CoAuthorInvitation.email))) == {None}


def test_an_author_cannot_be_their_own_co_author(session: Session) -> None:
    proposal, author, _friend, _actor = _arranged(session)
    own = session.get_one(User, author.id)
    with pytest.raises(InvalidError):
        authors.invite(session, author, proposal.id, email=str(own.email).upper(), link=str)
    token = _invite(session, author, proposal)
    with pytest.raises(ConflictError):
        authors.accept(session, author, authors.by_link(token))
    assert authors.look(session, authors.by_link(token)).title == proposal.title  # not spent


def test_inviting_again_replaces_the_link_and_tells_nobody_who_has_an_account(session: Session) -> None:
    proposal, author, friend, actor = _arranged(session)
    first = _invite(session, author, proposal, str(friend.email))
    second = _invite(session, author, proposal, str(friend.email))
    with pytest.raises(NotFoundError):
        authors.accept(session, actor, authors.by_link(first))
    authors.accept(session, actor, authors.by_link(second))
    _invite(session, author, proposal, str(friend.email))  # who writes along already gets a letter like anybody
    assert len(authors.desk(session, author, proposal.id).open) == 1


def test_letters_and_places_are_limited(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    proposal, author, _friend, _actor = _arranged(session)
    monkeypatch.setattr(authors, "MOST", 2)
    for number in range(2):
        _invite(session, author, proposal, f"{number}@example.org")
    with pytest.raises(ConflictError):
        _invite(session, author, proposal, "third@example.org")
    monkeypatch.setattr(authors, "LETTERS_A_DAY", 2)
    with pytest.raises(TooManyError):
        _invite(session, author, proposal, "1@example.org")
    tomorrow = clock.now() + timedelta(days=1, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    _invite(session, author, proposal, "1@example.org")


def test_leaving_and_being_let_go(session: Session) -> None:
    proposal, author, friend, actor = _arranged(session)
    other = factories.user(session)
    for user in (friend, other):
        made.co_author(session, proposal, user)
    with pytest.raises(ForbiddenError):
        authors.remove(session, actor, proposal.id, other.id)
    authors.leave(session, actor, proposal.id)
    authors.remove(session, author, proposal.id, other.id)
    assert authors.listing(session, proposal.id) == []
    for gone in (actor, author):
        with pytest.raises(NotFoundError):
            authors.leave(session, gone, proposal.id)
    with pytest.raises(ForbiddenError):
        authors.desk(session, actor, proposal.id)
    actions = list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))
    assert actions == ["proposal:leave", "proposal:let-go"]


@pytest.mark.parametrize("state", [ProposalState.WITHDRAWN, ProposalState.CLOSED])
def test_nobody_joins_what_is_over(session: Session, state: ProposalState) -> None:
    proposal, author, _friend, actor = _arranged(session)
    token = _invite(session, author, proposal)
    session.expunge(proposal)
    ended = made.proposal(session, session.get_one(User, author.id), state)
    invitation = session.scalars(select(CoAuthorInvitation)).one()
    invitation.proposal_id = ended.id
    session.flush()
    with pytest.raises(NotFoundError):
        authors.accept(session, actor, authors.by_link(token))
    with pytest.raises(ConflictError):
        authors.invite(session, author, ended.id, email="late@example.org", link=str)


def test_an_erased_account_takes_its_places_and_addresses_along(session: Session) -> None:
    proposal, author, friend, actor = _arranged(session)
    made.co_author(session, proposal, friend)
    mine = made.proposal(session, friend)
    token = _invite(session, actor, mine, "someone@example.org")
    theirs = _invite(session, author, proposal, str(friend.email))
    leaving.erase(session, actor)
    assert session.scalars(select(CoAuthor)).all() == []
    for one in (token, theirs):
        with pytest.raises(NotFoundError):
            authors.look(session, authors.by_link(one))
    assert set(session.scalars(select(CoAuthorInvitation.email))) == {None}


def test_whoever_has_an_account_is_told_and_answers_without_the_link(session: Session) -> None:
    proposal, author, friend, actor = _arranged(session)
    _invite(session, author, proposal, str(friend.email))
    _invite(session, author, proposal, "nobody@example.org")
    notice = session.scalars(select(Notice)).one()
    invitation_id = UUID(notice.path.rpartition("/")[2])
    assert (notice.kind, notice.recipient_id) == (NoticeKind.INVITED, friend.id)
    stranger = factories.actor(factories.user(session))
    foreign = session.scalars(
        select(CoAuthorInvitation.id).where(CoAuthorInvitation.email == "nobody@example.org")
    ).one()
    for other, key in ((stranger, invitation_id), (author, invitation_id), (actor, foreign)):
        with pytest.raises(NotFoundError):
            authors.accept(session, other, authors.by_address(session, other, key))
    unconfirmed = factories.user(session, email="nobody@example.org", email_confirmed_at=None)
    late = factories.actor(unconfirmed)
    with pytest.raises(NotFoundError):
        authors.look(session, authors.by_address(session, late, foreign))
    assert authors.look(session, authors.by_address(session, actor, invitation_id)).title == proposal.title
    assert authors.accept(session, actor, authors.by_address(session, actor, invitation_id)) == proposal.id
    with pytest.raises(NotFoundError):
        authors.decline(session, actor, authors.by_address(session, actor, invitation_id))
