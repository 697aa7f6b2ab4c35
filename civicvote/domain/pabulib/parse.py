"""Reading `.pb`: tolerant of how files are written, strict about what decides a count."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from civicvote.domain.messages import Message, msg
from civicvote.domain.pabulib.model import APPROVAL, SCORED, PabulibFile, Table
from civicvote.domain.pabulib.numbers import amount, positive, shorten
from civicvote.domain.pabulib.problems import Notice, PabulibError
from civicvote.domain.pabulib.reader import SECTIONS, Reader, fit, marks_section

MAX_BYTES = 512 * 1024 * 1024

_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\r"))
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
    reader = Reader(_text(data))
    about, listed, cast = _sections(reader)
    warnings: list[Notice] = []
    meta, meta_lines = _meta(about, warnings)
    file = PabulibFile(meta, _projects(listed), Table((), []), tuple(warnings), meta_lines)
    check_meta(file, about.line)
    check_projects(file, listed.line)
    file = replace(file, votes=_votes(reader, cast))
    check_votes(file, cast.line)
    return file


def _text(data: bytes | str) -> str:
    raw = data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")
    text = data if isinstance(data, str) else _decode(data)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if len(raw.translate(None, _CONTROLS)) < len(raw):
        control = _CONTROL.search(text)
        assert control is not None
        line = text.count("\n", 0, control.start()) + 1
        raise PabulibError(line, msg("쓸 수 없는 제어 문자(U+%(code)s)가 있습니다.", code=f"{ord(control[0]):04X}"))
    return text


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


def _sections(reader: Reader) -> tuple[_Section, _Section, _Section]:
    """META and PROJECTS with their rows, and where VOTES begins: its rows are still to be read."""
    found: list[_Section] = []
    last = 1
    for line, cells in reader.rows():
        last = line
        name = marks_section(cells)
        if name:
            expected = SECTIONS[len(found)]
            if name != expected:
                raise PabulibError(line, _misplaced(name, expected))
            found.append(_Section(name, line))
            if len(found) == len(SECTIONS):
                return found[0], found[1], found[2]
        elif not found:
            raise PabulibError(line, msg("파일은 META 줄로 시작해야 합니다."))
        else:
            found[-1].rows.append((line, cells))
    raise PabulibError(last, msg("%(name)s 부분이 없습니다.", name=SECTIONS[len(found)]))


def _misplaced(name: str, expected: str) -> Message:
    if SECTIONS.index(name) < SECTIONS.index(expected):
        return msg("%(name)s 부분이 두 번 나옵니다.", name=name)
    return msg("%(name)s 앞에 %(expected)s 부분이 있어야 합니다.", name=name, expected=expected)


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


def _projects(section: _Section) -> Table:
    if not section.rows:
        raise PabulibError(section.line, msg("%(name)s의 제목 줄이 없습니다.", name=section.name))
    columns = columns_of(section.name, *section.rows[0], ("project_id", "cost"))
    for line, cells in section.rows[1:]:
        fit(cells, len(columns), line)
    return Table(columns, [tuple(cells) for _, cells in section.rows[1:]], [line for line, _ in section.rows[1:]])


def _votes(reader: Reader, section: _Section) -> Table:
    line, titles = next(reader.rows(), (section.line, None))
    if titles is None:
        raise PabulibError(line, msg("%(name)s의 제목 줄이 없습니다.", name=section.name))
    columns = columns_of(section.name, line, titles, ("voter_id", "vote"))
    return Table(columns, *reader.rest(len(columns)))


def columns_of(section: str, line: int, titles: list[str], required: Iterable[str]) -> tuple[str, ...]:
    """The names of a section's columns."""
    while titles and not titles[-1]:
        titles.pop()
    columns = tuple(title.lower() for title in titles)
    for name in required:
        if name not in columns:
            raise PabulibError(line, msg("%(name)s에 '%(column)s' 열이 없습니다.", name=section, column=name))
    if "" in columns or len(set(columns)) < len(columns):
        raise PabulibError(line, msg("%(name)s의 열 이름이 비었거나 겹칩니다.", name=section))
    return columns


def check_meta(file: PabulibFile, line: int) -> None:
    """Raise `PabulibError` for a budget or a vote type that is none; `line` is where META begins."""
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


def check_projects(file: PabulibFile, line: int) -> None:
    """Raise `PabulibError` for projects without a number of their own or a cost."""
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


def check_votes(file: PabulibFile, line: int) -> None:
    """Raise `PabulibError` for points that are missing or none."""
    if not file.scored:
        return
    if "points" in file.votes.places:
        _ = file.marks  # refuses points that are none
    elif file.vote_type != "ordinal":
        raise PabulibError(
            line + 1, msg("점수를 주는 투표(%(type)s)인데 'points' 열이 없습니다.", type=file.meta["vote_type"])
        )
