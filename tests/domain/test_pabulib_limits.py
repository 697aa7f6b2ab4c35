"""What META allows a ballot to say, checked for every kind of ballot."""

import pytest

from civicvote.domain.pabulib import parse, report
from civicvote.domain.pabulib.limits import limits
from tests.domain.test_pabulib import notices, text, with_meta

PROJECTS = ("project_id;cost;category", "1;60;공원", "2;50;공원,길", "3;40;길", "4;30.5;")


def told(meta: dict[str, str], *votes: str, points: bool = False) -> list[tuple[int, str]]:
    """Line of the ballot (from 1) and what is said of it."""
    header = "voter_id;vote;points" if points else "voter_id;vote"
    rows = [f"v{number};{vote}" for number, vote in enumerate(votes)]
    file = parse(
        text(meta=with_meta(num_projects="4", num_votes=str(len(votes)), rule="unknown", **meta), projects=PROJECTS,
             votes=(header, *rows))
    )  # fmt: skip
    return [(line - file.votes.line(0) + 1, words) for line, words in notices(file)]


@pytest.mark.parametrize(
    ("meta", "votes", "expected"),
    [
        ({}, ("1,2,3", ""), []),
        ({"min_length": "1", "max_length": "2"}, ("1,2,3", "", "1"), [
            (2, "고른 사업이 0개로, 최소 1개보다 적습니다."), (1, "고른 사업이 3개로, 최대 2개보다 많습니다."),
        ]),
        ({"max_length_unit": "1"}, ("1,2",), [(1, "고른 사업이 2개로, 최대 1개보다 많습니다.")]),
        ({"vote_type": "choose-1"}, ("1", "1,2", ""), [
            (3, "고른 사업이 0개로, 최소 1개보다 적습니다."), (2, "고른 사업이 2개로, 최대 1개보다 많습니다."),
        ]),
        ({"vote_type": "knapsack"}, ("1,3", "1,2"), [(2, "고른 사업비의 합(110)이 최대(100)보다 많습니다.")]),
        ({"vote_type": "knapsack", "max_sum_cost": "110"}, ("1,2", "1,2,4"), [
            (2, "고른 사업비의 합(140.5)이 최대(110)보다 많습니다."),
        ]),
        ({"min_sum_cost": "40,5"}, ("3", "4,3", "9,3"), [
            (3, "PROJECTS에 없는 사업('9')을 골랐습니다. 세지 않습니다."),
            (1, "고른 사업비의 합(40)이 최소(40.5)보다 적습니다."),
            (3, "고른 사업비의 합(40)이 최소(40.5)보다 적습니다."),
        ]),
        ({"max_length_per_category": "1"}, ("1,3", "1,2", "4"), [
            (2, "'공원' 분야에서 고른 사업이 2개로, 최대 1개보다 많습니다."),
        ]),
        ({"min_length_per_category": "1", "categories": "길"}, ("1", "2"), [
            (1, "'길' 분야에서 고른 사업이 0개로, 최소 1개보다 적습니다."),
        ]),
        ({"max_sum_cost_per_category": "100,60", "categories": "공원,길"}, ("1,2", "2,3"), [
            (1, "'공원' 분야에서 고른 사업비의 합(110)이 최대(100)보다 많습니다."),
            (2, "'길' 분야에서 고른 사업비의 합(90)이 최대(60)보다 많습니다."),
        ]),
        ({"min_sum_cost_per_category": "30"}, ("3",), [
            (1, "'공원' 분야에서 고른 사업비의 합(0)이 최소(30)보다 적습니다."),
        ]),
        ({"max_points": "1", "max_sum_points": "1"}, ("1,2",), []),
    ],
)  # fmt: skip
def test_approvals(meta: dict[str, str], votes: tuple[str, ...], expected: list[tuple[int, str]]) -> None:
    assert told(meta, *votes) == expected


@pytest.mark.parametrize(
    ("meta", "votes", "expected"),
    [
        ({"vote_type": "cumulative", "max_sum_points": "4", "max_points": "3"}, ("1,2;3,1", "1,2;2.5,2", "3;4"), [
            (3, "한 사업에 4점을 주어, 최대 3점보다 많습니다."),
            (2, "점수의 합이 4.5점으로, 최대 4점보다 많습니다."),
        ]),
        ({"vote_type": "cumulative", "min_sum_points": "1"}, ("1;0", ";"), [
            (1, "점수의 합이 0점으로, 최소 1점보다 적습니다."), (2, "점수의 합이 0점으로, 최소 1점보다 적습니다."),
        ]),
        ({"vote_type": "scoring", "min_points": "1", "max_points": "5"}, ("1,2;5,0", "3;6", ";"), [
            (1, "한 사업에 0점을 주어, 최소 1점보다 적습니다."), (2, "한 사업에 6점을 주어, 최대 5점보다 많습니다."),
        ]),
        ({"vote_type": "ordinal"}, ("1,2;2,1", "1,2;1,2", "2,1,3;3,3,1"), [
            (2, "순위 투표의 점수는 앞 순위부터 낮아져야 합니다."), (3, "순위 투표의 점수는 앞 순위부터 낮아져야 합니다."),
        ]),
        ({"vote_type": "ordinal", "max_length": "2"}, ("1,2,3;3,2,1",), [
            (1, "고른 사업이 3개로, 최대 2개보다 많습니다."),
        ]),
    ],
)  # fmt: skip
def test_points(meta: dict[str, str], votes: tuple[str, ...], expected: list[tuple[int, str]]) -> None:
    assert told(meta, *votes, points=True) == expected


def test_limits_nobody_can_read_limit_nothing() -> None:
    meta = with_meta(max_length="many", min_sum_cost="", max_sum_points="1/0", min_length_per_category="x,y")
    assert limits(parse(text(meta=meta))) == []


def test_sums_beyond_64_bits_are_right() -> None:
    costs = ("project_id;cost", *[f"p{n};999999999999999.{n:09d}" for n in range(1, 21)])
    meta = with_meta(budget="1", rule="unknown", num_projects="20", num_votes="1", max_sum_cost="1")
    ids = ",".join(f"p{n}" for n in range(1, 21))
    found = report(parse(text(meta=meta, projects=costs, votes=("voter_id;vote", f"a;{ids}"))))
    assert str(found[0].message) == "고른 사업비의 합(19999999999999980.00000021)이 최대(1)보다 많습니다."
