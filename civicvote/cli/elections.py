"""Files of elections by the name they go by: `.pb`, `.json`, or a directory with three CSV files."""

import sys
from pathlib import Path
from typing import NoReturn

import click

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.pabulib import (
    CSV_FILES,
    MAX_BYTES,
    PabulibError,
    PabulibFile,
    dump,
    dump_csv,
    dump_json,
    parse,
    parse_csv,
    parse_json,
)


def refuse(line: str) -> NoReturn:
    """One line on stderr, exit code 2."""
    click.echo(" ".join(line.split()), err=True)
    sys.exit(2)


def located(path: Path | str, error: PabulibError) -> str:
    """Where in which file: `vote.pb:7`, `folder/votes.csv:7`, `vote.json:votes:7`."""
    return f"{path}{'/' if error.table.endswith('.csv') else ':'}{error.where}"


def read_bytes(path: Path) -> bytes:
    """A file, unless it is too large to be an election's. Raises `InvalidError`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PabulibError(1, msg("파일이 너무 큽니다. (최대 %(size)s MB)", size=MAX_BYTES // 1024**2))
        return path.read_bytes()
    except FileNotFoundError:
        raise InvalidError(msg("파일이 없습니다.")) from None
    except OSError as error:
        raise InvalidError(msg("파일을 읽을 수 없습니다. (%(why)s)", why=error.strerror or "")) from None


def read(path: Path) -> PabulibFile:
    """The election of a file or directory. Raises `PabulibError` (with the place), `InvalidError` without a file."""
    if path.is_dir() and any((path / name).is_file() for name in CSV_FILES):
        return parse_csv({name: read_bytes(path / name) for name in CSV_FILES if (path / name).is_file()})
    data = read_bytes(path)
    return parse_json(data) if path.suffix.lower() == ".json" else parse(data)


def written(path: Path, file: PabulibFile) -> dict[Path, bytes]:
    """The files that hold the election under that name. Raises `InvalidError` for an ending nobody knows."""
    ending = path.suffix.lower()
    if ending == ".pb":
        return {path: dump(file)}
    if ending == ".json":
        return {path: dump_json(file)}
    if not ending or path.is_dir():
        return {path / name: content for name, content in dump_csv(file).items()}
    raise InvalidError(msg("파일 이름은 .pb, .json이거나 CSV를 둘 폴더여야 합니다."))
