"""`python -m bench.search`: search among five thousand proposals, on both databases: what it finds and how long it takes.

The thirty queries of `tests/support/wordings.py`, and every eleventh proposal's title as somebody else would write it. A
query is one statement for the frequencies and one for the best five; a duplicate is looked for as while a title is typed.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.models import Base
from civicvote.models.proposals import Proposal
from civicvote.services import search
from tests.support.postgresql import new_database, server
from tests.support.proposals import town
from tests.support.wordings import QUERIES

#: The best of so many times counts: the machine has other work.
REPEATED = 5


def _best(session: Session, query: str) -> list[str]:
    found = search.proposal_hits(session, query)
    if found is None:
        return []
    order = (found.rank.desc(), Proposal.id.desc())
    return list(
        session.scalars(select(Proposal.title).join(found.table, found.key == Proposal.id).order_by(*order).limit(5))
    )


def _similar(session: Session, title: str) -> list[str]:
    return [one.title for one in search.similar_proposals(session, title)]


def _measure(
    name: str, session: Session, ask: Callable[[Session, str], list[str]], wanted: list[tuple[str, str]]
) -> None:
    found, took = 0, list[float]()
    for words, title in wanted:
        tries = []
        for _ in range(REPEATED):
            began = time.perf_counter()
            titles = ask(session, words)
            tries.append((time.perf_counter() - began) * 1000)
        took.append(min(tries))
        found += title in titles
    ninth = statistics.quantiles(took, n=10)[8]
    print(
        f"{name:28} {found}/{len(wanted)} = {100 * found / len(wanted):5.1f} %   "
        f"middle {statistics.median(took):5.1f} ms, nine in ten within {ninth:5.1f} ms, all within {max(took):5.1f} ms",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgresql = new_database(stack.enter_context(server(folder)))
        for url in (f"sqlite:///{folder}/town.sqlite", postgresql):
            engine: Any = db.make_engine(url)
            Base.metadata.create_all(engine)
            database = db.Database(engine)
            with database.transaction() as session:
                known = town(session)
            if engine.dialect.name == "postgresql":
                with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.execute(text("VACUUM ANALYZE"))
            with database.reading() as session:
                queries = [(query, known[concern, place].title) for query, concern, place in QUERIES]
                others = [(one.again, one.title) for one in list(known.values())[::11]]
                _best(session, "가로등")  # the first pays for what is read once
                _measure(f"{engine.dialect.name}, queries", session, _best, queries)
                _measure(f"{engine.dialect.name}, duplicates", session, _similar, others)
            engine.dispose()


if __name__ == "__main__":
    main()
