"""Reading keyed lines, and marks that compare without telling."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civicvote.domain import paper
from civicvote.domain.ballots.rules import BallotForm
from civicvote.domain.errors import InvalidError

IDS = ["26-0001", "26-0007", "26-0017", "A1", "B1", "특-3"]


def _form(**values: Any) -> BallotForm:
    form: Any = {"length": 256, "min": 0, "max": 4, "max_cost": None, "points": None, "groups": []}
    return form | values  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("line", "picks"),
    [
        ("26-0007", ("26-0007",)),
        ("7", ("26-0007",)),
        ("0007, 17", ("26-0007", "26-0017")),
        ("  a1;b1 ", ("A1", "B1")),
        ("３", ("특-3",)),
        ("26-0001\t특-3", ("26-0001", "특-3")),
    ],
)
def test_numbers_are_found_by_their_ends(line: str, picks: tuple[str, ...]) -> None:
    assert paper.read_line(line, IDS, _form()).picks == picks


@pytest.mark.parametrize("line", ["1", "99", "x", "-", "7=3", "26", "٧"])
def test_what_is_no_number_of_this_paper_is_refused(line: str) -> None:
    """1 is the end of three numbers."""
    with pytest.raises(InvalidError, match="없는 번호") as refused:
        paper.read_line(line, IDS, _form())
    assert refused.value.field == "picks"


@pytest.mark.parametrize("line", ["7 7", "7 26-0007", "7 0007"])
def test_one_project_twice(line: str) -> None:
    for form in (_form(), _form(ranking=True, points={"max": 4, "sum": None})):
        with pytest.raises(InvalidError, match="두 번"):
            paper.read_line(line, IDS, form)


def test_points_and_ranks() -> None:
    points = _form(points={"max": 5, "sum": 10})
    made = paper.read_line("17=2, 7:5", IDS, points)
    assert (made.picks, made.points) == (("26-0007", "26-0017"), (5, 2))
    for line in ("7", "7=", "=7", "7=-1", "7=0", "7=3 7=4", "7=99999999"):
        with pytest.raises(InvalidError):
            paper.read_line(line, IDS, points)
    ranking = _form(ranking=True, points={"max": 4, "sum": None})
    made = paper.read_line("17 7 A1", IDS, ranking)
    assert (made.picks, made.points) == (("26-0007", "26-0017", "A1"), (3, 4, 2))
    with pytest.raises(InvalidError, match="4개까지"):
        paper.read_line("17 7 A1 B1 특-3", IDS, ranking)


@given(st.text(max_size=60))
def test_any_text_is_a_ballot_of_this_paper_or_refused(line: str) -> None:
    for form in (_form(), _form(points={"max": 5, "sum": None}), _form(ranking=True, points={"max": 4, "sum": None})):
        try:
            made = paper.read_line(line, IDS, form)
        except InvalidError as error:
            assert error.field == "picks"  # noqa: PT017 — either outcome is right
        else:
            assert set(made.picks) <= set(IDS)
            assert (made.points is None) == (form["points"] is None)


def test_a_mark_compares_one_sheet_with_itself() -> None:
    one, other = paper.read_line("7", IDS, _form()), paper.read_line("7", IDS, _form())
    assert one.nonce != other.nonce
    assert paper.mark(b"k", 1, "valid", one) == paper.mark(b"k", 1, "valid", other)
    different = {
        paper.mark(b"k", 1, "valid", one),
        paper.mark(b"k", 2, "valid", one),
        paper.mark(b"x", 1, "valid", one),
        paper.mark(b"k", 1, "blank", None),
        paper.mark(b"k", 1, "void", None),
        paper.mark(b"k", 1, "valid", paper.read_line("17", IDS, _form())),
    }
    assert len(different) == 6


def test_differences() -> None:
    assert paper.differing({1: b"a", 2: b"b", 3: b"c"}, {1: b"a", 2: b"x", 4: b"d"}) == [2, 3, 4]
    assert paper.differing({}, {}) == []
