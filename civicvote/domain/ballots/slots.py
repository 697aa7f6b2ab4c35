"""One place per person and vote, which nobody without K_roll can link to the person."""

import hashlib
import hmac
import secrets

from civicvote.domain.ballots.encoding import vote_label
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg

KEY_BYTES = 32
SLOT_BYTES = 16


def new_roll_key() -> bytes:
    """A fresh K_roll for one vote: 32 random bytes, kept outside the database and destroyed after the objections."""
    return secrets.token_bytes(KEY_BYTES)


def slot(roll_key: bytes, vote: str, person: str) -> bytes:
    """HMAC-SHA256(K_roll, "slot|" vote "|" person), its first 16 bytes.

    The same person always gets the same slot in a vote. InvalidError for a key of another length than 32 bytes.
    """
    if len(roll_key) != KEY_BYTES:
        raise InvalidError(msg("명부 열쇠는 32바이트여야 합니다."))
    message = b"slot|" + vote_label(vote) + b"|" + person.encode()
    return hmac.digest(roll_key, message, hashlib.sha256)[:SLOT_BYTES]
