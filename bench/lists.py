"""`python -m bench.lists`: the list of proposals with 50,000 of them against the same with 500, on both databases.

Each page is asked for in turn of both, through the whole application, and the middle of many times is compared: the ratio
says whether a page pays for what it doesn't show. Statements are counted too. Rows are made by bulk insert and added up as
the worker does; what people never see while a page is made (analysing tables) the databases do once before.
"""

import argparse
import random
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import Engine, event, insert, text

from civicvote import db
from civicvote.app import create_app
from civicvote.domain.lifecycles import ProposalState
from civicvote.domain.proposals import Verdict
from civicvote.models import Base
from civicvote.models.base import new_id
from civicvote.models.departments import Department
from civicvote.models.proposals import Proposal
from civicvote.services import clock, search
from civicvote.services.proposals import counting
from civicvote.settings import Settings
from tests.support.postgresql import new_database, server
from tests.support.wordings import written

S = ProposalState
STATES = (
    (S.PUBLISHED, 45),
    (S.CLOSED, 35),
    (S.AWAITING_DEPARTMENT, 3),
    (S.IN_REVIEW, 5),
    (S.ANSWERED, 9),
    (S.WITHDRAWN, 3),
)
DEPARTMENTS = 30
#: A year of proposals, however many: a city that has a hundred times as many gets them in the same time.
DAYS = 365
PAGES = {
    "first page": "/proposals/",
    "page 100": "page:100",
    "state": "/proposals/?state=published",
    "state, rare": "/proposals/?state=awaiting_department",
    "category": "/proposals/?category=교통·안전",
    "district": "/proposals/?district=11440",
    "whole city": "/proposals/?district=11",
    "department": "/proposals/?department={department}",
    "last 7 days": "/proposals/?period=week",
    "last 30 days": "/proposals/?period=month",
    "this year": "/proposals/?period=year",
    "from … to": "/proposals/?since={since}&until={until}",
    "district and category": "/proposals/?district=11440&category=교통·안전",
    "most 공감": "/proposals/?sort=endorsed",
    "closing soon": "/proposals/?sort=closing",
    "recently answered": "/proposals/?sort=answered",
    "random": "/proposals/?sort=random&seed=123456789",
    "random, page 100": "page:100:/proposals/?sort=random&seed=123456789",
    "district, most 공감": "/proposals/?district=11440&sort=endorsed",
    "map": "/proposals/map",
    "feed of a district": "/proposals/feed.atom?district=11440",
    "search (grows with what it finds)": "/proposals/?q=합정동 가로등",
}


def _rows(count: int, offices: list[Any]) -> Iterator[dict[str, Any]]:
    chance, texts, now = random.Random(11), list(written()), clock.now()  # noqa: S311 — figures, no secrets
    states = [state for state, share in STATES for _ in range(share)]
    for number in range(count):
        one, state = texts[number % len(texts)], chance.choice(states)
        at = now - timedelta(seconds=chance.randrange(DAYS * 86400))
        # Every other goes to the busiest department: pages of both towns are full.
        office = chance.choice([offices[0], chance.choice(offices)]) if state in {S.IN_REVIEW, S.ANSWERED} else None
        yield {
            "id": new_id(), "state": state, "number": number + 1, "title": one.title, "problem": one.problem, "idea": one.idea,
            "category": one.category, "district": None if chance.random() < 0.2 else one.district, "place": one.place,
            "created_at": at, "updated_at": at, "published_at": at,
            "closes_at": now + timedelta(days=chance.randrange(1, 30)) if state is S.PUBLISHED else at + timedelta(days=30),
            "department_id": office, "due_at": at + timedelta(days=60) if office else None,
            "answered_at": at + timedelta(days=50) if state is S.ANSWERED else None,
            "verdict": Verdict.ACCEPTED if state is S.ANSWERED else None,
            "endorsement_count": int(chance.paretovariate(0.8)), "shuffle": chance.randrange(2**31), "version": 1,
        }  # fmt: skip


