"""What every command does when the deployment isn't ready: a line, never a traceback."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from civicvote.cli import COMMANDS, main

NEEDS_DATABASE = (["audit", "verify"], ["recount"], ["user", "grant", "a@example.kr", "admin"])


@pytest.mark.parametrize("arguments", NEEDS_DATABASE, ids=" ".join)
def test_without_tables_a_command_says_what_to_do(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CIVICVOTE_INSTANCE", str(tmp_path))
    answer = CliRunner().invoke(main, arguments)
    assert answer.exit_code == 1
    assert isinstance(answer.exception, SystemExit)
    assert "civicvote check" in answer.stderr
    assert "SELECT" not in answer.output


def test_wrong_settings_are_said_without_their_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVICVOTE_DATABASE_URL", "mysql://secret@host/name")
    answer = CliRunner().invoke(main, ["recount"])
    assert answer.exit_code == 1
    assert "civicvote check" in answer.stderr
    assert "secret" not in answer.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    answer = CliRunner().invoke(main, [name, "--help"])
    assert answer.exit_code == 0
    assert "Usage" in answer.output
    assert len(answer.output.splitlines()[2].strip()) > 3
