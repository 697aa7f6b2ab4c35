"""Opening the counted ballots, and the documents and digests of a count.

The opening may run on an offline machine: it takes ciphertexts without slots and gives plaintexts in the order of
their own hashes, so nothing links a choice to a place in the list. What cannot be counted is listed with its reason:

- `undecryptable`: the tracker; nothing more can be known about it.
- `spoiled`: the raw plaintext in base64 with a reason: `malformed` (not what the platform writes), `duplicate` (the
  same ballot, nonce included, stands among the valid ones already), or the code of the broken rule (`rules.Problem`).
"""

import hashlib
import os
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import chain
from multiprocessing import get_context
from typing import Any

from civicvote.domain.ballots.encoding import b64, canonical, digest, digest_bytes, quoted, unb64
from civicvote.domain.ballots.keys import vote_key
from civicvote.domain.ballots.rules import Notice, Rules, check_notice
from civicvote.domain.ballots.sealing import OVERHEAD, Ballot, Opener, from_document, pad, parse, tracker
from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.processes import end_with_parent

EXPORT_FORMAT = "civicvote-count/1"
PLAINTEXTS_FORMAT = "civicvote-plaintexts/1"
REASONS = {
    "undecryptable": msg("열 수 없음"),
    "malformed": msg("형식이 다름"),
    "duplicate": msg("같은 투표지가 이미 있음"),
    "unknown-project": msg("투표에 없는 사업"),
    "points": msg("점수 규칙에 어긋남"),
    "too-few": msg("고른 사업이 모자람"),
    "too-many": msg("고른 사업이 너무 많음"),
    "too-dear": msg("사업비 합계가 한도를 넘음"),
}
"""Words for every reason a counted ballot is not valid."""


@dataclass(frozen=True, slots=True)
class Spoiled:
    """A ballot that could be decrypted but not counted; `plaintext` as decrypted, padding included."""

    reason: str
    plaintext: bytes


@dataclass(frozen=True, slots=True)
class Opened:
    """Outcome of an opening: valid ballots by own hash, spoiled ones by SHA-256, undecryptable trackers sorted."""

    vote: str
    ballots: tuple[Ballot, ...]
    spoiled: tuple[Spoiled, ...]
    undecryptable: tuple[str, ...]
    _data: list[bytes] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def total(self) -> int:
        """How many ballots were counted, valid or not."""
        return len(self.ballots) + len(self.spoiled) + len(self.undecryptable)

    def reasons(self) -> dict[str, int]:
        """Reason → number of ballots that are not valid."""
        counts = Counter(one.reason for one in self.spoiled)
        counts["undecryptable"] += len(self.undecryptable)
        return {reason: n for reason, n in sorted(counts.items()) if n}

    def data(self) -> bytes:
        """`document` in canonical bytes, made once and ballot by ballot: of a million there is no second copy as objects."""
        if not self._data:
            rest = canonical(replace(self, ballots=()).document())
            ballots = b'"ballots":[' + b",".join(map(Ballot.plaintext, self.ballots)) + b"]"
            self._data.append(rest.replace(b'"ballots":[]', ballots, 1))
        return self._data[0]

    def document(self) -> dict[str, Any]:
        """plaintexts.json, and the output of `civicvote count`."""
        return {
            "format": PLAINTEXTS_FORMAT,
            "vote": self.vote,
            "ballots": [ballot.document() for ballot in self.ballots],
            "spoiled": [{"reason": one.reason, "plaintext": b64(one.plaintext)} for one in self.spoiled],
            "undecryptable": list(self.undecryptable),
        }


def open_ballots(counted: Iterable[bytes], secret_key: bytes, notice: Notice) -> Opened:
    """Decrypt, validate and sort the counted ciphertexts of the notice's vote, on all processors if there are many.

    `secret_key`: 32 bytes. InvalidError when it isn't the secret half of the notice's key: a wrong key must never look
    like a vote full of invalid ballots.
    """
    check_notice(notice)
    vote = notice["vote"]
    if vote_key(secret_key).public.hex() != notice["keys"]["vote"]:
        raise InvalidError(msg("이 열쇠는 이 투표의 열쇠가 아닙니다."))
    valid: dict[bytes, Ballot] = {}
    spoiled: list[Spoiled] = []
    undecryptable: list[str] = []
    for one in _each(list(counted), secret_key, notice):
        if isinstance(one, str):
            undecryptable.append(one)
        elif isinstance(one, Spoiled):
            spoiled.append(one)
        elif one[0] in valid:
            spoiled.append(Spoiled("duplicate", pad(one[1].plaintext(), notice["ballot"]["length"])))
        else:
            valid[one[0]] = one[1]
    return Opened(
        vote,
        tuple(valid[key] for key in sorted(valid)),
        tuple(sorted(spoiled, key=lambda one: (hashlib.sha256(one.plaintext).digest(), one.reason))),
        tuple(sorted(undecryptable)),
    )


