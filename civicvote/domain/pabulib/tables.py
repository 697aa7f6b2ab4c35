"""An election as three CSV files, or as one JSON document, beside `.pb`: the same keys, columns and cells.

meta.csv       key,value
projects.csv   project_id,cost,name,…
votes.csv      voter_id,vote,points,…    several projects as 3|1|7, because spreadsheets take 1,200 for a number

{"format": "civicvote-election/1", "meta": {"budget": 1000000, "vote_type": "approval", …},
 "projects": [{"project_id": "3", "cost": 400000, "name": "…"}, …],
 "votes": [{"voter_id": "1", "vote": ["3", "1"], "points": [2, 1]}, …]}

In both, `voter_id` may be left out, and `count` beside a ballot says how many people cast it.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from civicvote.domain.messages import msg
from civicvote.domain.pabulib.model import PabulibFile, Table
from civicvote.domain.pabulib.numbers import shorten
from civicvote.domain.pabulib.parse import MAX_BYTES, check_meta, check_projects, check_votes, columns_of
from civicvote.domain.pabulib.problems import PabulibError, within
from civicvote.domain.pabulib.reader import MAX_CELL, MAX_COLUMNS, fit
from civicvote.domain.pabulib.rows import rows_of
from civicvote.domain.sheets import csv_bytes, plain_cell

FORMAT: Final = "civicvote-election/1"
META, PROJECTS, VOTES = "meta.csv", "projects.csv", "votes.csv"
CSV_FILES: Final = (META, PROJECTS, VOTES)
MAX_COUNT = 10_000_000
"""People behind the lines of a file: `count` makes a large contest of a short text."""

_LISTS = frozenset({"vote", "points"})
_BAD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class _Part:
    """One table on its way in: rows of stripped cells with their line (or place in the list)."""

    name: str
    columns: list[str]
    rows: list[tuple[int, list[str]]]


def parse_csv(files: Mapping[str, bytes]) -> PabulibFile:
    """The election of `CSV_FILES`, of `MAX_COUNT` people at most. Raises `PabulibError` with file and line."""
    meta: dict[str, str] = {}
    part = _sheet(files, META)
    for line, (key, value) in [(line, (*cells, "")[:2]) for line, cells in part.rows]:
        if not key or key.lower() in meta:
            raise PabulibError(
                line, msg("META에 이름이 없거나 같은 이름이 두 번 나옵니다: '%(key)s'", key=shorten(key)), META
            )
        meta[key.lower()] = value
    return _file(meta, _sheet(files, PROJECTS), _sheet(files, VOTES))


def dump_csv(file: PabulibFile) -> dict[str, bytes]:
    """The three files: UTF-8 with BOM, nothing in them that a spreadsheet would run."""
    votes = [place for place, name in enumerate(file.votes.columns) if name in _LISTS]
    bar = not any("|" in project for project in file.projects.column("project_id") or [])

    def barred(row: Sequence[str]) -> list[str]:
        return [cell.replace(",", "|") if bar and place in votes else cell for place, cell in enumerate(row)]

    return {
        META: csv_bytes(("key", "value"), file.meta.items()),
        PROJECTS: csv_bytes(file.projects.columns, file.projects.rows),
        VOTES: csv_bytes(file.votes.columns, map(barred, file.votes.rows)),
    }


def parse_json(data: bytes, *, people: int = MAX_COUNT) -> PabulibFile:
    """The election of a JSON document, of `people` at most. Numbers keep their digits. Raises `PabulibError` with list
    and place.
    """
    if len(data) > MAX_BYTES:
        raise PabulibError(1, msg("파일이 너무 큽니다. (최대 %(size)s MB)", size=MAX_BYTES // 1024**2))
    try:
        body = json.loads(data.decode("utf-8-sig"), parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        raise PabulibError(error.lineno, msg("JSON으로 읽을 수 없습니다.")) from None
    except (ValueError, RecursionError):
        raise PabulibError(1, msg("JSON으로 읽을 수 없습니다.")) from None
    if not isinstance(body, dict) or body.get("format") != FORMAT or not isinstance(body.get("meta"), dict):
        raise PabulibError(1, msg("'format'이 '%(format)s'인 선거 문서가 아닙니다.", format=FORMAT))
    meta = {str(key).strip().lower(): _text(value, "meta", 0) for key, value in body["meta"].items()}
    return _file(meta, _list(body, "projects"), _list(body, "votes"), people)


def dump_json(file: PabulibFile) -> bytes:
    """The document, a line per project and ballot; `parse_json` gives the same file."""
    lines = ["{", f' "format": {_json(FORMAT)},', f' "meta": {_json(file.meta)},']
    for name, table, end in (("projects", file.projects, ","), ("votes", file.votes, "")):
        lines += [f' "{name}": [', ",\n".join(f"  {_json(record)}" for record in _records(table)), f" ]{end}"]
    return "\n".join([*lines, "}", ""]).encode()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _records(table: Table) -> Iterator[dict[str, object]]:
    for record in table.records():
        yield {name: (cell.split(",") if cell else []) if name in _LISTS else cell for name, cell in record.items()}


def _file(meta: dict[str, str], projects: _Part, votes: _Part, people: int = MAX_COUNT) -> PabulibFile:
    """Everything put together and checked as a `.pb` file is."""
    named = columns_of("PROJECTS", 1, projects.columns, ("project_id", "cost"))
    table = Table(named, [tuple(cells) for _, cells in projects.rows], [line for line, _ in projects.rows])
    file = PabulibFile(meta, table, Table((), []), (), dict.fromkeys(meta, 0))
    with within(META if projects.name == PROJECTS else "meta"):
        check_meta(file, 0)
    with within(projects.name):
        check_projects(file, 0)
    with within(votes.name):
        bar = not any("|" in project for project in table.column("project_id") or [])
        file = replace(file, votes=_votes(votes, people, bar=bar))
        check_votes(file, 1)
    return file


def _votes(part: _Part, most: int, *, bar: bool) -> Table:
    """Ballots with a voter each, `most` at most: numbered where they have no id, as often as `count` says."""
    columns = columns_of("VOTES", 1, part.columns, ("vote",))
    lists = [place for place, name in enumerate(columns) if name in _LISTS]
    count = columns.index("count") if "count" in columns else None
    cast: list[Sequence[str]] = []
    lines: list[int] = []
    for line, cells in part.rows:
        for place in lists:
            cells[place] = cells[place].replace("|", ",") if bar else cells[place]
        people = 1 if count is None else _count(cells[count], line)
        if len(cast) + people > most:
            raise PabulibError(line, msg("투표한 사람이 너무 많습니다. (최대 %(n)s명)", n=f"{most:,}"))
        cast += [cells] * people
        lines += [line] * people
    if count is not None or "voter_id" not in columns:
        kept = [place for place, name in enumerate(columns) if name not in {"count", "voter_id"}]
        columns = ("voter_id", *(columns[place] for place in kept))
        cast = [[str(number), *(cells[place] for place in kept)] for number, cells in enumerate(cast, 1)]
    return Table(columns, rows_of(cast), lines)


def _count(text: str, line: int) -> int:
    if not text:
        return 1
    if text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= MAX_COUNT:
        return int(text)
    raise PabulibError(line, msg("count 값이 0 이상의 정수가 아닙니다: '%(text)s'", text=shorten(text)))


def _sheet(files: Mapping[str, bytes], name: str) -> _Part:
    if name not in files:
        raise PabulibError(1, msg("파일이 없습니다."), name)
    with within(name):
        text = _decoded(files[name])
        first = text.split("\n", 1)[0]
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
        try:
            rows = [(reader.line_num, [_clean(plain_cell(cell), reader.line_num) for cell in row]) for row in reader]
        except csv.Error:
            raise PabulibError(reader.line_num, msg("CSV로 읽을 수 없습니다.")) from None
        rows = [(line, cells) for line, cells in rows if any(cells)]
        if not rows:
            raise PabulibError(1, msg("%(name)s의 제목 줄이 없습니다.", name=name))
        (_, titles), *rest = rows
        while titles and not titles[-1]:
            titles.pop()
        for line, cells in rest:
            fit(cells, len(titles), line)
        return _Part(name, titles, rest)


def _decoded(data: bytes) -> str:
    """UTF-8 with or without BOM, or what Korean spreadsheets write."""
    if len(data) > MAX_BYTES:
        raise PabulibError(1, msg("파일이 너무 큽니다. (최대 %(size)s MB)", size=MAX_BYTES // 1024**2))
    for encoding in ("utf-8-sig", "cp949"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise PabulibError(1, msg("UTF-8이 아닌 글자가 있습니다. 파일을 UTF-8로 저장해 주십시오."))


def _clean(text: str, line: int) -> str:
    if len(text) > MAX_CELL:
        raise PabulibError(line, msg("한 칸의 글이 너무 깁니다. (최대 %(n)s자)", n=f"{MAX_CELL:,}"))
    bad = _BAD.search(text)
    if bad:
        raise PabulibError(line, msg("쓸 수 없는 제어 문자(U+%(code)s)가 있습니다.", code=f"{ord(bad[0]):04X}"))
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _list(body: Mapping[str, Any], name: str) -> _Part:
    records = body.get(name)
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise PabulibError(1, msg("'%(name)s'에는 목록이 있어야 합니다.", name=name))
    columns = list(dict.fromkeys(str(key) for record in records for key in record))
    if len(columns) > MAX_COLUMNS:  # every record gets a cell for each
        raise PabulibError(1, msg("한 줄에 칸이 너무 많습니다. (최대 %(n)s칸)", n=MAX_COLUMNS), name)
    required = {"projects": ["project_id", "cost"], "votes": ["vote"]}[name]
    columns += [key for key in required if not records and key not in columns]
    rows = [
        (place, [_text(record.get(key), name, place) for key in columns]) for place, record in enumerate(records, 1)
    ]
    with within(name):
        return _Part(name, [_clean(key, 1).lower() for key in columns], rows)


def _text(value: object, name: str, place: int) -> str:
    """A cell: text, a number, nothing, or a list of such."""
    if isinstance(value, list):
        if any(isinstance(entry, list) for entry in value):
            raise PabulibError(place, msg("글이나 숫자가 있어야 할 자리입니다."), name)
        return ",".join(_text(entry, name, place) for entry in value)
    if value is None or isinstance(value, str):
        with within(name):
            return _clean(value or "", place)
    raise PabulibError(place, msg("글이나 숫자가 있어야 할 자리입니다."), name)
