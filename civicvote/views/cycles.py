"""Budget cycles: public pages, and the staff's: preparing, announcing, holding, the ballot list."""

from uuid import UUID

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.ballot_rounds import round_in
from civicvote.domain.paging import Cursor
from civicvote.domain.permissions import Permission as P
from civicvote.forms.base import BaseForm
from civicvote.forms.cycles import (
    AlternativesForm,
    CapForm,
    CycleForm,
    HoldForm,
    LockedForm,
    PoolForm,
    ReasonForm,
    VersionForm,
)
from civicvote.services import cycles
from civicvote.services.cycles import ballot_list as lists
from civicvote.services.cycles import terms as list_terms
from civicvote.services.deliberation import theme_pages
from civicvote.web.access import current_actor, keys, public, requires
from civicvote.web.render import done, page

bp = Blueprint("cycles", __name__, url_prefix="/budget")


@bp.get("/")
@public
def index() -> ResponseReturnValue:
    """Every cycle, the newest year first."""
    found = cycles.listing(session(), current_actor(), cursor=Cursor.decode(request.args.get("after", "")))
    more = url_for("cycles.index", after=found.next.encode()) if found.next else ""
    return page("cycles/index.html", rows=found.rows, more=more)


@bp.get("/<slug>")
@public
def detail(slug: str) -> ResponseReturnValue:
    """One cycle: where it stands, its money, who may vote and how it is counted. A forum's ballot has a page of its own."""
    if (round_id := round_in(slug)) is not None:
        return redirect(url_for("ballot_rounds.detail", round_id=round_id), 303)
    view = cycles.detail(session(), current_actor(), slug)
    agenda = theme_pages.on_agenda(session(), view.cycle.id)
    return page("cycles/detail.html", view=view, agenda=agenda, preview=False)


@bp.get("/<slug>/preview")
@requires(P.CYCLE_MANAGE)
def preview(slug: str) -> ResponseReturnValue:
    """The same page as citizens will see it."""
    return page("cycles/detail.html", view=cycles.detail(session(), current_actor(), slug), preview=True)


@bp.route("/new", methods=["GET", "POST"])
@requires(P.CYCLE_MANAGE)
def new() -> ResponseReturnValue:
    """Make a cycle."""
    form = CycleForm.fresh()
    if not form.is_submitted():
        return page("cycles/edit.html", form=form, cycle=None, warnings=[])
    if form.validate_on_submit():
        with form.refusing() as ok:
            made = cycles.create(session(), current_actor(), form.plan())
        if ok:
            flash(_("저장했습니다. 이제 분야와 금액을 등록해 주십시오."), "success")
            return done(url_for("cycles.pools", slug=made.slug))
    return page("cycles/edit.html", status=422, form=form, cycle=None, warnings=[])


@bp.route("/<slug>/edit", methods=["GET", "POST"])
@requires(P.CYCLE_MANAGE)
def edit(slug: str) -> ResponseReturnValue:
    """Change windows and rules, while they are open."""
    form = CycleForm.of(cycles.get(session(), current_actor(), slug))
    if form.validate_on_submit():
        with form.refusing() as ok:
            saved = cycles.edit(session(), current_actor(), slug, form.plan(), version=form.seen)
        if ok:
            flash(_("저장했습니다."), "success")
            return done(url_for("cycles.edit", slug=saved.slug))
    cycle = cycles.get(session(), current_actor(), slug)
    return page(
        "cycles/edit.html",
        status=422 if form.is_submitted() else 200,
        form=form,
        cycle=cycle,
        editable=cycles.is_editable(cycle),
        warnings=cycles.warnings(cycle),
    )


def _pools_page(slug: str, form: PoolForm) -> ResponseReturnValue:
    view = cycles.detail(session(), current_actor(), slug)
    if not form.is_submitted():
        form.version.data = str(view.cycle.version)
    return page(
        "cycles/pools.html",
        status=422 if form.is_submitted() else 200,
        view=view,
        form=form,
        editable=cycles.is_editable(view.cycle),
    )


@bp.route("/<slug>/pools", methods=["GET", "POST"])
@requires(P.CYCLE_MANAGE)
def pools(slug: str) -> ResponseReturnValue:
    """The pools, and a form for another."""
    form = PoolForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            cycles.add_pool(session(), current_actor(), slug, form.plan(), version=form.seen)
        if ok:
            flash(_("분야를 추가했습니다."), "success")
            return done(url_for("cycles.pools", slug=slug))
    return _pools_page(slug, form)


