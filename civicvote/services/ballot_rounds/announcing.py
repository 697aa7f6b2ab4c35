"""The announcement: one person asks, another agrees to the same options; then the vote has its keys, notice and board."""

import secrets
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.ballot_rounds import (
    LEVELS,
    BallotMethod,
    Option,
    cycle_id,
    digest_of,
    slug_of,
)
from civicvote.domain.ballots import rules
from civicvote.domain.cycles import TallyRule, Window
from civicvote.domain.errors import ConflictError, ForbiddenError
from civicvote.domain.korean import in_seoul
from civicvote.domain.lifecycles import CYCLE, CycleState, ForumState
from civicvote.domain.messages import Message, msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor, Permission, Role
from civicvote.domain.text import clean_text, refuse_resident_number
from civicvote.keystore import KeyStore
from civicvote.models.accounts import UserRole
from civicvote.models.ballot_rounds import RoundBallot
from civicvote.models.cycles import Cycle
from civicvote.models.deliberation import Forum, Round
from civicvote.models.votes import Vote
from civicvote.services import audit, clock, votes, workflow
from civicvote.services.ballot_rounds import preparing
from civicvote.services.ballot_rounds.preparing import RACED, Place
from civicvote.services.conflicts import settled
from civicvote.services.notices import tell

_CHANGED = msg("승인을 요청한 뒤 선택지나 일정, 참여 대상이 바뀌었습니다. 돌려보낸 뒤 다시 요청해 주십시오.")


def obstacle(found: Round, forum: Forum, ballot: RoundBallot, count: int, moment: datetime) -> Message | None:
    """Why the ballot can't be announced now, if so."""
    if forum.state is not ForumState.OPEN:
        return msg("공론장을 공개한 뒤에 투표를 공고할 수 있습니다.")
    if moment >= found.closes_at:
        return msg("투표 기간이 지났습니다. 일정을 고친 뒤 다시 요청해 주십시오.")
    return preparing.audience(found) or ballot.plan().obstacle(count)


def _checked(session: Session, at: Place, ballot: RoundBallot) -> tuple[list[Option], str]:
    """The options and their digest; ConflictError with what stands in the way."""
    rows = preparing.options(session, at.round.id)
    found = obstacle(at.round, at.forum, ballot, len(rows), clock.now())
    if found is not None:
        raise ConflictError(found)
    announced = preparing.as_announced(rows)
    window = Window(at.round.opens_at, at.round.closes_at)
    return announced, digest_of(ballot.plan(), at.round.audience, window, announced)


def ask(session: Session, actor: Actor, round_id: UUID, *, version: int) -> RoundBallot:
    """Ask a member of staff to announce the ballot as it is now; nothing of it changes while they look."""
    at, ballot = preparing.opened(session, actor, round_id, version=version)
    announced, digest = _checked(session, at, ballot)
    with settled(session, RACED):
        ballot.asked_by, ballot.asked_at, ballot.asked_digest = actor.id, clock.now(), digest
        ballot.returned_reason = ""
        audit.record(session, actor, "ballot:ask", at.round, digest=digest, options=len(announced))
    tell(
        session,
        NoticeKind.WORK_WAITS,
        about=f"{round_id}|ballot-{digest[:12]}",
        to=select(UserRole.user_id).where(UserRole.role == Role.STAFF),
        path=f"/ballots/{round_id}/prepare",
        but=actor.id,
        title=at.round.title,
    )
    return ballot


def _asked(session: Session, actor: Actor, round_id: UUID) -> tuple[Place, RoundBallot]:
    actor.require(Permission.CYCLE_APPROVE)
    at = preparing.place(session, actor, round_id)
    if at.ballot is None:
        raise ConflictError(msg("먼저 투표 방식을 정해 주십시오."))
    session.refresh(at.ballot, with_for_update=True)
    if at.ballot.announced_at is not None:
        raise ConflictError(msg("이미 공고한 투표입니다."))
    if at.ballot.asked_at is None:
        raise ConflictError(msg("공고 승인을 요청한 투표가 아닙니다. 다른 담당자가 먼저 처리했을 수 있습니다."))
    return at, at.ballot


def send_back(session: Session, actor: Actor, round_id: UUID, *, reason: str) -> RoundBallot:
    """Return the request with a reason; form and options are open again. Who asked may take it back as well."""
    at, ballot = _asked(session, actor, round_id)
    reason = clean_text(reason, minimum=5, maximum=1000, field="reason")
    refuse_resident_number(reason, field="reason")
    asked_by, occasion = ballot.asked_by, ballot.asked_digest[:12]
    with settled(session, RACED):
        ballot.asked_by, ballot.asked_at, ballot.asked_digest = None, None, ""
        ballot.returned_reason = reason
        audit.record(session, actor, "ballot:return", at.round)
    tell(
        session,
        NoticeKind.WORK_WAITS,
        about=f"{round_id}|returned-{occasion}",
        to=[asked_by],
        path=f"/ballots/{round_id}/prepare",
        but=actor.id,
        title=at.round.title,
    )
    return ballot


