"""The public board of a vote: a hash chain, append-only, with heads signed by the casting service.

hash = SHA-256(prev ‖ canonical{"item", "kind", "seq"}); `prev` of entry 0 is SHA-256("cv-board|" vote).

| kind | item | when |
| --- | --- | --- |
| `notice` | `{"digest"}` of notice.json | entry 0, before the vote opens |
| `ballot` | the tracker, a string | by the sequencer, trackers of a batch in ascending order |
| `withdraw` | `{"project", "reason"}` | a project leaves the vote, before `counted` |
| `void` | `{"tracker", "reason"}`; tracker null when nothing had been cast | two clerks void a slot, before `counted` |
| `desk` | `{"batch", "papers", "valid", "blank", "void", "trackers"}` | a paper batch is confirmed, before `counted` |
| `note` | any | what the public should know |
| `counted` | `{"digest", "count", "participants"}` | at the close; later only the rows below and notes |
| `plaintexts` | `{"digest"}` of plaintexts.json; `"withheld": true` where only pooled counts are published | after the opening |
| `result` | `{"digest"}` of result.json | approved by a second person |

Ballots on paper are sealed like all others. Their trackers stand in `desk` entries only, in ascending order, `valid` many;
papers = valid + blank + void. Everyone else who took part has a ballot that was counted or voided (`balance`).
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from civicvote.domain.ballots.encoding import b64, canonical, quoted, unb64, vote_label, written
from civicvote.domain.ballots.receipts import ed25519_sign, ed25519_verify
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg

KINDS = ("notice", "ballot", "withdraw", "void", "desk", "note", "counted", "plaintexts", "result")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the board. `prev` and `hash` are 32 bytes; `item` is JSON (see the table above)."""

    seq: int
    kind: str
    item: Any
    prev: bytes
    hash: bytes

    def document(self) -> dict[str, Any]:
        """One line of board.jsonl."""
        return {
            "seq": self.seq,
            "kind": self.kind,
            "item": self.item,
            "prev": self.prev.hex(),
            "hash": self.hash.hex(),
        }

    def line(self) -> bytes:
        """`canonical` of the document; written directly for ballots, of which a city has a million."""
        if type(self.item) is not str:
            return canonical(self.document())
        item, kind = quoted(self.item), quoted(self.kind)
        hashes = f'"hash":"{self.hash.hex()}","item":{item},"kind":{kind},"prev":"{self.prev.hex()}"'
        return written(f'{{{hashes},"seq":{self.seq}}}')


@dataclass(frozen=True, slots=True)
class Head:
    """A signed state of the board: `seq` and `hash` (hex) of its last entry at `at` (UTC minute, text)."""

    vote: str
    seq: int
    hash: str
    at: str
    signature: str

    def document(self) -> dict[str, Any]:
        """One element of heads.json."""
        return {"vote": self.vote, "seq": self.seq, "hash": self.hash, "at": self.at, "signature": self.signature}

    @classmethod
    def from_document(cls, body: Any) -> Self:
        """The inverse of `document`; InvalidError for anything else."""
        kinds = {"vote": str, "seq": int, "hash": str, "at": str, "signature": str}
        if not isinstance(body, dict) or {name: type(value) for name, value in body.items()} != kinds:
            raise InvalidError(msg("게시판 서명의 형식이 올바르지 않습니다."))
        return cls(**body)


def genesis(vote: str) -> bytes:
    """`prev` of a board's first entry."""
    return hashlib.sha256(b"cv-board|" + vote_label(vote)).digest()


def entry_hash(prev: bytes, seq: int, kind: str, item: Any) -> bytes:
    """SHA-256(prev ‖ canonical{seq, kind, item})."""
    if type(item) is str and type(seq) is int:
        row = written(f'{{"item":{quoted(item)},"kind":{quoted(kind)},"seq":{seq}}}')
    else:
        row = canonical({"seq": seq, "kind": kind, "item": item})
    return hashlib.sha256(prev + row).digest()


