"""`civicvote keys`: the ceremony in which a vote's key is made, split, and put together again.

Runs on an offline machine: needs neither the database nor Flask.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import combinations, islice
from pathlib import Path

import click

from civicvote.domain.ballots import keys as vote_keys
from civicvote.domain.errors import DomainError, InvalidError
from civicvote.domain.messages import Message, msg

COMBINATIONS_TRIED = 20


@click.group()
def keys() -> None:
    """투표 열쇠를 만들고 나누고 합칩니다."""


@keys.command()
@click.option("--vote", required=True, help="투표 번호. 투표안건 화면에 나옵니다.")
@click.option("--shares", metavar="K/N", help="N개 조각으로 나누고 그중 K개로 복원합니다. 예: 3/5")
@click.option("--holder", "holders", multiple=True, help="조각 보관자. N번 적습니다. 3/5의 기본값이 있습니다.")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="파일을 둘 폴더")
def make(vote: str, shares: str | None, holders: tuple[str, ...], out: Path) -> None:
    """새 투표 열쇠를 만듭니다. --shares가 없으면 열쇠 파일 하나(1/1)를 만듭니다."""
    with plain_words():
        pair = vote_keys.new_vote_key()
        files = {f"{vote}.public.json": vote_keys.public_file(pair.public, vote)}
        if shares:
            files |= _share_files(pair.secret, vote, shares, holders)
        else:
            files[f"{vote}.key.json"] = vote_keys.key_file(pair.secret, vote)
        write_private(out, files)
    _tell_made(vote, pair.public, out, list(files))
    if shares:
        _tell_shares()
    else:
        say(
            msg(
                "이 열쇠 파일 하나로 모든 표를 열 수 있습니다. 시연이나 작은 투표에만 쓰고, 투표 화면에도 이 사실을 밝힙니다."
            )
        )


@keys.command()
@click.argument("key_file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--shares", metavar="K/N", default="3/5", show_default=True)
@click.option("--holder", "holders", multiple=True, help="조각 보관자. N번 적습니다. 3/5의 기본값이 있습니다.")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="파일을 둘 폴더")
def split(key_file: Path, shares: str, holders: tuple[str, ...], out: Path) -> None:
    """열쇠 파일을 여러 조각으로 나눕니다."""
    with plain_words():
        vote, pair = vote_keys.read_key_file(read_text(key_file))
        files = _share_files(pair.secret, vote, shares, holders)
        write_private(out, files)
    _tell_made(vote, pair.public, out, list(files))
    _tell_shares()
    say(msg("나누기 전의 열쇠 파일을 지우십시오: %(path)s", path=key_file))


@keys.command()
@click.argument(
    "shares", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="SHARE..."
)
@click.option("--vote", help="투표 번호. 조각에 머리글이 없을 때만 적습니다.")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="열쇠 파일")
def combine(shares: tuple[Path, ...], vote: str | None, out: Path) -> None:
    """조각을 합쳐 열쇠 파일을 만듭니다. 개표만 하려면 civicvote count --share를 쓰십시오."""
    with plain_words():
        texts = [read_text(share) for share in shares]
        named = _named(texts)
        label = named[0] if named else vote
        if label is None or (vote and vote != label):
            raise InvalidError(msg("조각의 투표 번호를 알 수 없거나 적은 번호와 다릅니다. --vote를 확인해 주십시오."))
        secret = vote_keys.combine(map(vote_keys.read_share, texts), named[1] if named else None)
        write_private(out.parent, {out.name: vote_keys.key_file(secret, label)})
    say(msg("투표 %(vote)s의 열쇠를 복원해 %(path)s에 썼습니다.", vote=label, path=out))
    say(msg("공개키 확인값: %(value)s", value=vote_keys.fingerprint(vote_keys.vote_key(secret).public)))
    say(msg("개표가 끝나면 이 파일을 지우십시오."))


def load_secret(vote: str, public: bytes, key: Path | None, shares: Sequence[Path]) -> bytes:
    """The vote's secret key from one key file or from share sheets; InvalidError when it belongs to another vote."""
    if (key is None) == (not shares):
        raise InvalidError(msg("열쇠 파일(--key) 하나나 조각(--share) 여러 개 가운데 한 가지를 적어 주십시오."))
    if key is None:
        texts = [read_text(share) for share in shares]
        _named(texts)
        return vote_keys.combine(map(vote_keys.read_share, texts), public)
    label, pair = vote_keys.read_key_file(read_text(key))
    if label != vote or pair.public != public:
        raise InvalidError(
            msg("이 열쇠 파일은 투표 %(label)s의 것입니다. 개표할 투표는 %(vote)s입니다.", label=label, vote=vote)
        )
    return pair.secret


