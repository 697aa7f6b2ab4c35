"""Desk against online, clerk against clerk, keyer against keyer, all at one moment: one person has one ballot."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, DomainError, ForbiddenError
from civicvote.domain.permissions import SYSTEM, Actor, Role
from civicvote.models.accounts import User
from civicvote.models.channels import Ask, Channel, CheckIn, DeskRequest, PaperKind, StationSeat, VoidWaiting
from civicvote.models.verification import Person
from civicvote.models.votes import Ballot, Participation
from civicvote.services import board, channels, clock, voting
from tests import factories
from tests.support.channels import document
from tests.support.voting import form_key, voter
from tests.trust import SCALE
from tests.trust.conftest import Station

ROUNDS = 3 * SCALE


@dataclass
class Place:
    """A polling place in a database of its own."""

    station: Station
    clerks: list[Actor]

    def person(self) -> tuple[str, Actor]:
        """An account's address and its actor."""
        with self.station.database.transaction() as session:
            user, actor = voter(session)
            assert user.email
            return user.email, actor

    def check_in(self, clerk: Actor, email: str, channel: Channel = Channel.PAPER) -> UUID:
        with self.station.database.transaction() as session:
            made = channels.check_in(
                session,
                clerk,
                self.station.slug,
                channels.Claim(email=email),
                channel,
                keys=self.station.keys,
                arrived=clock.now(),
                address="",
            )
            return made.id

    def do(self, deed: Callable[..., Any], clerk: Actor, *args: Any, **kwargs: Any) -> Any:
        with self.station.database.transaction() as session:
            return deed(session, clerk, self.station.slug, *args, **kwargs)

    def row(self, made: UUID) -> CheckIn:
        with self.station.database.reading() as session:
            return session.get_one(CheckIn, made)

    def asked(self, made: UUID) -> DeskRequest:
        with self.station.database.reading() as session:
            return session.scalars(select(DeskRequest).where(DeskRequest.check_in_id == made)).one()

    def at(self, token: str) -> channels.StationFound:
        """The station as its next request sees it."""
        with self.station.database.reading() as session:
            found = channels.find(session, token)
            assert found is not None
            return found

    def read(self, look: Callable[[Session], Any]) -> Any:
        with self.station.database.reading() as session:
            return look(session)

    def seal(self) -> int:
        """Close the box, which refuses unless everything balances; how many ballots count."""
        vote = self.station.vote()
        with (
            time_machine.travel(vote.closes_at + timedelta(minutes=2), tick=False),
            self.station.database.transaction() as session,
        ):
            return len(board.seal(session, SYSTEM, session.merge(vote), self.station.keys))


@pytest.fixture
def place(station: Station) -> Place:
    with station.database.transaction() as session:
        users: list[User] = [factories.user(session, Role.STAFF) for _ in range(4)]
        return Place(station, [factories.actor(user, Role.STAFF) for user in users])


def _at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """What each gave back, or the refusal it met."""
    gate = threading.Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> Any:
        gate.wait(30)
        try:
            return deed()
        except DomainError as error:
            return error

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def _refused(answers: list[Any]) -> list[DomainError]:
    return [one for one in answers if isinstance(one, DomainError)]


def test_two_desks_check_in_one_person_once(place: Place) -> None:
    for _ in range(ROUNDS):
        email, _actor = place.person()
        answers = _at_once(*[partial(place.check_in, clerk, email) for clerk in place.clerks])
        refused = _refused(answers)
        assert len(refused) == len(place.clerks) - 1
        assert all(isinstance(one, ConflictError) for one in refused)
    numbers = place.read(lambda s: s.scalars(select(CheckIn.number).order_by(CheckIn.number)).all())
    assert list(numbers) == list(range(1, ROUNDS + 1))


