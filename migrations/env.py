"""Alembic's environment: the address and the connection come from `civicvote migrate`."""

from alembic import context
from sqlalchemy import Connection

from civicvote.models import Base


def run(connection: Connection) -> None:
    """Migrate over an open connection."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
