"""A ballot, sealed so that only the holders of the vote's secret key can open it.

plaintext = canonical JSON `{"c": picks, "r": nonce}` (`"p"`: points beside them, where a vote uses points), filled up
with blanks to the one length of the vote. sealed = HPKE (RFC 9180, base mode, X25519 · HKDF-SHA256 · AES-256-GCM) with
info "cv-ballot|" vote. tracker = base32(SHA-256("cv-trk|" vote "|" sealed)[:15]): 24 capital letters and digits.
"""

import base64
import hashlib
import json
import re
import secrets
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from civicvote.domain.ballots.encoding import canonical, quoted, vote_label, written
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg

NONCE_BYTES = 16
OVERHEAD = 48  # bytes HPKE adds: 32 of the encapsulated key, 16 of the tag
BLOCK = 64
MAX_POINTS = 10**6
TRACKER = re.compile(r"[A-Z2-7]{24}")

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class Ballot:
    """What a person chose.

    `picks` are project ids, strictly ascending by code point. `points`, where the vote uses them, stand parallel to
    `picks`, whole numbers from 1 to 1,000,000; None means one point each. `nonce` is 16 bytes.
    """

    picks: tuple[str, ...]
    nonce: bytes
    points: tuple[int, ...] | None = None

    def document(self) -> dict[str, Any]:
        """The ballot as in plaintexts.json: `{"c": […], "r": hex}`, with `"p"` if there are points."""
        body: dict[str, Any] = {"c": list(self.picks), "r": self.nonce.hex()}
        if self.points is not None:
            body["p"] = list(self.points)
        return body

    def plaintext(self) -> bytes:
        """`canonical` of the document, not padded; written directly, because a count writes millions."""
        picks = ",".join(map(quoted, self.picks))
        points = "" if self.points is None else f'"p":[{",".join(map(str, self.points))}],'
        return written(f'{{"c":[{picks}],{points}"r":"{self.nonce.hex()}"}}')

    def own_hash(self) -> bytes:
        """SHA-256 of the plaintext: the order in which opened ballots are published."""
        return hashlib.sha256(self.plaintext()).digest()


@dataclass(frozen=True, slots=True)
class Sealed:
    """A ciphertext and the tracker its voter finds on the board."""

    sealed: bytes
    tracker: str


def make_ballot(picks: Iterable[str] | Mapping[str, int]) -> Ballot:
    """A ballot of `picks` (ids, or id → points), in canonical order and with a fresh nonce.

    InvalidError when an id stands twice or points are out of range. Whether the vote's rules allow the picks is
    `rules.problem`'s business.
    """
    ids = list(picks)
    order = sorted(set(ids))
    if len(order) != len(ids):
        raise InvalidError(msg("같은 사업을 두 번 고를 수 없습니다."), field="picks")
    points = tuple(picks[pick] for pick in order) if isinstance(picks, Mapping) else None
    if points is not None and not all(type(point) is int and 0 < point <= MAX_POINTS for point in points):
        raise InvalidError(msg("점수는 1 이상의 정수여야 합니다."), field="picks")
    return Ballot(tuple(order), secrets.token_bytes(NONCE_BYTES), points)


