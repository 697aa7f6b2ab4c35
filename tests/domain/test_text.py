import sqlite3
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicvote.domain import text as t
from civicvote.domain.errors import InvalidError


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  공원\t 벤치 \u3000 교체  ", "공원 벤치 교체"),
        (unicodedata.normalize("NFD", "서울특별시"), "서울특별시"),
        ("제\u200b목\ufeff", "제목"),
        ("안전\u202egnp.exe\u202c", "안전gnp.exe"),
        ("가\x07나\x1b[31m", "가나[31m"),
        ("첫 줄\r\n둘째 줄", "첫 줄 둘째 줄"),
        ("\u3164\u3164", ""),
        ("가족 👨\u200d👩\u200d👧 공원", "가족 👨\u200d👩\u200d👧 공원"),
        ("가\u200d나", "가나"),
        ("z" + "\u0336" * 500, "z" + "\u0336" * 4),
        ("반쪽 \ud83d 글자", "반쪽 글자"),
        ("مرحبا שלום", "مرحبا שלום"),
    ],
)
def test_one_line(raw: str, clean: str) -> None:
    assert t.normalise(raw) == clean


def test_several_lines_keep_breaks_and_indents() -> None:
    raw = "첫  줄 \r\n\r\n\r\n\r\n- 하나\n    - 둘\u2028끝\n\n"
    assert t.normalise(raw, multiline=True) == "첫 줄\n\n- 하나\n    - 둘\n끝"


@given(st.text())
@settings(derandomize=True, max_examples=300, deadline=None)
def test_normalising_twice_changes_nothing(raw: str) -> None:
    for multiline in (False, True):
        once = t.normalise(raw, multiline=multiline)
        assert t.normalise(once, multiline=multiline) == once
        assert "\x00" not in once
        once.encode()


def test_clean_line_says_what_is_wrong() -> None:
    assert t.clean_line("  제목 ", maximum=10, minimum=2) == "제목"
    with pytest.raises(InvalidError, match="NUL") as nul:
        t.clean_line("제\x00목", maximum=10, field="title")
    assert nul.value.field == "title"
    with pytest.raises(InvalidError, match=r"1,000자까지 쓸 수 있습니다\. 지금은 1,000,000자입니다"):
        t.clean_text("가" * 1_000_000, maximum=1000)
    with pytest.raises(InvalidError, match="비어 있습니다"):
        t.clean_line(" \u200b ", maximum=10, minimum=1)
    with pytest.raises(InvalidError, match=r"5자 이상 써 주십시오\. 지금은 2자입니다"):
        t.clean_text("제목", maximum=10, minimum=5)
    assert t.clean_text("한 줄\n두 줄", maximum=10) == "한 줄\n두 줄"


def test_excerpt_cuts_at_a_blank() -> None:
    assert t.excerpt("짧은 글") == "짧은 글"
    cut = t.excerpt("골목길 보안등을 밝은 것으로 바꾸고 고장 신고를 쉽게 해 주세요", 20)
    assert cut == "골목길 보안등을 밝은 것으로…"


@pytest.mark.parametrize(
    "text",
    [
        "제 번호는 900101-1234567 입니다",
        "9001011234567",
        "900101 - 2234567",
        "０５０２２８－３１２３４５６",
        "000229–4123456",
        "번호:850815\n1234567",
        "외국인등록번호 880512-5123456",
        "900101\u200b-1234567",
    ],
)
def test_resident_numbers_are_found(text: str) -> None:
    assert t.has_resident_number(text)
    with pytest.raises(InvalidError, match="주민등록번호") as refused:
        t.refuse_resident_number(text, field="body")
    assert "234567" not in str(refused.value)
    assert refused.value.field == "body"


@pytest.mark.parametrize(
    "text",
    [
        "예산 1,234,567원",
        "010-1234-5678",
        "901301-1234567",  # month 13
        "900230-1234567",  # 30 February
        "010229-3123456",  # 2001 was no leap year
        "8801234567893",  # bar code: 2088
        "2026-11-22 15:04:05",
        "19001011234567",  # part of a longer number
        "900101-12345678",
        "900101-9234567",  # born in the 1800s
        "",
    ],
)
def test_other_numbers_are_let_through(text: str) -> None:
    assert not t.has_resident_number(text)
    t.refuse_resident_number(text)


