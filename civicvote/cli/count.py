"""`civicvote count`: open the counted ballots of a vote, on a machine without network, database or Flask."""

import json
from pathlib import Path

import click

from civicvote.cli.keys import load_secret, plain_words, read_text, say, write_private
from civicvote.domain.ballots import counting
from civicvote.domain.ballots.encoding import canonical, unhex
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("export", type=FILE)
@click.option("--key", type=FILE, help="열쇠 파일 (1/1)")
@click.option("--share", "shares", type=FILE, multiple=True, help="열쇠 조각. 필요한 수만큼 되풀이해 적습니다.")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="열어 본 표를 쓸 파일")
def count(export: Path, key: Path | None, shares: tuple[Path, ...], out: Path) -> None:
    """개표용 파일 EXPORT의 표를 열어 --out 파일에 씁니다. 누구의 표인지는 알 수 없습니다."""
    with plain_words():
        try:
            body = json.loads(read_text(export))
        except (ValueError, RecursionError):
            raise InvalidError(msg("개표용 파일을 읽을 수 없습니다: %(path)s", path=export)) from None
        notice, counted = counting.read_export(body)
        secret = load_secret(notice["vote"], unhex(notice["keys"]["vote"], 32), key, shares)
        opened = counting.open_ballots([sealed for _, sealed in counted], secret, notice)
        write_private(out.parent, {out.name: canonical(opened.document()).decode()})
    say(msg("투표 %(vote)s (%(title)s)", vote=notice["vote"], title=notice["title"]))
    say(msg("집계 대상 %(n)s표, 게시판의 집계 목록 값과 비교하십시오:", n=len(counted)))
    click.echo(f"  {counting.counted_digest(counted)}")
    say(msg("유효 %(valid)s표, 무효 %(bad)s표", valid=len(opened.ballots), bad=opened.total - len(opened.ballots)))
    for reason, n in opened.reasons().items():
        say(msg("  %(reason)s: %(n)s표", reason=counting.REASONS[reason], n=n))
    say(msg("결과 파일 %(path)s의 값을 적어 두고, 올린 뒤 화면의 값과 비교하십시오:", path=out))
    click.echo(f"  {counting.plaintexts_digest(opened)}")