def test_a_check_in_and_a_cast_at_once(place: Place) -> None:
    """Whichever is first: cast and then checked in, with a void to be confirmed; or checked in and the cast refused."""
    cast_first = 0
    for _ in range(ROUNDS):
        email, actor = place.person()
        made, receipt = _at_once(
            partial(place.check_in, place.clerks[0], email), partial(place.station.cast, actor, "A1")
        )
        assert isinstance(made, UUID)
        row = place.row(made)
        cast = not isinstance(receipt, DomainError)
        assert row.voted_online == cast
        if cast:
            cast_first += 1
            place.do(channels.decide, place.clerks[1], made, approve=True, keys=place.station.keys)
        else:
            assert isinstance(receipt, ForbiddenError)
        place.do(channels.hand_out, place.clerks[0], made, keys=place.station.keys)
        with pytest.raises(ForbiddenError):
            place.station.cast(actor, "A2")
    people = place.read(lambda s: s.scalar(select(func.count()).select_from(Participation)))
    assert people == cast_first
    assert place.seal() == 0, "nobody has an online ballot and a paper"


def test_a_void_is_confirmed_once_and_never_by_its_asker(place: Place) -> None:
    for _ in range(ROUNDS):
        email, actor = place.person()
        place.station.cast(actor, "A1")
        made = place.check_in(place.clerks[0], email)
        answers = _at_once(
            *[
                partial(place.do, channels.decide, clerk, made, approve=True, keys=place.station.keys)
                for clerk in place.clerks
            ]
        )
        assert len(_refused(answers)) == len(place.clerks) - 1
        asked = place.asked(made)
        assert asked.decided_by not in {None, asked.requested_by}
    assert place.read(lambda s: s.scalar(select(func.count()).select_from(VoidWaiting))) == ROUNDS
    assert place.seal() == 0


def test_a_paper_handed_out_or_a_check_in_taken_back(place: Place) -> None:
    first, second, third, _fourth = place.clerks
    for _ in range(ROUNDS):
        email, actor = place.person()
        made = place.check_in(first, email)
        place.do(channels.ask, first, made, Ask.TAKE_BACK, reason="다른 분임", keys=place.station.keys)
        given, taken = _at_once(
            partial(place.do, channels.hand_out, third, made, keys=place.station.keys),
            partial(place.do, channels.decide, second, made, approve=True, keys=place.station.keys),
        )
        assert len(_refused([given, taken])) == 1
        row = place.row(made)
        assert (row.paper_given_by is None) == (row.taken_back_at is not None)
        if row.taken_back_at is None:
            with pytest.raises(ForbiddenError):
                place.station.cast(actor, "A1")
        else:
            place.station.cast(actor, "A1")


def test_one_code_at_two_stations_seats_one(place: Place) -> None:
    clerk = place.clerks[0]
    tokens = [place.do(channels.open_station, clerk, name=f"{n}번 기기") for n in (1, 2)]
    stations = [place.at(token) for token in tokens]
    email, _actor = place.person()
    made = place.check_in(clerk, email, Channel.STATION)
    code = place.do(channels.issue_code, clerk, made, arrived=clock.now(), keys=place.station.keys)

    def sit(station: channels.StationFound) -> None:
        with place.station.database.transaction() as session:
            channels.redeem(session, station, code, keys=place.station.keys)

    answers = _at_once(*[partial(sit, station) for station in stations])
    assert len(_refused(answers)) == 1
    assert place.read(lambda s: s.scalar(select(func.count()).select_from(StationSeat))) == 1
    seated = next(found for token in tokens if (found := place.at(token)).seated)

    def cast(pick: str) -> Any:
        with place.station.database.transaction() as session:
            return voting.cast(
                session,
                seated.actor,
                place.station.slug,
                [pick],
                key=form_key(),
                arrived=clock.now(),
                keys=place.station.keys,
            )

    _at_once(partial(cast, "A1"), partial(cast, "A2"))
    assert place.seal() == 1


