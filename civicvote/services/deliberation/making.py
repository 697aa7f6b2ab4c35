"""Making a forum: the draft, its approval by a second person, opening and cancelling."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain import districts
from civicvote.domain.deliberation import OPTIONS_MAX, OPTIONS_MIN, ForumKind
from civicvote.domain.discussion import ThreadKind
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import FORUM, ForumState
from civicvote.domain.messages import msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor, Permission, Role
from civicvote.domain.workflow import Move
from civicvote.models.deliberation import Forum, ForumOption, Round
from civicvote.models.departments import Department
from civicvote.services import audit, clock, notices, workflow
from civicvote.services.conflicts import settled
from civicvote.services.deliberation import access, people, words
from civicvote.services.discussion import threads

TITLE_MAX, SUMMARY_MAX, BACKGROUND_MAX = 120, 300, 20_000
CHANGED = msg("그사이에 다른 사람이 고쳤습니다. 새로 고친 내용을 확인하고 다시 저장해 주십시오.")
#: Moves that the maker's page makes; conclusion and answer have pages of their own.
OWN_MOVES = ("submit", "approve", "return", "open", "cancel")


def path(forum: Forum) -> str:
    """Where the forum stands on this site."""
    return f"/forums/{forum.id}"


def round_path(found: Round) -> str:
    """Where a round stands on this site."""
    return f"/rounds/{found.id}"


@dataclass(frozen=True, slots=True)
class Content:
    """What its makers write about a forum."""

    title: str
    summary: str = ""
    background: str = ""
    category: str = ""
    district: str = ""
    department_id: UUID | None = None


def departments(session: Session) -> list[tuple[str, str]]:
    """Departments that can be asked: (key, name)."""
    query = select(Department.id, Department.name).where(Department.active).order_by(Department.name, Department.id)
    return [(str(key), name) for key, name in session.execute(query)]


def kinds_for(actor: Actor) -> list[ForumKind]:
    """The kinds this actor may draft: a department asks questions, staff make all of them."""
    if actor.can(Permission.FORUM_APPROVE):
        return [one for one in ForumKind if one is not ForumKind.THEME]  # which is made with all its rounds at once
    own = actor.can(Permission.FORUM_DRAFT) and actor.department_id is not None
    return [ForumKind.QUESTION] if own else []


def may_edit(actor: Actor, forum: Forum) -> bool:
    """Whether the actor may change what the draft says: a question's own people, else staff.

    Staff don't write in another's question: who writes in it can't be the second person who approves it.
    """
    if forum.state is not ForumState.DRAFT or not actor.can(Permission.FORUM_DRAFT):
        return False
    if actor.id is not None and actor.id == forum.created_by:
        return True
    if forum.kind is ForumKind.QUESTION:
        return Role.OWNER in access.towards(actor, forum).roles
    return actor.can(Permission.FORUM_APPROVE)


def editable(session: Session, actor: Actor, forum_id: UUID) -> Forum:
    """The draft, locked, if the actor may change it; NotFound, Forbidden or Conflict else."""
    found = access.forum(session, actor, forum_id, lock=True)
    actor.require(Permission.FORUM_DRAFT)
    if found.state is not ForumState.DRAFT:
        raise ConflictError(msg("작성 중일 때만 고칠 수 있습니다. 승인 대기 중이면 먼저 돌려받아 주십시오."))
    if not may_edit(actor, found):
        raise ForbiddenError
    return found


def _checked(session: Session, actor: Actor, kind: ForumKind, content: Content) -> dict[str, object]:
    if content.district and not districts.is_district(content.district):
        raise InvalidError(msg("자치구를 다시 골라 주십시오."), field="district")
    department_id = content.department_id
    if not actor.can(Permission.FORUM_APPROVE):
        department_id = actor.department_id  # a department asks for itself
    if department_id is not None and session.get(Department, department_id) is None:
        raise InvalidError(msg("부서를 다시 골라 주십시오."), field="department")
    if kind is ForumKind.QUESTION and department_id is None:
        raise InvalidError(msg("반영 결과를 답할 부서를 골라 주십시오."), field="department")
    return {
        "title": words.line(content.title, "title", minimum=2, maximum=TITLE_MAX),
        "summary": words.line(content.summary, "summary", minimum=0, maximum=SUMMARY_MAX),
        "background": words.text(content.background, "background", minimum=0, maximum=BACKGROUND_MAX),
        "category": words.line(content.category, "category", minimum=0, maximum=40),
        "district": content.district or None,
        "department_id": department_id,
    }


def draft(session: Session, actor: Actor, kind: ForumKind, content: Content) -> Forum:
    """Begin a forum; nobody but its makers and staff sees it."""
    actor.require(Permission.FORUM_DRAFT)
    if kind not in kinds_for(actor):
        raise ForbiddenError(msg("이 종류의 공론장은 참여과 담당이 만듭니다."))
    moment = clock.now()
    made = Forum(
        kind=kind,
        created_by=actor.id,
        created_at=moment,
        updated_at=moment,
        **_checked(session, actor, kind, content),
    )
    session.add(made)
    session.flush()
    audit.record(session, actor, "forum:draft", made, kind=kind.value)
    return made


def edit(session: Session, actor: Actor, forum_id: UUID, content: Content, *, version: int) -> Forum:
    """Change the draft that the actor looked at (`version`)."""
    found = editable(session, actor, forum_id)
    if found.version != version:
        raise ConflictError(CHANGED)
    with settled(session, CHANGED):
        for name, value in _checked(session, actor, found.kind, content).items():
            setattr(found, name, value)
        found.updated_at = clock.now()
    audit.record(session, actor, "forum:edit", found)
    return found


def lacks(session: Session, found: Forum) -> InvalidError | None:
    """What is still missing before others may see it."""
    if not found.summary or not found.background:
        return InvalidError(msg("요약과 배경 자료를 먼저 써 주십시오."))
    rows = access.rounds(session, found.id)
    if not rows:
        return InvalidError(msg("순서를 하나 이상 넣어 주십시오. 시민은 순서가 열린 동안 참여합니다."))
    if any(one.closes_at <= clock.now() for one in rows):
        return InvalidError(msg("마감이 이미 지난 순서가 있습니다. 기간을 먼저 고쳐 주십시오."))
    if found.kind is ForumKind.QUESTION:
        count = session.scalar(select(func.count()).where(ForumOption.forum_id == found.id)) or 0
        if not OPTIONS_MIN <= count <= OPTIONS_MAX:
            return InvalidError(
                msg("선택지를 %(least)s개에서 %(most)s개까지 넣어 주십시오.", least=OPTIONS_MIN, most=OPTIONS_MAX)
            )
    return None


def _second_person(actor: Actor, found: Forum) -> None:
    if actor.id is not None and actor.id in {found.created_by, found.submitted_by}:
        raise ForbiddenError(msg("자신이 만들거나 승인을 요청한 공론장은 다른 담당자가 승인해야 합니다."))


def _before(session: Session, actor: Actor, found: Forum, name: str) -> None:
    """What a move asks for besides its line in the table."""
    if name == "open" and found.kind is ForumKind.QUESTION:
        raise ConflictError(msg("‘서울시가 묻습니다’는 승인 요청과 승인을 거쳐 공개합니다."))
    if name == "submit" and not may_edit(actor, found):
        raise ForbiddenError
    if name == "approve":
        _second_person(actor, found)
    if name in {"submit", "approve", "open"} and (missing := lacks(session, found)) is not None:
        raise missing


def moves(actor: Actor, found: Forum) -> list[Move]:
    """The buttons of the makers' panel."""
    shown = []
    for row in FORUM.allowed(access.towards(actor, found), found.state):
        if row.name not in OWN_MOVES or (row.name == "open" and found.kind is ForumKind.QUESTION):
            continue
        if row.name == "submit" and (found.kind is not ForumKind.QUESTION or not may_edit(actor, found)):
            continue
        if row.name == "approve" and actor.id in {found.created_by, found.submitted_by}:
            continue
        shown.append(row)
    return shown


