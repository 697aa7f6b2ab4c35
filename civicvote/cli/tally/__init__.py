"""`civicvote tally FILE…`: count elections, without a database and without any other part of the platform."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from civicvote.cli.elections import located, read, refuse
from civicvote.cli.tally import show, side
from civicvote.cli.tally.asked import DECLARED, Asked, rule_of
from civicvote.cli.tally.certificates import certified, verified
from civicvote.cli.tally.data import as_data, figures
from civicvote.cli.tally.electorates import together
from civicvote.cli.words import LANGUAGES, Words, words
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.pabulib import Notice, PabulibError, PabulibFile, election, report
from civicvote.domain.tally import Completion, Election, Method, Outcome, Utility
from civicvote.domain.tally import tally as count

METHODS = [*(method.value for method in Method), DECLARED]


@dataclass(frozen=True, slots=True)
class Source:
    """What is counted: a file, or several electorates together."""

    name: str
    contest: Election
    file: PabulibFile | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """One count. `declared`: its own rule was asked for."""

    source: Source
    outcome: Outcome
    declared: bool = False
    notices: tuple[Notice, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done with the counts."""

    electorates: tuple[str, ...]
    lang: str
    certificate: Path | None
    proof: Path | None
    explained: bool
    compared: bool
    as_json: bool


