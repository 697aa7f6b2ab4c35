"""The figures kept beside a project, built anew from the facts they sum up."""

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from civicvote.models.projects import Comment, Endorsement, Project


def recount(session: Session, *, repair: bool = True) -> int:
    """Rebuild endorsement and comment counts from their rows. Returns how many projects differed (0: no drift)."""
    endorsements = select(func.count()).where(Endorsement.project_id == Project.id).correlate(Project).scalar_subquery()
    comments = (
        select(func.count())
        .where(Comment.project_id == Project.id, Comment.hidden_at.is_(None))
        .correlate(Project)
        .scalar_subquery()
    )
    wrong = or_(Project.endorsement_count != endorsements, Project.comment_count != comments)
    drift = session.scalar(select(func.count()).select_from(Project).where(wrong)) or 0
    if drift and repair:
        session.execute(
            update(Project)
            .where(wrong)
            .values(endorsement_count=endorsements, comment_count=comments)
            .execution_options(synchronize_session=False)
        )
    return drift
