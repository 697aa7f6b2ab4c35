"""The desk: find, check in, hand out a paper or a code, and decide what another clerk asks."""

from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import reader, session
from civicvote.domain.permissions import Permission as P
from civicvote.forms.channels import ClaimForm, DecisionForm, ReasonForm, StationForm
from civicvote.models.channels import Ask
from civicvote.services import channels
from civicvote.services.channels import Found, reading
from civicvote.services.channels.clerks import by_clerk
from civicvote.services.channels.stations import CODE_FOR
from civicvote.views.channels.blueprint import bp
from civicvote.web import login, qr, station
from civicvote.web.access import current_actor, keys, requires, settings
from civicvote.web.observe import arrived
from civicvote.web.render import anew, done, page, wants_part


def _address() -> str:
    return request.remote_addr or ""


def _desk(
    slug: str, form: ClaimForm, *, found: Found | None = None, device: StationForm | None = None, status: int = 200
) -> ResponseReturnValue:
    return page(
        "channels/desk.html",
        status=status,
        desk=reading.desk(session(), current_actor(), slug, arrived=arrived()),
        form=form,
        found=found,
        device=device or StationForm(formdata=None, prefix="station"),
    )


@bp.get("/budget/<slug>/desk")
@requires(P.VOTE_DESK)
def desk(slug: str) -> ResponseReturnValue:
    """Who was checked in, what waits for a second clerk, and the form for the next person."""
    return _desk(slug, ClaimForm(formdata=None))


@bp.get("/budget/<slug>/desk/clerks")
@requires(P.AUDIT_READ)
def clerks(slug: str) -> ResponseReturnValue:
    """Who checked how many people in, and by what, for auditors."""
    return page("channels/clerks.html", view=by_clerk(reader(), current_actor(), slug))


@bp.post("/budget/<slug>/desk/find")
@requires(P.VOTE_DESK)
def find_person(slug: str) -> ResponseReturnValue:
    """Who it is and whether they may vote, before anything is decided."""
    form = ClaimForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            found = channels.look_up(session(), current_actor(), slug, form.claim(), keys=keys(), address=_address())
        if ok:
            return _desk(slug, form, found=found)
    return _desk(slug, form, status=422)


@bp.post("/budget/<slug>/desk")
@requires(P.VOTE_DESK)
def check_in(slug: str) -> ResponseReturnValue:
    """Check the person in."""
    form = ClaimForm()
    found: Found | None = None
    if form.validate_on_submit():
        with form.refusing() as ok:
            made = channels.check_in(
                session(),
                current_actor(),
                slug,
                form.claim(),
                form.wanted,
                keys=keys(),
                arrived=arrived(),
                address=_address(),
            )
        if ok:
            flash(_("접수번호 %(number)s번으로 접수했습니다.", number=made.number), "success")
            return done(url_for("channels.visit", slug=slug, check_in_id=made.id))
        with form.refusing() as known:
            found = channels.look_up(session(), current_actor(), slug, form.person(), keys=keys(), address=_address())
        found = found if known else None
    return _desk(slug, form, found=found, status=422)


def _visit(
    slug: str, check_in_id: UUID, *, void: ReasonForm | None = None, back: ReasonForm | None = None, status: int = 200
) -> ResponseReturnValue:
    return page(
        "channels/visit.html",
        status=status,
        view=reading.check_in(session(), current_actor(), slug, check_in_id),
        void=void or ReasonForm(formdata=None, prefix="void"),
        back=back or ReasonForm(formdata=None, prefix="back"),
    )


@bp.get("/budget/<slug>/desk/<uuid:check_in_id>")
@requires(P.VOTE_DESK)
def visit(slug: str, check_in_id: UUID) -> ResponseReturnValue:
    """One check-in and what may be done with it now; the script asks every few seconds whether the other clerk has decided."""
    if not wants_part():
        return _visit(slug, check_in_id)
    return ("", 204) if reading.check_in(session(), current_actor(), slug, check_in_id).watched else anew()


