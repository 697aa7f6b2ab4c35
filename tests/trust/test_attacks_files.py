"""Files that are small to send and large to read: each stopped a server once."""

import json
from typing import Any

import pytest
from sqlalchemy.orm import Session

from civicvote.domain import pabulib
from civicvote.domain.errors import InvalidError
from civicvote.domain.lifecycles import CycleState
from civicvote.domain.pabulib import PabulibError, tables
from civicvote.domain.permissions import Role
from civicvote.domain.tally import Completion, Method, Utility
from civicvote.services import simulator
from tests import factories


def _document(votes: list[dict[str, Any]]) -> bytes:
    return json.dumps(
        {
            "format": tables.FORMAT,
            "meta": {"budget": 100, "vote_type": "approval", "rule": "greedy"},
            "projects": [{"project_id": "1", "cost": 60, "name": "쉼터"}],
            "votes": votes,
        }
    ).encode()


def test_ten_lines_are_not_a_hundred_million_people() -> None:
    """`count` was limited line by line: 400 bytes took all memory of the server that read them."""
    with pytest.raises(PabulibError, match="10,000,000"):
        pabulib.parse_json(_document([{"vote": ["1"], "count": 9_999_999}, {"vote": ["1"], "count": 2}][::-1] * 5))
    sheets = {
        "meta.csv": b"key,value\nbudget,100\nvote_type,approval\n",
        "projects.csv": b"project_id,cost\n1,60\n",
        "votes.csv": b"vote,count\n1,2\n1,9999999\n",
    }
    with pytest.raises(PabulibError, match="10,000,000"):
        pabulib.parse_csv(sheets)


def test_a_reader_may_ask_for_fewer_people() -> None:
    votes: list[dict[str, Any]] = [{"vote": ["1"], "count": 30}, {"vote": ["1"]}]
    assert len(pabulib.parse_json(_document(votes), people=31).votes.rows) == 31
    with pytest.raises(PabulibError, match="30"):
        pabulib.parse_json(_document(votes), people=30)


def test_a_key_of_its_own_in_every_record_makes_no_table() -> None:
    """Each record got a cell for every key of all the others: 3,000 records took 20 seconds, 8 MB never ended."""
    with pytest.raises(PabulibError, match="500"):
        pabulib.parse_json(_document([{"vote": ["1"], f"k{n}": ""} for n in range(30_000)]))


def test_trials_leave_the_threads_to_voters(session: Session) -> None:
    """Eight trials at once held every thread of the web workers for as long as they were counted, and again after that."""
    actor = factories.actor(factories.user(session, Role.STAFF), Role.STAFF)
    slug = factories.cycle(session, state=CycleState.DRAFT).slug
    trial = simulator.Trial([Method.GREEDY], Utility.COST, Completion.NONE, 1)
    few = _document([{"vote": ["1"], "count": 3}])

    def tried(upload: bytes) -> int:
        return simulator.simulate(session, actor, slug, trial, source=None, upload=upload).voters

    with simulator._turn(), pytest.raises(InvalidError, match="다른 시험"):
        tried(few)
    with pytest.raises(InvalidError, match="300,000"):
        tried(_document([{"vote": ["1"], "count": 300_001}]))
    assert tried(few) == 3, "whatever became of the one before"
