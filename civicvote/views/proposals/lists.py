"""The list of proposals with its figures, the map of the districts, the feed of any of its filters."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain import districts
from civicvote.domain.korean import days_left, format_date
from civicvote.domain.lifecycles import ENDORSABLE_STATES, PROPOSAL, PROPOSAL_TONES, ProposalState
from civicvote.domain.messages import msg
from civicvote.forms.projects import cursor_from
from civicvote.forms.proposal_list import filters_from, seed_from
from civicvote.services import clock
from civicvote.services.projects.writing import CATEGORIES
from civicvote.services.proposals import feeds, listing
from civicvote.services.proposals.counting import Facets
from civicvote.services.proposals.listing import SEEDS, Filters, Period, ProposalRow, Sort
from civicvote.views.feeds import answer
from civicvote.views.proposals.blueprint import bp
from civicvote.web.access import public, settings
from civicvote.web.filters import day, number
from civicvote.web.i18n import language, say
from civicvote.web.render import page, wants_part

SORTS = {
    Sort.NEWEST: msg("최신순"),
    Sort.ENDORSED: msg("공감 많은 순"),
    Sort.CLOSING: msg("공감마감 임박순"),
    Sort.ANSWERED: msg("최근 답변순"),
    Sort.RANDOM: msg("무작위순"),
}
PERIODS = {
    Period.WEEK: msg("최근 7일"),
    Period.MONTH: msg("최근 30일"),
    Period.YEAR: msg("올해"),
    Period.LAST_YEAR: msg("지난해"),
}
#: Keeps a visitor's place in the random order; says nothing about anybody.
SEED_COOKIE = "shuffle"
_SEED_DAYS = 30
Option = tuple[str, str]


def _seeded(filters: Filters) -> Filters:
    """The same with the visitor's own seed where the order is random and the address names none."""
    if filters.order is not Sort.RANDOM or filters.seed is not None:
        return filters
    kept = seed_from(request.cookies.get(SEED_COOKIE, ""))
    return filters.but(seed=secrets.randbelow(SEEDS) if kept is None else kept)


@bp.get("/proposals/")
@public
def index() -> ResponseReturnValue:
    """The list."""
    filters = _seeded(filters_from(request.args))
    cursor = cursor_from(request.args)
    found = listing.listing(session(), filters, cursor, counted=cursor is None or not wants_part())
    names = dict(listing.departments(session()))
    following = found.page.next
    shown = page(
        "proposals/index.html",
        partial="proposals/_results.html" if cursor is None else "proposals/_list.html",
        filters=filters,
        cards=[_card(row) for row in found.page.rows],
        first=cursor is None,
        total_text=_total(found.facets) if found.facets else "",
        next_url=_address("index", filters, cursor=following.encode()) if following else "",
        first_url=_address("index", filters),
        map_url=_address("districts_map", filters.but(district="", sort=None, seed=None)),
        atom_url=_address("feed", filters.but(sort=None, seed=None)),
        active=_narrowed(filters, names),
        options=_options(filters, found.facets or Facets(), names),
        sorts=[("", _("기본순")), *((sort.value, say(label)) for sort, label in SORTS.items())],
        periods=[("", _("전체")), *((one.value, say(label)) for one, label in PERIODS.items())],
    )
    if filters.seed is not None:
        shown.set_cookie(
            SEED_COOKIE, str(filters.seed), max_age=_SEED_DAYS * 86400, httponly=True, samesite="Lax",
            secure=settings().secure,
        )  # fmt: skip
    return shown


def _address(endpoint: str, filters: Filters, **more: Any) -> str:
    return url_for(f"proposals.{endpoint}", **{**filters.args(), **more})


def _count(facets: Facets, n: int) -> str:
    return f"{number(n)}+" if facets.capped and n else number(n)


def _total(facets: Facets) -> str:
    if facets.capped:
        return str(_("%(n)s건 이상", n=number(facets.total)))
    return str(_("모두 %(n)s건", n=number(facets.total)))


@dataclass(frozen=True, slots=True)
class Card:
    """A row as it is shown."""

    title: str
    url: str
    badges: list[Option]
    facts: list[Option]
    tags: list[str]


def _card(row: ProposalRow) -> Card:
    now = clock.now()
    facts = [(_("제안번호"), str(row.number)), (_("지역"), districts.name_of(row.district, language()))]
    if row.category:
        facts.insert(1, (_("분류"), say(CATEGORIES.get(row.category, row.category))))
    if row.department:
        facts.append((_("담당 부서"), row.department))
    tags = [_("공감 %(n)s", n=number(row.endorsements)), _("댓글 %(n)s", n=number(row.comments)), day(row.at)]
    if row.state in ENDORSABLE_STATES and row.closes_at and row.closes_at > now:
        left = days_left(row.closes_at, now)
        tags.append(_("공감마감 %(n)s일 전", n=left) if left else _("오늘 공감마감"))
    if row.state is ProposalState.PUBLISHED and row.endorsements < row.wanted:
        tags.append(_("부서 검토까지 %(n)s명", n=number(row.wanted - row.endorsements)))
    if row.answered_at:
        tags.append(_("%(day)s 답변", day=day(row.answered_at)))
    badges = [(say(PROPOSAL.labels[row.state]), PROPOSAL_TONES[row.state])]
    return Card(row.title, f"/proposals/{row.id}", badges, facts, tags)


