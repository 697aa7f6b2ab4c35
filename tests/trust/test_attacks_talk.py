"""Attacks on talk and proposals that once worked: keys of other things, one's own case, a lost appeal, words that stay."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import Audience, RoundKind
from civicvote.domain.discussion import HideReason, PostKind, ThreadKind
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import PostState, ProposalState
from civicvote.domain.paging import Cursor
from civicvote.domain.permissions import Actor, Role
from civicvote.models.discussion import Post, Thread
from civicvote.models.proposals import Proposal
from civicvote.services import clock, subjects
from civicvote.services.deliberation import debates
from civicvote.services.discussion import commenting, posting, reporting, threads
from civicvote.services.files import attaching
from civicvote.services.moderation import appeals, deciding, queue
from civicvote.services.proposals import assigning, authors, merging, reading, triage, writing
from civicvote.settings import Settings
from tests import factories
from tests.support import agora, proposals, talk
from tests.support import forums as rooms
from tests.support.files import pdf

INSULT = HideReason.INSULT
WHY = "다른 사람을 깎아내리는 말입니다."


def _things(session: Session) -> Iterator[UUID]:
    """Keys of things with threads, followers or files."""
    held = rooms.forum(session)
    group = rooms.group(session, factories.user(session))
    private = rooms.round_of(session, held, audience=Audience.GROUP, group_id=group.id)
    yield held.id
    yield private.id
    yield agora.campaign(session).id
    yield talk.talk(session).say().id
    yield proposals.proposal(session).id


def test_no_proposal_begins_under_the_key_of_something_else(session: Session) -> None:
    """Who published under a private round's key read what its members said, and wrote on official pages."""
    attacker = talk.member(session)
    for key in _things(session):
        assert subjects.taken(session, key)
        with pytest.raises(NotFoundError):
            writing.start(session, attacker, key, proposals.content())
    mine = uuid4()
    assert writing.start(session, attacker, mine, proposals.content()).id == mine
    with pytest.raises(NotFoundError):
        threads.open_thread(session, ThreadKind.CAMPAIGN, next(_things(session)), title="가로챈 것", path="/")
    assert set(session.scalars(select(Thread.title).where(Thread.title == "가로챈 것"))) == set()


def _staff_who_wrote(session: Session) -> tuple[Actor, Proposal, Proposal]:
    user = factories.user(session, Role.STAFF)
    own, other = proposals.proposal(session, user), proposals.proposal(session)
    return factories.actor(user, Role.STAFF), own, other


def test_staff_do_nothing_for_a_proposal_of_their_own(session: Session) -> None:
    staff, own, other = _staff_who_wrote(session)
    for source, target in ((own, other), (other, own)):
        assert target.number is not None
        with pytest.raises(ForbiddenError):
            merging.preview(session, staff, source.id, target.number)
        with pytest.raises(ForbiddenError):
            merging.merge(session, staff, source.id, target.number, reason="같은 내용입니다.")
    with pytest.raises(ForbiddenError):
        triage.confirm(session, staff, [own.id])
    with pytest.raises(ForbiddenError):
        triage.forward(session, staff, own.id, to="민원 창구", note="민원입니다.")
    own.state = ProposalState.AWAITING_DEPARTMENT
    session.flush()
    with pytest.raises(ForbiddenError):
        assigning.assign(session, staff, own.id, factories.department(session).id)
    assert own.state is ProposalState.AWAITING_DEPARTMENT


def test_who_lost_an_appeal_leaves_the_thing_to_others(session: Session) -> None:
    here, author = talk.talk(session), talk.member(session)
    first, second, third = (talk.moderator(session) for _ in range(3))
    lost = talk.appealed(session, first, author, here)
    post_id = session.scalars(select(Post.id).where(Post.author_id == author.id)).one()
    appeals.decide(session, second, lost, upheld=True, answer="비방이 아닙니다.")
    with pytest.raises(ForbiddenError):
        deciding.hide(session, first, post_id, code=INSULT, reason=WHY)
    deciding.hide(session, third, post_id, code=INSULT, reason=WHY)
    assert appeals.appealable(session, author, "post", post_id).id == post_id
    appeals.appeal(session, author, "post", post_id, text="다른 분이 이미 살펴보셨습니다.")
    with pytest.raises(ConflictError):
        appeals.appealable(session, author, "post", post_id)