class Town:
    """One database of so many proposals, with a browser."""

    def __init__(self, url: str, count: int) -> None:
        self.engine: Engine = db.make_engine(url)
        Base.metadata.create_all(self.engine)
        self.database = db.Database(self.engine)
        offices = [new_id() for _ in range(DEPARTMENTS)]
        with self.database.transaction() as session:
            session.execute(
                insert(Department),
                [{"id": key, "name": f"{at}과", "created_at": clock.now()} for at, key in enumerate(offices)],
            )
            rows = list(_rows(count, offices))
            for start in range(0, count, 5000):
                session.execute(insert(Proposal), rows[start : start + 5000])
            search.reindex_proposals(session)
            while counting.fold(session):
                pass
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if self.engine.dialect.name == "postgresql":
                connection.execute(text("VACUUM ANALYZE"))
        folder = Path(tempfile.mkdtemp())
        settings = Settings(instance=folder, base_url="http://localhost")
        self.app = create_app(settings, database=self.database, testing=True)
        self.browser: FlaskClient = self.app.test_client()
        self.statements = 0
        event.listen(self.engine, "before_cursor_execute", self._count)
        now = clock.now()
        self.values = {
            "department": offices[0],
            "since": (now - timedelta(days=120)).date(),
            "until": (now - timedelta(days=90)).date(),
        }

    def _count(self, *_args: Any) -> None:
        self.statements += 1

    def address(self, page: str) -> str:
        """Of a page; `page:100` walks there."""
        if not page.startswith("page:"):
            return page.format(**self.values)
        parts = page.split(":", 2)
        address = parts[2] if len(parts) > 2 else "/proposals/"
        for _ in range(int(parts[1]) - 1):
            found = re.search(r'href="([^"]+)" rel="next"', self.browser.get(address).text)
            if not found:
                break  # the small town's last page is the nearest to its page 100
            address = found[1].replace("&amp;", "&")
        return address

    def rows(self, address: str) -> int:
        """Proposals on a page: a page of three is quicker made than a page of twenty."""
        text_ = self.browser.get(address).text
        return text_.count('class="card"') or text_.count("<entry>")

    def ask(self, address: str) -> tuple[float, int]:
        """Seconds until one answer is there, and its statements."""
        before, began = self.statements, time.perf_counter()
        answer = self.browser.get(address)
        took = time.perf_counter() - began
        assert answer.status_code == 200, address
        return took, self.statements - before


def _compare(name: str, small: Town, large: Town, times: int) -> None:
    few, many = small.address(PAGES[name]), large.address(PAGES[name])
    seen: tuple[list[float], list[float]] = ([], [])
    said = (small.ask(few)[1], large.ask(many)[1])
    for _ in range(times):
        seen[0].append(small.ask(few)[0])
        seen[1].append(large.ask(many)[0])
    middle = [statistics.median(one) * 1000 for one in seen]
    ratio = middle[1] / middle[0]
    shown = f"{small.rows(few)}/{large.rows(many)} rows"
    print(
        f"{name:36} {middle[0]:7.1f} ms {middle[1]:7.1f} ms  × {ratio:4.2f}  {said[0]}/{said[1]} statements  {shown}",
        flush=True,
    )


@contextmanager
def databases(kind: str) -> Iterator[tuple[str, str]]:
    """Addresses of two empty databases of a kind."""
    with ExitStack() as stack:
        if kind == "sqlite":
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            yield f"sqlite:///{folder}/small.sqlite", f"sqlite:///{folder}/large.sqlite"
        else:
            url = stack.enter_context(server(Path(stack.enter_context(tempfile.TemporaryDirectory()))))
            yield new_database(url), new_database(url)


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    asked.add_argument("--few", type=int, default=500)
    asked.add_argument("--many", type=int, default=50_000)
    asked.add_argument("--times", type=int, default=41)
    options = asked.parse_args()
    for kind in ("sqlite", "postgresql") if options.database == "both" else (options.database,):
        with databases(kind) as (first, second):
            small, large = Town(first, options.few), Town(second, options.many)
            print(f"\n{kind}: {options.few:,} against {options.many:,} proposals", flush=True)
            for name in PAGES:
                _compare(name, small, large, options.times)
            small.engine.dispose()
            large.engine.dispose()


if __name__ == "__main__":
    main()
