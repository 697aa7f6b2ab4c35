"""A file becomes a closed, counted cycle with a sealed ballot per vote."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from civicvote.domain import pabulib, tally
from civicvote.domain.ballots import rules, sealing, slots
from civicvote.domain.cycle_plan import WHOLE_SHARE
from civicvote.domain.cycles import BallotType, TallyRule
from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.tally import Election
from civicvote.domain.text import normalise
from civicvote.keystore import KeyStore
from civicvote.models.base import Base, new_id
from civicvote.models.cycles import Cycle, Pool
from civicvote.models.projects import Project
from civicvote.models.verification import Person
from civicvote.models.votes import Ballot, Participation, Vote
from civicvote.services import audit, board, clock, counting, search, votes
from civicvote.services.counting.files import NO_CURRENCY
from civicvote.services.pabulib.terms import Terms, amount, contest, criteria

CHUNK = 5_000
#: Criteria of ties that a cycle's pages can name; the count goes by the notice, whatever they are.
SHOWN_TIES = frozenset({"votes", "cost", "cost-desc", "votes,cost", "votes,cost-desc"})
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?")
#: Columns of PROJECTS that the platform writes itself; others are kept and given back.
OWN_COLUMNS = frozenset({"project_id", "cost", "votes", "score", "name", "selected"})


def _date(text: str) -> datetime | None:
    """A day as files write it: 29.09.2025, 2025-09-29 or a bare year."""
    for form in ("%d.%m.%Y", "%Y-%m-%d", "%Y"):
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


def _window(meta: dict[str, str]) -> tuple[datetime, datetime]:
    """Voting days of the file, the last one included; InvalidError if that is not over."""
    end = _date(meta.get("date_end", "")) or _date(meta.get("instance", ""))
    closes = (end + timedelta(days=1)) if end else clock.now() - timedelta(days=1)
    if closes > clock.now() - counting.DRAIN:
        raise InvalidError(
            msg("아직 끝나지 않은 투표는 가져올 수 없습니다. 파일의 date_end를 확인해 주십시오."), field="file"
        )
    begin = _date(meta.get("date_begin", ""))
    return (begin if begin and begin < closes else closes - timedelta(days=14)), closes


def _slug(title: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40].strip("-")
    return f"{words or 'import'}-{secrets.token_hex(3)}"


def _cycle(session: Session, file: pabulib.PabulibFile, terms: Terms, rule: tally.Rule) -> Cycle:
    opens, closes = _window(file.meta)
    title = normalise(terms.title or file.meta.get("description") or file.meta.get("unit") or "Pabulib")[:120]
    slug = terms.slug or _slug(title)
    if not _SLUG.fullmatch(slug):
        raise InvalidError(msg("주소에는 영문 소문자, 숫자, 붙임표(-)만 쓸 수 있습니다 (최대 60자)."), field="slug")
    if session.scalar(select(Cycle.id).where(Cycle.slug == slug)):
        raise ConflictError(msg("같은 주소의 예산이 이미 있습니다: %(slug)s", slug=slug))
    made = Cycle(
        slug=slug,
        title=title,
        summary=normalise(file.meta.get("comment", ""), multiline=True)[:2000],
        state=CycleState.LISTED,
        year=closes.year,
        proposals_open_at=opens - timedelta(days=120),
        proposals_close_at=opens - timedelta(days=60),
        review_until=opens - timedelta(days=15),
        voting_open_at=opens,
        voting_close_at=closes,
        **_ballot_type(file),
        min_picks=0,
        max_picks=max(1, len(file.projects.rows)),
        min_level=0,
        min_age=0,
        **_rule_columns(rule),
        origin="import",
        currency=_currency(file.meta.get("currency", "")),
        created_at=clock.now(),
    )
    session.add(made)
    session.flush()
    return made


def _rule_columns(rule: tally.Rule) -> dict[str, Any]:
    """What the pages say of the rule; the count goes by the notice."""
    tie = ",".join(criteria(rule))
    return {
        "tally_rule": TallyRule(rule.method.value),
        "utility": rule.utility.value,
        "completion": rule.completion.value,
        "step_won": max(1, round(rule.step)),
        "exhaustive_stop": rule.exhaustive_stop,
        "comparison": rule.comparison,
        "tie": tie if tie in SHOWN_TIES else "id",
        "min_support": int(rule.threshold),
        "min_share": round(rule.threshold_share * WHOLE_SHARE),
        "quorum": rule.quorum,
    }


def _ballot_type(file: pabulib.PabulibFile) -> dict[str, Any]:
    """What the pages call the kind of ballot; what is valid is for the notice to say."""
    if file.vote_type == "cumulative" and file.meta.get("max_sum_points", "").isdecimal():
        return {"ballot_type": BallotType.POINTS, "point_sum": max(1, int(file.meta["max_sum_points"][:9]))}
    if file.vote_type == "scoring" and file.meta.get("max_points", "").isdecimal():
        return {"ballot_type": BallotType.SCORE, "point_max": max(1, int(file.meta["max_points"][:9]))}
    kinds = {"knapsack": BallotType.KNAPSACK, "ordinal": BallotType.RANKING}
    return {"ballot_type": kinds.get(file.vote_type, BallotType.APPROVAL)}


def _currency(text: str) -> str:
    """ISO 4217's letters; XXX (none) where the file doesn't say: foreign money must not be taken for won."""
    code = text.strip().upper()
    return code if re.fullmatch(r"[A-Z]{3}", code) else NO_CURRENCY


def _whole(amount: int | Fraction) -> int:
    """What pages show; the count uses the exact amount of the notice."""
    return max(1, round(amount))


def _projects(session: Session, cycle: Cycle, pool: Pool, election: Election) -> None:
    moment = clock.now()
    session.execute(
        insert(Project),
        [
            {
                "id": new_id(),
                "cycle_id": cycle.id,
                "pool_id": pool.id,
                "number": project.id[:40],
                "state": ProjectState.ON_BALLOT,
                "title": normalise(project.name)[:120] or project.id[:120],
                "problem": "",
                "idea": "",
                "category": "",
                "place": "",
                "cost_won": _whole(project.cost),
                "requested_won": _whole(project.cost),
                "created_at": moment,
                "updated_at": moment,
                "submitted_at": cycle.proposals_open_at,
                "state_reason": "",
                "endorsement_count": 0,
                "comment_count": 0,
                "version": 1,
            }
            for project in election.projects
        ],
    )


def _adapt(
    file: pabulib.PabulibFile, election: Election, rule: tally.Rule, *, declared: bool
) -> Callable[[rules.Notice], rules.Notice]:
    """The notice with the file's exact amounts, its kind of ballot, and what the export needs to give back."""
    costs = {project.id: project.cost for project in election.projects}
    names = {project.id: project.name for project in election.projects}
    kept = [name for name in file.projects.columns if name not in OWN_COLUMNS]
    ids = file.projects.column("project_id") or []
    columns = {name: dict(zip(ids, file.projects.column(name) or [], strict=True)) for name in kept}

    def adapt(notice: rules.Notice) -> rules.Notice:
        for project in notice["projects"]:
            project["cost"] = amount(costs[project["id"]])
            project["title"] = names[project["id"]] or project["id"]  # in full: pages cut it, the export gives it back
            project["withdrawn"] = project["id"] in rule.withdrawn
        notice["contests"][0].update(contest(rule, election))
        form = notice["ballot"]
        form["min"], form["max"], form["max_cost"], form["groups"] = 0, None, None, []
        form["points"] = {"max": None, "sum": None} if election.scored else None
        form["ranking"] = False
        notice["more"] = notice.get("more", {}) | {
            "pabulib": {
                "meta": dict(file.meta), "columns": columns, "point_unit": election.point_unit, "declared": declared
            }
        }  # fmt: skip
        form["length"] = rules.ballot_length(notice)
        return notice

    return adapt


