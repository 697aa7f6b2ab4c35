"""What staff decide about a cycle before it opens: windows, ballot, count. Checked here, with words for each mistake."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from civicvote.domain import districts
from civicvote.domain.cycles import BallotType, TallyRule
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import Message, msg
from civicvote.domain.text import clean_line, clean_text

#: Addresses of pages that stand beside the cycles' own.
RESERVED_SLUGS = frozenset({"new", "archive", "feed"})
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,58})[a-z0-9]")
UTILITIES = ("cost", "cardinality")
COMPLETIONS = ("none", "add1")
TIES = ("votes", "cost", "id")
#: With fewer picks than this Equal Shares has too little to share.
FEW_PICKS = 4
MOST_WON = 100_000_000_000_000
MOST_STEP = 1_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a cycle's form decides. Moments are UTC-aware, `step_won` whole won per voter and round."""

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
    min_level: int = 2
    min_age: int = 14
    district: str | None = None
    tally_rule: TallyRule = TallyRule.EQUAL_SHARES
    utility: str = "cost"
    completion: str = "add1"
    step_won: int = 1000
    exhaustive_stop: bool = True
    tie: str = "votes"
    min_support: int = 0

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

    def warnings(self) -> list[Message]:
        """What may be meant, but should be thought over."""
        found = []
        shares = self.tally_rule is TallyRule.EQUAL_SHARES
        if shares and self.ballot_type is BallotType.APPROVAL and self.max_picks < FEW_PICKS:
            found.append(
                msg(
                    "균등분배 방식은 한 사람이 사업을 %(n)s개 이상 고를 수 있을 때 제대로 작동합니다. "
                    "최대 선택 수를 늘리거나 득표순 방식을 쓰십시오.",
                    n=FEW_PICKS,
                )
            )
        if shares and self.completion == "none":
            found.append(msg("채우기 없이 세면 예산이 많이 남을 수 있습니다."))
        if self.min_level == 0:
            found.append(msg("본인확인 없이 투표를 받으면 한 사람이 여러 번 투표하는 것을 막을 수 없습니다."))
        return found


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """What a pool's form decides; `amount_won` whole won, `district` None for the whole city."""

    name: str
    amount_won: int
    theme: str = ""
    district: str | None = None
    max_picks: int | None = None

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
