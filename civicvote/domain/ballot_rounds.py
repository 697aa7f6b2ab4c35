"""A secret ballot in a forum: its form, and the address of its vote. The sealing and counting are every vote's."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from uuid import UUID, uuid5

from civicvote.domain.ballots.encoding import canonical
from civicvote.domain.cycles import BallotType, Window
from civicvote.domain.deliberation import Audience
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import Message, msg

#: Options a ballot may have, and letters of an option's title and text.
MOST_OPTIONS = 30
TITLE = 120
BODY = 2000
_PREFIX = "round-"


class BallotMethod(StrEnum):
    """What a voter fills in."""

    SINGLE = "single"
    APPROVAL = "approval"
    RANKING = "ranking"

    @property
    def ballot_type(self) -> BallotType:
        """The form of a sealed ballot that carries it."""
        return BallotType.RANKING if self is BallotMethod.RANKING else BallotType.APPROVAL


BALLOT_METHODS: dict[BallotMethod, Message] = {
    BallotMethod.SINGLE: msg("하나 고르기"),
    BallotMethod.APPROVAL: msg("여럿 고르기"),
    BallotMethod.RANKING: msg("순위 매기기"),
}

#: Verification level a voter needs. One ballot a person can't be promised to whoever has only an address.
LEVELS: dict[Audience, int] = {Audience.VERIFIED: 1, Audience.RESIDENTS: 2}
NOT_SECRET = msg(
    "비밀투표는 한 사람이 한 표만 행사하도록 본인확인을 거쳐야 합니다. "
    "참여 대상을 ‘본인확인을 마친 시민’이나 ‘서울시민으로 확인된 사람’으로 바꿔 주십시오."
)


@dataclass(frozen=True, slots=True)
class BallotPlan:
    """What is decided before a ballot is announced: how many may be picked, how many win, from what age."""

    method: BallotMethod = BallotMethod.SINGLE
    max_picks: int = 1
    winners: int = 1
    min_age: int = 14

    def check(self) -> "BallotPlan":
        """The plan with what follows from its method; InvalidError for numbers that make no ballot."""
        picks = 1 if self.method is BallotMethod.SINGLE else self.max_picks
        if not 1 <= picks <= MOST_OPTIONS:
            raise InvalidError(
                msg("고를 수 있는 수는 1부터 %(n)s까지 적어 주십시오.", n=MOST_OPTIONS), field="max_picks"
            )
        if self.method is BallotMethod.RANKING and picks == 1:
            raise InvalidError(msg("순위를 매기려면 둘 이상 고를 수 있어야 합니다."), field="max_picks")
        if not 1 <= self.winners < MOST_OPTIONS:
            raise InvalidError(msg("뽑는 수는 1부터 %(n)s까지 적어 주십시오.", n=MOST_OPTIONS - 1), field="winners")
        if not 14 <= self.min_age <= 120:
            raise InvalidError(msg("참여 나이는 14세부터 정할 수 있습니다."), field="min_age")
        return BallotPlan(self.method, picks, self.winners, self.min_age)

    def obstacle(self, options: int) -> Message | None:
        """Why nobody could choose among so many options, if so."""
        if options < 2:
            return msg("선택지가 둘 이상 있어야 투표에 부칠 수 있습니다.")
        if self.winners >= options:
            return msg(
                "뽑는 수(%(n)s)는 선택지 수보다 적어야 합니다. 선택지를 더하거나 뽑는 수를 줄여 주십시오.",
                n=self.winners,
            )
        if self.max_picks > options:
            return msg(
                "고를 수 있는 수(%(n)s)가 선택지 수보다 많습니다. 선택지를 더하거나 고를 수 있는 수를 줄여 주십시오.",
                n=self.max_picks,
            )
        return None


@dataclass(frozen=True, slots=True)
class Option:
    """What may be picked, as it is announced. `number`: what a ballot calls it."""

    number: str
    title: str
    body: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal of its words: the announcement fixes the text beside the title as well."""
        return hashlib.sha256(canonical([self.title, self.body])).hexdigest()


def digest_of(plan: BallotPlan, audience: Audience, window: Window, options: Iterable[Option]) -> str:
    """SHA-256 in hexadecimal of everything two people agree on before the ballot is announced."""
    rules = [plan.method.value, plan.max_picks, plan.winners, plan.min_age, audience.value]
    times = [window.opens_at.astimezone(UTC).isoformat(), window.closes_at.astimezone(UTC).isoformat()]
    rows = [[one.number, one.digest] for one in options]
    return hashlib.sha256(canonical([rules, times, rows])).hexdigest()


def cycle_id(round_id: UUID) -> UUID:
    """Key of the vote's own cycle: known beforehand, so that a key can be made offline in the name of its vote."""
    return uuid5(round_id, "civicvote-round")


def slug_of(round_id: UUID) -> str:
    """What the board, the count and the files call the vote of a round."""
    return f"{_PREFIX}{round_id}"


def round_in(slug: str) -> UUID | None:
    """The round whose vote has this address; None for a budget's."""
    try:
        return UUID(slug.removeprefix(_PREFIX)) if slug.startswith(_PREFIX) else None
    except ValueError:
        return None
