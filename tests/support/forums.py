"""Forums for tests: made in one line, with rounds that are open now."""

from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from civicvote.domain.deliberation import Audience, ForumKind, RoundKind
from civicvote.domain.lifecycles import ForumState
from civicvote.domain.permissions import Actor, Role
from civicvote.models.accounts import User
from civicvote.models.deliberation import Forum, ForumModerator, ForumOption, GroupMember, ParticipantGroup, Round
from civicvote.services import clock
from civicvote.services.deliberation import access, making
from tests import factories

HOUR, DAY = timedelta(hours=1), factories.DAY


def forum(session: Session, kind: ForumKind = ForumKind.DEBATE, state: ForumState = ForumState.OPEN, **v: Any) -> Forum:
    """A forum without rounds; public unless it is a draft or waits for approval."""
    moment = clock.now()
    hidden = state in {ForumState.DRAFT, ForumState.SUBMITTED}
    if state in {ForumState.CONCLUDED, ForumState.ANSWERED}:
        v = {"conclusion": "결론입니다.", "concluded_at": moment} | v
    made = Forum(
        kind=kind,
        state=state,
        title=v.pop("title", "심야버스를 이어 다니게 할까요?"),
        summary="새벽에 끊기는 50분을 잇습니다.",
        background="배경 자료입니다.",
        created_at=moment,
        updated_at=moment,
        opened_at=None if hidden else moment - 10 * DAY,
        **v,
    )
    session.add(made)
    session.flush()
    return made


def round_of(session: Session, held: Forum, kind: RoundKind = RoundKind.THREADS, **v: Any) -> Round:
    """A round of the forum, open now unless its window says otherwise; its thread is there."""
    moment = clock.now()
    made = Round(
        forum_id=held.id,
        position=v.pop("position", len(access.rounds(session, held.id)) + 1),
        kind=kind,
        title=v.pop("title", "상호토론"),
        opens_at=v.pop("opens_at", moment - DAY),
        closes_at=v.pop("closes_at", moment + 5 * DAY),
        audience=v.pop("audience", Audience.EVERYONE),
        **v,
    )
    session.add(made)
    session.flush()
    making.open_threads(session, held)
    return made


def debate(session: Session) -> tuple[Forum, Round]:
    """An open 시민토론 with a round that is open now."""
    held = forum(session)
    return held, round_of(session, held)


def question(session: Session, **values: Any) -> tuple[Forum, list[ForumOption]]:
    """An open 서울시가 묻습니다 with two options and an open round."""
    held = forum(session, ForumKind.QUESTION, **values)
    rows = [ForumOption(forum_id=held.id, position=place, text=f"선택지 {place}") for place in (1, 2)]
    session.add_all(rows)
    session.flush()
    round_of(session, held)
    return held, rows


def group(session: Session, *people: User) -> ParticipantGroup:
    """A participant group of these people."""
    made = ParticipantGroup(name="물 분과", kind="season", created_at=clock.now())
    session.add(made)
    session.flush()
    session.add_all(GroupMember(group_id=made.id, user_id=one.id) for one in people)
    session.flush()
    return made


def citizen(session: Session, level: int = 0) -> Actor:
    """Somebody with an account."""
    return factories.actor(factories.user(session, level=level))


def official(session: Session, role: Role, **values: Any) -> Actor:
    """Somebody with an official role."""
    return factories.actor(factories.user(session, role, **values), role)


def moderator(session: Session, held: Forum) -> Actor:
    """A moderator named for the forum."""
    actor = official(session, Role.MODERATOR)
    session.add(ForumModerator(forum_id=held.id, user_id=actor.account(), at=clock.now()))
    session.flush()
    return actor
