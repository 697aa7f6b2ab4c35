"""A whole vote in memory: two contests, cast, replaced, voided, withdrawn, counted, published."""

import importlib
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from civicvote.domain.ballots import board, bundle, contests, counting, keys, receipts, rules, sealing, slots

VOTE = "seoul-2026"
RECOUNT = Path(__file__).parents[2] / "civicvote" / "standalone" / "recount.py"
PROGRAMS = sorted(RECOUNT.parent.glob("recount*.py"))
VOTE_KEY = keys.vote_key(bytes(range(32)))
BOARD_KEY = keys.board_key(bytes(range(100, 132)))
ROLL_KEY = bytes(range(50, 82))


def recounter(name: str = "recount") -> ModuleType:
    """A part of the stand-alone verifier, loaded from its file as the bundle carries it."""
    if str(RECOUNT.parent) not in sys.path:
        sys.path.insert(0, str(RECOUNT.parent))
    return importlib.import_module(name)


def a_contest(pool: str, ties: Sequence[str], **changes: Any) -> rules.Contest:
    contest: dict[str, Any] = {
        "pool": pool,
        "title": pool,
        "budget": 1000,
        "rule": "greedy",
        "utility": "cost",
        "completion": "none",
        "step": 1,
        "exhaustive_stop": True,
        "measure": "votes",
        "threshold": 0,
        "empty_ballots": False,
        "tie_by": [],
        "ties": list(ties),
    }
    return contest | changes  # type: ignore[return-value]


def a_notice(some: Sequence[rules.Contest], costs: Mapping[str, Mapping[str, Any]], **form: Any) -> rules.Notice:
    """`costs`: pool → id → cost. `form` changes the ballot form."""
    notice: rules.Notice = {
        "format": rules.FORMAT,
        "vote": VOTE,
        "title": "2026년 시민참여예산 투표",
        "opens_at": "2026-09-01T00:00:00Z",
        "closes_at": "2026-09-15T09:00:00Z",
        "keys": {"vote": VOTE_KEY.public.hex(), "board": BOARD_KEY.public.hex(), "shares": "1/1"},
        "ballot": {"length": 0, "min": 1, "max": 4, "max_cost": None, "points": None, "groups": []} | form,  # type: ignore[typeddict-item]
        "contests": list(some),
        "projects": [
            {"id": one, "title": f"사업 {one}", "pool": pool, "cost": cost, "withdrawn": False}
            for pool, some in costs.items()
            for one, cost in some.items()
        ],
    }
    notice["ballot"]["length"] = rules.ballot_length(notice)
    return notice


def two_pools() -> rules.Notice:
    city = {f"c{n}": 100 + 37 * n for n in range(8)}
    district = {f"d{n}": 60 + 11 * n for n in range(6)}
    some = [
        a_contest("city", sorted(city), budget=900, rule="equal-shares", completion="add1"),
        a_contest("district", sorted(district, reverse=True), budget=250),
    ]
    groups = [{"id": "d", "title": "자치구", "projects": list(district), "min": 0, "max": 2, "max_cost": None}]
    return a_notice(some, {"city": city, "district": district}, groups=groups)


