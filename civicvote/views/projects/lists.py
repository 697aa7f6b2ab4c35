"""The list of projects and the comparison."""

from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain import districts
from civicvote.domain.lifecycles import PROJECT, PUBLIC_PROJECT_STATES, ProjectState
from civicvote.domain.messages import msg
from civicvote.forms.projects import COMPARED, cursor_from, filters_from, ids_from
from civicvote.services.projects import listing, reading
from civicvote.services.projects.listing import Sort
from civicvote.views.projects.blueprint import bp
from civicvote.web.access import current_actor, public
from civicvote.web.i18n import language, say
from civicvote.web.render import page

SORTS = {
    Sort.NEWEST: msg("최신순"),
    Sort.ENDORSED: msg("공감 많은 순"),
    Sort.DISCUSSED: msg("댓글 많은 순"),
    Sort.COST_HIGH: msg("예산 큰 순"),
    Sort.COST_LOW: msg("예산 작은 순"),
}


@bp.get("/projects/")
@public
def index() -> ResponseReturnValue:
    """The list."""
    filters = filters_from(request.args)
    found = listing.listing(session(), current_actor(), filters, cursor_from(request.args))
    options = listing.choices(session(), filters)
    following = found.page.next
    return page(
        "projects/index.html",
        partial="projects/_list.html",
        filters=filters,
        found=found,
        choices=options,
        next_url=_address(filters, cursor=following.encode()) if following else "",
        total_text=_total(found.total),
        active=_narrowed(filters, options),
        districts=districts.choices(language()),
        states=[(state.value, say(PROJECT.labels[state])) for state in ProjectState if state in PUBLIC_PROJECT_STATES],
        sorts=[("", _("기본순")), *((sort.value, say(label)) for sort, label in SORTS.items())],
    )


def _address(filters: listing.Filters, **more: Any) -> str:
    values: dict[str, Any] = {**filters.args(), **more}
    return url_for("projects.index", **values)


def _total(total: int | None) -> str:
    if total is not None and total >= listing.COUNT_LIMIT:
        return str(_("%(n)s건 이상", n=f"{total:,}"))
    return str(_("모두 %(n)s건", n=f"{total or 0:,}"))


def _narrowed(filters: listing.Filters, options: listing.Choices) -> list[tuple[str, str]]:
    """What narrows the list: (words, the address without it)."""
    chosen: list[tuple[str, str]] = []
    if filters.q:
        chosen.append((f"“{filters.q}”", "q"))
    if filters.cycle:
        chosen.append((dict(options.cycles).get(filters.cycle, filters.cycle), "cycle"))
    if filters.pool:
        chosen.append((dict(options.pools).get(str(filters.pool), _("분야")), "pool"))
    if filters.district:
        chosen.append((districts.name_of(filters.district, language()), "district"))
    if filters.state:
        chosen.append((say(PROJECT.labels[filters.state]), "state"))
    if filters.department:
        chosen.append((dict(options.departments).get(str(filters.department), _("담당 부서")), "department"))
    empty = {"q": "", "cycle": "", "pool": None, "district": "", "state": None, "department": None}
    return [(text, _address(filters.but(**{name: empty[name]}))) for text, name in chosen]


@bp.get("/projects/compare")
@public
def compare() -> ResponseReturnValue:
    """Up to three projects side by side."""
    ids = ids_from(request.args)
    found = reading.compare(session(), current_actor(), ids[:COMPARED])
    return page("projects/compare.html", projects=found, too_many=len(ids) > COMPARED, most=COMPARED)
