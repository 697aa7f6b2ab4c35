"""What staff decide about a cycle before it opens: windows, ballot, count. Checked here, with words for each mistake."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from civicvote.domain import districts
from civicvote.domain.cycles import BallotType, TallyRule
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import Message, msg
from civicvote.domain.text import clean_line, clean_text

#: Addresses of pages that stand beside the cycles' own.
RESERVED_SLUGS = frozenset({"new", "archive", "feed"})
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,58})[a-z0-9]")
UTILITIES = ("cost", "cardinality")
COMPLETIONS = ("none", "add1", "add1u", "utilitarian")
#: Criteria among equals, one after the other; "id" leaves it to the numbers or the lot, which always come last.
TIES = ("votes", "cost", "cost-desc", "votes,cost", "votes,cost-desc", "id")
#: With fewer picks than this Equal Shares has too little to share.
FEW_PICKS = 4
MOST_WON = 100_000_000_000_000
#: Below this many won a step, add1 may take more rounds than anybody waits for.
SMALL_STEP = 100
MOST_STEP = 1_000_000
MOST_POINTS = 1000
#: A share of ballots is written in tenths of a per cent.
WHOLE_SHARE = 1000
#: Rules by which each voter spends a share of their own.
_SHARING = {TallyRule.EQUAL_SHARES, TallyRule.PHRAGMEN, TallyRule.PHRAGMEN_SKIP}


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a cycle's form decides. Moments are UTC-aware, `step_won` whole won per voter and round.

    `max_picks` limits the projects of every ballot type but the knapsack; in a ranking it is the number of places.
    `point_max`, `point_sum`: most points for a project and for all together. `min_share`: of a contest's ballots, in
    tenths of a per cent. `quorum`: ballots. `tie_lot`: a lot settles what the criteria of `tie` leave, not the numbers.
    """

    slug: str
    title: str
    summary: str
    year: int
    proposals_open_at: datetime
    proposals_close_at: datetime
    review_until: datetime
    voting_open_at: datetime
    voting_close_at: datetime
    ballot_type: BallotType = BallotType.APPROVAL
    min_picks: int = 1
    max_picks: int = 10
    point_max: int | None = None
    point_sum: int | None = None
    min_level: int = 2
    min_age: int = 14
    district: str | None = None
    tally_rule: TallyRule = TallyRule.EQUAL_SHARES
    utility: str = "cost"
    completion: str = "add1"
    step_won: int = 1000
    exhaustive_stop: bool = True
    comparison: bool = False
    tie: str = "votes"
    tie_lot: bool = False
    min_support: int = 0
    min_share: int = 0
    quorum: int = 0
    objection_days: int = 30

    def check(self) -> None:
        """InvalidError, naming the field, for the first thing that cannot be."""
        if not SLUG.fullmatch(self.slug) or self.slug in RESERVED_SLUGS:
            raise InvalidError(
                msg("주소는 영문 소문자, 숫자, 붙임표(-)로 3~60자까지 쓰고 붙임표로 시작하거나 끝낼 수 없습니다."),
                field="slug",
            )
        clean_line(self.title, minimum=4, maximum=120, field="title")
        clean_text(self.summary, maximum=2000, field="summary")
        if not 2000 <= self.year <= 2100:
            raise InvalidError(msg("예산연도를 네 자리로 적어 주십시오."), field="year")
        self._check_windows()
        self._check_ballot()
        self._check_count()

    def _check_windows(self) -> None:
        steps = (
            ("proposals_close_at", self.proposals_open_at, self.proposals_close_at, True,
             msg("제안접수 마감은 시작보다 뒤여야 합니다.")),
            ("review_until", self.proposals_close_at, self.review_until, False,
             msg("검토 기한은 제안접수 마감보다 앞설 수 없습니다.")),
            ("voting_open_at", self.review_until, self.voting_open_at, False,
             msg("투표 시작은 검토 기한보다 앞설 수 없습니다.")),
            ("voting_close_at", self.voting_open_at, self.voting_close_at, True,
             msg("투표 마감은 시작보다 뒤여야 합니다.")),
        )  # fmt: skip
        for field, earlier, later, strictly, words in steps:
            if later < earlier or (strictly and later == earlier):
                raise InvalidError(words, field=field)

    def _check_ballot(self) -> None:
        if not 0 <= self.min_picks <= 1000:
            raise InvalidError(msg("최소 선택 수는 0부터 1,000까지 적을 수 있습니다."), field="min_picks")
        if not 1 <= self.max_picks <= 1000:
            raise InvalidError(msg("최대 선택 수는 1부터 1,000까지 적을 수 있습니다."), field="max_picks")
        if self.min_picks > self.max_picks:
            raise InvalidError(msg("최소 선택 수는 최대 선택 수보다 클 수 없습니다."), field="min_picks")
        self._check_points()
        if self.min_level not in {0, 1, 2}:
            raise InvalidError(msg("본인확인 수준을 골라 주십시오."), field="min_level")
        if not 0 <= self.min_age <= 120:
            raise InvalidError(msg("나이는 0부터 120까지 적을 수 있습니다."), field="min_age")
        if self.district is not None and not districts.is_district(self.district):
            raise InvalidError(msg("자치구를 골라 주십시오."), field="district")
        if self.district is not None and self.min_level != 2:
            raise InvalidError(
                msg("한 자치구로 제한하려면 본인확인 수준을 ‘서울에 살거나 일하거나 다니는 사람’으로 정해 주십시오."),
                field="district",
            )

    def _check_points(self) -> None:
        for field, value in (("point_max", self.point_max), ("point_sum", self.point_sum)):
            if value is not None and not 1 <= value <= MOST_POINTS:
                raise InvalidError(msg("점수는 1부터 1,000까지 적을 수 있습니다."), field=field)
        if self.ballot_type is BallotType.SCORE and self.point_max is None:
            raise InvalidError(msg("사업 하나에 줄 수 있는 최고 점수를 적어 주십시오."), field="point_max")
        if self.ballot_type is not BallotType.POINTS:
            return
        if self.point_sum is None:
            raise InvalidError(msg("한 사람이 나누어 주는 점수의 합을 적어 주십시오."), field="point_sum")
        if self.point_max is not None and self.point_max > self.point_sum:
            raise InvalidError(msg("사업 하나의 최고 점수는 점수의 합보다 클 수 없습니다."), field="point_max")
        if self.min_picks > self.point_sum:
            raise InvalidError(msg("점수의 합보다 많은 사업을 고르게 할 수 없습니다."), field="min_picks")

    def _check_count(self) -> None:
        if self.utility not in UTILITIES:
            raise InvalidError(msg("만족도를 세는 방법을 골라 주십시오."), field="utility")
        if self.completion not in COMPLETIONS:
            raise InvalidError(msg("남은 예산을 채우는 방법을 골라 주십시오."), field="completion")
        if self.tie not in TIES:
            raise InvalidError(msg("동률을 가르는 방법을 골라 주십시오."), field="tie")
        if not 1 <= self.step_won <= MOST_STEP:
            raise InvalidError(msg("한 번에 늘리는 몫은 1원부터 1,000,000원까지 적을 수 있습니다."), field="step_won")
        if not 0 <= self.min_support <= 10_000_000:
            raise InvalidError(msg("최소 득표수는 0 이상이어야 합니다."), field="min_support")
        if not 0 <= self.min_share <= WHOLE_SHARE:
            raise InvalidError(msg("최소 득표율은 0부터 100까지 적을 수 있습니다."), field="min_share")
        if not 0 <= self.quorum <= 10_000_000:
            raise InvalidError(msg("개표에 필요한 최소 투표수는 0 이상이어야 합니다."), field="quorum")
        if not 0 <= self.objection_days <= 365:
            raise InvalidError(msg("이의 제기 기간은 0일부터 365일까지 적을 수 있습니다."), field="objection_days")

    def warnings(self) -> list[Message]:
        """What may be meant, but should be thought over."""
        found = [*self._few_picks(), *self._ill_fitting()]
        if self.tally_rule is TallyRule.EQUAL_SHARES and self.completion == "none":
            found.append(msg("채우기 없이 세면 예산이 많이 남을 수 있습니다."))
        if (
            self.tally_rule is TallyRule.EQUAL_SHARES
            and self.completion in {"add1", "add1u"}
            and self.step_won < SMALL_STEP
        ):
            found.append(
                msg("한 번에 늘리는 몫이 %(won)s원보다 작으면 개표와 검산이 몇 시간 걸릴 수 있습니다.", won=SMALL_STEP)
            )
        if self.tally_rule is TallyRule.GREEDY_NO_SKIP:
            found.append(
                msg("건너뛰지 않고 세면 예산에 들지 않는 사업 하나 때문에 남은 예산을 모두 쓰지 못할 수 있습니다.")
            )
        if self.min_level == 0:
            found.append(msg("본인확인 없이 투표를 받으면 한 사람이 여러 번 투표하는 것을 막을 수 없습니다."))
        return found

    def _few_picks(self) -> list[Message]:
        if self.ballot_type is BallotType.KNAPSACK or self.tally_rule not in _SHARING:
            return []
        if min(self.max_picks, self.point_sum or self.max_picks) >= FEW_PICKS:
            return []
        return [
            msg(
                "균등분배와 프라그멘 방식은 한 사람이 사업을 %(n)s개 이상 고를 수 있을 때 제대로 작동합니다. "
                "최대 선택 수를 늘리거나 득표순 방식을 쓰십시오.",
                n=FEW_PICKS,
            )
        ]

    def _ill_fitting(self) -> list[Message]:
        """A ballot that the rule makes little of."""
        knapsack = self.ballot_type is BallotType.KNAPSACK
        scored = self.ballot_type.scored
        found = []
        if knapsack and self.tally_rule in _SHARING:
            found.append(
                msg(
                    "예산 담기 투표는 비싼 사업을 담은 사람이 적게 고르게 되어 균등분배나 프라그멘과 잘 맞지 않습니다. "
                    "여러 사업 고르기를 권합니다."
                )
            )
        if scored and self.tally_rule in {TallyRule.PHRAGMEN, TallyRule.PHRAGMEN_SKIP}:
            found.append(
                msg("프라그멘 방식은 점수와 순위를 보지 않고 골랐는지만 봅니다. 여러 사업 고르기와 함께 쓰십시오.")
            )
        if scored and self.tally_rule is TallyRule.EQUAL_SHARES and self.utility == "cost":
            found.append(
                msg("점수·순위 투표를 균등분배로 셀 때는 만족도를 ‘건수’로 세어야 큰 사업에 치우치지 않습니다.")
            )
        if self.comparison and self.tally_rule is not TallyRule.EQUAL_SHARES:
            found.append(msg("견주기 단계는 균등분배 방식에서만 씁니다. 지금 방식에서는 아무 일도 하지 않습니다."))
        if knapsack and self.tally_rule is TallyRule.GREEDY_PER_COST:
            found.append(msg("예산 담기와 사업비 대비 득표순을 함께 쓰면 작은 사업이 두 번 유리합니다."))
        return found


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """What a pool's form decides; `amount_won` whole won, `district` None for the whole city."""

    name: str
    amount_won: int
    theme: str = ""
    district: str | None = None
    max_picks: int | None = None
    #: The pool that gets what this one leaves: one that is counted later.
    leftover_to: UUID | None = None

    def check(self, others: Sequence[str] = ()) -> None:
        """InvalidError, naming the field, for the first thing that cannot be. `others`: names of the cycle's other pools."""
        clean_line(self.name, minimum=2, maximum=80, field="name")
        clean_line(self.theme, maximum=40, field="theme")
        if self.name in others:
            raise InvalidError(msg("이 예산에 같은 이름의 분야가 이미 있습니다."), field="name")
        if not 1 <= self.amount_won <= MOST_WON:
            raise InvalidError(msg("금액은 1원부터 100조 원까지 적을 수 있습니다."), field="amount_won")
        if self.district is not None and not districts.is_district(self.district):
            raise InvalidError(msg("자치구를 골라 주십시오."), field="district")
        if self.max_picks is not None and not 1 <= self.max_picks <= 1000:
            raise InvalidError(
                msg("분야별 최대 선택 수는 1 이상이어야 합니다. 제한이 없으면 비워 두십시오."), field="max_picks"
            )
