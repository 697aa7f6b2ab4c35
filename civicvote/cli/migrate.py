"""`civicvote migrate`: bring the database to this version."""

import click

from civicvote import db, migrations
from civicvote.settings import Settings


@click.command()
def migrate() -> None:
    """데이터베이스를 이 버전에 맞춘다."""
    settings = Settings()
    settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = db.make_engine(settings.url)
    before = migrations.current(engine)
    migrations.upgrade(engine)
    after = migrations.current(engine)
    click.echo("이미 최신입니다." if before == after else f"{before or '빈 데이터베이스'} → {after}")
