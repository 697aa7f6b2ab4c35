"""Departments, the accounts of every role, and citizens. Nobody here is real; addresses and numbers belong to nobody."""

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Final

from civicvote.demo.content.model import Account, Department, Person
from civicvote.domain.districts import name_of
from civicvote.domain.permissions import Role

#: The five departments of 시민협력국, with the budget of 2022.
DEPARTMENTS: Final = (
    Department("participation", "시민참여과", "Citizen Participation Division", 1_977_413_000),
    Department("deliberation", "시민숙의예산과", "Citizens' Budget Deliberation Division", 1_228_329_000),
    Department("community", "지역공동체과", "Local Community Division", 16_334_057_000),
    Department("social", "사회협력과", "Social Cooperation Division", 7_947_316_000),
    Department("governance", "갈등관리협치과", "Conflict Management and Governance Division", 21_425_639_000),
)

#: Which department reviews a theme unless a project names another.
DEPARTMENT_OF_CATEGORY: Final = {
    "환경·안전": "social",
    "복지·돌봄": "community",
    "문화·여가": "deliberation",
    "교통·보행": "governance",
    "디지털": "participation",
}

#: One account per role (two where two different people are needed).
ACCOUNTS: Final = (
    Account("citizen", "한가온", Role.CITIZEN, birth=date(1995, 5, 17), district="11440", sex="f"),
    Account("verified", "차누리", Role.CITIZEN, level=2, birth=date(1987, 9, 2), district="11620", sex="m"),
    Account("moderator", "도담은", Role.MODERATOR),
    Account("moderator2", "온새미", Role.MODERATOR),
    Account("department", "마루한", Role.DEPARTMENT, department="participation"),
    Account("department2", "소예솔", Role.DEPARTMENT, department="governance"),
    Account("expert", "반들샘", Role.EXPERT),
    Account("staff", "고운결", Role.STAFF, department="deliberation"),
    Account("staff2", "나래솔", Role.STAFF, department="deliberation"),
    Account("auditor", "명하늬", Role.AUDITOR),
    Account("admin", "탁이든", Role.ADMIN),
)

# key · name · birth · district · sex · level
_ROWS: Final = """
p01 김하람 1979-04-11 11440 f 2
p02 이도윤 1991-08-23 11260 m 2
p03 박정임 1966-02-03 11320 f 2
p04 최병도 1958-11-30 11260 m 2
p05 정유라 1986-06-19 11740 f 2
p06 강서진 1996-01-27 11560 f 2
p07 조아린 1999-10-08 11650 f 2
p08 윤명옥 1971-03-14 11260 f 2
p09 장미숙 1974-07-05 11305 f 2
p10 임순덕 1949-12-21 11170 f 2
p11 한지원 1982-05-16 11470 f 2
p12 오태식 1963-09-09 11320 m 2
p13 서보람 1988-04-02 11230 f 2
p14 신재호 1990-02-18 11200 m 2
p15 권영배 1972-08-07 11410 m 2
p16 황규철 1969-06-25 11560 m 1
p17 안소담 1993-11-12 11215 f 2
p18 송민재 2000-03-30 11620 m 2
p19 전우람 1984-10-20 11590 m 2
p20 홍가영 1992-07-28 11590 f 2
p21 유현석 1981-01-09 11110 m 2
p22 고은비 1985-12-04 11500 f 2
p23 응우옌티란 1989-09-15 11530 f 1
p24 문지혁 1987-05-29 11350 m 2
p25 양초록 1978-04-22 11305 f 2
p26 손정애 1961-10-01 11380 f 2
p27 배건우 1994-06-06 11620 m 2
p28 백상혁 1983-02-11 11680 m 2
p29 허진만 1976-09-19 11545 m 2
p30 남궁혜 1968-03-07 11260 f 2
p31 심다온 1997-08-13 11140 f 2
p32 노을찬 2002-05-05 11350 m 2
p33 하은수 2012-04-18 11710 f 1
p34 곽도영 2010-09-03 11350 m 2
p35 성리안 2009-12-15 11470 f 2
p36 차인숙 1957-07-22 11590 f 2
p37 주한결 1998-11-26 11545 m 2
p38 우정길 1954-01-31 11410 m 2
p39 구본희 1970-06-14 11290 f 2
p40 민옥자 1952-08-19 11230 f 2
p41 진말순 1948-10-10 11305 f 2
p42 지창수 1960-12-08 11710 m 2
p43 엄필남 1941-03-01 11680 f 2
p44 채동진 1967-05-23 11740 m 2
p45 원세아 2003-02-27 11410 f 0
p46 천기백 1955-09-11 11500 m 2
"""


def _people() -> Iterator[Person]:
    for line in _ROWS.strip().splitlines():
        key, name, birth, district, sex, level = line.split()
        yield Person(key, name, date.fromisoformat(birth), district, sex, int(level))


PEOPLE: Final = tuple(_people())
PERSON: Final = {person.key: person for person in PEOPLE}

#: Columns of the city's register file.
REGISTER_COLUMNS: Final = ("name", "birth_date", "phone", "sex", "district")


def register_rows() -> list[tuple[str, str, str, str, str]]:
    """Lines of a register file for everybody in the demo who lives in Seoul, the account "citizen" included.

    Name, birth date (YYYY-MM-DD), phone, sex (f, m), code of the district; in the order of the names.
    """
    rows = [(one.name, one.birth.isoformat(), one.phone, one.sex, one.district) for one in PEOPLE]
    rows += [
        (account.name, account.birth.isoformat(), account.phone, account.sex, account.district)
        for account in ACCOUNTS
        if account.birth and account.sex and account.district
    ]
    return sorted(rows)


def register_csv() -> str:
    """The register file of the demo as `civicvote register import` takes it: UTF-8 CSV, one header line, LF."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(REGISTER_COLUMNS)
    writer.writerows(register_rows())
    return text.getvalue()


def home_of(key: str, locale: str = "ko") -> str:
    """The name of the district a person lives in."""
    return name_of(PERSON[key].district, locale)
