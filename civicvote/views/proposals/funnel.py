"""The funnel of a period."""

import csv
import io
from urllib.parse import urlencode

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.services.proposals.funnel import Step, funnel
from civicvote.views.proposals.blueprint import bp
from civicvote.web.access import public
from civicvote.web.filters import percent
from civicvote.web.i18n import say
from civicvote.web.periods import chosen, presets
from civicvote.web.render import download, page


def _said(step: Step) -> str:
    text = _("%(n)s건", n=f"{step.count:,}")
    return f"{text} ({percent(step.of_all)})" if step.of_all is not None else str(text)


@bp.get("/proposals/funnel")
@public
def funnel_page() -> ResponseReturnValue:
    """How far proposals came."""
    period = chosen(request.args)
    found = funnel(session(), since=period.since, until=period.until)
    here = url_for("proposals.funnel_page")
    return page(
        "proposals/funnel.html",
        f=found,
        period=period,
        presets=[(label, f"{here}?{urlencode({'period': key})}", key == period.key) for key, label in presets()],
        bars=[(say(step.label), step.count, _said(step)) for step in found.steps],
        csv_url=f"{url_for('proposals.funnel_file')}?{urlencode(period.args())}",
    )


@bp.get("/proposals/funnel.csv")
@public
def funnel_file() -> ResponseReturnValue:
    """The same figures as CSV."""
    period = chosen(request.args)
    found = funnel(session(), since=period.since, until=period.until)
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow([_("단계"), _("건수"), _("전체 대비"), _("앞 단계 대비"), _("뜻")])
    for step in found.steps:
        shares = ("" if share is None else f"{share:.4f}" for share in (step.of_all, step.of_before))
        table.writerow([say(step.label), step.count, *shares, say(step.definition)])
    return download(("\ufeff" + out.getvalue()).encode(), "proposals.csv", "text/csv; charset=utf-8")
