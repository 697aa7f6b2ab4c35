"""Counting: for staff, two of them."""

from typing import Any

from flask import Blueprint, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.permissions import Permission
from civicvote.forms.counting import ApprovalForm, DiscardForm, OpenedForm
from civicvote.services import counting
from civicvote.web.access import current_actor, keys, requires
from civicvote.web.render import done, download, page

bp = Blueprint("counting", __name__, url_prefix="/budget/<slug>/count")


def _show(slug: str, *, status: int = 200, **forms: object) -> ResponseReturnValue:
    context: dict[str, Any] = {
        "opened_form": OpenedForm(),
        "approval_form": ApprovalForm(),
        "discard_form": DiscardForm(),
    } | forms
    context["stand"] = counting.stand(session(), current_actor(), slug)
    return page("counting/index.html", status=status, **context)


@bp.get("")
def index(slug: str) -> ResponseReturnValue:
    """Where the count stands and what may be done next."""
    return _show(slug)


@bp.post("/seal")
@requires(Permission.COUNT_RUN)
def seal(slug: str) -> ResponseReturnValue:
    """Close the box."""
    counting.seal(session(), current_actor(), slug, keys=keys())
    flash(_("투표함을 봉인했습니다. 집계 대상 목록의 해시를 게시판에 올렸습니다."), "success")
    return done(url_for("counting.index", slug=slug))


@bp.get("/export")
@requires(Permission.COUNT_RUN)
def export(slug: str) -> ResponseReturnValue:
    """The file for the offline machine."""
    content = counting.export(session(), current_actor(), slug)
    return download(content, f"{slug}-count.json", "application/json")


@bp.post("/run")
@requires(Permission.COUNT_RUN)
def run(slug: str) -> ResponseReturnValue:
    """Open and count with the key file."""
    counting.count(session(), current_actor(), slug, keys=keys())
    flash(_("개표했습니다. 다른 담당자가 다시 개표해 확인하면 공표됩니다."), "success")
    return done(url_for("counting.index", slug=slug))


@bp.post("/opened")
@requires(Permission.COUNT_RUN)
def opened(slug: str) -> ResponseReturnValue:
    """Take what the offline machine gave back."""
    form = OpenedForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            counting.receive(session(), current_actor(), slug, opened=form.opened.data.read())
        if ok:
            flash(_("개표했습니다. 다른 담당자가 확인하면 공표됩니다."), "success")
            return done(url_for("counting.index", slug=slug))
    return _show(slug, status=422, opened_form=form)


@bp.post("/publish")
@requires(Permission.COUNT_APPROVE)
def publish(slug: str) -> ResponseReturnValue:
    """Count again and publish."""
    form = ApprovalForm()
    with form.refusing() as ok:
        counting.publish(session(), current_actor(), slug, keys=keys(), opened=form.content)
    if not ok:
        return _show(slug, status=422, approval_form=form)
    flash(_("다시 개표한 결과가 같아 결과를 공표했습니다."), "success")
    return done(url_for("results.detail", slug=slug))


@bp.post("/discard")
@requires(Permission.COUNT_APPROVE)
def discard(slug: str) -> ResponseReturnValue:
    """Send the count back."""
    form = DiscardForm()
    if form.validate_on_submit():
        counting.discard(session(), current_actor(), slug, reason=form.reason.data or "")
        flash(_("개표 결과를 반려했습니다. 다시 개표해야 합니다."), "info")
        return done(url_for("counting.index", slug=slug))
    return _show(slug, status=422, discard_form=form)
