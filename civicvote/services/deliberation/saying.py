"""Saying something in a round: through the round's door, into its thread, and counted as taking part."""

from uuid import UUID

from sqlalchemy.orm import Session

from civicvote.domain.deliberation import RoundKind
from civicvote.domain.discussion import PostKind
from civicvote.domain.errors import ForbiddenError, NotFoundError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor
from civicvote.models.deliberation import SynthesisSection
from civicvote.models.discussion import Post, Thread
from civicvote.services.deliberation import access
from civicvote.services.discussion import doors, posting


def badge(session: Session, actor: Actor, round_id: UUID) -> str:
    """What stands beside the actor's name in a round: their department or field; empty for everybody else."""
    thread = session.get(Thread, round_id) if actor.signed_in else None
    return doors.speaks_as(session, actor, thread) if thread is not None else ""


def ask(session: Session, actor: Actor, round_id: UUID, *, body: str, form_key: UUID) -> Post:
    """질의응답: a question to the experts; it waits for a moderator where the round says so."""
    found, held = access.round_of(session, actor, round_id)
    if found.kind is not RoundKind.QUESTIONS:
        raise NotFoundError
    access.require_open(session, actor, found, held)
    made = posting.say(
        session,
        actor,
        found.id,
        body=body,
        form_key=form_key,
        kind=PostKind.QUESTION,
        premoderated=found.premoderated,
    )
    access.took_part(session, actor, found.id)
    return made


def answer(session: Session, actor: Actor, question_id: UUID, *, body: str, form_key: UUID) -> Post:
    """An answer by an expert named for the forum or by its department; said beside their name."""
    question = session.get(Post, question_id)
    if question is None or question.kind is not PostKind.QUESTION:
        raise NotFoundError
    found, held = access.round_of(session, actor, question.thread_id)
    name = badge(session, actor, found.id)
    if not name:
        raise ForbiddenError(msg("이 공론장에 지정된 전문가와 담당 부서만 답변할 수 있습니다."))
    access.require_open(session, actor, found, held)
    made = posting.say(session, actor, found.id, body=body, form_key=form_key, parent_id=question.id, speaks_as=name)
    access.took_part(session, actor, found.id)
    return made


def annotate(session: Session, actor: Actor, section_id: UUID, *, body: str, form_key: UUID) -> Post:
    """종합: what a participant says about a section."""
    part = session.get(SynthesisSection, section_id)
    if part is None:
        raise NotFoundError
    found, held = access.round_of(session, actor, part.round_id)
    access.require_open(session, actor, found, held)
    made = posting.say(
        session,
        actor,
        found.id,
        body=body,
        form_key=form_key,
        kind=PostKind.ANNOTATION,
        anchor_id=part.id,
        premoderated=found.premoderated,
    )
    access.took_part(session, actor, found.id)
    return made


def support(session: Session, actor: Actor, round_id: UUID, post_id: UUID, *, on: bool) -> None:
    """나도 궁금합니다, or 추천: somebody stands behind what another said, while the round is open."""
    found, held = access.round_of(session, actor, round_id)
    post = session.get(Post, post_id)
    if post is None or post.thread_id != found.id:
        raise NotFoundError
    access.require_open(session, actor, found, held)
    posting.support(session, actor, post_id, on=on)
    access.took_part(session, actor, found.id)
