"""Amounts as people write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicvote.domain.errors import InvalidError
from civicvote.domain.money import MAX_WON, format_won, format_won_exact, parse_won


@pytest.mark.parametrize(
    ("text", "won"),
    [
        ("0", 0),
        ("1234000", 1_234_000),
        ("1,234,000", 1_234_000),
        ("1,234,000원", 1_234_000),
        (" 1 234 000 원 ", 1_234_000),
        ("₩50,000", 50_000),
        ("금 3억원정", 300_000_000),
        ("1억 2천만 원", 120_000_000),
        ("3억2,000만", 320_000_000),
        ("3억 2,500만 원", 325_000_000),
        ("5천만원", 50_000_000),
        ("천만 원", 10_000_000),
        ("2천5백만 원", 25_000_000),
        ("백만원", 1_000_000),
        ("5십만", 500_000),
        ("5천 원", 5_000),
        ("5만 3000원", 53_000),
        ("1만2원", 10_002),
        ("1.5억", 150_000_000),
        ("246.4억", 24_640_000_000),
        ("0.5만", 5_000),
        ("억", 100_000_000),
        ("3조 2억 1만 5원", 3_000_200_010_005),
        ("１２３，４５６원", 123_456),
        ("１억　２천만　원", 120_000_000),
        ("1000조", MAX_WON),
    ],
)
def test_amounts_are_read(text: str, won: int) -> None:
    assert parse_won(text) == won


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "적어 주십시오"),
        ("원", "읽을 수 없는"),
        ("-5", "0보다 작을"),
        ("−1억", "0보다 작을"),
        ("마이너스 3만", "0보다 작을"),
        ("1.5", "원 단위 아래"),
        ("1.23456789억 0.5", "원 단위 아래|두 가지|단위"),
        ("0.00001만", "원 단위 아래"),
        ("1e9", "읽을 수 없는"),
        ("NaN", "읽을 수 없는"),
        ("inf", "읽을 수 없는"),
        ("1,23", "읽을 수 없는"),
        ("12,34,567", "읽을 수 없는"),
        ("무료", "읽을 수 없는"),
        ("3만억", "읽을 수 없는"),
        ("조", "읽을 수 없는"),
        ("1억2억", "차례로"),
        ("2만 1억", "차례로"),
        ("1억 10000만", "너무 큽니다"),
        ("3억 2,000", "두 가지"),
        ("3억 2천", "두 가지"),
        ("1만2", "두 가지"),
        ("1001조", "너무 큽니다"),
        ("9" * 30, "너무 큽니다"),
        ("9" * 100_000, "적어 주십시오"),
        ("٣٤٥", "읽을 수 없는"),
        ("💰", "읽을 수 없는"),
        ("1\x000", "읽을 수 없는"),
        ("천천만", "읽을 수 없는"),
        ("백2천만", "읽을 수 없는"),
    ],
)
def test_what_is_no_amount_is_refused(text: str, words: str) -> None:
    with pytest.raises(InvalidError, match=words):
        parse_won(text)


@pytest.mark.parametrize(
    ("won", "reading", "exact"),
    [
        (0, "0원", "0원"),
        (5_678, "5,678원", "5,678원"),
        (10_000, "1만 원", "10,000원"),
        (50_000_000, "5천만 원", "50,000,000원"),
        (12_345_678, "1,234만 5,678원", "12,345,678원"),
        (320_000_000, "3억 2천만 원", "320,000,000원"),
        (325_000_000, "3억 2,500만 원", "325,000,000원"),
        (24_640_000_000, "246억 4천만 원", "24,640,000,000원"),
        (70_000_000_000, "700억 원", "70,000,000,000원"),
        (1_000_000_000_000, "1조 원", "1,000,000,000,000원"),
        (-30_000, "-3만 원", "-30,000원"),
    ],
)
def test_amounts_are_written(won: int, reading: str, exact: str) -> None:
    assert (format_won(won), format_won_exact(won)) == (reading, exact)


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.integers(0, MAX_WON))
def test_what_is_written_is_read_back(won: int) -> None:
    assert parse_won(format_won(won)) == won
    assert parse_won(format_won_exact(won)) == won


@settings(derandomize=True, deadline=None, max_examples=300)
@given(st.text("0123456789,.억만천백십조원 -", max_size=30))
def test_nothing_but_a_refusal_comes_out_of_nonsense(text: str) -> None:
    try:
        won = parse_won(text)
    except InvalidError:
        won = 0
    assert 0 <= won <= MAX_WON
