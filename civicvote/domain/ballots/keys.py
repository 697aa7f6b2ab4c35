"""Keys of a vote and of the board: made, split for their holders, combined, written as files.

A vote's secret key opens every ballot, so no single person should hold it: SLIP-39 (Shamir's scheme as 33 words per
holder, from the `shamir-mnemonic` reference implementation) makes `count` shares of which any `threshold` restore it.
SLIP-39's optional passphrase is not used: it would be a secret more that somebody has to keep, and a mistyped one is
not noticed but gives another key. Small votes and the demonstration may keep one key file; the page of such a vote
says so.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from shamir_mnemonic import MnemonicError, combine_mnemonics, generate_mnemonics
from shamir_mnemonic.share import Share as Mnemonic
from shamir_mnemonic.wordlist import WORDLIST

from civicvote.domain.ballots.encoding import unhex, vote_label
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg

KEY_FORMAT = "civicvote-vote-key/1"
PUBLIC_FORMAT = "civicvote-vote-public/1"
HOLDERS = ("서울시 1", "서울시 2", "시민위원회 1", "시민위원회 2", "감사위원회")
THRESHOLD = 3
KEY_BYTES = 32
MOST_SHARES = 16  # SLIP-39's limit
SHARE_WORDS = 33
#: SLIP-39's words differ within their first four letters, so these are enough to tell one.
_BY_START: dict[str, str] = {word[:4]: word for word in WORDLIST}


@dataclass(frozen=True, slots=True)
class KeyPair:
    """32 secret and 32 public bytes."""

    secret: bytes
    public: bytes

    def __repr__(self) -> str:
        """Without the secret, so that no log ever shows it."""
        return f"KeyPair(public={self.public.hex()})"


@dataclass(frozen=True, slots=True)
class Share:
    """One holder's share. `number` counts from 1; `words` are SLIP-39's, 33 of them."""

    vote: str
    public: bytes
    holder: str
    number: int
    count: int
    threshold: int
    words: tuple[str, ...]

    def __repr__(self) -> str:
        """Without the words."""
        return f"Share(vote={self.vote}, number={self.number}/{self.count})"


def new_vote_key() -> KeyPair:
    """A fresh X25519 pair of one vote."""
    return vote_key(X25519PrivateKey.generate().private_bytes_raw())


def vote_key(secret: bytes) -> KeyPair:
    """The pair of a vote's secret key; InvalidError unless it is 32 bytes."""
    _check_size(secret)
    return KeyPair(secret, X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw())


def new_board_key() -> KeyPair:
    """A fresh Ed25519 pair for the casting service."""
    return board_key(Ed25519PrivateKey.generate().private_bytes_raw())


def board_key(secret: bytes) -> KeyPair:
    """The pair of the board's secret key; InvalidError unless it is 32 bytes."""
    _check_size(secret)
    return KeyPair(secret, Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw())


def split(secret: bytes, vote: str, threshold: int = THRESHOLD, holders: Sequence[str] = HOLDERS) -> list[Share]:
    """One share per holder, any `threshold` of which restore `secret` (a vote's 32 bytes).

    InvalidError unless 2 ≤ threshold ≤ number of holders ≤ 16. The shares are combined once before they are returned.
    """
    vote_label(vote)
    public = vote_key(secret).public
    if not 2 <= threshold <= len(holders) <= MOST_SHARES:
        raise InvalidError(msg("조각은 2개 이상 16개 이하이고, 필요한 수는 2 이상 조각 수 이하여야 합니다."))
    if any("\n" in holder or not holder.strip() for holder in holders) or len(set(holders)) != len(holders):
        raise InvalidError(msg("보관자 이름은 비어 있거나 겹칠 수 없습니다."))
    (mnemonics,) = generate_mnemonics(1, [(threshold, len(holders))], secret)
    shares = [
        Share(vote, public, holder.strip(), number, len(holders), threshold, tuple(mnemonic.split()))
        for number, (holder, mnemonic) in enumerate(zip(holders, mnemonics, strict=True), 1)
    ]
    for some in (shares[:threshold], shares[-threshold:]):
        combine(share.words for share in some)
    return shares


def combine(shares: Iterable[Sequence[str]], public: bytes | None = None) -> bytes:
    """The secret key of the words of `threshold` shares (more are cut to the threshold by SLIP-39's own header).

    InvalidError with words for the people at the table: a mistyped word, too few shares, shares of different votes,
    or a key that is not the secret half of `public`.
    """
    sheets = list(dict.fromkeys(" ".join(words).lower() for words in shares))
    secret = _combine(sheets)
    if public is not None and vote_key(secret).public != public:
        raise InvalidError(msg("이 조각들로 만든 열쇠는 이 투표의 열쇠가 아닙니다."))
    return secret


def _combine(sheets: list[str]) -> bytes:
    try:
        needed = max((Mnemonic.from_mnemonic(sheet).member_threshold for sheet in sheets), default=0)
        if len(sheets) < max(needed, 1):
            raise InvalidError(
                msg(
                    "열쇠 조각이 모자랍니다. %(needed)s개가 필요한데 %(given)s개뿐입니다.",
                    needed=needed,
                    given=len(sheets),
                )
            )
        return bytes(combine_mnemonics(sheets[:needed]))
    except MnemonicError as error:
        raise InvalidError(
            msg("열쇠 조각을 합칠 수 없습니다. 낱말을 잘못 옮겼거나 다른 투표의 조각이 섞였습니다.")
        ) from error


@dataclass(frozen=True, slots=True)
class Found:
    """What a share says of itself. `split`: the same for all shares made together; `number` counts from 1."""

    split: int
    number: int
    threshold: int


