"""Reading `.pb`: tolerant of how files are written, strict about what decides a count."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from civicvote.domain.messages import Message, msg
from civicvote.domain.pabulib.model import APPROVAL, SCORED, Notice, PabulibError, PabulibFile, Table
from civicvote.domain.pabulib.numbers import amount, positive, shorten

MAX_BYTES = 512 * 1024 * 1024
MAX_CELL = 100_000
MAX_LINE = 4_000_000
MAX_CELL_LINES = 200
MAX_JOINED = 20_000_000
"""Characters that may be read again in search of closing quotes; above it the file is refused, not read for hours."""
MAX_COLUMNS = 500

_SECTIONS = ("META", "PROJECTS", "VOTES")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(slots=True)
class _Section:
    name: str
    line: int
    rows: list[tuple[int, list[str]]] = field(default_factory=list)


def parse(data: bytes | str) -> PabulibFile:
    """Read a file. Raises `PabulibError` (with the line) for anything that cannot be counted as it stands.

    Tolerated: a byte order mark, any line ends, section names in any case or quoted, trailing separators, padded
    cells, decimal commas, doubled and stray quotes, blank lines, columns and keys nobody knows.
    """
    text = data if isinstance(data, str) else _decode(data)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    control = _CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        raise PabulibError(line, msg("쓸 수 없는 제어 문자(U+%(code)s)가 있습니다.", code=f"{ord(control[0]):04X}"))
    sections = _sections(text)
    warnings: list[Notice] = []
    meta, meta_lines = _meta(sections[0], warnings)
    projects = _table(sections[1], ("project_id", "cost"))
    votes = _table(sections[2], ("voter_id", "vote"))
    file = PabulibFile(meta, projects, votes, tuple(warnings), meta_lines)
    _check_meta(file, sections[0].line)
    _check_projects(file, sections[1].line)
    _check_votes(file, sections[2].line)
    return file


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise PabulibError(1, msg("파일이 너무 큽니다. (최대 %(size)s MB)", size=MAX_BYTES // 1024**2))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise PabulibError(1, msg("UTF-16으로 저장된 파일입니다. UTF-8로 저장해 주십시오."))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise PabulibError(line, msg("UTF-8이 아닌 글자가 있습니다. 파일을 UTF-8로 저장해 주십시오.")) from None


def _sections(text: str) -> list[_Section]:
    found: list[_Section] = []
    last = 1
    for line, cells in _rows(text):
        last = line
        name = cells[0].upper()
        if name in _SECTIONS and not any(cells[1:]):
            expected = _SECTIONS[len(found)] if len(found) < len(_SECTIONS) else None
            if name != expected:
                raise PabulibError(line, _misplaced(name, expected))
            found.append(_Section(name, line))
        elif not found:
            raise PabulibError(line, msg("파일은 META 줄로 시작해야 합니다."))
        else:
            found[-1].rows.append((line, cells))
    if len(found) < len(_SECTIONS):
        raise PabulibError(last, msg("%(name)s 부분이 없습니다.", name=_SECTIONS[len(found)]))
    return found


def _misplaced(name: str, expected: str | None) -> Message:
    if expected is None or _SECTIONS.index(name) < _SECTIONS.index(expected):
        return msg("%(name)s 부분이 두 번 나옵니다.", name=name)
    return msg("%(name)s 앞에 %(expected)s 부분이 있어야 합니다.", name=name, expected=expected)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Lines with content as (number, stripped cells). A quoted cell may span lines."""
    lines = text.split("\n")
    quotes = _Quotes(lines)
    number = 0
    while number < len(lines):
        line = lines[number]
        start = number + 1
        number += 1
        if len(line) > MAX_LINE:
            raise PabulibError(start, msg("한 줄이 너무 깁니다. (최대 %(n)s자)", n=f"{MAX_LINE:,}"))
        if '"' not in line:
            cells = [cell.strip() for cell in line.split(";")]
        else:
            cells, used = quotes.row(number - 1)
            number += used
        if len(cells) > MAX_COLUMNS:
            raise PabulibError(start, msg("한 줄에 칸이 너무 많습니다. (최대 %(n)s칸)", n=MAX_COLUMNS))
        if len(line) > MAX_CELL and any(len(cell) > MAX_CELL for cell in cells):
            raise PabulibError(start, msg("한 칸의 글이 너무 깁니다. (최대 %(n)s자)", n=f"{MAX_CELL:,}"))
        if any(cells):
            yield start, cells


_CELL = re.compile(r'\s*"((?:[^"]|"")*+)"([^;"]*+)(?=;|$)|([^;]*)', re.DOTALL)


