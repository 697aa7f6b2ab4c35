"""Two people at once: what a constraint or a version column refused becomes a Conflict with words."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from civicvote.domain.errors import ConflictError
from civicvote.domain.messages import Message


@contextmanager
def settled(session: Session, words: Message) -> Iterator[None]:
    """Flush at the end of the block; if somebody else was faster, raise ConflictError saying `words`."""
    try:
        yield
        session.flush()
    except (IntegrityError, StaleDataError) as error:
        raise ConflictError(words) from error
