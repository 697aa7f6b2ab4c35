"""`python -m bench.threads`: a thread of 2,000 comments against one of 50, on both databases.

Two proposals of one database, each asked for in turn through the whole application: the page in every order, the last page
that both have in common, page 100 of the long one, the answers to one comment, and what a page left open asks every few
seconds. The middle of many times is compared, and statements are counted.
"""

import argparse
import random
import re
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from flask.testing import FlaskClient
from sqlalchemy import event, insert, text

from bench.lists import databases
from civicvote import db
from civicvote.app import create_app
from civicvote.domain.discussion import PostSort, ThreadKind
from civicvote.domain.lifecycles import ProposalState
from civicvote.models import Base
from civicvote.models.accounts import User
from civicvote.models.base import new_id
from civicvote.models.discussion import Post
from civicvote.models.proposals import Proposal
from civicvote.services import clock
from civicvote.services.discussion import counters, threads
from civicvote.settings import Settings

#: Of so many comments one is an answer to an earlier one.
ANSWERED = 4
PEOPLE = 200


class Talk:
    """A database with a short and a long thread, and a browser."""

    def __init__(self, url: str, few: int, many: int) -> None:
        self.engine = db.make_engine(url)
        Base.metadata.create_all(self.engine)
        database = db.Database(self.engine)
        now, self.keys = clock.now(), [new_id(), new_id()]
        with database.transaction() as session:
            people = [new_id() for _ in range(PEOPLE)]
            session.execute(
                insert(User),
                [
                    {"id": key, "email": f"{place}@example.org", "name": f"시민{place}", "created_at": now}
                    for place, key in enumerate(people)
                ],
            )
            for number, key in enumerate(self.keys, 1):
                session.execute(insert(Proposal), [_proposal(key, number)])
                threads.open_thread(session, ThreadKind.PROPOSAL, key, title="가로등", path=f"/proposals/{key}")
            for key, count in zip(self.keys, (few, many), strict=True):
                session.execute(insert(Post), list(_posts(key, count, people)))
            counters.recount(session)
        if self.engine.dialect.name == "postgresql":
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
        settings = Settings(instance=Path(tempfile.mkdtemp()), base_url="http://localhost")
        self.browser: FlaskClient = create_app(settings, database=database, testing=True).test_client()
        self.statements = 0
        event.listen(self.engine, "before_cursor_execute", self._count)

    def _count(self, *_args: Any) -> None:
        self.statements += 1

    def ask(self, address: str, headers: dict[str, str]) -> tuple[float, int, str]:
        """Seconds, statements and text of one answer."""
        before, began = self.statements, time.perf_counter()
        answer = self.browser.get(address, headers=headers)
        took = time.perf_counter() - began
        assert answer.status_code in {200, 304}, (address, answer.status_code)
        return took, self.statements - before, answer.text

    def page(self, key: UUID, number: int) -> str:
        """The address of a page of comments, walked to as people do; the last one where there are fewer."""
        address = f"/proposals/{key}"
        for _ in range(number - 1):
            found = re.search(r'href="([^"]*posts=[^"]*)"', self.ask(address, {})[2])
            if not found:
                break
            # Scripts take the rest of the list from here; a browser without them is sent on to the page.
            sent = self.browser.get(found[1].replace("&amp;", "&"))
            address = sent.location.split("#")[0].removeprefix("http://localhost")
        return address


def _proposal(key: UUID, number: int) -> dict[str, Any]:
    now = clock.now()
    return {
        "id": key, "state": ProposalState.PUBLISHED, "number": number, "title": "골목에 가로등을", "problem": "어둡습니다.",
        "idea": "가로등을 세워 주십시오.", "category": "교통·안전", "created_at": now, "updated_at": now, "published_at": now,
        "closes_at": now + timedelta(days=20), "endorsement_count": 3, "shuffle": 1, "version": 1,
    }  # fmt: skip


def _posts(thread: UUID, count: int, people: list[UUID]) -> Any:
    chance, now = random.Random(7), clock.now()  # noqa: S311 — figures, no secrets
    roots: list[UUID] = []
    for place in range(count):
        key, root = new_id(), None
        if roots and place % ANSWERED == 0:
            root = chance.choice(roots)
        else:
            roots.append(key)
        yield {
            "id": key, "thread_id": thread, "root_id": root, "author_id": chance.choice(people), "version": 1,
            "body": f"{place}번째 의견입니다. " * chance.randrange(1, 12), "created_at": now - timedelta(minutes=count - place),
            "form_key": new_id(), "support_count": int(chance.paretovariate(1.2)),
        }  # fmt: skip


def _addresses(talk: Talk) -> dict[str, tuple[str, str, dict[str, str]]]:
    """What is compared: the short thread's address, the long one's, and headers."""
    few, many = talk.keys
    found: dict[str, tuple[str, str, dict[str, str]]] = {
        f"by {sort.value}": (f"/proposals/{few}?sort={sort.value}", f"/proposals/{many}?sort={sort.value}", {})
        for sort in PostSort
    }
    found["page 2"] = (talk.page(few, 2), talk.page(many, 2), {})
    found["page 75 (the short one's page 2)"] = (talk.page(few, 2), talk.page(many, 75), {})
    pulses = []
    for key in talk.keys:
        at = re.search(r'"([^"]*/pulse\?[^"]+)"', talk.ask(f"/proposals/{key}", {})[2])
        assert at is not None
        pulses.append(at[1].replace("&amp;", "&"))
    found["what an open page asks"] = (pulses[0], pulses[1], {})
    tags = [talk.browser.get(address).headers["ETag"] for address in pulses]
    found["… nothing new (304)"] = (pulses[0], pulses[1], {"If-None-Match": ", ".join(tags)})
    return found


def _compare(talk: Talk, name: str, asked: tuple[str, str, dict[str, str]], times: int) -> None:
    few, many, headers = asked
    said = [talk.ask(address, headers) for address in (few, many)]
    seen: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for place, address in enumerate((few, many)):
            seen[place].append(talk.ask(address, headers)[0])
    middle = [statistics.median(one) * 1000 for one in seen]
    shown = "/".join(str(one[2].count('class="comment"')) for one in said)
    print(
        f"{name:36} {middle[0]:7.1f} ms {middle[1]:7.1f} ms  × {middle[1] / middle[0]:4.2f}"
        f"  {said[0][1]}/{said[1][1]} statements  {shown} comments",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    asked.add_argument("--few", type=int, default=50)
    asked.add_argument("--many", type=int, default=2_000)
    asked.add_argument("--times", type=int, default=41)
    options = asked.parse_args()
    for kind in ("sqlite", "postgresql") if options.database == "both" else (options.database,):
        with databases(kind) as (url, _other):
            talk = Talk(url, options.few, options.many)
            print(f"\n{kind}: {options.few:,} against {options.many:,} comments", flush=True)
            for name, addresses in _addresses(talk).items():
                _compare(talk, name, addresses, options.times)
            talk.engine.dispose()


if __name__ == "__main__":
    main()
