"""One thing of each kind and somebody of each role: what tests of every route walk through."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from civicvote.domain.deliberation import RoundKind
from civicvote.domain.korean import seoul_date
from civicvote.domain.lifecycles import CycleState, ProjectState, ProposalState
from civicvote.domain.permissions import ASSIGNABLE, SYSTEM, Role
from civicvote.keystore import KeyStore
from civicvote.models.accounts import User
from civicvote.models.channels import Channel, CheckIn, Station
from civicvote.models.deliberation import ForumLink, SynthesisSection
from civicvote.models.projects import Comment
from civicvote.models.proposals import AnswerBatch, Commitment, Milestone
from civicvote.models.reviews import Review
from civicvote.services import audit, ballot_rounds, channels, clock, sessions
from tests import factories
from tests.conftest import LIMITS
from tests.support import agora, forums, proposals, talk, themes
from tests.support import ballot_rounds as ballots
from tests.support.voting import Polls, polls, voter

ROLES = ("visitor", "citizen", "verified", "moderator", "department", "expert", "staff", "auditor", "admin")


@dataclass
class World:
    """One thing of each kind, belonging to nobody who knocks, except that a department and an expert have a case."""

    values: dict[str, Any]
    #: Slugs of other cycles, by blueprint: one whose vote is open, one whose vote has closed.
    slugs: dict[str, str]
    users: dict[str, User | None]
    #: What single blueprints have in their holes instead.
    own: dict[str, dict[str, Any]] = field(default_factory=dict)

    def holes(self, rule: Rule) -> dict[str, Any]:
        """What the holes of an address are filled with."""
        blueprint = rule.endpoint.split(".", maxsplit=1)[0]
        known = self.values | self.own.get(blueprint, {})
        values = {key: value for key, value in known.items() if key in rule.arguments}
        if "slug" in values:
            values["slug"] = self.slugs.get(blueprint, values["slug"])
        return values


def make_world(session: Session, keys: KeyStore) -> World:
    author, someone = factories.user(session, name="작성자"), factories.user(session, name="다른이")
    unit = factories.department(session)
    users: dict[str, User | None] = {
        "visitor": None,
        "citizen": factories.user(session),
        "verified": factories.user(session, level=2),
    }
    for role in ASSIGNABLE:
        users[role.value] = factories.user(session, role, department_id=unit.id if role is Role.DEPARTMENT else None)
    expert = users["expert"]
    assert expert is not None
    cycle = factories.cycle(session, CycleState.ANNOUNCED, opened="review", slug="matrix")
    pool = factories.pool(session, cycle)
    project = factories.project(session, pool, author, ProjectState.IN_REVIEW, department_id=unit.id)
    review = Review(
        project_id=project.id,
        department_id=unit.id,
        reviewer_id=expert.id,
        assigned_at=clock.now(),
        due_at=clock.now() + factories.DAY,
        criteria={},
    )
    comment = Comment(
        project_id=project.id, author_id=author.id, body="찬성합니다.", created_at=clock.now(), form_key=uuid4()
    )
    session.add_all([review, comment])
    event = audit.record(session, SYSTEM, "demo:seed")
    session.flush()
    values = {
        "slug": cycle.slug,
        "project_id": project.id,
        "pool_id": pool.id,
        "proposal_id": proposals.proposal(session, author).id,
        "invitation_id": uuid4(),
        "answer": "accept",
        "term_id": uuid4(),
        "review_id": review.id,
        "comment_id": comment.id,
        "user_id": someone.id,
        "department_id": unit.id,
        "event_id": event.id,
        "session_id": uuid4(),
        "passkey_id": uuid4(),
        "attachment_id": uuid4(),
        "kind": "proposal",
        "subject_id": uuid4(),
        "key": "roll",
        "token": "x" * 43,
        "name": "withdraw",
        "notice_id": uuid4(),
    }
    values |= _talk(session) | _promises(session, unit.id)
    voting = polls(session, keys)
    values |= _desk(session, voting, users["staff"])
    slugs = {"voting": voting.slug, "channels": voting.slug, "counting": polls(session, keys, opened="closed").slug}
    own = _ballots(session) | _forums(session, unit.id, someone) | _statements(session)
    own |= {"dated_settings": {"name": "proposal.window_days"}, "commitments": {"name": "begin"}}
    return World(values, slugs, users, own=own)


def _promises(session: Session, department_id: UUID) -> dict[str, Any]:
    """A commitment of the department's with its first step, and a batch of answers."""
    moment = clock.now()
    accepted = agora.proposal(session, ProposalState.ANSWERED, department_id=department_id)
    promise = Commitment(
        proposal_id=accepted.id,
        department_id=department_id,
        title="그늘막 서른 곳 설치",
        created_at=moment,
        updated_at=moment,
    )
    gathered = AnswerBatch(title="이번 주 답변", created_at=moment)
    session.add_all([promise, gathered])
    session.flush()
    day = seoul_date(moment) + factories.DAY
    step = Milestone(commitment_id=promise.id, title="설계", due_on=day, first_due_on=day)
    session.add(step)
    session.flush()
    return {"commitment_id": promise.id, "step_id": step.id, "batch_id": gathered.id}


