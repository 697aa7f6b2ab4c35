"""`civicvote tally FILE.pb`: count a file, without a database and without any other part of the platform."""

import json
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

import click

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.pabulib import MAX_BYTES, Notice, PabulibError, PabulibFile, declared, election, parse, report
from civicvote.domain.pabulib.convert import written
from civicvote.domain.pabulib.numbers import amount
from civicvote.domain.tally import (
    Amount,
    Completion,
    Election,
    Method,
    Outcome,
    Rule,
    Step,
    Tie,
    Utility,
    explain,
)
from civicvote.domain.tally import (
    tally as count,
)
from civicvote.domain.tally.explain import grouped

DECLARED = "declared"


@click.command("tally")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--rule", "rule_name", type=click.Choice([*(m.value for m in Method), DECLARED]), default="greedy",
              show_default=True, help="집계 규칙. declared는 파일이 밝힌 규칙과 최소 득표를 따릅니다.")  # fmt: skip
@click.option("--utility", type=click.Choice([u.value for u in Utility]),
              help="균등배분의 효용. 기본: 찬성 투표는 cost, 점수 투표는 cardinality.")  # fmt: skip
@click.option("--completion", type=click.Choice([c.value for c in Completion]),
              help="균등배분이 남긴 돈을 쓰는 방법. 기본: none.")  # fmt: skip
@click.option("--step", help="add1에서 한 번에 한 사람 몫에 더하는 금액. 기본: 1.")
@click.option("--exhaustive-stop/--no-exhaustive-stop", "exhaustive_stop", default=None,
              help="add1에서 더 넣을 사업이 없으면 멈출지. 기본: 멈춤.")  # fmt: skip
@click.option("--tie", help="동점 순서: id, number, votes, cost, cost-desc. 쉼표로 이어 씁니다. 기본: id.")
@click.option("--threshold", help="최소 득표(점수).")
@click.option("--exclude", multiple=True, metavar="ID", help="집계에서 제외할 사업. 여러 번 쓸 수 있습니다.")
@click.option("--conflict", multiple=True, metavar="A,B", help="함께 시행할 수 없는 사업들. 여러 번 쓸 수 있습니다.")
@click.option("--json", "as_json", is_flag=True, help="JSON으로 출력합니다.")
def tally(path: Path, rule_name: str, *, as_json: bool, **options: Any) -> None:
    """Pabulib 형식의 투표 파일(FILE.pb)을 집계합니다."""
    try:
        file = parse(_read(path))
        contest = election(file)
        rule, notices = _rule(file, contest, rule_name, options)
        outcome = count(contest, rule)
    except PabulibError as error:
        _fail(f"{path}:{error.line}: {error.reason}")
    except InvalidError as error:
        _fail(f"{path}: {error.message}")
    if as_json:
        click.echo(json.dumps(as_data(outcome, file if rule_name == DECLARED else None), ensure_ascii=False))
        return
    for notice in [*report(file, recount=False), *notices]:
        where = f"{path}:{notice.line}" if notice.line else str(path)
        click.echo(f"{where}: {notice.message}", err=True)
    _print(outcome, contest)