@bp.post("/budget/<slug>/desk/<uuid:check_in_id>/paper")
@requires(P.VOTE_DESK)
def hand_out(slug: str, check_in_id: UUID) -> ResponseReturnValue:
    """The paper was given."""
    channels.hand_out(session(), current_actor(), slug, check_in_id, keys=keys())
    flash(_("투표용지 교부를 기록했습니다."), "success")
    return done(url_for("channels.visit", slug=slug, check_in_id=check_in_id))


@bp.post("/budget/<slug>/desk/<uuid:check_in_id>/code")
@requires(P.VOTE_DESK)
def code(slug: str, check_in_id: UUID) -> ResponseReturnValue:
    """A code for a station: shown once, here."""
    made = channels.issue_code(session(), current_actor(), slug, check_in_id, arrived=arrived(), keys=keys())
    shown = channels.shown_code(made)
    address = f"{settings().base_url.rstrip('/')}{url_for('channels.station')}#{shown}"
    return page(
        "channels/code.html",
        view=reading.check_in(session(), current_actor(), slug, check_in_id),
        code=shown,
        picture=qr.svg(address, _("투표 코드")),
        minutes=int(CODE_FOR.total_seconds() // 60),
    )


@bp.post("/budget/<slug>/desk/<uuid:check_in_id>/void")
@requires(P.VOTE_DESK)
def ask_void(slug: str, check_in_id: UUID) -> ResponseReturnValue:
    """Ask that the online ballot be voided."""
    form = ReasonForm(prefix="void")
    return _ask(slug, check_in_id, Ask.VOID, form) or _visit(slug, check_in_id, void=form, status=422)


@bp.post("/budget/<slug>/desk/<uuid:check_in_id>/take-back")
@requires(P.VOTE_DESK)
def ask_take_back(slug: str, check_in_id: UUID) -> ResponseReturnValue:
    """Ask that the check-in be taken back."""
    form = ReasonForm(prefix="back")
    return _ask(slug, check_in_id, Ask.TAKE_BACK, form) or _visit(slug, check_in_id, back=form, status=422)


def _ask(slug: str, check_in_id: UUID, what: Ask, form: ReasonForm) -> ResponseReturnValue | None:
    if not form.validate_on_submit():
        return None
    with form.refusing() as ok:
        channels.ask(session(), current_actor(), slug, check_in_id, what, reason=form.reason.data or "", keys=keys())
    if not ok:
        return None
    flash(_("요청했습니다. 다른 담당자가 승인하면 처리됩니다."), "success")
    return done(url_for("channels.visit", slug=slug, check_in_id=check_in_id))


@bp.post("/budget/<slug>/desk/<uuid:check_in_id>/decision")
@requires(P.VOTE_DESK)
def decide(slug: str, check_in_id: UUID) -> ResponseReturnValue:
    """Say yes or no to what another clerk asked."""
    form = DecisionForm()
    if not form.validate_on_submit():
        return _visit(slug, check_in_id, status=422)
    channels.decide(session(), current_actor(), slug, check_in_id, approve=form.yes, keys=keys(), address=_address())
    flash(_("승인했습니다.") if form.yes else _("요청을 거두었습니다."), "success")
    if form.back.data == "desk":
        return done(url_for("channels.desk", slug=slug))
    return done(url_for("channels.visit", slug=slug, check_in_id=check_in_id))


@bp.post("/budget/<slug>/desk/stations")
@requires(P.VOTE_DESK)
def open_station(slug: str) -> ResponseReturnValue:
    """Turn this very browser into a station."""
    form = StationForm(prefix="station")
    login.know_actor()
    if form.validate_on_submit():
        with form.refusing() as ok:
            token = channels.open_station(session(), current_actor(), slug, name=form.name.data or "")
        if ok:
            return station.begin(token)
    return _desk(slug, ClaimForm(formdata=None), device=form, status=422)


@bp.post("/budget/<slug>/desk/stations/<uuid:station_id>/close")
@requires(P.VOTE_DESK)
def close_station(slug: str, station_id: UUID) -> ResponseReturnValue:
    """End a station from here."""
    channels.close_station(session(), current_actor(), slug, station_id)
    flash(_("전자투표 기기를 끝냈습니다."), "success")
    return done(url_for("channels.desk", slug=slug))
