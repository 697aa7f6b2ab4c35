"""The format: what is read, what is written, what is reported."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicvote.domain.pabulib import (
    PabulibError,
    PabulibFile,
    Table,
    declared,
    declared_rule,
    dump,
    election,
    from_election,
    parse,
    report,
)
from civicvote.domain.tally import Completion, Election, Method, Project, Rule, TieKey, Utility, tally

META = ("description;시험", "num_projects;2", "num_votes;3", "budget;100", "vote_type;approval", "rule;greedy")
PROJECTS = ("project_id;cost;votes;name;selected", "1;60;3;도서관;1", "2;50;1;공원 🌳;0")
VOTES = ("voter_id;vote", "a;1", "b;1,2", "c;1")


def text(meta: tuple[str, ...] = META, projects: tuple[str, ...] = PROJECTS, votes: tuple[str, ...] = VOTES) -> str:
    return "\n".join(["META", "key;value", *meta, "PROJECTS", *projects, "VOTES", *votes]) + "\n"


def with_meta(**changes: str) -> tuple[str, ...]:
    values = dict(row.split(";", 1) for row in META) | changes
    return tuple(f"{key};{value}" for key, value in values.items())


def notices(file: PabulibFile) -> list[tuple[int, str]]:
    return [(notice.line, str(notice.message)) for notice in report(file)]


def test_a_regular_file_is_read_counted_and_written_back() -> None:
    data = text().encode()
    file = parse(data)
    assert dump(file) == data
    assert file.meta["description"] == "시험"
    assert list(file.projects.records())[1] == {
        "project_id": "2", "cost": "50", "votes": "1", "name": "공원 🌳", "selected": "0",
    }  # fmt: skip
    assert (file.projects.line(1), file.votes.line(0)) == (12, 15)
    assert file.winners == ("1",)
    assert tally(election(file), declared_rule(file)).selected == ("1",)
    assert report(file) == []


@pytest.mark.parametrize(
    "changed",
    [
        lambda data: "\ufeff" + data,
        lambda data: data.replace("\n", "\r\n"),
        lambda data: data.replace("\n", "\r"),
        lambda data: data.replace("\n", "\r\n", 7),
        lambda data: data.rstrip("\n"),
        lambda data: data.replace("\n", "\n\n") + "  \n;;\n",
        lambda data: data.replace("META", "meta").replace("VOTES", '"Votes"').replace("PROJECTS", "Projects;;;"),
        lambda data: data.replace(";", " ; ").replace(",", " , "),
        lambda data: data.replace("\n", ";;\n"),
        lambda data: data.replace("도서관", '"도서관"').replace("a;1", '"a";"1"'),
        lambda data: data.replace("project_id;cost", "PROJECT_ID;Cost"),
    ],
)
def test_ways_of_writing_the_same_file(changed: object) -> None:
    assert callable(changed)
    file = parse(changed(text()).encode())
    assert {row[0]: row[3] for row in file.projects.rows} == {"1": "도서관", "2": "공원 🌳"}
    assert election(file) == election(parse(text()))


def test_quoted_cells_keep_separators_quotes_and_line_ends() -> None:
    name = '"""가""; 나\n둘째 줄, 🏛\u202eabc"'
    data = text(projects=(PROJECTS[0], f"1;60;3;{name};1", PROJECTS[2]))
    file = parse(data)
    assert file.projects.rows[0][3] == '"가"; 나\n둘째 줄, 🏛\u202eabc'
    assert file.votes.line(0) == 16
    assert dump(file) == data.encode()


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ('공원 "숲" 만들기', '공원 "숲" 만들기'),
        ('"숲" 만들기', "숲 만들기"),
        ('"닫히지 않은 따옴표', '"닫히지 않은 따옴표'),
        ('5" 관', '5" 관'),
    ],
)
def test_stray_quotes_are_tolerated(cell: str, read: str) -> None:
    file = parse(text(projects=(PROJECTS[0], f"1;60;3;{cell};1", PROJECTS[2])))
    assert [row[3] for row in file.projects.rows] == [read, "공원 🌳"]
    assert parse(dump(file)) == file