def announce(session: Session, actor: Actor, round_id: UUID, *, keys: KeyStore) -> Vote:
    """Fix form and options for good and open the vote's board. By another person than the one who asked."""
    at, ballot = _asked(session, actor, round_id)
    if actor.id is not None and actor.id == ballot.asked_by:
        raise ForbiddenError(msg("승인을 요청한 사람은 승인할 수 없습니다. 다른 담당자가 확인하고 승인해야 합니다."))
    announced, digest = _checked(session, at, ballot)
    if digest != ballot.asked_digest:
        raise ConflictError(_CHANGED)
    with settled(session, RACED):
        cycle = _cycle(session, actor, at, ballot)
        ballot.cycle_id, ballot.announced_by, ballot.announced_at = cycle.id, actor.id, clock.now()
        session.flush()
        lot = secrets.token_hex(16)
        vote = votes.open_vote(
            session,
            actor,
            cycle,
            keys=keys,
            write=lambda number, public: _notice(number, public, cycle, at, announced, lot),
        )
        audit.record(session, actor, "ballot:announce", at.round, digest=digest, options=len(announced))
    return vote


def _cycle(session: Session, actor: Actor, at: Place, ballot: RoundBallot) -> Cycle:
    """The vote's own cycle: it takes no projects and has no money, and goes the way of every vote from here on."""
    moment = clock.now().replace(microsecond=0)  # a notice writes whole seconds
    ranking = ballot.method is BallotMethod.RANKING
    cycle = Cycle(
        id=cycle_id(at.round.id),
        slug=slug_of(at.round.id),
        title=f"{at.forum.title} · {at.round.title}"[:120],
        summary="",
        state=CycleState.ANNOUNCED,
        year=in_seoul(at.round.closes_at).year,
        proposals_open_at=moment - timedelta(days=1),
        proposals_close_at=moment,
        review_until=moment,
        voting_open_at=max(at.round.opens_at, moment),
        voting_close_at=at.round.closes_at,
        ballot_type=ballot.method.ballot_type,
        min_picks=1,
        max_picks=ballot.max_picks,
        point_max=ballot.max_picks if ranking else None,
        min_level=LEVELS[at.round.audience],
        min_age=ballot.min_age,
        tally_rule=TallyRule.GREEDY,
        utility="cardinality",
        completion="none",
        tie="votes",
        tie_lot=True,
        min_support=1,
        origin="round",
        created_by=ballot.asked_by,
        created_at=moment,
        list_requested_by=ballot.asked_by,
    )
    session.add(cycle)
    session.flush()
    workflow.move(session, actor, CYCLE, cycle, "request-list")
    cycle.list_approved_by = actor.id
    workflow.move(session, actor, CYCLE, cycle, "approve-list")
    return cycle


def _notice(
    number: UUID,
    public: rules.NoticeKeys,
    cycle: Cycle,
    at: Place,
    announced: list[Option],
    lot: str,
) -> rules.Notice:
    """What people vote by, as the board's first line fixes it."""
    assert at.ballot is not None  # asked for: see _asked
    ballot, pool, ranking = at.ballot, str(at.round.id), at.ballot.method is BallotMethod.RANKING
    notice: rules.Notice = {
        "format": rules.FORMAT,
        "vote": str(number),
        "title": cycle.title,
        "opens_at": votes.stamp(cycle.voting_open_at),
        "closes_at": votes.stamp(cycle.voting_close_at),
        "keys": public,
        "ballot": {
            "length": 0,
            "min": 1,
            "max": ballot.max_picks,
            "max_cost": None,
            "points": {"max": ballot.max_picks, "sum": None} if ranking else None,
            "groups": [],
            "ranking": ranking,
        },
        "contests": [_contest(at, announced, lot)],
        "projects": [
            {"id": one.number, "title": one.title, "pool": pool, "cost": 1, "withdrawn": False} for one in announced
        ],
        "more": {
            "cycle": cycle.slug,
            "ballot_type": cycle.ballot_type.value,
            "objection_days": cycle.objection_days,
            "eligibility": {"level": cycle.min_level, "age": cycle.min_age, "district": None},
            "districts": {},
            "round": {
                "forum": str(at.forum.id),
                "round": pool,
                "options": {one.number: one.digest for one in announced},
            },
            "lot": lot,
        },
    }
    notice["ballot"]["length"] = rules.ballot_length(notice)
    return notice


def _contest(at: Place, announced: list[Option], lot: str) -> rules.Contest:
    """Every option costs one and the money is the number of winners: the most votes (points) win, equals by the lot."""
    assert at.ballot is not None
    contest: dict[str, Any] = {
        "pool": str(at.round.id),
        "title": at.round.title,
        "budget": at.ballot.winners,
        "rule": TallyRule.GREEDY.value,
        "utility": "cardinality",
        "completion": "none",
        "step": 1,
        "exhaustive_stop": False,
        "measure": "points" if at.ballot.method is BallotMethod.RANKING else "votes",
        "threshold": 1,
        "empty_ballots": False,
        "tie_by": ["votes"],
        "ties": sorted((one.number for one in announced), key=lambda one: votes.place_in_lot(lot, one)),
    }
    return contest  # type: ignore[return-value]  # a TypedDict of mixed values, checked by check_notice
