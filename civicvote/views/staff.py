"""The staff's first page."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from civicvote.db import session
from civicvote.domain.permissions import Permission as P
from civicvote.services import staff, work
from civicvote.web.access import current_actor, requires
from civicvote.web.render import page

bp = Blueprint("staff", __name__, url_prefix="/staff")


@bp.get("")
@requires(P.CYCLE_MANAGE, P.REVIEW_OVERSEE)
def index() -> ResponseReturnValue:
    """What waits for a hand."""
    return page(
        "staff/index.html",
        desk=staff.desk(session(), current_actor()),
        work=work.of(session(), current_actor()),
        Task=staff.Task,
    )