@pytest.mark.parametrize("station", ["postgresql"], indirect=True)  # SQLite keeps no number of a transaction
def test_the_seal_writes_anew_what_was_deleted_with_a_ballot(place: Place) -> None:
    """A seat ends in the transaction of its ballot; what PostgreSQL keeps of the deleted row must not outlive the vote."""

    def file() -> int:
        with place.station.database.engine.connect() as connection:
            return int(connection.scalars(text("SELECT pg_relation_filenode('station_seat')")).one())

    before = file()
    place.seal()
    assert file() != before


def test_three_keyers_and_two_confirmations(place: Place) -> None:
    station, (first, second, third, _fourth) = place.station, place.clerks
    for _ in range(2):
        email, _actor = place.person()
        made = place.check_in(first, email)
        place.do(channels.hand_out, first, made, keys=station.keys)
    number = place.do(channels.open_batch, first, place="종로 투표소", district="11110", papers=2).number

    def key(clerk: Actor) -> None:
        for paper in (1, 2):
            sheet = channels.Sheet(paper, PaperKind.VALID, "A1")
            place.do(channels.key, clerk, number, sheet, keys=station.keys)
        place.do(channels.finish, clerk, number)

    answers = _at_once(*[partial(key, clerk) for clerk in (first, second, third)])
    assert len(_refused(answers)) == 1
    answers = _at_once(
        *[partial(place.do, channels.confirm, clerk, number, keys=station.keys) for clerk in place.clerks]
    )
    assert len(_refused(answers)) == 3
    assert place.read(lambda s: s.scalar(select(func.count()).select_from(Ballot))) == 2
    assert place.seal() == 2


def _with_documents(place: Place, clerk: Actor) -> UUID:
    """Somebody nobody knows, entered by one clerk."""
    with place.station.database.transaction() as session:
        made = channels.check_in(
            session,
            clerk,
            place.station.slug,
            document(),
            Channel.PAPER,
            keys=place.station.keys,
            arrived=clock.now(),
            address="",
        )
        return made.id


def test_documents_are_believed_once_and_never_by_who_entered_them(place: Place) -> None:
    first = place.clerks[0]
    for _ in range(ROUNDS):
        made = _with_documents(place, first)
        deeds = [
            partial(place.do, channels.decide, clerk, made, approve=True, keys=place.station.keys)
            for clerk in place.clerks
        ]
        early = partial(place.do, channels.hand_out, first, made, keys=place.station.keys)
        *answers, _given = _at_once(*deeds, early)
        assert len(_refused(answers)) == len(place.clerks) - 1
        row = place.row(made)
        assert row.documents_by not in {None, first.id}
        place.do(channels.hand_out, first, made, keys=place.station.keys)
        with place.station.database.transaction() as session:
            session.get_one(Person, row.person_id).namesake_key = None  # the next one isn't asked about


def test_documents_confirmed_or_refused(place: Place) -> None:
    first, second, third, _fourth = place.clerks
    for _ in range(ROUNDS):
        made = _with_documents(place, first)
        answers = _at_once(
            partial(place.do, channels.decide, second, made, approve=True, keys=place.station.keys),
            partial(place.do, channels.decide, third, made, approve=False, keys=place.station.keys),
        )
        assert len(_refused(answers)) == 1
        row = place.row(made)
        assert (row.documents_by is None) == (row.taken_back_at is not None)
        with place.station.database.transaction() as session:
            session.get_one(Person, row.person_id).namesake_key = None


def test_two_presses_on_a_tablet_and_a_copy(place: Place) -> None:
    """Presses at one moment are the tablet's; of two browsers that go on with them, one is noticed."""
    cookie = place.do(channels.open_station, place.clerks[0], name="1번 기기")
    station = place.at(cookie)

    def page(old: str) -> str | None:
        with place.station.database.transaction() as session:
            return channels.advance(session, station.id, old, cast=False)

    one, other = _at_once(partial(page, cookie), partial(page, cookie))
    assert one
    assert other
    answers = _at_once(partial(page, one), partial(page, other))
    assert answers.count(None) == 1
    assert place.at(cookie).stopped
