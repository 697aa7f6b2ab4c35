"""Won as people in Korea write and read it: `1억 2천만 원`, `3억2,000만`, `320,000,000원`. Whole won only."""

import re
import unicodedata
from fractions import Fraction

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import Message, msg

MAX_WON = 10**15
"""1,000조 원: above any public budget; a larger number is a slip."""

_LARGE = {"조": 10**12, "억": 10**8, "만": 10**4}
_SMALL = {"천": 1000, "백": 100, "십": 10}
_NUMBER = r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+"
_PART = re.compile(
    rf"(?P<decimal>[0-9]+\.[0-9]+)|(?P<plain>{_NUMBER})(?![천백십])|(?P<small>(?:[0-9]{{0,4}}[천백십])+[0-9]?)"
)
_WORDS = re.compile(r"([0-9]*)([천백십])")


def parse_won(text: str) -> int:
    """Whole won from `1,234,000`, `1억 2천만 원`, `3억2,000만`, `5천만원`, `1.5억`, `１２３원`.

    Raises `InvalidError` for anything below 0, with a fraction of a won, above `MAX_WON`, or that can be read in two
    ways (`3억 2,000`: won, or 만?).
    """
    bare = re.sub(r"\s", "", unicodedata.normalize("NFKC", text[:200]))
    bare = bare.replace("−", "-").replace("–", "-").removeprefix("₩").removeprefix("금")
    if not bare or len(bare) > 60:
        raise InvalidError(msg("금액을 적어 주십시오. 예: 1억 2천만 원"))
    if bare.startswith(("-", "마이너스")):
        raise InvalidError(msg("금액은 0보다 작을 수 없습니다."))
    amount = re.sub(r"원정?$", "", bare)
    if not amount:
        raise InvalidError(_unreadable(bare))
    total = _total(amount, won=amount != bare)
    if total.denominator != 1:
        raise InvalidError(msg("원 단위 아래의 금액은 적을 수 없습니다."))
    if total > MAX_WON:
        raise InvalidError(msg("금액이 너무 큽니다. 단위를 확인해 주십시오."))
    return int(total)


def _unreadable(text: str) -> Message:
    return msg("읽을 수 없는 금액입니다: '%(text)s'. 예: 1억 2천만 원", text=text)


def _total(bare: str, *, won: bool) -> Fraction:
    total, last, place = Fraction(0), 0, 0
    while place < len(bare):
        value, place = _part(bare, place)
        unit = _LARGE.get(bare[place : place + 1], 1)
        place += unit > 1
        if last and unit >= last:
            raise InvalidError(msg("금액의 단위가 큰 것부터 차례로 적혀 있지 않습니다."))
        if last and value * unit >= last:
            raise InvalidError(msg("'%(text)s'에서 단위 앞의 수가 너무 큽니다.", text=bare))
        if unit == 1 and (last > 10**4 or (last and value < 1000 and not won)):
            raise InvalidError(
                msg("두 가지로 읽히는 금액입니다: '%(text)s'. '만'이나 '원'까지 적어 주십시오.", text=bare)
            )
        total += value * unit
        last = unit
    return total


def _part(bare: str, place: int) -> tuple[Fraction, int]:
    """A number from `place` on (`2,000`, `2천5백`, `1.5`), and where it ends. A unit alone counts as one."""
    match = _PART.match(bare, place)
    if match is None:
        if bare[place] in _LARGE and place == 0 and bare[place] != "조":
            return Fraction(1), place
        raise InvalidError(_unreadable(bare))
    if match["decimal"]:
        return Fraction(match["decimal"]), match.end()
    if match["plain"]:
        return Fraction(match["plain"].replace(",", "")), match.end()
    return Fraction(_words(match["small"], bare)), match.end()


def _words(text: str, bare: str) -> int:
    """`2천5백3십1` → 2531."""
    total, last = 0, 10_000
    for digits, unit in _WORDS.findall(text):
        size = _SMALL[unit]
        amount = int(digits or 1) * size
        if size >= last or amount >= last:
            raise InvalidError(_unreadable(bare))
        total, last = total + amount, size
    rest = text[-1]
    return total + (int(rest) if rest.isdigit() else 0)


def format_won(amount: int) -> str:
    """For reading: `3억 2천만 원`, `3억 2,500만 원`, `1,234만 5,678원`. Nothing is rounded."""
    sign, rest = ("-" if amount < 0 else ""), abs(amount)
    if rest < 10_000:
        return f"{sign}{rest:,}원"
    parts: list[str] = []
    for unit, size in _LARGE.items():
        count, rest = divmod(rest, size)
        if count:
            thousands = unit == "만" and count % 1000 == 0
            parts.append(f"{count // 1000}천만" if thousands else f"{count:,}{unit}")
    return sign + " ".join([*parts, f"{rest:,}원" if rest else "원"])


def format_won_exact(amount: int) -> str:
    """For tables and records: `320,000,000원`."""
    return f"{amount:,}원"
