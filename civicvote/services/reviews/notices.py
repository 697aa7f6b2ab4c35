"""Word to those who must act in a review."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.permissions import Role
from civicvote.models.accounts import User, UserRole
from civicvote.models.projects import Project
from civicvote.models.reviews import Review
from civicvote.services import outbox


def department_members(session: Session, department_id: UUID) -> list[UUID]:
    """Accounts that review for the department."""
    return list(
        session.scalars(
            select(User.id)
            .join(UserRole, UserRole.user_id == User.id)
            .where(User.department_id == department_id, UserRole.role == Role.DEPARTMENT, User.erased_at.is_(None))
            .order_by(User.id)
        )
    )


def tell_reviewers(
    session: Session, kind: str, review: Review, project: Project, *, about: str, members: list[UUID] | None = None
) -> None:
    """Write to the person in charge, or to the whole department while nobody is."""
    people = [review.reviewer_id] if review.reviewer_id else members
    if people is None:
        people = department_members(session, review.department_id)
    for user_id in people:
        if user_id == project.author_id:
            continue
        outbox.put(
            session,
            kind,
            about=about,
            recipient_id=user_id,
            review=str(review.id),
            title=project.title,
            number=project.number or "",
            due_at=review.due_at.isoformat(),
        )
