"""Numbers as people write them into files: plain, with a decimal point or a decimal comma. Nothing else."""

import re
from fractions import Fraction

from civicvote.domain.messages import msg
from civicvote.domain.pabulib.problems import PabulibError
from civicvote.domain.tally.election import Amount, plain

MAX_AMOUNT = 10**15
"""A thousand trillion: more than any city's budget in any currency."""

_NUMBER = re.compile(r"(-?)([0-9]{1,18})(?:([.,])([0-9]{0,9}))?")


def amount(text: str, line: int, name: str) -> Amount:
    """An exact amount of at least 0. Raises `PabulibError` with what is wrong; `name` is the field's name."""
    if not text:
        raise PabulibError(line, msg("%(name)s 값이 비어 있습니다.", name=name))
    match = _NUMBER.fullmatch(text) if len(text) <= 40 else None
    if match is None:
        raise PabulibError(line, msg("%(name)s 값이 숫자가 아닙니다: '%(text)s'", name=name, text=shorten(text)))
    sign, whole, mark, decimals = match.groups()
    if mark == "," and len(decimals) == 3:
        raise PabulibError(
            line,
            msg(
                "%(name)s 값의 쉼표가 천 단위 구분인지 소수점인지 알 수 없습니다: '%(text)s'",
                name=name,
                text=text,
            ),
        )
    value = Fraction(f"{whole}.{decimals or 0}")
    if sign and value:
        raise PabulibError(line, msg("%(name)s 값이 0보다 작습니다: '%(text)s'", name=name, text=text))
    if value > MAX_AMOUNT:
        raise PabulibError(line, msg("%(name)s 값이 너무 큽니다: '%(text)s'", name=name, text=shorten(text)))
    return plain(value)


def positive(text: str, line: int, name: str) -> Amount:
    """An exact amount above 0."""
    value = amount(text, line, name)
    if not value:
        raise PabulibError(line, msg("%(name)s 값은 0보다 커야 합니다.", name=name))
    return value


def shorten(text: str, length: int = 40) -> str:
    """For messages: a hostile cell must not become a hostile message."""
    clean = "".join(char if char.isprintable() else "�" for char in text[: length + 1])
    return clean if len(text) <= length else clean[:length] + "…"


def written(value: Amount) -> str:
    """An amount as `.pb` writes it, to at most 12 decimals (amounts come from decimals and have fewer)."""
    if value == int(value):
        return str(int(value))
    fraction = Fraction(value)
    digits = 0
    while digits < 12 and (fraction * 10**digits).denominator != 1:
        digits += 1
    whole = str(int(fraction * 10**digits)).rjust(digits + 1, "0")
    return f"{whole[:-digits]}.{whole[-digits:]}"
