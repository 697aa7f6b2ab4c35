"""The city's register taken in: keyed hashes with birth year, sex and district; names and numbers are not kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from civicvote.domain import identity, register
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.base import new_id
from civicvote.models.verification import RegisterEntry
from civicvote.services import audit, clock
from civicvote.services.locks import exclusive
from civicvote.services.verification.granting import today

#: Rows per statement: SQLite takes 32,766 values in one.
_CHUNK: Final = 1000


@dataclass(frozen=True, slots=True)
class Imported:
    """How many lines were new, changed and as before."""

    new: int
    changed: int
    same: int

    @property
    def total(self) -> int:
        """Lines in the file."""
        return self.new + self.changed + self.same


def _values(rows: Sequence[register.RegisterRow], key: bytes) -> Iterator[dict[str, Any]]:
    moment = clock.now()
    for row in rows:
        yield {
            "id": new_id(),
            "match_key": identity.match_key(key, row.identity),
            "person_key": identity.person_key(key, row.identity),
            "birth_year": row.identity.birth_date.year,
            "sex": row.sex,
            "district": row.district,
            "imported_at": moment,
        }


def _store(session: Session, values: list[dict[str, Any]]) -> tuple[int, int]:
    """(new, changed) of one chunk; lines that say what was known already are left alone."""
    known = {
        row.match_key: (row.birth_year, row.sex, row.district)
        for row in session.execute(
            select(RegisterEntry.match_key, RegisterEntry.birth_year, RegisterEntry.sex, RegisterEntry.district).where(
                RegisterEntry.match_key.in_([value["match_key"] for value in values])
            )
        )
    }
    news = [v for v in values if v["match_key"] not in known]
    changed = [
        v
        for v in values
        if v["match_key"] in known and known[v["match_key"]] != (v["birth_year"], v["sex"], v["district"])
    ]
    if news or changed:
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        statement = dialect.insert(RegisterEntry.__table__)
        fresh = {name: statement.excluded[name] for name in ("birth_year", "sex", "district", "imported_at")}
        session.connection().execute(
            statement.on_conflict_do_update(index_elements=["match_key"], set_=fresh), news + changed
        )
    return len(news), len(changed)


def import_register(session: Session, actor: Actor, content: bytes, *, key: bytes) -> Imported:
    """Take in a register file, all of it or nothing.

    Importing it again changes nothing; a line with another district or sex replaces the one of the same person.
    `RegisterError` (an InvalidError on `file`) with what is wrong by row and column.
    """
    actor.require(Permission.REGISTER_IMPORT)
    rows = register.parse(content, today=today())
    exclusive(session, "register")
    new = changed = 0
    for start in range(0, len(rows), _CHUNK):
        some_new, some_changed = _store(session, list(_values(rows[start : start + _CHUNK], key)))
        new += some_new
        changed += some_changed
    done = Imported(new, changed, len(rows) - new - changed)
    audit.record(session, actor, "register:import", new=done.new, changed=done.changed, same=done.same)
    return done
