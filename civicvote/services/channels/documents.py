"""Documents of somebody the platform doesn't know: two clerks see them, or no paper and no code is given.

The first clerk's entry waits for half an hour, long enough for whoever stands at the desk and too short for the next day.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor
from civicvote.models.channels import Ask, CheckIn, DeskRequest, ShownDocument
from civicvote.services import clock
from civicvote.services.channels import people
from civicvote.services.channels.people import Shown

#: How long a check-in waits for its second clerk.
WAIT: Final = timedelta(minutes=30)
_EXPIRED: Final = msg(
    "접수한 지 30분이 지나 확인할 수 없습니다. ‘확인하지 않음’을 눌러 이 접수를 끝내고, 서류를 다시 보고 처음부터 접수해 주십시오."
)


def keep(session: Session, made: CheckIn, shown: Shown) -> None:
    """Keep what the second clerk compares. What nobody looked at in time is forgotten on this occasion."""
    forget_old(session)
    session.add(
        ShownDocument(check_in_id=made.id, name=shown.name, birth_date=shown.birth_date, namesake=shown.namesake)
    )
    session.flush()


def forget_old(session: Session) -> None:
    """Names and birth dates of check-ins that can't be confirmed any more."""
    old = select(CheckIn.id).where(CheckIn.checked_in_at <= clock.now() - WAIT)
    session.execute(
        delete(ShownDocument).where(ShownDocument.check_in_id.in_(old)),
        execution_options={"synchronize_session": False},
    )


def expired(made: CheckIn) -> bool:
    """Whether it is too late for the second clerk."""
    return clock.now() >= made.checked_in_at + WAIT


def settle(session: Session, actor: Actor, made: CheckIn, asked: DeskRequest, *, address: str) -> Ask | None:
    """The second clerk has said yes or no. With yes the documents are believed; with no the check-in is over.

    Who had voted online is next in line for the void of that ballot, asked by this clerk and decided by another.
    Returns what is asked next. ConflictError after half an hour, or when the person has become known otherwise.
    """
    shown = session.get(ShownDocument, made.id)
    if not asked.approved:
        _forget(session, made)
        made.taken_back_at = clock.now()
        return None
    if shown is None or expired(made):
        raise ConflictError(_EXPIRED)
    assert made.shown_district is not None  # the database sees to it
    made.documents_by = actor.id
    people.note(session, actor, made.person_id, address)
    people.believe(session, made.person_id, vote=made.vote_id, born=shown.birth_date, district=made.shown_district)
    _forget(session, made)
    return Ask.VOID if made.voted_online else None


def _forget(session: Session, made: CheckIn) -> None:
    session.execute(
        delete(ShownDocument).where(ShownDocument.check_in_id == made.id),
        execution_options={"synchronize_session": "fetch"},
    )
