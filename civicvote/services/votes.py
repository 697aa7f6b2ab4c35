"""Opening a vote: its keys, its notice, and the first line of its board."""

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain import districts
from civicvote.domain.ballot_list import Terms
from civicvote.domain.ballots import keys as vote_keys
from civicvote.domain.ballots import rules, slots
from civicvote.domain.cycle_plan import WHOLE_SHARE
from civicvote.domain.cycles import BallotType, TallyRule
from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.keystore import KeyStore
from civicvote.models.cycles import Cycle, Pool
from civicvote.models.projects import Project
from civicvote.models.votes import Vote
from civicvote.services import audit, board
from civicvote.services.cycles import terms as list_terms
from civicvote.services.locks import exclusive

#: Folder under the key folder where the operator puts `<vote id>.public.json`, as `civicvote keys make` wrote it offline.
OFFERED = "offered"


def vote_id(cycle_id: UUID) -> UUID:
    """The id a cycle's vote has or will have: known beforehand, so that its key can be made offline in its name."""
    return uuid5(cycle_id, "civicvote-vote")


def offered_key(keys: KeyStore, vote: UUID) -> bytes | None:
    """The 32 public bytes the operator has placed for this vote, or None. InvalidError for another vote's file."""
    path = keys.folder / OFFERED / f"{vote}.public.json"
    if not path.is_file():
        return None
    label, public = vote_keys.read_public_file(path.read_text(encoding="utf-8"))
    if label != str(vote):
        raise InvalidError(msg("열쇠 폴더에 놓인 공개키는 다른 투표의 것입니다."))
    return public


def open_vote(
    session: Session,
    actor: Actor,
    cycle: Cycle,
    *,
    keys: KeyStore,
    public_key: bytes | None = None,
    shares: str = f"{vote_keys.THRESHOLD}/{len(vote_keys.HOLDERS)}",
    adapt: Callable[[rules.Notice], rules.Notice] | None = None,
    write: Callable[[UUID, rules.NoticeKeys], rules.Notice] | None = None,
) -> Vote:
    """The cycle's vote, made now if it isn't there: keys, notice, and the notice's digest on the board.

    Ballots are sealed with `public_key` (32 bytes), else with the key found in the key folder's `offered/<vote>.public.json`
    (mode "shares": the secret half is in its holders' hands; `shares` names threshold and number), else with a key file
    made here (mode "file"). `adapt` rewrites the notice before it is fixed: an imported election has rules of its own.
    `write` makes it instead, from the vote's number and keys: a forum's ballot is about options, not projects.
    Safe to repeat: files of a try that was rolled back are used again. ConflictError without projects on the ballot;
    InvalidError when the notice could not be counted from.
    """
    actor.require(Permission.CYCLE_APPROVE)
    number = vote_id(cycle.id)
    exclusive(session, f"vote|{number}")
    session.flush()
    if (found := session.get(Vote, number)) is not None:
        return found
    public = public_key or offered_key(keys, number)
    _key(keys, f"roll-{number}", slots.new_roll_key)
    board_secret = _key(keys, f"board-{number}", lambda: vote_keys.new_board_key().secret)
    mode = "shares" if public else "file"
    if public is None:
        public = vote_keys.vote_key(_key(keys, f"vote-{number}", lambda: vote_keys.new_vote_key().secret)).public
    board_public = vote_keys.board_key(board_secret).public
    published: rules.NoticeKeys = {
        "vote": public.hex(),
        "board": board_public.hex(),
        "shares": shares if mode == "shares" else "1/1",
    }
    notice = write(number, published) if write else _notice(session, cycle, number, published)
    if adapt is not None:
        notice = adapt(notice)
    rules.check_notice(notice)
    vote = Vote(
        id=number,
        cycle_id=cycle.id,
        opens_at=cycle.voting_open_at,
        closes_at=cycle.voting_close_at,
        notice=dict(notice),
        public_key=public,
        key_mode=mode,
        board_key=board_public,
    )
    session.add(vote)
    audit.record(session, actor, "vote:open", vote, key_mode=mode, projects=len(notice["projects"]))
    session.flush()
    board.append(session, vote, [("notice", {"digest": rules.notice_digest(notice)})], keys)
    return vote


def _key(keys: KeyStore, name: str, make: Callable[[], bytes]) -> bytes:
    """The key called `name`, left over or made now. One cut short by a crash is made anew: nothing was sealed with it."""
    if keys.exists(name):
        value = keys.read(name)
        if len(value) == vote_keys.KEY_BYTES:
            return value
        keys.destroy(name)
    keys.write(name, make())
    return keys.read(name)


