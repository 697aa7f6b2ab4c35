"""Figures kept beside forums and rounds, built anew from the facts they sum up."""

from typing import Any

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import ForumKind
from civicvote.models.deliberation import Forum, ForumChoice, ForumOption, Round, RoundParticipant, StanceCount
from civicvote.services.upsert import insert_new


def recount(session: Session, *, repair: bool = True) -> int:
    """Rebuild stances, options and participants from their rows. Returns how many figures differed (0: no drift)."""
    return _stances(session, repair=repair) + _options(session, repair=repair) + _participants(session, repair=repair)


def _settle(session: Session, model: Any, column: Any, true: Any, *, repair: bool) -> int:
    wrong = column != true
    drift = session.scalar(select(func.count()).select_from(model).where(wrong)) or 0
    if drift and repair:
        session.execute(
            update(model).where(wrong).values({column.key: true}).execution_options(synchronize_session=False)
        )
    return drift


def _stances(session: Session, *, repair: bool) -> int:
    true = (
        select(func.count())
        .where(ForumChoice.forum_id == StanceCount.forum_id, ForumChoice.stance == StanceCount.stance)
        .correlate(StanceCount)
        .scalar_subquery()
    )
    drift = _settle(session, StanceCount, StanceCount.people, true, repair=repair)
    return drift + _missing_stances(session, repair=repair)


def _missing_stances(session: Session, *, repair: bool) -> int:
    """Stances that people have and no line counts."""
    rows = session.execute(
        select(ForumChoice.forum_id, ForumChoice.stance, func.count())
        .join(Forum, Forum.id == ForumChoice.forum_id)
        .outerjoin(
            StanceCount,
            and_(StanceCount.forum_id == ForumChoice.forum_id, StanceCount.stance == ForumChoice.stance),
        )
        .where(StanceCount.forum_id.is_(None), ForumChoice.stance.is_not(None), Forum.kind == ForumKind.DEBATE)
        .group_by(ForumChoice.forum_id, ForumChoice.stance)
    ).all()
    if rows and repair:
        insert_new(
            session,
            StanceCount,
            [{"forum_id": row[0], "stance": row[1], "people": row[2]} for row in rows],
        )
    return len(rows)


def _options(session: Session, *, repair: bool) -> int:
    true = select(func.count()).where(ForumChoice.option_id == ForumOption.id).correlate(ForumOption).scalar_subquery()
    return _settle(session, ForumOption, ForumOption.count, true, repair=repair)


def _participants(session: Session, *, repair: bool) -> int:
    true = select(func.count()).where(RoundParticipant.round_id == Round.id).correlate(Round).scalar_subquery()
    return _settle(session, Round, Round.participant_count, true, repair=repair)
