"""kill -9 of the web server under casting load: no acknowledged ballot is missing, none is wrong."""

import itertools
import threading
from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from civicvote.domain.ballots import board as chains
from civicvote.domain.ballots import counting, receipts
from civicvote.domain.permissions import SYSTEM
from civicvote.models.votes import Ballot, CastKey, Participation
from civicvote.services import board, clock, sessions
from tests.conftest import LIMITS
from tests.support.voting import voter
from tests.trust import size
from tests.trust.conftest import Station
from tests.trust.server import STUBBORN, Client, Server, pause

KILLS = size(10, 200)
#: Every second kill takes the whole server with its master, which costs a cold start; the others take all that serve.
COLD = 2
VOTERS = 6
#: Receipts handed out between two kills, so that each one hits a server at work.
BETWEEN = 4


@pytest.fixture
def clients(station: Station) -> list[Client]:
    """Voters, each signed in, each with enough different ballots to outlast the server."""
    picks: list[tuple[str, ...]] = list(itertools.combinations([f"A{n}" for n in range(1, 13)], 2))
    stop = threading.Event()
    made = []
    with station.database.transaction() as session:
        for _ in range(VOTERS):
            user, _actor = voter(session)
            token = sessions.start(session, user, device="test", limits=LIMITS, second_factor_at=clock.now())
            made.append(Client(0, station.slug, token, picks * 10 * KILLS, stop))
    return made


def _given(clients: list[Client]) -> int:
    return sum(len(client.given) for client in clients)


def _storm(server: Server, clients: list[Client]) -> None:
    """Start, let people vote, kill, again; at last let everybody finish the form in their hands."""
    server.start()
    for client in clients:
        client.port = server.port
        client.start()
    for number in range(KILLS):
        wanted = _given(clients) + BETWEEN + number % 5
        while _given(clients) < wanted:
            assert any(client.is_alive() for client in clients), [client.trouble for client in clients]
            pause(0.01)
        if number % COLD == COLD - 1:
            server.kill()
            server.start()
        else:
            server.kill_workers()
    clients[0].stop.set()
    for client in clients:
        client.join(STUBBORN)
    server.kill()
    assert [client.trouble for client in clients] == [""] * len(clients)
    assert not any(client.is_alive() for client in clients)


def test_no_acknowledged_ballot_is_lost(station: Station, clients: list[Client]) -> None:
    server = Server(station.folder, station.url)
    try:
        _storm(server, clients)
    finally:
        server.kill()
    assert server.starts == KILLS // COLD + 1
    assert sum(client.repeats for client in clients) >= KILLS, "the kills hit people in the middle of a form"
    vote = station.vote()
    answers = [answer for client in clients for answer in client.given]
    assert all(receipts.verify(vote.board_key, receipt) for _, _, receipt in answers)
    with (
        time_machine.travel(vote.closes_at + timedelta(minutes=2), tick=False),
        station.database.transaction() as session,
    ):
        counted = board.seal(session, SYSTEM, session.merge(vote), station.keys)
    with station.database.reading() as session:
        entries = board.entries(session, vote.id)
        ballots = session.scalar(select(func.count()).select_from(Ballot))
        forms = session.scalar(select(func.count()).select_from(CastKey))
        people = session.scalar(select(func.count()).select_from(Participation))
    posted = {entry.item for entry in entries if entry.kind == "ballot"}
    assert chains.first_fault(str(vote.id), entries) is None
    assert {receipt.tracker for _, _, receipt in answers} == posted, "every receipt on the board, and nothing else"
    assert ballots == forms == len(answers), "a form repeated after a kill is one ballot"
    assert people == len(counted) == VOTERS
    secret = station.keys.read(f"vote-{vote.id}")
    opened = counting.open_ballots([sealed for _, sealed in counted], secret, vote.notice)  # type: ignore[arg-type]
    last = Counter(tuple(sorted(client.given[-1][1])) for client in clients)
    assert Counter(ballot.picks for ballot in opened.ballots) == last, "the count is what people last chose"
    log = server.log.read_text()
    assert not [client.token for client in clients if client.token in log]
    assert not [key for key, _, receipt in answers if key in log or receipt.tracker in log]
