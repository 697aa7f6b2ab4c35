"""What a count is explained with, computed once when it is counted: the pages only read it.

Kept small: a few hundred bytes per project, whatever the number of ballots.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from civicvote.domain import tally
from civicvote.domain.ballots.sealing import Ballot
from civicvote.domain.errors import InvalidError
from civicvote.domain.tally.alternatives import compare_rules
from civicvote.domain.tally.certificate import certificate
from civicvote.domain.tally.fairness import LEAST_CELL, Fairness, fairness, kinds, preferences
from civicvote.domain.tally.values import value
from civicvote.domain.tally.why import Why, proved

MOST_WORK = 2_000_000_000
"""Picks read to prove the figures; beyond this they stand as computed, and their sentences say so. About half a minute."""
MOST_ANEW, ANEW_EACH = 1_000_000_000, 50_000
"""The same for the figures of whole new counts, the nearest losers first: all in all, and for each voter. With ten thousand
voters and 139 raises that is a quarter of a minute and the nearest loser; with fewer raises it is more of them."""
MOST_PLACES = 5
"""Where a loser's supporters' money went: so many projects are named."""


def explained(election: tally.Election, outcome: tally.Outcome) -> dict[str, Any]:
    """`why` by project, `sides` (the rule that counted first), `kinds` of voters, `certificate` (None: none)."""
    most_anew = min(MOST_ANEW, ANEW_EACH * election.voters)
    told = proved(election, outcome, most_work=MOST_WORK, most_anew=most_anew)
    return {
        "why": {key: _why(one) for key, one in told.items()},
        "sides": [] if outcome.void else _sides(election, outcome),
        "kinds": [] if outcome.void else _kinds(election, outcome),
        "certificate": _certificate(election, outcome),
    }


def _why(one: Why) -> dict[str, Any]:
    values = {
        "rank": one.rank,
        "kept": value(one.kept),
        "support": None if one.support is None else round(one.support, 6),
        "held": value(one.held),
        "paid_for": [[other, value(money)] for other, money in one.paid_for[:MOST_PLACES]],
        "left": value(one.left),
        "supporters": one.supporters,
        "cost": value(one.cost),
        "basis": one.basis.value,
        "confirmed": one.confirmed,
        "anew": None if one.anew is None else {"supporters": one.anew.supporters, "cost": value(one.anew.cost)},
    }
    return {key: told for key, told in values.items() if told not in (None, [])}


def _sides(election: tally.Election, outcome: tally.Outcome) -> list[dict[str, Any]]:
    others = compare_rules(election, outcome)
    outcomes = [outcome, *(side.outcome for side in others)]
    prefer = preferences(election, outcomes)
    changes: list[tuple[Sequence[str], Sequence[str]]] = [((), ()), *((side.added, side.dropped) for side in others)]
    return [
        {
            "rule": one.rule.name,
            "completion": one.rule.completion.value,
            "added": list(added),
            "dropped": list(dropped),
            "prefer": [prefer[0][place], prefer[place][0]],
            **_fairness(fairness(election, one)),
        }
        for place, (one, (added, dropped)) in enumerate(zip(outcomes, changes, strict=True))
    ]


def _fairness(told: Fairness) -> dict[str, Any]:
    return {
        "funded": told.funded,
        "spent": value(told.spent),
        "with_one": told.with_one,
        "mean_projects": round(float(told.mean_projects), 3),
        "mean_cost": value(told.mean_cost if told.mean_cost < 10 else round(told.mean_cost)),
        "cost_share": round(told.cost_share, 4),
        "gini": round(told.gini, 3),
    }


def _kinds(election: tally.Election, outcome: tally.Outcome) -> list[dict[str, Any]]:
    return [
        {
            "low": kind.low,
            "high": kind.high,
            "voters": kind.voters,
            "with_one": kind.with_one,
            "use": round(kind.use, 4),
            "bins": list(kind.bins or ()),
        }
        for kind in kinds(election, outcome)
        if kind.use is not None
    ]


def _certificate(election: tally.Election, outcome: tally.Outcome) -> dict[str, Any] | None:
    try:
        return certificate(election, outcome)
    except InvalidError:  # maximum welfare has none
        return None


def reached(
    ballots: Sequence[Ballot], counted: Mapping[str, tally.Outcome], groups: Mapping[str, Collection[str]]
) -> list[dict[str, Any]]:
    """By group of projects (name → numbers): who chose one of it, and how many of them got nothing funded in any contest.

    None for fewer than ten people, or where what is left of the row would tell on so few. Empty for less than two groups.
    """
    if len(groups) < 2:
        return []
    homes = {project: name for name, projects in groups.items() for project in projects}
    funded = {project for outcome in counted.values() for project in outcome.selected}
    voters, without = dict.fromkeys(groups, 0), dict.fromkeys(groups, 0)
    for ballot in ballots:
        nothing = funded.isdisjoint(ballot.picks)
        for name in {homes[pick] for pick in ballot.picks if pick in homes}:
            voters[name] += 1
            without[name] += nothing
    return [
        {
            "of": name,
            "voters": people if people >= LEAST_CELL else None,
            "without": without[name] if min(without[name], people - without[name]) >= LEAST_CELL else None,
        }
        for name, people in voters.items()
    ]
