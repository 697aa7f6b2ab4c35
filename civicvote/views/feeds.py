"""Addresses for machines: the feed of budget projects, the sitemap, the rules for robots."""

from datetime import datetime

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from civicvote.db import session
from civicvote.services.projects import feeds
from civicvote.services.proposals import feeds as proposal_feeds
from civicvote.web.access import public, settings

bp = Blueprint("feeds", __name__)

#: Where robots have no business: people's own pages, desks, and lists in every combination of filters.
PRIVATE = (
    "/me",
    "/account",
    "/admin",
    "/desk",
    "/reviews",
    "/staff",
    "/audit",
    "/verification",
    "/sign-",
    "/projects/compare",
)


def answer(text: str, media_type: str, changed: datetime | None = None) -> Response:
    """A document that readers may keep a minute and ask for again with If-None-Match or If-Modified-Since."""
    response = make_response(text)
    response.content_type = media_type
    response.headers["Cache-Control"] = "public, max-age=60"
    response.add_etag()
    response.last_modified = changed
    return response.make_conditional(request)


@bp.get("/projects/feed.atom")
@public
def atom() -> ResponseReturnValue:
    """The newest budget projects as Atom (RFC 4287)."""
    entries = feeds.newest(session())
    changed = max((entry.updated for entry in entries), default=None)
    text = render_template(
        "feeds/projects.atom.xml", entries=entries, changed=changed, base=settings().base_url.rstrip("/")
    )
    return answer(text, "application/atom+xml; charset=utf-8", changed)


@bp.get("/sitemap.xml")
@public
def sitemap() -> ResponseReturnValue:
    """Every public page (sitemaps.org)."""
    found = feeds.addresses(session())
    citizens = proposal_feeds.addresses(session(), feeds.MOST_ADDRESSES)
    changed = max((at for _key, at in [*found.projects, *citizens]), default=None)
    text = render_template("feeds/sitemap.xml", found=found, proposals=citizens, base=settings().base_url.rstrip("/"))
    return answer(text, "application/xml; charset=utf-8", changed)


@bp.get("/robots.txt")
@public
def robots() -> ResponseReturnValue:
    """What robots may read: everything public (RFC 9309)."""
    text = render_template("feeds/robots.txt", private=PRIVATE, base=settings().base_url.rstrip("/"))
    return answer(text, "text/plain; charset=utf-8")
