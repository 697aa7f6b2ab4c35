"""The same election as CSV and as JSON; long files that are regular only in part."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicvote.domain.pabulib import (
    PabulibError,
    PabulibFile,
    Table,
    dump,
    dump_csv,
    dump_json,
    election,
    from_election,
    parse,
    parse_csv,
    parse_json,
    reader,
    report,
)
from civicvote.domain.sheets import plain_cell, safe_cell
from civicvote.domain.tally import Rule, tally
from tests.domain.test_pabulib import text, with_meta

CSV = {
    "meta.csv": "key,value\nbudget,100\nvote_type,approval\n",
    "projects.csv": "project_id,cost,name\n1,60,도서관\n2,50,공원\n",
    "votes.csv": "vote\n1\n2|1\n",
}
JSON = {
    "format": "civicvote-election/1",
    "meta": {"budget": 100, "vote_type": "approval"},
    "projects": [{"project_id": "1", "cost": 60, "name": "도서관"}, {"project_id": "2", "cost": 50.5}],
    "votes": [{"vote": ["1"], "count": 3}, {"vote": "2,1"}],
}


def csv_of(**changes: str) -> dict[str, bytes]:
    return {name: changes.get(name.removesuffix(".csv"), content).encode() for name, content in CSV.items()}


def test_csv_people_write() -> None:
    file = parse_csv(csv_of())
    assert (file.meta["budget"], file.projects.column("name")) == ("100", ["도서관", "공원"])
    assert list(file.votes.rows) == [("1", "1"), ("2", "2,1")]
    assert election(file).votes == (2, 1)
    european = parse_csv(csv_of(projects="project_id;cost;name\r\n1;60,5;가\r\n2;50;나\r\n"))
    assert election(european).projects[0].cost == 60.5
    korean = {name: content.decode().encode("cp949") for name, content in csv_of().items()}
    assert parse_csv(korean) == file
    counted = parse_csv(csv_of(votes="count,vote\n3,1\n0,2\n1,\n"))
    assert list(counted.votes.rows) == [("1", "1"), ("2", "1"), ("3", "1"), ("4", "")]


def test_json_people_write() -> None:
    file = parse_json(json.dumps(JSON).encode())
    assert election(file).votes == (4, 1)
    assert file.projects.column("cost") == ["60", "50.5"]
    assert file.projects.column("name") == ["도서관", ""]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"meta": "key,value\nbudget,1\nbudget,2\n"}, "meta.csv:3"),
        ({"meta": "key,value\nvote_type,approval\n"}, "meta.csv:0"),
        ({"meta": ""}, "meta.csv:1"),
        ({"projects": "project_id,cost\n1,60\n2,x\n"}, "projects.csv:3"),
        ({"projects": "project_id\n1\n"}, "1"),
        ({"projects": "project_id,cost\n1,60,,7\n"}, "projects.csv:2"),
        ({"projects": 'project_id,cost\n1,"6\x010"\n'}, "projects.csv:2"),
        ({"votes": "vote,count\n1,many\n"}, "votes.csv:2"),
        ({"meta": "key,value\nbudget,1\nvote_type,cumulative\n", "votes": "vote,points\n1,3\n1|2,4\n"}, "votes.csv:3"),
    ],
)
def test_bad_csv_names_file_and_line(changes: dict[str, str], where: str) -> None:
    with pytest.raises(PabulibError) as caught:
        parse_csv(csv_of(**changes))
    assert caught.value.where == where


def test_a_missing_csv_is_named() -> None:
    with pytest.raises(PabulibError, match=r"votes\.csv"):
        parse_csv({name: content for name, content in csv_of().items() if name != "votes.csv"})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda body: body.pop("format"), "선거 문서"),
        (lambda body: body.pop("votes"), "'votes'"),
        (lambda body: body["votes"].append(3), "'votes'"),
        (lambda body: body["meta"].update(budget=True), "글이나 숫자"),
        (lambda body: body["meta"].update(budget=float("nan")), "숫자가 아닙니다"),
        (lambda body: body["projects"][1].update(cost="1e9"), "projects:2: cost 값이 숫자가 아닙니다"),
        (lambda body: body["projects"][1].update(name="\ud800"), "projects:2: .*U\\+D800"),
        (lambda body: body["votes"][0].update(vote=[["1"]]), "votes:1"),
        (lambda body: body["votes"][0].update(count="-1"), "count"),
    ],
)
def test_bad_json_names_the_place(change: Callable[[dict[str, object]], object], words: str) -> None:
    body = json.loads(json.dumps(JSON))
    change(body)
    with pytest.raises(PabulibError, match=words):
        parse_json(json.dumps(body).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"format": 1}'])
def test_what_is_no_json_document_is_refused(data: bytes) -> None:
    with pytest.raises(PabulibError):
        parse_json(data)


CELLS = st.text(st.characters(exclude_categories=["C"]), max_size=10).map(str.strip)
IDS = st.from_regex(r"[A-Za-z0-9가-힣=+@|/.-]{1,6}", fullmatch=True)


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.data())
def test_every_form_says_the_same(data: st.DataObject) -> None:
    ids = data.draw(st.lists(IDS, min_size=1, max_size=4, unique=True))
    picks = st.lists(st.sampled_from(ids), unique=True, max_size=4).map(",".join)
    file = PabulibFile(
        {"budget": "10", "vote_type": "approval", "comment": data.draw(CELLS)},
        Table(("project_id", "cost", "name"), [(one, "5.25", data.draw(CELLS)) for one in ids]),
        Table(("voter_id", "vote"), [(str(number), data.draw(picks)) for number in range(3)]),
    )
    assert parse(dump(file)) == file
    assert parse_json(dump_json(file)) == file
    sheets = dump_csv(file)
    assert parse_csv(sheets) == file
    assert all(content.startswith(b"\xef\xbb\xbf") for content in sheets.values())


@given(st.text(st.characters(exclude_categories=["C"]), max_size=8) | st.from_regex("['\"=+ -]{1,5}", fullmatch=True))
def test_guarded_cells_come_back(cell: str) -> None:
    assert plain_cell(safe_cell(cell)) == cell


def test_no_cell_of_a_sheet_is_a_formula() -> None:
    file = parse(text(projects=("project_id;cost;name", '1;60;=HYPERLINK("http://x")', "2;50;@SUM(1)")))
    sheet = dump_csv(file)["projects.csv"].decode("utf-8-sig")
    assert "'=HYPERLINK" in sheet
    assert "'@SUM" in sheet


@pytest.mark.parametrize("block", [1, 2, 3, 7, 100])
def test_rows_that_are_regular_only_in_part(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        "a;1", "b;1,2", " c ; 2 ", "", 'd;"1"', "e;2;;", "f", '"여러\n줄;";1', "g;2", '"h', "i; 1 , 2", ";;", "j;1", "k;",
        "votes;1", "l;２", "m\u3000;1",
    ]  # fmt: skip
    data = text(votes=("voter_id;vote", *rows))
    whole = parse(data)
    monkeypatch.setattr(reader, "_BLOCK", block)
    file = parse(data)
    assert file == whole
    assert list(file.votes.lines) == list(whole.votes.lines)
    assert [row[0] for row in file.votes.rows] == [
        "a", "b", "c", "d", "e", "f", "여러\n줄;", "g", '"h', "i", "j", "k", "votes", "l", "m",
    ]  # fmt: skip
    assert file.votes.column("vote") == ["1", "1,2", "2", "1", "2", "", "1", "2", "", "1 , 2", "1", "", "1", "２", "1"]
    assert file.votes.line(7) == 15 + 9
    assert election(file).votes == (8, 5)
    assert parse(dump(file)) == file


def test_a_section_within_the_ballots_is_refused_wherever_it_stands() -> None:
    for place in (0, 4095, 4096, 9000):
        rows = [f"{number};1" for number in range(10_000)]
        rows[place] = "Meta;"
        with pytest.raises(PabulibError, match="META 부분이 두 번") as caught:
            parse(text(votes=("voter_id;vote", *rows)))
        assert caught.value.line == 15 + place


def test_default_scores_reach_those_a_ballot_leaves_out() -> None:
    meta = with_meta(vote_type="scoring", default_score="0.5")
    contest = election(parse(text(meta=meta, votes=("voter_id;vote;points", "a;2;4", "b;2,2,9;0,3,1", "c;;"))))
    assert contest.scores == (1.5, 4.5)
    assert contest.votes == (3, 2)
    bare = parse(text(meta=with_meta(vote_type="scoring"), votes=("voter_id;vote;points", "b;2,2;0,3")))
    assert election(bare).scores == (0, 0), "a project twice in a ballot has its first points"


def test_preferences_give_points_by_what_the_ballot_lists() -> None:
    meta = with_meta(vote_type="ordinal")
    contest = election(parse(text(meta=meta, votes=("voter_id;vote", "a;2,9,1", "b;1", "c;2,2"))))
    assert contest.scores == (2, 5)


def test_target_is_an_old_name() -> None:
    contest = election(parse(text()))
    assert "beneficiaries" in from_election(contest, {}, columns={"target": {"1": "청년"}}).projects.columns


def test_what_a_written_file_says_of_money() -> None:
    contest = election(parse(text(meta=with_meta(vote_type="knapsack"))))
    file = from_election(contest, {"vote_type": "knapsack"}, selected=["1", "2"], partly=["2"])
    assert file.projects.column("selected") == ["1", "2"]
    assert (file.meta["vote_type"], file.meta["max_sum_cost"]) == ("approval", "100")
    assert "fully_funded" not in file.meta
    rich = election(parse(text(meta=with_meta(budget="110"))))
    assert from_election(rich, {}).meta["fully_funded"] == "1"
    nameless = election(parse(text(projects=("project_id;cost", "1;60", "2;50"))))
    assert "name" not in from_election(nameless, {}).projects.columns


def test_ballots_with_points_go_from_the_most_down() -> None:
    meta = with_meta(vote_type="cumulative")
    contest = election(parse(text(meta=meta, votes=("voter_id;vote;points", "a;1,2;1,2.5", "b;2,1;3,3", "c;;"))))
    file = from_election(contest, {})
    assert list(file.votes.rows) == [("1", "", ""), ("2", "1,2", "3,3"), ("3", "2,1", "2.5,1")]


def test_ids_are_text_and_selected_has_four_marks() -> None:
    projects = ("project_id;cost;selected", "9;50;2", "10;50;3", "010;50;1", "1e1;50;0", "1.0;50;")
    file = parse(text(projects=projects, votes=("voter_id;vote", "a;9,10,010,1e1,1.0", "b;0010")))
    contest = election(file)
    assert contest.votes == (1, 1, 1, 1, 1)
    assert file.winners == ("9", "010")
    assert tally(contest, Rule()).selected == ("010", "1.0"), "equals in the order of their ids as text"


def test_scores_that_differ_are_reported() -> None:
    meta = with_meta(vote_type="cumulative", rule="unknown", num_votes="2")
    projects = ("project_id;cost;votes;score", "1;60;2;5", "2;50;2;3,5")
    file = parse(text(meta=meta, projects=projects, votes=("voter_id;vote;points", "a;2,1;0,3", "b;2,1;3.5,1")))
    assert [str(notice.message) for notice in report(file)] == [
        "사업 '1'의 score 값(5)이 세어 본 값(4)과 다릅니다.",
    ]
    assert election(file).votes == (2, 1), "0 points are no support"
