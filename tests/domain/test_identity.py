"""Names, birth dates and phones in one form; keys made of them; the register file read strictly."""

import unicodedata
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civicvote.demo.content import register_csv, register_rows
from civicvote.domain import identity, register
from civicvote.domain.errors import InvalidError
from civicvote.domain.identity import Identity

TODAY = date(2026, 11, 22)
KEY = bytes(range(32))
HEADER = "name,birth_date,phone,sex,district"
GOOD = "홍길동,1990-05-17,010-1234-5678,m,종로구"


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("홍길동", "홍길동"),
        ("  홍 길동 ", "홍길동"),
        (unicodedata.normalize("NFD", "홍길동"), "홍길동"),
        ("Nguyễn Thị Lan", "nguyễnthịlan"),
        ("O'Brien-Smith", "obriensmith"),
        ("ＫＩＭ", "kim"),
        ("金庾信", "金庾信"),
        ("아이린·메이", "아이린메이"),
        ("아이린ㆍ메이", "아이린메이"),
    ],
)
def test_a_name_has_one_form(typed: str, name: str) -> None:
    assert identity.parse_name(typed) == name


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "김",
        "홍길동😀",
        "홍\x00길동",
        "홍\u202e길동",
        "שלום עולם",
        "홍길동2",
        "가" * 41,
        "가" * 1_000_000,
        "900517-1234567",
        "-홍길동",
        "홍\u200b길동",
    ],
)
def test_a_bad_name_is_refused(typed: str) -> None:
    with pytest.raises(InvalidError) as caught:
        identity.parse_name(typed)
    assert caught.value.field == "name"
    assert "1234567" not in str(caught.value.message)


@pytest.mark.parametrize(
    "typed", ["1990-05-17", "19900517", "1990.5.17", "1990. 5. 17.", "1990/05/17", "1990년 5월 17일", "１９９０-05-17"]
)
def test_a_birth_date_has_one_form(typed: str) -> None:
    assert identity.parse_birth_date(typed, today=TODAY) == date(1990, 5, 17)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "900517",
        "1990-13-01",
        "1990-02-30",
        "2026-11-23",
        "1895-01-01",
        "17-05-1990",
        "어제",
        "1990-05-17T00:00",
        "0000-01-01",
    ],
)
def test_a_bad_birth_date_is_refused(typed: str) -> None:
    with pytest.raises(InvalidError) as caught:
        identity.parse_birth_date(typed, today=TODAY)
    assert caught.value.field == "birth_date"


def test_today_is_a_birth_date() -> None:
    assert identity.parse_birth_date("2026-11-22", today=TODAY) == TODAY


@pytest.mark.parametrize(
    "typed",
    [
        "010-1234-5678",
        "01012345678",
        "010 1234 5678",
        "+82 10-1234-5678",
        "+82-(0)10-1234-5678",
        "010.1234.5678",
        "０１０-1234-5678",
        "010–1234–5678",
    ],
)
def test_a_phone_has_one_form(typed: str) -> None:
    assert identity.parse_phone(typed) == "01012345678"


@pytest.mark.parametrize(
    "typed", ["", "12345678", "010-1234", "+1 555 0100", "010-1234-56789-0", "전화", "010-1234-567a"]
)
def test_a_bad_phone_is_refused(typed: str) -> None:
    with pytest.raises(InvalidError):
        identity.parse_phone(typed)


def test_sex_is_stated_or_not() -> None:
    assert [identity.parse_sex(text) for text in ("여", "남성", "F", "male", "", " ")] == [
        "f",
        "m",
        "f",
        "m",
        None,
        None,
    ]
    with pytest.raises(InvalidError):
        identity.parse_sex("1")


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2012, 11, 22), TODAY, 14),
        (date(2012, 11, 23), TODAY, 13),
        (date(2012, 2, 29), date(2026, 2, 28), 13),
        (date(2012, 2, 29), date(2026, 3, 1), 14),
    ],
)
def test_age_counts_full_years(born: date, day: date, age: int) -> None:
    assert identity.age_on(born, day) == age


def test_keys_differ_by_purpose_key_and_person() -> None:
    who = Identity("홍길동", date(1990, 5, 17), "01012345678")
    moved = Identity("홍길동", date(1990, 5, 17), "01099998888")
    made = {f(KEY, one) for f in (identity.match_key, identity.person_key) for one in (who, moved)}
    made |= {identity.person_key(bytes(32), who), identity.namesake_key(KEY, who), identity.demo_person_key(KEY, "a")}
    assert len(made) == 7
    assert all(len(key) == 64 for key in made)
    assert identity.namesake_key(KEY, who) == identity.namesake_key(KEY, moved)


def parse(content: str | bytes) -> list[register.RegisterRow]:
    return register.parse(content.encode() if isinstance(content, str) else content, today=TODAY)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_register_is_read_in_every_encoding(encoding: str, ends: str) -> None:
    text = ends.join(["이름,생년월일,전화번호,성별,자치구", GOOD, "김하늘,20000229,010 2222 3333,여,강남", ""])
    rows = parse(text.encode(encoding))
    assert [(r.row, r.identity.name, r.sex, r.district) for r in rows] == [
        (2, "홍길동", "m", "11110"),
        (3, "김하늘", "f", "11680"),
    ]


