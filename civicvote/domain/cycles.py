"""When a budget cycle takes proposals and ballots, and who may vote in it. Asked of the clock, never of a stored phase."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from civicvote.domain import districts
from civicvote.domain.lifecycles import CycleState
from civicvote.domain.messages import Message, msg


class BallotType(StrEnum):
    """What a voter fills in."""

    APPROVAL = "approval"
    """So many projects, each weighs the same."""
    KNAPSACK = "knapsack"
    """Projects that the pool's money buys together."""
    POINTS = "points"
    """A sum of points spread over projects (cumulative)."""
    SCORE = "score"
    """A mark for each project, without a sum."""
    RANKING = "ranking"
    """A first, a second … preference."""

    @property
    def scored(self) -> bool:
        """Whether a ballot carries points: the voter's own, or those of the ranks."""
        return self in {BallotType.POINTS, BallotType.SCORE, BallotType.RANKING}

    @property
    def typed(self) -> bool:
        """Whether the voter writes a number beside each project."""
        return self in {BallotType.POINTS, BallotType.SCORE}


class TallyRule(StrEnum):
    """How a pool is counted: the methods a notice may declare (`ballots.rules.MethodName`)."""

    EQUAL_SHARES = "equal-shares"
    GREEDY = "greedy"
    GREEDY_NO_SKIP = "greedy-no-skip"
    GREEDY_POZNAN = "greedy-poznan"
    GREEDY_PER_COST = "greedy-per-cost"
    PHRAGMEN = "phragmen"
    PHRAGMEN_SKIP = "phragmen-skip"
    WELFARE = "welfare"


class Phase(StrEnum):
    """What is going on, as citizens see it."""

    PREPARING = "preparing"
    BEFORE_PROPOSALS = "before_proposals"
    PROPOSALS = "proposals"
    REVIEW = "review"
    BALLOT_LIST = "ballot_list"
    VOTING = "voting"
    COUNTING = "counting"
    RESULT = "result"


PHASE_LABELS: dict[Phase, Message] = {
    Phase.PREPARING: msg("준비 중"),
    Phase.BEFORE_PROPOSALS: msg("제안접수 예정"),
    Phase.PROPOSALS: msg("제안접수"),
    Phase.REVIEW: msg("검토·보완"),
    Phase.BALLOT_LIST: msg("투표안건 공고"),
    Phase.VOTING: msg("시민투표"),
    Phase.COUNTING: msg("개표·검산"),
    Phase.RESULT: msg("결과 공표"),
}


#: Phases that people's decisions fix, whatever the clock says.
_DECIDED: dict[CycleState, Phase] = {
    CycleState.DRAFT: Phase.PREPARING,
    CycleState.SEALED: Phase.COUNTING,
    CycleState.COUNTED: Phase.COUNTING,
    CycleState.PUBLISHED: Phase.RESULT,
}


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span [opens_at, closes_at), both UTC-aware."""

    opens_at: datetime
    closes_at: datetime

    def contains(self, moment: datetime) -> bool:
        """Whether `moment` lies in the window."""
        return self.opens_at <= moment < self.closes_at


@dataclass(frozen=True, slots=True)
class Timetable:
    """The facts of a cycle that decide its phase. `held` is a staff hold: it closes what the clock opens."""

    state: CycleState
    proposals: Window
    voting: Window
    held: bool = False

    def phase(self, now: datetime) -> Phase:
        """The phase at `now`."""
        if self.state in _DECIDED:
            return _DECIDED[self.state]
        if self.state is CycleState.LISTED:
            if now >= self.voting.closes_at:
                return Phase.COUNTING
            return Phase.VOTING if self.voting.contains(now) else Phase.BALLOT_LIST
        if now < self.proposals.opens_at:
            return Phase.BEFORE_PROPOSALS
        return Phase.PROPOSALS if self.proposals.contains(now) else Phase.REVIEW

    def takes_proposals(self, now: datetime) -> bool:
        """Whether a proposal may be submitted at `now`."""
        return not self.held and self.state is CycleState.ANNOUNCED and self.proposals.contains(now)

    def takes_ballots(self, now: datetime) -> bool:
        """Whether a ballot that arrived at `now` is in time."""
        return not self.held and self.state is CycleState.LISTED and self.voting.contains(now)


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Who may vote: verification level, age in full years on the closing day's year, residence."""

    min_level: int
    min_age: int
    #: District code, or None where the whole city votes.
    district: str | None = None

    def refusal(self, *, level: int, birth_year: int | None, year: int, home: str | None = None) -> Message | None:
        """Why somebody may not vote, or None if they may. Age counts by year of birth, as the city does."""
        if level < self.min_level:
            if self.min_level == 1:
                return msg("투표하려면 본인확인이 필요합니다.")
            return msg("투표하려면 서울 거주·생활권 확인이 필요합니다.")
        if birth_year is not None and year - birth_year < self.min_age:
            return msg("이 투표는 %(age)s세부터 참여할 수 있습니다.", age=self.min_age)
        if birth_year is None and self.min_age > 0:
            return msg("출생연도를 확인할 수 없어 투표할 수 없습니다. 주민센터 창구에서 확인해 주십시오.")
        if self.district is not None and home != self.district:
            return msg(
                "이 투표는 %(district)s에 살거나 일하거나 다니는 것을 확인한 시민만 참여할 수 있습니다.",
                district=districts.district(self.district),
            )
        return None
