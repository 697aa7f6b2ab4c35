"""Words and fixed choices of talk and its moderation."""

from enum import StrEnum

from civicvote.domain.messages import Message, msg


class PostKind(StrEnum):
    """What somebody said it as."""

    COMMENT = "comment"
    STATEMENT = "statement"
    QUESTION = "question"
    NOMINATION = "nomination"
    ANNOTATION = "annotation"
    PROOF = "proof"


POST_KINDS: dict[PostKind, Message] = {
    PostKind.COMMENT: msg("댓글"),
    PostKind.STATEMENT: msg("의견 문장"),
    PostKind.QUESTION: msg("질문"),
    PostKind.NOMINATION: msg("테마 후보"),
    PostKind.ANNOTATION: msg("종합안 의견"),
    PostKind.PROOF: msg("실천 인증"),
}


class ThreadKind(StrEnum):
    """What a thread hangs on; the thread has the key of that thing."""

    PROPOSAL = "proposal"
    FORUM = "forum"
    ROUND = "round"
    CAMPAIGN = "campaign"


class HideReason(StrEnum):
    """Why a moderator hides something, or somebody reports it."""

    PERSONAL_DATA = "personal_data"
    INSULT = "insult"
    ADVERTISING = "advertising"
    OFF_TOPIC = "off_topic"
    REPEATED = "repeated"
    ILLEGAL = "illegal"
    OTHER = "other"


HIDE_REASONS: dict[HideReason, Message] = {
    HideReason.PERSONAL_DATA: msg("개인정보 노출"),
    HideReason.INSULT: msg("욕설·비방·혐오"),
    HideReason.ADVERTISING: msg("광고·홍보"),
    HideReason.OFF_TOPIC: msg("주제와 무관"),
    HideReason.REPEATED: msg("도배·중복"),
    HideReason.ILLEGAL: msg("불법 정보"),
    HideReason.OTHER: msg("그 밖의 이유"),
}


class PostSort(StrEnum):
    """Orders of a thread."""

    NEWEST = "newest"
    OLDEST = "oldest"
    SUPPORTED = "supported"


POST_SORTS: dict[PostSort, Message] = {
    PostSort.NEWEST: msg("최신순"),
    PostSort.OLDEST: msg("오래된순"),
    PostSort.SUPPORTED: msg("추천 많은 순"),
}


#: What a moderator did, for the record of a post.
DECISIONS: dict[str, Message] = {
    "hide": msg("숨김"),
    "release": msg("공개"),
    "restore": msg("이의를 받아들여 다시 공개"),
    "confirm": msg("이의를 받아들이지 않음"),
    "merge": msg("합침"),
    "pin": msg("맨 위에 고정"),
    "unpin": msg("고정 풀기"),
}
