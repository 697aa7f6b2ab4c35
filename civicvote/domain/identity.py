"""Who a person is: name, birth date and phone in one form, and keys made of them. Nothing of it is stored in clear.

Keys are HMAC-SHA256 under K_person. The match key finds a line of the register, the person key stands for the person
behind at most one account, and the namesake key (name and birth date only) shows that somebody may come a second time
with another phone number: then a clerk looks.
"""

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.text import refuse_resident_number

#: Below this age a guardian's consent is needed, years.
CONSENT_AGE: Final = 14
_OLDEST: Final = 130
_NAME_LENGTH: Final = (2, 40)
_INPUT_LENGTH: Final = 60
#: Hangul, Latin with its accents, and Hanja, with what stands between the parts of a name.
_LETTERS: Final = r"가-힣A-Za-z\u00c0-\u024f\u1e00-\u1eff\u3400-\u4dbf\u4e00-\u9fff"
_NAME: Final = re.compile(rf"[{_LETTERS}][{_LETTERS} .·\u119e'’-]*")
_BETWEEN: Final = re.compile(r"[ .·\u119e'’-]+")
_DATE: Final = re.compile(
    r"(\d{4})(?:(\d{2})(\d{2})|[-./] ?(\d{1,2})[-./] ?(\d{1,2})\.?|년 ?(\d{1,2})월 ?(\d{1,2})일)", re.ASCII
)
_PHONE: Final = re.compile(r"0\d{8,10}", re.ASCII)
_PHONE_SIGNS: Final = re.compile(r"[ ().\-‐-―−·]+")
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

SEXES: Final = {
    **dict.fromkeys(("f", "female", "여", "여성", "여자"), "f"),
    **dict.fromkeys(("m", "male", "남", "남성", "남자"), "m"),
}


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as a document names them, in the form keys are made of."""

    name: str
    birth_date: date
    phone: str


def _plain(value: str, field: str) -> str:
    """One line of compatible characters; InvalidError for anything hidden, too long or like a resident number."""
    if len(value) > _INPUT_LENGTH:
        raise InvalidError(msg("너무 깁니다. %(max)s자까지 쓸 수 있습니다.", max=_INPUT_LENGTH), field=field)
    if any(unicodedata.category(char) in _HIDDEN for char in value.strip()):
        raise InvalidError(msg("보이지 않는 문자가 들어 있습니다. 지우고 다시 입력해 주십시오."), field=field)
    refuse_resident_number(value, field=field)
    text = " ".join(unicodedata.normalize("NFKC", value).split())
    if not text:
        raise InvalidError(msg("비어 있습니다. 내용을 입력해 주십시오."), field=field)
    return text


def parse_name(value: str, *, field: str = "name") -> str:
    """A name as it is compared: NFKC, without blanks and signs between its parts, lower case. Else InvalidError."""
    text = _plain(value, field)
    shortest, longest = _NAME_LENGTH
    name = _BETWEEN.sub("", text).casefold()
    if not _NAME.fullmatch(text):
        raise InvalidError(
            msg("이름은 한글, 한자, 로마자로만 적어 주십시오. 숫자나 그림 문자는 쓸 수 없습니다."), field=field
        )
    if not shortest <= len(name) <= longest:
        raise InvalidError(msg("이름은 %(min)s자에서 %(max)s자까지입니다.", min=shortest, max=longest), field=field)
    return name


def parse_birth_date(value: str, *, today: date, field: str = "birth_date") -> date:
    """A birth date written as 1990-05-17, 1990. 5. 17., 19900517 or 1990년 5월 17일. Else InvalidError.

    `today` is the date in Seoul; a date after it, or more than 130 years before it, is refused.
    """
    text = _plain(value, field)
    found = _DATE.fullmatch(text)
    if found is None:
        raise InvalidError(msg("생년월일을 1990-05-17처럼 적어 주십시오."), field=field)
    year, month, day = (int(part) for part in found.groups() if part)
    try:
        born = date(year, month, day)
    except ValueError:
        raise InvalidError(msg("달력에 없는 날짜입니다. 생년월일을 확인해 주십시오."), field=field) from None
    if born > today:
        raise InvalidError(msg("오늘보다 뒤의 날짜입니다. 생년월일을 확인해 주십시오."), field=field)
    if today.year - born.year > _OLDEST:
        raise InvalidError(msg("%(n)s년도 더 된 날짜입니다. 생년월일을 확인해 주십시오.", n=_OLDEST), field=field)
    return born


def parse_phone(value: str, *, field: str = "phone") -> str:
    """A Korean phone number as digits only, 01012345678; +82 becomes 0. Else InvalidError."""
    text = _PHONE_SIGNS.sub("", _plain(value, field))
    if text.startswith(("+82", "0082")):
        text = "0" + text.removeprefix("+82").removeprefix("0082").removeprefix("0")
    if not _PHONE.fullmatch(text):
        raise InvalidError(msg("전화번호를 010-1234-5678처럼 적어 주십시오."), field=field)
    return text


def parse_sex(value: str, *, field: str = "sex") -> str | None:
    """`f` or `m`; None where nothing was stated. Else InvalidError."""
    text = value.strip().casefold()
    if not text:
        return None
    if text not in SEXES:
        raise InvalidError(msg("성별은 여 또는 남으로 적거나 비워 두십시오."), field=field)
    return SEXES[text]


def parse(name: str, birth_date: str, phone: str, *, today: date) -> Identity:
    """The identity of what somebody typed; InvalidError beside the first wrong field."""
    return Identity(parse_name(name), parse_birth_date(birth_date, today=today), parse_phone(phone))


def age_on(born: date, day: date) -> int:
    """Full years (만 나이) on a day; who was born on 29 February turns a year older on 1 March of other years."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _key(key: bytes, purpose: str, *parts: str) -> str:
    text = "\x1f".join(("cv-identity", purpose, *parts))
    return hmac.digest(key, text.encode(), hashlib.sha256).hex()


def match_key(key: bytes, identity: Identity) -> str:
    """What a line of the register is found by."""
    return _key(key, "match", identity.name, identity.birth_date.isoformat(), identity.phone)


def person_key(key: bytes, identity: Identity) -> str:
    """What stands for the person, the same whichever way they were verified."""
    return _key(key, "person", identity.name, identity.birth_date.isoformat(), identity.phone)


def namesake_key(key: bytes, identity: Identity) -> str:
    """The same for everybody of one name and birth date."""
    return _key(key, "namesake", identity.name, identity.birth_date.isoformat())


def demo_person_key(key: bytes, account: str) -> str:
    """A made-up person of the demo verifier: one per account."""
    return _key(key, "demo", account)
