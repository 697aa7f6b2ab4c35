"""A project's changes of state: through the table, with public history and word to those who follow it."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import PROJECT, ProjectState
from civicvote.domain.permissions import Actor, Role
from civicvote.models.projects import Follow, Project, ProjectMove
from civicvote.services import clock, outbox, workflow


def towards(actor: Actor, project: Project) -> Actor:
    """The actor with the roles this project gives: its author's, and its department's."""
    roles: list[Role] = []
    if actor.id is not None and actor.id == project.author_id:
        roles.append(Role.AUTHOR)
    if (
        Role.DEPARTMENT in actor.roles
        and actor.department_id is not None
        and actor.department_id == project.department_id
        and actor.id != project.author_id  # a reviewer never reviews their own proposal
    ):
        roles.append(Role.REVIEWER)
        roles.append(Role.OWNER)
    return actor.also(*roles)


def advance(
    session: Session, actor: Actor, project: Project, name: str, *, reason: str = "", besides: UUID | None = None
) -> None:
    """Make the move called `name`. Author and followers are told, except whoever made the move and of drafts.

    `besides`: somebody who gets a letter of their own about it.
    """
    source = project.state
    row = workflow.move(session, towards(actor, project), PROJECT, project, name, reason=reason)
    project.updated_at = clock.now()
    project.state_reason = reason.strip()
    if source is ProjectState.DRAFT:
        project.submitted_at = project.updated_at
    entry = ProjectMove(
        project_id=project.id,
        name=name,
        source=source.value,
        target=row.target.value,
        reason=project.state_reason,
        at=project.updated_at,
    )
    session.add(entry)
    concerned = set(session.scalars(select(Follow.user_id).where(Follow.project_id == project.id)))
    if project.author_id:
        concerned.add(project.author_id)
    if actor.id:
        concerned.discard(actor.id)
    for user_id in sorted(concerned - {besides}):
        outbox.put(
            session,
            "project-moved",
            about=str(entry.id),
            recipient_id=user_id,
            project=str(project.id),
            title=project.title,
            state=row.target.value,
            move=name,
            reason=project.state_reason,
        )
