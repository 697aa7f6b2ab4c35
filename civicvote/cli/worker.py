"""`civicvote worker` and `civicvote tick`: what time brings, letters, the board's sequence, counts."""

import click

from civicvote import jobs
from civicvote.app import create_app
from civicvote.settings import Settings


@click.command()
@click.option("--every", default=3.0, show_default=True, help="초 단위 간격")
def worker(every: float) -> None:
    """시간이 되면 할 일을 계속 처리한다 (알림 발송, 게시판 기록, 감사 사슬, 개표)."""
    settings = Settings()
    jobs.run(create_app(settings), settings, every=every)


@click.command()
def tick() -> None:
    """worker가 하는 일을 한 번만 처리한다. 계속 돌릴 수 없는 곳에서 시간표(cron)로 부른다."""
    settings = Settings()
    failures = jobs.tick(create_app(settings), settings)
    for name, error in failures.items():
        click.echo(f"{name}: {error}", err=True)
    if failures:
        raise SystemExit(1)
