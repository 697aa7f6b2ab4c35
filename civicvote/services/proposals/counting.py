"""How many listed proposals each filter would show: sums that the database keeps (models/proposal_counts.py)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, String, cast, delete, func, literal, select, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import ProposalState
from civicvote.models.proposal_counts import ANY, DIMENSIONS, ProposalCount, ProposalCountChange, combinations
from civicvote.models.proposals import Proposal

#: Changes added up in one transaction of the worker.
BATCH = 2000
_ROWS = 500
_COLUMNS = [getattr(ProposalCount, name) for name in DIMENSIONS]
_CHANGED = [getattr(ProposalCountChange, name) for name in DIMENSIONS]


@dataclass(slots=True)
class Facets:
    """Counts per dimension and value, each with all other filters holding; `total` with all of them.

    `capped`: not everything was looked at, there may be more of each.
    """

    total: int = 0
    values: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    capped: bool = False

    def of(self, dimension: str, value: str) -> int:
        """How many have this value."""
        return self.values[dimension][value]

    def add(self, chosen: Mapping[str, str], row: Iterable[str], n: int) -> None:
        """Take in `n` proposals with the values of `row`, where `chosen` are the filters that hold."""
        have = dict(zip(DIMENSIONS, row, strict=True))
        wrong = [name for name, value in chosen.items() if have[name] != value]
        if not wrong:
            self.total += n
        for name in DIMENSIONS if not wrong else wrong if len(wrong) == 1 else ():
            self.values[name][have[name]] += n


def facets(session: Session, chosen: Mapping[str, str]) -> Facets:
    """Exact figures for these filters (dimension → value, "" for none); one statement that reads a row per figure."""
    found = Facets()
    for kind, *row, n in session.execute(_wanted(chosen)):
        if kind == "total":
            found.total += n
        elif kind == "change":
            found.add(chosen, row, n)
        else:
            found.values[kind][row[DIMENSIONS.index(kind)]] += n
    return found


def _wanted(chosen: Mapping[str, str]) -> Any:
    """What is added up of the wanted sums, and everything that isn't added up yet, as of one moment."""

    def summed(kind: str) -> Select[Any]:
        conditions = [
            column != ANY if name == kind else column == chosen.get(name, ANY)
            for name, column in zip(DIMENSIONS, _COLUMNS, strict=True)
        ]
        return select(literal(kind), *_COLUMNS, ProposalCount.n).where(*conditions, ProposalCount.n != 0)

    waiting = select(literal("change"), *_CHANGED, func.sum(ProposalCountChange.n)).group_by(*_CHANGED)
    return union_all(summed("total"), *(summed(name) for name in DIMENSIONS), waiting)


def _apply(session: Session, sums: Mapping[tuple[str, ...], int]) -> None:
    """Add to the kept sums, always in the same order, so that no two workers wait for each other."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    rows = [{**dict(zip(DIMENSIONS, key, strict=True)), "n": n} for key, n in sorted(sums.items()) if n]
    for start in range(0, len(rows), _ROWS):
        statement: Any = dialect.insert(ProposalCount).values(rows[start : start + _ROWS])
        session.execute(
            statement.on_conflict_do_update(
                index_elements=list(DIMENSIONS), set_={"n": ProposalCount.n + statement.excluded.n}
            )
        )


def fold(session: Session) -> int:
    """Add up what changed since the last time; returns how many changes. Each is taken by one worker only."""
    oldest = select(ProposalCountChange.id).order_by(ProposalCountChange.id).limit(BATCH)
    taken = session.execute(
        delete(ProposalCountChange)
        .where(ProposalCountChange.id.in_(oldest.scalar_subquery()))
        .returning(*_CHANGED, ProposalCountChange.n)
        .execution_options(synchronize_session=False)
    ).all()
    sums: Counter[tuple[str, ...]] = Counter()
    for *row, n in taken:
        for key in combinations(tuple(row)):
            sums[key] += n
    _apply(session, sums)
    return len(taken)


def _all_rows() -> Any:
    """Proposals as they are, the kept sums and what isn't added up yet, as of one moment."""
    department = func.replace(func.coalesce(cast(Proposal.department_id, String), ""), "-", "")
    own = [cast(Proposal.state, String), Proposal.category, func.coalesce(Proposal.district, ""), department]
    listed = (
        select(literal("fact"), *own, func.count())
        .where(Proposal.state != ProposalState.DRAFT, Proposal.hidden_at.is_(None))
        .group_by(*own)
    )
    waiting = select(literal("change"), *_CHANGED, func.sum(ProposalCountChange.n)).group_by(*_CHANGED)
    return union_all(listed, select(literal("sum"), *_COLUMNS, ProposalCount.n), waiting)


def recount(session: Session, *, repair: bool = True) -> int:
    """Compare the sums with the proposals themselves and correct them. Returns how many sums differed (0: no drift).

    What is missing is added, nothing is overwritten: changes of the same moment stay right.
    """
    missing: Counter[tuple[str, ...]] = Counter()
    rows: Iterable[Any] = session.execute(_all_rows())
    for kind, *values, n in rows:
        row = tuple(str(value) for value in values)
        keys = [row] if kind == "sum" else combinations(row)
        for key in keys:
            missing[key] += n if kind == "fact" else -n
    drift = {key: n for key, n in missing.items() if n}
    if drift and repair:
        _apply(session, drift)
    return len(drift)
