"""What every table promises: names by convention, no hidden queries, moments with a zone, enums with a check."""

import pytest
from sqlalchemy import CheckConstraint, Enum, ForeignKeyConstraint, Table, UniqueConstraint
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

from civicvote.models import Base
from civicvote.models.base import UtcDateTime
from civicvote.models.cycles import Cycle
from tests import factories

TABLES = sorted(Base.metadata.tables.values(), key=lambda table: table.name)
RELATIONS = sorted((relation for mapper in Base.registry.mappers for relation in mapper.relationships), key=str)


@pytest.mark.parametrize("relation", RELATIONS, ids=str)
def test_no_relation_is_read_in_passing(relation: object) -> None:
    assert getattr(relation, "lazy", None) == "raise_on_sql"


def test_reading_what_was_not_loaded_raises(session: Session) -> None:
    slug = factories.cycle(session).slug
    session.flush()
    session.expunge_all()
    cycle = session.query(Cycle).filter_by(slug=slug).one()
    with pytest.raises(InvalidRequestError, match="raise_on_sql"):
        _ = cycle.pools


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_constraints_have_names_by_convention(table: Table) -> None:
    prefix = {CheckConstraint: "ck_", UniqueConstraint: "uq_", ForeignKeyConstraint: "fk_"}
    for constraint in table.constraints:
        wanted = prefix.get(type(constraint), "pk_")
        assert str(constraint.name).startswith(wanted + table.name), constraint
    for index in table.indexes:
        assert str(index.name).startswith(("ix_" + table.name, "uq_" + table.name)), index.name


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_names_fit_into_postgresql(table: Table) -> None:
    """A longer name is cut there without a word, and two of them may become one."""
    names = [str(one.name) for one in table.constraints] + [str(one.name) for one in table.indexes]
    assert [name for name in names if len(name.encode()) > 63] == []


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_moments_have_a_zone_and_enums_a_check(table: Table) -> None:
    for column in table.columns:
        kind = column.type
        assert "DATETIME" not in str(kind).upper() or isinstance(kind, UtcDateTime), column
        if isinstance(kind, Enum):
            assert not kind.native_enum, column
            assert kind.create_constraint, column
        assert not isinstance(kind, TypeDecorator) or kind.cache_ok, column
