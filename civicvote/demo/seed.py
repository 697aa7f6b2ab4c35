"""The demo's data: everything in one transaction, so that a start cut short leaves nothing half planted."""

from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from civicvote.demo import agora, commitments, content, forums, notices, proposals, talk, themes
from civicvote.demo.people import Cast, settle
from civicvote.demo.projects import CATEGORY_OF_THEME, Planter
from civicvote.demo.sample_election import candidates, text, turnout
from civicvote.demo.votes import cast_some
from civicvote.domain import pabulib
from civicvote.domain.cycles import TallyRule
from civicvote.domain.korean import seoul_date
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import SYSTEM, Actor, Role
from civicvote.models.base import new_id
from civicvote.models.cycles import Cycle, Pool
from civicvote.models.outbox import OutboxMessage
from civicvote.models.projects import Project, StatusUpdate
from civicvote.services import audit, board, clock, search, votes
from civicvote.services import pabulib as elections
from civicvote.services.deliberation import counters as rounds
from civicvote.services.projects import counters, moves
from civicvote.services.proposals import counting
from civicvote.settings import Settings


def plant(session: Session, settings: Settings) -> None:
    """People, departments, three cycles: one counted, one being voted on, one that takes proposals."""
    today = seoul_date(clock.now())
    cast = settle(session, settings.keystore)
    _past(session, settings, cast)
    for planned in (content.CYCLE_2026, content.CYCLE_2027):
        cycle, pools = _cycle(session, planned, cast, today)
        planter = Planter(session, cast, cycle, pools, today)
        for place, project in enumerate((p for p in content.projects() if p.cycle == planned.key), 1):
            planter.plant(project, place)
        session.flush()
        if cycle.state is CycleState.LISTED:
            votes.open_vote(session, SYSTEM, cycle, keys=settings.keystore)
            cast_some(session, cycle, settings.keystore)
        search.reindex(session, cycle_id=cycle.id)
    forums.plant(session, settings, cast)
    proposals.plant(session, settings, cast)
    themes.plant(session, settings, cast)
    for part in (talk, commitments, agora):
        part.plant(session, settings, cast)
    rounds.recount(session)
    board.sequence(session, settings.keystore)
    counters.recount(session)
    notices.plant(session, settings, cast)
    session.flush()
    search.reindex_proposals(session)
    while counting.fold(session):
        pass
    session.execute(delete(OutboxMessage))  # what all this caused was written to people long ago
    audit.record(session, SYSTEM, "demo:seed")
    session.flush()
    audit.chain(session, settings.keystore.audit)


def _cycle(session: Session, planned: content.Cycle, cast: Cast, today: date) -> tuple[Cycle, dict[str, Pool]]:
    proposals_open, proposals_close = content.window(planned.proposals, today)
    voting_open, voting_close = content.window(planned.voting, today)
    cycle = Cycle(
        slug=planned.key,
        title=planned.title,
        summary=planned.summary,
        state=planned.state,
        year=planned.year,
        proposals_open_at=proposals_open,
        proposals_close_at=proposals_close,
        review_until=content.window((planned.review_until, planned.review_until), today)[1],
        voting_open_at=voting_open,
        voting_close_at=voting_close,
        min_picks=planned.min_picks,
        max_picks=planned.max_picks,
        min_level=planned.min_level,
        min_age=planned.min_age,
        min_support=planned.min_support,
        created_by=cast.users["staff"].id,
        created_at=proposals_open - timedelta(days=14),
    )
    if planned.state is CycleState.LISTED:
        cycle.list_requested_by, cycle.list_approved_by = cast.users["staff"].id, cast.users["staff2"].id
    session.add(cycle)
    session.flush()
    pools = {
        pool.key: Pool(
            cycle_id=cycle.id,
            name=pool.name,
            theme=pool.theme,
            district=pool.district,
            amount_won=pool.amount_won,
            max_picks=pool.max_picks,
            position=place,
        )
        for place, pool in enumerate(planned.pools)
    }
    session.add_all(pools.values())
    session.flush()
    return cycle, pools


def _homes() -> list[str]:
    """District of every voter of the sample election, as its turnout says."""
    return [code for code, people in sorted(turnout().items()) for _ in range(people)]


def _past(session: Session, settings: Settings, cast: Cast) -> None:
    """Last year's cycle through the import, then its texts and what became of the winners."""
    planned = content.CYCLE_2025
    terms = elections.Terms(
        rule=TallyRule.EQUAL_SHARES, step="1000", slug=planned.key, title=planned.title, pool=planned.pools[0].name
    )
    cycle = elections.import_file(session, SYSTEM, pabulib.parse(text()), terms, keys=settings.keystore, homes=_homes())
    cycle.origin = "platform"  # the example year plays a year of the city; the import only spares casting it again
    cycle.summary = planned.summary
    found = {p.number: p for p in session.scalars(select(Project).where(Project.cycle_id == cycle.id))}
    for number, described in candidates().items():
        project = found[number]
        project.author_id = cast.users[described.author].id
        project.problem, project.idea = described.problem, described.idea
        project.category = CATEGORY_OF_THEME[described.category]
        project.district, project.place = described.district, described.place
        project.department_id = cast.departments[described.department].id if described.department else None
        _execute(session, project, described)
    session.flush()
    search.reindex(session, cycle_id=cycle.id)


def _execute(session: Session, project: Project, described: content.Project) -> None:
    """The winners' way since: states by the department's own moves, and its status lines."""
    if project.department_id is None or project.state is not ProjectState.SELECTED:
        return
    owner = Actor(roles=frozenset({Role.DEPARTMENT, Role.OWNER}), department_id=project.department_id)
    if described.state in {ProjectState.EXECUTING, ProjectState.COMPLETED}:
        moves.advance(session, owner, project, "execute")
    if described.state is ProjectState.COMPLETED:
        moves.advance(session, owner, project, "complete")
    for line in described.updates:
        session.add(
            StatusUpdate(
                project_id=project.id,
                at=_ago(line.days_ago),
                progress=line.progress,
                spent_won=line.spent_won,
                text=line.text,
                form_key=new_id(),
            )
        )


def _ago(days: int) -> datetime:
    return clock.now() - timedelta(days=days)
