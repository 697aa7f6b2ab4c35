"""A process of its own that casts for one person: `python -m tests.trust.caster` with its work as JSON on standard input."""

import json
import sys
from pathlib import Path
from uuid import UUID

from civicvote import db
from civicvote.domain.permissions import Actor, Role
from civicvote.keystore import KeyStore
from civicvote.services import clock, voting


def main() -> None:
    work = json.load(sys.stdin)
    database = db.Database(db.make_engine(work["url"]))
    keys = KeyStore(Path(work["keys"]))
    person = Actor(
        UUID(work["user"]), frozenset({Role.CITIZEN, Role.VERIFIED}), level=2, person_id=UUID(work["person"])
    )
    given = []
    for key in work["form_keys"]:
        with database.transaction() as session:
            receipt = voting.cast(session, person, work["slug"], ["A1"], key=key, arrived=clock.now(), keys=keys)
        given.append([key, receipt.tracker])
    json.dump(given, sys.stdout)


if __name__ == "__main__":
    main()
