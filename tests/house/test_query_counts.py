"""A page's statements don't grow with its rows: every page that lists something, with a few rows and with many."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from civicvote.models.cycles import Cycle, Pool
from civicvote.models.discussion import Watch
from civicvote.models.projects import Comment, Follow
from civicvote.models.proposals import ProposalRevision
from civicvote.models.reviews import Review
from civicvote.services import clock, search, sessions
from civicvote.services.proposals import revisions
from civicvote.settings import Settings
from tests import factories
from tests.conftest import LIMITS, Queries
from tests.support import proposals
from tests.support.notices import told
from tests.support.proposals import proposal
from tests.support.voting import polls

MANY = 25

PAGES: dict[str, Role | None] = {
    "/": None,
    "/projects/": None,
    "/projects/?q=보행등": None,
    "/budget/": None,
    "/budget/{call}": None,
    "/budget/{vote}": None,
    "/budget/{vote}/ballot-list": None,
    "/themes/": None,
    "/board/": None,
    "/board/{vote}": None,
    "/projects/feed.atom": None,
    "/proposals/": None,
    "/proposals/?period=month&sort=closing": None,
    "/proposals/?q=가로등&sort=random": None,
    "/forums/": None,
    "/forums/all": None,
    "/debates": None,
    "/questions": None,
    "/proposals/feed.atom": None,
    "/proposals/map": None,
    "/sitemap.xml": None,
    "/proposals/{proposal}": None,
    "/proposals/{proposal}/revisions": None,
    "/me": Role.CITIZEN,
    "/proposals/{mine}/authors": Role.CITIZEN,
    "/proposals/{mine}/edit": Role.CITIZEN,
    "/proposals/similar?title=한강공원 그늘막 쉼터": Role.CITIZEN,
    "/account/sessions": Role.CITIZEN,
    "/notices": Role.CITIZEN,
    "/notices/settings": Role.CITIZEN,
    "/projects/new": Role.CITIZEN,
    "/budget/{vote}/vote": Role.VERIFIED,
    "/staff": Role.STAFF,
    "/reviews": Role.STAFF,
    "/reviews?done=1": Role.STAFF,
    "/reviews/assign": Role.STAFF,
    "/budget/{call}/pools": Role.STAFF,
    "/budget/{call}/preview": Role.STAFF,
    "/admin/departments": Role.ADMIN,
}


class Town:
    """A call for proposals and an open vote, with somebody who takes part in everything."""

    def __init__(self, session: Session, settings: Settings, role: Role | None) -> None:
        self.session = session
        official = [role] if role and role not in {Role.CITIZEN, Role.VERIFIED} else []
        self.reader = factories.user(session, *official, level=2)
        self.call = factories.cycle(session)
        self.pool = factories.pool(session, self.call)
        self.vote = polls(session, settings.keystore)
        self.office = factories.department(session)
        self.proposal = proposals.proposal(session)
        self.mine = proposals.proposal(session, self.reader)

    def grow(self, rows: int) -> None:
        """`rows` more of everything."""
        for _ in range(rows):
            factories.pool(self.session, factories.cycle(self.session, CycleState.ANNOUNCED, opened="review"))
            factories.pool(self.session, self.call)
            factories.department(self.session)
            sessions.start(self.session, self.reader, device="x", limits=LIMITS, second_factor_at=None)
            self._projects(self.pool)
            self._proposals()
            search.index_proposal(self.session, proposal(self.session, self.reader))
            told(self.session, self.reader)
        self.session.flush()

    def _proposals(self) -> None:
        friend, number = factories.user(self.session), self.proposal.revision + 1
        for one in (self.proposal, self.mine):
            proposals.co_author(self.session, one, friend)
        self.proposal.revision = number
        text = {name: getattr(self.proposal, name) for name in revisions.KEPT}
        self.session.add(
            ProposalRevision(proposal_id=self.proposal.id, number=number, author_id=friend.id, at=clock.now(), **text)
        )
        followed = proposals.proposal(self.session, friend)
        proposals.proposal(self.session, self.reader)
        self.session.add(Watch(subject_id=followed.id, user_id=self.reader.id, at=clock.now()))

    def _projects(self, pool: Pool) -> None:
        moment, mine = clock.now(), self.reader
        written = factories.project(self.session, pool, mine)
        for state in (ProjectState.IN_REVIEW, ProjectState.INELIGIBLE):
            project = factories.project(self.session, pool, factories.user(self.session), state)
            verdict = {"verdict": "refuse", "reason": "겹칩니다.", "decided_at": moment}
            self.session.add(
                Review(
                    project_id=project.id,
                    department_id=self.office.id,
                    assigned_at=moment,
                    due_at=moment + timedelta(days=3),
                    criteria={},
                    **(verdict if state is ProjectState.INELIGIBLE else {}),
                )
            )
            self.session.add(Follow(project_id=project.id, user_id=mine.id, at=moment))
        self.session.add(
            Comment(project_id=written.id, author_id=mine.id, body="좋습니다.", created_at=moment, form_key=written.id)
        )

    def address(self, page: str) -> str:
        cycle: Cycle = self.vote.cycle
        return page.format(call=self.call.slug, vote=cycle.slug, proposal=self.proposal.id, mine=self.mine.id)


@pytest.mark.parametrize("page", PAGES)
def test_many_rows_take_the_statements_of_a_few(
    session: Session, settings: Settings, signed_in: Callable[[User], FlaskClient], queries: Queries, page: str
) -> None:
    role = PAGES[page]
    town = Town(session, settings, role)
    browser = signed_in(town.reader)
    if role is None:
        browser.delete_cookie("cv", domain="localhost")
    seen = []
    for rows in (1, MANY):
        town.grow(rows)
        queries.clear()
        answer = browser.get(town.address(page))
        assert answer.status_code == 200
        seen.append(len(queries))
    assert seen[0] == seen[1], queries.statements
    assert seen[1] <= (6 if role is None else 9), queries.statements