class _Quotes:
    """Rows with quotes."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.joined = 0

    def row(self, first: int) -> tuple[list[str], int]:
        """The cells of a row, and how many further lines it takes.

        A quote that no later line closes is a stray one: the row is then taken as it stands.
        """
        cells, unclosed = _split(self.lines[first])
        if not unclosed:
            return cells, 0
        text = self.lines[first]
        for used in range(1, min(MAX_CELL_LINES, len(self.lines) - first)):
            text += "\n" + self.lines[first + used]
            self.joined += len(text)
            if self.joined > MAX_JOINED:
                raise PabulibError(first + 1, msg("따옴표가 닫히지 않았습니다."))
            if len(text) > MAX_CELL:
                break
            if '"' not in self.lines[first + used]:
                continue
            cells, unclosed = _split(text)
            if not unclosed:
                return cells, used
        return [cell.strip() for cell in self.lines[first].split(";")], 0


def _split(text: str) -> tuple[list[str], bool]:
    """Cells of one row, and whether its last quoted cell is still open."""
    cells: list[str] = []
    place = 0
    while len(cells) <= MAX_COLUMNS:
        match = _CELL.match(text, place)
        assert match is not None
        quoted, tail, bare = match.groups()
        if quoted is not None:
            cells.append((quoted.replace('""', '"') + tail).strip())
        else:
            if bare.lstrip().startswith('"') and text.count('"', place) % 2:
                return cells, True
            cells.append(bare.strip())
        place = match.end()
        if place >= len(text):
            break
        place += 1  # the separator
    return cells, False


def _meta(section: _Section, warnings: list[Notice]) -> tuple[dict[str, str], dict[str, int]]:
    meta: dict[str, str] = {}
    lines: dict[str, int] = {}
    if not section.rows or [cell.lower() for cell in section.rows[0][1][:2]] != ["key", "value"]:
        line = section.rows[0][0] if section.rows else section.line
        raise PabulibError(line, msg("META 다음 줄은 'key;value'여야 합니다."))
    for line, cells in section.rows[1:]:
        key, *values = cells
        while len(values) > 1 and not values[-1]:
            values.pop()
        key = key.lower()
        if not key:
            raise PabulibError(line, msg("META에 이름 없는 값이 있습니다."))
        if key in meta:
            raise PabulibError(line, msg("META에 같은 이름이 두 번 나옵니다: '%(key)s'", key=shorten(key)))
        if len(values) > 1:
            warnings.append(Notice(line, msg("값에 따옴표 없이 쓴 ';'이 있어 한 값으로 이었습니다.")))
        meta[key] = ";".join(values)
        lines[key] = line
    return meta, lines


def _table(section: _Section, required: Iterable[str]) -> Table:
    if not section.rows:
        raise PabulibError(section.line, msg("%(name)s의 제목 줄이 없습니다.", name=section.name))
    line, titles = section.rows[0]
    while titles and not titles[-1]:
        titles.pop()
    columns = tuple(title.lower() for title in titles)
    for name in required:
        if name not in columns:
            raise PabulibError(line, msg("%(name)s에 '%(column)s' 열이 없습니다.", name=section.name, column=name))
    if "" in columns or len(set(columns)) < len(columns):
        raise PabulibError(line, msg("%(name)s의 열 이름이 비었거나 겹칩니다.", name=section.name))
    width = len(columns)
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    for number, cells in section.rows[1:]:
        if len(cells) != width:
            _fit(cells, width, number)
        rows.append(tuple(cells))
        lines.append(number)
    return Table(columns, rows, lines)


def _fit(cells: list[str], width: int, line: int) -> None:
    """Drop empty cells behind the last column, add missing ones."""
    while len(cells) > width and not cells[-1]:
        cells.pop()
    if len(cells) > width:
        raise PabulibError(line, msg("칸이 %(n)s개로, 제목 줄의 %(width)s개보다 많습니다.", n=len(cells), width=width))
    cells.extend([""] * (width - len(cells)))


def _check_meta(file: PabulibFile, line: int) -> None:
    for key in ("budget", "vote_type"):
        if not file.meta.get(key):
            raise PabulibError(file.meta_lines.get(key, line), msg("META에 '%(key)s' 값이 없습니다.", key=key))
    positive(file.meta["budget"], file.meta_lines["budget"], "budget")
    if file.vote_type not in APPROVAL | SCORED:
        raise PabulibError(
            file.meta_lines["vote_type"],
            msg("알 수 없는 투표 방식입니다: '%(text)s'", text=shorten(file.meta["vote_type"])),
        )
    for key in ("min_project_score_threshold", "default_score"):
        if file.meta.get(key):
            amount(file.meta[key], file.meta_lines[key], key)


def _check_projects(file: PabulibFile, line: int) -> None:
    if not file.projects.rows:
        raise PabulibError(line, msg("PROJECTS에 사업이 없습니다."))
    id_place, cost_place = file.projects.places["project_id"], file.projects.places["cost"]
    seen: set[str] = set()
    for number, row in enumerate(file.projects.rows):
        project = row[id_place]
        if not project:
            raise PabulibError(file.projects.line(number), msg("사업 번호가 비어 있습니다."))
        if "," in project:
            raise PabulibError(
                file.projects.line(number), msg("사업 번호 '%(id)s'에 쉼표가 있습니다.", id=shorten(project))
            )
        if project in seen:
            raise PabulibError(
                file.projects.line(number), msg("같은 사업 번호가 두 번 나옵니다: '%(id)s'", id=shorten(project))
            )
        seen.add(project)
        positive(row[cost_place], file.projects.line(number), "cost")


def _check_votes(file: PabulibFile, line: int) -> None:
    if not file.scored:
        return
    places = file.votes.places
    if "points" not in places:
        if file.vote_type == "ordinal":
            return
        raise PabulibError(
            line + 1, msg("점수를 주는 투표(%(type)s)인데 'points' 열이 없습니다.", type=file.meta["vote_type"])
        )
    vote, points = places["vote"], places["points"]
    checked: dict[str, int] = {}
    for number, row in enumerate(file.votes.rows):
        if row[points] not in checked:
            cells = [cell.strip() for cell in row[points].split(",")] if row[points] else []
            for cell in cells:
                point(cell, file.votes.line(number))
            checked[row[points]] = len(cells)
        picks = row[vote].count(",") + 1 if row[vote] else 0
        if checked[row[points]] != picks:
            raise PabulibError(
                file.votes.line(number),
                msg("고른 사업은 %(picks)s개인데 점수는 %(n)s개입니다.", picks=picks, n=checked[row[points]]),
            )


_POINT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")


def point(text: str, line: int) -> None:
    """Raise `PabulibError` unless `text` is a number of points of at least 0."""
    if not _POINT.fullmatch(text):
        raise PabulibError(line, msg("점수가 0 이상의 숫자가 아닙니다: '%(text)s'", text=shorten(text)))
