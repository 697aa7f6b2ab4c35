"""Talk: saying something once, two deep, slowed down, held, reported, taken back."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from civicvote.db import Database
from civicvote.domain.deliberation import ForumKind, Stance
from civicvote.domain.discussion import HideReason, PostKind, PostSort, ThreadKind
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError, TooManyError
from civicvote.domain.lifecycles import PostState, ProposalState
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import VISITOR, Role
from civicvote.models.audit import AuditEvent
from civicvote.models.deliberation import RoundParticipant
from civicvote.models.discussion import Post, Report, Thread
from civicvote.models.notices import Notice
from civicvote.models.proposals import Proposal
from civicvote.services import clock, dated_settings
from civicvote.services.discussion import commenting, counters, posting, reading, reporting, threads
from tests import factories
from tests.conftest import DATABASES, Queries
from tests.support import agora, talk
from tests.support.races import together
from tests.support.talk import Talk


@pytest.fixture
def here(session: Session) -> Talk:
    return talk.talk(session)


def count(session: Session, talk_: Talk) -> int:
    return session.execute(select(Thread.post_count).where(Thread.id == talk_.proposal.id)).scalar_one()


def told(session: Session, kind: NoticeKind) -> list[object]:
    return sorted(session.scalars(select(Notice.recipient_id).where(Notice.kind == kind)), key=str)


def test_a_form_sent_twice_is_one_post(session: Session, here: Talk) -> None:
    speaker, key = talk.member(session), uuid4()
    first = here.say("한 번만 쓴 글", by=speaker, form_key=key)
    assert here.say("한 번만 쓴 글", by=speaker, form_key=key).id == first.id
    assert count(session, here) == 1
    with pytest.raises(NotFoundError):
        here.say("남의 글", by=talk.member(session), form_key=key)
    assert session.scalar(select(func.count()).where(AuditEvent.action == "post:write")) == 1


def test_an_answer_to_an_answer_joins_the_same_conversation(session: Session, here: Talk) -> None:
    root = here.say()
    answer = here.say("찬성합니다.", parent_id=root.id)
    third = here.say("저도요.", parent_id=answer.id)
    assert (answer.root_id, third.root_id, third.reply_to_id) == (root.id, root.id, answer.id)
    session.refresh(root)
    assert root.answer_count == 2
    other = talk.talk(session)
    with pytest.raises(NotFoundError):
        other.say(parent_id=root.id)


@pytest.mark.parametrize(
    ("body", "field"),
    [("", "body"), ("가" * 1001, "body"), ("제 번호는 900101-1234567입니다", "body"), ("가\x00나", "body")],
)
def test_what_cannot_be_said_is_told_beside_the_field(session: Session, here: Talk, body: str, field: str) -> None:
    with pytest.raises(InvalidError) as refused:
        here.say(body)
    assert refused.value.field == field
    assert count(session, here) == 0


def test_a_new_account_waits_between_posts(session: Session, here: Talk) -> None:
    fresh = factories.actor(factories.user(session))
    here.say("첫 글", by=fresh)
    with pytest.raises(TooManyError) as refused:
        here.say("둘째 글", by=fresh)
    assert 0 < refused.value.retry_after <= 61
    with time_machine.travel(clock.now() + timedelta(seconds=61)):
        here.say("둘째 글", by=fresh)
    here.say("오래된 계정", by=(old := talk.member(session)))
    here.say("기다리지 않습니다", by=old)


def test_too_many_posts_in_an_hour_have_to_wait(session: Session, here: Talk) -> None:
    staff = factories.actor(factories.user(session, Role.STAFF), Role.STAFF)
    dated_settings.change(
        session, staff, "moderation.posts_per_hour", 3, effective_at=clock.now() + timedelta(seconds=1), reason="시험"
    )
    speaker = talk.member(session)
    with time_machine.travel(clock.now() + timedelta(minutes=1), tick=False) as now:
        for place in range(3):
            here.say(f"글 {place}", by=speaker)
        with pytest.raises(TooManyError) as refused:
            here.say("넷째 글", by=speaker)
        assert 3500 < refused.value.retry_after <= 3601
        now.shift(timedelta(seconds=refused.value.retry_after))
        here.say("넷째 글", by=speaker)


def test_the_same_text_is_taken_twice_a_day_wherever_it_is_written(session: Session, here: Talk) -> None:
    speaker, other = talk.member(session), talk.talk(session)
    here.say("같은 글입니다!", by=speaker)
    other.say("  같은  글입니다 ", by=speaker)
    with pytest.raises(InvalidError, match="같은 글"):
        here.say("같은 글입니다.", by=speaker)
    here.say("같은 글입니다.", by=talk.member(session))
    with time_machine.travel(clock.now() + timedelta(days=1, minutes=1)):
        here.say("같은 글입니다.", by=speaker)


def test_links_in_first_posts_wait_for_a_look(session: Session, here: Talk) -> None:
    speaker = talk.member(session)
    held = here.say("여기 보세요 https://example.com", by=speaker)
    assert (held.state, held.held_for) == (PostState.HELD, "links")
    assert count(session, here) == 0
    assert told(session, NoticeKind.COMMENTED) == []
    shown = [reading.posts(session, who, here.proposal.id).rows for who in (VISITOR, speaker, talk.moderator(session))]
    assert [len(rows) for rows in shown] == [0, 1, 1]
    here.say("링크 없는 글", by=speaker)
    assert here.say("다시 www.example.com", by=speaker).state is PostState.SHOWN


def test_those_concerned_are_told_once_each(session: Session, here: Talk) -> None:
    first = talk.member(session, name="가로등")
    root = here.say("의견입니다.", by=first)
    assert told(session, NoticeKind.COMMENTED) == [here.author.id]
    here.say("@가로등 님, @제안한이 님 보세요", by=talk.member(session), parent_id=root.id)
    assert told(session, NoticeKind.REPLIED) == [first.id]  # answered and called by name: told once
    assert told(session, NoticeKind.MENTIONED) == []  # the author has not spoken here


def test_a_name_two_people_share_calls_nobody(session: Session, here: Talk) -> None:
    twins = [talk.member(session, name="김서울") for _ in range(2)]
    for who in twins:
        here.say(f"의견 {who.id}", by=who)
    alone = talk.member(session, name="박서울")
    here.say("의견 하나", by=alone)
    here.say("@김서울 @박서울 님께", by=talk.member(session))
    assert told(session, NoticeKind.MENTIONED) == [alone.id]


def test_nobody_speaks_where_the_thing_is_silent(session: Session, here: Talk) -> None:
    speaker = talk.member(session)
    for state in (ProposalState.DRAFT, ProposalState.WITHDRAWN):
        in_state(session, here, state)
        with pytest.raises((ConflictError, NotFoundError)):
            commenting.comment(session, speaker, here.proposal.id, body="한마디", form_key=uuid4())
    with pytest.raises(ForbiddenError):
        commenting.comment(session, VISITOR, here.proposal.id, body="한마디", form_key=uuid4())


def in_state(session: Session, here: Talk, state: ProposalState) -> None:
    """Put the proposal into a state, as its moves would."""
    session.execute(
        update(Proposal)
        .where(Proposal.id == here.proposal.id)
        .values({"state": state})
        .execution_options(synchronize_session=False)
    )
    session.expire_all()


def test_a_round_takes_comments_with_a_stance_while_it_is_open(session: Session) -> None:
    closes = clock.now() + timedelta(hours=1)
    found = agora.round_of(session, ForumKind.DEBATE, closes)
    threads.open_thread(session, ThreadKind.ROUND, found.id, title="상호토론", path=f"/rounds/{found.id}")
    speaker = talk.member(session)
    post = commenting.comment(session, speaker, found.id, body="찬성합니다.", form_key=uuid4(), stance=Stance.FOR)
    assert post.stance is Stance.FOR
    assert session.get(RoundParticipant, (found.id, speaker.id)) is not None
    with time_machine.travel(closes, tick=False), pytest.raises(ConflictError, match="끝났"):
        commenting.comment(session, speaker, found.id, body="늦었습니다.", form_key=uuid4())


def test_taking_back_leaves_the_place_and_no_text(session: Session, here: Talk) -> None:
    speaker = talk.member(session)
    post = here.say("지울 글", by=speaker)
    with pytest.raises(NotFoundError):
        posting.withdraw(session, talk.member(session), post.id)
    posting.withdraw(session, speaker, post.id)
    assert (post.state, post.body) == (PostState.WITHDRAWN, "")
    assert count(session, here) == 0
    row = reading.posts(session, VISITOR, here.proposal.id).rows[0]
    assert (row.state, row.body, row.author is not None) == (PostState.WITHDRAWN, "", True)


def test_support_is_one_per_account_and_never_ones_own(session: Session, here: Talk) -> None:
    speaker, reader = talk.member(session), talk.member(session)
    post = here.say(by=speaker)
    assert posting.support(session, reader, post.id) == 1
    assert posting.support(session, reader, post.id) == 1
    assert posting.support(session, reader, post.id, on=False) == 0
    with pytest.raises(InvalidError):
        posting.support(session, speaker, post.id)
    assert counters.recount(session) == 0


def test_three_reports_by_verified_people_veil_a_post(session: Session, here: Talk) -> None:
    author = talk.member(session)
    post = here.say(by=author)
    for level in (0, 0, 0, 1, 2):
        reporting.report_post(session, talk.member(session, level=level), post.id, code=HideReason.INSULT)
    last = talk.member(session, level=1)
    assert session.get_one(Post, post.id).state is PostState.SHOWN
    reporting.report_post(session, last, post.id, code=HideReason.ADVERTISING)
    assert session.get_one(Post, post.id).state is PostState.VEILED
    assert count(session, here) == 0
    assert told(session, NoticeKind.HIDDEN) == [author.id]
    with pytest.raises(ConflictError):
        reporting.report_post(session, talk.member(session, level=1), post.id, code=HideReason.INSULT)
    assert reading.posts(session, VISITOR, here.proposal.id).rows == []


def test_reporting_twice_or_oneself_counts_nothing(session: Session, here: Talk) -> None:
    author, reader = talk.member(session), talk.member(session, level=1)
    post = here.say(by=author)
    for _ in range(2):
        reporting.report_post(session, reader, post.id, code=HideReason.INSULT)
    assert session.scalar(select(func.count()).select_from(Report)) == 1
    with pytest.raises(ConflictError):
        reporting.report_post(session, author, post.id, code=HideReason.INSULT)


@pytest.mark.parametrize("sort", list(PostSort))
def test_every_order_pages_without_gap(session: Session, here: Talk, sort: PostSort) -> None:
    made = [here.say(f"의견 {n}") for n in range(45)]
    for place, post in enumerate(made):
        for _ in range(place % 3):
            posting.support(session, talk.member(session), post.id)
    wanted = reading.Wanted(sort=sort)
    seen, cursor = [], None
    while True:
        found = reading.posts(session, VISITOR, here.proposal.id, wanted, cursor)
        seen += [row.id for row in found.rows]
        cursor = found.next
        if cursor is None:
            break
    assert sorted(seen) == sorted(post.id for post in made)
    if sort is PostSort.OLDEST:
        assert seen == [post.id for post in made]


def test_a_long_thread_takes_the_statements_of_a_short_one(session: Session, here: Talk, queries: Queries) -> None:
    reader = talk.member(session)
    seen = []
    for rows in (2, 30):
        for n in range(rows):
            root = here.say(f"글 {n} {rows}")
            for k in range(3):
                here.say(f"답 {n} {k} {rows}", parent_id=root.id)
        session.flush()
        session.expire_all()
        queries.clear()
        found = reading.posts(session, reader, here.proposal.id)
        seen.append(len(queries))
    assert seen[0] == seen[1] <= 4, queries.statements
    assert all(len(row.answers) == 3 for row in found.rows)


def test_answers_beyond_the_fifth_have_a_page_of_their_own(session: Session, here: Talk) -> None:
    root = here.say()
    made = [here.say(f"답글 {n}", parent_id=root.id).id for n in range(8)]
    row = reading.posts(session, VISITOR, here.proposal.id).rows[0]
    assert [a.id for a in row.answers] == made[:5]
    assert row.answer_count == 8
    assert [a.id for a in reading.answers(session, VISITOR, root.id).rows] == made


def test_the_pulse_moves_with_everything_people_see(session: Session, here: Talk) -> None:
    marks = [threads.pulse(session, here.proposal.id).pulse]
    speaker = talk.member(session)

    def moved() -> bool:
        marks.append(threads.pulse(session, here.proposal.id).pulse)
        return marks[-1] > marks[-2]

    post = here.say(by=speaker)
    assert moved()
    posting.support(session, talk.member(session), post.id)
    assert moved()
    posting.withdraw(session, speaker, post.id)
    assert moved()
    with pytest.raises(NotFoundError):
        threads.pulse(session, uuid4())


@pytest.mark.parametrize("kind", DATABASES)
def test_many_at_once_leave_the_counters_right(kind: str, make_database: Callable[..., Engine]) -> None:
    database = Database(make_database(kind))
    with database.transaction() as session:
        here = talk.talk(session)
        people = [talk.member(session) for _ in range(16)]
        target = here.say(by=people[0])
        thread_id, post_id = here.proposal.id, target.id

    def act(place: int) -> str:
        for turn in range(3):
            with database.transaction() as own:
                posting.say(
                    own, people[place], thread_id, body=f"의견 {place} {turn}", form_key=uuid4(), parent_id=post_id
                )
                if place:
                    posting.support(own, people[place], post_id, on=turn != 1)
        return "done"

    together(16, act)
    with database.reading() as session:
        assert counters.recount(session, repair=False) == 0
        assert session.scalar(select(Thread.post_count).where(Thread.id == thread_id)) == 49
        assert session.get_one(Post, post_id).support_count == 15
        assert session.get_one(Post, post_id).answer_count == 48


def test_kinds_have_their_own_length(session: Session, here: Talk) -> None:
    with pytest.raises(InvalidError):
        here.say("가" * 141, kind=PostKind.STATEMENT)
    here.say("가" * 140, kind=PostKind.STATEMENT)