def _named(texts: Sequence[str]) -> tuple[str, bytes] | None:
    found = {named for named in map(vote_keys.share_vote, texts) if named}
    if len(found) > 1:
        raise InvalidError(msg("서로 다른 투표의 조각이 섞였습니다."))
    return next(iter(found), None)


def _share_files(secret: bytes, vote: str, shares: str, holders: Sequence[str]) -> dict[str, str]:
    try:
        threshold, count = map(int, shares.split("/"))
    except ValueError:
        raise InvalidError(msg("--shares는 3/5처럼 적어 주십시오.")) from None
    names = holders or (vote_keys.HOLDERS if count == len(vote_keys.HOLDERS) else [])
    if len(names) != count:
        raise InvalidError(msg("보관자 %(count)s명의 이름을 --holder로 적어 주십시오.", count=count))
    made = vote_keys.split(secret, vote, threshold, names)
    for some in islice(combinations(made, threshold), COMBINATIONS_TRIED):
        if vote_keys.combine(share.words for share in some) != secret:
            raise InvalidError(msg("조각을 시험 삼아 합쳤으나 열쇠가 나오지 않았습니다. 다시 만들어 주십시오."))
    return {f"{vote}.share-{share.number}.txt": vote_keys.share_file(share) for share in made}


def _tell_made(vote: str, public: bytes, out: Path, names: Sequence[str]) -> None:
    say(msg("투표 %(vote)s의 열쇠를 %(out)s에 만들었습니다.", vote=vote, out=out))
    for name in names:
        click.echo(f"  {name}")
    say(msg("공개키 확인값: %(value)s", value=vote_keys.fingerprint(public)))
    say(msg("참석자 모두가 이 값을 소리 내어 읽고, 투표 공고의 값과 같은지 확인합니다."))


def _tell_shares() -> None:
    say(msg("1. 조각마다 한 장씩 인쇄하여 보관자가 낱말 33개를 확인합니다."))
    say(msg("2. 봉투에 넣고 봉인한 뒤 보관자와 입회인이 서명합니다."))
    say(msg("3. 조각 파일을 모두 지우고, 인쇄기의 저장 내용도 지웁니다."))
    say(msg("4. 공개키 파일(public.json)만 서버의 열쇠 폴더 아래 offered 폴더에 넣습니다."))


def say(message: Message) -> None:
    """One line for the person at the machine."""
    click.echo(str(message))


@contextmanager
def plain_words() -> Iterator[None]:
    """A refusal of the domain, or of the file system, becomes one line on standard error and exit status 1."""
    try:
        yield
    except DomainError as error:
        raise click.ClickException(str(error.message)) from error
    except FileExistsError as error:
        text = msg("이미 있는 파일은 덮어쓰지 않습니다: %(path)s", path=error.filename)
        raise click.ClickException(str(text)) from error
    except OSError as error:
        text = msg("파일을 읽거나 쓸 수 없습니다: %(path)s (%(why)s)", path=error.filename, why=error.strerror)
        raise click.ClickException(str(text)) from error


def read_text(path: Path) -> str:
    """A small text file; InvalidError when it isn't UTF-8."""
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidError(msg("글자로 된 파일이 아닙니다: %(path)s", path=path)) from error


def write_private(folder: Path, files: dict[str, str]) -> None:
    """Write all of `files` with mode 0600 into `folder` (made with 0700), or none: an existing one is never replaced."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in files:
        if (folder / name).exists():
            raise FileExistsError(17, "exists", str(folder / name))
    for name, text in files.items():
        handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
