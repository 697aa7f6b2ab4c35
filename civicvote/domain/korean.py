"""Korean as people write it: particles, dates, periods and the time that is left; each with an English form.

Functions take their moments as arguments; `ZONE` is Asia/Seoul, the only zone shown.
"""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

ZONE: Final = ZoneInfo("Asia/Seoul")

_DAYS_KO: Final = "월화수목금토일"
_DAYS_EN: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS_EN: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# --- particles -------------------------------------------------------------------------------------------------------

#: pair → (after a final consonant, after a vowel); a pair may be written either way round.
_PAIRS: Final[dict[str, tuple[str, str]]] = {
    "을/를": ("을", "를"),
    "이/가": ("이", "가"),
    "은/는": ("은", "는"),
    "과/와": ("과", "와"),
    "으로/로": ("으로", "로"),
    "이나/나": ("이나", "나"),
    "이라/라": ("이라", "라"),
    "이며/며": ("이며", "며"),
    "이랑/랑": ("이랑", "랑"),
    "이에요/예요": ("이에요", "예요"),
    "아/야": ("아", "야"),
}
_BOTH_WAYS: Final = {**_PAIRS, **{"/".join(reversed(pair.split("/"))): forms for pair, forms in _PAIRS.items()}}

_NONE: Final = 0  # ends in a vowel
_RIEUL: Final = 8  # the final ㄹ, after which 로 stays 로
_OTHER: Final = 1  # any other final consonant

_DIGIT_FINALS: Final = {
    "0": _OTHER, "1": _RIEUL, "2": _NONE, "3": _OTHER, "4": _NONE,
    "5": _NONE, "6": _OTHER, "7": _RIEUL, "8": _RIEUL, "9": _NONE,
}  # fmt: skip
_SIGN_FINALS: Final = {
    "%": _NONE, "‰": _NONE, "℃": _NONE, "°": _NONE, "㎡": _NONE, "㎥": _NONE, "㎞": _NONE, "㎝": _NONE, "㎜": _NONE,
    "㎏": _OTHER, "₩": _OTHER, "+": _NONE, "&": _NONE,
}  # fmt: skip
_UNIT_FINALS: Final = {
    **dict.fromkeys(("m", "cm", "mm", "km", "l", "ml", "kw", "mw", "kwh", "w", "v", "t", "ha"), _NONE),
    **dict.fromkeys(("g", "kg", "mg"), _OTHER),
}
# 엘 · 엠 · 엔 · 알
_LETTER_FINALS: Final = {"L": _RIEUL, "M": _OTHER, "N": _OTHER, "R": _RIEUL}
#: How a Latin word that is not an acronym is commonly written in Hangul: its ending → its final. First match holds.
_WORD_ENDINGS: Final[tuple[tuple[re.Pattern[str], int], ...]] = (
    (re.compile(r"(?:l|le)$"), _RIEUL),
    (re.compile(r"(?:m|n|ng|[aeiou][mn]e|ck|ic|[aeiou]{2}k)$"), _OTHER),
    (re.compile(r"(?:^|[^aeiou])[aeiou][pt]$"), _OTHER),
)
_BRACKETED: Final = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\]|\{[^{}]*\}|（[^（）]*）|〔[^〔〕]*〕|<[^<>]*>)$")
_MARKS: Final = " \t\n\"'“”‘’「」『』《》〈〉.,!?…·~-–—()[]{}（）〔〕<>"
_LAST_NUMBER: Final = re.compile(r"\d[\d,]*(?:\.\d+)?$")
_LAST_LATIN: Final = re.compile(r"[A-Za-z]+$")


def _core(word: str) -> str:
    """What is read aloud last: closing brackets with their content and closing marks are not."""
    text = word[-200:].strip()
    while (shorter := _BRACKETED.sub("", text)) != text and shorter.strip(_MARKS):
        text = shorter
    return text.rstrip(_MARKS)


def _number_final(number: str) -> int:
    """The final of a number read in Sino-Korean: 10 십, 100 백, 1,000 천, 만, 억, but 조 ends in a vowel."""
    digits = number.replace(",", "")
    if "." in digits or not digits.strip("0"):
        return _DIGIT_FINALS[digits[-1]]
    zeros = len(digits) - len(digits.rstrip("0"))
    if zeros == 0:
        return _DIGIT_FINALS[digits[-1]]
    return _NONE if zeros // 4 == 3 else _OTHER


