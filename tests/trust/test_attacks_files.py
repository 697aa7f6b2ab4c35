"""Files that are small to send and large to read: each stopped a server once."""

import json
from typing import Any

import pytest

from civicvote.domain import pabulib
from civicvote.domain.pabulib import PabulibError, tables


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
