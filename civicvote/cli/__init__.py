"""Commands of operators, researchers and developers. Each loads only what it needs: a count of a file opens no database."""

import importlib

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


@click.command(cls=Lazy)
@click.version_option(__version__)
def main() -> None:
    """civicvote: 시민이 제안하고 심사하고 투표하는 참여 플랫폼."""
