"""Counts as lines for people."""

import unicodedata
from collections.abc import Iterator, Mapping
from fractions import Fraction

from civicvote.cli.words import Words
from civicvote.domain.messages import Message, msg
from civicvote.domain.tally import Amount, Election, Method, Outcome, explain, explain_step
from civicvote.domain.tally.electorates import Combined
from civicvote.domain.tally.explain import grouped
from civicvote.domain.tally.why import Why, proved
from civicvote.domain.tally.why.sentences import figures

MOST_WORK = 500_000_000
"""Picks read to prove every figure by counting again; beyond this the figures stand as computed (`confirmed` false)."""
_PHRAGMEN = {Method.PHRAGMEN, Method.PHRAGMEN_SKIP}


def title(outcome: Outcome) -> str:
    """A rule's name with what belongs to it."""
    rule = outcome.rule
    if rule.method is not Method.EQUAL_SHARES:
        return rule.name
    parts = [rule.name, rule.utility.value, "" if rule.completion.value == "none" else rule.completion.value]
    return " ".join(filter(None, [*parts, "comparison" if rule.comparison else ""]))


def lines(outcome: Outcome, contest: Election, say: Words, told: Mapping[str, Why] | None = None) -> Iterator[str]:
    """The outcome; with `told`, each project's reason in full."""
    names = {project.id: f"[{project.id}] {project.name}".rstrip() for project in contest.projects}
    facts = {"rule": title(outcome), "budget": grouped(outcome.budget), "voters": f"{outcome.voters:,}"}
    yield say(Message(msg("규칙 %(rule)s · 예산 %(budget)s · 투표자 %(voters)s명").text, facts))
    if outcome.void:
        yield say(msg("최소 투표자 수에 미치지 못해 투표가 성립하지 않았습니다."))
    if outcome.adopted:
        yield say(msg("더 많은 투표자가 득표순 결과에서 더 많은 사업을 얻어, 득표순 결과를 채택했습니다."))
    yield say(msg("선정 %(n)s건, 사업비 합 %(spent)s", n=len(outcome.steps), spent=grouped(outcome.spent)))
    for place, step in enumerate(outcome.steps, 1):
        votes = standing(contest, step.score, say)
        yield f"{place:>4}. {names[step.project]} — {grouped(step.cost)} · {votes}"
        if told is not None:
            load = outcome.rule.method in _PHRAGMEN and not outcome.adopted
            for line in (explain_step(step, place, load=load), *figures(told[step.project])):
                yield f"      {say(line)}"
    yield say(msg("선정되지 않음 %(n)s건", n=len(outcome.rejected)))
    for reason in outcome.rejected:
        yield f"   -  {names[reason.project]} — {say(explain(reason))}"
        for line in figures(told[reason.project], name=names.__getitem__) if told is not None else ():
            yield f"      {say(line)}"
    for winner, loser in outcome.ties:
        yield say(
            msg("%(winner)s, %(loser)s: 동점이어서 동점 기준으로 정했습니다.", winner=names[winner], loser=names[loser])
        )


def standing(contest: Election, score: Amount, say: Words) -> str:
    """Votes or points; of several electorates together, their weighted share."""
    if isinstance(contest, Combined):
        return f"{percent(Fraction(score))}%"
    if contest.scored:
        return say(msg("%(points)s점", points=grouped(score)))
    return say(msg("%(votes)s표", votes=grouped(score)))


def reasons(contest: Election, outcome: Outcome) -> dict[str, Why]:
    """What would have changed each project's lot; proved by counting again where that does not take long."""
    return proved(contest, outcome, most_work=MOST_WORK)


def percent(share: float | Fraction) -> str:
    """`0.4196` → `42.0`; what is not whole is never shown as 100.0."""
    shown = round(float(share) * 100, 1)
    return f"{min(shown, 99.9) if share < 1 else shown:.1f}"


def wide(text: str) -> int:
    """Columns a terminal gives a text: Hangul takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else not unicodedata.combining(char) for char in text)


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Filled up, or cut, to `width` columns."""
    while wide(text) > width:
        text = text[:-2] + "…"
    blank = " " * (width - wide(text))
    return blank + text if right else text + blank
