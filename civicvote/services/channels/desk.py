"""The desk: a clerk checks a person in as a paper or station voter, which closes the online channel to them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError, NotFoundError
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.keystore import KeyStore
from civicvote.models.channels import Ask, Channel, CheckIn, DeskRequest
from civicvote.models.cycles import Cycle
from civicvote.models.verification import Person
from civicvote.models.votes import Participation, Vote
from civicvote.services import audit, board, clock
from civicvote.services.board.turnout import add_on_paper
from civicvote.services.channels import documents, letters, people
from civicvote.services.channels.common import hold_slot, paper_district
from civicvote.services.channels.people import Claim, Facts
from civicvote.services.conflicts import settled
from civicvote.services.locks import exclusive
from civicvote.services.voting import entrance
from civicvote.services.voting.entrance import Voter

ALREADY: Final = msg("이미 접수된 분입니다. 먼저 한 접수를 확인해 주십시오.")
_NO_PAPER: Final = msg("종이 투표로 접수된 분이 아니거나 접수가 취소되었습니다.")
_VOID_FIRST: Final = msg("온라인 투표의 무효 처리를 다른 담당자가 승인한 뒤에 투표용지를 드릴 수 있습니다.")
_SEE_FIRST: Final = msg(
    "다른 담당자가 서류를 보고 확인한 뒤에 투표용지나 투표 코드를 드릴 수 있습니다. "
    "다른 담당자의 ‘현장투표 접수’ 화면에서 확인하도록 해 주십시오."
)
_TO_STATION: Final = msg(
    "온라인으로 이미 투표하신 분입니다. 마감 전까지 온라인에서 다시 투표하시거나 종이 투표로 접수해 주십시오."
)
_SEEN: Final = "신분증과 서류를 보고 접수함"
TO_PAPER: Final = "온라인으로 투표한 뒤 현장에서 종이로 투표하기를 원함"


@dataclass(frozen=True, slots=True)
class Found:
    """What a clerk sees before checking somebody in. `refusal`: why this person may not vote here.

    `documents`: too little is known of them, so documents must be seen. `living`: their check-in, if there is one.
    """

    facts: Facts
    refusal: Message | None
    documents: bool
    voted_online: bool
    living: UUID | None


def find_vote(session: Session, slug: str, check_in_id: UUID) -> tuple[Vote, CheckIn]:
    """The vote and one of its check-ins; NotFoundError for another vote's."""
    _cycle, vote, _held = board.find(session, slug)
    found = session.get(CheckIn, check_in_id)
    if found is None or found.vote_id != vote.id:
        raise NotFoundError
    return vote, found


def refuse_own(actor: Actor, made: CheckIn) -> None:
    """ForbiddenError for clerks who are the person checked in themselves."""
    if actor.person_id is not None and actor.person_id == made.person_id:
        raise ForbiddenError(people.OWN)


def refuse_unseen(made: CheckIn) -> None:
    """ConflictError while only one clerk has seen the documents: alone, anybody could invent a person."""
    if made.basis is not None and made.documents_by is None:
        raise ConflictError(_SEE_FIRST)


def voted(session: Session, vote: Vote, person: UUID) -> bool:
    """Whether a ballot of theirs is in the box, or was."""
    cast = exists().where(Participation.vote_id == vote.id, Participation.person_id == person)
    return bool(session.scalar(select(cast)))


def refuse_outside(cycle: Cycle, vote: Vote, *, held: bool, arrived: datetime) -> None:
    """ConflictError unless people can vote now."""
    refusal = entrance.closed(vote, cycle.state, held=held, arrived=arrived, now=clock.now())
    if refusal is not None:
        raise refusal.error()


def _refusal(cycle: Cycle, vote: Vote, facts: Facts) -> Message | None:
    who = Voter(facts.person.id if facts.person else uuid4(), facts.level, facts.birth_year, facts.district)
    refusal = entrance.barred(cycle.eligibility(), who, vote.closes_at)
    return refusal.message if refusal else None


def look_up(session: Session, actor: Actor, slug: str, claim: Claim, *, keys: KeyStore, address: str) -> Found:
    """Who stands at the desk and whether they may vote; the look is on record."""
    actor.require(Permission.VOTE_DESK)
    cycle, vote, _held = board.find(session, slug)
    facts = people.find(session, actor, claim, vote=vote.id, least=cycle.min_level, key=keys.person, address=address)
    person = facts.person.id if facts.person else None
    living = None
    if person is not None:
        living = session.scalar(
            select(CheckIn.id).where(
                CheckIn.vote_id == vote.id, CheckIn.person_id == person, CheckIn.taken_back_at.is_(None)
            )
        )
    documents = people.lacks_documents(facts, cycle.min_level)
    return Found(
        facts=facts,
        refusal=None if documents else _refusal(cycle, vote, facts),
        documents=documents,
        voted_online=person is not None and voted(session, vote, person),
        living=living,
    )