#: Own hash and ballot; or why it isn't valid; or the tracker of what can't be decrypted.
_One = tuple[bytes, Ballot] | Spoiled | str

PARALLEL = 20_000
"""From so many ballots on, starting further processes takes less time than it saves."""
BATCH = 2_000


class _Batches:
    """Opens a batch of ciphertexts; picklable, so that another process can do it."""

    def __init__(self, secret_key: bytes, notice: Notice) -> None:
        self._secret_key = secret_key
        self._notice = notice

    def __call__(self, batch: Sequence[bytes]) -> list[_One]:
        opener, rules = Opener(self._secret_key, self._notice["vote"]), Rules(self._notice)
        return [self._one(sealed, opener, rules) for sealed in batch]

    def _one(self, sealed: bytes, opener: Opener, rules: Rules) -> _One:
        padded = opener.open(sealed)
        if padded is None:
            return tracker(self._notice["vote"], sealed)
        ballot = parse(padded, rules.length)
        if ballot is None:
            return Spoiled("malformed", padded)
        if problem := rules.problem(ballot):
            return Spoiled(problem.code, padded)
        return hashlib.sha256(padded.rstrip(b" ")).digest(), ballot


def _each(counted: Sequence[bytes], secret_key: bytes, notice: Notice) -> Iterator[_One]:
    """Every ballot, in the order given."""
    work = _Batches(secret_key, notice)
    batches = (counted[start : start + BATCH] for start in range(0, len(counted), BATCH))
    processes = os.process_cpu_count() if hasattr(os, "process_cpu_count") else len(os.sched_getaffinity(0))
    if len(counted) < PARALLEL or processes < 2:
        yield from chain.from_iterable(map(work, batches))
        return
    # New interpreters rather than forks: a web worker has threads, whose locks a fork would copy as they stand.
    with ProcessPoolExecutor(processes, get_context("spawn"), end_with_parent) as pool:
        yield from chain.from_iterable(pool.map(work, batches))


def read_opened(body: Any, notice: Notice, counted: Iterable[str]) -> Opened:
    """Check what came back from the offline machine against the notice and the counted trackers.

    InvalidError when it belongs to another vote, is out of order, holds a ballot on the wrong list, or its number of
    ballots isn't that of the counted ones. This is all that can be checked without the secret key.
    """
    trackers = set(counted)
    try:
        opened = Opened(
            body["vote"],
            tuple(from_document(one) for one in body["ballots"]),
            tuple(Spoiled(one["reason"], unb64(one["plaintext"])) for one in body["spoiled"]),
            tuple(body["undecryptable"]),
        )
        same = canonical(opened.document()) == canonical(body)
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidError(msg("개표 파일의 형식이 올바르지 않습니다.")) from error
    if not same or opened.vote != notice["vote"]:
        raise InvalidError(msg("개표 파일의 형식이 올바르지 않거나 다른 투표의 것입니다."))
    if opened.total != len(trackers) or not trackers >= set(opened.undecryptable):
        raise InvalidError(
            msg(
                "개표한 표의 수(%(opened)s)가 집계 대상(%(counted)s)과 다릅니다.",
                opened=opened.total,
                counted=len(trackers),
            )
        )
    _check_lists(opened, Rules(notice))
    return opened


def _reason(rules: Rules, ballot: Ballot, *, known: bool) -> str:
    if problem := rules.problem(ballot):
        return problem.code
    return "duplicate" if known else ""