@click.command("tally")
@click.argument("paths", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
@click.option("--rule", "rules", type=click.Choice(METHODS), multiple=True, default=["greedy"],
              show_default=True, help="집계 규칙. declared는 파일이 밝힌 규칙과 최소 득표를 따릅니다. 여러 번 쓸 수 있습니다.")  # fmt: skip
@click.option("--utility", type=click.Choice([u.value for u in Utility]),
              help="균등분배의 효용. 기본: 찬성 투표는 cost, 점수 투표는 cardinality.")  # fmt: skip
@click.option("--completion", type=click.Choice([c.value for c in Completion]),
              help="균등분배가 남긴 돈을 쓰는 방법. 기본: none.")  # fmt: skip
@click.option("--step", help="add1에서 한 번에 한 사람 몫에 더하는 금액. 기본: 1.")
@click.option("--exhaustive-stop/--no-exhaustive-stop", "exhaustive_stop", default=None,
              help="add1에서 더 넣을 사업이 없으면 멈출지. 기본: 멈춤.")  # fmt: skip
@click.option("--comparison", is_flag=True, help="득표순 결과가 더 많은 투표자에게 나으면 그 결과를 채택합니다.")
@click.option("--threshold", metavar="N|N%", help="최소 득표(점수) 또는 투표자 대비 최소 지지율.")
@click.option("--quorum", type=click.IntRange(min=0), help="최소 투표자 수. 미치지 못하면 투표가 성립하지 않습니다.")
@click.option("--cap", multiple=True, metavar="열=값:상한",
              help="묶음의 상한. category=공원:2는 두 건, district:1은 구마다 한 건, category=공원:500000원은 금액.")  # fmt: skip
@click.option("--lock", multiple=True, metavar="ID", help="투표와 관계없이 먼저 넣을 사업. 여러 번 쓸 수 있습니다.")
@click.option("--exclude", multiple=True, metavar="ID", help="집계에서 제외할 사업. 여러 번 쓸 수 있습니다.")
@click.option("--conflict", multiple=True, metavar="A,B", help="함께 시행할 수 없는 사업들. 여러 번 쓸 수 있습니다.")
@click.option("--tie", help="동점 순서: id, number, votes, cost, cost-desc, lot. 쉼표로 이어 씁니다. 기본: id.")
@click.option("--lot", metavar="A,B,…|@FILE|seed:TEXT", help="추첨 순서: 사업 목록, 목록 파일, 또는 씨앗값.")
@click.option("--electorate", "electorates", multiple=True, metavar="FILE=WEIGHT",
              help="선거인단과 비중. 여러 번 써서 합쳐 셉니다. 예: --electorate 위원.pb=45 --electorate 온라인.pb=45")  # fmt: skip
@click.option("--explain", "explained", is_flag=True, help="사업마다 이유와, 무엇이 달랐다면 바뀌었을지 보입니다.")
@click.option("--certificate", type=click.Path(path_type=Path, dir_okay=False), metavar="OUT.json",
              help="덧셈만으로 확인할 수 있는 증명서를 씁니다.")  # fmt: skip
@click.option("--verify", "proof", type=click.Path(path_type=Path, dir_okay=False), metavar="CERT.json",
              help="파일의 투표지로 증명서를 확인합니다.")  # fmt: skip
@click.option("--compare", "compared", is_flag=True, help="여러 파일이나 규칙의 결과를 나란히 보입니다.")
@click.option("--json", "as_json", is_flag=True, help="JSON으로 출력합니다.")
@click.option("--lang", type=click.Choice(LANGUAGES), default="ko", envvar="CIVICVOTE_LANG", help="출력 언어.")
def tally(paths: tuple[Path, ...], rules: tuple[str, ...], **options: Any) -> None:
    """선거 파일(.pb, .json, CSV 폴더)을 집계합니다."""
    wanted = Wanted(**{name: options.pop(name) for name in Wanted.__slots__})
    say = words(wanted.lang)
    sources = list(_sources(paths, wanted.electorates, say))
    if wanted.proof is not None:
        _verify(sources, wanted.proof, say, as_json=wanted.as_json)
        return
    asked = Asked(**options)
    counted = [_count(source, rule, asked, say) for source in sources for rule in rules]
    if wanted.certificate is not None:
        with _plainly(str(wanted.certificate), say):
            certified(wanted.certificate, [(one.source.contest, one.outcome) for one in counted])
    if not wanted.as_json:
        _notices(counted, say)
    if wanted.compared:
        _compare(counted, say, as_json=wanted.as_json)
    elif wanted.as_json:
        data = [_data(one, explained=wanted.explained, several=len(counted) > 1) for one in counted]
        click.echo(json.dumps(data[0] if len(data) == 1 else data, ensure_ascii=False))
    else:
        _show(counted, say, explained=wanted.explained)


@contextmanager
def _plainly(name: str, say: Words) -> Iterator[None]:
    """What is wrong is said in one line, with the file's name in front; exit code 2."""
    try:
        yield
    except PabulibError as error:
        refuse(f"{located(name, error)}: {say(error.reason)}")
    except InvalidError as error:
        refuse(f"{name}: {say(error.message)}")
    except OSError as error:
        refuse(f"{name}: {error.strerror}")


def _sources(paths: tuple[Path, ...], electorates: tuple[str, ...], say: Words) -> Iterator[Source]:
    if bool(paths) == bool(electorates):
        refuse(say(msg("집계할 파일을 적거나, --electorate로 선거인단을 적어 주십시오.")))
    for path in paths:
        with _plainly(str(path), say):
            file = read(path)
            contest = election(file)
        yield Source(str(path), contest, file)
    if electorates:
        with _plainly("--electorate", say):
            contest = together(electorates)
        yield Source(" + ".join(electorates), contest)


def _count(source: Source, rule_name: str, asked: Asked, say: Words) -> Counted:
    with _plainly(source.name, say):
        rule, notices = rule_of(rule_name, asked, source.contest, source.file)
        outcome = count(source.contest, rule)
    return Counted(source, outcome, rule_name == DECLARED, notices)


def _verify(sources: list[Source], proof: Path, say: Words, *, as_json: bool) -> None:
    if len(sources) != 1:
        refuse(say(msg("증명서는 파일 하나로 확인합니다.")))
    with _plainly(str(proof), say):
        verified(proof, sources[0].contest)
    text = say(msg("증명서가 이 파일의 투표지와 맞습니다."))
    click.echo(json.dumps({"verified": True}) if as_json else text)


def _notices(counted: list[Counted], say: Words) -> None:
    """What is odd, once per file, on stderr."""
    seen: set[str] = set()
    for one in counted:
        source = one.source
        if source.file is None or source.name in seen:
            continue
        seen.add(source.name)
        for notice in [*report(source.file, recount=False, contest=source.contest), *one.notices]:
            where = f"{source.name}:{notice.line}" if notice.line else source.name
            click.echo(f"{where}: {say(notice.message)}", err=True)


def _compare(counted: list[Counted], say: Words, *, as_json: bool) -> None:
    columns = [side.Column(one.source.name, one.source.contest, one.outcome) for one in counted]
    if as_json:
        click.echo(json.dumps(side.as_table(columns), ensure_ascii=False))
    else:
        for line in side.lines(columns, say):
            click.echo(line)


def _data(one: Counted, *, explained: bool, several: bool) -> dict[str, Any]:
    data = as_data(one.outcome, one.source.file if one.declared else None)
    if several:
        data = {"file": one.source.name, **data}
    if explained:
        told = show.reasons(one.source.contest, one.outcome)
        data["explanation"] = {project: figures(why) for project, why in told.items()}
    return data


def _show(counted: list[Counted], say: Words, *, explained: bool) -> None:
    for place, one in enumerate(counted):
        if len(counted) > 1:
            click.echo(("\n" if place else "") + one.source.name)
        told = show.reasons(one.source.contest, one.outcome) if explained else None
        for line in show.lines(one.outcome, one.source.contest, say, told):
            click.echo(line)
