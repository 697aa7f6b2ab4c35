"""공론장: who may make, open, run and end a forum, what the clock decides, and what is told."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import Audience, ForumKind, Opening, Reflection, RoundKind, Stance
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import ForumState
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import VISITOR, Actor, Role
from civicvote.models.audit import AuditEvent
from civicvote.models.deliberation import Forum, ForumLink, ForumOption, Round, RoundHold
from civicvote.models.notices import Notice
from civicvote.services import clock, watching
from civicvote.services.deliberation import (
    access,
    conclusion,
    counters,
    debates,
    detail,
    experts,
    forums,
    groups,
    links,
    making,
    options,
    questions,
    saying,
    schedule,
    stances,
    synthesis,
    telling,
)
from civicvote.services.discussion import commenting
from tests import factories
from tests.support import forums as support

DAY, SECOND = factories.DAY, timedelta(seconds=1)
CONTENT = making.Content(title="공원 조명을 몇 시까지 켤까요?", summary="기준을 정합니다.", background="배경입니다.")


def _told(session: Session, kind: NoticeKind) -> set[UUID]:
    return set(session.scalars(select(Notice.recipient_id).where(Notice.kind == kind)))


def _plan(opens: datetime, closes: datetime, **values: object) -> schedule.Plan:
    return schedule.Plan(RoundKind.THREADS, "상호토론", opens, closes, **values)  # type: ignore[arg-type]  # test values


def _office(session: Session) -> Actor:
    unit = factories.department(session)
    return support.official(session, Role.DEPARTMENT, department_id=unit.id)


def _drafted(session: Session, actor: Actor) -> Forum:
    """A question that could be submitted."""
    made = making.draft(session, actor, ForumKind.QUESTION, CONTENT)
    options.write(session, actor, made.id, ["밤 10시", "밤 12시"])
    schedule.add(session, actor, made.id, _plan(clock.now() + DAY, clock.now() + 8 * DAY))
    return made


def test_a_department_drafts_and_another_person_approves(session: Session) -> None:
    office, staff = _office(session), support.official(session, Role.STAFF)
    made = _drafted(session, office)
    assert made.department_id == office.department_id
    for outsider in (VISITOR, support.citizen(session), _office(session)):
        with pytest.raises(NotFoundError):
            detail.get(session, outsider, made.id)
    making.move(session, office, made.id, "submit")
    assert staff.id in _told(session, NoticeKind.WORK_WAITS)
    with pytest.raises(ForbiddenError):
        making.move(session, office, made.id, "approve")
    with pytest.raises(InvalidError):
        making.move(session, staff, made.id, "return")
    making.move(session, staff, made.id, "return", reason="배경에 비용을 넣어 주십시오.")
    assert office.id in _told(session, NoticeKind.FOLLOWED_CHANGED)
    making.move(session, office, made.id, "submit")
    making.move(session, staff, made.id, "approve")
    assert made.state is ForumState.OPEN
    assert made.opened_at is not None
    assert detail.get(session, VISITOR, made.id).opening is Opening.COMING
    actions = list(session.scalars(select(AuditEvent.action).where(AuditEvent.subject_id == made.id)))
    assert sorted(actions) == sorted(
        ["forum:draft", "forum:options", "forum:submit", "forum:return", "forum:submit", "forum:approve"]
    )


def test_staff_dont_approve_their_own_question_nor_open_it_directly(session: Session) -> None:
    unit = factories.department(session)
    staff, other = support.official(session, Role.STAFF), support.official(session, Role.STAFF)
    content = making.Content("제목입니다", "요약", "배경", department_id=unit.id)
    made = making.draft(session, staff, ForumKind.QUESTION, content)
    options.write(session, staff, made.id, ["하나", "둘"])
    schedule.add(session, staff, made.id, _plan(clock.now(), clock.now() + DAY))
    with pytest.raises(ConflictError):
        making.move(session, staff, made.id, "open")
    with pytest.raises(ForbiddenError):  # who writes in it can't be its second person
        making.edit(session, other, made.id, content, version=made.version)
    making.move(session, staff, made.id, "submit")
    with pytest.raises(ForbiddenError):
        making.move(session, staff, made.id, "approve")
    assert making.move(session, other, made.id, "approve").state is ForumState.OPEN


def test_what_is_missing_is_said_before_anybody_sees_it(session: Session) -> None:
    staff = support.official(session, Role.STAFF)
    made = making.draft(session, staff, ForumKind.DEBATE, CONTENT)
    with pytest.raises(InvalidError, match="순서"):
        making.move(session, staff, made.id, "open")
    with pytest.raises(InvalidError):  # no department to answer
        making.draft(session, staff, ForumKind.QUESTION, CONTENT)
    with pytest.raises(ForbiddenError):
        making.draft(session, _office(session), ForumKind.DEBATE, CONTENT)
    with pytest.raises(InvalidError):
        options.write(session, office := _office(session), _drafted(session, office).id, ["하나만"])


def test_a_round_is_open_by_the_clock_to_the_second(session: Session) -> None:
    held = support.forum(session)
    opens, closes = clock.now().replace(microsecond=0) + DAY, clock.now().replace(microsecond=0) + 3 * DAY
    one = support.round_of(session, held, opens_at=opens, closes_at=closes)
    anybody = support.citizen(session)
    for moment, expected in (
        (opens - SECOND, Opening.COMING),
        (opens, Opening.OPEN),
        (closes - SECOND, Opening.OPEN),
        (closes, Opening.OVER),
    ):
        with time_machine.travel(moment, tick=False):
            assert schedule.opening(one, held) is expected
            refused = schedule.refusal(session, anybody, one, held) is not None
            assert refused is (expected is not Opening.OPEN)
    with time_machine.travel(closes, tick=False), pytest.raises(ConflictError):
        commenting.comment(session, anybody, one.id, body="늦은 의견입니다.", form_key=uuid4())


def test_a_hold_closes_what_the_clock_opens_and_keeps_both_reasons(session: Session) -> None:
    held, one = support.debate(session)
    runner, anybody = support.moderator(session, held), support.citizen(session)
    with pytest.raises(ForbiddenError):
        schedule.hold(session, support.official(session, Role.MODERATOR), one.id, reason="남의 공론장입니다.")
    schedule.hold(session, runner, one.id, reason="욕설이 이어져 잠시 멈춥니다.")
    with pytest.raises(ConflictError, match="욕설"):
        commenting.comment(session, anybody, one.id, body="의견입니다.", form_key=uuid4())
    assert detail.get(session, VISITOR, held.id).opening is Opening.HELD
    schedule.resume(session, runner, one.id, reason="정리했습니다.")
    commenting.comment(session, anybody, one.id, body="의견입니다.", form_key=uuid4())
    line = session.scalars(select(RoundHold)).one()
    assert (line.reason, line.lifted_reason) == ("욕설이 이어져 잠시 멈춥니다.", "정리했습니다.")
    with pytest.raises(ConflictError):
        schedule.resume(session, runner, one.id, reason="또 풉니다.")


def test_an_extension_keeps_the_old_date_and_is_told(session: Session) -> None:
    held, one = support.debate(session)
    runner, anybody = support.moderator(session, held), support.citizen(session)
    commenting.comment(session, anybody, one.id, body="의견입니다.", form_key=uuid4())
    old = one.closes_at
    with pytest.raises(InvalidError):
        schedule.extend(session, runner, one.id, closes_at=old - SECOND, reason="줄입니다.")
    schedule.extend(session, runner, one.id, closes_at=old + 7 * DAY, reason="연휴가 끼어 있습니다.")
    stop = detail.get(session, VISITOR, held.id).stops[0]
    assert [(line.old_closes_at, line.new_closes_at) for line in stop.extensions] == [(old, old + 7 * DAY)]
    assert _told(session, NoticeKind.ROUND_EXTENDED) == {anybody.id}
    with time_machine.travel(old + SECOND, tick=False):
        assert schedule.opening(one, held) is Opening.OPEN


def test_rounds_change_until_they_begin(session: Session) -> None:
    staff = support.official(session, Role.STAFF)
    made = making.draft(session, staff, ForumKind.DEBATE, CONTENT)
    now = clock.now()
    first = schedule.add(session, staff, made.id, _plan(now, now + 3 * DAY))
    second = schedule.add(session, staff, made.id, _plan(now + 4 * DAY, now + 6 * DAY))
    third = schedule.add(session, staff, made.id, _plan(now + 7 * DAY, now + 9 * DAY))
    schedule.shift(session, staff, third.id, up=True)
    assert [one.id for one in access.rounds(session, made.id)] == [first.id, third.id, second.id]
    schedule.remove(session, staff, third.id)
    with pytest.raises(InvalidError):
        schedule.add(session, staff, made.id, _plan(now + 3 * DAY, now + 2 * DAY))
    with pytest.raises(InvalidError):  # only 테마토론 has nominations
        schedule.add(session, staff, made.id, schedule.Plan(RoundKind.NOMINATIONS, "후보", now, now + DAY))
    making.move(session, staff, made.id, "open")
    with pytest.raises(ConflictError, match="이미 시작된"):
        schedule.edit(session, staff, first.id, _plan(now, now + DAY), version=first.version)
    schedule.edit(session, staff, second.id, _plan(now + 5 * DAY, now + 8 * DAY), version=second.version)
    with pytest.raises(ConflictError):
        schedule.edit(session, staff, second.id, _plan(now + 5 * DAY, now + 8 * DAY), version=second.version - 1)


def test_audience_by_level_and_group(session: Session) -> None:
    held = support.forum(session)
    verified = support.round_of(session, held, audience=Audience.VERIFIED)
    member = factories.user(session)
    circle = support.group(session, member)
    closed = support.round_of(session, held, audience=Audience.GROUP, group_id=circle.id)
    with pytest.raises(ConflictError, match="본인확인"):
        commenting.comment(session, support.citizen(session), verified.id, body="의견입니다.", form_key=uuid4())
    commenting.comment(session, support.citizen(session, level=1), verified.id, body="의견입니다.", form_key=uuid4())
    for outsider in (VISITOR, support.citizen(session, level=2), support.official(session, Role.DEPARTMENT)):
        with pytest.raises(NotFoundError):
            access.round_of(session, outsider, closed.id)
        assert [stop.round.id for stop in detail.get(session, outsider, held.id).stops] == [verified.id]
    inside = factories.actor(member)
    commenting.comment(session, inside, closed.id, body="위원 의견입니다.", form_key=uuid4())
    assert len(detail.get(session, inside, held.id).stops) == 2
    assert len(detail.get(session, support.moderator(session, held), held.id).stops) == 2


def test_the_latest_stance_counts_once_per_person(session: Session) -> None:
    held, one = support.debate(session)
    anybody = support.citizen(session)
    for stance in (Stance.FOR, Stance.AGAINST, Stance.AGAINST):
        stances.take(session, anybody, held.id, stance)
    stances.take(session, support.citizen(session), held.id, Stance.FOR)
    assert stances.counts(session, held.id) == {Stance.FOR: 1, Stance.AGAINST: 1, Stance.OTHER: 0}
    details = session.scalars(select(AuditEvent.detail).where(AuditEvent.action == "forum:stance"))
    assert all(found == {} for found in details)  # what somebody thinks is nobody's to look up
    with time_machine.travel(one.closes_at, tick=False), pytest.raises(ConflictError):
        stances.take(session, anybody, held.id, Stance.OTHER)
    with pytest.raises(ForbiddenError):
        stances.take(session, VISITOR, held.id, Stance.FOR)


def test_counts_of_options_are_shown_to_those_who_chose_and_to_all_at_the_end(session: Session) -> None:
    held, (first, second) = support.question(session)
    anybody, other = support.citizen(session), support.citizen(session)
    options.choose(session, anybody, held.id, first.id)
    options.choose(session, anybody, held.id, second.id)
    assert [one.count for one in options.of(session, held.id)] == [0, 1]
    seen = {who: detail.get(session, who, held.id).options for who in (VISITOR, anybody, other)}
    assert [panel.shown for panel in seen.values() if panel] == [False, True, False]
    with pytest.raises(InvalidError):
        options.choose(session, other, held.id, uuid4())
    with time_machine.travel(clock.now() + 6 * DAY, tick=False):
        panel = detail.get(session, VISITOR, held.id).options
        assert panel
        assert panel.shown


def test_counters_are_counted_anew(session: Session) -> None:
    held, one = support.debate(session)
    asked, (first, _second) = support.question(session)
    anybody = support.citizen(session)
    stances.take(session, anybody, held.id, Stance.FOR)
    options.choose(session, anybody, asked.id, first.id)
    commenting.comment(session, anybody, one.id, body="의견입니다.", form_key=uuid4())
    assert counters.recount(session, repair=False) == 0
    first.count = 7
    one.participant_count = 9
    session.flush()
    assert counters.recount(session) == 2
    assert counters.recount(session) == 0
    session.expire_all()
    assert session.get_one(ForumOption, first.id).count == 1
    assert session.get_one(Round, one.id).participant_count == 1


def test_conclusion_waits_for_the_rounds_or_says_why(session: Session) -> None:
    held, _one = support.debate(session)
    runner, anybody = support.moderator(session, held), support.citizen(session)
    stances.take(session, anybody, held.id, Stance.FOR)
    text = "새벽 50분을 다섯 노선부터 잇자는 데에 뜻이 모였습니다."
    with pytest.raises(ForbiddenError):
        conclusion.conclude(session, support.official(session, Role.MODERATOR), held.id, text=text)
    with pytest.raises(InvalidError):
        conclusion.conclude(session, runner, held.id, text=text)
    conclusion.conclude(session, runner, held.id, text=text, reason="모두의 뜻이 일찍 모였습니다.")
    assert held.state is ForumState.CONCLUDED
    assert held.answer_due_at is None
    assert _told(session, NoticeKind.CONCLUDED) == {anybody.id}
    with pytest.raises(ConflictError):
        stances.take(session, anybody, held.id, Stance.AGAINST)


def test_the_department_answers_and_being_overdue_is_told_once(session: Session) -> None:
    office, staff = _office(session), support.official(session, Role.STAFF)
    held, _rows = support.question(session, department_id=office.department_id)
    runner = support.moderator(session, held)
    with time_machine.travel(clock.now() + 6 * DAY, tick=False):
        conclusion.conclude(session, runner, held.id, text="밤 12시까지 밝기를 반으로 하자는 뜻이 많았습니다.")
        assert office.id in _told(session, NoticeKind.WORK_WAITS)
        assert held.answer_due_at == clock.now() + 30 * DAY
        assert not conclusion.overdue(held)
    with time_machine.travel(clock.now() + 36 * DAY, tick=False):
        assert conclusion.tell_overdue(session) == 1
        assert conclusion.tell_overdue(session) == 0
        assert _told(session, NoticeKind.OVERDUE) == {office.id, staff.id}
        late = forums.listing(session, forums.Filters(status=forums.Status.OVERDUE))
        assert [row.id for row in late.page.rows] == [held.id]
        session.refresh(held)
        for stranger in (_office(session), staff, runner):
            with pytest.raises(ForbiddenError):
                conclusion.answer(session, stranger, held.id, reflection=Reflection.PARTLY, text="반영하겠습니다.")
        conclusion.answer(session, office, held.id, reflection=Reflection.PARTLY, text="열두 곳부터 반영하겠습니다.")
        assert held.state is ForumState.ANSWERED
        assert not conclusion.overdue(held)


def test_the_clock_tells_of_a_round_once_each(session: Session) -> None:
    held, one = support.debate(session)
    runner, follower, member = support.moderator(session, held), support.citizen(session), factories.user(session)
    watching.watch(session, follower, held.id)
    circle = support.group(session, member)
    support.round_of(session, held, audience=Audience.GROUP, group_id=circle.id, title="위원 토론")
    for _ in range(2):
        telling.tick(session)
    opened = session.execute(
        select(Notice.recipient_id, Notice.path).where(Notice.kind == NoticeKind.ROUND_OPENED)
    ).all()
    # A follower who isn't of the group doesn't hear that its round exists.
    assert sorted(str(row[0]) for row in opened) == sorted([str(follower.id), str(member.id)])
    with time_machine.travel(one.closes_at - DAY + SECOND, tick=False):
        telling.tick(session)
        telling.tick(session)
        assert _told(session, NoticeKind.ROUND_CLOSES_TOMORROW) == {follower.id, member.id}
    with time_machine.travel(one.closes_at + SECOND, tick=False):
        telling.tick(session)
        assert runner.id in _told(session, NoticeKind.WORK_WAITS)
        before = session.scalar(select(func.count()).select_from(Notice))
        telling.tick(session)
        assert session.scalar(select(func.count()).select_from(Notice)) == before


def test_only_named_experts_and_the_department_answer(session: Session) -> None:
    office = _office(session)
    held = support.forum(session, department_id=office.department_id)
    one = support.round_of(session, held, RoundKind.QUESTIONS)
    staff, expert = support.official(session, Role.STAFF), support.official(session, Role.EXPERT)
    asked = saying.ask(session, support.citizen(session), one.id, body="비용은 얼마입니까?", form_key=uuid4())
    with pytest.raises(ForbiddenError):
        saying.answer(session, expert, asked.id, body="제가 답하겠습니다.", form_key=uuid4())
    with pytest.raises(InvalidError):  # no moderator by role
        experts.name_moderator(session, staff, held.id, expert.account())
    experts.name_expert(session, staff, held.id, expert.account(), field="대중교통")
    saying.answer(session, expert, asked.id, body="한 해 41억 원입니다.", form_key=uuid4())
    found = questions.listing(session, VISITOR, one.id, answered=True).rows
    assert [(q.id, [a.speaks_as for a in q.answers]) for q in found] == [(asked.id, ["대중교통"])]
    assert questions.listing(session, VISITOR, one.id, answered=False).rows == []
    experts.release(session, staff, held.id, expert.account())
    with pytest.raises(ForbiddenError):
        saying.answer(session, expert, asked.id, body="또 답하겠습니다.", form_key=uuid4())


def test_questions_come_by_how_many_want_them(session: Session) -> None:
    held = support.forum(session)
    one = support.round_of(session, held, RoundKind.QUESTIONS)
    people = [support.citizen(session) for _ in range(3)]
    asked = [
        saying.ask(session, who, one.id, body=f"질문 {place}입니다.", form_key=uuid4())
        for place, who in enumerate(people)
    ]
    for who in people[1:]:
        saying.support(session, who, one.id, asked[0].id, on=True)
    saying.support(session, people[0], one.id, asked[1].id, on=True)
    assert [q.id for q in questions.listing(session, VISITOR, one.id).rows] == [one.id for one in asked]


def test_a_synthesis_keeps_its_revisions_and_what_was_taken_up(session: Session) -> None:
    held = support.forum(session)
    one = support.round_of(session, held, RoundKind.SYNTHESIS)
    runner, anybody = support.moderator(session, held), support.citizen(session)
    with pytest.raises(ForbiddenError):
        synthesis.add(session, anybody, one.id, heading="시험", body="시험으로 운영합니다.")
    part = synthesis.add(session, runner, one.id, heading="시험 운영", body="시험으로 운영합니다.")
    note = saying.annotate(session, anybody, part.id, body="기간을 적어 주십시오.", form_key=uuid4())
    synthesis.revise(session, runner, part.id, heading="시험 운영", body="한 달 동안 시험합니다.", version=part.version)
    synthesis.take_up(session, runner, note.id, note="기간을 적었습니다.")
    assert [line.number for line in synthesis.revisions(session, part.id)] == [2, 1]
    heard = synthesis.annotations(session, one.id, part.id).rows
    assert [(row.id, row.taken_up) for row in heard] == [(note.id, 2)]
    found = synthesis.parts(session, one.id)
    assert [(p.annotations, p.taken_up) for p in found] == [(1, 1)]
    with pytest.raises(ConflictError):
        synthesis.revise(session, runner, part.id, heading="시험", body="두 달 동안 시험합니다.", version=1)


def test_a_pasted_list_is_answered_line_by_line(session: Session) -> None:
    staff, known, other = support.official(session, Role.STAFF), factories.user(session), factories.user(session)
    made = groups.create(session, staff, name="물 분과", kind="season")
    assert known.email
    text = f"김하람 <{known.email.upper()}>\n\n없는사람@example.org\n주소가 아님\n{other.email}\n{known.email}"
    report = groups.add(session, staff, made.id, text)
    assert [(line.number, line.result) for line in report] == [
        (1, groups.Result.ADDED),
        (3, groups.Result.UNKNOWN),
        (4, groups.Result.UNREADABLE),
        (5, groups.Result.ADDED),
        (6, groups.Result.ALREADY),
    ]
    assert {key for key, _name in groups.members(session, staff, made.id)} == {known.id, other.id}
    with pytest.raises(ForbiddenError):
        groups.add(session, _office(session), made.id, text)


def test_links_take_paths_and_https_alone(session: Session) -> None:
    held, _one = support.debate(session)
    runner = support.moderator(session, held)
    for url in ("javascript:alert(1)", "//evil.example", "http://seoul.go.kr", "https://user@evil.example/", "x"):
        with pytest.raises(InvalidError):
            links.add(session, runner, held.id, after=True, label="이어진 일", url=url)
    links.add(session, runner, held.id, after=True, label="이어진 일", url="/budget/")
    links.add(session, runner, held.id, after=False, label="조례", url="https://legal.seoul.go.kr/a?b=1")
    assert [link.after for link in links.of(session, held.id)] == [True, False]


def test_a_concluded_forum_becomes_a_draft_with_links_both_ways(session: Session) -> None:
    unit, staff = factories.department(session), support.official(session, Role.STAFF)
    held = support.forum(session, state=ForumState.CONCLUDED, department_id=unit.id)
    made = links.promote(session, staff, held.id, ForumKind.QUESTION)
    assert made.state is ForumState.DRAFT
    assert made.background == held.conclusion
    rows = session.scalars(select(ForumLink).order_by(ForumLink.id)).all()
    assert [(row.forum_id, row.after, row.url) for row in rows] == [
        (made.id, False, f"/forums/{held.id}"),
        (held.id, True, f"/forums/{made.id}"),
    ]


def test_lists_show_what_is_open_first(session: Session) -> None:
    over = support.forum(session)
    support.round_of(session, over, opens_at=clock.now() - 3 * DAY, closes_at=clock.now() - DAY)
    going, _one = support.debate(session)
    coming = support.forum(session)
    support.round_of(session, coming, opens_at=clock.now() + DAY)
    support.forum(session, state=ForumState.DRAFT)
    done = support.forum(session, state=ForumState.CONCLUDED)
    found = forums.listing(session, forums.Filters(kind=ForumKind.DEBATE))
    assert [row.id for row in found.page.rows] == [going.id, coming.id, over.id, done.id]
    assert found.total == 4
    assert [row.id for row in forums.hub(session).going] == [going.id]
    assert debates.ROUND_TITLE == "상호토론"
