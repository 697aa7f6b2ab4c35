"""Commands of operators, researchers and developers. Each loads only what it needs: a count of a file opens no database."""

import importlib
from typing import Any

import click

from civicvote import __version__

COMMANDS = {
    "audit": "civicvote.cli.audit:audit",
    "check": "civicvote.cli.check:check",
    "count": "civicvote.cli.count:count",
    "demo": "civicvote.cli.demo:demo",
    "keys": "civicvote.cli.keys:keys",
    "migrate": "civicvote.cli.migrate:migrate",
    "pb": "civicvote.cli.pb:pb",
    "recount": "civicvote.cli.recount:recount",
    "register": "civicvote.cli.register:register",
    "tally": "civicvote.cli.tally:tally",
    "tick": "civicvote.cli.worker:tick",
    "user": "civicvote.cli.user:user",
    "worker": "civicvote.cli.worker:worker",
}


class Lazy(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now; None if there is no such name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        found: click.Command = getattr(importlib.import_module(module), name)
        return found

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; what is wrong with the database or the settings is said in a line, not in a traceback."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            line = _plain(error)
            if line is None:
                raise
            raise click.ClickException(line) from None


def _plain(error: Exception) -> str | None:
    """Words for an error an operator can mend; None for any other. Never its own text: that may hold a password."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if kinds & {"OperationalError", "ProgrammingError"}:
        return f"데이터베이스를 쓸 수 없습니다({type(error).__name__}). civicvote check로 확인해 주십시오."
    if "ValidationError" in kinds:
        return "CIVICVOTE_… 설정이 맞지 않습니다. civicvote check로 확인해 주십시오."
    return None


@click.command(cls=Lazy)
@click.version_option(__version__)
def main() -> None:
    """civicvote: 시민이 제안하고 심사하고 투표하는 참여 플랫폼."""
