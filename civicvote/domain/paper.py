"""Paper ballots: reading a line as it is keyed, marking it for comparison, comparing two keyings."""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping, Sequence

from civicvote.domain.ballot_paper import points_of
from civicvote.domain.ballots.encoding import canonical
from civicvote.domain.ballots.rules import BallotForm
from civicvote.domain.ballots.sealing import Ballot, make_ballot
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import Message, msg

#: Why a sheet doesn't count, in a short list: a free text might tell its picks.
VOID_REASONS: dict[str, Message] = {
    "rules": msg("투표 규칙에 맞지 않음"),
    "unclear": msg("무엇을 골랐는지 알 수 없음"),
    "signed": msg("이름이나 표시를 남김"),
    "foreign": msg("정식 투표용지가 아님"),
    "damaged": msg("훼손됨"),
}

_BETWEEN = re.compile(r"[\s,;]+")
_POINTS = re.compile(r"(?P<id>[^=:]+)[=:](?P<points>\d{1,7})", re.ASCII)
_TAIL = re.compile(r"\d+$", re.ASCII)
_LONGEST = 2000


def read_line(text: str, ids: Sequence[str], form: BallotForm) -> Ballot:
    """The ballot of a keyed line: numbers of projects with blanks or commas between them.

    `ids`: the numbers on this paper. A number's ending is enough where it is the only one (`7` for `26-0007`). With
    points `7=3`; in a ranking the order of the line is the order of preference. InvalidError beside `picks`, for the
    form of the line alone: whether the rules of the vote allow the picks is `rules.Rules`' business.
    """
    if len(text) > _LONGEST:
        raise InvalidError(msg("너무 깁니다. 한 장씩 입력해 주십시오."), field="picks")
    words = [word for word in _BETWEEN.split(unicodedata.normalize("NFKC", text).upper()) if word]
    if not words:
        raise InvalidError(msg("번호를 입력하거나, 기표가 없으면 ‘백지’를 눌러 주십시오."), field="picks")
    names = _names(ids)
    if form.get("ranking"):
        return make_ballot(points_of([_found(word, names) for word in words], form["max"] or 0))
    if form["points"] is not None:
        return make_ballot(_by_points(words, names))
    return make_ballot([_found(word, names) for word in words])


def _names(ids: Sequence[str]) -> dict[str, str]:
    """Every way to write a project: its number, and the number at its end where no other ends in the same."""
    names: dict[str, str] = {}
    twice: set[str] = set()
    for one in ids:
        tail = _TAIL.search(one)
        short = str(int(tail[0])) if tail else one.upper()
        if short in names:
            twice.add(short)
        names[short] = one
    names = {short: one for short, one in names.items() if short not in twice}
    return names | {one.upper(): one for one in ids}


def _found(word: str, names: Mapping[str, str]) -> str:
    number = names.get(word) or (names.get(str(int(word))) if word.isascii() and word.isdigit() else None)
    if number is None:
        raise InvalidError(msg("이 투표용지에 없는 번호입니다: %(number)s", number=word[:20]), field="picks")
    return number


def _by_points(words: Sequence[str], names: Mapping[str, str]) -> dict[str, int]:
    given: dict[str, int] = {}
    for word in words:
        found = _POINTS.fullmatch(word)
        if found is None:
            raise InvalidError(msg("번호와 점수를 7=3처럼 입력해 주십시오: %(text)s", text=word[:20]), field="picks")
        number = _found(found["id"], names)
        if number in given:
            raise InvalidError(msg("같은 사업을 두 번 고를 수 없습니다."), field="picks")
        given[number] = int(found["points"])
    return given


def mark(key: bytes, paper: int, kind: str, ballot: Ballot | None) -> bytes:
    """HMAC-SHA256 of what was keyed from a sheet: equal for the same sheet keyed alike, telling nothing without `key`.

    The number of the sheet is part of it, so two sheets with the same picks don't look alike.
    """
    picks = None if ballot is None else {"c": list(ballot.picks), "p": list(ballot.points or ())}
    return hmac.digest(key, b"paper|" + canonical({"n": paper, "kind": kind, "picks": picks}), hashlib.sha256)


def differing(first: Mapping[int, bytes], second: Mapping[int, bytes]) -> list[int]:
    """Numbers of the sheets whose marks differ, or that only one of the two keyed; ascending."""
    return sorted(paper for paper in first.keys() | second.keys() if first.get(paper) != second.get(paper))