def test_a_moderator_gains_nothing_for_a_post_of_their_own(session: Session) -> None:
    here, judge = talk.talk(session), talk.moderator(session)
    own, other = here.say("내 글입니다.", by=judge), here.say("남의 글입니다.")
    for source, target in ((own, other), (other, own)):
        with pytest.raises(ForbiddenError):
            deciding.merge(session, judge, source.id, target.id)
    with pytest.raises(ForbiddenError):
        deciding.pin(session, judge, own.id, on=True)
    reporting.report_post(session, talk.member(session), own.id, code=INSULT, note="신고한 사람의 말")
    assert queue.case(session, judge, own.id).reports == []
    assert queue.reports(session, judge) == []
    assert len(queue.reports(session, talk.moderator(session))) == 1


def test_a_moderator_leaves_the_talk_under_their_own_proposal_to_others(session: Session) -> None:
    user = factories.user(session, Role.MODERATOR)
    judge, other = factories.actor(user, Role.MODERATOR), talk.moderator(session)
    made, critic = proposals.proposal(session, user), talk.member(session)
    post = posting.say(session, critic, made.id, body="이 제안에는 반대합니다.", form_key=uuid4())
    reporting.report_post(session, talk.member(session), post.id, code=INSULT)
    reporting.report_proposal(session, talk.member(session), made.id, code=INSULT)
    assert queue.counts(session, judge)[queue.Desk.REPORTS] == len(queue.reports(session, judge)) == 0
    assert queue.counts(session, other)[queue.Desk.REPORTS] == len(queue.reports(session, other)) == 2
    with pytest.raises(ForbiddenError):
        deciding.hide(session, judge, post.id, code=INSULT, reason=WHY)
    with pytest.raises(ForbiddenError):
        deciding.close_thread(session, judge, made.id, reason="그만 이야기합니다.")
    with pytest.raises(ForbiddenError):
        deciding.hide_proposal(session, judge, made.id, code=INSULT, reason=WHY)
    deciding.hide(session, other, post.id, code=INSULT, reason=WHY)
    appeals.appeal(session, critic, "post", post.id, text="반대한 것뿐입니다.")
    with pytest.raises(ForbiddenError):
        appeals.decide(session, judge, queue.appeals(session, judge).rows[0].id, upheld=False, answer="그대로 둡니다.")
    own = talk.talk(session).say("내가 쓴 글입니다.", by=judge)
    with pytest.raises(ForbiddenError):
        deciding.hide(session, judge, own.id, code=INSULT, reason=WHY)


def test_a_campaign_takes_proofs_and_no_unseen_talk(session: Session) -> None:
    with pytest.raises(NotFoundError):
        commenting.comment(
            session, talk.member(session), agora.campaign(session).id, body="아무도 보지 않은 글", form_key=uuid4()
        )


def test_nobody_follows_what_is_hidden(session: Session) -> None:
    made, reader = proposals.proposal(session), talk.member(session)
    reading.follow(session, reader, made.id)
    deciding.hide_proposal(session, talk.moderator(session), made.id, code=INSULT, reason=WHY)
    with pytest.raises(NotFoundError):
        reading.follow(session, talk.member(session), made.id)
    reading.follow(session, reader, made.id, on=False)


