"""Telling people: one line in the inbox per kind, object and person, in the transaction of its cause."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.orm import Session

from civicvote.domain.notices import MailMode, NoticeKind
from civicvote.models.base import new_id
from civicvote.models.notices import Notice
from civicvote.services import clock
from civicvote.services.upsert import insert_new

_CHUNK = 500


def tell(
    session: Session,
    kind: NoticeKind,
    *,
    about: object,
    to: Iterable[UUID | None] | Select[UUID],
    path: str,
    but: UUID | None = None,
    **payload: Any,
) -> int:
    """Tell each of `to` (accounts, or a select of them) once per kind and `about`; returns how many were new.

    `about`: the object's key, with a part for the occasion where there are several ("<id>|due-2"). `path` leads to the thing.
    `but`: whoever caused it isn't told. `payload` holds what the sentence needs: `title` first of all, never personal data.
    """
    chosen = session.scalars(to) if isinstance(to, Select) else to
    people = sorted({user_id for user_id in chosen if user_id is not None and user_id != but})
    moment, made = clock.now(), 0
    for start in range(0, len(people), _CHUNK):
        rows = [
            {
                "id": new_id(),
                "recipient_id": user_id,
                "kind": kind,
                "about": str(about),
                "payload": payload,
                "path": path,
                "created_at": moment,
                "mail": MailMode.IMMEDIATE,
            }
            for user_id in people[start : start + _CHUNK]
        ]
        made += insert_new(session, Notice, rows)
    return made
