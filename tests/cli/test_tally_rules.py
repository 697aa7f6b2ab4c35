"""`civicvote tally` with every rule, limit, form of file and way of showing."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from civicvote.cli import main
from civicvote.cli.tally import tally
from civicvote.cli.tally.asked import drawn
from civicvote.cli.words import words
from civicvote.domain.messages import msg
from civicvote.domain.pabulib import declared_rule, dump_csv, dump_json, parse, parse_csv
from civicvote.domain.pabulib.stated import read, stated
from civicvote.domain.sheets import csv_bytes
from civicvote.domain.tally import Cap, Completion, Method, Rule, Tie, TieKey, Utility
from tests.domain.test_pabulib import text, with_meta

PROJECTS = (
    "project_id;cost;name;category;district",
    "1;60;도서관;문화;종로구", "2;50;공원;환경;중구", "3;40;길;교통;종로구", "4;10;의자;환경,교통;중구",
)  # fmt: skip
VOTES = ("voter_id;vote", "a;1", "b;1,2", "c;1,2,3", "d;4,2", "e;")


def call(*arguments: object) -> Result:
    return CliRunner().invoke(tally, [str(argument) for argument in arguments])


def count(*arguments: object) -> dict[str, Any]:
    result = call(*arguments, "--json")
    assert result.exit_code == 0, result.output
    data: dict[str, Any] = json.loads(result.stdout)
    return data


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """100 to spend; votes 1: 3, 2: 3, 3: 1, 4: 1."""
    path = tmp_path / "vote.pb"
    path.write_text(text(projects=PROJECTS, votes=VOTES, meta=with_meta(num_projects="4", num_votes="5")), "utf-8")
    return path


@pytest.mark.parametrize(
    ("arguments", "selected"),
    [
        (["--rule", "greedy"], ["1", "3"]),
        (["--rule", "greedy-poznan"], ["1", "2"]),
        (["--rule", "greedy-per-cost"], ["4", "2", "3"]),
        (["--rule", "welfare"], ["2", "3", "4"]),
        (["--rule", "phragmen"], ["4", "1"]),
        (["--rule", "phragmen-skip", "--tie", "cost"], ["4", "2", "3"]),
        (["--rule", "equal-shares", "--completion", "utilitarian"], ["1", "4"]),
        (["--rule", "greedy", "--tie", "cost"], ["2", "4", "3"]),
        (["--rule", "greedy", "--lot", "2,1"], ["2", "3", "4"]),
        (["--rule", "greedy", "--tie", "votes,lot", "--lot", "2,1"], ["2", "3", "4"]),
        (["--rule", "greedy", "--cap", "category=교통:1"], ["1", "3"]),
        (["--rule", "greedy", "--cap", "district:1"], ["1", "4"]),
        (["--rule", "greedy", "--cap", "district=종로구:59원"], ["2", "3", "4"]),
        (["--rule", "greedy", "--cap", "id=1,3:60won"], ["1", "4"]),
        (["--rule", "greedy", "--lock", "3"], ["3", "1"]),
        (["--rule", "greedy", "--threshold", "21%"], ["1"]),
        (["--rule", "greedy", "--quorum", "6"], []),
        (["--rule", "greedy", "--quorum", "5"], ["1", "3"]),
    ],
)
def test_rules_and_limits(file: Path, arguments: list[str], selected: list[str]) -> None:
    assert count(file, *arguments)["selected"] == selected


@pytest.mark.parametrize(
    ("arguments", "words_"),
    [
        (["--tie", "lot"], "--lot으로"),
        (["--lot", "1,9"], "이 선거에 없는 사업입니다: 9"),
        (["--lot", "@/nowhere"], "추첨 순서 파일"),
        (["--cap", "category"], "열=값:수"),
        (["--cap", "theme=공원:1"], "'theme' 열이 없습니다"),
        (["--cap", "category=우주:1"], "'우주'인 사업이 없습니다"),
        (["--cap", "category=환경:1.5"], "정수여야"),
        (["--cap", "id=9:1"], "이 선거에 없는 사업입니다: 9"),
        (["--lock", "9"], "이 선거에 없는 사업입니다: 9"),
        (["--threshold", "101%"], "0과 1 사이"),
        (["--threshold", "x%"], "숫자가 아닙니다"),
        (["--verify", "/nowhere.json"], "파일이 없습니다"),
        (["--certificate", "/nowhere/c.json"], "No such file"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(file: Path, arguments: list[str], words_: str) -> None:
    result = call(file, *arguments)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert words_ in result.stderr


def test_nothing_to_count(file: Path) -> None:
    assert call().exit_code == 2
    assert call(file, "--electorate", f"{file}=1").exit_code == 2


def test_a_lot_is_drawn_from_a_seed_by_anyone(file: Path) -> None:
    order = drawn("2026-11-30 로또 1148회", ["1", "2", "3", "4"])
    assert order == drawn("2026-11-30 로또 1148회", ["4", "3", "2", "1"])
    assert {drawn(str(seed), ["1", "2"]) for seed in range(20)} == {("1", "2"), ("2", "1")}
    first = "1" if order.index("1") < order.index("2") else "2"
    assert count(file, "--lot", "seed:2026-11-30 로또 1148회")["selected"][0] == first
    listed = file.with_name("lot.txt")
    listed.write_text("\n".join(order), "utf-8")
    assert count(file, "--lot", f"@{listed}")["selected"][0] == first


def test_ties_that_decided_are_named(file: Path) -> None:
    assert "[1] 도서관, [2] 공원: 동점이어서" in call(file).stdout
    assert count(file)["ties"] == [["1", "2"], ["3", "4"]]


def test_several_rules_and_files(file: Path) -> None:
    result = call(file, "--rule", "greedy", "--rule", "welfare", "--json")
    runs = json.loads(result.stdout)
    assert [(run["file"], run["rule"], run["selected"]) for run in runs] == [
        (str(file), "greedy", ["1", "3"]),
        (str(file), "welfare", ["2", "3", "4"]),
    ]
    assert call(file, file).stdout.count("선정 2건") == 2


def test_side_by_side(file: Path) -> None:
    result = call(file, "--rule", "greedy", "--rule", "welfare", "--compare")
    lines = result.stdout.splitlines()
    assert lines[:2] == ["A  greedy", "B  welfare"]
    assert "[1] 도서관                        1         ·" in lines
    assert "[2] 공원                          ·         1" in lines
    assert any(line.startswith("하나라도 선정된 투표자(%)") for line in lines)
    assert "A에서 더 많은 사업을 얻는 투표자 1명, B에서 1명" in lines
    table = json.loads(call(file, "--rule", "greedy", "--rule", "welfare", "--compare", "--json").stdout)
    assert table["projects"] == {"1": [1, None], "3": [2, 2], "2": [None, 1], "4": [None, 3]}
    assert table["prefer"] == [[0, 1], [1, 0]]
    assert table["runs"][0]["fairness"]["with_one"] == 3
    other = file.with_name("other.pb")
    other.write_text(text(), "utf-8")
    assert f"B  greedy · {other}" in call(file, other, "--compare").stdout


def test_explanations(file: Path) -> None:
    shown = call(file, "--rule", "greedy", "--explain").stdout
    assert "1번째로 선정되었습니다. 득표 3, 선정 후 남은 예산 40." in shown
    assert "이 사업에만 투표한 사람이 1명 더 있었거나 사업비가 40 이하였다면 선정되었습니다." in shown
    told = count(file, "--rule", "greedy", "--explain")["explanation"]
    assert told["2"] == {
        "rank": 2, "left": 40, "more_supporters": 1, "largest_cost": 40, "basis": "count", "confirmed": True,
    }  # fmt: skip
    assert told["1"]["place"] == 1


def test_certificates(file: Path, tmp_path: Path) -> None:
    proof = tmp_path / "proof.json"
    assert call(file, "--rule", "equal-shares", "--completion", "add1", "--certificate", proof).exit_code == 0
    assert call(file, "--verify", proof).stdout == "증명서가 이 파일의 투표지와 맞습니다.\n"
    assert json.loads(call(file, "--verify", proof, "--json").stdout) == {"verified": True}
    body = json.loads(proof.read_text("utf-8"))
    body["selected"] = body["selected"][:-1]
    proof.write_text(json.dumps(body), "utf-8")
    refused = call(file, "--verify", proof)
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    for rubbish in ("", "[]", "{}", "[" * 100_000):
        proof.write_text(rubbish, "utf-8")
        assert call(file, "--verify", proof).exit_code == 2
    assert call(file, "--rule", "greedy", "--rule", "welfare", "--certificate", proof).exit_code == 2


def test_electorates_weigh(file: Path, tmp_path: Path) -> None:
    committee = tmp_path / "위원회.pb"
    committee.write_text(text(projects=PROJECTS, votes=("voter_id;vote", "x;3", "y;3,4")), "utf-8")
    given = ["--electorate", f"{file}=50", "--electorate", f"{committee}=50"]
    data = count(*given)
    assert (data["voters"], data["selected"][0]) == (7, "3")
    assert "40 · 39.6%" in call(*given).stdout
    assert call("--electorate", f"{file}", "--json").exit_code == 2
    assert call("--electorate", f"{file}=0").exit_code == 2
    assert call("--electorate", f"{tmp_path / 'no.pb'}=1").exit_code == 2
    assert call(*given, "--rule", "equal-shares").exit_code == 2
    assert call(*given, "--rule", "declared").exit_code == 2


def test_every_form_of_a_file_counts_the_same(file: Path, tmp_path: Path) -> None:
    read_back = parse(file.read_bytes())
    document, folder = tmp_path / "vote.json", tmp_path / "sheets"
    document.write_bytes(dump_json(read_back))
    folder.mkdir()
    for name, content in dump_csv(read_back).items():
        (folder / name).write_bytes(content)
    assert count(file) == count(document) == count(folder)
    (folder / "projects.csv").write_text("project_id,cost\n1,x\n", "utf-8")
    assert call(folder).stderr.startswith(f"{folder}/projects.csv:2: ")
    document.write_text("{", "utf-8")
    assert call(document).stderr.startswith(f"{document}:1: ")


def test_files_are_converted(file: Path, tmp_path: Path) -> None:
    def convert(source: Path, target: Path) -> Result:
        return CliRunner().invoke(main, ["pb", "convert", str(source), str(target)])

    document, folder, back = tmp_path / "a.json", tmp_path / "sheets", tmp_path / "b.pb"
    for source, target in ((file, document), (document, folder), (folder, back)):
        assert convert(source, target).exit_code == 0
    assert back.read_bytes() == file.read_bytes()
    assert convert(file, back).exit_code == 2, "nothing is overwritten"
    assert convert(file, tmp_path / "a.xls").exit_code == 2
    assert convert(tmp_path / "no.pb", tmp_path / "c.pb").exit_code == 2


RULES = [
    Rule(),
    Rule(threshold=3),
    Rule(exclusive=(frozenset({"1", "2"}),)),
    Rule(Method.GREEDY_NO_SKIP, tie=Tie((TieKey.VOTES, TieKey.COST))),
    Rule(Method.PHRAGMEN, quorum=3, locked=("2", "1")),
    Rule(Method.GREEDY_POZNAN, withdrawn=frozenset({"3"})),
    Rule(Method.EQUAL_SHARES),
    Rule(Method.EQUAL_SHARES, Utility.CARDINALITY, Completion.ADD1U, 1000, exhaustive_stop=False),
    Rule(Method.EQUAL_SHARES, completion=Completion.ADD1, comparison=True),
    Rule(Method.WELFARE, caps=(Cap(frozenset({"1"}), 0), Cap(frozenset({"1", "2"}), None, 50, "공원"))),
    Rule(Method.GREEDY, tie=Tie((TieKey.COST, TieKey.LOT), ("3", "1"))),
]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_stated_and_read_back(rule: Rule) -> None:
    meta = stated(rule, "#1: 설명 #2: civicvote {}")
    assert meta["comment"].startswith("#1: 설명")
    names = {"rule": meta["rule"], "comment": meta["comment"]}
    if rule.threshold:
        names["min_project_score_threshold"] = meta["min_project_score_threshold"]
    rows = {"budget": "1", "vote_type": "approval", **names}
    content = {
        "meta.csv": csv_bytes(("key", "value"), rows.items()),
        "projects.csv": b"project_id,cost\n1,1\n2,1\n3,1\n",
        "votes.csv": b"vote\n1\n",
    }
    file = parse_csv(content)
    assert declared_rule(file) == rule


def test_ties_that_decided_are_no_rule_of_pabulibs() -> None:
    assert [stated(rule, tied=True)["rule"] for rule in (Rule(), Rule(Method.EQUAL_SHARES))] == [
        "greedy-custom",
        "unknown",
    ]


def test_a_stated_rule_nobody_can_read_is_refused() -> None:
    for comment in ('#1: civicvote {"method": "x"}', '#1: civicvote {"methods": 1}', "#1: civicvote {1}"):
        with pytest.raises(Exception, match="읽을 수 없습니다"):
            read(comment, 1)
    assert read("#1: anything", 1) is None


def test_another_language() -> None:
    english = words("en")
    assert english(msg("파일이 없습니다.")) != ""
    sentence = msg("이 사업에 투표한 사람이 없습니다.")
    assert words("ko")(sentence) == sentence.text
    assert english(sentence).isascii()
    assert english(msg("없는 문장 %(n)s", n=msg("문장 안"))) == "없는 문장 문장 안"
