import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from civicvote.demo import content, sample_election
from civicvote.domain import districts, pabulib, text
from civicvote.domain.korean import age_on
from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.permissions import Role
from civicvote.domain.tally import Method, Rule, Tie, TieKey, tally

PROJECTS = content.projects()
AUTHORS = {*content.PERSON, *(account.key for account in content.ACCOUNTS)}
TODAY = date(2026, 11, 22)
#: Twice what drawing the voters takes.
MOST_CALLS = 2_000_000
S = ProjectState


def of_cycle(key: str) -> list[content.Project]:
    return [project for project in PROJECTS if project.cycle == key]


def test_the_bureaus_departments() -> None:
    assert [one.name for one in content.DEPARTMENTS] == [
        "시민참여과",
        "시민숙의예산과",
        "지역공동체과",
        "사회협력과",
        "갈등관리협치과",
    ]
    assert sum(one.budget_2022_won for one in content.DEPARTMENTS) == 48_912_754_000
    assert all(one.name_en.isascii() for one in content.DEPARTMENTS)


def test_there_are_enough_proposals_in_every_state() -> None:
    assert sum(bool(project.place or project.state is S.DRAFT) for project in PROJECTS) >= 60
    assert {project.state for project in PROJECTS} == set(S)
    voting = Counter(project.state for project in of_cycle("2026"))
    assert voting[S.ON_BALLOT] >= 40
    assert set(voting) == {S.ON_BALLOT, S.INELIGIBLE, S.WITHDRAWN}
    assert {project.state for project in of_cycle("2025")} == {
        S.SELECTED,
        S.NOT_SELECTED,
        S.EXECUTING,
        S.COMPLETED,
    }
    assert len({project.key for project in PROJECTS}) == len({project.title for project in PROJECTS}) == len(PROJECTS)


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.key)
def test_a_proposal_is_whole(project: content.Project) -> None:
    cycle = next(cycle for cycle in content.CYCLES if cycle.key == project.cycle)
    pool = next(pool for pool in cycle.pools if pool.key == project.pool)
    assert project.author in AUTHORS
    assert project.category in content.CATEGORIES
    assert project.district is None or districts.is_district(project.district)
    assert pool.district in {None, project.district}
    assert text.clean_line(project.title, maximum=120, minimum=5) == project.title
    for prose in (project.problem, project.idea):
        assert text.clean_text(prose, maximum=5000, minimum=15) == prose
        assert not text.has_resident_number(prose)
    if project.state is S.DRAFT:
        return
    if project.cycle == "2026" and project.state is S.ON_BALLOT:
        assert len(project.problem) + len(project.idea) >= 120
    reviewed = {S.ELIGIBLE, S.ON_BALLOT, S.SELECTED, S.NOT_SELECTED, S.EXECUTING, S.COMPLETED}
    assert bool(project.cost_won) == (project.state in reviewed)
    assert bool(project.verdict) == (project.state in {S.ELIGIBLE, S.ON_BALLOT})
    assert bool(project.reason) == (project.state in {S.INELIGIBLE, S.WITHDRAWN})
    assert bool(project.supplement) == (project.state is S.SUPPLEMENT)
    assert (project.department is None) == (project.state in {S.SUBMITTED, S.WITHDRAWN})


@pytest.mark.parametrize("project", PROJECTS, ids=lambda project: project.key)
def test_its_figures_and_times_are_possible(project: content.Project) -> None:
    cycle = next(cycle for cycle in content.CYCLES if cycle.key == project.cycle)
    pool = next(pool for pool in cycle.pools if pool.key == project.pool)
    assert (project.cost_won or 0) <= pool.amount_won
    assert all(line.amount_won > 0 and line.kind in {"programme", "staff", "operation"} for line in project.costs)
    if pool.district:
        assert {line.kind for line in project.costs} <= {"programme"}
    first, last = cycle.proposals
    assert -first >= project.days_ago >= max(0, -last)
    for place, comment in enumerate(project.comments):
        assert comment.author in content.PERSON
        assert comment.hours <= max(project.days_ago * 24, 1)
        assert comment.parent is None or 0 <= comment.parent < place
        assert comment.parent is None or project.comments[comment.parent].parent is None
    people = content.endorsers(project)
    assert len(people) == project.endorsements == len({person.key for person in people})
    assert people == content.endorsers(project)
    assert project.author not in {person.key for person in people}


def test_status_lines_move_forward() -> None:
    for project in PROJECTS:
        assert bool(project.updates) == (project.state in {S.EXECUTING, S.COMPLETED})
        figures = [(-line.days_ago, line.progress, line.spent_won) for line in project.updates]
        for column in zip(*figures, strict=True):
            assert list(column) == sorted(column)
        if project.updates:
            assert project.updates[-1].spent_won <= (project.cost_won or 0)
            assert (project.updates[-1].progress == 100) == (project.state is S.COMPLETED)


def test_people_talk() -> None:
    comments = [comment for project in PROJECTS for comment in project.comments]
    assert len(comments) >= 80
    assert len({comment.text for comment in comments}) == len(comments)
    assert len({comment.author for comment in comments}) >= 25
    assert [comment.hidden_reason for comment in comments if comment.hidden_reason] == ["제안과 관계없는 광고입니다."]


