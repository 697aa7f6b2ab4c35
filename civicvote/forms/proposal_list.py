"""What the addresses of the list of proposals carry."""

from datetime import date

from werkzeug.datastructures import MultiDict

from civicvote.domain import districts
from civicvote.domain.lifecycles import PUBLIC_PROPOSAL_STATES, ProposalState
from civicvote.forms.projects import key_of
from civicvote.services.projects.writing import CATEGORIES
from civicvote.services.proposals.listing import SEEDS, Filters, Period, Sort

#: Years that a period may name; PostgreSQL and Python agree on all of them.
_YEARS = range(2000, 2100)


def _day(value: str) -> date | None:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return day if day.year in _YEARS else None


def seed_from(value: str) -> int | None:
    """The visitor's own place in the random order."""
    return int(value) % SEEDS if value.isascii() and value.isdecimal() and len(value) < 12 else None


def filters_from(args: MultiDict[str, str]) -> Filters:
    """The list's filters as its address gives them; what isn't understood is left out."""
    state, sort, period = args.get("state", ""), args.get("sort", ""), args.get("period", "")
    category, district = args.get("category", ""), args.get("district", "")
    ready = Period(period) if period in set(Period) else None
    since, until = (None if ready else _day(args.get(name, "")) for name in ("since", "until"))
    return Filters(
        q=args.get("q", "").replace("\x00", "").strip()[:200],
        state=ProposalState(state) if state in {known.value for known in PUBLIC_PROPOSAL_STATES} else None,
        category=category if category in CATEGORIES else "",
        district=district if district == districts.SEOUL or districts.is_district(district) else "",
        department=key_of(args.get("department", "")),
        period=ready,
        since=since,
        until=until,
        sort=Sort(sort) if sort in set(Sort) else None,
        seed=seed_from(args.get("seed", "")) if sort == Sort.RANDOM else None,
    )