def _latin_final(text: str, letters: str) -> int:
    before = text[: -len(letters)].rstrip()
    if before and before[-1].isdigit() and letters.lower() in _UNIT_FINALS:
        return _UNIT_FINALS[letters.lower()]
    if letters.isupper() or len(letters) == 1:
        return _LETTER_FINALS.get(letters[-1].upper(), _NONE)
    return next((final for ending, final in _WORD_ENDINGS if ending.search(letters.lower())), _NONE)


def _final(word: str) -> int | None:
    """The final consonant a word ends with when read aloud; None when nobody can tell (Hanja, emoji)."""
    text = _core(word)
    if not text:
        return None
    last = text[-1]
    if "가" <= last <= "힣":
        final = (ord(last) - ord("가")) % 28
        return final if final in {_NONE, _RIEUL} else _OTHER
    if last in _SIGN_FINALS:
        return _SIGN_FINALS[last]
    if (number := _LAST_NUMBER.search(text)) and number.group().isascii():
        return _number_final(number.group())
    if letters := _LAST_LATIN.search(text):
        return _latin_final(text, letters.group())
    return _OTHER if "ㄱ" <= last <= "ㅎ" else _NONE if "ㅏ" <= last <= "ㅣ" else None


def particle(word: str, pair: str) -> str:
    """The particle of a `pair` ("을/를", "이/가", "은/는", "과/와", "으로/로", …) that follows `word`.

    Digits are read in Sino-Korean, capital letters by their names, brackets not at all. Where the reading is
    unknown both stand: "을(를)". ValueError for a pair that does not exist.
    """
    try:
        closed, opened = _BOTH_WAYS[pair]
    except KeyError:
        raise ValueError(f"no such pair of particles: {pair!r}") from None
    final = _final(word)
    if final is None:
        return _undecided(closed, opened)
    if final == _NONE or (final == _RIEUL and opened == "로"):
        return opened
    return closed


def _undecided(closed: str, opened: str) -> str:
    """Both forms in the way of official letters: 을(를), (으)로, (이)나."""
    if closed.endswith(opened):
        return f"({closed.removesuffix(opened)}){opened}"
    return f"{closed}({opened})"


def with_particle(word: str, pair: str) -> str:
    """Give `word` the right particle: "예산" with "을/를" becomes "예산을"."""
    return word + particle(word, pair)


# --- dates -----------------------------------------------------------------------------------------------------------


def _korean(locale: str) -> bool:
    return locale.lower().startswith("ko")


def in_seoul(value: datetime) -> datetime:
    """The same moment on Seoul's clock; ValueError for a datetime without a zone."""
    if value.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return value.astimezone(ZONE)


def seoul_date(value: datetime) -> date:
    """The day on Seoul's calendar."""
    return in_seoul(value).date()