def _talk(session: Session) -> dict[str, Any]:
    """A post on somebody's proposal, an appeal, a campaign, a link to another site."""
    made, hider = talk.talk(session), talk.moderator(session)
    return {
        "thread_id": made.proposal.id,
        "post_id": made.say().id,
        "appeal_id": talk.appealed(session, hider, talk.member(session), made),
        "campaign_id": agora.campaign(session).id,
        "link_id": agora.outside(session, clock.now() + factories.DAY).id,
    }


def _ballots(session: Session) -> dict[str, dict[str, Any]]:
    """A ballot of a forum that is being prepared, and a 테마토론 that takes nominations."""
    ballot = ballots.prepared(session)
    option = ballot_rounds.lines(session, ballot.id)[0]
    theme = themes.opened(session, ballot.first)
    post = themes.nominate(session, theme, "한강 산책로")
    return {
        "ballot_rounds": {"round_id": ballot.id, "option_id": option.id},
        "themes": {"forum_id": theme.id, "post_id": post.id},
    }


def _statements(session: Session) -> dict[str, dict[str, Any]]:
    """An open round of statements."""
    held = forums.round_of(session, forums.debate(session)[0], RoundKind.STATEMENTS)
    return {name: {"round_id": held.id} for name in ("statements", "console")}


def _forums(session: Session, department_id: UUID, someone: User) -> dict[str, dict[str, Any]]:
    """An open 시민토론 of the department's with a round, a link, a part of a synthesis; and a group with somebody in it."""
    held, one = forums.debate(session)
    held.department_id = department_id
    link = ForumLink(forum_id=held.id, after=True, label="이어진 일", url="/budget/", at=clock.now())
    written = forums.round_of(session, held, RoundKind.SYNTHESIS)
    part = SynthesisSection(
        round_id=written.id, position=1, heading="시험 운영", body="시험으로 운영합니다.", updated_at=clock.now()
    )
    session.add_all([link, part])
    session.flush()
    values = {"forum_id": held.id, "round_id": one.id, "link_id": link.id, "section_id": part.id, "post_id": uuid4()}
    return {"forums": values | {"group_id": forums.group(session, someone).id, "name": "cancel"}}


def _desk(session: Session, voting: Polls, clerk: User | None) -> dict[str, Any]:
    """A station voter, an open station, and a batch of paper."""
    assert clerk is not None
    _user, voter_ = voter(session)
    actor = factories.actor(clerk, Role.STAFF)
    made = CheckIn(
        vote_id=voting.vote.id,
        person_id=voter_.person_id,
        number=1,
        channel=Channel.STATION,
        level=2,
        checked_in_by=clerk.id,
        checked_in_at=clock.now(),
    )
    session.add(made)
    channels.open_station(session, actor, voting.slug, name="1번 기기")
    batch = channels.open_batch(session, actor, voting.slug, place="종로 투표소", district="", papers=3)
    station = session.scalars(select(Station)).one()
    return {"check_in_id": made.id, "station_id": station.id, "number": batch.number}


def browser(app: Flask, session: Session, user: User | None, *, factor: bool = True) -> FlaskClient:
    client = app.test_client()
    if user is not None:
        shown = clock.now() if factor else None
        token = sessions.start(session, user, device="", limits=LIMITS, second_factor_at=shown)
        session.flush()
        client.set_cookie("cv", token, domain="localhost")
    return client