def _fail(line: str) -> NoReturn:
    """One line on stderr, exit code 2."""
    click.echo(" ".join(line.split()), err=True)
    sys.exit(2)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PabulibError(1, msg("파일이 너무 큽니다. (최대 %(size)s MB)", size=MAX_BYTES // 1024**2))
        return path.read_bytes()
    except FileNotFoundError:
        raise InvalidError(msg("파일이 없습니다.")) from None
    except OSError as error:
        raise InvalidError(msg("파일을 읽을 수 없습니다. (%(why)s)", why=error.strerror or "")) from None


def _rule(file: PabulibFile, contest: Election, name: str, options: dict[str, Any]) -> tuple[Rule, tuple[Notice, ...]]:
    """The rule asked for: the file's own or a named one, with what the options say on top."""
    notices: tuple[Notice, ...] = ()
    if name == DECLARED:
        said = declared(file)
        rule, notices = said.rule, said.notices
    else:
        rule = Rule(Method(name), utility=Utility.usual(contest))
    if options["utility"]:
        rule = replace(rule, utility=Utility(options["utility"]))
    if options["completion"]:
        rule = replace(rule, completion=Completion(options["completion"]))
    if options["step"] is not None:
        rule = replace(rule, step=_amount(options["step"], "--step"))
    if options["threshold"] is not None:
        rule = replace(rule, threshold=_amount(options["threshold"], "--threshold"))
    if options["exhaustive_stop"] is not None:
        rule = replace(rule, exhaustive_stop=options["exhaustive_stop"])
    if options["tie"]:
        rule = replace(rule, tie=Tie.parse(options["tie"]))
    conflicts = tuple(frozenset(map(str.strip, text.split(","))) for text in options["conflict"])
    excluded = rule.withdrawn | frozenset(options["exclude"])
    return replace(rule, withdrawn=excluded, exclusive=(*rule.exclusive, *conflicts)), notices


def _amount(text: str, name: str) -> Amount:
    try:
        return amount(text, 0, name)
    except PabulibError as error:
        raise InvalidError(error.reason) from None


def as_data(outcome: Outcome, file: PabulibFile | None = None) -> dict[str, Any]:
    """The outcome as JSON values. `file` is given where its own rule was taken."""
    rule = outcome.rule
    shares = rule.method is Method.EQUAL_SHARES
    completion = rule.completion if shares else Completion.NONE
    data: dict[str, Any] = {"rule": rule.name, "completion": completion.value}
    if file is not None:
        data["declared"] = file.meta.get("rule", "")
    data |= {
        "budget": _value(outcome.budget),
        "selected": list(outcome.selected),
        "spent": _value(outcome.spent),
        "rejected": [
            {"id": reason.project, "reason": reason.code.value, **{k: _value(v) for k, v in reason.facts.items()}}
            for reason in outcome.rejected
        ],
        "voters": outcome.voters,
        "threshold": _value(rule.threshold),
        "tie": "recorded" if file is not None and rule.tie.lot else str(rule.tie),
        "ties": [list(pair) for pair in outcome.ties],
    }
    if shares:
        data |= {
            "utility": rule.utility.value,
            "step": _value(rule.step),
            "exhaustive_stop": rule.exhaustive_stop,
            "endowment": str(outcome.endowment),
            "rounds": outcome.rounds,
            "greedy_adopted": outcome.adopted,
        }
    data["steps"] = [_step(step) for step in outcome.steps]
    return data


def _step(step: Step) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": step.project,
        "cost": _value(step.cost),
        "votes": step.votes,
        "score": _value(step.score),
        "paid": _value(step.paid),
        "left": _value(step.left),
    }
    return data | ({"price": str(step.price), "emptied": step.emptied} if step.price is not None else {})


def _value(value: Amount | str | None) -> int | float | str | None:
    """Numbers as JSON writes them; decimals keep their digits."""
    if not isinstance(value, int | Fraction):
        return value
    return int(value) if value == int(value) else float(written(value))


def _print(outcome: Outcome, contest: Election) -> None:
    names = {project.id: project.name for project in contest.projects}
    click.echo(f"규칙 {outcome.rule.name} · 예산 {grouped(outcome.budget)} · 투표자 {outcome.voters:,}명")
    click.echo(f"선정 {len(outcome.steps)}건, 사업비 합 {grouped(outcome.spent)}")
    for place, step in enumerate(outcome.steps, 1):
        click.echo(
            f"{place:>4}. [{step.project}] {names[step.project]} — {grouped(step.cost)} · {grouped(step.score)}표"
        )
    click.echo(f"선정되지 않음 {len(outcome.rejected)}건")
    for reason in outcome.rejected:
        click.echo(f"   -  [{reason.project}] {names[reason.project]} — {explain(reason)}")


if __name__ == "__main__":
    tally()
