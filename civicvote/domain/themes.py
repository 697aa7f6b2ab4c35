"""테마토론: citizens nominate themes, choose one in a secret ballot, talk about it; staff confirm, sum up and take it further."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from civicvote.domain.ballot_rounds import BallotMethod, BallotPlan
from civicvote.domain.cycles import Window
from civicvote.domain.deliberation import Audience, RoundKind
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import Message, msg

#: Nominations of one person.
MOST_NOMINATIONS = 3
TITLE_MIN, TITLE_MAX = 4, 80
REASON_MIN, REASON_MAX = 10, 1000


class ThemeStep(StrEnum):
    """The five steps."""

    NOMINATIONS = "nominations"
    BALLOT = "ballot"
    CONFIRM = "confirm"
    DISCUSSION = "discussion"
    SYNTHESIS = "synthesis"


THEME_STEPS: dict[ThemeStep, Message] = {
    ThemeStep.NOMINATIONS: msg("후보접수"),
    ThemeStep.BALLOT: msg("주제투표"),
    ThemeStep.CONFIRM: msg("확정"),
    ThemeStep.DISCUSSION: msg("토론"),
    ThemeStep.SYNTHESIS: msg("정리"),
}

#: The rounds of a 테마토론 in their order, with what each is called and asks for.
ROUNDS: tuple[tuple[RoundKind, Message, Message], ...] = (
    (
        RoundKind.NOMINATIONS,
        msg("주제 후보접수"),
        msg("함께 이야기하고 싶은 주제와 그 이유를 적어 주십시오. 다른 시민의 후보에는 추천을 눌러 주십시오."),
    ),
    (RoundKind.BALLOT, msg("주제투표"), msg("시민이 낸 후보 가운데 토론할 주제를 고릅니다.")),
    (
        RoundKind.THREADS,
        msg("주제토론"),
        msg("확정된 주제에 대한 의견을 이유와 함께 써 주십시오. 다른 의견에는 답글로 물어 주십시오."),
    ),
    (RoundKind.SYNTHESIS, msg("정리"), msg("토론에서 나온 의견을 정리합니다. 빠지거나 잘못 적힌 것을 알려 주십시오.")),
)


class Target(StrEnum):
    """What a 테마토론 may lead to."""

    PROPOSAL = "proposal"
    QUESTION = "question"
    AGENDA = "agenda"


TARGETS: dict[Target, Message] = {
    Target.PROPOSAL: msg("시민제안"),
    Target.QUESTION: msg("서울시가 묻습니다"),
    Target.AGENDA: msg("시민공감예산 의제"),
}


@dataclass(frozen=True, slots=True)
class ThemePlan:
    """Everything one form decides. The confirmation has the time between the ballot's close and the discussion."""

    title: str
    summary: str
    background: str
    nominations: Window
    ballot: Window
    discussion: Window
    synthesis: Window
    premoderated: bool = False
    #: Who may vote; nominating and talking are open to every member.
    voters: Audience = Audience.VERIFIED
    method: BallotMethod = BallotMethod.SINGLE
    max_picks: int = 1

    @property
    def windows(self) -> tuple[Window, ...]:
        """Of the four rounds, in their order."""
        return (self.nominations, self.ballot, self.discussion, self.synthesis)

    @property
    def ballot_plan(self) -> BallotPlan:
        """One theme is chosen."""
        return BallotPlan(self.method, self.max_picks, winners=1).check()

    def check(self, now: datetime) -> None:
        """InvalidError beside the first date that can't be."""
        names = ("nominations", "ballot", "discussion", "synthesis")
        for name, window in zip(names, self.windows, strict=True):
            if window.opens_at >= window.closes_at:
                raise InvalidError(msg("끝나는 때는 시작하는 때보다 늦어야 합니다."), field=f"{name}_closes")
        if self.nominations.closes_at <= now:
            raise InvalidError(msg("후보접수 마감이 이미 지났습니다."), field="nominations_closes")
        if self.ballot.opens_at <= self.nominations.closes_at:
            raise InvalidError(
                msg("후보를 정리하고 공고할 시간이 필요합니다. 후보접수가 끝난 뒤로 정해 주십시오."),
                field="ballot_opens",
            )
        if self.discussion.opens_at <= self.ballot.closes_at:
            raise InvalidError(
                msg("개표하고 확정할 시간이 필요합니다. 주제투표가 끝난 뒤로 정해 주십시오."), field="discussion_opens"
            )
        if self.synthesis.opens_at < self.discussion.opens_at:
            raise InvalidError(msg("정리는 토론이 시작된 뒤로 정해 주십시오."), field="synthesis_opens")


@dataclass(frozen=True, slots=True)
class ThemeTimes:
    """The facts that decide the step: the rounds' ends, whether the theme is confirmed, whether the forum is over."""

    nominations_close: datetime
    ballot_closes: datetime
    discussion_closes: datetime
    confirmed: bool
    over: bool

    def step(self, now: datetime) -> ThemeStep | None:
        """What is going on at `now`; None once everything is done."""
        if self.over:
            return None
        if now < self.nominations_close:
            return ThemeStep.NOMINATIONS
        if now < self.ballot_closes:
            return ThemeStep.BALLOT
        if not self.confirmed:
            return ThemeStep.CONFIRM
        return ThemeStep.DISCUSSION if now < self.discussion_closes else ThemeStep.SYNTHESIS