def extend(vote: str, last: Entry | None, rows: Iterable[tuple[str, Any]]) -> list[Entry]:
    """The entries that append `rows` of (kind, item) after `last` (None: an empty board), in order."""
    seq, prev = (0, genesis(vote)) if last is None else (last.seq + 1, last.hash)
    entries = []
    for kind, item in rows:
        if kind not in KINDS:
            raise InvalidError(msg("게시판에 올릴 수 없는 항목입니다: %(kind)s", kind=kind))
        entry = Entry(seq, kind, item, prev, entry_hash(prev, seq, kind, item))
        entries.append(entry)
        seq, prev = seq + 1, entry.hash
    return entries


def ballot_rows(trackers: Iterable[str]) -> list[tuple[str, Any]]:
    """Rows for a batch of new trackers, sorted, so that the order says nothing about who came when."""
    return [("ballot", one) for one in sorted(trackers)]


def desk_row(batch: int, trackers: Iterable[str], *, blank: int, void: int) -> tuple[str, Any]:
    """The row of a confirmed paper batch: its number, trackers of its valid ballots, how many papers were blank and void."""
    valid = sorted(trackers)
    papers = len(valid) + blank + void
    item = {"batch": batch, "papers": papers, "valid": len(valid), "blank": blank, "void": void, "trackers": valid}
    desk_trackers([item])
    return "desk", item


def desk_trackers(items: Iterable[Any]) -> list[str]:
    """Trackers of all ballots on paper, from the items of the `desk` entries.

    InvalidError when a batch doesn't add up, or a batch or tracker stands twice.
    """
    batches, found = list(items), list[str]()
    for item in batches:
        numbers = [item[name] for name in ("batch", "papers", "valid", "blank", "void")]
        whole = all(type(number) is int and number >= 0 for number in numbers) and len(item) == len(numbers) + 1
        adds_up = whole and item["papers"] == item["valid"] + item["blank"] + item["void"]
        if not adds_up or item["valid"] != len(item["trackers"]) or item["trackers"] != sorted(item["trackers"]):
            raise InvalidError(msg("종이 투표지 묶음의 장수가 맞지 않습니다."))
        found += item["trackers"]
    if len(set(found)) != len(found) or len({item["batch"] for item in batches}) != len(batches):
        raise InvalidError(msg("종이 투표지 묶음이 두 번 올라 있습니다."))
    return found


def balance(participants: int, counted: Collection[str], paper: Collection[str], voided: Collection[str]) -> bool:
    """Whether people and ballots agree: who voted online has a ballot that is counted or voided; all papers are counted.

    All but `participants` are sets of trackers.
    """
    papers = set(paper)
    agree = participants == len(set(counted) - papers) + len(voided)
    return agree and papers <= set(counted) and papers.isdisjoint(voided)


def first_fault(vote: str, entries: Sequence[Entry]) -> int | None:
    """The place (0-based) of the first entry that breaks the chain, or None when the board is whole."""
    prev = genesis(vote)
    for place, entry in enumerate(entries):
        if entry.seq != place or entry.prev != prev or entry.hash != entry_hash(prev, place, entry.kind, entry.item):
            return place
        prev = entry.hash
    return None


def sign_head(board_key: bytes, vote: str, last: Entry, at: str) -> Head:
    """The head after `last`, signed with the board's 32 secret bytes; `at` as `receipts.minute` writes it."""
    signature = ed25519_sign(board_key, head_message(vote, last.seq, last.hash.hex(), at))
    return Head(vote, last.seq, last.hash.hex(), at, b64(signature))


def verify_head(board_public: bytes, head: Head) -> bool:
    """Whether the board's key signed exactly this head (that it stands on a board is for the caller to compare)."""
    try:
        signature = unb64(head.signature)
        return ed25519_verify(board_public, signature, head_message(head.vote, head.seq, head.hash, head.at))
    except InvalidError:
        return False


def head_message(vote: str, seq: int, entry: str, at: str) -> bytes:
    """What a head's signature covers: "cv-head|" canonical{vote, seq, hash, at}."""
    return b"cv-head|" + canonical({"vote": vote, "seq": seq, "hash": entry, "at": at})
