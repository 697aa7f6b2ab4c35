"""`civicvote register import FILE.csv`: take in the city's register file."""

from pathlib import Path

import click

from civicvote import db
from civicvote.domain.messages import msg
from civicvote.domain.permissions import SYSTEM
from civicvote.domain.register import RegisterError
from civicvote.services import verification
from civicvote.settings import Settings


@click.group()
def register() -> None:
    """본인확인에 쓰는 서울시 명부."""


@register.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> None:
    """명부 FILE(CSV: 이름, 생년월일, 전화번호, 성별, 자치구)을 가져온다. 틀린 줄이 하나라도 있으면 아무것도 저장하지 않는다."""
    settings = Settings()
    try:
        with db.opened(settings.url) as database, database.transaction() as session:
            done = verification.import_register(session, SYSTEM, file.read_bytes(), key=settings.keystore.person)
    except RegisterError as error:
        for problem in error.problems:
            click.echo(f"{file.name}: {problem}", err=True)
        if error.total > len(error.problems):
            click.echo(str(msg("…그 밖에 %(n)s곳이 더 있습니다.", n=error.total - len(error.problems))), err=True)
        click.echo(str(error.message), err=True)
        raise SystemExit(2) from error
    click.echo(
        str(
            msg(
                "%(total)s명: 새로 %(new)s명, 바뀜 %(changed)s명, 그대로 %(same)s명",
                total=f"{done.total:,}",
                new=f"{done.new:,}",
                changed=f"{done.changed:,}",
                same=f"{done.same:,}",
            )
        )
    )