def from_seoul(day: date, hour: int = 0, minute: int = 0) -> datetime:
    """A wall-clock moment in Seoul as UTC: what a form's date and time mean."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZONE).astimezone(UTC)


def format_date(value: date, locale: str = "ko", *, short: bool = False, weekday: bool = True) -> str:
    """A day: "2026. 11. 22.(일)", short "11. 22.(일)"; in English "Sun 22 Nov 2026", short "Sun 22 Nov".

    A datetime counts by Seoul's calendar.
    """
    day = seoul_date(value) if isinstance(value, datetime) else value
    if _korean(locale):
        year = "" if short else f"{day.year}. "
        name = f"({_DAYS_KO[day.weekday()]})" if weekday else ""
        return f"{year}{day.month}. {day.day}.{name}"
    name = f"{_DAYS_EN[day.weekday()]} " if weekday else ""
    year = "" if short else f" {day.year}"
    return f"{name}{day.day} {_MONTHS_EN[day.month - 1]}{year}"


def format_time(value: datetime) -> str:
    """The time of day in Seoul: "15:04"."""
    return in_seoul(value).strftime("%H:%M")


def format_datetime(value: datetime, locale: str = "ko", *, short: bool = False, seconds: bool = False) -> str:
    """A moment: "2026. 11. 22.(일) 15:04", short without the year; in English "Sun 22 Nov 2026, 15:04"."""
    moment = in_seoul(value)
    clock = moment.strftime("%H:%M:%S" if seconds else "%H:%M")
    comma = "" if _korean(locale) else ","
    return f"{format_date(moment, locale, short=short)}{comma} {clock}"


def format_month(value: date, locale: str = "ko") -> str:
    """A month: "2026년 11월"; in English "Nov 2026"."""
    day = seoul_date(value) if isinstance(value, datetime) else value
    return f"{day.year}년 {day.month}월" if _korean(locale) else f"{_MONTHS_EN[day.month - 1]} {day.year}"


def format_deadline(closes_at: datetime, locale: str = "ko", *, short: bool = False) -> str:
    """The end of a half-open window: midnight is written as 24:00 of the day before, as official notices do."""
    moment = in_seoul(closes_at)
    if (moment.hour, moment.minute) != (0, 0):
        return format_datetime(moment, locale, short=short)
    comma = "" if _korean(locale) else ","
    return f"{format_date(moment.date() - timedelta(days=1), locale, short=short)}{comma} 24:00"


def format_period(opens_at: datetime | None, closes_at: datetime | None, locale: str = "ko") -> str:
    """A half-open window: "2026. 11. 1.(일) 09:00 ~ 11. 30.(월) 18:00"; whole days go without times.

    The second year is left out when it is the first's. None means the window has no such end.
    """
    korean = _korean(locale)
    if opens_at is None and closes_at is None:
        return "기간 미정" if korean else "To be announced"
    if closes_at is None:
        start = format_datetime(opens_at, locale) if opens_at else ""
        return f"{start}부터" if korean else f"from {start}"
    if opens_at is None:
        end = format_deadline(closes_at, locale)
        return f"{end}까지" if korean else f"until {end}"
    return _between(in_seoul(opens_at), in_seoul(closes_at), locale)


def _between(opens: datetime, closes: datetime, locale: str) -> str:
    dash = " ~ " if _korean(locale) else " – "
    last = (closes - timedelta(microseconds=1)).date()
    same_year = opens.year == last.year
    if all((moment.hour, moment.minute) == (0, 0) for moment in (opens, closes)):
        if opens.date() == last:
            return format_date(opens, locale)
        return format_date(opens, locale) + dash + format_date(last, locale, short=same_year)
    if opens.date() == last:
        return format_datetime(opens, locale) + dash + format_deadline(closes, locale).rsplit(" ", 1)[1]
    return format_datetime(opens, locale) + dash + format_deadline(closes, locale, short=same_year)


# --- durations -------------------------------------------------------------------------------------------------------

_UNITS: Final = (("일", "day", 86_400), ("시간", "hour", 3_600), ("분", "minute", 60))


def _largest(seconds: float, locale: str) -> str | None:
    """Whole units of the largest that fits: "3일", "3 days"; None under a minute."""
    for korean, english, size in _UNITS:
        if seconds >= size:
            count = int(seconds // size)
            return f"{count}{korean}" if _korean(locale) else f"{count} {english}{'s' if count != 1 else ''}"
    return None


def remaining(until: datetime, now: datetime, locale: str = "ko") -> str:
    """What is left of a window at `now`: "3일 남음", "5시간 남음", "곧 마감", and from `until` on "마감"."""
    korean = _korean(locale)
    seconds = (until - now).total_seconds()
    if seconds <= 0:
        return "마감" if korean else "closed"
    amount = _largest(seconds, locale)
    if amount is None:
        return "곧 마감" if korean else "closing now"
    return f"{amount} 남음" if korean else f"{amount} left"


def until_start(starts: datetime, now: datetime, locale: str = "ko") -> str:
    """How long until something opens: "3일 뒤 시작", "곧 시작", and from `starts` on "시작됨"."""
    korean = _korean(locale)
    seconds = (starts - now).total_seconds()
    if seconds <= 0:
        return "시작됨" if korean else "started"
    amount = _largest(seconds, locale)
    if amount is None:
        return "곧 시작" if korean else "starting now"
    return f"{amount} 뒤 시작" if korean else f"starts in {amount}"


def elapsed(since: datetime, now: datetime, locale: str = "ko") -> str:
    """How long ago: "3분 전", "5시간 전", "3일 전", "방금 전"; from the 31st day on, the date."""
    korean = _korean(locale)
    seconds = (now - since).total_seconds()
    if seconds > 30 * 86_400:
        return format_date(since, locale, weekday=False)
    amount = _largest(seconds, locale)
    if amount is None:
        return "방금 전" if korean else "just now"
    return f"{amount} 전" if korean else f"{amount} ago"


def days_left(until: datetime, now: datetime) -> int:
    """Calendar days in Seoul from `now` to the last day of a window that ends at `until`: 0 is today (D-day)."""
    return (seoul_date(until - timedelta(microseconds=1)) - seoul_date(now)).days


def age_on(birth: date, day: date) -> int:
    """Full years (만 나이) on a day; somebody born on 29 February turns a year older on 1 March of other years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
