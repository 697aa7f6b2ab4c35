"""Words and fixed choices of 공론장: kinds of forums and rounds, audiences, stances, what became of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import Message, msg


class ForumKind(StrEnum):
    """What a forum is for."""

    DEBATE = "debate"
    QUESTION = "question"
    THEME = "theme"
    ASSEMBLY = "assembly"


FORUM_KINDS: dict[ForumKind, Message] = {
    ForumKind.DEBATE: msg("시민토론"),
    ForumKind.QUESTION: msg("서울시가 묻습니다"),
    ForumKind.THEME: msg("테마토론"),
    ForumKind.ASSEMBLY: msg("시민회의 온라인 토론"),
}


class RoundKind(StrEnum):
    """What people do in a round. 후보접수 belongs to 테마토론 only."""

    NOMINATIONS = "nominations"
    STATEMENTS = "statements"
    THREADS = "threads"
    QUESTIONS = "questions"
    SYNTHESIS = "synthesis"
    BALLOT = "ballot"


ROUND_KINDS: dict[RoundKind, Message] = {
    RoundKind.NOMINATIONS: msg("후보접수"),
    RoundKind.STATEMENTS: msg("의견수렴"),
    RoundKind.THREADS: msg("상호토론"),
    RoundKind.QUESTIONS: msg("질의응답"),
    RoundKind.SYNTHESIS: msg("종합"),
    RoundKind.BALLOT: msg("투표"),
}


class Audience(StrEnum):
    """Who may take part in a round; everybody may read one that isn't a group's."""

    EVERYONE = "everyone"
    VERIFIED = "verified"
    RESIDENTS = "residents"
    GROUP = "group"


AUDIENCES: dict[Audience, Message] = {
    Audience.EVERYONE: msg("회원 누구나"),
    Audience.VERIFIED: msg("본인확인을 마친 시민"),
    Audience.RESIDENTS: msg("서울시민으로 확인된 사람"),
    Audience.GROUP: msg("정해진 참여자"),
}


class Stance(StrEnum):
    """찬성, 반대 or 기타 of a comment or of a person."""

    FOR = "for"
    AGAINST = "against"
    OTHER = "other"


STANCES: dict[Stance, Message] = {
    Stance.FOR: msg("찬성"),
    Stance.AGAINST: msg("반대"),
    Stance.OTHER: msg("기타"),
}


class Reflection(StrEnum):
    """What the department did with the conclusion of 서울시가 묻습니다."""

    REFLECTED = "reflected"
    PARTLY = "partly"
    NOT_REFLECTED = "not_reflected"


REFLECTIONS: dict[Reflection, Message] = {
    Reflection.REFLECTED: msg("반영"),
    Reflection.PARTLY: msg("일부반영"),
    Reflection.NOT_REFLECTED: msg("미반영"),
}


class Opening(StrEnum):
    """Where a forum or a round stands by the clock."""

    COMING = "coming"
    OPEN = "open"
    HELD = "held"
    BETWEEN = "between"
    OVER = "over"


OPENINGS: dict[Opening, Message] = {
    Opening.COMING: msg("예정"),
    Opening.OPEN: msg("진행"),
    Opening.HELD: msg("멈춤"),
    Opening.BETWEEN: msg("다음 순서 준비"),
    Opening.OVER: msg("마감"),
}
OPENING_TONES: dict[Opening, str] = {
    Opening.COMING: "neutral",
    Opening.OPEN: "primary",
    Opening.HELD: "warning",
    Opening.BETWEEN: "info",
    Opening.OVER: "neutral",
}


def opening_of(rounds: Iterable[Opening]) -> Opening:
    """Where a forum stands, from where its rounds stand: open as soon as one of them is."""
    seen = set(rounds)
    for one in (Opening.OPEN, Opening.HELD):
        if one in seen:
            return one
    if Opening.COMING in seen:
        return Opening.BETWEEN if Opening.OVER in seen else Opening.COMING
    return Opening.OVER


#: 서울시가 묻습니다 offers so many options.
OPTIONS_MIN, OPTIONS_MAX = 2, 10

#: Kinds of rounds that stand in every forum; 후보접수 is only for 테마토론.
COMMON_ROUNDS = frozenset(set(RoundKind) - {RoundKind.NOMINATIONS})


def check_window(opens_at: datetime, closes_at: datetime, *, now: datetime) -> None:
    """A round's window: the right way round, at least an hour, at most two years, and not over already."""
    if closes_at <= opens_at:
        raise InvalidError(msg("마감은 시작보다 뒤여야 합니다."), field="closes_at")
    if closes_at - opens_at < timedelta(hours=1):
        raise InvalidError(msg("한 순서는 한 시간 이상 열려 있어야 합니다."), field="closes_at")
    if closes_at - opens_at > timedelta(days=730):
        raise InvalidError(msg("한 순서는 2년을 넘을 수 없습니다."), field="closes_at")
    if closes_at <= now:
        raise InvalidError(msg("마감이 이미 지났습니다. 지금보다 뒤의 때를 골라 주십시오."), field="closes_at")
