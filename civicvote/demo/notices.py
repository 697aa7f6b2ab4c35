"""The demo's inboxes: what citizens and officials were told lately, some of it read. No letter leaves for it."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from civicvote.demo import content
from civicvote.demo.people import Cast
from civicvote.domain.korean import from_seoul, seoul_date
from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.notices import NoticeKind as K
from civicvote.models.notices import Notice
from civicvote.models.projects import Project
from civicvote.services import clock
from civicvote.services.notices import tell
from civicvote.settings import Settings

#: How many of everybody's are unread.
_UNREAD = 4


def plant(session: Session, settings: Settings, cast: Cast) -> None:
    """Tell them, the oldest first, each a few hours after the one before."""
    del settings
    neighbour = cast.users[content.PEOPLE[0].key].id
    for place, (key, lines) in enumerate(_told(seoul_date(clock.now())).items()):
        user = cast.users[key]
        things = _things(session, user.id, place)
        for number, (kind, which, known) in enumerate(lines):
            title, path = things[which]
            by = neighbour if "name" in known else None
            tell(session, kind, about=f"demo|{number}", to=[user.id], path=path, but=by, title=title, **known)
    session.execute(update(Notice).values(mail_at=None).execution_options(synchronize_session=False))
    _spread(session)


def _things(session: Session, user_id: UUID, place: int) -> list[tuple[str, str]]:
    """(title, path) of proposals: the person's own, else some others."""
    shown = Project.state != ProjectState.DRAFT
    query = select(Project.title, Project.id).where(shown).order_by(Project.id)
    rows = session.execute(query.where(Project.author_id == user_id).limit(3)).all()
    rows = [*rows, *session.execute(query.offset(place * 3).limit(3))]
    return [(row.title, f"/projects/{row.id}") for row in rows]


def _told(day: date) -> dict[str, list[tuple[K, int, dict[str, Any]]]]:
    """Kind, which of the things it is about, and what else is known; the oldest first."""
    soon, past = from_seoul(day + timedelta(days=2)), from_seoul(day - timedelta(days=1))
    citizen: list[tuple[K, int, dict[str, Any]]] = [
        (K.THRESHOLD_REACHED, 0, {"count": 50}),
        (K.DEPARTMENT_ASSIGNED, 0, {"department": "시민참여과"}),
        (K.COMMENTED, 0, {"name": "이웃"}),
        (K.ANSWERED, 0, {"verdict": "accepted"}),
        (K.DUE_EXTENDED, 1, {"due": soon, "reason": "현장 조사가 더 필요합니다."}),
        (K.HIDDEN, 2, {"code": "personal_data", "days": 14, "reason": "다른 분의 연락처가 적혀 있습니다."}),
        (K.APPEAL_DECIDED, 2, {"upheld": True, "reason": "연락처를 지우셔서 다시 공개합니다."}),
        (K.ROUND_OPENED, 1, {"due": soon}),
        (K.REPLIED, 1, {"name": "이웃"}),
        (K.ROUND_CLOSES_TOMORROW, 1, {"due": soon}),
        (K.FOLLOWED_CHANGED, 2, {"state": "executing"}),
    ]
    official: list[tuple[K, int, dict[str, Any]]] = [
        (K.WORK_WAITS, 0, {"due": soon}),
        (K.MENTIONED, 1, {"name": "이웃"}),
        (K.OVERDUE, 2, {"due": past}),
        (K.WORK_WAITS, 2, {}),
        (K.ANNOUNCEMENT, 1, {"text": "토요일 오후 2시에 현장을 함께 둘러봅니다."}),
    ]
    moderator = [*official, (K.APPEAL_ASKED, 0, {})]
    return {
        "citizen": citizen,
        "verified": citizen,
        "moderator": moderator,
        "department": official,
        "staff": official,
    }


def _spread(session: Session) -> None:
    """Let them have come over the last days; the newest of each person are unread."""
    moment = clock.now()
    rows = session.execute(select(Notice.id, Notice.recipient_id).order_by(Notice.id.desc())).all()
    seen: dict[UUID, int] = {}
    for row in rows:
        place = seen[row.recipient_id] = seen.get(row.recipient_id, 0) + 1
        at = moment - timedelta(hours=7 * place - 5)
        read = at + timedelta(hours=3) if place > _UNREAD else None
        session.execute(
            update(Notice)
            .where(Notice.id == row.id)
            .values(created_at=at, read_at=read)
            .execution_options(synchronize_session=False)
        )
