"""What talk must not let through: words of another kind, support after the end, counters that drift, one's own case."""

from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import Audience, ForumKind, RoundKind
from civicvote.domain.discussion import HideReason, PostKind
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import PostState, ProposalState
from civicvote.domain.permissions import Actor, Role
from civicvote.models.campaigns import Campaign
from civicvote.models.deliberation import RoundEvent
from civicvote.models.discussion import Post, Report
from civicvote.models.proposals import Proposal
from civicvote.services import agora, clock, files
from civicvote.services.campaigns import making, proofs
from civicvote.services.deliberation import access, forums, schedule, telling
from civicvote.services.deliberation.making import kinds_for
from civicvote.services.discussion import commenting, posting, reporting
from civicvote.services.files import doors
from civicvote.services.moderation import appeals, deciding, queue
from civicvote.services.proposals import endorsing
from tests import factories
from tests.support import agora as open_things
from tests.support import forums as rooms
from tests.support import proposals, talk, themes
from tests.support.talk import member, moderator


@pytest.mark.parametrize("kind", sorted(set(RoundKind) - {RoundKind.THREADS}))
def test_comments_belong_to_rounds_of_threads_alone(session: Session, kind: RoundKind) -> None:
    held = rooms.round_of(session, rooms.forum(session), kind)
    with pytest.raises(NotFoundError):
        commenting.comment(session, member(session), held.id, body="질문인 척하는 글입니다.", form_key=uuid4())


def test_support_ends_with_the_round_and_needs_its_level(session: Session) -> None:
    held = rooms.round_of(session, rooms.forum(session), audience=Audience.VERIFIED)
    post = commenting.comment(session, member(session, level=1), held.id, body="찬성합니다.", form_key=uuid4())
    with pytest.raises(ConflictError):
        posting.support(session, member(session), post.id)
    assert posting.support(session, member(session, level=1), post.id) == 1
    with time_machine.travel(held.closes_at, tick=False), pytest.raises(ConflictError):
        posting.support(session, member(session, level=1), post.id)


def _proof(session: Session, campaign: Campaign) -> tuple[Actor, Post]:
    who = member(session, level=1)
    return who, proofs.prove(
        session, who, campaign.id, body="오늘 컵을 챙겼습니다.", link="", consent=True, form_key=uuid4()
    )


def _reports(session: Session, post: Post) -> None:
    for _ in range(3):
        reporting.report_post(session, member(session, level=1), post.id, code=HideReason.INSULT)


def test_proofs_are_counted_as_they_come_and_go(session: Session) -> None:
    campaign, judge = open_things.campaign(session), moderator(session)

    def count() -> int:
        session.refresh(campaign)
        assert proofs.recount(session, repair=False) == 0
        return campaign.proof_count

    (first, shown), (_second, other) = _proof(session, campaign), _proof(session, campaign)
    assert count() == 0
    for post in (shown, other):
        deciding.release(session, judge, post.id)
    assert count() == 2
    _reports(session, other)
    assert count() == 1
    deciding.release(session, judge, other.id)
    assert count() == 2
    _reports(session, other)
    deciding.hide(session, judge, other.id, code=HideReason.INSULT, reason="다른 사람을 깎아내리는 말입니다.")
    assert count() == 1
    posting.withdraw(session, first, shown.id)
    assert count() == 0


def test_a_confirmed_proof_keeps_the_pictures_it_was_confirmed_with(session: Session) -> None:
    who, post = _proof(session, open_things.campaign(session))
    doors.require(session, who, "post", post.id, change=True)
    deciding.release(session, moderator(session), post.id)
    with pytest.raises(ForbiddenError):
        doors.require(session, who, "post", post.id, change=True)
    doors.require(session, who, "post", post.id)


def test_files_of_a_groups_post_are_the_groups(session: Session) -> None:
    insider, outsider = factories.user(session), rooms.citizen(session)
    group = rooms.group(session, insider)
    held = rooms.round_of(session, rooms.forum(session), audience=Audience.GROUP, group_id=group.id)
    post = commenting.comment(
        session, factories.actor(insider), held.id, body="우리끼리 하는 말입니다.", form_key=uuid4()
    )
    doors.require(session, factories.actor(insider), "post", post.id)
    with pytest.raises(NotFoundError):
        doors.require(session, outsider, "post", post.id)
    assert files.of(session, post.id) == {post.id: []}


@pytest.mark.parametrize("way", ["withdraw", "merge"])
def test_reports_end_when_the_post_is_gone(session: Session, way: str) -> None:
    here, writer, judge = talk.talk(session), member(session), moderator(session)
    post, other = here.say(by=writer), here.say("다른 글입니다.")
    reporting.report_post(session, member(session), post.id, code=HideReason.INSULT)
    assert queue.counts(session, judge)[queue.Desk.REPORTS] == 1
    if way == "withdraw":
        posting.withdraw(session, writer, post.id)
    else:
        deciding.merge(session, judge, post.id, other.id)
    assert queue.counts(session, judge)[queue.Desk.REPORTS] == 0
    assert queue.reports(session, judge) == []
    assert session.scalar(select(func.count()).where(Report.settled_at.is_(None))) == 0


