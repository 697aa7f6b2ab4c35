"""Bringing a database to the tables this version needs."""

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from civicvote.settings import ROOT


def config() -> Config:
    """Alembic's settings, without a file."""
    made = Config()
    made.set_main_option("script_location", str(ROOT / "migrations"))
    return made


def head() -> str:
    """The newest revision in the source."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def current(engine: Engine) -> str:
    """The revision the database is at; empty for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest revision; nothing happens if it is there."""
    made = config()
    with engine.begin() as connection:
        made.attributes["connection"] = connection
        command.upgrade(made, "head")
