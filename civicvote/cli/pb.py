"""`civicvote pb`: real elections in Pabulib's format, in and out."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from civicvote import db
from civicvote.domain import pabulib
from civicvote.domain.ballots.rules import AMOUNT
from civicvote.domain.cycles import TallyRule
from civicvote.domain.errors import DomainError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import SYSTEM
from civicvote.services import pabulib as elections
from civicvote.settings import Settings


@click.group()
def pb() -> None:
    """Pabulib(.pb) 선거 자료를 가져오고 내보낸다."""


def _refuse(line: str) -> NoReturn:
    """One line on stderr, exit code 2."""
    click.echo(" ".join(line.split()), err=True)
    raise SystemExit(2)


def _amount(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if AMOUNT.fullmatch(value) and Fraction(value) > 0:
        return value
    raise click.BadParameter("0보다 큰 수를 적어 주십시오.")


def _read(file: Path) -> bytes:
    """The file's bytes, unless it is too large to be one."""
    try:
        if file.stat().st_size > pabulib.MAX_BYTES:
            raise pabulib.PabulibError(
                1, msg("파일이 너무 큽니다. (최대 %(size)s MB)", size=pabulib.MAX_BYTES // 1024**2)
            )
        return file.read_bytes()
    except OSError as error:
        _refuse(f"{file}: 파일을 읽을 수 없습니다. ({error.strerror})")


@contextmanager
def _database(settings: Settings) -> Iterator[db.Database]:
    """The database, and plain words where there is none."""
    engine = db.make_engine(settings.url)
    try:
        yield db.Database(engine)
    except (OperationalError, ProgrammingError) as error:
        _refuse(f"데이터베이스를 쓸 수 없습니다({type(error.orig).__name__}). civicvote check로 확인해 주십시오.")
    finally:
        engine.dispose()


@pb.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--pool", default="", help="분야 이름 (없으면 파일의 subunit)")
@click.option("--slug", default="", help="주소에 쓸 이름 (없으면 파일의 description에서)")
@click.option("--title", default="", help="예산 이름")
@click.option(
    "--rule", type=click.Choice([rule.value for rule in TallyRule]), default="equal-shares", show_default=True
)
@click.option("--utility", type=click.Choice(["cost", "cardinality"]), default="cost", show_default=True)
@click.option("--completion", type=click.Choice(["none", "add1"]), default="add1", show_default=True)
@click.option("--step", default="1", show_default=True, callback=_amount, help="add1에서 한 번에 늘리는 몫")
@click.option("--no-exhaustive-stop", is_flag=True, help="예산에 들어갈 사업이 없어도 예산을 넘을 때까지 늘린다")
@click.option("--tie", type=click.Choice(["id", "votes", "cost"]), default="id", show_default=True)
def import_(file: Path, **given: Any) -> None:
    """끝난 선거 파일을 봉인·개표·공표까지 마친 예산으로 만든다."""
    settings = Settings()
    given["rule"] = TallyRule(given["rule"])
    terms = elections.Terms(exhaustive_stop=not given.pop("no_exhaustive_stop"), **given)
    try:
        content = pabulib.parse(_read(file))
        with _database(settings) as database, database.transaction() as session:
            made = elections.import_file(session, SYSTEM, content, terms, keys=settings.keystore)
    except pabulib.PabulibError as error:
        _refuse(f"{file}:{error.line}: {error.reason}")
    except DomainError as error:
        _refuse(f"{file}: {error.message}")
    for notice in pabulib.report(content):
        click.echo(f"{file}:{notice.line}: {notice.message}", err=True)
    click.echo(f"/budget/{made.slug}/result")


@pb.command()
@click.argument("slug")
@click.option("--pool", default="", help="분야 이름 (여럿이면 필요)")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="파일 (없으면 표준출력)")
def export(slug: str, pool: str, out: Path | None) -> None:
    """공표된 예산의 투표 자료를 .pb로 내보낸다."""
    settings = Settings()
    try:
        with _database(settings) as database, database.reading() as session:
            content = elections.export_file(session, slug, pool)
    except DomainError as error:
        _refuse(str(error.message))
    if out is None:
        sys.stdout.buffer.write(content)
    else:
        out.write_bytes(content)