def check_in(
    session: Session,
    actor: Actor,
    slug: str,
    claim: Claim,
    channel: Channel,
    *,
    keys: KeyStore,
    arrived: datetime,
    address: str,
) -> CheckIn:
    """Check the person in: from now on their account can't vote. Who is known by documents alone waits for a second clerk,
    who is asked at once to look at them; who has voted online and wants paper, for one who voids that ballot.

    Who has an account is told of it.

    ConflictError when they are checked in already, the vote isn't open, or a station is to replace an online ballot;
    InvalidError and ForbiddenError as for an online voter. The slot's lock is held: a cast of the same person is before
    this or refused.
    """
    actor.require(Permission.VOTE_DESK)
    if actor.id is None:
        raise ForbiddenError
    cycle, vote, held = board.find(session, slug)
    refuse_outside(cycle, vote, held=held, arrived=arrived)
    facts = people.find(session, actor, claim, vote=vote.id, least=cycle.min_level, key=keys.person, address=address)
    person = people.settle(session, facts, least=cycle.min_level, key=keys.person)
    if words := _refusal(cycle, vote, facts):
        raise ForbiddenError(words)
    session.flush()
    hold_slot(session, vote, person.id, keys)
    online = voted(session, vote, person.id)
    if online and channel is Channel.STATION:
        raise ConflictError(_TO_STATION)
    made = _make(session, actor, vote, person, facts, channel)
    made.voted_online = online
    with settled(session, ALREADY):
        session.add(made)
    audit.record(session, actor, "check-in:make", made, number=made.number, channel=channel.value, shown=facts.source)
    if facts.shown is not None:
        documents.keep(session, made, facts.shown)
        request(session, actor, made, Ask.DOCUMENTS, _SEEN)
    elif online:
        request(session, actor, made, Ask.VOID, TO_PAPER)
    letters.came(session, made)
    return made


def _make(session: Session, actor: Actor, vote: Vote, person: Person, facts: Facts, channel: Channel) -> CheckIn:
    """A check-in under the vote's next number."""
    assert actor.id is not None  # the caller has asked for a clerk's permission
    exclusive(session, f"desk|{vote.id}")
    last = session.scalar(select(func.max(CheckIn.number)).where(CheckIn.vote_id == vote.id)) or 0
    return CheckIn(
        vote_id=vote.id,
        person_id=person.id,
        number=last + 1,
        channel=channel,
        level=facts.level,
        checked_in_by=actor.id,
        checked_in_at=clock.now(),
        basis=facts.shown.basis if facts.shown else None,
        shown_district=facts.shown.district if facts.shown else None,
    )


def request(session: Session, actor: Actor, made: CheckIn, ask: Ask, reason: str) -> DeskRequest:
    """Put a question before the other clerks; ConflictError while another one about the same check-in is open."""
    assert actor.id is not None  # the caller has asked for a clerk's permission
    asked = DeskRequest(check_in_id=made.id, ask=ask, reason=reason, requested_by=actor.id, requested_at=clock.now())
    with settled(session, msg("이 접수에는 이미 다른 담당자의 확인을 기다리는 요청이 있습니다.")):
        session.add(asked)
    audit.record(session, actor, "check-in:ask", made, ask=ask.value)
    return asked


def hand_out(session: Session, actor: Actor, slug: str, check_in_id: UUID, *, keys: KeyStore) -> CheckIn:
    """Note that the paper was given; from then on the check-in stands. Repeating it changes nothing.

    ConflictError for a station voter, after a taking back, or while an online ballot still counts.
    """
    actor.require(Permission.VOTE_DESK)
    if actor.id is None:
        raise ForbiddenError
    vote, made = find_vote(session, slug, check_in_id)
    refuse_own(actor, made)
    hold_slot(session, vote, made.person_id, keys)
    session.refresh(made)
    if made.paper_given_by is not None:
        return made
    if made.channel is not Channel.PAPER or made.taken_back_at is not None:
        raise ConflictError(_NO_PAPER)
    refuse_unseen(made)
    if made.voted_online and not made.online_voided:
        raise ConflictError(_VOID_FIRST)
    home = session.scalar(select(Person.district).where(Person.id == made.person_id))
    made.paper_given_by = actor.id
    made.paper_district = paper_district(vote, home)
    audit.record(session, actor, "check-in:paper", made, number=made.number)
    session.flush()
    if not made.voted_online:
        add_on_paper(session, vote.id, home)
    return made
