"""Whether the demo's data is there. Apart from the seed, which loads everything: a second start shall be quick."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.models.accounts import User


def planted(session: Session) -> bool:
    """Whether somebody is there already."""
    return session.scalar(select(User.id).limit(1)) is not None
