"""How many proposals the public list holds for each combination of its filters, kept by the database itself.

A trigger writes down what changes, one row each, so that nobody waits for anybody; the worker adds those rows up into
`proposal_count`. A page reads the sums and what isn't added up yet in one statement, so its figures are always exact.
"""

from itertools import product
from typing import Any

from sqlalchemy import Index, MetaData, String, event
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import Table

from civicvote.models.base import Base

#: What proposals are counted by; a department is its key without hyphens, and "" stands for none.
DIMENSIONS = ("state", "category", "district", "department")
#: Any value of a dimension.
ANY = "*"


class ProposalCount(Base):
    """How many listed proposals have these values; `ANY` in a column counts every value of it."""

    __tablename__ = "proposal_count"

    state: Mapped[str] = mapped_column(String(32), primary_key=True)
    category: Mapped[str] = mapped_column(String(40), primary_key=True)
    district: Mapped[str] = mapped_column(String(5), primary_key=True)
    department: Mapped[str] = mapped_column(String(32), primary_key=True)
    n: Mapped[int]

    # One value each of three columns, all values of the fourth: the primary key is the order for departments.
    __table_args__ = (
        Index("ix_proposal_count_states", "category", "district", "department", "state"),
        Index("ix_proposal_count_categories", "district", "department", "state", "category"),
        Index("ix_proposal_count_districts", "department", "state", "category", "district"),
    )


class ProposalCountChange(Base):
    """One listed proposal more or less, not added up yet."""

    __tablename__ = "proposal_count_change"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    state: Mapped[str] = mapped_column(String(32))
    category: Mapped[str] = mapped_column(String(40))
    district: Mapped[str] = mapped_column(String(5))
    department: Mapped[str] = mapped_column(String(32))
    n: Mapped[int]


def combinations(row: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The sixteen sums that a proposal with these values, in the order of `DIMENSIONS`, belongs to."""
    return list(product(*((value, ANY) for value in row)))


_WATCHED = "state, category, district, department_id, hidden_at"


def _written(row: str, n: int, department: str) -> str:
    return (
        f"INSERT INTO proposal_count_change (state, category, district, department, n) "
        f"SELECT {row}.state, {row}.category, coalesce({row}.district, ''), coalesce({department}, ''), {n} "
        f"WHERE {row}.state <> 'draft' AND {row}.hidden_at IS NULL;"
    )


def counting_ddl(dialect: str) -> list[str]:
    """Statements that make every change of a proposal be counted; run them after the tables exist, also in a migration."""
    if dialect == "sqlite":
        less, more = (_written(row, n, f"{row}.department_id") for row, n in (("old", -1), ("new", 1)))
        return [
            f"CREATE TRIGGER tr_proposal_counted_insert AFTER INSERT ON proposal BEGIN {more} END",
            f"CREATE TRIGGER tr_proposal_counted_delete AFTER DELETE ON proposal BEGIN {less} END",
            f"CREATE TRIGGER tr_proposal_counted_update AFTER UPDATE OF {_WATCHED} ON proposal BEGIN {less} {more} END",
        ]
    less, more = (
        _written(row, n, f"replace({row}.department_id::text, '-', '')") for row, n in (("OLD", -1), ("NEW", 1))
    )
    return [
        (
            "CREATE OR REPLACE FUNCTION count_proposal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF TG_OP <> 'INSERT' THEN {less} END IF; IF TG_OP <> 'DELETE' THEN {more} END IF; RETURN NULL; END $$"
        ),
        (
            f"CREATE TRIGGER tr_proposal_counted AFTER INSERT OR DELETE OR UPDATE OF {_WATCHED} ON proposal "
            "FOR EACH ROW EXECUTE FUNCTION count_proposal()"
        ),
    ]


@event.listens_for(Base.metadata, "after_create")
def _create_triggers(
    _metadata: MetaData, connection: Connection, tables: list[Table] | None = None, **_kw: Any
) -> None:
    if ProposalCountChange.__table__ in (tables or ()):
        for statement in counting_ddl(connection.dialect.name):
            connection.exec_driver_sql(statement)
