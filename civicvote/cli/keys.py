"""`civicvote keys`: the ceremony in which a vote's key is made, split, put together again, and destroyed.

Runs on an offline machine and needs neither the database nor Flask, but for `destroy`, which is for the server.
"""

import os
import re
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
    say(msg("나누기 전의 열쇠 파일을 civicvote keys wipe로 지우십시오: %(path)s", path=key_file))


SHEETS = click.argument(
    "shares", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="[SHARE]..."
)
ASK = click.option("--ask", is_flag=True, help="조각의 낱말을 파일에서 읽지 않고 화면에서 차례로 입력받습니다.")


@keys.command()
@SHEETS
@ASK
@click.option("--vote", help="투표 번호. 조각에 머리글이 없을 때만 적습니다.")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="열쇠 파일")
def combine(shares: tuple[Path, ...], *, ask: bool, vote: str | None, out: Path) -> None:
    """조각을 합쳐 열쇠 파일을 만듭니다. 개표만 하려면 civicvote count --share를 쓰십시오."""
    with plain_words():
        texts = sheets(shares, ask=ask)
        named = _named(texts)
        label = named[0] if named else vote
        if label is None or (vote and vote != label):
            raise InvalidError(msg("조각의 투표 번호를 알 수 없거나 적은 번호와 다릅니다. --vote를 확인해 주십시오."))
        secret = vote_keys.combine(map(vote_keys.read_share, texts), named[1] if named else None)
        write_private(out.parent, {out.name: vote_keys.key_file(secret, label)})
    say(msg("투표 %(vote)s의 열쇠를 복원해 %(path)s에 썼습니다.", vote=label, path=out))
    _tell_print(vote_keys.vote_key(secret).public)
    say(msg("개표가 끝나면 이 파일을 civicvote keys wipe로 지우십시오."))


@keys.command()
@SHEETS
@click.option("--ask", is_flag=True, help="보관자 한 사람이 자기 조각의 낱말을 화면에서 입력해 확인합니다.")
@click.option("--public", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="public.json 파일")
def verify(shares: tuple[Path, ...], *, ask: bool, public: Path | None) -> None:
    """조각이 맞게 적혔는지, 모이면 투표의 열쇠가 되는지 확인합니다. 열쇠를 쓰지도 남기지도 않습니다."""
    with plain_words():
        texts = sheets(shares, ask=ask, most=1)
        wanted = vote_keys.read_public_file(read_text(public)) if public else _named(texts)
        named = _named(texts)
        if wanted and named and named != wanted:
            raise InvalidError(msg("이 조각들은 %(vote)s 투표의 것이 아닙니다.", vote=wanted[0]))
        words = [vote_keys.read_share(text) for text in texts]
        found = [vote_keys.check_share(one) for one in words]
        for one in found:
            say(msg("조각 %(number)s번: 낱말이 모두 맞습니다.", number=one.number))
        if len({one.split for one in found}) > 1:
            raise InvalidError(msg("따로 나눈 조각들이 섞였습니다. 같은 날 함께 만든 조각만 모아 주십시오."))
        needed = found[0].threshold
        if len({one.number for one in found}) < needed:
            say(msg("열쇠를 만들려면 조각 %(needed)s개가 필요합니다. 여기까지는 이상이 없습니다.", needed=needed))
            return
        made = vote_keys.vote_key(vote_keys.combine(words, wanted[1] if wanted else None)).public
    if wanted:
        say(msg("모인 조각으로 투표 %(vote)s의 열쇠를 만들 수 있습니다.", vote=wanted[0]))
    else:
        say(msg("모인 조각으로 열쇠를 만들 수 있습니다. 확인값을 투표 공고의 값과 비교하십시오."))
    _tell_print(made)


@keys.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE..."
)
@click.option("--yes", is_flag=True, help="묻지 않고 지웁니다.")
def wipe(files: tuple[Path, ...], *, yes: bool) -> None:
    """열쇠 파일과 조각 파일을 덮어쓴 뒤 지웁니다. 다른 파일은 건드리지 않습니다."""
    with plain_words():
        for path in files:
            _check_secret(path)
        if not yes:
            click.confirm(str(msg("파일 %(n)s개를 되살릴 수 없게 지웁니다. 계속할까요?", n=len(files))), abort=True)
        for path in files:
            with path.open("r+b", buffering=0) as file:
                file.write(bytes(path.stat().st_size))
                os.fsync(file.fileno())
            path.unlink()
            say(msg("지웠습니다: %(path)s", path=path))
    say(msg("이동식 저장장치나 백업에 옮겨 둔 사본이 있으면 그것도 지우십시오."))


