"""`civicvote check`: what is wrong with this deployment, each line with what to do."""

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
from pydantic import ValidationError
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import SQLAlchemyError

from civicvote import db, jobs, migrations
from civicvote.services import health, mail
from civicvote.settings import Settings

Line = tuple[bool, str, str]


def _secrets(settings: Settings) -> Iterator[Line]:
    """Looks only: a key made by the operator's own account would be closed to the server's."""
    folder = settings.keys or settings.instance / "keys"
    files = sorted(folder.glob("*.key")) if folder.is_dir() else []
    open_files = [path.name for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077]
    closed = [path.name for path in files if not os.access(path, os.R_OK)]
    if open_files:
        advice = f"다른 사용자가 읽을 수 있습니다({', '.join(open_files)}). chmod 600을 적용하십시오."
    elif closed:
        advice = f"읽을 수 없는 열쇠가 있습니다({', '.join(closed)}). 서버를 실행하는 사용자의 것으로 바꾸십시오."
    else:
        advice = ""
    yield not advice, f"열쇠 폴더 {folder}" + ("" if files else " (서버가 처음 시작할 때 만듭니다)"), advice
    backed = "데이터베이스와 따로 백업하십시오. 잃으면 본인확인과 투표 영수증을 되살릴 수 없습니다."
    yield True, f"열쇠는 데이터베이스 밖에 있습니다. {backed}", ""


def _transport(settings: Settings) -> Iterator[Line]:
    local = settings.base_url.startswith(("http://127.0.0.1", "http://localhost"))
    yield (
        settings.secure or local,
        f"주소 {settings.base_url}",
        "TLS를 켜고 CIVICVOTE_BASE_URL을 https://로 바꾸십시오.",
    )
    yield (
        not settings.demo or local,
        "체험 모드 꺼짐" if not settings.demo else "체험 모드",
        ("실제 운영에서는 CIVICVOTE_DEMO를 지우십시오. 누구나 본인확인을 흉내 낼 수 있습니다."),
    )


def _database(settings: Settings, engine: Engine) -> Iterator[Line]:
    kind = "SQLite" if settings.url.startswith("sqlite") else "PostgreSQL"
    if kind == "SQLite" and not Path(engine.url.database or "").is_file():
        yield False, "데이터베이스(SQLite) 파일이 없습니다.", "civicvote migrate를 실행하십시오."
        return
    try:
        with engine.connect() as connection:
            connection.execute(select(1))
            skew = 0.0
            if kind == "PostgreSQL":
                theirs = connection.execute(text("SELECT now()")).scalar_one()
                skew = abs((datetime.now(UTC) - theirs).total_seconds())
    except SQLAlchemyError as error:
        yield (
            False,
            f"데이터베이스({kind})에 연결할 수 없습니다: {type(error).__name__}",
            "CIVICVOTE_DATABASE_URL과 서버를 확인하십시오.",
        )
        return
    yield True, f"데이터베이스({kind})에 연결됩니다.", ""
    yield skew < 2, f"데이터베이스와 시계 차이 {skew:.1f}초", "두 서버의 시각 동기화(NTP)를 확인하십시오."
    now, newest = migrations.current(engine), migrations.head()
    yield now == newest, f"표 구조 {now or '없음'}", "civicvote migrate를 실행하십시오."
    if now != newest:
        return
    with db.Database(engine).reading() as session:
        for finding in health.findings(session):
            yield finding.well, str(finding.what), str(finding.advice or "")


def _mail(settings: Settings) -> Iterator[Line]:
    via = jobs.carrier(settings)
    if not isinstance(via, mail.Smtp):
        yield (
            settings.demo,
            f"메일: {settings.mail}",
            "실제 운영에서는 CIVICVOTE_MAIL=smtp와 CIVICVOTE_SMTP_…를 설정하십시오.",
        )
        return
    yield (
        not settings.mail_from.endswith(".invalid"),
        f"보내는 주소 {settings.mail_from}",
        "CIVICVOTE_MAIL_FROM에 실제로 쓰는 주소를 적으십시오.",
    )
    try:
        via.probe()
    except OSError as error:
        yield (
            False,
            f"메일 서버에 연결할 수 없습니다: {type(error).__name__}",
            "CIVICVOTE_SMTP_HOST, PORT, USER, PASSWORD, TLS를 확인하십시오.",
        )
        return
    yield True, "메일 서버가 받습니다.", ""


def _clock() -> Iterator[Line]:
    year = datetime.now(UTC).year
    yield 2024 <= year < 2100, f"시계 {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC", "시각 동기화(NTP)를 켜십시오."


def _files(settings: Settings) -> Iterator[Line]:
    folder: Path = settings.instance
    if not folder.is_dir():
        yield False, f"인스턴스 폴더 {folder}가 없습니다.", "civicvote migrate를 실행하십시오."
        return
    yield os.access(folder, os.W_OK), f"인스턴스 폴더 {folder}", "서버를 실행하는 사용자가 쓸 수 있게 하십시오."


def lines(settings: Settings) -> Iterator[Line]:
    """Every finding: well, what, what to do."""
    engine = db.make_engine(settings.url)
    yield from _files(settings)
    yield from _secrets(settings)
    yield from _transport(settings)
    yield from _clock()
    yield from _database(settings, engine)
    yield from _mail(settings)
    engine.dispose()


@click.command()
def check() -> None:
    """설치 상태를 점검하고, 고칠 것을 한 줄씩 알려 준다."""
    try:
        settings = Settings()
    except ValidationError as error:
        for problem in error.errors():
            click.echo(
                f"✗ CIVICVOTE_{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}", err=True
            )
        raise SystemExit(1) from error
    wrong = 0
    for well, what, advice in lines(settings):
        wrong += not well
        click.echo(f"{'✓' if well else '✗'} {what}" + (f"\n  → {advice}" if not well and advice else ""))
    click.echo("모두 정상입니다." if not wrong else f"고칠 것 {wrong}건")
    if wrong:
        raise SystemExit(1)
