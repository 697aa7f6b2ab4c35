"""Auditors' pages: what happened, whether the log holds, and who looked at personal data. Nothing here changes anything."""

from uuid import UUID

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from civicvote.db import reader
from civicvote.domain import deeds
from civicvote.domain.paging import Cursor
from civicvote.domain.permissions import Permission
from civicvote.forms.audit import parse_id
from civicvote.services import access_log, audit
from civicvote.web.access import current_actor, keys, requires
from civicvote.web.render import page

bp = Blueprint("audit", __name__, url_prefix="/audit")


def _log(verdict: audit.Verdict | None = None) -> ResponseReturnValue:
    filters = audit.AuditFilters(
        action=request.args.get("action", "")[:60],
        actor_id=parse_id(request.args.get("actor")),
        subject_id=parse_id(request.args.get("subject")),
    )
    cursor = Cursor.decode(request.args.get("cursor", ""))
    return page(
        "audit/index.html",
        verdict=verdict,
        filters=filters,
        deed=deeds.deed,
        subject=deeds.subject,
        actions=audit.actions(reader(), current_actor()),
        log=audit.listing(reader(), current_actor(), filters=filters, cursor=cursor),
    )


@bp.get("")
@requires(Permission.AUDIT_READ)
def index() -> ResponseReturnValue:
    """The log, newest first."""
    return _log()


@bp.post("/verify")
@requires(Permission.AUDIT_READ)
def verify() -> ResponseReturnValue:
    """Recompute the chain now and say what was found; a reading session is enough."""
    return _log(audit.verify(reader(), keys().audit))


@bp.get("/events/<uuid:event_id>")
@requires(Permission.AUDIT_READ)
def event(event_id: UUID) -> ResponseReturnValue:
    """One event."""
    return page(
        "audit/event.html",
        event=audit.get(reader(), current_actor(), event_id),
        deed=deeds.deed,
        subject=deeds.subject,
    )


@bp.get("/access", endpoint="access_log")
@requires(Permission.AUDIT_READ)
def access_log_page() -> ResponseReturnValue:
    """Who looked at personal data."""
    filters = access_log.AccessFilters(
        actor_id=parse_id(request.args.get("actor")), user_id=parse_id(request.args.get("user"))
    )
    cursor = Cursor.decode(request.args.get("cursor", ""))
    return page(
        "audit/access.html",
        filters=filters,
        log=access_log.listing(reader(), current_actor(), filters=filters, cursor=cursor),
    )
