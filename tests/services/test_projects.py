"""Proposals: who may write, what is recorded and told, and what two people at once get."""

from uuid import UUID, uuid4

import pytest
from flask import Flask, render_template
from flask_babel import force_locale
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import VISITOR, Role
from civicvote.models.audit import AuditEvent
from civicvote.models.base import new_id
from civicvote.models.cycles import Hold, Pool
from civicvote.models.outbox import OutboxMessage
from civicvote.models.projects import Comment, ProjectMove
from civicvote.models.reviews import Review, Supplement
from civicvote.services import clock, search
from civicvote.services.projects import counters, listing, reading, steps, talking, writing
from tests import factories


def _content(pool: Pool, **changes: object) -> writing.Content:
    values: dict[str, object] = {
        "title": "통학로 보행등 설치",
        "problem": "통학로가 어두워 아이들이 위험합니다.",
        "idea": "보행등 열두 개를 설치해 주십시오.",
    } | changes
    return writing.Content(pool_id=pool.id, **values)  # type: ignore[arg-type]  # test values


def _actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


def _told(session: Session, kind: str) -> list[UUID | None]:
    return list(session.scalars(select(OutboxMessage.recipient_id).where(OutboxMessage.kind == kind)))


def test_visitors_may_only_read(session: Session) -> None:
    pool = factories.pool(session, factories.cycle(session))
    project = factories.project(session, pool)
    with pytest.raises(ForbiddenError):
        writing.start(session, VISITOR, new_id(), _content(pool))
    with pytest.raises(ForbiddenError):
        talking.endorse(session, VISITOR, project.id)
    with pytest.raises(ForbiddenError):
        talking.say(session, VISITOR, project.id, body="안녕하십니까", form_key=uuid4())
    with pytest.raises(ForbiddenError):
        talking.hidable(session, VISITOR, uuid4())
    assert reading.detail(session, VISITOR, project.id).project is project


def test_others_may_not_touch_a_public_project(session: Session) -> None:
    pool = factories.pool(session, factories.cycle(session))
    project = factories.project(session, pool, factories.user(session))
    stranger = factories.actor(factories.user(session))
    with pytest.raises(ForbiddenError):
        writing.change(session, stranger, project.id, _content(pool), version=project.version)
    with pytest.raises(ForbiddenError):
        steps.withdraw(session, stranger, project.id, reason="남의 제안입니다")
    with pytest.raises(ForbiddenError):
        steps.report(session, stranger, project.id, form_key=uuid4(), progress=1, spent_won=0, text="진행했습니다")


def test_submission_numbers_records_and_makes_findable(session: Session) -> None:
    pool = factories.pool(session, factories.cycle(session))
    author = factories.actor(factories.user(session))
    numbers: list[str | None] = []
    for _ in range(3):
        draft = writing.start(session, author, new_id(), _content(pool))
        assert listing.listing(session, VISITOR, listing.Filters(q="보행등")).total == len(numbers)
        numbers.append(writing.submit(session, author, draft.id).number)
    assert numbers == ["26-0001", "26-0002", "26-0003"]
    assert _actions(session) == ["project:draft", "project:submit"] * 3
    assert session.scalar(select(func.count()).select_from(ProjectMove)) == 3
    assert listing.listing(session, VISITOR, listing.Filters(q="보행등")).total == 3
    assert listing.listing(session, VISITOR, listing.Filters(q="26-0002")).total == 1


def test_numbers_go_on_after_9999_and_beside_imported_ones(session: Session) -> None:
    pool = factories.pool(session, factories.cycle(session))
    for number in ("26-9999", "26-10000", "118", "26-x"):
        factories.project(session, pool, number=number)
    author = factories.actor(factories.user(session))
    draft = writing.start(session, author, new_id(), _content(pool))
    assert writing.submit(session, author, draft.id).number == "26-10001"