def stamp(moment: datetime) -> str:
    """The moment as a notice writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _on_ballot(session: Session, cycle: Cycle) -> Sequence[Project]:
    projects = session.scalars(
        select(Project)
        .where(Project.cycle_id == cycle.id, Project.state == ProjectState.ON_BALLOT)
        .order_by(Project.number)
    ).all()
    if not projects:
        raise ConflictError(msg("투표안건이 한 건도 없어 투표를 열 수 없습니다."))
    return projects


def _notice(session: Session, cycle: Cycle, number: UUID, public: rules.NoticeKeys) -> rules.Notice:
    pools = session.scalars(select(Pool).where(Pool.cycle_id == cycle.id).order_by(Pool.position, Pool.id)).all()
    projects = sorted(_on_ballot(session, cycle), key=lambda p: p.number or "")
    terms = list_terms.read(session, cycle)
    by_pool = {pool.id: [p for p in projects if p.pool_id == pool.id] for pool in pools}
    held = [pool for pool in pools if by_pool[pool.id]]
    lot = secrets.token_hex(16)
    notice: rules.Notice = {
        "format": rules.FORMAT,
        "vote": str(number),
        "title": cycle.title,
        "opens_at": stamp(cycle.voting_open_at),
        "closes_at": stamp(cycle.voting_close_at),
        "keys": public,
        "ballot": _ballot_form(cycle, held, by_pool),
        "contests": [_contest(cycle, pool, by_pool[pool.id], _flow(pool, pools, held), terms, lot) for pool in held],
        "projects": [
            {
                "id": p.number or "",
                "title": p.title,
                "pool": str(p.pool_id),
                "cost": p.cost_won or 0,
                "withdrawn": False,
            }
            for p in projects
        ],
        "more": {
            "cycle": cycle.slug,
            "ballot_type": cycle.ballot_type.value,
            "objection_days": cycle.objection_days,
            "eligibility": {"level": cycle.min_level, "age": cycle.min_age, "district": cycle.district},
            "districts": {str(pool.id): pool.district for pool in held if pool.district},
        }
        | ({"lot": lot} if cycle.tie_lot else {}),
    }
    notice["ballot"]["length"] = rules.ballot_length(notice)
    if notice["ballot"]["min"] > len(projects):
        raise ConflictError(msg("골라야 하는 사업의 수가 투표안건의 수보다 많습니다."))
    return notice


def _ballot_form(cycle: Cycle, pools: Sequence[Pool], by_pool: Mapping[UUID, Sequence[Project]]) -> rules.BallotForm:
    """Picks overall and per pool; in a knapsack each pool's money is the limit of the picks in it."""
    knapsack = cycle.ballot_type is BallotType.KNAPSACK
    groups: list[rules.Group] = [
        {
            "id": str(pool.id),
            "title": pool.name,
            "projects": [p.number or "" for p in by_pool[pool.id]],
            "min": 0,
            "max": pool.max_picks,
            "max_cost": pool.amount_won if knapsack else None,
        }
        for pool in pools
        if knapsack or pool.max_picks is not None
    ]
    return {
        "length": 0,
        "min": cycle.min_picks,
        "max": None if knapsack else cycle.max_picks,
        "max_cost": None,
        "points": _points(cycle),
        "groups": groups,
        "ranking": cycle.ballot_type is BallotType.RANKING,
    }


def _points(cycle: Cycle) -> rules.Points | None:
    """The points a ballot may carry; in a ranking the first of L places gives L."""
    if cycle.ballot_type is BallotType.POINTS:
        return {"max": cycle.point_max, "sum": cycle.point_sum}
    if cycle.ballot_type is BallotType.SCORE:
        return {"max": cycle.point_max, "sum": None}
    return {"max": cycle.max_picks, "sum": None} if cycle.ballot_type is BallotType.RANKING else None


def _contest(
    cycle: Cycle, pool: Pool, projects: Sequence[Project], leftover_to: Pool | None, terms: Terms, lot: str
) -> rules.Contest:
    """How the pool is counted. Sequential Phragmén asks only who supports what, so it counts votes."""
    points = cycle.ballot_type.scored and cycle.tally_rule not in {TallyRule.PHRAGMEN, TallyRule.PHRAGMEN_SKIP}
    ids = [p.number or "" for p in projects]
    tie_by = [] if cycle.tie == "id" else cycle.tie.split(",")
    contest: dict[str, Any] = {
        "pool": str(pool.id),
        "title": pool.name,
        "budget": pool.amount_won,
        "rule": cycle.tally_rule.value,
        "utility": cycle.utility,
        "completion": cycle.completion,
        "step": cycle.step_won,
        "exhaustive_stop": cycle.exhaustive_stop,
        "measure": "points" if points else "votes",
        "threshold": cycle.min_support,
        "empty_ballots": False,
        "tie_by": tie_by,
        "ties": sorted(ids, key=lambda one: place_in_lot(lot, one)) if cycle.tie_lot else ids,
        "comparison": cycle.comparison and cycle.tally_rule is TallyRule.EQUAL_SHARES,
        "threshold_share": str(Decimal(cycle.min_share) / WHOLE_SHARE),
        "quorum": cycle.quorum,
        "leftover_to": str(leftover_to.id) if leftover_to else None,
        **_limits(terms, projects),
    }
    return contest  # type: ignore[return-value]  # a TypedDict of mixed values, checked by check_notice


def _limits(terms: Terms, projects: Sequence[Project]) -> dict[str, Any]:
    """What the terms of the list say about a pool's projects, by their numbers. A group of one limits nothing."""
    numbers = {p.id: p.number or "" for p in projects}
    groups = [sorted(numbers[key] for key in group.projects if key in numbers) for group in terms.alternatives]
    caps = []
    for cap in terms.caps:
        covered = [p.number or "" for p in projects if cap.value == (p.category if cap.by_category else p.district)]
        if covered:
            title = cap.value if cap.by_category else districts.name_of(cap.value, "ko")
            caps.append({"title": title, "projects": covered, "max": cap.max_projects, "max_cost": cap.max_won})
    return {
        "exclusive": [group for group in groups if len(group) > 1],
        "caps": caps,
        "locked": sorted(numbers[key] for key in terms.locked_ids if key in numbers),
    }


def _flow(pool: Pool, pools: Sequence[Pool], held: Sequence[Pool]) -> Pool | None:
    """The later pool with projects that gets what `pool` leaves; one without passes it on."""
    by_id = {one.id: one for one in pools}
    target = by_id.get(pool.leftover_to) if pool.leftover_to else None
    while target is not None and target not in held:
        target = by_id.get(target.leftover_to) if target.leftover_to else None
    return target


def place_in_lot(lot: str, number: str) -> bytes:
    """The project's place in the lot drawn when the list was approved: who made the keys or proposed the list can't choose it."""
    return hashlib.sha256(f"{lot}|{number}".encode()).digest()
