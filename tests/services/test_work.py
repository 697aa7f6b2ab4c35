"""What waits for officials: each sees their own, in one statement, and nothing they may not do."""

from sqlalchemy.orm import Session

from civicvote.domain.deliberation import ForumKind
from civicvote.domain.discussion import HideReason
from civicvote.domain.korean import seoul_date
from civicvote.domain.lifecycles import ForumState, ProposalState
from civicvote.domain.permissions import VISITOR, Actor, Role
from civicvote.services import clock, work
from civicvote.services.discussion import reporting
from civicvote.services.proposals import answers, commitments, desk
from tests import factories
from tests.conftest import Queries
from tests.services.test_proposal_desk import DRAFT, City
from tests.support import forums as rooms
from tests.support import proposals, talk

K = work.Kind


def counted(session: Session, actor: Actor) -> dict[work.Kind, int]:
    return {one.kind: one.count for one in work.of(session, actor).waiting}


def test_citizens_and_visitors_cost_nothing(session: Session, queries: Queries) -> None:
    people = [VISITOR, factories.actor(factories.user(session))]
    queries.clear()
    assert [work.of(session, one) for one in people] == [work.Work([], [])] * 2
    assert len(queries) == 0


def test_proposals_wait_for_one_after_the_other(session: Session, queries: Queries) -> None:
    city = City(session)
    assert counted(session, city.staff) == {K.SORT: 1, K.ASSIGN: 1}
    assert counted(session, city.department) == {}
    city.assigned(session)
    city.proposal.due_at = clock.now()
    session.flush()
    assert counted(session, city.department) == {K.ANSWER: 1, K.LATE: 1}
    assert counted(session, city.staff) == {K.LATE: 1}
    answers.write(session, city.department, city.proposal.id, DRAFT, ready=True)
    assert counted(session, city.department) == {}
    queries.clear()
    assert counted(session, city.staff) == {K.LATE: 1, K.PUBLISH: 1}
    assert len(queries) == 1
    assert work.of(session, city.staff).total == 1
    answers.publish(session, city.staff, city.proposal.id, seen=1)
    assert counted(session, city.department) == {K.PROMISE: 1}
    assert [case.id for case in desk.queue(session, city.department, "promise").rows] == [city.proposal.id]
    assert [case.id for case in desk.queue(session, city.staff, "promise").rows] == [city.proposal.id]
    day = seoul_date(clock.now())
    commitments.promise(session, city.department, city.proposal.id, title="그늘막 설치", first="자리 찾기", due_on=day)
    assert counted(session, city.department) == {}
    assert desk.queue(session, city.department, "promise").rows == []
    stranger = factories.user(session, Role.DEPARTMENT, department_id=factories.department(session).id)
    assert counted(session, factories.actor(stranger, Role.DEPARTMENT)) == {}


def test_moderators_count_what_they_can_decide(session: Session) -> None:
    here, judge, other = talk.talk(session), talk.moderator(session), talk.moderator(session)
    talk.appealed(session, judge, talk.member(session), here)
    post = here.say("신고된 글입니다.")
    reporting.report_post(session, talk.member(session), post.id, code=HideReason.INSULT)
    assert counted(session, judge) == {K.REPORTS: 1}  # nobody decides an appeal against themselves
    assert counted(session, other) == {K.REPORTS: 1, K.APPEALS: 1}
    for _ in range(3):
        reporting.report_post(session, talk.member(session, level=1), post.id, code=HideReason.INSULT)
    assert counted(session, other) == {K.LOOK: 1, K.REPORTS: 1, K.APPEALS: 1}


def test_a_moderators_own_post_waits_for_another(session: Session) -> None:
    here, judge, other = talk.talk(session), talk.moderator(session), talk.moderator(session)
    post = here.say("내가 쓴 글입니다.", by=judge)
    for _ in range(3):
        reporting.report_post(session, talk.member(session, level=1), post.id, code=HideReason.INSULT)
    assert K.LOOK not in counted(session, judge)
    assert counted(session, other)[K.LOOK] == 1


def test_forums_wait_for_their_own_people(session: Session) -> None:
    unit = factories.department(session)
    staff, second = (rooms.official(session, Role.STAFF) for _ in range(2))
    answering = factories.user(session, Role.DEPARTMENT, department_id=unit.id)
    rooms.forum(session, ForumKind.QUESTION, ForumState.SUBMITTED, created_by=staff.id)
    rooms.forum(session, ForumKind.QUESTION, ForumState.CONCLUDED, department_id=unit.id, answer_due_at=clock.now())
    ended = rooms.forum(session)
    rooms.round_of(session, ended, opens_at=clock.now() - 3 * rooms.DAY, closes_at=clock.now() - rooms.DAY)
    running = rooms.forum(session)
    rooms.round_of(session, running)
    named, elsewhere = rooms.moderator(session, ended), rooms.moderator(session, running)
    assert counted(session, staff) == {}
    assert counted(session, second) == {K.APPROVE: 1}
    assert counted(session, factories.actor(answering, Role.DEPARTMENT)) == {K.REFLECT: 1}
    assert counted(session, named) == {K.CONCLUDE: 1}
    assert counted(session, elsewhere) == {}


def test_hidden_proposals_wait_for_no_answer(session: Session) -> None:
    city = City(session).assigned(session)
    city.proposal.hidden_at, city.proposal.hidden_code, city.proposal.hidden_reason = (
        clock.now(),
        HideReason.INSULT,
        "비방",
    )
    session.flush()
    assert counted(session, city.department) == {}
    assert proposals.proposal(session, state=ProposalState.PUBLISHED).state is ProposalState.PUBLISHED
    assert counted(session, city.staff) == {K.SORT: 1}