@bp.route("/<slug>/pools/<uuid:pool_id>", methods=["GET", "POST"])
@requires(P.CYCLE_MANAGE)
def pool(slug: str, pool_id: UUID) -> ResponseReturnValue:
    """One pool's form."""
    cycle, found = cycles.pool(session(), current_actor(), slug, pool_id)
    form = PoolForm.of(cycle, found, cycle.version)
    title = cycle.title
    if form.validate_on_submit():
        with form.refusing() as ok:
            cycles.edit_pool(session(), current_actor(), slug, pool_id, form.plan(), version=form.seen)
        if ok:
            flash(_("저장했습니다."), "success")
            return done(url_for("cycles.pools", slug=slug))
    return page("cycles/pool.html", status=422 if form.is_submitted() else 200, form=form, slug=slug, title=title)


@bp.post("/<slug>/pools/<uuid:pool_id>/remove")
@requires(P.CYCLE_MANAGE)
def remove_pool(slug: str, pool_id: UUID) -> ResponseReturnValue:
    """Take a pool away."""
    cycles.remove_pool(session(), current_actor(), slug, pool_id, version=VersionForm().seen)
    flash(_("분야를 지웠습니다."), "success")
    return done(url_for("cycles.pools", slug=slug))


@bp.post("/<slug>/announce")
@requires(P.CYCLE_MANAGE)
def announce(slug: str) -> ResponseReturnValue:
    """Make it public."""
    cycles.announce(session(), current_actor(), slug, version=VersionForm().seen)
    flash(_("공고했습니다."), "success")
    return done(url_for("cycles.detail", slug=slug))


def _hold_page(slug: str, form: HoldForm) -> ResponseReturnValue:
    view = cycles.detail(session(), current_actor(), slug)
    return page("cycles/hold.html", status=422 if form.is_submitted() else 200, view=view, form=form)


@bp.route("/<slug>/hold", methods=["GET", "POST"])
@requires(P.CYCLE_MANAGE)
def hold(slug: str) -> ResponseReturnValue:
    """Close what the clock has open, with a reason."""
    form = HoldForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            cycles.hold(session(), current_actor(), slug, reason=form.words)
        if ok:
            flash(_("보류했습니다. 접수와 투표가 멈췄습니다."), "success")
            return done(url_for("cycles.detail", slug=slug))
    return _hold_page(slug, form)


@bp.post("/<slug>/lift")
@requires(P.CYCLE_MANAGE)
def lift(slug: str) -> ResponseReturnValue:
    """End the hold, with a reason."""
    form = HoldForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            cycles.lift(session(), current_actor(), slug, reason=form.words)
        if ok:
            flash(_("보류를 해제했습니다."), "success")
            return done(url_for("cycles.detail", slug=slug))
    return _hold_page(slug, form)


def _list_page(slug: str, form: ReasonForm) -> ResponseReturnValue:
    view = lists.show(session(), current_actor(), slug)
    return page("cycles/ballot_list.html", status=422 if form.is_submitted() else 200, view=view, form=form)


@bp.get("/<slug>/ballot-list")
@public
def ballot_list(slug: str) -> ResponseReturnValue:
    """What is voted on; before the approval for staff only."""
    return _list_page(slug, ReasonForm())


@bp.post("/<slug>/ballot-list/request")
@requires(P.CYCLE_MANAGE)
def request_list(slug: str) -> ResponseReturnValue:
    """Ask a second person to approve the list."""
    lists.request_list(session(), current_actor(), slug)
    flash(_("승인을 요청했습니다. 다른 담당자가 확인하고 승인하면 공고됩니다."), "success")
    return done(url_for("cycles.ballot_list", slug=slug))


@bp.post("/<slug>/ballot-list/approve")
@requires(P.CYCLE_APPROVE)
def approve_list(slug: str) -> ResponseReturnValue:
    """Publish the list, as the second person."""
    lists.approve_list(session(), current_actor(), slug, keys=keys())
    flash(_("투표안건을 공고했습니다. 투표는 공고한 시각에 저절로 열리고 닫힙니다."), "success")
    return done(url_for("cycles.ballot_list", slug=slug))