def test_unknown_keys_and_columns_are_kept() -> None:
    data = text(
        meta=(*META, "organiser;서울특별시"),
        projects=("project_id;colour;cost;target", "1;빨강;60;청년", "2;;50;"),
        votes=("voter_id;age;vote", "a;33;1"),
    )
    file = parse(data)
    assert file.meta["organiser"] == "서울특별시"
    assert file.projects.column("beneficiaries", "target") == ["청년", ""]
    assert dump(file) == data.encode()


def test_decimal_commas_and_points_are_exact() -> None:
    file = parse(text(meta=with_meta(budget="100,5"), projects=("project_id;cost", "1;60.25", "2;40,25")))
    assert tally(election(file), Rule()).spent == election(file).budget


def test_a_value_with_a_bare_separator_is_joined_and_reported() -> None:
    file = parse(text(meta=with_meta(description="하나; 둘")))
    assert file.meta["description"] == "하나;둘"
    assert [line for line, _ in notices(file)] == [3]


@pytest.mark.parametrize(
    ("meta", "votes", "scores"),
    [
        ({"vote_type": "ordinal"}, ("voter_id;vote", "a;2,1", "b;1"), (2, 2)),
        ({"vote_type": "ordinal"}, ("voter_id;vote;points", "a;2,1;3,2"), (2, 3)),
        ({"vote_type": "cumulative"}, ("voter_id;vote;points", "a;2,1;0,5", "b;2;1.5"), (5, 1.5)),
        ({"vote_type": "scoring", "default_score": "1"}, ("voter_id;vote;points", "a;2;4", "b;;"), (2, 5)),
        ({"vote_type": "choose-1"}, ("voter_id;vote", "a;2"), (0, 1)),
        ({"vote_type": "Knapsack"}, ("voter_id;vote", "a;2,1"), (1, 1)),
    ],
)
def test_ballot_formats(meta: dict[str, str], votes: tuple[str, ...], scores: tuple[float, ...]) -> None:
    contest = election(parse(text(meta=with_meta(**meta), votes=votes)))
    assert contest.scores == scores
    assert contest.voters == len(votes) - 1


