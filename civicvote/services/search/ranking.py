"""One ranking for everything that can be found, the same on both databases.

A query becomes syllable bigrams; a document's score is the sum of the inverse document frequencies of the terms it holds,
terms of the title a quarter more (the idf of Robertson and Spärck Jones, as BM25 uses it). Weights are whole thousandths, so
the order is the same everywhere and can stand in a cursor.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    String,
    TableClause,
    cast,
    column,
    false,
    func,
    literal,
    select,
    table,
    union_all,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import InstrumentedAttribute, Session

from civicvote.domain import text
from civicvote.models.search import INDEXES, ProposalDocument, SearchDocument

#: Which share of a query's weight a thing must hold: to be found, and to be shown as similar.
FOUND = 0.6
SIMILAR = 0.4
SCALE = 1000
#: What a term adds again where the title holds it too.
TITLE = 0.25
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Kind:
    """What is searched: its documents and their column with the thing's key."""

    documents: type[SearchDocument] | type[ProposalDocument]
    key: InstrumentedAttribute[UUID]

    @property
    def index(self) -> TableClause:
        """SQLite's index; the column named like the table is FTS5's handle for MATCH."""
        name = INDEXES[self.documents.__tablename__]
        return table(name, column("rowid"), column(name))


@dataclass(frozen=True, slots=True)
class Hits:
    """What a query finds, as a table to join: `key` of the thing and `rank` (larger is better, never 0).

    `idf` tells how much each term of the query that occurs at all weighs.
    """

    table: CTE
    idf: dict[str, float]

    @property
    def key(self) -> ColumnElement[UUID]:
        """Key of the project or proposal."""
        return self.table.c.key

    @property
    def rank(self) -> ColumnElement[int]:
        """Score in thousandths."""
        return self.table.c.rank


def _postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _holding(session: Session, kind: Kind, term: str, place: str, *columns: ColumnElement[Any]) -> Select[Any]:
    """`columns` for each document whose `place` ("title" or "body", which holds the title too) has `term`; by the index."""
    if _postgresql(session):
        holder: InstrumentedAttribute[list[str]] = getattr(kind.documents, place)
        wanted = cast(literal(text.tsquery([term]), String), TSQUERY)
        return select(kind.documents.id.label("id"), *columns).where(holder.bool_op("@@")(wanted))
    wanted_here = f"{{{place}}} : {text.fts5_query([term])}"
    index = kind.index
    return select(index.c.rowid.label("id"), *columns).where(index.c[index.name].bool_op("MATCH")(wanted_here))


def _frequencies(session: Session, kind: Kind, terms: Sequence[str]) -> dict[str, float]:
    """Idf per term that occurs at all; one statement."""
    counts = [
        select(func.count()).select_from(_holding(session, kind, term, "body").subquery()).scalar_subquery()
        for term in terms
    ]
    total = select(func.count()).select_from(kind.documents).scalar_subquery()
    documents, *found = session.execute(select(total, *counts)).one()
    return text.inverse_frequencies({term: count for term, count in zip(terms, found, strict=True) if count}, documents)


def find(
    session: Session, kind: Kind, query: str, *, share: float, title: float = TITLE, telling: float = 0.0
) -> Hits | None:
    """What `query` finds: things that hold at least `share` of its weight. None when it has no letter or digit.

    `title`: what a term adds again where the title holds it too. Terms below an idf of `telling` are passed over where
    others are left: half the city's titles end in 주세요.

    Asks the database for the terms' frequencies (one statement); the rest happens where the table is joined.
    """
    terms = text.query_terms(query)
    if not terms:
        return None
    idf = _frequencies(session, kind, terms)
    if not idf:
        nothing = select(kind.key.label("key"), literal(0).label("rank")).where(false())
        return Hits(nothing.cte("hits"), {})
    idf = {term: value for term, value in idf.items() if value >= telling} or idf
    weights = {term: max(1, round(value * SCALE)) for term, value in idf.items()}
    nought = literal(0, Integer)
    parts = []
    for term, weight in weights.items():
        worth = literal(weight, Integer)
        parts.append(_holding(session, kind, term, "body", worth.label("body"), nought.label("title")))
        bonus = literal(round(weight * title), Integer)
        if title:
            parts.append(_holding(session, kind, term, "title", nought.label("body"), bonus.label("title")))
    held = union_all(*parts).subquery("held")
    covered = func.sum(held.c.body)
    least = max(1, round(sum(weights.values()) * share))
    # Materialised: a planner that looked into these would score every document once per thing.
    scored = (
        select(held.c.id, cast(covered + func.sum(held.c.title), Integer).label("rank"))
        .group_by(held.c.id)
        .having(covered >= least)
        .cte("scored")
        .prefix_with("MATERIALIZED")
    )
    found = select(kind.key.label("key"), scored.c.rank).join(scored, scored.c.id == kind.documents.id)
    return Hits(found.cte("hits").prefix_with("MATERIALIZED"), idf)