@bp.post("/<slug>/ballot-list/return")
@requires(P.CYCLE_APPROVE)
def return_list(slug: str) -> ResponseReturnValue:
    """Send the request back with a reason."""
    form = ReasonForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            lists.return_list(session(), current_actor(), slug, reason=form.words)
        if ok:
            flash(_("돌려보냈습니다. 요청한 담당자에게 이유를 알렸습니다."), "success")
            return done(url_for("cycles.ballot_list", slug=slug))
    return _list_page(slug, form)


@bp.route("/<slug>/ballot-list/exclude/<uuid:project_id>", methods=["GET", "POST"])
@requires(P.PROJECT_EXCLUDE)
def exclude(slug: str, project_id: UUID) -> ResponseReturnValue:
    """Take a project off the published list, with a public reason."""
    form = ReasonForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            lists.exclude(session(), current_actor(), slug, project_id, reason=form.words)
        if ok:
            flash(_("안건에서 제외했습니다. 이유가 공개되고 제안자에게 알림이 갑니다."), "success")
            return done(url_for("cycles.ballot_list", slug=slug))
    cycle, project = lists.excludable(session(), current_actor(), slug, project_id)
    return page(
        "cycles/exclude.html", status=422 if form.is_submitted() else 200, form=form, cycle=cycle, project=project
    )


def _terms_page(slug: str, view: list_terms.TermsView, **sent: BaseForm) -> ResponseReturnValue:
    forms = {"alternatives": AlternativesForm(view), "cap_form": CapForm(view), "locked": LockedForm(view)} | sent
    return page("cycles/terms.html", status=422 if sent else 200, view=view, slug=slug, **forms)


@bp.get("/<slug>/ballot-list/terms")
@requires(P.CYCLE_MANAGE)
def terms(slug: str) -> ResponseReturnValue:
    """Alternatives, caps and settled projects of the list that is being prepared."""
    return _terms_page(slug, list_terms.show(session(), current_actor(), slug))


@bp.post("/<slug>/ballot-list/terms/alternatives")
@requires(P.CYCLE_MANAGE)
def add_alternatives(slug: str) -> ResponseReturnValue:
    """Name projects of which at most one is to be funded."""
    view = list_terms.show(session(), current_actor(), slug)
    form = AlternativesForm(view)
    if form.validate_on_submit():
        with form.refusing() as ok:
            list_terms.add_alternatives(
                session(), current_actor(), slug, title=form.title.data or "", projects=form.ids
            )
        if ok:
            flash(_("묶음을 추가했습니다."), "success")
            return done(url_for("cycles.terms", slug=slug))
    return _terms_page(slug, view, alternatives=form)


@bp.post("/<slug>/ballot-list/terms/caps")
@requires(P.CYCLE_MANAGE)
def add_cap(slug: str) -> ResponseReturnValue:
    """Limit what a category or district may get."""
    view = list_terms.show(session(), current_actor(), slug)
    form = CapForm(view)
    if form.validate_on_submit():
        with form.refusing() as ok:
            list_terms.add_cap(
                session(),
                current_actor(),
                slug,
                scope=form.scope,
                value=form.value,
                max_projects=form.max_projects.data,
                max_won=form.max_won.data,
            )
        if ok:
            flash(_("한도를 추가했습니다."), "success")
            return done(url_for("cycles.terms", slug=slug))
    return _terms_page(slug, view, cap_form=form)


@bp.post("/<slug>/ballot-list/terms/locked")
@requires(P.CYCLE_MANAGE)
def lock_in(slug: str) -> ResponseReturnValue:
    """Settle a project before the vote."""
    view = list_terms.show(session(), current_actor(), slug)
    form = LockedForm(view)
    if form.validate_on_submit():
        with form.refusing() as ok:
            list_terms.lock_in(session(), current_actor(), slug, project=form.chosen, reason=form.reason.data or "")
        if ok:
            flash(_("확정 사업으로 정했습니다."), "success")
            return done(url_for("cycles.terms", slug=slug))
    return _terms_page(slug, view, locked=form)


@bp.post("/<slug>/ballot-list/terms/<uuid:term_id>/remove")
@requires(P.CYCLE_MANAGE)
def remove_term(slug: str, term_id: UUID) -> ResponseReturnValue:
    """Take one of them back."""
    list_terms.remove(session(), current_actor(), slug, term_id)
    flash(_("지웠습니다."), "success")
    return done(url_for("cycles.terms", slug=slug))