BAD: list[tuple[str, str | bytes, int, str]] = [
    ("empty", "", 1, "META 부분이 없습니다"),
    ("blank", "\n\n  \n", 1, "META 부분이 없습니다"),
    ("no section", "key;value\n", 1, "META 줄로 시작"),
    ("binary", b"\x89PNG\r\n\x1a\n\x00\x00", 1, "UTF-8"),
    ("utf-16", "META".encode("utf-16"), 1, "UTF-16"),
    ("cp949", text().encode("cp949", "ignore"), 3, "UTF-8"),
    ("nul", text().replace("도서관", "도\x00서관"), 11, "U\\+0000"),
    ("escape", text().replace("도서관", "\x1b[2J"), 11, "U\\+001B"),
    ("nothing after META", "META\nkey;value\nbudget;5\n", 3, "PROJECTS 부분이 없습니다"),
    ("no votes", text().split("VOTES", maxsplit=1)[0], 12, "VOTES 부분이 없습니다"),
    ("no projects section", text().replace("PROJECTS\n", ""), 12, "VOTES 앞에 PROJECTS"),
    ("meta twice", text() + "META\nkey;value\n", 18, "META 부분이 두 번"),
    ("no key;value", text().replace("key;value\n", ""), 2, "key;value"),
    ("key twice", text(meta=(*META, "budget;7")), 9, "같은 이름이 두 번"),
    ("value without key", text(meta=(*META, ";7")), 9, "이름 없는 값"),
    ("no budget", text(meta=META[:3] + META[4:]), 1, "'budget'"),
    ("empty budget", text(meta=with_meta(budget="")), 6, "'budget'"),
    ("budget in words", text(meta=with_meta(budget="백만")), 6, "숫자가 아닙니다"),
    ("budget zero", text(meta=with_meta(budget="0")), 6, "0보다 커야"),
    ("budget negative", text(meta=with_meta(budget="-100")), 6, "0보다 작습니다"),
    ("budget nan", text(meta=with_meta(budget="NaN")), 6, "숫자가 아닙니다"),
    ("budget infinite", text(meta=with_meta(budget="1e999")), 6, "숫자가 아닙니다"),
    ("budget absurd", text(meta=with_meta(budget="9" * 18)), 6, "너무 큽니다"),
    ("budget endless", text(meta=with_meta(budget="9" * 5000)), 6, "숫자가 아닙니다"),
    ("budget grouped", text(meta=with_meta(budget="1,234,000")), 6, "숫자가 아닙니다"),
    ("budget ambiguous", text(meta=with_meta(budget="1,234")), 6, "천 단위"),
    ("budget foreign digits", text(meta=with_meta(budget="١٢٣")), 6, "숫자가 아닙니다"),
    ("no vote type", text(meta=META[:4] + META[5:]), 1, "'vote_type'"),
    ("unknown vote type", text(meta=with_meta(vote_type="acclamation")), 7, "투표 방식"),
    ("threshold in words", text(meta=(*META, "min_project_score_threshold;many")), 9, "숫자가 아닙니다"),
    ("no header", text(projects=()), 9, "제목 줄"),
    ("no cost column", text(projects=("project_id;name", "1;가")), 10, "'cost' 열"),
    ("no id column", text(projects=("id;cost", "1;5")), 10, "'project_id' 열"),
    ("no vote column", text(votes=("voter_id;ballot", "a;1")), 14, "'vote' 열"),
    ("column twice", text(projects=("project_id;cost;cost", "1;5;5")), 10, "겹칩니다"),
    ("nameless column", text(projects=("project_id;;cost", "1;5;5")), 10, "열 이름"),
    ("no projects", text(projects=PROJECTS[:1]), 9, "사업이 없습니다"),
    ("project without id", text(projects=(*PROJECTS, ";5")), 13, "사업 번호가 비어"),
    ("id with comma", text(projects=(*PROJECTS, "3,4;5")), 13, "쉼표"),
    ("id twice", text(projects=(*PROJECTS, "1;5")), 13, "같은 사업 번호"),
    ("no cost", text(projects=(*PROJECTS, "3;")), 13, "비어 있습니다"),
    ("cost negative", text(projects=(*PROJECTS, "3;-1")), 13, "0보다 작습니다"),
    ("cost zero", text(projects=(*PROJECTS, "3;0,0")), 13, "0보다 커야"),
    ("cost with unit", text(projects=(*PROJECTS, "3;1억원")), 13, "숫자가 아닙니다"),
    ("cost in hex", text(projects=(*PROJECTS, "3;0x10")), 13, "숫자가 아닙니다"),
    ("cost a fraction", text(projects=(*PROJECTS, "3;1/3")), 13, "숫자가 아닙니다"),
    ("cost underscored", text(projects=(*PROJECTS, "3;1_000")), 13, "숫자가 아닙니다"),
    ("too many cells", text(projects=(*PROJECTS, "3;5;0;가;0;;나")), 13, "칸이 7개"),
    ("too many vote cells", text(votes=(*VOTES, "d;1;2")), 18, "칸이 3개"),
    ("a huge cell", text(projects=(*PROJECTS, "3;5;0;" + "가" * 1_000_000)), 13, "너무 깁니다"),
    ("a huge line", text(votes=(*VOTES, "d;" + "1," * 3_000_000)), 18, "너무 깁니다"),
    ("a thousand columns", text(projects=(*PROJECTS, ";" * 1000 + "1")), 13, "칸이 너무 많"),
    ("no points", text(meta=with_meta(vote_type="cumulative")), 14, "'points' 열"),
    (
        "points missing",
        text(meta=with_meta(vote_type="cumulative"), votes=("voter_id;vote;points", "a;1,2;3")),
        15,
        "점수는 1개",
    ),
    (
        "points negative",
        text(meta=with_meta(vote_type="scoring"), votes=("voter_id;vote;points", "a;1;3", "b;1;-3")),
        16,
        "0 이상의 숫자",
    ),
    (
        "points in words",
        text(meta=with_meta(vote_type="ordinal"), votes=("voter_id;vote;points", "a;1;nan")),
        15,
        "0 이상의 숫자",
    ),
]


