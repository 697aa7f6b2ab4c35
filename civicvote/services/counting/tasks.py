"""Asking for a count, and doing it: `prepare` reads and computes for minutes, `keep` is the one short transaction.

The views ask; `jobs.count` leases a task, prepares it with a session that only reads, and keeps what came out.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.keystore import KeyStore
from civicvote.models.accounts import User, UserRole
from civicvote.models.counts import CountKind, CountTask
from civicvote.models.cycles import Cycle
from civicvote.models.votes import Vote
from civicvote.services.counting import publication, queue, runs

Prepared = runs.Counted | publication.Publication


def request_count(session: Session, actor: Actor, slug: str, *, opened: bytes | None = None) -> bool:
    """Have the sealed box counted: with the key file, or from what the offline machine `opened`. False if it is under way."""
    _, vote = runs.countable(session, actor, slug, with_file=opened is not None)
    if opened is not None:
        runs.glance(session, vote, opened)
    return queue.put(session, actor, vote, CountKind.COUNT if opened is None else CountKind.RECEIVE, opened=opened)


def request_publication(
    session: Session, actor: Actor, slug: str, *, opened: bytes | None = None, pooled: bool = False
) -> bool:
    """Have the count made again and published, by the second person; see `publication.prepare`. False if it is under way."""
    _, vote, _ = publication.publishable(session, actor, slug, pooled=pooled, with_file=bool(opened))
    given = opened if vote.key_mode != "file" else None
    if given is not None:
        runs.glance(session, vote, given)
    return queue.put(session, actor, vote, CountKind.PUBLISH, opened=given, pooled=pooled)


def prepare(session: Session, held: queue.Lease, *, keys: KeyStore) -> Prepared | None:
    """Open, count and make what is to be kept; only reads. None if the task is another's by now.

    What staff must know is a DomainError.
    """
    task = queue.read(session, held)
    if task is None:
        return None
    actor, slug = _requester(session, task), _slug(session, task)
    if task.kind is CountKind.PUBLISH:
        return publication.prepare(session, actor, slug, keys=keys, opened=task.opened, pooled=task.pooled)
    return runs.prepare(session, actor, slug, keys=keys, opened=task.opened)


def keep(session: Session, held: queue.Lease, made: Prepared) -> bool:
    """Write it, and finish the task, if the requester still may and nothing has changed. False if it is another's by now."""
    task = queue.claim(session, held)
    if task is None:
        return False
    actor, slug = _requester(session, task), _slug(session, task)
    if isinstance(made, publication.Publication):
        publication.keep(session, actor, slug, made)
    else:
        runs.keep(session, actor, slug, made)
    queue.done(session, task)
    return True


_NEEDED = {
    CountKind.COUNT: Permission.COUNT_RUN,
    CountKind.RECEIVE: Permission.COUNT_RUN,
    CountKind.PUBLISH: Permission.COUNT_APPROVE,
}


def _requester(session: Session, task: CountTask) -> Actor:
    """Who asked, with the roles they have now; ConflictError when these no longer allow it."""
    user = session.scalars(select(User).where(User.id == task.requested_by, User.erased_at.is_(None))).one_or_none()
    roles = session.scalars(select(UserRole.role).where(UserRole.user_id == task.requested_by)).all()
    actor = Actor(id=task.requested_by, roles=frozenset(roles), name=user.name if user else "")
    if user is None or not actor.can(_NEEDED[task.kind]):
        raise ConflictError(
            msg("개표·공표를 요청한 담당자의 권한이 그사이에 없어졌습니다. 권한이 있는 담당자가 다시 눌러 주십시오.")
        )
    return actor


def _slug(session: Session, task: CountTask) -> str:
    found = select(Cycle.slug).join(Vote, Vote.cycle_id == Cycle.id).where(Vote.id == task.vote_id)
    return session.scalars(found).one()
