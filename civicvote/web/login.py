"""The session cookie, the words for a device, and the count of tries: what the doors of the house share."""

import re
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask import flash, make_response, redirect, request, url_for
from flask import session as form_session
from flask.wrappers import Response

from civicvote import db
from civicvote.services import attempts, clock
from civicvote.services.attempts import Guard, Try
from civicvote.web.access import cookie_name, current_actor, keys, safe_next, settings

#: Order matters: Edge, Samsung Internet and Whale call themselves Chrome as well, and Chrome calls itself Safari.
_BROWSERS = (
    ("Whale", r"Whale/"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("KakaoTalk", r"KAKAOTALK"),
    ("Naver", r"NAVER\("),
    ("Edge", r"Edg(?:e|A|iOS)?/"),
    ("Opera", r"OPR/"),
    ("Firefox", r"(?:Firefox|FxiOS)/"),
    ("Chrome", r"(?:Chrome|CriOS|Chromium)/"),
    ("Safari", r"Safari/"),
)
_SYSTEMS = (
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Android", r"Android"),
    ("ChromeOS", r"CrOS"),
    ("Windows", r"Windows"),
    ("macOS", r"Mac OS X|Macintosh"),
    ("Linux", r"Linux|X11"),
)


#: How long a shown password is enough for changes of security settings.
SURE_SECONDS = 600


def _named(table: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for name, pattern in table if re.search(pattern, text)), "")


def know_actor() -> None:
    """Find out who is asking before the request writes anything.

    That may note the session's last use, in a transaction of its own, which on SQLite would wait for the request's.
    """
    current_actor()


def device() -> str:
    """Browser and system in words, "Chrome · Android"; empty when the header says nothing known."""
    text = request.headers.get("User-Agent", "")[:400]
    return " · ".join(word for word in (_named(_BROWSERS, text), _named(_SYSTEMS, text)) if word)


def link(endpoint: str, **values: Any) -> str:
    """An address for a mail: under the site's own base, never under whatever Host a request named."""
    return settings().base_url.rstrip("/") + url_for(endpoint, **values)


def pending_cookie() -> str:
    """The cookie of a sign-in that waits for its second factor."""
    return f"{cookie_name()}-step"


def set_cookie(response: Response, name: str, value: str, seconds: int) -> None:
    """A cookie only we read."""
    response.set_cookie(name, value, max_age=seconds, path="/", secure=settings().secure, httponly=True, samesite="Lax")


def clear_cookie(response: Response, name: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(name, path="/", secure=settings().secure, httponly=True, samesite="Lax")


def entered(token: str, location: str) -> Response:
    """Hand over a full session and go on.

    What a person before had shown or begun is forgotten; the form token stays, so that a text written in another tab
    while a session ran out can still be sent. It ends at sign-out.
    """
    for name in ("sure", "then", "passkey"):
        form_session.pop(name, None)
    response: Response = make_response(redirect(location, 303))
    set_cookie(response, cookie_name(), token, settings().session_absolute)
    clear_cookie(response, pending_cookie())
    return response


def mark_sure(user_id: UUID) -> None:
    """Remember in the signed form cookie that this person has just shown who they are."""
    form_session["sure"] = [str(user_id), int(clock.now().timestamp())]


def is_sure() -> bool:
    """Whether they did within the last ten minutes: asked before security settings change."""
    who, at = form_session.get("sure") or ("", 0)
    return who == str(current_actor().id) and 0 <= clock.now().timestamp() - at <= SURE_SECONDS


def waiting(token: str, location: str) -> Response:
    """Hand over a sign-in that waits for its second factor."""
    response: Response = make_response(redirect(location, 303))
    set_cookie(response, pending_cookie(), token, 600)
    clear_cookie(response, cookie_name())
    return response


def left(location: str, message: str) -> Response:
    """Take every cookie of the person back and say so."""
    form_session.clear()
    flash(message, "success")
    response: Response = make_response(redirect(location, 303))
    clear_cookie(response, cookie_name())
    clear_cookie(response, pending_cookie())
    return response


def wanted() -> str:
    """Where the person was going, if it is here: from the form, else the address."""
    return safe_next(request.form.get("next")) or safe_next(request.args.get("next")) or ""


def account_try(guard: Guard, who: str) -> Try:
    """A try at an account, known or not."""
    return attempts.tried(keys().derived("attempts"), guard, "account", who)


def address_try(guard: Guard) -> Try:
    """A try from the client's network address (what ProxyFix says, never a raw header)."""
    return attempts.tried(keys().derived("attempts"), guard, "address", attempts.network(request.remote_addr))


def spend(*tries: Try) -> None:
    """Count tries now, in a transaction of their own: a refusal later does not take them back."""
    with db.database().transaction() as own:
        attempts.spend(own, tries)


def relying_party() -> tuple[str, str]:
    """(id, origin) for passkeys: this host, which TRUSTED_HOSTS has checked; the id is empty on a bare IP address."""
    origin = f"{urlsplit(settings().base_url).scheme}://{request.host}"
    name = urlsplit(origin).hostname or ""
    return ("" if re.fullmatch(r"[0-9.]+|.*:.*", name) else name, origin)
