"""What a filled-in paper says, and which mistakes it names beside which project."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicvote.domain.ballot_paper import Paper, PaperError
from civicvote.domain.ballots.rules import BallotForm
from civicvote.domain.errors import InvalidError

FORM: BallotForm = {"length": 64, "min": 0, "max": 3, "max_cost": None, "points": None, "groups": []}


def test_ticks_are_ticks() -> None:
    assert Paper(("B", "A")).marks(FORM) == ("B", "A")


def test_points_are_read_as_people_write_them() -> None:
    paper = Paper(texts={"A": "3", "B": " ", "C": "0", "D": "４"})
    assert paper.marks({**FORM, "points": {"max": None, "sum": 10}}) == {"A": 3, "D": 4}
    assert paper.marked(typed=True) == ("A", "D")


def test_points_that_cannot_be_are_named_beside_their_project() -> None:
    with pytest.raises(PaperError) as refused:
        Paper(texts={"A": "-1", "B": "1.5", "C": "6", "D": "다섯", "E": "5"}).points(5, None)
    assert sorted(refused.value.beside) == ["A", "B", "C", "D"]
    assert str(refused.value.beside["C"]) == "5점까지 줄 수 있습니다."
    with pytest.raises(InvalidError, match="2점을 줄여"):
        Paper(texts={"A": "6", "B": "6"}).points(None, 10)
    with pytest.raises(PaperError, match="다시"):
        Paper(texts={"A": "11"}).points(None, 10)


@pytest.mark.parametrize("text", ["1²", "①", "½", "१", "Ⅲ", "³", "1 2", "+1", "1_0"])
def test_a_sign_that_only_looks_like_a_number_is_none(text: str) -> None:
    with pytest.raises(PaperError) as refused:
        Paper(texts={"A": text, "B": " １２ "}).points(None, 100)
    assert set(refused.value.beside) == {"A"}
    assert Paper(texts={"A": text, "B": " １２ "}).total() == 12


def test_a_ranking_without_places_keeps_its_order() -> None:
    ranking: BallotForm = {**FORM, "points": {"max": 3, "sum": None}, "ranking": True}
    assert Paper(("C", "A", "B")).marks(ranking) == ["C", "A", "B"]
    assert Paper(("A", "B", "C"), before=("C", "A")).marks(ranking) == ["C", "A", "B"]
    assert Paper(("A", "B", "C"), {"A": "2", "B": "3", "C": "1"}).marks(ranking) == ["C", "A", "B"]


@pytest.mark.parametrize(
    ("texts", "beside"),
    [
        ({"A": "1", "B": "1", "C": "3"}, {"A": "비어 있는 순위: 2", "B": "비어 있는 순위: 2"}),
        ({"A": "1", "B": "", "C": "3"}, {"B": "1부터 3까지"}),
        ({"A": "1", "B": "2", "C": "4"}, {"C": "1부터 3까지"}),
        ({"A": "첫째", "B": "2", "C": "0"}, {"A": "1부터", "C": "1부터"}),
    ],
)
def test_places_that_clash_or_are_missing_are_named(texts: dict[str, str], beside: dict[str, str]) -> None:
    with pytest.raises(PaperError) as refused:
        Paper(("A", "B", "C"), texts).ranked()
    assert refused.value.beside.keys() == beside.keys()
    for number, words in beside.items():
        assert words in str(refused.value.beside[number])


def test_moving_up_and_down_ends_at_the_ends() -> None:
    paper = Paper(("A", "B", "C"))
    assert paper.moved("C", -1).picks == ("A", "C", "B")
    assert paper.moved("A", -1).picks == ("A", "B", "C")
    assert paper.moved("C", 1).picks == ("A", "B", "C")
    assert paper.moved("Z", 1).picks == ("A", "B", "C")
    assert Paper(("A", "B", "C"), {"A": "3", "B": "2", "C": "1"}).moved("B", -1).picks == ("B", "C", "A")


@given(st.permutations(["A", "B", "C", "D", "E"]))
def test_any_order_typed_is_the_order_read(order: list[str]) -> None:
    texts = {number: str(place) for place, number in enumerate(order, 1)}
    assert Paper(("A", "B", "C", "D", "E"), texts).ranked() == order


@given(st.dictionaries(st.sampled_from("ABCDEF"), st.text(max_size=8)))
def test_nothing_typed_breaks_it(texts: dict[str, str]) -> None:
    paper = Paper(tuple(texts), texts)
    assert sorted(paper.ordered()) == sorted(texts)
    for read in (lambda: paper.points(5, 9), paper.ranked):
        try:
            read()
        except InvalidError:
            continue
