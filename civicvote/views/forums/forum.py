"""One forum: what it is about, what people think, following it."""

from uuid import UUID

from flask import request, url_for
from flask.typing import ResponseReturnValue

from civicvote.db import session
from civicvote.domain.deliberation import STANCES, Opening, Stance
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.forms.projects import key_of
from civicvote.services import files
from civicvote.services.deliberation import detail as reading
from civicvote.services.deliberation import options, stances
from civicvote.views.forums.blueprint import bp
from civicvote.web.access import current_actor, public
from civicvote.web.i18n import say
from civicvote.web.render import done, page, wants_part


def _detail(forum_id: UUID, *, part: str = "", swapped: bool = False) -> ResponseReturnValue:
    found = reading.get(session(), current_actor(), forum_id)
    return page(
        "forums/detail.html",
        partial=part,
        d=found,
        f=found.forum,
        stances=[(one.value, say(text)) for one, text in STANCES.items()],
        now=next((stop for stop in found.stops if stop.opening is Opening.OPEN), None),
        attached=files.of(session(), forum_id)[forum_id],
        files_url=url_for("files.manage", kind="forum", subject_id=forum_id) if found.powers.attach else "",
        swapped=swapped,
    )


@bp.get("/forums/<uuid:forum_id>")
@public
def detail(forum_id: UUID) -> ResponseReturnValue:
    """Everything about one forum."""
    return _detail(forum_id)


@bp.post("/forums/<uuid:forum_id>/follow")
def follow(forum_id: UUID) -> ResponseReturnValue:
    """소식 받기, or no longer."""
    on = request.form.get("on") != "0"
    reading.follow(session(), current_actor(), forum_id, on=on)
    here = url_for("forums.detail", forum_id=forum_id)
    return done(here, partial="forums/_follow.html", forum_id=forum_id, following=on, swapped=True)


def _chosen(forum_id: UUID, part: str) -> ResponseReturnValue:
    if wants_part():
        session().flush()
        return _detail(forum_id, part=part, swapped=True)
    return done(url_for("forums.detail", forum_id=forum_id) + "#opinion")


@bp.post("/forums/<uuid:forum_id>/stance")
def stance(forum_id: UUID) -> ResponseReturnValue:
    """찬성, 반대 or 기타."""
    wanted = request.form.get("stance", "")
    if wanted not in set(Stance):
        raise InvalidError(msg("찬성, 반대, 기타 가운데 하나를 골라 주십시오."))
    stances.take(session(), current_actor(), forum_id, Stance(wanted))
    return _chosen(forum_id, "forums/_stances.html")


@bp.post("/forums/<uuid:forum_id>/choice")
def choose(forum_id: UUID) -> ResponseReturnValue:
    """One of the options."""
    wanted = key_of(request.form.get("option", ""))
    if wanted is None:
        raise InvalidError(msg("선택지를 하나 골라 주십시오."))
    options.choose(session(), current_actor(), forum_id, wanted)
    return _chosen(forum_id, "forums/_options.html")
