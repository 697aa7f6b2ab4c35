"""The end of a forum: the moderator's conclusion, the department's answer with its due date, and what is overdue."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import REFLECTIONS, ForumKind, Opening, Reflection
from civicvote.domain.errors import ForbiddenError, InvalidError
from civicvote.domain.lifecycles import FORUM, ForumState
from civicvote.domain.messages import msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import SYSTEM, Actor, Permission
from civicvote.models.deliberation import Forum
from civicvote.services import audit, clock, dated_settings, notices, workflow
from civicvote.services.conflicts import settled
from civicvote.services.deliberation import access, making, people, schedule, words
from civicvote.services.upsert import changes_one

TEXT_MAX = 20_000


def concludable(session: Session, actor: Actor, forum_id: UUID, *, lock: bool = False) -> tuple[Forum, bool]:
    """The forum for whoever may conclude it now, and whether all its rounds are over."""
    held = access.forum(session, actor, forum_id, lock=lock)
    access.require_moderator(session, actor, forum_id)
    FORUM.check(actor, held.state, "conclude", "-")
    over = all(schedule.opening(one, held) is Opening.OVER for one in access.rounds(session, forum_id))
    return held, over


def conclude(session: Session, actor: Actor, forum_id: UUID, *, text: str, reason: str = "") -> Forum:
    """Publish the conclusion. Before the last round is over this takes a public reason, and ends what is open.

    Whoever took part or follows is told. 서울시가 묻습니다 then waits for its department, with a due date.
    """
    held, over = concludable(session, actor, forum_id, lock=True)
    conclusion = words.text(text, "text", minimum=20, maximum=TEXT_MAX)
    if not over and not reason.strip():
        raise InvalidError(msg("아직 끝나지 않은 순서가 있습니다. 먼저 마무리하는 이유를 써 주십시오."), field="reason")
    why = "" if over else words.reason(reason)
    moment = clock.now()
    with settled(session, making.CHANGED):
        held.conclusion, held.concluded_at, held.updated_at, held.state_reason = conclusion, moment, moment, why
        if held.kind is ForumKind.QUESTION:
            days = dated_settings.value(session, "forum.answer_days")
            held.answer_due_at = moment + timedelta(days=days)
        workflow.move(session, actor, FORUM, held, "conclude", reason=why)
    everybody = people.concerned(held)
    about, path = f"{held.id}|conclude", making.path(held)
    notices.tell(session, NoticeKind.CONCLUDED, about=about, to=everybody, but=actor.id, path=path, title=held.title)
    if held.answer_due_at is not None:
        notices.tell(
            session,
            NoticeKind.WORK_WAITS,
            about=f"{held.id}|answer",
            to=people.department_people(held.department_id),
            path=path,
            title=held.title,
            move="answer",
            due_at=held.answer_due_at.isoformat(),
        )
    return held


def answerable(session: Session, actor: Actor, forum_id: UUID, *, lock: bool = False) -> Forum:
    """A concluded forum for the department that answers for it; Forbidden or Conflict else."""
    held = access.forum(session, actor, forum_id, lock=lock)
    if not access.towards(actor, held).can(Permission.FORUM_ANSWER):
        raise ForbiddenError
    FORUM.check(access.towards(actor, held), held.state, "answer", "-")
    return held


def answer(session: Session, actor: Actor, forum_id: UUID, *, reflection: Reflection, text: str) -> Forum:
    """반영, 일부반영 or 미반영, with reasons: by the department in charge. Whoever took part or follows is told."""
    held = answerable(session, actor, forum_id, lock=True)
    reasons = words.text(text, "text", minimum=10, maximum=TEXT_MAX)
    moment = clock.now()
    with settled(session, making.CHANGED):
        held.reflection, held.answer, held.answered_at, held.updated_at = reflection, reasons, moment, moment
        workflow.move(session, access.towards(actor, held), FORUM, held, "answer")
    notices.tell(
        session,
        NoticeKind.ANSWERED,
        about=f"{held.id}|answer",
        to=people.concerned(held),
        but=actor.id,
        path=making.path(held),
        title=held.title,
        verdict=REFLECTIONS[reflection].text,
    )
    return held


def overdue(held: Forum) -> bool:
    """Whether the department's answer should be there by now."""
    due = held.answer_due_at
    return held.state is ForumState.CONCLUDED and due is not None and clock.now() >= due


def tell_overdue(session: Session, *, limit: int = 50) -> int:
    """Tell department and staff of answers that are overdue, each once; returns how many forums."""
    moment = clock.now()
    waiting = session.scalars(
        select(Forum)
        .where(
            Forum.state == ForumState.CONCLUDED,
            Forum.answer_due_at <= moment,
            Forum.overdue_told_at.is_(None),
        )
        .order_by(Forum.answer_due_at, Forum.id)
        .limit(limit)
    ).all()
    told = 0
    for held in waiting:
        mark = update(Forum).where(Forum.id == held.id, Forum.overdue_told_at.is_(None))
        if not changes_one(session, mark.values(overdue_told_at=moment)):
            continue
        officials = {
            *session.scalars(people.department_people(held.department_id)),
            *session.scalars(people.holders(Permission.FORUM_APPROVE)),
        }
        notices.tell(session, NoticeKind.OVERDUE, about=held.id, to=officials, path=making.path(held), title=held.title)
        audit.record(session, SYSTEM, "forum:overdue", held)
        told += 1
    return told
