"""The public board: every vote's chain, its files, and where my tracker stands."""

from flask import Blueprint, Response, jsonify, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from civicvote.db import session
from civicvote.domain import districts
from civicvote.domain.ballots.encoding import canonical
from civicvote.domain.paging import Cursor
from civicvote.services import board, counting
from civicvote.web.access import public
from civicvote.web.i18n import language
from civicvote.web.render import download, page

bp = Blueprint("board", __name__)


@bp.get("/board/")
@public
def index() -> ResponseReturnValue:
    """Every vote with a board."""
    found = board.listing(session(), cursor=Cursor.decode(request.args.get("after", "")))
    return page(
        "board/index.html",
        votes=found.rows,
        next_url=url_for("board.index", after=found.next.encode()) if found.next else "",
    )


@bp.get("/board/<slug>")
@public
def detail(slug: str) -> ResponseReturnValue:
    """One vote's board; with `?tracker=` also where that tracker stands."""
    typed = request.args.get("tracker", "")
    lookup = board.look_up(session(), slug, typed) if typed.strip() else None
    return page(
        "board/detail.html",
        partial="board/_lookup.html",
        view=(view := board.detail(session(), slug)),
        news=counting.news.news(session(), view.vote),
        ended=counting.custody.ended(session(), view.vote.id),
        days=counting.custody.objection_days(view.vote),
        slug=slug,
        typed=typed,
        lookup=lookup,
        names=dict(districts.choices(language())),
    )


@bp.get("/board/<slug>/turnout")
@public
def turnout(slug: str) -> ResponseReturnValue:
    """Who took part: total, by hour, by district."""
    return page(
        "board/turnout.html",
        view=board.turnout_of(session(), slug),
        slug=slug,
        names=dict(districts.choices(language())),
    )


@bp.get("/board/<slug>/turnout.json")
@public
def turnout_file(slug: str) -> ResponseReturnValue:
    """The same for machines: newsrooms ask this address again and again."""
    view = board.turnout_of(session(), slug)
    names = dict(districts.choices(language()))
    response = jsonify(board.turnout_document(view.vote, slug, view.turnout, view.hours, names))
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.cache_control.max_age = 60
    return response


@bp.get("/board/<slug>/board.jsonl")
@public
def lines(slug: str) -> ResponseReturnValue:
    """The whole chain, one entry per line."""
    rows = board.lines(session(), slug)
    response = Response(stream_with_context(rows), content_type="application/x-ndjson")
    response.headers.set("Content-Disposition", "attachment", filename=f"board-{slug}.jsonl")
    return response


@bp.get("/board/<slug>/heads.json")
@public
def heads(slug: str) -> ResponseReturnValue:
    """Every signed head."""
    _cycle, vote, _held = board.find(session(), slug)
    documents = [head.document() for head in board.heads(session(), vote.id)]
    return download(canonical(documents), f"heads-{slug}.json", "application/json")


@bp.get("/board/<slug>/notice.json")
@public
def notice(slug: str) -> ResponseReturnValue:
    """The notice of the vote, byte for byte what its digest on the board was taken of."""
    _cycle, vote, _held = board.find(session(), slug)
    return download(canonical(vote.notice), f"notice-{slug}.json", "application/json")


@bp.get("/how-it-works")
@public
def how() -> ResponseReturnValue:
    """What the platform promises about votes, how anyone checks it, and what it can't promise."""
    return page("board/how.html")