def _check_lists(opened: Opened, rules: Rules) -> None:
    hashes = [ballot.own_hash() for ballot in opened.ballots]
    marks = [(hashlib.sha256(one.plaintext).digest(), one.reason) for one in opened.spoiled]
    if hashes != sorted(set(hashes)) or marks != sorted(marks):
        raise InvalidError(msg("개표 파일의 표가 정해진 순서가 아닙니다."))
    if list(opened.undecryptable) != sorted(set(opened.undecryptable)):
        raise InvalidError(msg("개표 파일의 표가 정해진 순서가 아닙니다."))
    valid = dict(zip(hashes, opened.ballots, strict=True))
    good = all(
        rules.problem(ballot) is None and parse(pad(ballot.plaintext(), rules.length), rules.length)
        for ballot in opened.ballots
    )
    if not good or any(not one.reason or one.reason != _spoiled_reason(one, rules, valid) for one in opened.spoiled):
        raise InvalidError(msg("개표 파일에 유효와 무효가 뒤바뀐 표가 있습니다."))


def _spoiled_reason(one: Spoiled, rules: Rules, valid: Mapping[bytes, Ballot]) -> str:
    ballot = parse(one.plaintext, rules.length)
    return "malformed" if ballot is None else _reason(rules, ballot, known=ballot.own_hash() in valid)


def export_document(notice: Notice, counted: Iterable[tuple[str, bytes]]) -> dict[str, Any]:
    """The file carried to the offline machine: notice and counted (tracker, sealed), by tracker, without slots."""
    return {"format": EXPORT_FORMAT, "notice": notice, "counted": counted_rows(counted)}


def read_export(body: Any) -> tuple[Notice, list[tuple[str, bytes]]]:
    """(notice, counted) of an export; InvalidError when it is damaged or a tracker doesn't belong to its ballot."""
    try:
        notice, rows = body["notice"], body["counted"]
        if body["format"] != EXPORT_FORMAT:
            raise InvalidError(msg("개표용 파일의 형식이 올바르지 않습니다."))
        check_notice(notice)
        counted = [(row["tracker"], unb64(row["sealed"])) for row in rows]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InvalidError(msg("개표용 파일의 형식이 올바르지 않습니다.")) from error
    check_counted(notice, counted)
    return notice, counted


def check_counted(notice: Notice, counted: Sequence[tuple[str, bytes]]) -> None:
    """ConflictError unless every tracker is its ballot's, none stands twice, and all have the vote's one length."""
    length = notice["ballot"]["length"] + OVERHEAD
    if len({one for one, _ in counted}) != len(counted):
        raise ConflictError(msg("집계 대상에 같은 추적번호가 두 번 있습니다."))
    for one, sealed in counted:
        if tracker(notice["vote"], sealed) != one or len(sealed) != length:
            raise ConflictError(msg("추적번호 %(tracker)s의 표가 게시된 것과 다릅니다.", tracker=one))


def counted_rows(counted: Iterable[tuple[str, bytes]]) -> list[dict[str, str]]:
    """counted.json: `{"tracker", "sealed"}` (base64) by tracker."""
    return [{"tracker": one, "sealed": b64(sealed)} for one, sealed in sorted(counted)]


def counted_data(counted: Iterable[tuple[str, bytes]]) -> bytes:
    """`counted_rows` in canonical bytes, made row by row."""
    rows = (
        b'{"sealed":"%b","tracker":%b}' % (b64encode(sealed), quoted(one).encode()) for one, sealed in sorted(counted)
    )
    return b"[" + b",".join(rows) + b"]"


def counted_digest(counted: Iterable[tuple[str, bytes]]) -> str:
    """What the board's `counted` entry carries: the digest of [[tracker, SHA-256(sealed) hex], …] by tracker."""
    rows = (
        b'["%b","%b"]' % (one.encode(), hashlib.sha256(sealed).hexdigest().encode()) for one, sealed in sorted(counted)
    )
    return digest_bytes("counted", b"[" + b",".join(rows) + b"]")


def plaintexts_digest(opened: Opened) -> str:
    """What the board's `plaintexts` entry carries."""
    return digest_bytes("plaintexts", opened.data())


def posted(opened: Opened, shown: bool) -> dict[str, Any]:  # noqa: FBT001 — the one thing it depends on
    """The item of the board's `plaintexts` entry; `shown`: whether the single ballots are published."""
    return {"digest": plaintexts_digest(opened), **({} if shown else {"withheld": True})}


def result_digest(result: Mapping[str, Any]) -> str:
    """What the board's `result` entry carries."""
    return digest("result", result)
