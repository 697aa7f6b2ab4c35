"""오늘의공론장: kinds of things one can take part in."""

from enum import StrEnum

from civicvote.domain.messages import Message, msg


class OpenKind(StrEnum):
    """What is open, as the page tells them apart."""

    VOTE = "vote"
    CALL = "call"
    PROPOSAL = "proposal"
    DEBATE = "debate"
    QUESTION = "question"
    THEME = "theme"
    ASSEMBLY = "assembly"
    CAMPAIGN = "campaign"
    OUTSIDE = "outside"


OPEN_KINDS: dict[OpenKind, Message] = {
    OpenKind.VOTE: msg("시민투표"),
    OpenKind.CALL: msg("사업제안 접수"),
    OpenKind.PROPOSAL: msg("시민제안 공감"),
    OpenKind.DEBATE: msg("시민토론"),
    OpenKind.QUESTION: msg("서울시가 묻습니다"),
    OpenKind.THEME: msg("테마토론"),
    OpenKind.ASSEMBLY: msg("시민회의 온라인 토론"),
    OpenKind.CAMPAIGN: msg("실천캠페인"),
    OpenKind.OUTSIDE: msg("바깥 참여 마당"),
}

#: What one does there: the word of the link.
DEEDS: dict[OpenKind, Message] = {
    OpenKind.VOTE: msg("투표하기"),
    OpenKind.CALL: msg("제안하기"),
    OpenKind.PROPOSAL: msg("읽고 공감하기"),
    OpenKind.DEBATE: msg("토론하기"),
    OpenKind.QUESTION: msg("의견 내기"),
    OpenKind.THEME: msg("참여하기"),
    OpenKind.ASSEMBLY: msg("참여하기"),
    OpenKind.CAMPAIGN: msg("실천 인증하기"),
    OpenKind.OUTSIDE: msg("바깥 누리집으로 가기"),
}
