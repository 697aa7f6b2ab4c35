"""Differences of texts: nothing is lost, words stay whole, hostile repetition stays cheap."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from civicvote.domain.diffs import Kind, Piece, changes

TEXT = st.text(alphabet="가나다 \n.a", max_size=60)


@given(TEXT, TEXT)
def test_the_pieces_join_to_both_texts(old: str, new: str) -> None:
    pieces = changes(old, new)
    assert "".join(p.text for p in pieces if p.kind is not Kind.ADDED) == old
    assert "".join(p.text for p in pieces if p.kind is not Kind.REMOVED) == new
    assert all(p.text for p in pieces)
    assert all(a.kind is not b.kind for a, b in itertools.pairwise(pieces))


def test_korean_words_stay_whole() -> None:
    assert changes("통학로에 보행등을 설치합니다.\n둘째 줄", "통학로에 보행등과 의자를 설치합니다.\n둘째 줄") == [
        Piece(Kind.SAME, "통학로에 "),
        Piece(Kind.REMOVED, "보행등을 "),
        Piece(Kind.ADDED, "보행등과 의자를 "),
        Piece(Kind.SAME, "설치합니다.\n둘째 줄"),
    ]


def test_a_line_written_anew_is_one_gone_and_one_new() -> None:
    assert changes("처음 줄\n가 나 다 라", "처음 줄\n마 바 사 라마") == [
        Piece(Kind.SAME, "처음 줄\n"),
        Piece(Kind.REMOVED, "가 나 다 라"),
        Piece(Kind.ADDED, "마 바 사 라마"),
    ]


def test_equal_texts_have_no_change() -> None:
    assert changes("", "") == []
    assert changes("같은 글", "같은 글") == [Piece(Kind.SAME, "같은 글")]
