"""`civicvote count`: open the counted ballots of a vote, on a machine without network, database or Flask."""

import json
from pathlib import Path

import click

from civicvote.cli.keys import ASK, load_secret, plain_words, read_text, say, write_private
from civicvote.domain.ballots import counting
from civicvote.domain.ballots.encoding import canonical, unhex
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("export", type=FILE)
@click.option("--key", type=FILE, help="열쇠 파일 (1/1)")
@click.option("--share", "shares", type=FILE, multiple=True, help="열쇠 조각. 필요한 수만큼 되풀이해 적습니다.")
@ASK
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="열어 본 표를 쓸 파일")
def count(export: Path, key: Path | None, shares: tuple[Path, ...], *, ask: bool, out: Path) -> None:
    """개표용 파일 EXPORT의 표를 열어 --out 파일에 씁니다. 누구의 표인지는 알 수 없습니다."""
    with plain_words():
        if out.exists():  # said before three holders have typed their words
            raise FileExistsError(17, "exists", str(out))
        try:
            body = json.loads(read_text(export))
        except (ValueError, RecursionError):
            raise InvalidError(msg("개표용 파일을 읽을 수 없습니다: %(path)s", path=export)) from None
        notice, counted = counting.read_export(body)
        say(msg("투표 %(title)s, 집계 대상 %(n)s표", title=notice["title"], n=len(counted)))
        say(msg("집계 목록의 값이 게시판의 「집계 대상 확정」 줄과 같은지 먼저 확인하십시오:"))
        click.echo(f"  {counting.counted_digest(counted)}")
        secret = load_secret(notice["vote"], unhex(notice["keys"]["vote"], 32), key, shares, ask=ask)
        opened = counting.open_ballots([sealed for _, sealed in counted], secret, notice)
        write_private(out.parent, {out.name: canonical(opened.document()).decode()})
    say(msg("유효 %(valid)s표, 무효 %(bad)s표", valid=len(opened.ballots), bad=opened.total - len(opened.ballots)))
    for reason, n in opened.reasons().items():
        say(msg("  %(reason)s: %(n)s표", reason=counting.REASONS[reason], n=n))
    say(msg("결과 파일 %(path)s의 값입니다. 참석자 모두가 적어 두십시오:", path=out))
    click.echo(f"  {counting.plaintexts_digest(opened)}")
    say(msg("1. 이 파일을 개표 담당자와 승인 담당자에게 따로 건넵니다. 두 사람이 올린 파일이 같아야 공표됩니다."))
    say(msg("2. 공표한 뒤 게시판의 「열어 본 투표지」 줄이 적어 둔 값과 같은지 확인합니다."))
    say(msg("3. 이 컴퓨터의 개표용 파일과 결과 파일을 지우고, 조각은 다시 봉인해 폐기할 때까지 보관합니다."))
