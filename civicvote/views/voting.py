"""The ballot box, page by page: choose, look again, cast, keep the receipt. What was picked never enters an address or a cookie."""

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from civicvote.db import reader, session
from civicvote.domain.ballots.receipts import Receipt
from civicvote.forms.voting import BasketForm, CastForm, ReceiptForm
from civicvote.services import board, voting
from civicvote.web import qr
from civicvote.web.access import current_actor, keys, settings
from civicvote.web.observe import arrived
from civicvote.web.render import download, page

bp = Blueprint("voting", __name__, url_prefix="/budget/<slug>/vote")


def _basket(slug: str, form: BasketForm, *, status: int = 200) -> ResponseReturnValue:
    booth = voting.booth(reader(), current_actor(), slug, arrived=arrived(), keys=keys())
    return page(
        "voting/basket.html",
        partial="voting/_choices.html",
        status=status,
        booth=booth,
        form=form,
        picks=form.chosen,
        picked=booth.picked(form.chosen),
        filters=form.filters,
    )


@bp.get("")
def basket(slug: str) -> ResponseReturnValue:
    """The projects to choose from, or what is missing to vote."""
    return _basket(slug, BasketForm())


@bp.post("")
def choose(slug: str) -> ResponseReturnValue:
    """The basket again with what is ticked: narrowed to a search, or on the way back from the last look."""
    return _basket(slug, BasketForm())


@bp.route("/confirm", methods=["GET", "POST"])
def confirm(slug: str) -> ResponseReturnValue:
    """A last look at the picks."""
    form = BasketForm()
    if not form.is_submitted():
        return redirect(url_for("voting.basket", slug=slug), 303)
    with form.refusing() as well:
        found = voting.overview(reader(), current_actor(), slug, form.chosen, arrived=arrived(), keys=keys())
    if not well:
        return _basket(slug, form, status=422)
    return page("voting/confirm.html", overview=found, booth=found.booth, key=voting.new_form_key())


@bp.route("/receipt", methods=["GET", "POST"])
def receipt(slug: str) -> ResponseReturnValue:
    """Cast, and answer with the receipt: it is shown once, here."""
    form = CastForm()
    if not form.is_submitted():
        return redirect(url_for("voting.basket", slug=slug), 303)
    with form.refusing() as well:
        given = voting.cast(
            session(), current_actor(), slug, form.chosen, key=form.key.data or "", arrived=arrived(), keys=keys()
        )
    if not well:
        again = BasketForm()
        again.form_errors = [*form.form_errors, *form.key.errors]
        again.picks.errors = form.picks.errors
        return _basket(slug, again, status=422)
    return _receipt(slug, given)


def _receipt(slug: str, given: Receipt) -> ResponseReturnValue:
    address = settings().base_url.rstrip("/") + url_for("board.detail", slug=slug, tracker=given.tracker)
    cycle, vote, _held = board.find(reader(), slug)
    return page(
        "voting/receipt.html",
        slug=slug,
        title=cycle.title,
        closes_at=vote.closes_at,
        receipt=given,
        accepted_at=voting.accepted_at(given),
        address=address,
        code=qr.svg(address, given.tracker),
    )


@bp.post("/receipt.json")
def save_receipt(slug: str) -> ResponseReturnValue:
    """The receipt as a file. It comes from the page and goes back to it: nothing is kept here."""
    content = voting.receipt_file(reader(), slug, ReceiptForm().document())
    return download(content, f"receipt-{slug}.json", "application/json")