def test_a_moderator_counts_what_they_see(session: Session) -> None:
    """Reports of a round that others moderate are neither counted nor listed."""
    held = rooms.round_of(session, rooms.forum(session))
    stranger = moderator(session)
    post = commenting.comment(session, member(session), held.id, body="찬성합니다.", form_key=uuid4())
    reporting.report_post(session, member(session), post.id, code=HideReason.INSULT)
    assert queue.counts(session, stranger)[queue.Desk.REPORTS] == len(queue.reports(session, stranger)) == 0
    named = rooms.moderator(session, rooms.forum(session))
    assert queue.counts(session, named)[queue.Desk.REPORTS] == 0
    runs = rooms.moderator(session, session.get_one(type(rooms.forum(session)), held.forum_id))
    assert queue.counts(session, runs)[queue.Desk.REPORTS] == len(queue.reports(session, runs)) == 1
    assert len(queue.reports(session, runs, thread_id=held.id)) == 1
    assert queue.reports(session, runs, thread_id=uuid4()) == []


def test_nobody_decides_about_a_proposal_of_their_own(session: Session) -> None:
    writer = factories.user(session)
    helper = moderator(session)
    made = proposals.proposal(session, writer)
    proposals.co_author(session, made, session.get_one(type(writer), helper.id))
    with pytest.raises(ForbiddenError):
        deciding.keep_proposal(session, helper, made.id)
    deciding.hide_proposal(session, moderator(session), made.id, code=HideReason.INSULT, reason="비방하는 말입니다.")
    appeals.appeal(session, factories.actor(writer), "proposal", made.id, text="비방이 아닙니다. 다시 보아 주십시오.")
    row = queue.appeals(session, helper).rows[0]
    with pytest.raises(ForbiddenError):
        appeals.decide(session, helper, row.id, upheld=True, answer="다시 공개합니다.")
    assert appeals.decide(session, moderator(session), row.id, upheld=True, answer="다시 공개합니다.").upheld


def test_a_hidden_proposal_gets_no_campaign(session: Session) -> None:
    made = open_things.proposal(session, ProposalState.ANSWERED)
    made.hidden_at, made.hidden_code, made.hidden_reason = clock.now(), HideReason.INSULT, "비방"
    session.flush()
    draft = making.CampaignDraft("하루 한 번 걷기", "걷고 사진을 올립니다.", 10, clock.now(), clock.now() + rooms.DAY)
    with pytest.raises(InvalidError):
        making.make(session, member(session, Role.STAFF), made.id, draft)


def test_a_theme_nobody_has_confirmed_is_not_said_to_be_open(session: Session) -> None:
    held = themes.opened(session, rooms.official(session, Role.STAFF))
    talk_round = next(one for one in access.rounds(session, held.id) if one.kind is RoundKind.THREADS)
    told = []
    with time_machine.travel(talk_round.opens_at, tick=False):
        telling.tick(session)
        told = [row.key for row in agora.today(session, rooms.citizen(session), agora.Filters()).rows]
        assert talk_round.id not in told
        assert forums.listing(session, forums.Filters(status=forums.Status.OPEN)).page.rows == []
        names = select(RoundEvent.name).where(RoundEvent.round_id == talk_round.id)
        assert list(session.scalars(names)) == []
        held.theme_confirmed_at = clock.now()
        session.flush()
        telling.tick(session)
        assert list(session.scalars(names)) == ["opened"]
        told = [row.key for row in agora.today(session, rooms.citizen(session), agora.Filters()).rows]
        assert talk_round.id in told


def test_a_theme_keeps_one_round_of_each_of_its_kinds(session: Session) -> None:
    staff = rooms.official(session, Role.STAFF)
    held = themes.opened(session, staff)
    assert not set(schedule.kinds_for(held)) & {one.kind for one in access.rounds(session, held.id)}
    assert ForumKind.THEME not in kinds_for(staff)


def test_posts_of_other_kinds_keep_their_states(session: Session) -> None:
    """The proof that a moderator hasn't seen is read by nobody else."""
    _who, post = _proof(session, open_things.campaign(session))
    assert (post.kind, post.state) == (PostKind.PROOF, PostState.HELD)
    with pytest.raises(NotFoundError):
        doors.require(session, rooms.citizen(session), "post", post.id)


def test_a_quick_department_keeps_nobody_from_the_forum(session: Session) -> None:
    """공감 is taken until the answer; only before a department is assigned does falling below matter."""
    unit = factories.department(session)
    made: Proposal = proposals.proposal(
        session, state=ProposalState.IN_REVIEW, department_id=unit.id, due_at=clock.now(), department_threshold=1,
        forum_threshold=2,
    )  # fmt: skip
    people = [factories.actor(factories.user(session)) for _ in range(2)]
    for one in people:
        endorsing.endorse(session, one, made.id)
    assert made.forum_reached_at is not None
    for one in people:
        endorsing.endorse(session, one, made.id, on=False)
    assert (made.state, made.endorsement_count) == (ProposalState.IN_REVIEW, 0)