def _ballots(election: Election) -> Iterator[list[str] | dict[str, int]]:
    """Every voter's picks, groups of equal ballots taken apart again, empty ones last."""
    names = [project.id for project in election.projects]
    cast = 0
    for group in election.ballots:
        picks = [names[pick] for pick in group.picks]
        for _ in range(group.count):
            cast += 1
            yield dict(zip(picks, group.points, strict=True)) if election.scored else picks
    for _ in range(election.voters - cast):
        yield {} if election.scored else []


def _cast_all(session: Session, vote: Vote, election: Election, keys: KeyStore, homes: Sequence[str | None]) -> None:
    """A person, a participation and a sealed ballot per vote, written in an order that is not the file's."""
    sealer = sealing.Sealer(vote.public_key, str(vote.id), vote.notice["ballot"]["length"])
    roll = keys.roll(vote.id)
    moment = clock.now()
    people: list[dict[str, Any]] = []
    boxed: list[dict[str, Any]] = []
    for place, picks in enumerate(_ballots(election)):
        person = new_id()
        key = hmac.digest(keys.person, f"import|{vote.id}|{place}".encode(), hashlib.sha256).hex()
        home = homes[place] if place < len(homes) else None
        people.append({"id": person, "person_key": key, "district": home, "created_at": moment})
        sealed = sealer.seal(sealing.make_ballot(picks))
        boxed.append(
            {
                "id": secrets.token_bytes(16),
                "vote_id": vote.id,
                "slot": slots.slot(roll, str(vote.id), str(person)),
                "version": 1,
                "sealed": sealed.sealed,
                "tracker": sealed.tracker,
            }
        )
        if len(people) == CHUNK:
            _write(session, vote.id, people, boxed)
            people, boxed = [], []
    _write(session, vote.id, people, boxed)


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _write(session: Session, vote_id: UUID, people: list[dict[str, Any]], boxed: list[dict[str, Any]]) -> None:
    if not people:
        return
    taking_part = [{"vote_id": vote_id, "person_id": person["id"]} for person in people]
    write = session.connection().execute  # plain rows: the ORM's bookkeeping costs more than sealing them
    write(insert(_table(Person)), people)
    write(insert(_table(Participation)), taking_part)
    write(insert(_table(Ballot)), sorted(boxed, key=lambda row: row["id"]))


