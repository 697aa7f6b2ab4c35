"""The signed answer to a cast: it proves that a sealed ballot was accepted, and says nothing about its picks."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from civicvote.domain.ballots.encoding import b64, canonical, unb64
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg


@dataclass(frozen=True, slots=True)
class Receipt:
    """`minute` is UTC as "2026-11-22T16:05Z"; `signature` is 64 bytes of Ed25519 in base64."""

    vote: str
    tracker: str
    minute: str
    signature: str

    def document(self) -> dict[str, str]:
        """`{"vote", "tracker", "minute", "signature"}`: the file a voter keeps, as JSON."""
        return {"vote": self.vote, "tracker": self.tracker, "minute": self.minute, "signature": self.signature}

    @classmethod
    def from_document(cls, body: Any) -> Self:
        """The inverse of `document`; InvalidError for anything else."""
        names = ("vote", "tracker", "minute", "signature")
        if not isinstance(body, dict) or body.keys() != set(names) or not all(isinstance(body[n], str) for n in names):
            raise InvalidError(msg("접수증의 형식이 올바르지 않습니다."))
        return cls(**body)


def minute(moment: datetime) -> str:
    """`moment` (aware) cut to the minute, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def sign(board_key: bytes, vote: str, tracker: str, at: str) -> Receipt:
    """A receipt of `tracker` accepted in the minute `at`, signed with the board's 32 secret bytes."""
    return Receipt(vote, tracker, at, b64(ed25519_sign(board_key, message(vote, tracker, at))))


def verify(board_public: bytes, receipt: Receipt) -> bool:
    """Whether the board's key signed exactly this receipt."""
    try:
        signature = unb64(receipt.signature)
        return ed25519_verify(board_public, signature, message(receipt.vote, receipt.tracker, receipt.minute))
    except InvalidError:
        return False


def message(vote: str, tracker: str, at: str) -> bytes:
    """What a receipt's signature covers: "cv-receipt|" canonical{vote, tracker, minute}."""
    return b"cv-receipt|" + canonical({"vote": vote, "tracker": tracker, "minute": at})


def ed25519_sign(secret: bytes, data: bytes) -> bytes:
    """64 bytes of signature; InvalidError for a key that is not 32 bytes."""
    try:
        return Ed25519PrivateKey.from_private_bytes(secret).sign(data)
    except ValueError as error:
        raise InvalidError(msg("게시판 서명키가 올바르지 않습니다.")) from error


def ed25519_verify(public: bytes, signature: bytes, data: bytes) -> bool:
    """Whether `signature` is the holder's of `public` (32 bytes) over `data`."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True
