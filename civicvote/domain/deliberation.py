"""Words and fixed choices of 공론장: kinds of forums and rounds, audiences, stances, what became of it."""

from enum import StrEnum

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