@pytest.mark.parametrize("opened", ["before", "review", "voting", "closed"])
def test_nothing_is_submitted_outside_the_window(session: Session, opened: str) -> None:
    pool = factories.pool(session, factories.cycle(session, opened=opened))
    author = factories.user(session)
    draft = factories.project(session, pool, author, ProjectState.DRAFT)
    with pytest.raises(ConflictError) as refused:
        writing.submit(session, factories.actor(author), draft.id)
    assert "초안은 남아 있" in str(refused.value.message)
    with pytest.raises(InvalidError):
        writing.start(session, factories.actor(author), new_id(), _content(pool))


def test_a_hold_closes_what_the_clock_opens(session: Session) -> None:
    cycle = factories.cycle(session)
    pool = factories.pool(session, cycle)
    author = factories.user(session)
    draft = factories.project(session, pool, author, ProjectState.DRAFT)
    session.add(Hold(cycle_id=cycle.id, reason="점검", placed_at=clock.now()))
    session.flush()
    assert writing.open_pools(session) == []
    with pytest.raises(ConflictError) as refused:
        writing.submit(session, factories.actor(author), draft.id)
    assert "멈추었습니다" in str(refused.value.message)


@pytest.mark.parametrize("field", ["title", "problem", "idea"])
def test_a_draft_may_be_short_a_submission_may_not(session: Session, field: str) -> None:
    pool = factories.pool(session, factories.cycle(session))
    author = factories.actor(factories.user(session))
    draft = writing.start(session, author, new_id(), _content(pool, **{field: "짧음"}))
    with pytest.raises(InvalidError) as refused:
        writing.submit(session, author, draft.id)
    assert refused.value.field == field


def test_a_district_pool_decides_the_district(session: Session) -> None:
    pool = factories.pool(session, factories.cycle(session), district="11740")
    author = factories.actor(factories.user(session))
    assert writing.start(session, author, new_id(), _content(pool, district="11110")).district == "11740"


def test_editing_ends_with_the_review(session: Session) -> None:
    pool = factories.pool(session, factories.cycle(session))
    author = factories.user(session)
    for state in ProjectState:
        costs = {"cost_won": 1000}
        project = factories.project(session, pool, author, state, **costs)
        actor = factories.actor(author)
        if state in reading.EDITABLE:
            assert (
                writing.change(session, actor, project.id, _content(pool, title="고친 제목입니다"), version=1).version
                == 2
            )
            assert reading.detail(session, actor, project.id).editable
        else:
            with pytest.raises(ConflictError):
                writing.change(session, actor, project.id, _content(pool), version=1)
            with pytest.raises(ConflictError):
                reading.editable(session, actor, project.id)


def test_a_submitted_project_keeps_its_pool_and_stays_whole(session: Session) -> None:
    cycle = factories.cycle(session)
    pool, other = factories.pool(session, cycle), factories.pool(session, cycle)
    author = factories.user(session)
    project = factories.project(session, pool, author)
    with pytest.raises(InvalidError) as moved:
        writing.change(session, factories.actor(author), project.id, _content(other), version=1)
    assert moved.value.field == "pool"
    with pytest.raises(InvalidError) as cut:
        writing.change(session, factories.actor(author), project.id, _content(pool, idea=""), version=1)
    assert cut.value.field == "idea"


def test_an_edit_is_found_by_its_new_words_only(session: Session) -> None:
    pool = factories.pool(session, factories.cycle(session))
    author = factories.actor(factories.user(session))
    project = writing.submit(session, author, writing.start(session, author, new_id(), _content(pool)).id)
    words = _content(
        pool, title="한강 음수대 교체", problem="음수대가 낡아 물이 샙니다.", idea="음수대를 새것으로 바꿔 주십시오."
    )
    writing.change(session, author, project.id, words, version=project.version)
    session.flush()
    assert listing.listing(session, VISITOR, listing.Filters(q="음수대")).total == 1
    assert listing.listing(session, VISITOR, listing.Filters(q="보행등")).total == 0


