"""What would change under other rules."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

from civicvote.domain.errors import InvalidError
from civicvote.domain.tally.count import tally
from civicvote.domain.tally.election import Election
from civicvote.domain.tally.outcome import Outcome
from civicvote.domain.tally.rules import Completion, Method, Rule


@dataclass(frozen=True, slots=True)
class Side:
    """One rule beside the one that counts: its outcome, and which projects it would add and drop (ids)."""

    outcome: Outcome
    added: tuple[str, ...]
    dropped: tuple[str, ...]


def sensible(rule: Rule, election: Election) -> tuple[Rule, ...]:
    """The rules worth seeing beside `rule`, with its thresholds, limits and ties: one of each family.

    By votes; by votes per won; the most votes together; Equal Shares; Phragmén. Equal Shares is completed as in `rule`,
    else by add1u in steps of a hundredth of everybody's share.
    """
    bare = replace(rule, comparison=False, completion=Completion.NONE)
    shares = replace(bare, method=Method.EQUAL_SHARES, completion=rule.completion)
    if rule.method is not Method.EQUAL_SHARES:
        part = Fraction(election.budget) / (100 * max(election.voters, 1))
        shares = replace(shares, completion=Completion.ADD1U, step=part if part < 1 else ceil(part))
    others = (
        replace(bare, method=Method.GREEDY),
        replace(bare, method=Method.GREEDY_PER_COST),
        replace(bare, method=Method.WELFARE),
        shares,
        replace(bare, method=Method.PHRAGMEN_SKIP),
    )
    return tuple(other for other in others if other.method is not rule.method)


def compare_rules(election: Election, outcome: Outcome, others: Sequence[Rule] | None = None) -> tuple[Side, ...]:
    """What would change under each of `others` (by default the sensible ones). Counts the election once per rule.

    A rule that cannot be counted here (too many steps, too hard a choice) is left out.
    """
    sides = []
    for rule in sensible(outcome.rule, election) if others is None else others:
        try:
            other = tally(election, rule)
        except InvalidError:
            continue
        added = tuple(one for one in other.selected if one not in outcome.selected)
        sides.append(Side(other, added, tuple(one for one in outcome.selected if one not in other.selected)))
    return tuple(sides)
