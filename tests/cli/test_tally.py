"""`civicvote tally FILE.pb`, as people call it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from civicvote.cli.tally import tally
from tests.domain.test_pabulib import BAD, META, PROJECTS, text, with_meta


def call(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(tally, [str(path), *arguments])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """1 costs 60 and has 3 votes, 2 costs 50 and has 2, 3 costs 40 and has 1; 100 can be spent."""
    path = tmp_path / "vote.pb"
    projects = ("project_id;cost;name;selected", "1;60;도서관;1", "2;50;공원;0", "3;40;길;0")
    votes = ("voter_id;vote", "a;1", "b;1,2", "c;1,2,3")
    path.write_text(text(projects=projects, votes=votes, meta=with_meta(rule="greedy-no-skip")), "utf-8")
    return path


def test_json(file: Path) -> None:
    result = call(file, "--rule", "greedy", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    data = json.loads(result.stdout)
    assert {key: data[key] for key in ("rule", "completion", "budget", "selected", "spent", "rejected")} == {
        "rule": "greedy",
        "completion": "none",
        "budget": 100,
        "selected": ["1", "3"],
        "spent": 100,
        "rejected": [{"id": "2", "reason": "no-money-left", "cost": 50, "left": 40, "votes": 2}],
    }


def test_equal_shares_in_json(file: Path) -> None:
    result = call(file, "--rule", "equal-shares", "--completion", "add1", "--step", "0.5", "--json")
    data = json.loads(result.stdout)
    assert (data["rule"], data["completion"], data["utility"], data["step"]) == ("equal-shares", "add1", "cost", 0.5)
    assert data["steps"][0] == {
        "id": "1", "cost": 60, "votes": 3, "score": 3, "paid": 60, "left": 40, "price": "20", "emptied": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "selected"),
    [
        ([], ["1", "3"]),
        (["--rule", "greedy-no-skip"], ["1"]),
        (["--rule", "declared"], ["1"]),
        (["--rule", "declared", "--exclude", "2"], ["1", "3"]),
        (["--conflict", "1,3"], ["1"]),
        (["--threshold", "2"], ["1"]),
        (["--exclude", "1", "--exclude", "2"], ["3"]),
        (["--rule", "greedy-per-cost"], ["1", "3"]),
        (["--rule", "equal-shares", "--utility", "cardinality", "--completion", "add1"], ["1"]),
        (["--rule", "equal-shares", "--completion", "add1u"], ["1", "3"]),
        (["--rule", "equal-shares", "--completion", "add1", "--no-exhaustive-stop", "--tie", "cost"], ["1"]),
    ],
)
def test_options(file: Path, arguments: list[str], selected: list[str]) -> None:
    result = call(file, *arguments, "--json")
    assert result.exit_code == 0, result.output
    assert sorted(json.loads(result.stdout)["selected"]) == selected


def test_the_declared_rule_says_what_it_took(file: Path) -> None:
    data = json.loads(call(file, "--rule", "declared", "--json").stdout)
    assert (data["rule"], data["declared"], data["tie"]) == ("greedy-no-skip", "greedy-no-skip", "recorded")


def test_without_json_people_read_it(file: Path) -> None:
    result = call(file)
    assert "선정 2건, 사업비 합 100" in result.stdout
    assert "   1. [1] 도서관 — 60 · 3표" in result.stdout
    assert "차례가 왔을 때 남은 예산(40)이 사업비(50)보다 적었습니다." in result.stdout
    assert f"{file}:4: num_projects 값(2)이 세어 본 값(3)과 다릅니다." in result.stderr


@pytest.mark.parametrize(("data", "line", "words"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_malformed_files_end_with_one_line(tmp_path: Path, data: str | bytes, line: int, words: str) -> None:
    path = tmp_path / "나쁜 파일.pb"
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    result = call(path, "--rule", "equal-shares", "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"{path}:{line}: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--exclude", "99"], "이 선거에 없는 사업입니다: 99"),
        (["--conflict", "1,99"], "이 선거에 없는 사업입니다: 99"),
        (["--tie", "luck"], "알 수 없는 동점 기준"),
        (["--step", "0"], "0보다 커야"),
        (["--step", "x"], "숫자가 아닙니다"),
        (["--threshold", "-1"], "0보다 작습니다"),
    ],
)
def test_wrong_options_end_with_one_line(file: Path, arguments: list[str], words: str) -> None:
    result = call(file, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert words in result.stderr


def test_a_missing_file_and_an_unknown_rule(tmp_path: Path) -> None:
    result = call(tmp_path / "none.pb")
    assert (result.exit_code, result.stderr) == (2, f"{tmp_path / 'none.pb'}: 파일이 없습니다.\n")
    assert call(tmp_path).exit_code == 2
    path = tmp_path / "unknown.pb"
    path.write_text(text(meta=(*META[:5], "rule;unknown"), projects=PROJECTS), "utf-8")
    result = call(path, "--rule", "declared")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert result.stderr.startswith(f"{path}:8: ")


def test_it_runs_alone_and_loads_neither_web_nor_database(file: Path) -> None:
    script = (
        "import sys; sys.argv = ['tally', *sys.argv[1:]]\n"
        "from civicvote.cli.tally import tally\n"
        "try: tally()\n"
        "finally: assert not {'flask', 'sqlalchemy', 'civicvote.models'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(file), "--json"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert json.loads(done.stdout)["selected"] == ["1", "3"]