def check_share(words: Sequence[str]) -> Found:
    """Whether one holder's words are written right, by their own checksum: no other share is needed for it.

    InvalidError names the place of a word that isn't in the list, or says that the words don't belong together.
    """
    strange = [place for place, word in enumerate(words, 1) if word.lower() not in WORDLIST]
    if strange:
        places = ", ".join(map(str, strange))
        raise InvalidError(
            msg("낱말 목록에 없는 낱말이 있습니다. 다음 번째를 확인해 주십시오: %(places)s", places=places)
        )
    if len(words) != SHARE_WORDS:
        raise InvalidError(
            msg("낱말은 %(wanted)s개여야 하는데 %(given)s개입니다.", wanted=SHARE_WORDS, given=len(words))
        )
    try:
        found = Mnemonic.from_mnemonic(" ".join(words).lower())
    except MnemonicError as error:
        raise InvalidError(
            msg("낱말의 검사값이 맞지 않습니다. 잘못 옮긴 낱말이나 바뀐 순서가 있는지 확인해 주십시오.")
        ) from error
    return Found(found.identifier, found.index + 1, found.member_threshold)


def complete(word: str) -> str:
    """The word of the list that begins like this: four letters are enough; as it is if there is none."""
    return _BY_START.get(word.lower()[:4], word.lower())


def key_file(secret: bytes, vote: str) -> str:
    """A 1-of-1 key file (JSON text): keep it offline, mode 0600."""
    vote_label(vote)
    pair = vote_key(secret)
    body = {"format": KEY_FORMAT, "vote": vote, "public": pair.public.hex(), "secret": pair.secret.hex()}
    return json.dumps(body, indent=1) + "\n"


def public_file(public: bytes, vote: str) -> str:
    """The public half as JSON text, for the notice of the vote."""
    vote_label(vote)
    return json.dumps({"format": PUBLIC_FORMAT, "vote": vote, "public": public.hex()}, indent=1) + "\n"


def read_key_file(text: str) -> tuple[str, KeyPair]:
    """(vote, key pair) of a key file; InvalidError when it is damaged or its halves don't belong together."""
    body = _read(text, KEY_FORMAT, {"format", "vote", "public", "secret"})
    pair = vote_key(unhex(body["secret"], KEY_BYTES))
    if pair.public.hex() != body["public"]:
        raise InvalidError(msg("열쇠 파일의 공개키와 비밀키가 짝이 맞지 않습니다."))
    return body["vote"], pair


def read_public_file(text: str) -> tuple[str, bytes]:
    """(vote, public key) of a public file."""
    body = _read(text, PUBLIC_FORMAT, {"format", "vote", "public"})
    return body["vote"], unhex(body["public"], KEY_BYTES)


def share_file(share: Share) -> str:
    """A share as a sheet to print and seal; `read_share` takes it back, numbers and line breaks included."""
    lines = [
        f"# 투표: {share.vote}",
        f"# 공개키: {share.public.hex()}",
        f"# 보관자: {share.holder}",
        f"# 조각: {share.number}/{share.count}, 필요한 수: {share.threshold}",
        "# 이 낱말들을 아무에게도 보여 주지 마십시오. 인쇄하여 봉인하고 파일은 지우십시오.",
    ]
    words = [f"{place:2}. {word}" for place, word in enumerate(share.words, 1)]
    lines += ["   ".join(f"{word:<14}" for word in words[row : row + 3]).rstrip() for row in range(0, len(words), 3)]
    return "\n".join(lines) + "\n"


def read_share(text: str) -> tuple[str, ...]:
    """The words of a share sheet: comment lines and the words' numbers are left out. InvalidError when none is left."""
    body = " ".join(line for line in text.lstrip("\ufeff").splitlines() if not line.lstrip().startswith("#"))
    words = tuple(re.findall(r"[A-Za-z]+", body))
    if not words:
        raise InvalidError(msg("열쇠 조각 파일에 낱말이 없습니다."))
    return words


def share_vote(text: str) -> tuple[str, bytes] | None:
    """(vote, public key) a share sheet names in its heading, or None when the words were typed without it."""
    vote = re.search(r"^# 투표: (\S+)\s*$", text, re.MULTILINE)
    public = re.search(r"^# 공개키: ([0-9a-f]{64})\s*$", text, re.MULTILINE)
    return (vote[1], bytes.fromhex(public[1])) if vote and public else None


def fingerprint(public: bytes) -> str:
    """Eight groups of four characters people can read aloud and compare."""
    text = hashlib.sha256(b"cv-key|" + public).hexdigest()[:32]
    return " ".join(text[place : place + 4] for place in range(0, 32, 4))


def spoken(public: bytes) -> tuple[str, ...]:
    """The same value as twelve words (of SLIP-39's list, 120 bits): easier to read aloud than figures."""
    bits = int.from_bytes(hashlib.sha256(b"cv-key|" + public).digest()[:15], "big")
    return tuple(WORDLIST[bits >> shift & 1023] for shift in range(110, -1, -10))


def _read(text: str, kind: str, names: set[str]) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidError(msg("열쇠 파일을 읽을 수 없습니다.")) from error
    if not isinstance(body, dict) or body.keys() != names or body["format"] != kind:
        raise InvalidError(msg("열쇠 파일의 형식이 올바르지 않습니다."))
    if not isinstance(body["vote"], str):
        raise InvalidError(msg("열쇠 파일의 형식이 올바르지 않습니다."))
    vote_label(body["vote"])
    return body


def _check_size(secret: bytes) -> None:
    if len(secret) != KEY_BYTES:
        raise InvalidError(msg("비밀키는 32바이트여야 합니다."))
