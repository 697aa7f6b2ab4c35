"""The polling station's door: whose vote it is, whether it is open, who may come in, and what may be picked."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from civicvote.domain.ballot_paper import Marks, Paper, points_of
from civicvote.domain.ballots import rules, sealing
from civicvote.domain.cycles import Eligibility
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.domain.lifecycles import CycleState, ForumState, ProjectState
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.ballot_rounds import RoundBallot
from civicvote.models.cycles import Cycle, Hold
from civicvote.models.deliberation import Forum, Round
from civicvote.models.projects import Project
from civicvote.models.verification import Person
from civicvote.models.votes import Vote
from civicvote.services.board import GRACE

SEOUL = ZoneInfo("Asia/Seoul")
#: Staff hold the cycle; or, for a forum's ballot, they hold its round, or the forum is over.
HELD = or_(
    exists().where(Hold.cycle_id == Cycle.id, Hold.lifted_at.is_(None)).correlate(Cycle),
    and_(
        Cycle.origin == "round",
        exists()
        .where(
            RoundBallot.cycle_id == Cycle.id,
            Round.id == RoundBallot.round_id,
            Forum.id == Round.forum_id,
            or_(Round.held_at.is_not(None), Forum.state != ForumState.OPEN),
        )
        .correlate(Cycle),
    ),
)


class Stop(StrEnum):
    """Why somebody can't vote now; a page knows which way to point."""

    NOT_READY = "not_ready"
    EARLY = "early"
    CLOSED = "closed"
    HELD = "held"
    LEVEL = "level"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A stop with its sentence."""

    stop: Stop
    message: Message

    def error(self) -> ConflictError | ForbiddenError:
        """The refusal of a cast."""
        return (ForbiddenError if self.stop in {Stop.LEVEL, Stop.PERSON} else ConflictError)(self.message)


@dataclass(frozen=True, slots=True)
class Voter:
    """What a vote asks of a person."""

    person_id: UUID
    level: int
    birth_year: int | None
    district: str | None


CLOSED = Refusal(Stop.CLOSED, msg("투표가 마감되었습니다. 마감 시각 뒤에 도착한 투표는 받지 않습니다."))
NOT_READY = Refusal(Stop.NOT_READY, msg("아직 투표안건이 확정되지 않았습니다."))
EARLY = Refusal(Stop.EARLY, msg("아직 투표 기간이 아닙니다."))
ON_HOLD = Refusal(
    Stop.HELD, msg("투표가 잠시 중단되었습니다. 다시 열리면 투표할 수 있습니다. 이미 낸 투표는 그대로 있습니다.")
)
UNVERIFIED = Refusal(Stop.LEVEL, msg("투표하려면 본인확인이 필요합니다."))


def closed_by_clock(vote: Vote, *, arrived: datetime, now: datetime) -> Refusal | None:
    """What the clock says to a ballot that reached the application at `arrived`."""
    if arrived < vote.opens_at:
        return EARLY
    if arrived >= vote.closes_at or now >= vote.closes_at + GRACE:
        return CLOSED
    return None


def closed(
    vote: Vote | None, state: CycleState, *, held: bool, arrived: datetime, now: datetime, sealed: bool = False
) -> Refusal | None:
    """Why the vote takes no ballot that reached the application at `arrived`; None if it does."""
    if vote is None or state in {CycleState.DRAFT, CycleState.ANNOUNCED, CycleState.LIST_REQUESTED}:
        return NOT_READY
    if sealed or vote.sealed_at is not None or state is not CycleState.LISTED:
        return CLOSED
    return closed_by_clock(vote, arrived=arrived, now=now) or (ON_HOLD if held else None)


def voter(session: Session, actor: Actor) -> Voter | None:
    """The verified person behind the actor, or None."""
    if actor.person_id is None or not actor.can(Permission.BALLOT_CAST):
        return None
    row = session.execute(select(Person.birth_year, Person.district).where(Person.id == actor.person_id)).first()
    return Voter(actor.person_id, actor.level, row.birth_year, row.district) if row else None


def barred(eligibility: Eligibility, who: Voter | None, closes_at: datetime) -> Refusal | None:
    """Why this person may not vote here; None if they may. Age counts in the year the vote closes in Seoul."""
    year = closes_at.astimezone(SEOUL).year
    if who is None:
        words = eligibility.refusal(level=0, birth_year=None, year=year) if eligibility.min_level else None
        return Refusal(Stop.LEVEL, words) if words else UNVERIFIED
    words = eligibility.refusal(level=who.level, birth_year=who.birth_year, year=year, home=who.district)
    if words is None:
        return None
    return Refusal(Stop.LEVEL if who.level < eligibility.min_level else Stop.PERSON, words)


def open_pools(vote: Vote, district: str | None) -> frozenset[str]:
    """Pools (ids of the notice) a person of `district` may choose from: the city's, and their own district's."""
    homes = vote.notice.get("more", {}).get("districts", {})
    return frozenset(
        contest["pool"] for contest in vote.notice["contests"] if homes.get(contest["pool"], district) == district
    )


def marks(notice: rules.Notice, given: Paper | Marks) -> Marks:
    """What `given` says in the form a ballot has: points by project where the vote uses points, also for its ranks."""
    form = notice["ballot"]
    read = given.marks(form) if isinstance(given, Paper) else given
    if form["points"] is None or isinstance(read, Mapping):
        return read
    if not form.get("ranking"):
        return read or {}
    return points_of(list(read), form["max"] or 0)


def ballot(session: Session, vote: Vote, who: Voter, given: Paper | Marks) -> sealing.Ballot:
    """The ballot of what was filled in, checked against everything the vote asks; InvalidError says what.

    `given`: a paper as sent; or numbers of projects (in a ranking from the first preference on); or number → points.
    """
    notice: rules.Notice = vote.notice  # type: ignore[assignment]  # the column holds a Notice
    picks = marks(notice, given)
    titles = {project["id"]: project["title"] for project in notice["projects"]}
    if len(picks) > len(titles) or not titles.keys() >= set(picks):
        raise InvalidError(msg("이 투표에 없는 사업이 들어 있습니다. 다시 골라 주십시오."), field="picks")
    _check_pools(vote, who, picks)
    made = sealing.make_ballot(picks)
    gone = session.scalars(
        select(Project.number)
        .where(
            Project.cycle_id == vote.cycle_id, Project.number.in_(made.picks), Project.state != ProjectState.ON_BALLOT
        )
        .order_by(Project.number)
    ).first()
    if gone is not None:
        raise InvalidError(
            msg("그사이에 투표안건에서 제외된 사업이 있습니다. 빼고 다시 골라 주십시오: %(title)s", title=titles[gone]),
            field="picks",
        )
    problem = rules.Rules(notice).problem(made)
    if problem is not None:
        raise InvalidError(problem.message, field="picks")
    return made


def _check_pools(vote: Vote, who: Voter, picks: Collection[str]) -> None:
    """InvalidError for a project of another district, or one that is funded without votes."""
    allowed = open_pools(vote, who.district)
    settled = locked_in(vote)
    for project in vote.notice["projects"]:
        if project["id"] not in picks:
            continue
        if project["pool"] not in allowed:
            raise InvalidError(
                msg("다른 자치구의 사업은 고를 수 없습니다: %(title)s", title=project["title"]), field="picks"
            )
        if project["id"] in settled:
            raise InvalidError(
                msg("투표 없이 확정된 사업은 고르지 않아도 됩니다: %(title)s", title=project["title"]), field="picks"
            )


def locked_in(vote: Vote) -> frozenset[str]:
    """Numbers of the projects that are funded before the votes are counted."""
    return frozenset(number for contest in vote.notice["contests"] for number in contest.get("locked", ()))