@keys.command()
def destroy() -> None:
    """두 담당자가 화면에서 폐기를 확인한 열쇠가 이 서버에 남아 있으면 지웁니다. 한 사람만 확인한 열쇠는 그대로 둡니다."""
    from civicvote import db
    from civicvote.domain.permissions import SYSTEM
    from civicvote.services.counting import custody
    from civicvote.settings import Settings

    settings = Settings()
    with plain_words(), db.opened(settings.url) as database, database.transaction() as session:
        gone = custody.sweep(session, SYSTEM, keys=settings.keystore)
    for vote, key in gone:
        say(msg("투표 %(vote)s의 %(key)s 파일을 지웠습니다.", vote=vote, key=custody.LABELS[key]))
    if not gone:
        say(msg("지울 열쇠가 없습니다. 폐기는 담당자 두 사람이 「열쇠 폐기」 화면에서 따로 확인해야 이루어집니다."))


def sheets(shares: Sequence[Path], *, ask: bool, most: int = vote_keys.MOST_SHARES) -> list[str]:
    """The texts of share sheets: of files, or typed at the prompt until there are enough. InvalidError without any."""
    texts = [read_text(share) for share in shares]
    if ask:
        texts += _typed(most)
    if not texts:
        raise InvalidError(msg("조각 파일을 적거나 --ask로 낱말을 입력해 주십시오."))
    return texts


def _typed(most: int) -> list[str]:
    """Ask holder after holder for their words, each checked at once: as many as the first share needs, at most `most`."""
    texts: list[str] = []
    known: dict[int, vote_keys.Found] = {}
    needed = 1
    while len(known) < min(needed, most):
        say(msg("조각 %(n)s: 낱말 33개를 적어 주십시오. 낱말마다 앞 네 글자만 적어도 됩니다.", n=len(known) + 1))
        words: list[str] = []
        while len(words) < vote_keys.SHARE_WORDS:
            line = click.prompt(str(msg("  %(n)s번째부터", n=len(words) + 1)), default="", show_default=False)
            words += [vote_keys.complete(word) for word in re.findall(r"[A-Za-z]+", line)]
            if not line.strip():
                break
        try:
            found = vote_keys.check_share(words)
        except InvalidError as error:
            say(error.message)
            if not click.confirm(str(msg("다시 적을까요?")), default=True):
                raise
            continue
        if found.number in known:
            say(msg("이미 적은 조각입니다."))
            continue
        known[found.number], needed = found, found.threshold
        texts.append(" ".join(words))
        click.clear()  # nobody reads the last holder's words over the next one's shoulder
        say(msg("조각 %(n)s번을 받았습니다.", n=found.number))
    return texts


def _check_secret(path: Path) -> None:
    """InvalidError unless the file is a key or a share: `wipe` must not be one for anything else."""
    text = read_text(path)
    try:
        vote_keys.read_key_file(text)
    except InvalidError:
        if vote_keys.share_vote(text) is None:
            raise InvalidError(msg("열쇠 파일도 조각 파일도 아니어서 지우지 않습니다: %(path)s", path=path)) from None


def load_secret(vote: str, public: bytes, key: Path | None, shares: Sequence[Path], *, ask: bool = False) -> bytes:
    """The vote's secret key from one key file or from share sheets; InvalidError when it belongs to another vote.

    `ask`: the words of shares are typed.
    """
    if (key is None) == (not shares and not ask):
        raise InvalidError(msg("열쇠 파일(--key) 하나나 조각(--share, --ask) 여러 개 가운데 한 가지를 적어 주십시오."))
    if key is None:
        texts = sheets(shares, ask=ask)
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
    _tell_print(public)
    say(msg("참석자 모두가 이 값을 소리 내어 읽고, 투표 공고의 값과 같은지 확인합니다."))


def _tell_print(public: bytes) -> None:
    say(msg("공개키 확인값: %(value)s", value=vote_keys.fingerprint(public)))
    words = vote_keys.spoken(public)
    for row in range(0, len(words), 4):
        click.echo("  " + " ".join(words[row : row + 4]))


def _tell_shares() -> None:
    say(msg("1. 조각마다 한 장씩 인쇄하고, 보관자가 자기 조각을 civicvote keys verify --ask로 옮겨 적어 확인합니다."))
    say(msg("2. 봉투에 넣고 봉인한 뒤 보관자와 입회인이 서명합니다."))
    say(msg("3. 조각 파일을 civicvote keys wipe로 모두 지우고, 인쇄기의 저장 내용도 지웁니다."))
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
