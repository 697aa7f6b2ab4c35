"""A model of the ballot box beside the real one: whatever the order of deeds, each person has one ballot, the last."""

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import time_machine
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from civicvote.domain.ballots import board as chains
from civicvote.domain.ballots import counting, receipts
from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.permissions import SYSTEM
from civicvote.keystore import KeyStore
from civicvote.models.cycles import Hold
from civicvote.models.votes import Ballot, Participation
from civicvote.services import board, clock, voting
from tests.support.voting import form_key, polls, voter
from tests.trust import size

PICKS = st.lists(st.sampled_from(["A1", "A2", "A3", "B1", "Z9"]), min_size=0, max_size=4).map(tuple)


class Box(RuleBasedStateMachine):
    """People 0–2 cast, repeat, replace; staff hold, exclude and close; the sequencer runs when it likes."""

    engine: ClassVar[Engine]

    def __init__(self) -> None:
        super().__init__()
        self.connection = self.engine.connect()
        self.transaction = self.connection.begin()
        self.session = Session(self.connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
        self.folder = tempfile.TemporaryDirectory(prefix="civicvote-machine-")
        self.keys = KeyStore(Path(self.folder.name))
        self.made = polls(self.session, self.keys, city=3, jongno=1)
        self.people = [voter(self.session)[1] for _ in range(3)]
        self.last: dict[int, tuple[str, ...]] = {}
        self.forms: dict[tuple[int, str], receipts.Receipt] = {}
        self.gone: set[str] = set()
        self.hold: Hold | None = None
        self.closed = self.sealed = False

    def teardown(self) -> None:
        self.session.close()
        self.transaction.rollback()
        self.connection.close()
        self.folder.cleanup()

    def now(self) -> Any:
        return self.made.vote.closes_at + timedelta(seconds=61 if self.closed else -3600)

    def _cast(self, person: int, picks: tuple[str, ...], key: str) -> receipts.Receipt:
        with time_machine.travel(self.now(), tick=False), self.session.begin_nested():
            return voting.cast(
                self.session,
                self.people[person],
                self.made.slug,
                picks,
                key=key,
                arrived=clock.now(),
                keys=self.keys,
            )

    @rule(person=st.integers(0, 2), picks=PICKS)
    def cast(self, person: int, picks: tuple[str, ...]) -> None:
        key = form_key()
        try:
            receipt = self._cast(person, picks, key)
        except ConflictError:
            assert self.closed or self.hold
            return
        except InvalidError:
            assert not picks or len(picks) > 3 or len(set(picks)) < len(picks) or {"Z9", *self.gone} & {*picks}
            return
        assert not self.closed
        assert not self.hold
        assert receipts.verify(self.made.vote.board_key, receipt)
        self.last[person] = tuple(sorted(picks))
        self.forms[person, key] = receipt

    @precondition(lambda self: self.forms)
    @rule(data=st.data())
    def repeat(self, data: Any) -> None:
        person, key = data.draw(st.sampled_from(sorted(self.forms)))
        assert self._cast(person, ("A1",), key) == self.forms[person, key]

    @precondition(lambda self: not self.hold)
    @rule()
    def place_hold(self) -> None:
        self.hold = Hold(cycle_id=self.made.cycle.id, reason="점검", placed_at=clock.now())
        self.session.add(self.hold)
        self.session.flush()

    @precondition(lambda self: self.hold)
    @rule()
    def lift_hold(self) -> None:
        assert self.hold is not None
        self.hold.lifted_at = clock.now()
        self.session.flush()
        self.hold = None

    @precondition(lambda self: len(self.gone) < 2)
    @rule(number=st.sampled_from(["A2", "B1"]))
    def exclude(self, number: str) -> None:
        self.made.projects[number].state = ProjectState.WITHDRAWN
        self.session.flush()
        self.gone.add(number)

    @rule()
    def sequence(self) -> None:
        board.sequence(self.session, self.keys)

    @precondition(lambda self: not self.closed)
    @rule()
    def close(self) -> None:
        self.closed = True

    @precondition(lambda self: self.closed)
    @rule()
    def seal(self) -> None:
        with time_machine.travel(self.now(), tick=False):
            rows = board.seal(self.session, SYSTEM, self.made.vote, self.keys)
        secret = self.keys.read(f"vote-{self.made.vote.id}")
        notice: Any = self.made.vote.notice
        opened = counting.open_ballots([sealed for _, sealed in rows], secret, notice)
        assert sorted(ballot.picks for ballot in opened.ballots) == sorted(self.last.values())
        self.sealed = True

    @invariant()
    def one_effective_ballot_each(self) -> None:
        vote = self.made.vote
        assert len(board.counted(self.session, vote)) == len(self.last)
        people = self.session.scalar(select(func.count()).select_from(Participation))
        ballots = self.session.scalar(select(func.count()).select_from(Ballot))
        assert (people, ballots) == (len(self.last), len(self.forms))

    @invariant()
    def board_is_whole(self) -> None:
        entries = board.entries(self.session, self.made.vote.id)
        assert chains.first_fault(str(self.made.vote.id), entries) is None
        posted = [entry.item for entry in entries if entry.kind == "ballot"]
        trackers = {receipt.tracker for receipt in self.forms.values()}
        assert set(posted) | set(board.unsequenced(self.session, self.made.vote.id)) == trackers
        assert len(posted) == len(set(posted))


def test_the_box_follows_its_model(make_database: Callable[[str], Engine]) -> None:
    for kind in ("sqlite", "postgresql"):
        engine = make_database(kind)
        case: Any = type("BoxOn", (Box,), {"engine": engine}).TestCase  # type: ignore[attr-defined]  # hypothesis makes it
        case.settings = settings(
            max_examples=size(8, 400),
            stateful_step_count=size(15, 30),
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        case("runTest").runTest()
        engine.dispose()
