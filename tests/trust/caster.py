"""A process of its own that casts: `python -m tests.trust.caster` with its work as JSON on standard input.

Each line of standard output, `key tracker`, is an acknowledgement: written at once, after the commit.
With `patient` a cast the database refuses or breaks off is tried again with the same key, as a browser would.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from civicvote import db
from civicvote.domain.permissions import Actor, Role
from civicvote.keystore import KeyStore
from civicvote.services import clock, voting

#: Seconds between two tries, and how many there are.
WAIT, TRIES = 0.02, 3000


def main() -> None:
    work = json.load(sys.stdin)
    database = db.Database(db.make_engine(work["url"]))
    keys = KeyStore(Path(work["keys"]))
    people = [_actor(*pair) for pair in work["people"]]
    for person, picks, key in work["forms"]:
        for left in reversed(range(TRIES)):
            try:
                tracker = _cast(database, keys, people[person], work["slug"], picks, key)
            except DBAPIError:
                if not (work["patient"] and left):
                    raise
                time.sleep(WAIT)
            else:
                os.write(1, f"{key} {tracker}\n".encode())
                break


def _actor(user: str, person: str) -> Actor:
    return Actor(UUID(user), frozenset({Role.CITIZEN, Role.VERIFIED}), level=2, person_id=UUID(person))


def _cast(database: db.Database, keys: KeyStore, actor: Actor, slug: str, picks: Any, key: str) -> str:
    with database.transaction() as session:
        receipt = voting.cast(session, actor, slug, picks, key=key, arrived=clock.now(), keys=keys)
    return receipt.tracker


if __name__ == "__main__":
    main()
