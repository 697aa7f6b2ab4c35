"""A tablet as a polling station: known by its cookie, good for voting and nothing else, one person at a time."""

from dataclasses import replace
from typing import Any, Final

from flask import Flask, flash, g, redirect, request, url_for
from flask import session as form_session
from flask.typing import ResponseReturnValue
from flask.wrappers import Response
from flask_babel import gettext as _

from civicvote import db
from civicvote.domain.permissions import VISITOR
from civicvote.services import channels
from civicvote.services.channels import StationFound
from civicvote.services.channels.stations import LONGEST
from civicvote.web.access import cookie_name, settings
from civicvote.web.i18n import COOKIE as LANGUAGE
from civicvote.web.login import clear_cookie, pending_cookie, set_cookie
from civicvote.web.render import wants_part

#: Open to the tablet itself, whoever sits there.
_ALWAYS: Final = frozenset({"channels.station", "channels.stay", "channels.leave", "home.language"})
#: What a voter may read besides the pages of the vote.
_READING: Final = frozenset({"projects.detail", "projects.compare", "board.how"})
#: Of those pages, what a tablet that others use is not good for.
_NOT_HERE: Final = frozenset({"voting.save_receipt"})
#: Sent by a page's script while its voter goes on to the next: they neither get nor need a new cookie.
_BESIDE: Final = frozenset({"channels.stay", "voting.begun"})
#: The page that puts a ballot into the box.
_CAST: Final = "voting.receipt"


def station_cookie() -> str:
    """The cookie of a tablet that is a station."""
    return f"{cookie_name()}-station"


def here() -> StationFound | None:
    """The station this request comes from, if it comes from one."""
    found: StationFound | None = g.get("station")
    return found


def begin(cookie: str) -> Response:
    """Make this browser a station: whoever opened it is signed out here."""
    form_session.clear()
    response: Response = redirect(url_for("channels.station"), 303)  # type: ignore[assignment]  # Flask's own class
    _give(response, cookie)
    clear_cookie(response, cookie_name())
    clear_cookie(response, pending_cookie())
    return response


def end() -> Response:
    """A tablet that was stopped is a browser again, where a clerk signs in to open it anew."""
    form_session.clear()
    response: Response = redirect(url_for("accounts.sign_in"), 303)  # type: ignore[assignment]  # Flask's own class
    clear_cookie(response, station_cookie())
    return response


def _give(response: Response, cookie: str) -> None:
    set_cookie(response, station_cookie(), cookie, int(LONGEST.total_seconds()))


def forget(response: Response) -> Response:
    """Nothing of the one before is left for the next: no form, no message, no language.

    The changed cookie also keeps browsers from showing a page of theirs again on "back".
    """
    form_session.clear()
    response.delete_cookie(LANGUAGE, secure=settings().secure, httponly=True, samesite="Lax")
    return response


def _may(found: StationFound) -> bool:
    endpoint = request.endpoint or ""
    if endpoint in _ALWAYS:
        return True
    if not found.seated or endpoint in _NOT_HERE:
        return False
    voting = endpoint.startswith("voting.") and (request.view_args or {}).get("slug") == found.slug
    return voting or (endpoint in _READING and request.method == "GET")


def _arrive() -> ResponseReturnValue | None:
    cookie = request.cookies.get(station_cookie(), "")
    found = channels.find(db.reader(), cookie) if 20 <= len(cookie) <= 120 else None
    if found is None:
        return None
    if not found.stopped:
        found = _step(found, cookie)
    g.station, g.actor = found, found.actor
    return None if _may(found) else _home(found)


def _step(found: StationFound, cookie: str) -> StationFound:
    """Give the page its new cookie; or nobody is seated here any more, because there are two with the same.

    In a transaction of its own: what the page itself does may be refused.
    """
    endpoint = request.endpoint or ""
    beside = endpoint in _BESIDE or (wants_part() and endpoint != _CAST)
    if beside and not found.known:
        return found
    with db.database().transaction() as own:
        if not beside:
            g.station_cookie = channels.advance(own, found.id, cookie, cast=endpoint == _CAST)
        if found.seated and endpoint != "channels.leave":
            channels.touch(own, found.id)
    if beside or g.station_cookie:
        return found
    return replace(found, seated=False, known=False, stopped=True, actor=VISITOR)


def _home(found: StationFound) -> ResponseReturnValue:
    """Back to the station's own page; who was signed out meanwhile is told."""
    if found.known and not found.seated and (request.endpoint or "").startswith("voting."):
        flash(
            _(
                "투표를 마쳤거나 60초 동안 쓰지 않아 처음 화면으로 돌아왔습니다. 투표를 마치지 못했다면 접수대에서 새 코드를 받아 주십시오."
            ),
            "info",
        )
    if wants_part():
        response: Any = redirect(url_for("channels.station"), 303)
        response.status_code = 204
        response.headers["HX-Redirect"] = url_for("channels.station")
        return response  # type: ignore[no-any-return]
    return redirect(url_for("channels.station"), 303)


def init_app(app: Flask) -> None:
    """Before anybody is asked who they are."""
    app.before_request(_arrive)

    @app.after_request
    def _next_cookie(response: Response) -> Response:
        if cookie := g.get("station_cookie"):
            _give(response, cookie)
        return response

    @app.context_processor
    def _station() -> dict[str, Any]:
        return {"station": here()}