def test_the_money_is_that_of_the_plan_and_is_asked_for_twice_over() -> None:
    assert content.CYCLE_2026.budget_won == content.PROGRAMMED_WON == 24_640_000_000
    assert content.TARGET_WON == 70_000_000_000
    listed = [project for project in of_cycle("2026") if project.state is S.ON_BALLOT]
    for pool in content.CYCLE_2026.pools:
        asked = sum(project.cost_won or 0 for project in listed if project.pool == pool.key)
        assert 1.2 * pool.amount_won < asked < 3 * pool.amount_won


def test_windows_are_open_where_they_should_be() -> None:
    now = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
    state = {}
    for cycle in content.CYCLES:
        proposals, voting = (content.window(days, TODAY) for days in (cycle.proposals, cycle.voting))
        assert proposals[0] < proposals[1] <= voting[0] < voting[1]
        assert cycle.proposals[1] < cycle.review_until < cycle.voting[0]
        state[cycle.key] = (proposals[0] <= now < proposals[1], voting[0] <= now < voting[1], voting[1] <= now)
    assert state == {
        "2025": (False, False, True),
        "2026": (False, True, False),
        "2027": (True, False, False),
    }


def test_people_are_many_and_made_up() -> None:
    assert len(content.PEOPLE) >= 40
    ages = [age_on(person.birth, TODAY) for person in content.PEOPLE]
    assert (min(ages), max(ages)) == (14, 85)
    assert {person.sex for person in content.PEOPLE} == {"f", "m"}
    assert len({person.district for person in content.PEOPLE}) >= 20
    assert all(districts.is_district(person.district) for person in content.PEOPLE)
    assert all(person.email.endswith("@example.org") for person in content.PEOPLE)
    assert len({person.name for person in content.PEOPLE}) == len(content.PEOPLE)


def test_there_is_an_account_for_every_role() -> None:
    assert [account.email for account in content.ACCOUNTS] == [
        f"{name}@demo.civicvote.example"
        for name in (
            "citizen", "verified", "moderator", "moderator2", "department", "department2",
            "expert", "staff", "staff2", "auditor", "admin",
        )
    ]  # fmt: skip
    roles = {account.role for account in content.ACCOUNTS}
    assert roles == {
        Role.CITIZEN, Role.MODERATOR, Role.DEPARTMENT, Role.EXPERT, Role.STAFF, Role.AUDITOR, Role.ADMIN,
    }  # fmt: skip
    keys = {one.key for one in content.DEPARTMENTS}
    assert all(account.department in keys for account in content.ACCOUNTS if account.department)


def test_the_register_knows_everybody_once() -> None:
    rows = content.register_rows()
    assert content.register_csv().splitlines()[0] == ",".join(content.REGISTER_COLUMNS)
    assert len(content.register_csv().splitlines()) == len(rows) + 1
    assert len({row[:3] for row in rows}) == len({row[2] for row in rows}) == len(rows) == len(content.PEOPLE) + 2
    assert all(row[2].startswith("010-0000-") for row in rows)


def test_the_sample_election_is_one_others_can_read() -> None:
    file = pabulib.parse(sample_election.text())
    assert not list(pabulib.report(file))
    assert pabulib.dump(file) == sample_election.text()
    assert (file.meta["currency"], file.meta["language"], file.vote_type) == ("KRW", "ko", "approval")
    assert (file.meta["num_projects"], file.meta["num_votes"]) == ("40", "1500")
    assert set(file.votes.columns) == {"voter_id", "vote"}
    assert pabulib.declared_rule(file).method is Method.EQUAL_SHARES
    assert pabulib.election(file).votes == sample_election.election().votes


def test_its_voters_are_believable() -> None:
    voters = sample_election.voters()
    assert len(voters) == sample_election.VOTERS == sum(sample_election.turnout().values())
    assert all(1 <= len(voter.picks) <= 10 and len(set(voter.picks)) == len(voter.picks) for voter in voters)
    assert all(list(voter.picks) == sorted(voter.picks) for voter in voters)
    assert min(voter.age for voter in voters) >= 14
    assert min(sample_election.turnout().values()) > 0
    equal = Counter(voter.picks for voter in voters)
    assert 1000 < len(equal) < 1450
    votes = sorted(sample_election.election().votes, reverse=True)
    assert votes[0] > 5 * votes[-1]
    near = next(number for number, project in sample_election.candidates().items() if project.district == "11620")
    share = {
        home: sum(near in voter.picks for voter in voters if (voter.district == "11620") is home)
        / sum((voter.district == "11620") is home for voter in voters)
        for home in (True, False)
    }
    assert share[True] > 3 * share[False]


def test_the_funded_projects_of_2025_are_those_the_count_selects() -> None:
    contest = sample_election.election()
    funded = {number for number, project in sample_election.candidates().items() if project.state is not S.NOT_SELECTED}
    assert set(tally(contest, sample_election.RULE).selected) == funded
    # neither the tie rule nor the size of a step decides anything here
    for rule in (
        replace(sample_election.RULE, tie=Tie((TieKey.VOTES,))),
        replace(sample_election.RULE, tie=Tie((TieKey.COST,))),
    ):
        assert set(tally(contest, rule).selected) == funded
    assert set(tally(contest, Rule(Method.GREEDY)).selected) != funded


def test_it_is_the_same_on_every_run_and_quick() -> None:
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        again = sample_election.voters.__wrapped__()
    finally:
        sys.setprofile(None)
    assert again == sample_election.voters()
    assert calls < MOST_CALLS, "calls, not seconds: the same on every machine"
