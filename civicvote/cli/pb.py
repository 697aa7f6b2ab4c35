"""`civicvote pb`: real elections in Pabulib's format, in and out."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from civicvote import db
from civicvote.cli.elections import located, read, refuse, written
from civicvote.domain import pabulib
from civicvote.domain.ballots.rules import AMOUNT
from civicvote.domain.cycles import TallyRule
from civicvote.domain.errors import DomainError
from civicvote.domain.permissions import SYSTEM
from civicvote.services import pabulib as elections
from civicvote.settings import Settings

DECLARED = "declared"


@click.group()
def pb() -> None:
    """Pabulib(.pb) 선거 자료를 가져오고 내보냅니다."""


def _amount(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if AMOUNT.fullmatch(value) and Fraction(value) > 0:
        return value
    raise click.BadParameter("0보다 큰 수를 적어 주십시오.")


@contextmanager
def _database(settings: Settings) -> Iterator[db.Database]:
    """The database, and plain words where there is none."""
    engine = db.make_engine(settings.url)
    try:
        yield db.Database(engine)
    except (OperationalError, ProgrammingError) as error:
        refuse(f"데이터베이스를 쓸 수 없습니다({type(error.orig).__name__}). civicvote check로 확인해 주십시오.")
    finally:
        engine.dispose()


@pb.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--pool", default="", help="분야 이름 (없으면 파일의 subunit)")
@click.option("--slug", default="", help="주소에 쓸 이름 (없으면 파일의 description에서)")
@click.option("--title", default="", help="예산 이름")
@click.option(
    "--rule",
    type=click.Choice([*(rule.value for rule in TallyRule), DECLARED]),
    default="equal-shares",
    show_default=True,
    help="집계 규칙. declared는 파일이 밝힌 규칙을 그대로 따릅니다.",
)
@click.option("--utility", type=click.Choice(["cost", "cardinality"]), default="cost", show_default=True)
@click.option(
    "--completion", type=click.Choice(["none", "add1", "add1u", "utilitarian"]), default="add1", show_default=True
)
@click.option("--comparison", is_flag=True, help="득표순 결과가 더 많은 투표자에게 나으면 그 결과를 채택합니다.")
@click.option("--threshold", type=click.IntRange(min=0), default=0, help="최소 득표(점수)")
@click.option("--step", default="1", show_default=True, callback=_amount, help="add1에서 한 번에 늘리는 몫")
@click.option("--no-exhaustive-stop", is_flag=True, help="예산에 들어갈 사업이 없어도 예산을 넘을 때까지 늘립니다.")
@click.option("--tie", type=click.Choice(["id", "votes", "cost"]), default="id", show_default=True)
@click.option("--sealed", is_flag=True, help="봉인까지만 합니다. 개표와 공표는 담당자 두 사람이 화면에서 합니다.")
def import_(file: Path, **given: Any) -> None:
    """끝난 선거 파일을 봉인·개표·공표까지 마친 예산으로 만듭니다."""
    settings = Settings()
    declared, counted = given["rule"] == DECLARED, not given.pop("sealed")
    given["rule"] = TallyRule.EQUAL_SHARES if declared else TallyRule(given["rule"])
    terms = elections.Terms(
        exhaustive_stop=not given.pop("no_exhaustive_stop"), declared=declared, counted=counted, **given
    )
    try:
        content = read(file)
        with _database(settings) as database, database.transaction() as session:
            made = elections.import_file(session, SYSTEM, content, terms, keys=settings.keystore)
    except pabulib.PabulibError as error:
        refuse(f"{located(file, error)}: {error.reason}")
    except DomainError as error:
        refuse(f"{file}: {error.message}")
    for notice in pabulib.report(content):
        where = f"{file}:{notice.line}" if notice.line else str(file)
        click.echo(f"{where}: {notice.message}", err=True)
    click.echo(f"/budget/{made.slug}/{'result' if counted else 'count'}")


@pb.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
def convert(source: Path, target: Path) -> None:
    """SOURCE를 TARGET의 형식으로 바꿉니다: .pb, .json, 또는 CSV 세 개를 담을 폴더."""
    try:
        content = read(source)
    except pabulib.PabulibError as error:
        refuse(f"{located(source, error)}: {error.reason}")
    except DomainError as error:
        refuse(f"{source}: {error.message}")
    _save(target, content)


def _save(target: Path, content: pabulib.PabulibFile) -> None:
    """Write the election under the name it is to have; a file that is there already stays."""
    try:
        files = written(target, content)
        for path in files:
            if path.exists():
                refuse(f"{path}: 이미 있는 파일은 덮어쓰지 않습니다.")
        for path, data in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    except DomainError as error:
        refuse(f"{target}: {error.message}")
    except OSError as error:
        refuse(f"{target}: 파일을 쓸 수 없습니다. ({error.strerror})")


@pb.command()
@click.argument("slug")
@click.option("--pool", default="", help="분야 이름 (여럿이면 필요)")
@click.option("--out", type=click.Path(path_type=Path), help="파일(.pb, .json) 또는 CSV 폴더. 없으면 표준출력")
def export(slug: str, pool: str, out: Path | None) -> None:
    """공표된 예산의 투표 자료를 내보냅니다."""
    settings = Settings()
    try:
        with _database(settings) as database, database.reading() as session:
            content = elections.export_file(session, slug, pool)
    except DomainError as error:
        refuse(str(error.message))
    if out is None:
        sys.stdout.buffer.write(content)
    elif out.suffix.lower() == ".pb":
        out.write_bytes(content)
    else:
        _save(out, pabulib.parse(content))
