"""`civicvote audit verify`: recompute the chain of the audit log."""

import click

from civicvote import db
from civicvote.services import audit as log
from civicvote.settings import Settings


@click.group()
def audit() -> None:
    """감사기록."""


@audit.command()
def verify() -> None:
    """감사기록의 사슬과 서명을 처음부터 다시 계산해 확인한다."""
    settings = Settings()
    with db.opened(settings.url) as database, database.reading() as session:
        verdict = log.verify(session, settings.keystore.audit)
    click.echo(
        f"연결된 기록 {verdict.linked:,}건 · 아직 연결되지 않은 기록 {verdict.waiting:,}건 · 서명 {verdict.heads:,}건"
    )
    if verdict.problem is not None:
        click.echo(f"문제: {verdict.problem}", err=True)
        raise SystemExit(1)
    click.echo("이상 없음")