@pytest.mark.parametrize(("data", "line", "words"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_malformed_files_are_refused_with_line_and_reason(data: str | bytes, line: int, words: str) -> None:
    with pytest.raises(PabulibError, match=words) as caught:
        parse(data)
    assert caught.value.line == line
    assert str(caught.value).startswith(f"{line}번째 줄: ")
    assert len(str(caught.value)) < 200
    assert "\n" not in str(caught.value)


def test_quotes_that_never_close_do_not_take_forever() -> None:
    row = 'x"y;"' + "z" * 500
    with pytest.raises(PabulibError):
        parse(text(votes=("voter_id;vote", *[row] * 20_000)))
    rows = [f'"{number};1' if number == 300 else f"{number};1" for number in range(1000)]
    assert parse(text(votes=("voter_id;vote", *rows))).votes.rows[300:302] == [('"300', "1"), ("301", "1")]


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.text(max_size=200))
def test_no_text_does_worse_than_a_refusal(rubbish: str) -> None:
    for data in (rubbish, text().replace("도서관", rubbish), text() + rubbish, rubbish.join(text().split(";"))):
        try:
            file = parse(data)
        except PabulibError:
            continue
        report(file)
        assert parse(dump(file)) == file


@settings(derandomize=True, deadline=None, max_examples=150)
@given(st.lists(st.text(max_size=12), min_size=2, max_size=5))
def test_whatever_a_cell_says_comes_back(cells: list[str]) -> None:
    allowed = ["".join(c for c in cell if c.isprintable()).strip() for cell in cells]
    columns = ("project_id", "cost", *(f"c{place}" for place in range(len(allowed))))
    file = PabulibFile(
        {"budget": "10", "vote_type": "approval", "note": allowed[0]},
        Table(columns, [("1", "5", *allowed)]),
        Table(("voter_id", "vote"), [("a", "1")]),
    )
    assert parse(dump(file)) == file


def test_the_report_names_what_is_odd() -> None:
    file = parse(
        text(
            meta=(*with_meta(num_votes="9", num_projects="zwei"), "max_length;1", "max_sum_cost;55"),
            projects=(PROJECTS[0], "1;60;7;가;1", "2;50;1;나;9", "3;500;;다;0"),
            votes=("voter_id;vote", "a;1,x", "b;2,2", "b;1,2", "c;"),
        )
    )
    assert notices(file) == [
        (18, "PROJECTS에 없는 사업('x')을 골랐습니다. 세지 않습니다."),
        (19, "한 투표지에서 같은 사업('2')을 두 번 골랐습니다. 한 번만 셉니다."),
        (20, "같은 voter_id가 두 번 나옵니다: 'b'"),
        (18, "고른 사업이 2개로, 최대 1개보다 많습니다."),
        (19, "고른 사업이 2개로, 최대 1개보다 많습니다."),
        (20, "고른 사업이 2개로, 최대 1개보다 많습니다."),
        (18, "고른 사업비의 합(60)이 최대(55)보다 많습니다."),
        (19, "고른 사업비의 합(100)이 최대(55)보다 많습니다."),
        (20, "고른 사업비의 합(110)이 최대(55)보다 많습니다."),
        (4, "num_projects 값(zwei)이 세어 본 값(3)과 다릅니다."),
        (5, "num_votes 값(9)이 세어 본 값(4)과 다릅니다."),
        (13, "사업 '1'의 votes 값(7)이 세어 본 값(2)과 다릅니다."),
        (14, "사업 '2'의 votes 값(1)이 세어 본 값(2)과 다릅니다."),
        (15, "사업 '3'의 votes 값(-)이 세어 본 값(0)과 다릅니다."),
        (14, "알 수 없는 selected 값입니다: '9'"),
        (15, "사업 '3'의 사업비가 전체 예산보다 큽니다."),
    ]


def test_long_reports_are_cut() -> None:
    file = parse(text(votes=("voter_id;vote", *[f"v{n};9" for n in range(500)])))
    found = [message for line, message in notices(file) if "PROJECTS에 없는" in message or "더 있습니다" in message]
    assert len(found) == 21
    assert found[-1] == "같은 내용이 480건 더 있습니다."


def test_winners_that_differ_from_the_declared_rule_are_reported() -> None:
    file = parse(text().replace("도서관;1", "도서관;0").replace("🌳;0", "🌳;1"))
    assert notices(file) == [(8, "밝힌 규칙대로 세면 당선이 다릅니다. 빠진 사업: 2 / 더해진 사업: 1")]


@pytest.mark.parametrize(
    ("meta", "rule"),
    [
        ({"rule": "greedy"}, (Method.GREEDY, Completion.NONE, True, False, 0)),
        ({"rule": "Greedy-No-Skip"}, (Method.GREEDY_NO_SKIP, Completion.NONE, True, False, 0)),
        (
            {"rule": "greedy-threshold", "min_project_score_threshold": "2"},
            (Method.GREEDY, Completion.NONE, True, False, 2),
        ),
        ({"rule": "greedy-custom", "unit": "Poznań"}, (Method.GREEDY_POZNAN, Completion.NONE, True, False, 0)),
        ({"rule": "equalshares"}, (Method.EQUAL_SHARES, Completion.NONE, True, False, 0)),
        ({"rule": "equalshares/add1"}, (Method.EQUAL_SHARES, Completion.ADD1, True, False, 0)),
        ({"rule": "equalshares/add1-comparison"}, (Method.EQUAL_SHARES, Completion.ADD1, False, True, 0)),
    ],
)
def test_declared_rules(meta: dict[str, str], rule: tuple[object, ...]) -> None:
    said = declared_rule(parse(text(meta=with_meta(**meta))))
    assert (said.method, said.completion, said.exhaustive_stop, said.comparison, said.threshold) == rule
    assert said.utility is Utility.COST
    assert said.tie.keys == (TieKey.LOT,)


@pytest.mark.parametrize("rule", ["unknown", "", "coin", "greedy-custom"])
def test_a_rule_nobody_can_apply_is_refused(rule: str) -> None:
    with pytest.raises(PabulibError, match="규칙") as caught:
        declared_rule(parse(text(meta=with_meta(rule=rule))))
    assert caught.value.line == 8


def test_ties_are_settled_as_the_file_records_them() -> None:
    projects = ("project_id;cost;selected", "1;60;0", "2;60;1")
    file = parse(text(projects=projects, votes=("voter_id;vote", "a;1,2")))
    assert tally(election(file), Rule()).selected == ("1",)
    assert tally(election(file), declared_rule(file)).selected == ("2",)


@pytest.mark.parametrize(
    ("comment", "groups", "withdrawn"),
    [
        ("#1: projects 1 and 2 could not be implemented simultaneously.", [{"1", "2"}], set()),
        (
            "projects 1, 2, and 3 overlapped at ul. A and could not all be implemented. It retained project 2, and so on",
            [],
            {"1", "3"},
        ),
        ("#1: projects 1 and 9 could not be implemented simultaneously.", [], set()),
        ("", [], set()),
    ],
)
def test_exclusions_are_read_from_the_comment(comment: str, groups: list[set[str]], withdrawn: set[str]) -> None:
    said = declared(
        parse(
            text(meta=(*with_meta(rule="greedy-exclusive"), f"comment;{comment}"), projects=(*PROJECTS, "3;5;0;다;0"))
        )
    )
    assert said.rule.exclusive == tuple(frozenset(group) for group in groups)
    assert said.rule.withdrawn == withdrawn
    assert len(said.notices) == 1


def test_an_election_is_exported_without_telling_ballots_apart() -> None:
    projects = [Project("b", 30, "둘째;\n줄"), Project("a", 20, "첫째")]
    contest = Election.of(projects, 45, [["a", "b"], [], ["b"], ["b", "a"]])
    file = from_election(
        contest,
        {"rule": "greedy", "description": "여름 투표", "unit": "서울"},
        selected=["b"],
        columns={"category": {"a": "공원"}},
    )
    assert dump(file).decode() == (
        "META\nkey;value\ndescription;여름 투표\nunit;서울\nnum_projects;2\nnum_votes;4\nbudget;45\n"
        "vote_type;approval\nrule;greedy\nlanguage;ko\ncurrency;KRW\n"
        "PROJECTS\nproject_id;cost;votes;name;category;selected\n"
        'b;30;3;"둘째; 줄";;1\na;20;2;첫째;공원;0\n'
        "VOTES\nvoter_id;vote\n1;\n2;b\n3;b,a\n4;b,a\n"
    )
    assert election(parse(dump(file))).votes == contest.votes
    scored = Election.of(projects, 45, [{"a": 2, "b": 0}, {"b": 1}])
    assert dump(from_election(scored, {})).decode().endswith("VOTES\nvoter_id;vote;points\n1;a;2\n2;b;1\n")