def import_file(
    session: Session,
    actor: Actor,
    file: pabulib.PabulibFile,
    terms: Terms,
    *,
    keys: KeyStore,
    homes: Sequence[str | None] = (),
) -> Cycle:
    """Make a closed and sealed cycle of a file, counted and published too unless the terms leave that to staff.

    `homes`: districts of its people, in any order.

    Runs as the platform itself: the election was decided elsewhere, and its rules are the given ones. InvalidError for
    a vote that is not over or points that don't fit; ConflictError for a slug that is taken.
    """
    actor.require(Permission.COUNT_APPROVE)
    election = pabulib.election(file)
    if any(not 0 < len(project.id) <= 40 for project in election.projects):
        raise InvalidError(msg("사업 번호가 너무 깁니다 (최대 40자)."), field="file")
    rule = terms.applied(file)
    rule.check(election)
    cycle = _cycle(session, file, terms, rule)
    pool = Pool(
        cycle_id=cycle.id,
        name=normalise(terms.pool or file.meta.get("subunit") or file.meta.get("unit") or cycle.title)[:80],
        amount_won=_whole(election.budget),
    )
    session.add(pool)
    session.flush()
    _projects(session, cycle, pool, election)
    vote = votes.open_vote(
        session, actor, cycle, keys=keys, adapt=_adapt(file, election, rule, declared=terms.declared)
    )
    _cast_all(session, vote, election, keys, homes)
    audit.record(session, actor, "cycle:import", cycle, projects=len(election.projects), ballots=election.voters)
    search.reindex(session, cycle_id=cycle.id)
    counting.seal(session, actor, cycle.slug, keys=keys)
    board.recompute(session, vote.id)
    if terms.counted:
        _count(session, actor, cycle.slug, keys)
    return cycle


def _count(session: Session, actor: Actor, slug: str, keys: KeyStore) -> None:
    counting.count(session, actor, slug, keys=keys)
    counting.release.choose(session, actor, slug, only_totals=False)  # the file is public already
    counting.publish(session, actor, slug, keys=keys)
