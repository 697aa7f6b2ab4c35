"""이의제기: once per hidden thing, by whoever wrote it, decided by another moderator than the one who hid it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.discussion import HideReason, PostKind
from civicvote.domain.errors import ConflictError, ForbiddenError, NotFoundError
from civicvote.domain.lifecycles import POST, PostState
from civicvote.domain.messages import msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor, Permission, Role
from civicvote.domain.text import clean_text, refuse_resident_number
from civicvote.models.accounts import UserRole
from civicvote.models.base import new_id
from civicvote.models.discussion import Appeal, ModerationDecision, Post, Thread
from civicvote.models.proposals import Proposal
from civicvote.services import audit, clock, dated_settings, notices, workflow
from civicvote.services.campaigns import proofs
from civicvote.services.deliberation import debates
from civicvote.services.discussion import posting, threads
from civicvote.services.proposals import moves
from civicvote.services.upsert import insert_new

TEXT_MIN, TEXT_MAX = 5, 1000
ANSWER_MIN, ANSWER_MAX = 5, 500


@dataclass(frozen=True, slots=True)
class Hidden:
    """A hidden thing as its author sees it. `until`: the last moment for an appeal."""

    id: UUID
    title: str
    body: str
    path: str
    code: HideReason
    reason: str
    until: datetime


def _subject(session: Session, kind: str, subject_id: UUID) -> Post | Proposal:
    found: Post | Proposal | None = (
        session.get(Post, subject_id) if kind == "post" else session.get(Proposal, subject_id)
    )
    if found is None or found.hidden_at is None:
        raise NotFoundError
    return found


def _near(session: Session, actor: Actor, subject: Post | Proposal) -> Actor:
    """The actor with the roles the thing gives."""
    return posting.towards(actor, subject) if isinstance(subject, Post) else moves.towards(session, actor, subject)


def appealable(session: Session, actor: Actor, kind: str, subject_id: UUID) -> Hidden:
    """The actor's own hidden post or proposal, while an appeal is possible; ConflictError with words when it no longer is."""
    subject = _subject(session, kind, subject_id)
    if not _near(session, actor, subject).can(Permission.APPEAL_WRITE):
        raise NotFoundError
    if isinstance(subject, Post) and subject.state is not PostState.HIDDEN:
        raise ConflictError(msg("지금은 숨겨진 글이 아닙니다."))
    mine = Appeal.post_id == subject.id if isinstance(subject, Post) else Appeal.proposal_id == subject.id
    if session.scalar(select(Appeal.id).where(mine, Appeal.against_id == subject.hidden_by)) is not None:
        raise ConflictError(msg("이미 이의를 제기하셨습니다. 결과가 나오면 알려 드립니다."))
    days = dated_settings.value(session, "moderation.appeal_days")
    assert subject.hidden_at is not None
    assert subject.hidden_code is not None
    until = subject.hidden_at + timedelta(days=days)
    if clock.now() >= until:
        raise ConflictError(msg("이의를 제기할 수 있는 기간이 지났습니다."))
    if isinstance(subject, Post):
        thread = session.get_one(Thread, subject.thread_id)
        path, title = f"{thread.path}#post-{subject.id}", thread.title
    else:
        path, title = moves.path(subject), subject.title
    body = subject.body if isinstance(subject, Post) else subject.problem
    return Hidden(subject.id, title, body, path, subject.hidden_code, subject.hidden_reason, until)


def appeal(session: Session, actor: Actor, kind: str, subject_id: UUID, *, text: str) -> None:
    """Appeal against the hiding; the other moderators are told."""
    found = appealable(session, actor, kind, subject_id)
    subject = _subject(session, kind, subject_id)
    words = clean_text(text, minimum=TEXT_MIN, maximum=TEXT_MAX, field="text")
    refuse_resident_number(words, field="text")
    row = {
        "id": new_id(),
        "post_id" if kind == "post" else "proposal_id": subject_id,
        "author_id": actor.id,
        "against_id": subject.hidden_by,
        "text": words,
        "created_at": clock.now(),
        "answer": "",
    }
    if not insert_new(session, Appeal, [row]):
        raise ConflictError(msg("이미 이의를 제기하셨습니다. 결과가 나오면 알려 드립니다."))
    audit.record(session, actor, "appeal:write", subject)
    others = select(UserRole.user_id).where(UserRole.role == Role.MODERATOR)
    if subject.hidden_by is not None:
        others = others.where(UserRole.user_id != subject.hidden_by)
    notices.tell(
        session,
        NoticeKind.APPEAL_ASKED,
        about=row["id"],
        to=others,
        path=f"/moderation/appeals/{row['id']}",
        title=found.title,
    )


def decide(session: Session, actor: Actor, appeal_id: UUID, *, upheld: bool, answer: str) -> Appeal:
    """Decide an appeal; where it is upheld the thing is shown again. Never by whoever hid it, never by its author."""
    actor.require(Permission.APPEAL_DECIDE)
    found = session.get(Appeal, appeal_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFoundError
    if found.decided_at is not None:
        raise ConflictError(msg("다른 모더레이터가 먼저 판단했습니다."))
    key: UUID = found.post_id or found.proposal_id  # type: ignore[assignment]  # one of them is set, by a CHECK
    subject = _subject(session, "post" if found.post_id else "proposal", key)
    roles = _near(session, actor, subject).roles
    above = session.get(Proposal, subject.thread_id) if isinstance(subject, Post) else None
    if above is not None:  # nor about the talk under a proposal of one's own
        roles |= moves.towards(session, actor, above).roles
    if roles & {Role.AUTHOR, Role.CO_AUTHOR} or actor.id in {found.against_id, found.author_id}:
        raise ForbiddenError(msg("숨긴 사람이나 쓴 사람은 판단할 수 없습니다. 다른 모더레이터가 맡아야 합니다."))
    words = clean_text(answer, minimum=ANSWER_MIN, maximum=ANSWER_MAX, field="answer")
    refuse_resident_number(words, field="answer")
    found.decided_at, found.decided_by, found.upheld, found.answer = clock.now(), actor.id, upheld, words
    session.flush()
    path, title = _decided(session, actor, subject, upheld=upheld, answer=words)
    audit.record(session, actor, "appeal:decide", subject, upheld=upheld)
    notices.tell(
        session, NoticeKind.APPEAL_DECIDED, about=found.id, to=[found.author_id, found.against_id], but=actor.id,
        path=path, title=title, upheld=upheld, reason=words,
    )  # fmt: skip
    return found


def _decided(session: Session, actor: Actor, subject: Post | Proposal, *, upheld: bool, answer: str) -> tuple[str, str]:
    key = {"post_id": subject.id} if isinstance(subject, Post) else {"proposal_id": subject.id}
    name = "restore" if upheld else "confirm"
    session.add(ModerationDecision(name=name, reason=answer, by=actor.id, at=clock.now(), **key))
    if isinstance(subject, Post):
        thread = session.get_one(Thread, subject.thread_id)
        if upheld:
            workflow.move(session, actor, POST, subject, "restore", reason=answer)
            session.flush()
            posting.appeared(session, subject, by=actor)
            if subject.kind is PostKind.PROOF:
                proofs.confirmed(session, subject)
        return f"{thread.path}#post-{subject.id}", thread.title
    if upheld:
        subject.hidden_at = subject.hidden_by = subject.hidden_code = None
        subject.hidden_reason = ""
        session.flush()
        threads.touch(session, subject.id)
        debates.follow_hiding(session, subject)
    return moves.path(subject), subject.title
