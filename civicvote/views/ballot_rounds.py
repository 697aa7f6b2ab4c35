"""A forum's ballot: its page, a last look, the cast, the receipt, the result; and where it is prepared.

What was picked never enters an address or a cookie: it travels in the forms of the pages alone.
"""

from uuid import UUID

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import reader, session
from civicvote.domain.ballot_rounds import slug_of
from civicvote.domain.deliberation import RoundKind
from civicvote.domain.permissions import Permission as P
from civicvote.forms.ballot_rounds import (
    BallotPlanForm,
    OptionCastForm,
    OptionForm,
    OptionPaperForm,
    SendBackForm,
    TakeForm,
)
from civicvote.forms.cycles import VersionForm
from civicvote.forms.voting import PaperForm
from civicvote.services import ballot_rounds, voting
from civicvote.services.deliberation.rounds import View
from civicvote.views.forums.kinds import page_of
from civicvote.views.voting import receipt_page
from civicvote.web.access import current_actor, keys, public, requires
from civicvote.web.observe import arrived
from civicvote.web.render import done, page

bp = Blueprint("ballot_rounds", __name__, url_prefix="/ballots/<uuid:round_id>")


def ballot_page(round_id: UUID, form: PaperForm | None = None, *, status: int = 200) -> ResponseReturnValue:
    """The round's page, with the paper as far as it is filled in."""
    view = ballot_rounds.show(reader(), current_actor(), round_id, arrived=arrived(), keys=keys())
    form = form or OptionPaperForm()
    paper = view.booth.own(form.paper) if view.booth else form.paper
    return page("ballot_rounds/detail.html", status=status, view=view, booth=view.booth, form=form, paper=paper)


@page_of(RoundKind.BALLOT)
def in_forum(view: View) -> ResponseReturnValue:
    """The same under the address that all rounds of forums have."""
    return ballot_page(view.round.id)


@bp.get("")
@public
def detail(round_id: UUID) -> ResponseReturnValue:
    """What is put to the vote, and the ballot paper while it is open."""
    return ballot_page(round_id)


@bp.post("")
def choose(round_id: UUID) -> ResponseReturnValue:
    """The paper again as it was filled in: the way back from the last look."""
    return ballot_page(round_id, OptionPaperForm())


@bp.route("/confirm", methods=["GET", "POST"])
def confirm(round_id: UUID) -> ResponseReturnValue:
    """A last look at the paper."""
    form = OptionPaperForm()
    if not form.is_submitted():
        return _to_page(round_id)
    with form.refusing() as well:
        found = ballot_rounds.overview(reader(), current_actor(), round_id, form.paper, arrived=arrived(), keys=keys())
    if not well:
        return ballot_page(round_id, form, status=422)
    return page(
        "ballot_rounds/confirm.html",
        round_id=round_id,
        overview=found,
        booth=found.booth,
        key=voting.new_form_key(),
    )


@bp.route("/receipt", methods=["GET", "POST"])
def receipt(round_id: UUID) -> ResponseReturnValue:
    """Cast, and answer with the receipt: it is shown once, here."""
    form = OptionCastForm()
    if not form.is_submitted():
        return _to_page(round_id)
    with form.refusing() as well:
        given = ballot_rounds.cast(
            session(),
            current_actor(),
            round_id,
            form.paper,
            key=form.key.data or "",
            arrived=arrived(),
            keys=keys(),
        )
    if not well:
        form.form_errors = [*form.form_errors, *form.key.errors]
        return ballot_page(round_id, form, status=422)
    again = url_for("ballot_rounds.detail", round_id=round_id)
    return receipt_page(slug_of(round_id), given, "ballot_rounds/receipt.html", again=again)


def _to_page(round_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("ballot_rounds.detail", round_id=round_id), 303)


@bp.get("/result")
@public
def result(round_id: UUID) -> ResponseReturnValue:
    """What was chosen, with every figure, and how to count it again."""
    return page("ballot_rounds/result.html", outcome=ballot_rounds.outcome(session(), current_actor(), round_id))