def padded_length(ids: Iterable[str], most: int | None = None, *, points: int | None = None) -> int:
    """The one plaintext length of a vote, in bytes: room for any `most` of `ids`, rounded up to 64.

    `points`: the largest points a project may get, where the vote uses points.
    """
    sizes = sorted((len(canonical(one)) + 1 for one in set(ids)), reverse=True)[:most]
    room = len(canonical({"c": [], "r": "00" * NONCE_BYTES})) + sum(sizes)
    if points is not None:
        room += len(',"p":[]') + len(sizes) * (len(str(points)) + 1)
    return -(-room // BLOCK) * BLOCK


class Sealer:
    """Seals ballots of one vote.

    `public_key`: 32 bytes of X25519. `length`: the notice's `ballot.length` in bytes. InvalidError for a bad key.
    """

    def __init__(self, public_key: bytes, vote: str, length: int) -> None:
        try:
            self._key = X25519PublicKey.from_public_bytes(public_key)
        except ValueError as error:
            raise InvalidError(msg("투표 공개키가 올바르지 않습니다.")) from error
        self._vote = vote
        self._info = info(vote)
        self._length = length

    def seal(self, ballot: Ballot) -> Sealed:
        """Pad and encrypt. InvalidError when the picks don't fit into the vote's length."""
        sealed = _SUITE.encrypt(pad(ballot.plaintext(), self._length), self._key, info=self._info)
        return Sealed(sealed, tracker(self._vote, sealed))


def seal(public_key: bytes, vote: str, length: int, picks: Iterable[str] | Mapping[str, int]) -> Sealed:
    """`Sealer(…).seal(make_ballot(picks))` for one ballot."""
    return Sealer(public_key, vote, length).seal(make_ballot(picks))


class Opener:
    """Opens ballots of one vote with its secret key (32 bytes of X25519)."""

    def __init__(self, secret_key: bytes, vote: str) -> None:
        try:
            self._key = X25519PrivateKey.from_private_bytes(secret_key)
        except ValueError as error:
            raise InvalidError(msg("투표 비밀키가 올바르지 않습니다.")) from error
        self._info = info(vote)

    def open(self, sealed: bytes) -> bytes | None:
        """The padded plaintext, or None when `sealed` wasn't made for this key and vote, or was damaged."""
        try:
            return _SUITE.decrypt(sealed, self._key, info=self._info)
        except (InvalidTag, ValueError):
            return None


def info(vote: str) -> bytes:
    """HPKE's info: "cv-ballot|" vote."""
    return b"cv-ballot|" + vote_label(vote)


def tracker(vote: str, sealed: bytes) -> str:
    """base32(SHA-256("cv-trk|" vote "|" sealed)[:15]), 24 characters."""
    head = hashlib.sha256(b"cv-trk|" + vote_label(vote) + b"|" + sealed).digest()[:15]
    return base64.b32encode(head).decode()


def pad(plaintext: bytes, length: int) -> bytes:
    """`plaintext` followed by blanks, `length` bytes in all; InvalidError when it doesn't fit."""
    if len(plaintext) > length:
        raise InvalidError(msg("고른 사업이 너무 많아 투표지에 담을 수 없습니다."), field="picks")
    return plaintext.ljust(length, b" ")


def parse(padded: bytes, length: int) -> Ballot | None:
    """The ballot in a padded plaintext, or None when it is not exactly what `Sealer` writes."""
    if len(padded) != length:
        return None
    plaintext = padded.rstrip(b" ")
    try:
        body = json.loads(plaintext)
        ballot = _from_document(body)
        return ballot if ballot and ballot.plaintext() == plaintext else None
    except (ValueError, RecursionError, InvalidError):
        return None


def from_document(body: Any) -> Ballot:
    """The ballot of one element of plaintexts.json; InvalidError when it is not well formed."""
    ballot = _from_document(body)
    if ballot is None:
        raise InvalidError(msg("투표지의 형식이 올바르지 않습니다."))
    return ballot


def _from_document(body: Any) -> Ballot | None:
    if not isinstance(body, dict) or not {"c", "r"} <= body.keys() <= {"c", "p", "r"}:
        return None
    nonce, points = body["r"], body.get("p")
    if not isinstance(nonce, str) or not re.fullmatch(r"[0-9a-f]{32}", nonce) or not _ascending(body["c"]):
        return None
    picks = tuple(map(sys.intern, body["c"]))  # a million ballots share the ids
    if "p" not in body:
        return Ballot(picks, bytes.fromhex(nonce))
    if not isinstance(points, list) or len(points) != len(body["c"]):
        return None
    if not all(type(point) is int and 0 < point <= MAX_POINTS for point in points):
        return None
    return Ballot(picks, bytes.fromhex(nonce), tuple(points))


def _ascending(picks: Sequence[Any]) -> bool:
    if not isinstance(picks, list) or not all(isinstance(pick, str) for pick in picks):
        return False
    return all(first < second for first, second in pairwise(picks))