def test_withdrawing_closes_review_and_question_and_tells_followers(session: Session) -> None:
    pool = factories.pool(session, factories.cycle(session))
    author, reader = factories.user(session), factories.user(session)
    department = factories.department(session)
    project = factories.project(session, pool, author, ProjectState.SUPPLEMENT, department_id=department.id)
    moment = clock.now()
    review = Review(project_id=project.id, department_id=department.id, assigned_at=moment, due_at=moment, criteria={})
    session.add(review)
    session.flush()
    asked = Supplement(review_id=review.id, project_id=project.id, question="?", asked_at=moment, due_at=moment)
    session.add(asked)
    session.flush()
    talking.follow(session, factories.actor(reader), project.id)
    with pytest.raises(InvalidError):
        steps.withdraw(session, factories.actor(author), project.id, reason="  ")
    steps.withdraw(session, factories.actor(author), project.id, reason="비슷한 제안에 힘을 모으겠습니다.")
    session.expire_all()
    assert project.state is ProjectState.WITHDRAWN
    assert project.state_reason == "비슷한 제안에 힘을 모으겠습니다."
    assert review.closed_at is not None
    assert asked.lapsed_at is not None
    assert _told(session, "project-moved") == [reader.id]
    with pytest.raises(ConflictError):
        talking.say(session, factories.actor(reader), project.id, body="아쉽습니다", form_key=uuid4())
    with pytest.raises(ConflictError):
        talking.endorse(session, factories.actor(reader), project.id)


@pytest.mark.parametrize("state", list(ProjectState))
def test_endorsement_is_open_until_the_ballot_list(session: Session, state: ProjectState) -> None:
    project = factories.project(session, factories.pool(session, factories.cycle(session)), state=state)
    actor = factories.actor(factories.user(session))
    if state in reading.ENDORSABLE:
        assert talking.endorse(session, actor, project.id) == 1
        assert talking.endorse(session, actor, project.id, on=False) == 0
    else:
        with pytest.raises(NotFoundError if state is ProjectState.DRAFT else ConflictError):
            talking.endorse(session, actor, project.id)


def test_answers_are_one_level_deep_and_stay_with_their_project(session: Session) -> None:
    pool = factories.pool(session, factories.cycle(session))
    project, other = factories.project(session, pool), factories.project(session, pool)
    actor = factories.actor(factories.user(session))
    talking.say(session, actor, project.id, body="첫 글", form_key=uuid4())
    head = session.scalars(select(Comment)).one()
    talking.say(session, actor, project.id, body="답글", form_key=uuid4(), parent_id=head.id)
    answer = session.scalars(select(Comment).where(Comment.parent_id == head.id)).one()
    talking.say(session, actor, project.id, body="답글의 답글", form_key=uuid4(), parent_id=answer.id)
    with pytest.raises(NotFoundError):
        talking.say(session, actor, other.id, body="엉뚱한 답글", form_key=uuid4(), parent_id=head.id)
    page = talking.comments(session, actor, project)
    assert [row.body for row in page.rows] == ["첫 글"]
    assert [row.body for row in page.rows[0].answers] == ["답글", "답글의 답글"]


def test_comments_come_by_pages_of_threads(session: Session) -> None:
    project = factories.project(session, factories.pool(session, factories.cycle(session)))
    actor = factories.actor(factories.user(session))
    for number in range(45):
        talking.say(session, actor, project.id, body=f"댓글 {number}", form_key=uuid4())
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        page = talking.comments(session, actor, project, cursor)
        seen += [row.body for row in page.rows]
        cursor = page.next
    assert cursor is None
    assert seen == [f"댓글 {number}" for number in reversed(range(45))]


