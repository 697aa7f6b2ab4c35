"""Rules tried on published votes and on files: what comes out, and what stays shut."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.domain.lifecycles import CycleState
from civicvote.domain.permissions import Actor, Role
from civicvote.domain.tally import Completion, Method, Utility
from civicvote.keystore import KeyStore
from civicvote.services import counting, simulator
from civicvote.services.simulator import Trial
from tests import factories as make
from tests.support.elections import closed_vote

RULES = Trial([Method.GREEDY, Method.EQUAL_SHARES, Method.PHRAGMEN_SKIP], Utility.COST, Completion.ADD1U, 1000)
FILE = """META
key;value
description;두 마을
num_projects;3
num_votes;10
budget;100
vote_type;approval
rule;greedy
PROJECTS
project_id;cost;name
1;60;큰 마을 광장
2;60;큰 마을 도서관
3;40;작은 마을 쉼터
VOTES
voter_id;vote
""" + "\n".join(f"{voter};{'1,2' if voter < 6 else '3'}" for voter in range(10))  # fmt: skip


@pytest.fixture
def staff(session: Session) -> Actor:
    return make.actor(make.user(session, Role.STAFF), Role.STAFF)


@pytest.fixture
def draft(session: Session) -> str:
    return make.cycle(session, slug="next-year", state=CycleState.DRAFT).slug


def test_a_file_is_counted_by_every_rule_asked_for(session: Session, staff: Actor, draft: str) -> None:
    found = simulator.simulate(session, staff, draft, RULES, source=None, upload=FILE.encode())
    assert (found.title, found.voters, found.budget, found.currency) == ("두 마을", 10, 100, "")
    assert [sorted(one.selected) for one in found.tried] == [["1", "3"], ["1", "3"], ["1", "3"]]
    assert found.agreed
    assert [one.figures.with_one for one in found.tried if one.figures] == [10, 10, 10]


def test_the_rules_are_compared_with_the_first(session: Session, staff: Actor, draft: str) -> None:
    text = FILE.replace("budget;100", "budget;120")
    trial = Trial([Method.GREEDY, Method.EQUAL_SHARES], Utility.COST, Completion.NONE, 1000)
    found = simulator.simulate(session, staff, draft, trial, source=None, upload=text.encode())
    assert [sorted(one.selected) for one in found.tried] == [["1", "2"], ["1", "3"]]
    assert [one.prefer for one in found.tried] == [(0, 0), (6, 4)]
    assert {line.id: (list(line.funded), line.differs) for line in found.lines} == {
        "1": ([True, True], False),
        "2": ([True, False], True),
        "3": ([False, True], True),
    }


def test_a_published_vote_can_be_tried_and_no_other(session: Session, staff: Actor, draft: str, tmp_path: Path) -> None:
    keys = KeyStore(tmp_path / "keys")
    vote = closed_vote(session, keys)
    with vote.over:
        counting.seal(session, vote.first, vote.slug, keys=keys)
        assert not simulator.stage(session, staff, draft).sources, "sealed"
        counting.count(session, vote.first, vote.slug, keys=keys)
        assert not simulator.stage(session, staff, draft).sources, "counted, not published"
        counting.publish(session, vote.second, vote.slug, keys=keys)
    (first, *_) = simulator.stage(session, staff, draft).sources
    assert " · " in first.title
    found = simulator.simulate(session, staff, draft, RULES, source=first.id)
    assert found.currency == "KRW"
    assert all(one.figures for one in found.tried)
    with pytest.raises(InvalidError) as refused:
        simulator.simulate(session, staff, draft, RULES, source=make.cycle(session, slug="another").id)
    assert refused.value.field == "source"


def test_locked_rules_are_not_tried(session: Session, staff: Actor) -> None:
    slug = make.cycle(session, slug="running", state=CycleState.LISTED).slug
    with pytest.raises(ConflictError):
        simulator.simulate(session, staff, slug, RULES, source=None, upload=FILE.encode())


def test_citizens_have_no_simulator(session: Session, draft: str) -> None:
    with pytest.raises(ForbiddenError):
        simulator.stage(session, make.actor(make.user(session)), draft)


@pytest.mark.parametrize(
    ("upload", "field"),
    [
        (b"META\nkey;value\n", "file"),
        (b"{", "file"),
        (b"\x00", "file"),
        (b"x" * (simulator.MOST_BYTES + 1), "file"),
        (None, "source"),
    ],
)
def test_what_cannot_be_counted_is_refused_beside_its_field(
    session: Session, staff: Actor, draft: str, upload: bytes | None, field: str
) -> None:
    with pytest.raises(InvalidError) as refused:
        simulator.simulate(session, staff, draft, RULES, source=None, upload=upload)
    assert refused.value.field == field


def test_a_count_that_takes_too_long_is_given_up(
    session: Session, staff: Actor, draft: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulator, "FEW_PROJECTS", 0)
    apart = simulator.simulate(session, staff, draft, RULES, source=None, upload=FILE.encode())
    assert [sorted(one.selected) for one in apart.tried] == [["1", "3"], ["1", "3"], ["1", "3"]]
    monkeypatch.setattr(simulator, "LONGEST", 0.01)
    with pytest.raises(InvalidError, match="너무 오래"):
        simulator.simulate(session, staff, draft, RULES, source=None, upload=FILE.encode())