def test_a_hidden_proposals_words_leave_the_debate_that_grew_from_it(session: Session, client: FlaskClient) -> None:
    made = proposals.proposal(session, title="김아무개는 도둑입니다", problem="김아무개의 집은 은하로 7입니다.")
    held, judge = debates.open_from_proposal(session, made), talk.moderator(session)

    def said() -> list[bool]:
        pages = [client.get(path).text for path in (f"/forums/{held.id}", "/debates", "/forums/", "/today")]
        return ["김아무개" in page for page in pages]

    assert said() == [True] * 4
    deciding.hide_proposal(session, judge, made.id, code=HideReason.PERSONAL_DATA, reason="개인정보가 있습니다.")
    assert said() == [False] * 4
    assert "김아무개" not in " ".join(session.scalars(select(Thread.title).where(Thread.id != made.id)))
    writer = session.get_one(type(factories.user(session)), made.author_id)
    appeals.appeal(session, factories.actor(writer), "proposal", made.id, text="제 이야기를 지어낸 것입니다.")
    key = queue.appeals(session, talk.moderator(session)).rows[0].id
    appeals.decide(session, talk.moderator(session), key, upheld=True, answer="지어낸 이야기입니다.")
    assert said() == [True] * 4


def test_the_end_of_a_round_is_the_end_for_its_moderators_too(session: Session) -> None:
    held = rooms.forum(session)
    over = rooms.round_of(session, held, opens_at=clock.now() - 3 * rooms.DAY, closes_at=clock.now())
    post = Post(thread_id=over.id, author_id=factories.user(session).id, body="의견", created_at=clock.now())
    post.form_key = uuid4()
    session.add(post)
    session.flush()
    for runs in (rooms.moderator(session, held), rooms.official(session, Role.STAFF)):
        with pytest.raises(ConflictError):
            posting.support(session, runs, post.id)


def test_a_statement_is_answered_and_not_supported_as_well(session: Session) -> None:
    held = rooms.round_of(session, rooms.forum(session), RoundKind.STATEMENTS)
    post = Post(thread_id=held.id, kind=PostKind.STATEMENT, author_id=factories.user(session).id, body="짧은 의견")
    post.created_at, post.form_key, post.state = clock.now(), uuid4(), PostState.SHOWN
    session.add(post)
    session.flush()
    with pytest.raises(NotFoundError):
        posting.support(session, talk.member(session), post.id)


def test_talk_carries_no_files(session: Session, settings: Settings) -> None:
    here, who = talk.talk(session), talk.member(session)
    post = here.say(by=who)
    with pytest.raises(ForbiddenError):
        attaching.attach(session, who, settings.store, ("post", post.id), pdf(), name="a.pdf")


def test_an_account_has_room_for_so_much_a_day(
    session: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = talk.member(session)
    draft = writing.start(session, who, uuid4(), proposals.content())
    monkeypatch.setattr(attaching, "MOST_A_DAY", len(pdf()) - 1)
    with pytest.raises(InvalidError, match="하루에 올릴 수 있는 양"):
        attaching.attach(session, who, settings.store, ("proposal", draft.id), pdf(), name="a.pdf")
    monkeypatch.setattr(writing, "MOST_DRAFTS", 1)
    with pytest.raises(ConflictError, match="쓰던 초안이 1개"):
        writing.start(session, who, uuid4(), proposals.content())


def test_a_hidden_proposal_is_opened_to_nobody_new(session: Session) -> None:
    writer = factories.user(session)
    made = proposals.proposal(session, writer)
    deciding.hide_proposal(session, talk.moderator(session), made.id, code=INSULT, reason=WHY)
    with pytest.raises(ConflictError):
        authors.invite(session, factories.actor(writer), made.id, email="new@example.org", link=str)


@pytest.mark.parametrize("path", ["/proposals/", "/proposals/overdue", "/today", "/campaigns/"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_no_cursor_breaks_a_list(client: FlaskClient, path: str, moment: str) -> None:
    mark = Cursor(uuid4(), moment).encode()
    for name in ("cursor", "after"):
        assert client.get(path, query_string={name: mark, "sort": "closing"}).status_code in {200, 422}