@dataclass
class Vote:
    """A vote under way; `cast` and `publish` do what the casting service does."""

    notice: rules.Notice
    entries: list[board.Entry] = field(default_factory=list)
    heads: list[board.Head] = field(default_factory=list)
    slots: dict[bytes, sealing.Sealed] = field(default_factory=dict)
    given: list[receipts.Receipt] = field(default_factory=list)
    voided: int = 0
    pooled: bool = False
    papers: int = 0
    batches: int = 0

    def __post_init__(self) -> None:
        self.append([("notice", {"digest": rules.notice_digest(self.notice)})])
        form = self.notice["ballot"]
        self.sealer = sealing.Sealer(VOTE_KEY.public, VOTE, form["length"])

    def append(self, rows: Sequence[tuple[str, Any]]) -> None:
        self.entries += board.extend(VOTE, self.entries[-1] if self.entries else None, rows)
        self.heads.append(board.sign_head(BOARD_KEY.secret, VOTE, self.entries[-1], "2026-09-02T00:00Z"))

    def cast(self, person: str, picks: Any) -> sealing.Sealed:
        sealed = self.sealer.seal(sealing.make_ballot(picks))
        return self.put(person, sealed)

    def put(self, person: str, sealed: sealing.Sealed) -> sealing.Sealed:
        self.slots[slots.slot(ROLL_KEY, VOTE, person)] = sealed
        self.given.append(receipts.sign(BOARD_KEY.secret, VOTE, sealed.tracker, "2026-09-02T00:00Z"))
        return sealed

    def void(self, person: str) -> None:
        sealed = self.slots.pop(slots.slot(ROLL_KEY, VOTE, person))
        self.append([("void", {"tracker": sealed.tracker, "reason": "현장 투표"})])
        self.voided += 1

    def desk(self, some: Sequence[Any], *, blank: int = 0, void: int = 0) -> None:
        """A confirmed batch of papers; `some` are the picks of the valid ones."""
        sealed = [self.sealer.seal(sealing.make_ballot(picks)) for picks in some]
        for one in sealed:
            self.slots[one.tracker.encode()] = one
        self.batches += 1
        self.papers += len(sealed)
        self.append([board.desk_row(self.batches, [one.tracker for one in sealed], blank=blank, void=void)])

    def counted(self) -> list[tuple[str, bytes]]:
        return [(one.tracker, one.sealed) for one in self.slots.values()]

    def opened(self) -> counting.Opened:
        return counting.open_ballots([sealed for _, sealed in self.counted()], VOTE_KEY.secret, self.notice)

    def result(self, ballots: Sequence[sealing.Ballot]) -> dict[str, Any]:
        gone = [entry.item["project"] for entry in self.entries if entry.kind == "withdraw"]
        return contests.result_document(self.notice, contests.outcomes(self.notice, ballots, gone))

    def parts(self, **lies: Any) -> dict[str, Any]:
        """What `bundle.build` takes. `lies` replace counted, opened, participants or result, and are posted."""
        parts: dict[str, Any] = {"counted": self.counted(), "opened": self.opened()} | lies
        parts.setdefault("participants", len(parts["counted"]) - self.papers + self.voided)
        ballots = parts["opened"].ballots
        parts.setdefault("result", self.result(ballots))
        item = {
            "digest": counting.counted_digest(parts["counted"]),
            "count": len(parts["counted"]),
            "participants": parts["participants"],
        }
        self.append([("counted", item)])
        self.append([("plaintexts", counting.posted(parts["opened"], not self.pooled))])
        self.append([("result", {"digest": counting.result_digest(parts["result"])})])
        extra = {"city.pb": b"META\n", "결과.csv": "사업\n".encode()}
        recount = {path.name: path.read_bytes() for path in PROGRAMS}
        return parts | {
            "notice": self.notice,
            "board": self.entries,
            "heads": self.heads,
            "recount": recount,
            "board_key": BOARD_KEY.secret,
            "extra": extra,
            "pooled": self.pooled,
        }

    def publish(self, **lies: Any) -> bytes:
        return bundle.build(**self.parts(**lies))


def a_vote(people: int = 60) -> Vote:
    """Before the close: one voter voted twice, one was voided, a project was withdrawn."""
    vote, rng = Vote(two_pools()), random.Random(7)
    ids = [project["id"] for project in vote.notice["projects"]]
    for person in range(people):
        picks = rng.sample([i for i in ids if i[0] == "c"], 3) + rng.sample([i for i in ids if i[0] == "d"], 1)
        vote.cast(f"person {person}", picks)
    vote.append(board.ballot_rows(one.tracker for one in vote.given))
    again = vote.cast("person 0", ["c1", "d5"])
    vote.append(board.ballot_rows([again.tracker]))
    vote.append([("withdraw", {"project": "c7", "reason": "제안자 철회"})])
    vote.void("person 9")
    return vote


@cache
def published() -> tuple[bytes, tuple[receipts.Receipt, ...]]:
    """A finished bundle of 60 people, and every receipt; the first one's ballot was replaced by the last one's."""
    vote = a_vote()
    return vote.publish(), tuple(vote.given)
