"""The opinion map and its figures."""

import csv
import io
from dataclasses import asdict
from uuid import UUID

from flask import jsonify
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.errors import NotFoundError
from civicvote.services.deliberation import opinion_maps, rounds, statements
from civicvote.views.statements.answering import tabs
from civicvote.views.statements.blueprint import bp
from civicvote.web.access import current_actor, public
from civicvote.web.render import download, page


def _map(round_id: UUID) -> opinion_maps.View:
    statements.of(session(), current_actor(), round_id)
    found = opinion_maps.view(session(), round_id)
    if found is None:
        raise NotFoundError
    return found


@bp.get("/rounds/<uuid:round_id>/opinion-map")
@public
def chart(round_id: UUID) -> ResponseReturnValue:
    """Groups of people who think alike, what unites and what divides them."""
    statements.of(session(), current_actor(), round_id)
    return page(
        "statements/chart.html",
        view=rounds.view(session(), current_actor(), round_id),
        map=opinion_maps.view(session(), round_id),
        tabs=tabs(round_id, "chart"),
        size=(opinion_maps.WIDTH, opinion_maps.HEIGHT),
    )


@bp.get("/rounds/<uuid:round_id>/opinion-map.json")
@public
def chart_json(round_id: UUID) -> ResponseReturnValue:
    """The map's figures as JSON."""
    found = asdict(_map(round_id))
    found["computed_at"] = found["computed_at"].isoformat()
    return jsonify(found)


@bp.get("/rounds/<uuid:round_id>/opinion-map.csv")
@public
def chart_csv(round_id: UUID) -> ResponseReturnValue:
    """The map's statements as CSV: shares of each group in per cent."""
    found = _map(round_id)
    out = io.StringIO()
    table = csv.writer(out)
    letters = [group.letter for group in found.groups]
    table.writerow(
        [
            _("구분"),
            _("의견"),
            *(f"{letter} {_('찬성')} %" for letter in letters),
            *(f"{letter} {_('반대')} %" for letter in letters),
        ]
    )
    named = [(_("모두의 의견"), one) for one in found.uniting] + [
        (_("의견이 갈리는 것"), one) for one in found.dividing
    ]
    named += [(f"{group.letter}", one) for group in found.groups for one in group.apart]
    for label, one in named:
        text = f"'{one.text}" if one.text[:1] in "=+-@\t\r＝＋－＠" else one.text
        table.writerow([label, text, *(f"{100 * share:.1f}" for share in (*one.agree, *one.disagree))])
    return download(("\ufeff" + out.getvalue()).encode(), "opinion-map.csv", "text/csv; charset=utf-8")
