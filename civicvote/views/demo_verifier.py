"""The demo's verifier: takes anybody's word. It exists in demo mode only and says so on its face."""

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.permissions import Permission
from civicvote.forms.verification import DemoForm
from civicvote.services import verification
from civicvote.web import login
from civicvote.web.access import current_actor, keys, requires, safe_next
from civicvote.web.render import is_get, page

DEMO_ONLY = True
bp = Blueprint("demo_verifier", __name__)


@bp.route("/verification/demo", methods=["GET", "POST"])
@requires(Permission.ACCOUNT_OWN)
def index() -> ResponseReturnValue:
    """Choose who to be."""
    form = DemoForm()
    if form.validate_on_submit() and form.birth_year.data is not None:
        with form.refusing() as ok:
            token = verification.by_demo(
                session(),
                current_actor(),
                district=form.district.data,
                birth_year=form.birth_year.data,
                sex=form.sex.data or None,
                key=keys().person,
            )
        if ok:
            response = login.entered(token, login.wanted() or url_for("verification.index"))
            flash(_("체험용 본인확인을 마쳤습니다. 이제 투표해 볼 수 있습니다."), "success")
            return response
    return page(
        "verification/demo.html",
        status=200 if is_get() else 422,
        form=form,
        next=safe_next(request.values.get("next")) or "",
    )
