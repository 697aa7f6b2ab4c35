"""What author and department do to a public project on its own page: withdraw, carry out, report."""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.lifecycles import PROJECT, ProjectState
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.text import clean_text, refuse_resident_number
from civicvote.models.base import new_id
from civicvote.models.projects import Follow, Project, StatusUpdate
from civicvote.models.reviews import Review, Supplement
from civicvote.services import audit, clock, outbox
from civicvote.services.projects.moves import advance, towards
from civicvote.services.projects.reading import visible
from civicvote.services.projects.writing import submit
from civicvote.services.upsert import insert_new

REASON_MAX = 1000
STATUS_MAX = 1000

#: Moves that a project's own page makes; the others belong to the desks of review and ballot list.
OWN_MOVES = ("submit", "withdraw", "execute", "complete")
FUNDED = frozenset({ProjectState.SELECTED, ProjectState.EXECUTING, ProjectState.COMPLETED})


def _words(value: str, field: str, *, minimum: int, maximum: int) -> str:
    text = clean_text(value, minimum=minimum, maximum=maximum, field=field)
    refuse_resident_number(text, field=field)
    return text


def make(session: Session, actor: Actor, project_id: UUID, name: str, *, reason: str = "") -> Project:
    """Make one of `OWN_MOVES`. A project that leaves takes its open review and question with it."""
    project = visible(session, actor, project_id)
    if name not in OWN_MOVES:
        raise ConflictError(msg("이 화면에서 할 수 있는 처리가 아닙니다. 검토·운영 화면에서 처리해 주십시오."))
    if name == "submit":
        return submit(session, actor, project_id)
    text = _words(reason, "reason", minimum=0, maximum=REASON_MAX)
    advance(session, actor, project, name, reason=text)
    if project.state is ProjectState.WITHDRAWN:
        _close_review(session, project)
    return project


def withdrawable(session: Session, actor: Actor, project_id: UUID) -> Project:
    """The project if the actor may take it back now; ForbiddenError or ConflictError if not."""
    project = visible(session, actor, project_id)
    PROJECT.check(towards(actor, project), project.state, "withdraw", "-")
    return project


def withdraw(session: Session, actor: Actor, project_id: UUID, *, reason: str) -> Project:
    """The author takes the proposal back, with a public reason."""
    return make(session, actor, project_id, "withdraw", reason=reason)


def _close_review(session: Session, project: Project) -> None:
    moment = clock.now()
    session.execute(
        update(Supplement)
        .where(Supplement.project_id == project.id, Supplement.answered_at.is_(None), Supplement.lapsed_at.is_(None))
        .values(lapsed_at=moment)
        .execution_options(synchronize_session="fetch")
    )
    session.execute(
        update(Review)
        .where(Review.project_id == project.id, Review.decided_at.is_(None), Review.closed_at.is_(None))
        .values(closed_at=moment, version=Review.version + 1)
        .execution_options(synchronize_session="fetch")
    )


def reportable(session: Session, actor: Actor, project_id: UUID) -> tuple[Project, int, int]:
    """The project with what was last reported: won spent and per cent done. For its department alone."""
    project = visible(session, actor, project_id)
    towards(actor, project).require(Permission.EXECUTION_WRITE)
    if project.state not in FUNDED:
        raise ConflictError(msg("선정된 사업에만 진행 상황을 쓸 수 있습니다."))
    last = session.execute(
        select(StatusUpdate.spent_won, StatusUpdate.progress)
        .where(StatusUpdate.project_id == project.id)
        .order_by(StatusUpdate.id.desc())
        .limit(1)
    ).first()
    return (project, last[0], last[1]) if last else (project, 0, 0)


def report(
    session: Session, actor: Actor, project_id: UUID, *, form_key: UUID, progress: int, spent_won: int, text: str
) -> None:
    """A status line by the department in charge: per cent done, won spent so far, what happened. Followers are told."""
    project, _spent, _progress = reportable(session, actor, project_id)
    if not 0 <= progress <= 100:
        raise InvalidError(msg("진행률은 0에서 100 사이로 적어 주십시오."), field="progress")
    if not 0 <= spent_won <= (project.cost_won or 0):
        raise InvalidError(msg("집행액은 0원 이상, 사업비 이하로 적어 주십시오."), field="spent")
    row = {
        "id": new_id(),
        "project_id": project.id,
        "author_id": actor.id,
        "at": clock.now(),
        "progress": progress,
        "spent_won": spent_won,
        "text": _words(text, "text", minimum=5, maximum=STATUS_MAX),
        "form_key": form_key,
    }
    if not insert_new(session, StatusUpdate, [row]):
        return
    audit.record(session, actor, "project:report", project, progress=progress, spent_won=spent_won)
    for user_id in session.scalars(
        select(Follow.user_id)
        .where(Follow.project_id == project.id, Follow.user_id != actor.id)
        .order_by(Follow.user_id)
    ).all():
        outbox.put(
            session,
            "project-status",
            about=str(form_key),
            recipient_id=user_id,
            project=str(project.id),
            title=project.title,
            progress=progress,
            text=row["text"],
        )
