"""A tablet as a polling station: a code seats one person, sixty idle seconds or the cast ballot end it."""

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from civicvote.db import session
from civicvote.domain.errors import NotFoundError
from civicvote.forms.channels import CodeForm
from civicvote.services import attempts, channels
from civicvote.services.channels import CODES, StationFound
from civicvote.views.channels.blueprint import bp
from civicvote.web import login
from civicvote.web import station as tablet
from civicvote.web.access import keys, public
from civicvote.web.render import is_get, page


def _here() -> StationFound:
    found = tablet.here()
    if found is None:
        raise NotFoundError
    return found


@bp.route("/station", methods=["GET", "POST"])
@public
def station() -> ResponseReturnValue:
    """The tablet's own page: enter a code and vote."""
    found = _here()
    if found.stopped:
        return page("channels/stopped.html", status=403, found=found)
    if found.seated and is_get():
        return redirect(url_for("voting.basket", slug=found.slug), 303)
    form = CodeForm()
    if form.validate_on_submit():
        tried = attempts.tried(keys().derived("attempts"), CODES, "station", str(found.id))
        login.spend(tried)
        with form.refusing() as ok:
            channels.redeem(session(), found, form.code.data or "", keys=keys())
        if ok:
            attempts.forgive(session(), whole=tried, one_of=tried)
            return tablet.forget(redirect(url_for("voting.basket", slug=found.slug), 303))  # type: ignore[arg-type]
    return page("channels/station.html", status=200 if is_get() else 422, form=form, found=found)


@bp.post("/station/stay")
@public
def stay() -> ResponseReturnValue:
    """Still there: what a request means anyhow. 204, or 404 once nobody sits here."""
    if not _here().seated:
        raise NotFoundError
    return "", 204


@bp.post("/station/leave")
@public
def leave() -> ResponseReturnValue:
    """Done, with or without a ballot cast; or a stopped tablet is given back to a clerk."""
    if _here().stopped:
        return tablet.end()
    channels.leave(session(), _here())
    return tablet.forget(redirect(url_for("channels.station"), 303))  # type: ignore[arg-type]
