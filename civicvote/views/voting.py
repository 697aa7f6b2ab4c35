"""The ballot box, page by page: choose, put in order, compare, look again, cast, keep the receipt.

What was picked never enters an address or a cookie: it travels in the forms of the pages alone.
"""

from typing import Any

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from civicvote.db import reader, session
from civicvote.domain import districts
from civicvote.domain.ballot_paper import Paper
from civicvote.domain.ballot_rounds import round_in
from civicvote.domain.ballots.receipts import Receipt
from civicvote.domain.cycles import BallotType
from civicvote.forms.voting import BasketForm, CastForm, OrderForm, PaperForm, ReceiptForm
from civicvote.services import board, counting, voting
from civicvote.web import qr
from civicvote.web.access import current_actor, keys, settings
from civicvote.web.observe import arrived
from civicvote.web.render import download, page

bp = Blueprint("voting", __name__, url_prefix="/budget/<slug>/vote")


def _basket(slug: str, form: PaperForm, *, status: int = 200) -> ResponseReturnValue:
    booth = voting.booth(reader(), current_actor(), slug, arrived=arrived(), keys=keys())
    paper = booth.own(form.paper)
    picks = booth.touched(paper)
    return page(
        "voting/basket.html",
        partial="voting/_choices.html",
        status=status,
        booth=booth,
        news=counting.news.of(reader(), slug),
        form=form,
        paper=paper,
        picks=picks,
        picked=booth.picked(picks),
        filters=BasketForm().filters,
        areas=[(one, booth.districts().get(one.code, 0)) for one in districts.DISTRICTS],
    )


@bp.get("")
def basket(slug: str) -> ResponseReturnValue:
    """The projects to choose from, or what is missing to vote. A forum's ballot has a page of its own."""
    if (round_id := round_in(slug)) is not None:
        return redirect(url_for("ballot_rounds.detail", round_id=round_id), 303)
    return _basket(slug, BasketForm())


@bp.post("")
def choose(slug: str) -> ResponseReturnValue:
    """The basket again with what is filled in: narrowed to a search, or on the way back from a look."""
    return _basket(slug, BasketForm())


@bp.post("/begun")
def begun(slug: str) -> ResponseReturnValue:
    """The page's script says that somebody has begun; what they picked it doesn't say."""
    voting.begun(session(), current_actor(), slug, arrived=arrived())
    return "", 204


@bp.route("/compare", methods=["GET", "POST"])
def compare(slug: str) -> ResponseReturnValue:
    """Two or three projects side by side; the paper comes along and goes back."""
    form = BasketForm()
    if not form.is_submitted():
        return _to_basket(slug)
    with form.refusing() as well:
        found = voting.beside(reader(), current_actor(), slug, form.compare.data or [], arrived=arrived(), keys=keys())
    if not well:
        return _basket(slug, form, status=422)
    paper = found.booth.own(form.paper)
    return page(
        "voting/compare.html",
        booth=found.booth,
        rows=found.rows,
        form=form,
        paper=paper,
        picks=found.booth.touched(paper),
        filters=form.filters,
    )


@bp.route("/order", methods=["GET", "POST"])
def order(slug: str) -> ResponseReturnValue:
    """A ranking's second step: the picks in order of preference."""
    form = OrderForm()
    if not form.is_submitted():
        return _to_basket(slug)
    return _order(slug, form, form.moved)


def _order(slug: str, form: PaperForm, paper: Paper, *, status: int = 200) -> ResponseReturnValue:
    with form.refusing() as well:
        voting.begun(session(), current_actor(), slug, arrived=arrived())
        found = voting.ordering(reader(), current_actor(), slug, paper, arrived=arrived(), keys=keys())
    if not well:
        return _basket(slug, form, status=422)
    shown = {} if not form.beside else paper.texts
    return page(
        "voting/order.html", status=status, overview=found, booth=found.booth, form=form, shown=shown, move=_moved()
    )


def _moved() -> str:
    return request.form.get("move", "")[:70]


def _to_basket(slug: str) -> ResponseReturnValue:
    return redirect(url_for("voting.basket", slug=slug), 303)


@bp.route("/confirm", methods=["GET", "POST"])
def confirm(slug: str) -> ResponseReturnValue:
    """A last look at the paper."""
    form = BasketForm()
    if not form.is_submitted():
        return _to_basket(slug)
    with form.refusing() as well:
        voting.begun(session(), current_actor(), slug, arrived=arrived())
        found = voting.overview(reader(), current_actor(), slug, form.paper, arrived=arrived(), keys=keys())
    if not well:
        return _again(slug, form)
    return page("voting/confirm.html", overview=found, booth=found.booth, key=voting.new_form_key())


def _again(slug: str, form: PaperForm) -> ResponseReturnValue:
    """The page where what was refused can be put right, as it was filled in."""
    if form.beside and form.paper.picks:
        return _order(slug, form, form.paper, status=422)
    return _basket(slug, form, status=422)


@bp.route("/receipt", methods=["GET", "POST"])
def receipt(slug: str) -> ResponseReturnValue:
    """Cast, and answer with the receipt: it is shown once, here."""
    form = CastForm()
    if not form.is_submitted():
        return _to_basket(slug)
    with form.refusing() as well:
        given = voting.cast(
            session(), current_actor(), slug, form.paper, key=form.key.data or "", arrived=arrived(), keys=keys()
        )
    if not well:
        form.form_errors = [*form.form_errors, *form.key.errors]
        return _again(slug, form)
    return receipt_page(slug, given)


def receipt_page(slug: str, given: Receipt, template: str = "voting/receipt.html", **more: Any) -> ResponseReturnValue:
    """The receipt of any vote. `more`: what the pages of a forum's ballot say besides."""
    address = settings().base_url.rstrip("/") + url_for("board.detail", slug=slug, tracker=given.tracker)
    cycle, vote, _held = board.find(reader(), slug)
    return page(
        template,
        slug=slug,
        title=cycle.title,
        booth={"ranked": cycle.ballot_type is BallotType.RANKING},
        closes_at=vote.closes_at,
        receipt=given,
        accepted_at=voting.accepted_at(given),
        address=address,
        code=qr.svg(address, given.tracker),
        **more,
    )


@bp.post("/receipt.json")
def save_receipt(slug: str) -> ResponseReturnValue:
    """The receipt as a file. It comes from the page and goes back to it: nothing is kept here."""
    content = voting.receipt_file(reader(), slug, ReceiptForm().document())
    return download(content, f"receipt-{slug}.json", "application/json")
