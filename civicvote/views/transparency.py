"""The public account of moderation."""

import csv
import io
from urllib.parse import urlencode

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.discussion import HIDE_REASONS
from civicvote.services.moderation import transparency
from civicvote.web.access import public
from civicvote.web.i18n import say
from civicvote.web.periods import Period, chosen, presets
from civicvote.web.render import download, page

bp = Blueprint("transparency", __name__, url_prefix="/transparency")


def _account(period: Period) -> transparency.Account:
    return transparency.account(session(), since=period.since, until=period.until)


@bp.get("/")
@public
def index() -> ResponseReturnValue:
    """How much was hidden, why, and how many appeals succeeded."""
    period = chosen(request.args)
    found = _account(period)
    return page(
        "transparency/index.html",
        a=found,
        period=period,
        presets=[(label, url_for("transparency.index", period=key), key == period.key) for key, label in presets()],
        reasons=[(say(HIDE_REASONS[reason]), number) for reason, number in found.by_reason],
        csv_url=f"{url_for('transparency.file')}?{urlencode(period.args())}",
    )


@bp.get("/file.csv")
@public
def file() -> ResponseReturnValue:
    """The same figures as CSV."""
    period = chosen(request.args)
    found = _account(period)
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow([_("항목"), _("값")])
    rows: list[tuple[str, int | float | str]] = [
        (_("기간 시작"), period.first.isoformat()),
        (_("기간 끝"), period.last.isoformat()),
        (_("숨긴 글"), found.hidden),
        *((say(HIDE_REASONS[reason]), number) for reason, number in found.by_reason),
        (_("이의를 받아들여 다시 공개한 글"), found.shown_again),
        (_("신고"), found.reports),
        (_("받아들인 신고"), found.reports_upheld),
        (_("이의제기"), found.appeals),
        (_("받아들인 이의제기"), found.appeals_upheld),
        (
            _("이의제기 판단까지 걸린 시간(중앙값)"),
            round(found.hours_to_decide, 1) if found.hours_to_decide is not None else "",
        ),
    ]
    table.writerows(rows)
    return download(("\ufeff" + out.getvalue()).encode(), "moderation.csv", "text/csv; charset=utf-8")