def test_columns_stand_in_any_order() -> None:
    rows = parse("자치구,phone,이름,성별,생년월일\n중랑구,01012345678,홍길동,,1990-05-17\n")
    assert rows[0].identity == Identity("홍길동", date(1990, 5, 17), "01012345678")
    assert (rows[0].sex, rows[0].district) == (None, "11260")


def test_the_demo_register_is_a_register() -> None:
    assert len(parse(register_csv())) == len(register_rows())


BAD: list[tuple[str, str | bytes, str]] = [
    ("empty", "", "빈 파일"),
    ("blank", "\n\n , ,\n", "빈 파일"),
    ("no rows", HEADER, "사람이 없습니다"),
    ("no header", GOOD, "모르는 열"),
    ("missing column", "name,birth_date,phone,sex\n홍길동,1990-05-17,01012345678,m", "자치구"),
    ("twice a column", "name,이름,birth_date,phone,sex,district", "두 번"),
    ("extra column", HEADER + ",주민등록번호\n" + GOOD + ",900517-1234567", "모르는 열"),
    ("too few cells", HEADER + "\n홍길동,1990-05-17", "칸이 2개"),
    ("too many cells", HEADER + "\n" + GOOD + ",x", "칸이 6개"),
    ("future", HEADER + "\n홍길동,2027-01-01,01012345678,m,종로구", "2행 「생년월일」"),
    ("impossible date", HEADER + "\n홍길동,1990-02-30,01012345678,m,종로구", "달력에 없는"),
    ("short date", HEADER + "\n홍길동,900517,01012345678,m,종로구", "2행 「생년월일」"),
    ("resident number as date", HEADER + "\n홍길동,900517-1234567,01012345678,m,종로구", "주민등록번호"),
    ("resident number as name", HEADER + "\n홍길동 9005171234567,1990-05-17,01012345678,m,종로구", "주민등록번호"),
    ("resident number as phone", HEADER + "\n홍길동,1990-05-17,900517 1234567,m,종로구", "주민등록번호"),
    ("emoji", HEADER + "\n홍😀,1990-05-17,01012345678,m,종로구", "2행 「이름」"),
    ("right to left", HEADER + "\n홍\u202e길동,1990-05-17,01012345678,m,종로구", "보이지 않는"),
    ("hebrew", HEADER + "\nשלום,1990-05-17,01012345678,m,종로구", "2행 「이름」"),
    ("nul", HEADER + "\n홍\x00길동,1990-05-17,01012345678,m,종로구", "2행: 쓸 수 없는 문자"),
    ("1 MB field", HEADER + "\n" + "가" * 1_000_000 + ",1990-05-17,01012345678,m,종로구", "너무 깁니다"),
    ("long field", HEADER + "\n" + "가" * 300 + ",1990-05-17,01012345678,m,종로구", "2행 「이름」: 너무 깁니다"),
    ("unknown sex", HEADER + "\n홍길동,1990-05-17,01012345678,3,종로구", "2행 「성별」"),
    ("unknown district", HEADER + "\n홍길동,1990-05-17,01012345678,m,수원시", "2행 「자치구」"),
    ("no district", HEADER + "\n홍길동,1990-05-17,01012345678,m,", "2행 「자치구」"),
    ("bad phone", HEADER + "\n홍길동,1990-05-17,1588,m,종로구", "2행 「전화번호」"),
    (
        "same person twice",
        HEADER + "\n" + GOOD + "\n홍 길동,19900517,+82 10 1234 5678,m,강남구",
        "3행: 2행과 같은 사람",
    ),
    ("open quote", HEADER + '\n"홍길동,1990-05-17,01012345678,m,종로구\n', "따옴표"),
    ("stray quote", HEADER + '\n"홍"길동,1990-05-17,01012345678,m,종로구\n', "따옴표"),
    ("utf-16", (HEADER + "\n" + GOOD).encode("utf-16"), "NUL"),
    ("bytes of nothing", b"\xff\xfe\xfa\x80\x81", "UTF-8"),
    ("zip", b"PK\x03\x04\x14\x00\x06\x00", "NUL"),
    ("semicolons", (HEADER + "\n" + GOOD).replace(",", ";"), "모르는 열"),
]


@pytest.mark.parametrize(("content", "said"), [pytest.param(c, s, id=name) for name, c, s in BAD])
def test_a_bad_register_is_refused_with_the_place(content: str | bytes, said: str) -> None:
    with pytest.raises(register.RegisterError) as caught:
        parse(content)
    sentences = " ".join(str(problem) for problem in caught.value.problems)
    assert said in sentences
    assert "1234567" not in sentences
    assert caught.value.field == "file"


def test_every_bad_line_is_named_and_the_list_ends() -> None:
    lines = [HEADER, *(f"홍{'가' * 2},1990-05-0,0101234{n:04d},x,부산" for n in range(500))]
    with pytest.raises(register.RegisterError) as caught:
        parse("\n".join(lines))
    assert caught.value.total == 1500
    assert len(caught.value.problems) == register.SHOWN


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.binary(max_size=400) | st.text(max_size=200).map(lambda t: (HEADER + "\n" + t).encode("utf-8", "ignore")))
def test_whatever_the_file_holds_the_answer_is_a_sentence(content: Any) -> None:
    try:
        parse(content)
    except register.RegisterError as error:
        found = error.problems
    else:
        return
    assert found