def test_hiding_tells_the_writer_once(session: Session) -> None:
    project = factories.project(session, factories.pool(session, factories.cycle(session)))
    writer, moderator = factories.user(session), factories.user(session, Role.MODERATOR)
    talking.say(session, factories.actor(writer), project.id, body="욕설입니다", form_key=uuid4())
    comment = session.scalars(select(Comment)).one()
    acting = factories.actor(moderator, Role.MODERATOR)
    with pytest.raises(InvalidError):
        talking.hide(session, acting, comment.id, reason=" ")
    talking.hide(session, acting, comment.id, reason="욕설")
    assert _told(session, "comment-hidden") == [writer.id]
    row = talking.comments(session, VISITOR, project).rows[0]
    assert (row.body, row.hidden, row.hidden_reason) == ("", True, "욕설")
    assert "comment:hide" in _actions(session)


def test_recount_finds_and_mends_drift(session: Session) -> None:
    project = factories.project(session, factories.pool(session, factories.cycle(session)))
    for _ in range(3):
        person = factories.actor(factories.user(session))
        talking.endorse(session, person, project.id)
        talking.say(session, person, project.id, body="좋습니다", form_key=uuid4())
    talking.hide(
        session,
        factories.actor(factories.user(session, Role.MODERATOR), Role.MODERATOR),
        session.scalars(select(Comment.id).limit(1)).one(),
        reason="도배",
    )
    assert counters.recount(session) == 0
    session.refresh(project)
    assert (project.endorsement_count, project.comment_count) == (3, 2)
    project.endorsement_count = 99
    session.flush()
    assert counters.recount(session, repair=False) == 1
    assert counters.recount(session) == 1
    assert counters.recount(session) == 0
    session.refresh(project)
    assert project.endorsement_count == 3


def test_the_way_of_every_state_is_shown(session: Session) -> None:
    pool = factories.pool(session, factories.cycle(session, CycleState.PUBLISHED, opened="closed"))
    shown = {
        state: reading.detail(session, VISITOR, factories.project(session, pool, state=state).id).step
        for state in ProjectState
        if state is not ProjectState.DRAFT
    }
    assert shown.pop(ProjectState.WITHDRAWN) == -1
    assert all(0 <= step <= len(reading.STEPS) for step in shown.values())
    assert shown[ProjectState.COMPLETED] == len(reading.STEPS)


def test_undecided_reviews_keep_their_reasons_inside(session: Session) -> None:
    department = factories.department(session)
    project = factories.project(
        session, factories.pool(session, factories.cycle(session)), state=ProjectState.IN_REVIEW
    )
    moment = clock.now()
    session.add(
        Review(
            project_id=project.id, department_id=department.id, assigned_at=moment, due_at=moment, criteria={}, reason="속말",
            cost_won=5,
        )
    )  # fmt: skip
    session.flush()
    found = reading.detail(session, VISITOR, project.id)
    assert found.decided is None
    assert [(row.reason, row.cost_won) for row in found.reviews] == [("", None)]


def test_search_document_goes_with_reindexing(session: Session) -> None:
    pool = factories.pool(session, factories.cycle(session))
    factories.project(session, pool)
    factories.project(session, pool, factories.user(session), ProjectState.DRAFT)
    assert search.reindex(session) == 1
    assert search.reindex(session, cycle_id=pool.cycle_id) == 1
    assert search.reindex(session, cycle_id=uuid4()) == 0


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("kind", ["project-moved", "project-status", "comment-hidden"])
def test_letters_have_a_subject_and_lead_to_the_project(app: Flask, kind: str, lang: str) -> None:
    payload = {
        "project": str(uuid4()),
        "title": "100% 안전한 <골목>",
        "state": "eligible",
        "reason": "법에 맞습니다.",
        "progress": 40,
        "text": "공사 중",
    }
    with app.test_request_context(), force_locale(lang):
        letter = render_template(f"mail/{kind}.txt", base_url="https://x.test", recipient_name="김서울", **payload)
    subject, blank, body = letter.strip().split("\n", 2)
    assert subject.startswith("[")
    assert blank == ""
    assert f"https://x.test/projects/{payload['project']}" in body
    assert "100% 안전한 <골목>" in letter
