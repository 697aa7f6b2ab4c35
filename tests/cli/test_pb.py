"""`civicvote pb`: files in and out, and what is said of bad ones."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from civicvote import db
from civicvote.cli import main
from civicvote.domain import pabulib, tally
from civicvote.domain.permissions import Role
from civicvote.models import Base
from civicvote.models.counts import TallyRun
from civicvote.services import counting
from civicvote.settings import Settings
from tests import factories
from tests.services.test_pabulib_import import SMALL
from tests.shared_data import SHARED

TABLES = [table for table in Base.metadata.sorted_tables if table.name != "alembic_version"]

BAD: dict[str, str | bytes] = {
    "empty": "",
    "blank": "\n\n \n",
    "no-meta": SMALL.removeprefix("META\n"),
    "no-key-value": SMALL.replace("key;value\n", "", 1),
    "no-projects": SMALL.replace("PROJECTS\n", "", 1),
    "no-votes": SMALL.split("VOTES", maxsplit=1)[0],
    "sections-swapped": "META\nkey;value\nbudget;5\nvote_type;approval\nVOTES\nvoter_id;vote\nPROJECTS\nproject_id;cost\n1;2\n",
    "section-twice": SMALL + "VOTES\nvoter_id;vote\n",
    "key-twice": SMALL.replace("unit;Town", "country;Town"),
    "nameless-key": SMALL.replace("unit;Town", ";Town"),
    "no-budget": SMALL.replace("budget;100.50\n", ""),
    "empty-budget": SMALL.replace("budget;100.50", "budget;"),
    "negative-budget": SMALL.replace("100.50", "-100"),
    "zero-budget": SMALL.replace("100.50", "0"),
    "text-budget": SMALL.replace("100.50", "a hundred"),
    "nan-budget": SMALL.replace("100.50", "NaN"),
    "infinite-budget": SMALL.replace("100.50", "1e999"),
    "no-vote-type": SMALL.replace("vote_type;approval\n", ""),
    "odd-vote-type": SMALL.replace("vote_type;approval", "vote_type;telepathy"),
    "no-cost-column": SMALL.replace("project_id;cost;", "project_id;price;"),
    "no-vote-column": SMALL.replace("voter_id;vote;age", "voter_id;choice;age"),
    "column-twice": SMALL.replace("project_id;cost;votes", "project_id;cost;cost"),
    "no-rows": SMALL.split("1;60.25", maxsplit=1)[0] + "VOTES\nvoter_id;vote\n",
    "id-twice": SMALL.replace("2;50;2", "1;50;2"),
    "empty-id": SMALL.replace("2;50;2", ";50;2"),
    "comma-id": SMALL.replace("2;50;2", '"2,5";50;2'),
    "negative-cost": SMALL.replace("2;50;2", "2;-50;2"),
    "text-cost": SMALL.replace("2;50;2", "2;cheap;2"),
    "too-many-cells": SMALL.replace("2;50;2;Bench;street;0", "2;50;2;Bench;street;0;9;9"),
    "control-character": SMALL.replace("Bench", "Be\x00nch"),
    "latin-1": SMALL.replace("Bench", "Bänch").encode("latin-1"),
    "utf-16": SMALL.encode("utf-16"),
    "long-id": SMALL.replace("2;50;2", "2" * 41 + ";50;2"),
    "not-over": SMALL.replace("31.01.2020", "31.01.2199"),
    "points-missing": SMALL.replace("vote_type;approval", "vote_type;cumulative"),
    "a-picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
}


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[db.Database]:
    monkeypatch.setenv("CIVICVOTE_INSTANCE", str(tmp_path))
    engine = db.make_engine(f"sqlite:///{tmp_path / 'civicvote.sqlite'}")
    Base.metadata.create_all(engine)
    yield db.Database(engine)
    engine.dispose()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["pb", *arguments])


def rows(database: db.Database) -> int:
    with database.reading() as session:
        return sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES)


def test_thirty_bad_files_leave_nothing_and_say_why_in_one_line(database: db.Database, tmp_path: Path) -> None:
    assert len(BAD) >= 30
    for name, content in BAD.items():
        file = tmp_path / f"{name}.pb"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        done = run("import", str(file))
        assert (done.exit_code, done.stdout) == (2, ""), (name, done.output)
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"{file}:"), name
        assert any("가" <= letter <= "힣" for letter in line.removeprefix(str(file))), name
        if name not in {"long-id", "not-over"}:
            assert line.removeprefix(f"{file}:").split(":")[0].isdigit(), "the line is named"
    assert rows(database) == 0


def test_a_file_goes_in_and_comes_out(database: db.Database, tmp_path: Path) -> None:
    file, out = tmp_path / "small.pb", tmp_path / "out.pb"
    file.write_text(SMALL)
    done = run(
        "import", str(file), "--slug", "small", "--pool", "Town hall", "--title", "Real votes", "--rule", "greedy"
    )
    assert (done.exit_code, done.stdout.strip()) == (0, "/budget/small/result"), done.output
    again = run("import", str(file), "--slug", "small")
    assert (again.exit_code, len(again.stderr.splitlines())) == (2, 1)
    assert run("export", "small", "--out", str(out)).exit_code == 0
    plain = run("export", "small", "--pool", "Town hall")
    assert plain.stdout_bytes == out.read_bytes()
    first, second = pabulib.election(pabulib.parse(SMALL)), pabulib.election(pabulib.parse(out.read_bytes()))
    assert (first.projects, first.budget, first.voters) == (second.projects, second.budget, second.voters)
    for rule in ("greedy", "equal-shares"):
        counts = [
            CliRunner().invoke(main, ["tally", str(path), "--rule", rule, "--json"]).stdout for path in (file, out)
        ]
        assert counts[0] == counts[1]


def test_a_sealed_box_is_left_to_two_of_the_staff(database: db.Database, tmp_path: Path) -> None:
    file = tmp_path / "small.pb"
    file.write_text(SMALL)
    done = run("import", str(file), "--slug", "small", "--rule", "greedy", "--sealed")
    assert (done.exit_code, done.stdout.strip()) == (0, "/budget/small/count"), done.output
    assert run("export", "small").exit_code == 2, "nothing is told before it is published"
    keys = Settings().keystore
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(TallyRun)) == 0
        first, second = (factories.actor(factories.user(session, Role.STAFF), Role.STAFF) for _ in range(2))
        counting.count(session, first, "small", keys=keys)
        counting.release.choose(session, first, "small", only_totals=False)
        counting.publish(session, second, "small", keys=keys)
    assert pabulib.parse(run("export", "small").stdout_bytes).projects


def test_by_its_own_rule_and_out_in_every_form(database: db.Database, tmp_path: Path) -> None:
    file = tmp_path / "small.pb"
    file.write_text(SMALL.replace("rule;greedy", "rule;equalshares/add1"))
    done = run("import", str(file), "--slug", "small", "--rule", "declared")
    assert done.exit_code == 0, done.output
    outs = [tmp_path / name for name in ("out.pb", "out.json", "sheets")]
    for out in outs:
        assert run("export", "small", "--out", str(out)).exit_code == 0
    counts = {
        CliRunner().invoke(main, ["tally", str(path), "--rule", "declared", "--json"]).stdout for path in (file, *outs)
    }
    (told,) = [json.loads(text)["selected"] for text in counts]
    assert told
    assert pabulib.parse(outs[0].read_bytes()).meta["rule"] == "equalshares/add1"
    assert run("export", "small", "--out", str(outs[1])).exit_code == 2, "nothing is overwritten"
    unknown = tmp_path / "unknown.pb"
    unknown.write_text(SMALL.replace("rule;greedy", "rule;unknown"))
    assert run("import", str(unknown), "--rule", "declared").exit_code == 2


def test_a_published_file_states_the_rule_it_was_counted_by(database: db.Database, tmp_path: Path) -> None:
    file, out = tmp_path / "small.pb", tmp_path / "out.pb"
    file.write_text(SMALL)
    rule = ("--rule", "equal-shares", "--completion", "add1u", "--step", "0.5", "--tie", "cost", "--comparison")
    assert run("import", str(file), "--slug", "small", *rule).exit_code == 0
    assert run("export", "small", "--out", str(out)).exit_code == 0
    given = pabulib.parse(out.read_bytes())
    said = pabulib.declared_rule(given)
    assert (said.completion, said.step, said.comparison, str(said.tie)) == ("add1u", 0.5, True, "cost,id")
    assert set(tally.tally(pabulib.election(given), said).selected) == set(given.winners or ())


def test_what_is_asked_wrongly_is_refused(database: db.Database, tmp_path: Path) -> None:
    file = tmp_path / "small.pb"
    file.write_text(SMALL)
    for arguments in (
        ("import", str(tmp_path / "nowhere.pb")),
        ("import", str(file), "--step", "0"),
        ("import", str(file), "--step", "1/3"),
        ("import", str(file), "--step", "nan"),
        ("import", str(file), "--rule", "lottery"),
        ("import", str(file), "--slug", "Ö b"),
        ("export", "nowhere"),
    ):
        assert run(*arguments).exit_code == 2, arguments
    assert rows(database) == 0
    run("import", str(file), "--slug", "small")
    assert run("export", "small", "--pool", "elsewhere").exit_code == 2


def test_without_tables_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIVICVOTE_INSTANCE", str(tmp_path))
    file = tmp_path / "small.pb"
    file.write_text(SMALL)
    done = run("import", str(file))
    assert done.exit_code == 2
    assert "데이터베이스" in done.stderr
    assert len(done.stderr.splitlines()) == 1


if SHARED:

    def test_a_real_file_by_command(database: db.Database, tmp_path: Path) -> None:
        assert SHARED is not None
        file, out = SHARED / "data" / "pabulib" / "Netherlands_Assen_2024.pb", tmp_path / "out.pb"
        assert run("import", str(file), "--slug", "assen").exit_code == 0
        assert run("export", "assen", "--out", str(out)).exit_code == 0
        counts = [
            CliRunner().invoke(main, ["tally", str(path), "--rule", "equal-shares", "--completion", "add1", "--json"])
            for path in (file, out)
        ]
        assert counts[0].stdout == counts[1].stdout