def require_public(found: Forum) -> None:
    """ConflictError for what isn't public yet: there is nothing to follow."""
    if found.opened_at is None:
        raise ConflictError(msg("아직 공개하지 않은 공론장입니다."))


def open_threads(session: Session, found: Forum) -> None:
    """Places to follow the forum and to talk in its rounds; what has one keeps it."""
    threads.open_thread(session, ThreadKind.FORUM, found.id, title=found.title, path=path(found))
    for one in access.rounds(session, found.id):
        title = f"{found.title} · {one.title}"[:160]
        threads.open_thread(session, ThreadKind.ROUND, one.id, title=title, path=round_path(one))


def movable(session: Session, actor: Actor, forum_id: UUID, name: str) -> Forum:
    """The forum if the actor may make this move of `OWN_MOVES` now: what its page asks before it shows itself."""
    found = access.forum(session, actor, forum_id)
    if name not in OWN_MOVES:
        raise NotFoundError
    FORUM.check(access.towards(actor, found), found.state, name, "-")
    return found


def move(session: Session, actor: Actor, forum_id: UUID, name: str, *, reason: str = "") -> Forum:
    """Make one of `OWN_MOVES`; whoever has to act next, or was waiting, is told."""
    found = access.forum(session, actor, forum_id, lock=True)
    if name not in OWN_MOVES:
        raise NotFoundError
    FORUM.check(access.towards(actor, found), found.state, name, reason or "-")
    _before(session, actor, found, name)
    why = words.reason(reason) if FORUM.move(name).needs_reason else ""
    with settled(session, CHANGED):
        found.state_reason, found.updated_at = why, clock.now()
        if name == "submit":
            found.submitted_by = actor.id
        if name in {"approve", "open"}:
            found.opened_at = found.updated_at
        workflow.move(session, access.towards(actor, found), FORUM, found, name, reason=why)
    if name in {"approve", "open"}:
        open_threads(session, found)
    _tell(session, actor, found, name)
    return found


def _tell(session: Session, actor: Actor, found: Forum, name: str) -> None:
    about = f"{found.id}|{name}-{found.version}"
    what: dict[str, Any] = {
        "title": found.title,
        "move": name,
        "state": found.state.value,
        "reason": found.state_reason,
    }
    if name == "submit":
        waiting = people.holders(Permission.FORUM_APPROVE)
        notices.tell(session, NoticeKind.WORK_WAITS, about=about, to=waiting, but=actor.id, path=path(found), **what)
    elif name in {"return", "approve"}:
        makers = {found.created_by, found.submitted_by}
        notices.tell(
            session, NoticeKind.FOLLOWED_CHANGED, about=about, to=makers, but=actor.id, path=path(found), **what
        )
    elif name == "cancel" and found.opened_at is not None:
        everybody = people.concerned(found)
        notices.tell(
            session, NoticeKind.FOLLOWED_CHANGED, about=about, to=everybody, but=actor.id, path=path(found), **what
        )
