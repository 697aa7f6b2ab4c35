"""Settings that staff change with an effective date: thresholds, windows, and what slows abuse down."""

from dataclasses import dataclass

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import Message, msg


@dataclass(frozen=True, slots=True)
class Setting:
    """A whole number with its limits. `unit` stands behind it on pages."""

    name: str
    group: Message
    label: Message
    default: int
    minimum: int
    maximum: int
    unit: Message

    def checked(self, value: int) -> int:
        """The value if it lies within the limits, else InvalidError."""
        if not self.minimum <= value <= self.maximum:
            raise InvalidError(
                msg(
                    "%(least)s부터 %(most)s까지의 수를 적어 주십시오.",
                    least=f"{self.minimum:,}",
                    most=f"{self.maximum:,}",
                ),
                field="value",
            )
        return value


_PROPOSALS = msg("시민제안")
_FORUMS = msg("공론장")
_MODERATION = msg("글 관리")
_DAYS, _PEOPLE, _TIMES, _SECONDS = msg("일"), msg("명"), msg("건"), msg("초")

SETTINGS: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting("proposal.window_days", _PROPOSALS, msg("공감을 받는 기간"), 30, 1, 365, _DAYS),
        Setting("proposal.department_threshold", _PROPOSALS, msg("부서 검토에 필요한 공감"), 50, 1, 1_000_000, _PEOPLE),
        Setting("proposal.forum_threshold", _PROPOSALS, msg("공론장에 필요한 공감"), 500, 1, 1_000_000, _PEOPLE),
        Setting("proposal.answer_days", _PROPOSALS, msg("부서 답변 기한"), 30, 1, 365, _DAYS),
        Setting("forum.debate_days", _FORUMS, msg("시민제안에서 열린 시민토론의 기간"), 30, 1, 365, _DAYS),
        Setting("forum.answer_days", _FORUMS, msg("‘서울시가 묻습니다’ 반영 결과 기한"), 30, 1, 365, _DAYS),
        Setting(
            "moderation.reports_to_veil", _MODERATION, msg("글을 가리는 신고 수(본인확인 시민)"), 3, 1, 100, _PEOPLE
        ),
        Setting("moderation.new_account_hours", _MODERATION, msg("새 계정으로 보는 시간"), 24, 0, 720, msg("시간")),
        Setting(
            "moderation.new_account_gap",
            _MODERATION,
            msg("새 계정이 글과 글 사이에 기다리는 시간"),
            60,
            0,
            86_400,
            _SECONDS,
        ),
        Setting(
            "moderation.posts_per_hour", _MODERATION, msg("한 사람이 한 시간에 쓸 수 있는 글"), 60, 1, 10_000, _TIMES
        ),
        Setting("moderation.repeats_per_day", _MODERATION, msg("같은 글을 하루에 쓸 수 있는 횟수"), 2, 1, 100, _TIMES),
        Setting(
            "moderation.links_free_after",
            _MODERATION,
            msg("확인 없이 링크를 쓰려면 먼저 공개되어야 하는 글"),
            1,
            0,
            100,
            _TIMES,
        ),
        Setting("moderation.appeal_days", _MODERATION, msg("숨김에 이의를 제기할 수 있는 기간"), 14, 1, 365, _DAYS),
    )
}
