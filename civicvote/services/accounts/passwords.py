"""Passwords: argon2id, a few at a time, and which ones are too easy to guess."""

import os
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from civicvote.domain.errors import InvalidError, TooManyError
from civicvote.domain.messages import msg

MINIMUM: Final = 10
MAXIMUM: Final = 128
#: OWASP's second choice: 19 MiB, two passes, one lane.
_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
#: Each hash takes a core and 19 MiB: more at once would only make everybody slower.
_slots: Final = threading.BoundedSemaphore(max(2, os.cpu_count() or 1))
_WAIT_SECONDS: Final = 10.0
#: A hash of nothing anybody types, with the same parameters: checked where there is no account, so that both take as long.
_NOBODY: Final = "$argon2id$v=19$m=19456,t=2,p=1$NiaGpmDxMjp7ZbsWUANWhQ$bDVRA5JjDJ2uPU9OKbygp4oy22Vl5dyeJyJv2z7aeMY"

#: Whole passwords everybody tries first (the list of the most common ones, those of ten and more characters).
COMMON: Final = frozenset(
    """
    1234567890 0123456789 0987654321 1q2w3e4r5t 1q2w3e4r5t6y qwertyuiop qwerty1234 qwerty12345 qwerty123456 password12
    password123 password1234 passw0rd123 p@ssw0rd123 1qaz2wsx3edc qazwsxedcrfv q1w2e3r4t5 q1w2e3r4t5y6 asdfghjkl1 iloveyou12
    iloveyou123 abcdefghij abcd123456 abc1234567 abcde12345 a123456789 aa12345678 123456789a 1234567890a 12345678910 123123123123
    1122334455 1111122222 admin12345 administrator welcome123 welcome1234 letmein1234 changeme123 sunshine123 football123
    baseball123 princess123 dragon12345 monkey12345 superman123 qwe123qwe123 zaq12wsxcde3 seoul12345 korea12345 civicvote1
    civicvote123 civicvote1234 dkssudgktpdy tkfkdgody12 tkfkdgo1234 dlsrks1234 rkskekfkakqk
    """.split()  # noqa: SIM905 — a list of words reads best as words
)


def normal(password: str) -> str:
    """One form for each password: keyboards send Korean syllables whole or in parts."""
    return unicodedata.normalize("NFC", password)


@contextmanager
def _slot() -> Iterator[None]:
    if not _slots.acquire(timeout=_WAIT_SECONDS):
        raise TooManyError(msg("지금은 로그인하는 사람이 많습니다. 잠시 후 다시 시도해 주십시오."), retry_after=5)
    try:
        yield
    finally:
        _slots.release()


def hashed(password: str) -> str:
    """What is stored of a password; about 40 ms of a core."""
    with _slot():
        return _hasher.hash(normal(password))


def matches(stored: str | None, password: str) -> bool:
    """Whether the password is the one; takes as long for an account that does not exist (`stored` None)."""
    with _slot():
        try:
            _hasher.verify(stored or _NOBODY, normal(password)[: MAXIMUM + 1])
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False
    return stored is not None


def outdated(stored: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def check_strength(password: str, *, email: str, name: str = "", field: str = "password") -> None:
    """InvalidError for a password that is too short, too long or among the first anybody would guess."""
    text = normal(password)
    if len(text) < MINIMUM:
        raise InvalidError(msg("비밀번호는 %(n)s자 이상이어야 합니다.", n=MINIMUM), field=field)
    if len(text) > MAXIMUM:
        raise InvalidError(msg("비밀번호는 %(n)s자까지 쓸 수 있습니다.", n=MAXIMUM), field=field)
    plain = text.casefold()
    own = {email.casefold(), email.split("@", maxsplit=1)[0].casefold(), name.casefold()} - {""}
    if plain in COMMON or len(set(plain)) < 4 or plain in own or _runs(plain):
        raise InvalidError(msg("짐작하기 쉬운 비밀번호입니다. 낱말 여러 개를 이어 길게 만들어 주십시오."), field=field)


def _runs(text: str) -> bool:
    """Whether every character follows the one before by the same step, as in 23456789 or zyxwvuts."""
    steps = {ord(b) - ord(a) for a, b in pairwise(text)}
    return len(steps) == 1