def test_bigrams() -> None:
    assert t.bigrams("공원 벤치 LED가로등") == ["공원", "원벤", "벤치", "led", "가로", "로등"]
    assert t.bigrams("ＣＣＴＶ 1,000대, 길") == ["cctv", "1000", "대", "길"]
    assert t.bigrams("… !!") == []
    assert t.bigrams("漢江 공원") == ["漢江", "江공", "공원"]
    assert t.bigrams("a" * 100) == ["a" * 40]


def test_query_terms_are_different_and_stay_within_words() -> None:
    assert t.query_terms("공원 벤치 공원") == ["공원", "벤치"]
    assert t.query_terms("\"공원' OR 1=1; --") == ["공원", "or", "1"]
    assert t.query_terms("!?") == []
    assert len(t.query_terms("".join(chr(0xAC00 + i) for i in range(400)))) == 64


@given(st.text())
@settings(derandomize=True, max_examples=200, deadline=None)
def test_terms_are_safe_to_quote(raw: str) -> None:
    for term in (*t.bigrams(raw), *t.query_terms(raw)):
        assert term
        assert len(term) <= 40
        assert not set(term) & set(" \"'\\&|!():*-\x00")


def test_sqlite_finds_what_was_indexed() -> None:
    titles = [
        "어린이공원 벤치 교체",
        "한강 자전거도로 야간 조명 설치",
        "골목길 보안등 LED 교체",
        "장애인 콜택시 대기시간 단축",
    ]
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE VIRTUAL TABLE f USING fts5(terms, tokenize='unicode61')")
        connection.executemany("INSERT INTO f VALUES (?)", [(t.index_text(title),) for title in titles])

        def first(query: str, *, every: bool = False) -> str | None:
            sql = "SELECT rowid FROM f WHERE f MATCH ? ORDER BY bm25(f) LIMIT 1"
            row = connection.execute(sql, (t.fts5_query(t.query_terms(query), every=every),)).fetchone()
            return titles[row[0] - 1] if row else None

        assert first("어린이 공원의 벤치를") == titles[0]
        assert first("자전거도로조명") == titles[1]
        assert first("led 보안등", every=True) == titles[2]
        assert first("콜택시 조명", every=True) is None
    connection.close()


def test_postgresql_texts() -> None:
    assert t.tsvector(["공원", "벤치", "공원"]) == "'공원':1,3 '벤치':2"
    assert t.tsquery(["공원", "led"]) == "'공원' | 'led'"
    assert t.tsquery(["공원", "led"], every=True) == "'공원' & 'led'"
    assert t.tsvector(["가"] * 20_000).count(",") == 254


def test_similarity_weighs_rare_terms_more() -> None:
    counts = {"설치": 900, "요청": 800, "점자": 3, "블록": 10}
    idf = t.inverse_frequencies(counts, 1000)
    wanted = t.bigrams("점자블록 설치 요청")
    assert t.similarity(wanted, wanted, idf) == pytest.approx(1.0)
    near = t.similarity(wanted, t.bigrams("파손된 점자블록 정비"), idf)
    far = t.similarity(wanted, t.bigrams("그늘막 설치 요청"), idf)
    assert 1 > near > far >= 0
    assert t.similarity([], wanted, idf) == 0
    assert t.similarity(wanted, ["다른"], {}) == 0
    assert t.inverse_frequencies({"가": 5}, 3)["가"] >= 0


def test_coverage_ignores_how_long_the_document_is() -> None:
    idf = t.inverse_frequencies({"점자": 3}, 100)
    long = t.bigrams("점자블록 " + "다른 이야기 " * 100)
    assert t.coverage(t.query_terms("점자블록"), long, idf) == 1
    assert t.coverage([], long, idf) == 0


@pytest.mark.parametrize(
    "unit",
    [
        "가나 다",
        "\u0316\u0345",
        "\u200d",
        " ",
        "\n ",
        "1,",
        "900101-",
        "a",
        unicodedata.normalize("NFD", "각"),
        "👨\u200d",
    ],
)
def test_a_megabyte_takes_linear_time(unit: str) -> None:
    big, small = unit * (1_000_000 // len(unit)), unit * (100_000 // len(unit))

    def run(raw: str) -> float:
        started = time.thread_time()
        t.normalise(raw, multiline=True)
        t.has_resident_number(raw)
        t.bigrams(raw)
        t.query_terms(raw)
        return time.thread_time() - started

    # Quadratic would be a hundredfold every time; a busy machine may be slow once, not ten times in a row.
    assert any(run(big) < 40 * run(small) for _ in range(10))