def _options(filters: Filters, facets: Facets, names: dict[UUID, str]) -> dict[str, list[Option]]:
    """The values of each filter with how many proposals each would show; departments that have none are left out."""

    def told(dimension: str, values: Sequence[tuple[str, str, str]]) -> list[Option]:
        return [("", _("전체"))] + [
            (value, f"{label} ({_count(facets, facets.of(dimension, key))})" if facets.values else label)
            for value, key, label in values
        ]

    places = [(districts.SEOUL, "", districts.name_of(None, language()))]
    places += [(code, code, name) for code, name in districts.choices(language())]
    busy = {key for key in names if facets.of("department", key.hex) or key == filters.department}
    return {
        "state": told("state", [(s.value, s.value, say(PROPOSAL.labels[s])) for s in ProposalState][1:]),
        "category": told("category", [(name, name, say(label)) for name, label in CATEGORIES.items()]),
        "district": told("district", places),
        "department": told("department", [(str(key), key.hex, name) for key, name in names.items() if key in busy]),
    }


def _narrowed(filters: Filters, names: dict[UUID, str]) -> list[Option]:
    """What narrows the list: (words, the address without it)."""
    chosen: list[tuple[str, dict[str, Any]]] = []
    if filters.q:
        chosen.append((f"“{filters.q}”", {"q": ""}))
    if filters.state:
        chosen.append((say(PROPOSAL.labels[filters.state]), {"state": None}))
    if filters.category:
        chosen.append((say(CATEGORIES[filters.category]), {"category": ""}))
    if filters.district:
        chosen.append((_place(filters.district), {"district": ""}))
    if filters.department:
        chosen.append((names.get(filters.department, _("담당 부서")), {"department": None}))
    if filters.period:
        chosen.append((say(PERIODS[filters.period]), {"period": None}))
    elif filters.since or filters.until:
        chosen.append((_days(filters.since, filters.until), {"since": None, "until": None}))
    return [(words, _address("index", filters.but(**without))) for words, without in chosen]


def _place(district: str) -> str:
    return districts.name_of(None if district == districts.SEOUL else district, language())


def _days(since: date | None, until: date | None) -> str:
    if since and until:
        return f"{format_date(since, language())} – {format_date(until, language())}"
    if since:
        return str(_("%(day)s부터", day=format_date(since, language())))
    return str(_("%(day)s까지", day=format_date(until, language()))) if until else ""


@bp.get("/proposals/map")
@public
def districts_map() -> ResponseReturnValue:
    """How many proposals each district has, for any of the list's other filters."""
    filters = filters_from(request.args).but(district="", sort=None, seed=None)
    facets = listing.around(session(), filters)
    names = dict(listing.departments(session())) if filters.department else {}
    values = {one.code: facets.of("district", one.code) for one in districts.DISTRICTS}
    options = _options(filters, facets, {})
    return page(
        "proposals/map.html",
        partial="proposals/_counts_map.html",
        filters=filters,
        shapes=[(one.code, one.called(language()), one.shape) for one in districts.DISTRICTS],
        labels={one.code: one.label for one in districts.DISTRICTS if language() == "ko"},
        view_box=districts.VIEW_BOX,
        values=values,
        urls={code: _address("index", filters.but(district=code)) for code in values},
        whole=(_count(facets, facets.of("district", "")), _address("index", filters.but(district=districts.SEOUL))),
        capped=facets.capped,
        options=options,
        list_url=_address("index", filters),
        active=[
            (words, url.replace(url_for("proposals.index"), url_for("proposals.districts_map"), 1))
            for words, url in _narrowed(filters, names)
        ],
        total_text=_total(facets),
    )


@bp.get("/proposals/feed.atom")
@public
def feed() -> ResponseReturnValue:
    """The newest proposals that the filters show, as Atom (RFC 4287)."""
    filters = filters_from(request.args).but(sort=None, seed=None)
    names = dict(listing.departments(session())) if filters.department else {}
    entries = feeds.newest(session(), filters)
    changed = max((entry.updated for entry in entries), default=None)
    text = render_template(
        "feeds/proposals.atom.xml",
        entries=entries,
        changed=changed,
        base=settings().base_url.rstrip("/"),
        own=_address("feed", filters),
        list_url=_address("index", filters),
        narrowed=" · ".join(words for words, _url in _narrowed(filters, names)),
    )
    return answer(text, "application/atom+xml; charset=utf-8", changed)
