"""Paper: batches, keying them sheet by sheet, comparing, confirming. What was keyed never comes back to a page."""

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.permissions import Permission as P
from civicvote.forms.channels import BatchForm, DecisionForm, DifferenceForm, PapersForm, ReasonForm, SheetForm
from civicvote.services import channels
from civicvote.services.channels import batches as reading
from civicvote.services.channels import differences
from civicvote.views.channels.blueprint import bp
from civicvote.web.access import current_actor, keys, requires
from civicvote.web.render import done, is_get, page


def _here(slug: str, number: int) -> str:
    return url_for("channels.batch", slug=slug, number=number)


@bp.route("/budget/<slug>/paper", methods=["GET", "POST"])
@requires(P.PAPER_KEY)
def batches(slug: str) -> ResponseReturnValue:
    """All batches, and a form for another."""
    view = reading.batches(session(), current_actor(), slug)
    form = BatchForm(codes=view.districts)
    if form.validate_on_submit():
        with form.refusing() as ok:
            made = channels.open_batch(
                session(),
                current_actor(),
                slug,
                place=form.place.data or "",
                district=form.district.data or "",
                papers=form.papers.data or 0,
            )
        if ok:
            return done(_here(slug, made.number))
    return page("channels/batches.html", status=200 if is_get() else 422, view=view, form=form)


def _batch(
    slug: str,
    number: int,
    *,
    papers: PapersForm | None = None,
    drop: ReasonForm | None = None,
    more: DifferenceForm | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    return page(
        "channels/batch.html",
        status=status,
        view=reading.batch(session(), current_actor(), slug, number),
        papers=papers or PapersForm(formdata=None, prefix="count"),
        drop=drop or ReasonForm(formdata=None, prefix="drop"),
        more=more or DifferenceForm(formdata=None, prefix="more"),
    )


@bp.get("/budget/<slug>/paper/<int:number>")
@requires(P.PAPER_KEY)
def batch(slug: str, number: int) -> ResponseReturnValue:
    """A batch: who keys it, which sheets differ, what is missing."""
    return _batch(slug, number)


@bp.route("/budget/<slug>/paper/<int:number>/sheets", methods=["GET", "POST"])
@requires(P.PAPER_KEY)
def sheets(slug: str, number: int) -> ResponseReturnValue:
    """Key a sheet and go to the next."""
    form = SheetForm()
    sheet = form.sheet()
    if form.validate_on_submit():
        with form.refusing() as ok:
            after = channels.key(session(), current_actor(), slug, number, sheet, keys=keys())
        if ok:
            view = reading.batch(session(), current_actor(), slug, number)
            if view.next_paper is None:
                flash(_("%(n)s번째 장을 다시 입력했습니다.", n=sheet.paper), "success")
                return done(_here(slug, number))
            return done(url_for("channels.sheets", slug=slug, number=number, done=min(sheet.paper, after)))
    view = reading.batch(session(), current_actor(), slug, number)
    wanted = sheet.paper if form.is_submitted() else request.args.get("paper", 0, int)
    keyed = view.own.keyed if view.own else 0
    again = 0 < wanted <= keyed
    return page(
        "channels/sheets.html",
        status=422 if form.is_submitted() else 200,
        view=view,
        form=form,
        paper=wanted if again else (view.next_paper or 0),
        again=again,
        just=request.args.get("done", 0, int),
        ballot=view.vote.notice["ballot"],
    )


@bp.post("/budget/<slug>/paper/<int:number>/finish")
@requires(P.PAPER_KEY)
def finish(slug: str, number: int) -> ResponseReturnValue:
    """No sheet is left."""
    channels.finish(session(), current_actor(), slug, number)
    return done(_here(slug, number))


@bp.post("/budget/<slug>/paper/<int:number>/resume")
@requires(P.PAPER_KEY)
def resume(slug: str, number: int) -> ResponseReturnValue:
    """There were more after all."""
    channels.resume(session(), current_actor(), slug, number)
    return done(url_for("channels.sheets", slug=slug, number=number))


@bp.post("/budget/<slug>/paper/<int:number>/remove-last")
@requires(P.PAPER_KEY)
def remove_last(slug: str, number: int) -> ResponseReturnValue:
    """One sheet too many was keyed."""
    channels.remove_last(session(), current_actor(), slug, number)
    return done(_here(slug, number))


@bp.post("/budget/<slug>/paper/<int:number>/count")
@requires(P.PAPER_KEY)
def correct(slug: str, number: int) -> ResponseReturnValue:
    """Another count by hand."""
    form = PapersForm(prefix="count")
    if form.validate_on_submit():
        with form.refusing() as ok:
            channels.correct(
                session(),
                current_actor(),
                slug,
                number,
                papers=form.papers.data or 0,
                reason=form.reason.data or "",
            )
        if ok:
            flash(_("장수를 고쳤습니다."), "success")
            return done(_here(slug, number))
    return _batch(slug, number, papers=form, status=422)


@bp.post("/budget/<slug>/paper/<int:number>/confirm")
@requires(P.PAPER_KEY)
def confirm(slug: str, number: int) -> ResponseReturnValue:
    """Into the box, and on the board."""
    channels.confirm(session(), current_actor(), slug, number, keys=keys())
    flash(_("묶음을 확정했습니다. 투표지가 투표함에 들어가고 장수가 게시판에 올랐습니다."), "success")
    return done(_here(slug, number))


@bp.post("/budget/<slug>/paper/<int:number>/drop")
@requires(P.PAPER_KEY)
def drop(slug: str, number: int) -> ResponseReturnValue:
    """Ask that the batch be dropped."""
    form = ReasonForm(prefix="drop")
    if form.validate_on_submit():
        with form.refusing() as ok:
            channels.drop(session(), current_actor(), slug, number, reason=form.reason.data or "")
        if ok:
            flash(_("요청했습니다. 다른 담당자가 승인하면 처리됩니다."), "success")
            return done(_here(slug, number))
    return _batch(slug, number, drop=form, status=422)


@bp.post("/budget/<slug>/paper/<int:number>/drop/decision")
@requires(P.PAPER_KEY)
def decide_drop(slug: str, number: int) -> ResponseReturnValue:
    """Say yes or no to that."""
    form = DecisionForm()
    if not form.validate_on_submit():
        return _batch(slug, number, status=422)
    channels.decide_drop(session(), current_actor(), slug, number, approve=form.yes)
    return done(_here(slug, number))


@bp.post("/budget/<slug>/paper/<int:number>/difference")
@requires(P.PAPER_KEY)
def state_difference(slug: str, number: int) -> ResponseReturnValue:
    """Say that there are more sheets than were handed out."""
    form = DifferenceForm(prefix="more")
    if form.validate_on_submit():
        with form.refusing() as ok:
            differences.state(session(), current_actor(), slug, number, reason=form.reason.data or "")
        if ok:
            flash(_("차이를 적었습니다. 다른 담당자가 확인하면 확정할 수 있습니다."), "success")
            return done(_here(slug, number))
    return _batch(slug, number, more=form, status=422)


@bp.post("/budget/<slug>/paper/<int:number>/difference/decision")
@requires(P.PAPER_KEY)
def decide_difference(slug: str, number: int) -> ResponseReturnValue:
    """Agree to that, or strike it out."""
    form = DecisionForm()
    if not form.validate_on_submit():
        return _batch(slug, number, status=422)
    differences.decide(session(), current_actor(), slug, number, approve=form.yes)
    flash(_("차이를 확인했습니다.") if form.yes else _("적어 둔 차이를 거두었습니다."), "success")
    return done(_here(slug, number))
