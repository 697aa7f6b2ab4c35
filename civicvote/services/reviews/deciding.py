"""A reviewer's work: begin, keep notes, ask the author, decide; and the author's answer, or its absence."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from civicvote.domain.criteria import Findings, check_draft, check_verdict
from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.lifecycles import PROJECT, ProjectState
from civicvote.domain.messages import msg
from civicvote.domain.permissions import SYSTEM, Actor
from civicvote.domain.text import clean_text, refuse_resident_number
from civicvote.models.cycles import Pool
from civicvote.models.projects import CostLine, Project
from civicvote.models.reviews import Review, Supplement
from civicvote.services import audit, clock, outbox
from civicvote.services.conflicts import settled
from civicvote.services.projects.moves import advance
from civicvote.services.reviews.notices import tell_reviewers
from civicvote.services.reviews.reading import open_supplement, workable

MOST_SUPPLEMENT_DAYS = 90
_CHANGED = msg("같은 부서의 다른 담당자가 먼저 저장했습니다. 새로 고침 후 바뀐 내용을 확인하고 다시 저장해 주십시오.")


def _open_case(session: Session, actor: Actor, review_id: UUID) -> tuple[Review, Project]:
    review, project = workable(session, actor, review_id)
    if review.decided_at is not None or review.closed_at is not None:
        raise ConflictError(msg("이미 끝났거나 다른 곳에 다시 배정된 검토입니다."))
    return review, project


def start(session: Session, actor: Actor, review_id: UUID) -> Review:
    """Begin: whoever begins is in charge; the author is told."""
    review, project = _open_case(session, actor, review_id)
    with settled(session, _CHANGED):
        advance(session, actor, project, "start-review")
        if review.reviewer_id is None:
            review.reviewer_id = actor.id
        audit.record(session, actor, "review:start", review, project=project.id)
    return review


def _under_way(project: Project) -> None:
    if project.state is not ProjectState.IN_REVIEW:
        raise ConflictError(
            msg("지금은 「%(state)s」 상태라서 검토 내용을 고칠 수 없습니다.", state=PROJECT.labels[project.state])
        )


def _keep(review: Review, findings: Findings, version: int) -> None:
    if review.version != version:
        raise ConflictError(_CHANGED)
    review.criteria = findings.to_json()
    review.cost_won = findings.total_won or None


def save(session: Session, actor: Actor, review_id: UUID, findings: Findings, *, version: int) -> Review:
    """Keep the form as it is, unfinished; nobody outside the department and its overseers sees it."""
    review, project = _open_case(session, actor, review_id)
    _under_way(project)
    check_draft(findings)
    with settled(session, _CHANGED):
        _keep(review, findings, version)
        audit.record(session, actor, "review:save", review, project=project.id)
    return review


def decide(
    session: Session, actor: Actor, review_id: UUID, findings: Findings, *, version: int, verdict: str, reason: str
) -> Review:
    """Publish the verdict ("accept" or "refuse") with its reason; the cost lines become the project's cost."""
    review, project = _open_case(session, actor, review_id)
    _under_way(project)
    pool = session.get_one(Pool, project.pool_id)
    check_verdict(findings, verdict, pool_won=pool.amount_won)
    reason = clean_text(reason, minimum=10, maximum=2000, field="reason")
    refuse_resident_number(reason, field="reason")
    with settled(session, _CHANGED):
        _keep(review, findings, version)
        review.verdict, review.reason = verdict, reason
        review.decided_by, review.decided_at = actor.id, clock.now()
        _set_costs(session, project, findings)
        advance(session, actor, project, verdict, reason=reason)
        audit.record(
            session, actor, "review:decide", review, project=project.id, verdict=verdict, cost_won=review.cost_won
        )
    return review


def _set_costs(session: Session, project: Project, findings: Findings) -> None:
    session.scalars(
        select(Project)
        .where(Project.id == project.id)
        .options(selectinload(Project.costs))
        .execution_options(populate_existing=False)
    ).one()
    if not findings.costs:
        return
    project.costs[:] = [
        CostLine(project_id=project.id, kind=line.kind, label=line.label, amount_won=line.amount_won, position=n)
        for n, line in enumerate(findings.costs)
    ]
    project.cost_won = findings.total_won


def request_supplement(
    session: Session, actor: Actor, review_id: UUID, *, question: str, due_at: datetime
) -> Supplement:
    """보완요청: ask the author something, to be answered before `due_at` (UTC). The question is public."""
    review, project = _open_case(session, actor, review_id)
    question = clean_text(question, minimum=10, maximum=2000, field="question")
    refuse_resident_number(question, field="question")
    moment = clock.now()
    if due_at <= moment:
        raise InvalidError(msg("답변 기한은 지금보다 뒤여야 합니다."), field="due_at")
    if due_at > moment + timedelta(days=MOST_SUPPLEMENT_DAYS):
        raise InvalidError(msg("답변 기한은 %(n)s일 안이어야 합니다.", n=MOST_SUPPLEMENT_DAYS), field="due_at")
    asked = Supplement(
        review_id=review.id,
        project_id=project.id,
        question=question,
        asked_by=actor.id,
        asked_at=moment,
        due_at=due_at,
    )
    with settled(session, _CHANGED):
        advance(session, actor, project, "request-supplement", reason=question, besides=project.author_id)
        session.add(asked)
        audit.record(session, actor, "review:ask", review, project=project.id, supplement=asked.id)
    if project.author_id is not None:
        outbox.put(
            session,
            "supplement-requested",
            about=str(asked.id),
            recipient_id=project.author_id,
            project=str(project.id),
            title=project.title,
            question=question,
            due_at=due_at.isoformat(),
        )
    return asked


def answer_supplement(session: Session, actor: Actor, project_id: UUID, answer: str) -> Supplement:
    """The author's answer; the review goes on. Too late is a Conflict, also before anybody noticed the deadline."""
    project, asked = open_supplement(session, actor, project_id)
    answer = clean_text(answer, minimum=5, maximum=4000, field="answer")
    refuse_resident_number(answer, field="answer")
    if clock.now() >= asked.due_at:
        raise ConflictError(msg("보완 답변 기한이 지났습니다. 담당 부서가 지금까지의 내용으로 검토합니다."))
    with settled(session, msg("그사이에 답변이 제출되었거나 기한이 지났습니다.")):
        advance(session, actor, project, "supplement")
        asked.answer, asked.answered_at = answer, clock.now()
        audit.record(session, actor, "review:answer", asked, project=project.id)
    review = session.get_one(Review, asked.review_id)
    tell_reviewers(session, "supplement-answered", review, project, about=str(asked.id))
    return asked


def lapse_supplements(session: Session) -> int:
    """Questions whose deadline went by: the review goes on without an answer. Called by `tick`; returns how many."""
    late = session.execute(
        select(Supplement, Project, Review)
        .join(Project, Project.id == Supplement.project_id)
        .join(Review, Review.id == Supplement.review_id)
        .where(Supplement.answered_at.is_(None), Supplement.lapsed_at.is_(None), Supplement.due_at <= clock.now())
        .order_by(Supplement.id)
        .limit(200)
        .with_for_update(of=Supplement, skip_locked=True)
    ).all()
    for asked, project, review in late:
        asked.lapsed_at = clock.now()
        if project.state is ProjectState.SUPPLEMENT:
            advance(session, SYSTEM, project, "supplement-lapsed")
            tell_reviewers(session, "supplement-lapsed", review, project, about=str(asked.id))
        audit.record(session, SYSTEM, "review:lapse", asked, project=project.id)
    session.flush()
    return len(late)