def _desk(
    round_id: UUID,
    *,
    plan: BallotPlanForm | None = None,
    option: OptionForm | None = None,
    take: TakeForm | None = None,
    back: SendBackForm | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    view = ballot_rounds.desk(reader(), current_actor(), round_id)
    return page(
        "ballot_rounds/prepare.html",
        status=status,
        view=view,
        plan=plan or BallotPlanForm(obj=view.ballot, formdata=None),
        option=option or OptionForm(formdata=None),
        take=(take or TakeForm(formdata=None)).offer(view),
        back=back or SendBackForm(formdata=None),
    )


def _to_desk(round_id: UUID, said: str) -> ResponseReturnValue:
    flash(said, "success")
    return done(url_for("ballot_rounds.prepare", round_id=round_id))


@bp.get("/prepare")
def prepare(round_id: UUID) -> ResponseReturnValue:
    """Form and options, and the announcement by two people."""
    return _desk(round_id)


@bp.post("/prepare")
@requires(P.FORUM_MODERATE)
def plan(round_id: UUID) -> ResponseReturnValue:
    """Decide the form."""
    form = BallotPlanForm()
    if not form.validate_on_submit():
        return _desk(round_id, plan=form, status=422)
    with form.refusing() as well:
        ballot_rounds.plan(session(), current_actor(), round_id, form.plan, version=form.seen)
    return _to_desk(round_id, _("투표 방식을 정했습니다.")) if well else _desk(round_id, plan=form, status=422)


@bp.post("/options")
@requires(P.FORUM_MODERATE)
def add_option(round_id: UUID) -> ResponseReturnValue:
    """An option in the moderator's words."""
    form = OptionForm()
    if not form.validate_on_submit():
        return _desk(round_id, option=form, status=422)
    with form.refusing() as well:
        ballot_rounds.add(session(), current_actor(), round_id, title=form.title.data or "", body=form.body.data or "")
    return _to_desk(round_id, _("선택지를 더했습니다.")) if well else _desk(round_id, option=form, status=422)


@bp.post("/options/take")
@requires(P.FORUM_MODERATE)
def take_options(round_id: UUID) -> ResponseReturnValue:
    """Options of what citizens said."""
    form = TakeForm()
    with form.refusing() as well:
        ballot_rounds.take(session(), current_actor(), round_id, form.keys, into=form.target)
    return _to_desk(round_id, _("선택지에 올렸습니다.")) if well else _desk(round_id, take=form, status=422)


@bp.route("/options/<uuid:option_id>", methods=["GET", "POST"])
@requires(P.FORUM_MODERATE)
def edit_option(round_id: UUID, option_id: UUID) -> ResponseReturnValue:
    """Put an option in other words."""
    view, found = ballot_rounds.option(reader(), current_actor(), round_id, option_id)
    form = OptionForm(obj=found)
    well = form.validate_on_submit()
    if well:
        with form.refusing() as outcome:
            ballot_rounds.edit(
                session(),
                current_actor(),
                round_id,
                option_id,
                title=form.title.data or "",
                body=form.body.data or "",
            )
        if outcome:
            return _to_desk(round_id, _("선택지를 고쳤습니다."))
    status = 422 if form.is_submitted() else 200
    return page("ballot_rounds/option.html", status=status, view=view, found=found, form=form)


@bp.post("/options/<uuid:option_id>/remove")
@requires(P.FORUM_MODERATE)
def remove_option(round_id: UUID, option_id: UUID) -> ResponseReturnValue:
    """Take an option off the list."""
    ballot_rounds.remove(session(), current_actor(), round_id, option_id)
    return _to_desk(round_id, _("선택지를 뺐습니다."))


@bp.post("/ask")
@requires(P.FORUM_MODERATE)
def ask(round_id: UUID) -> ResponseReturnValue:
    """Ask another person to announce it."""
    ballot_rounds.ask(session(), current_actor(), round_id, version=VersionForm().seen)
    return _to_desk(round_id, _("공고 승인을 요청했습니다. 다른 담당자가 확인하고 공고합니다."))


@bp.post("/announce")
@requires(P.CYCLE_APPROVE)
def announce(round_id: UUID) -> ResponseReturnValue:
    """Announce what another asked for."""
    ballot_rounds.announce(session(), current_actor(), round_id, keys=keys())
    return _to_desk(round_id, _("투표를 공고했습니다. 이제 선택지와 규칙은 바뀌지 않습니다."))


@bp.post("/send-back")
@requires(P.CYCLE_APPROVE)
def send_back(round_id: UUID) -> ResponseReturnValue:
    """Return a request with its reason."""
    form = SendBackForm()
    if not form.validate_on_submit():
        return _desk(round_id, back=form, status=422)
    with form.refusing() as well:
        ballot_rounds.send_back(session(), current_actor(), round_id, reason=form.reason.data or "")
    return _to_desk(round_id, _("요청을 돌려보냈습니다.")) if well else _desk(round_id, back=form, status=422)
