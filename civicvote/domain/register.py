"""The city's register file: CSV read strictly, every problem named by row and column, nothing of it kept in clear."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from civicvote.domain import districts, identity
from civicvote.domain.errors import InvalidError
from civicvote.domain.identity import Identity
from civicvote.domain.messages import Message, msg
from civicvote.domain.text import has_resident_number

#: Column names as they may stand in the first line.
COLUMNS: Final = {
    "name": ("name", "이름", "성명"),
    "birth_date": ("birth_date", "생년월일"),
    "phone": ("phone", "전화번호", "휴대전화"),
    "sex": ("sex", "성별"),
    "district": ("district", "자치구"),
}
LABELS: Final = {
    "name": msg("이름"),
    "birth_date": msg("생년월일"),
    "phone": msg("전화번호"),
    "sex": msg("성별"),
    "district": msg("자치구"),
}
_FIELD_LENGTH: Final = 200
#: Problems told at once; more would help nobody.
SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """A line that is right. `row` counts from 1 with the header; `sex` is f, m or None; `district` a code."""

    row: int
    identity: Identity
    sex: str | None
    district: str


class RegisterError(InvalidError):
    """The file can't be taken; `problems` says why, one sentence per place, `total` how many there are."""

    default = msg("명부 파일에 고칠 곳이 있습니다. 아무것도 저장하지 않았습니다.")

    def __init__(self, problems: list[Message], *, total: int | None = None) -> None:
        super().__init__(field="file")
        self.problems = problems
        self.total = len(problems) if total is None else total


def decode(content: bytes) -> str:
    """The text of a file in UTF-8 (with or without BOM) or CP949; RegisterError for anything else."""
    if b"\x00" in content:
        row = content[: content.index(b"\x00")].count(b"\n") + 1
        raise RegisterError(
            [msg("%(row)s행: 쓸 수 없는 문자(NUL)가 들어 있습니다. CSV 파일인지 확인해 주십시오.", row=row)]
        )
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RegisterError([msg("글자를 읽을 수 없습니다. 파일을 UTF-8 또는 CP949(엑셀 CSV)로 저장해 주십시오.")])


def _header(cells: list[str]) -> dict[str, int]:
    """Where each column stands."""
    names = {alias: column for column, aliases in COLUMNS.items() for alias in aliases}
    plain = [cell.strip().casefold().replace(" ", "") for cell in cells]
    places: dict[str, int] = {}
    problems = []
    for at, cell in enumerate(plain):
        column = names.get(cell)
        if column is None:
            problems.append(
                msg(
                    "1행 %(at)s번째 열: 모르는 열입니다. 이름, 생년월일, 전화번호, 성별, 자치구만 담아 주십시오.",
                    at=at + 1,
                )
            )
        elif column in places:
            problems.append(
                msg("1행 %(at)s번째 열: 「%(column)s」 열이 두 번 있습니다.", at=at + 1, column=LABELS[column])
            )
        else:
            places[column] = at
    problems += [
        msg("1행: 「%(column)s」 열이 없습니다.", column=LABELS[column]) for column in COLUMNS if column not in places
    ]
    if problems:
        raise RegisterError(problems[:SHOWN], total=len(problems))
    return places


def _refuse_cell(text: str) -> None:
    if len(text) > _FIELD_LENGTH:
        raise InvalidError(msg("너무 깁니다. %(max)s자까지 쓸 수 있습니다.", max=_FIELD_LENGTH))
    if has_resident_number(text):
        raise InvalidError(msg("주민등록번호로 보이는 숫자가 있습니다. 주민등록번호는 어떤 열에도 담을 수 없습니다."))


def _district(text: str) -> str:
    found = districts.find(text)
    if found is None:
        raise InvalidError(msg("서울시 자치구가 아닙니다. 종로구처럼 이름을 적거나 11110처럼 코드를 적어 주십시오."))
    return found.code


class _Reader:
    """Reads lines one after another and gathers what is wrong with them."""

    def __init__(self, places: dict[str, int], today: date) -> None:
        self.places = places
        self.today = today
        self.problems: list[Message] = []
        self.total = 0
        self._seen: dict[Identity, int] = {}

    def wrong(self, row: int, column: str, why: Message) -> None:
        self.total += 1
        if len(self.problems) < SHOWN:
            self.problems.append(msg("%(row)s행 「%(column)s」: %(why)s", row=row, column=LABELS[column], why=why))

    def wrong_row(self, why: Message) -> None:
        self.total += 1
        if len(self.problems) < SHOWN:
            self.problems.append(why)

    def line(self, row: int, cells: list[str]) -> RegisterRow | None:
        """The line, or None when something is wrong with it."""
        if len(cells) != len(self.places):
            self.wrong_row(
                msg(
                    "%(row)s행: 칸이 %(found)s개입니다. %(wanted)s개여야 합니다.",
                    row=row,
                    found=len(cells),
                    wanted=len(self.places),
                )
            )
            return None
        before = self.total
        values: dict[str, object] = {}
        for column, at in self.places.items():
            try:
                _refuse_cell(cells[at])
                values[column] = self._value(column, cells[at])
            except InvalidError as error:
                self.wrong(row, column, error.message)
        if self.total > before:
            return None
        return self._unique(row, values)

    def _value(self, column: str, text: str) -> object:
        if column == "name":
            return identity.parse_name(text)
        if column == "birth_date":
            return identity.parse_birth_date(text, today=self.today)
        if column == "phone":
            return identity.parse_phone(text)
        return identity.parse_sex(text) if column == "sex" else _district(text)

    def _unique(self, row: int, values: dict[str, object]) -> RegisterRow | None:
        who = Identity(values["name"], values["birth_date"], values["phone"])  # type: ignore[arg-type]
        first = self._seen.setdefault(who, row)
        if first != row:
            self.wrong_row(
                msg("%(row)s행: %(first)s행과 같은 사람입니다. 한 줄만 남겨 주십시오.", row=row, first=first)
            )
            return None
        return RegisterRow(row, who, values["sex"], values["district"])  # type: ignore[arg-type]


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """(number of the line, cells); empty lines are left out. RegisterError where the CSV itself is broken."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        why = (
            msg("%(row)s행: 한 칸이 너무 깁니다.", row=reader.line_num)
            if "limit" in str(error)
            else msg("%(row)s행: 따옴표가 맞지 않습니다. 이 줄의 따옴표를 확인해 주십시오.", row=reader.line_num)
        )
        raise RegisterError([why]) from None


def parse(content: bytes, *, today: date) -> list[RegisterRow]:
    """All lines of a register file, or RegisterError with what is wrong, by row and column.

    The first line names the columns in any order, in English or Korean. `today` is the date in Seoul.
    """
    lines = _lines(decode(content))
    first = next(lines, None)
    if first is None:
        raise RegisterError([msg("빈 파일입니다. 첫 줄에 열 이름, 다음 줄부터 한 사람씩 적어 주십시오.")])
    reader = _Reader(_header(first[1]), today)
    found: list[RegisterRow] = []
    try:
        for number, cells in lines:
            taken = reader.line(number, cells)
            if taken is not None:
                found.append(taken)
    except RegisterError as error:
        reader.wrong_row(error.problems[0])
    if reader.problems:
        raise RegisterError(reader.problems, total=reader.total)
    if not found:
        raise RegisterError([msg("열 이름만 있고 사람이 없습니다.")])
    return found
