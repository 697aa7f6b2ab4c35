"""How an imported election is counted: as a rule, and as a notice says it."""

from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import takewhile
from math import ceil
from typing import Literal

from civicvote.domain import pabulib, tally
from civicvote.domain.ballots import rules
from civicvote.domain.cycles import TallyRule
from civicvote.domain.pabulib.numbers import written
from civicvote.domain.tally import Election

Criterion = Literal["votes", "cost", "cost-desc"]
_CRITERIA: dict[tally.TieKey, Criterion] = {
    tally.TieKey.VOTES: "votes",
    tally.TieKey.COST: "cost",
    tally.TieKey.COST_DESC: "cost-desc",
}


@dataclass(frozen=True, slots=True)
class Terms:
    """How an imported election is counted; `title` and `pool` are taken from the file where empty.

    `declared`: by the rule the file itself declares, whatever the fields of a rule say. `counted`: False leaves the
    sealed box to two members of staff.
    """

    rule: TallyRule = TallyRule.EQUAL_SHARES
    utility: str = "cost"
    completion: str = "add1"
    step: str = "1"
    exhaustive_stop: bool = True
    comparison: bool = False
    tie: str = "id"
    threshold: int = 0
    slug: str = ""
    title: str = ""
    pool: str = ""
    declared: bool = False
    counted: bool = True

    def applied(self, file: pabulib.PabulibFile) -> tally.Rule:
        """The rule of the count; InvalidError where the file declares none that is known."""
        if self.declared:
            return pabulib.declared_rule(file)
        shares = self.rule is TallyRule.EQUAL_SHARES
        return tally.Rule(
            tally.Method(self.rule.value),
            utility=tally.Utility(self.utility),
            completion=tally.Completion(self.completion if shares else "none"),
            step=Fraction(self.step),
            exhaustive_stop=self.exhaustive_stop,
            comparison=self.comparison and shares,
            tie=tally.Tie.parse(self.tie),
            threshold=self.threshold,
        )


def criteria(rule: tally.Rule) -> list[Criterion]:
    """What settles ties before the list of all projects does."""
    return [_CRITERIA[key] for key in takewhile(_CRITERIA.__contains__, rule.tie.keys)]


def ties(rule: tally.Rule, election: Election) -> list[str]:
    """All projects in the order in which equals win, what `_criteria` settle aside."""
    rest = rule.tie.keys[len(criteria(rule)) :] or (tally.TieKey.ID,)
    ranks = replace(rule.tie, keys=rest).ranks(election)
    return [election.projects[number].id for number in sorted(range(len(ranks)), key=ranks.__getitem__)]


def contest(rule: tally.Rule, election: Election) -> rules.Contest:
    """The keys of a contest that say how it is counted."""
    caps: list[rules.Cap] = [
        {
            "title": cap.title,
            "projects": sorted(cap.projects),
            "max": cap.most,
            "max_cost": None if cap.budget is None else amount(cap.budget),
        }
        for cap in rule.caps
    ]
    return {  # type: ignore[typeddict-item]
        "budget": amount(election.budget),
        "rule": rule.method.value,
        "utility": rule.utility.value,
        "completion": rule.completion.value,
        "step": amount(rule.step),
        "exhaustive_stop": rule.exhaustive_stop,
        "comparison": rule.comparison,
        "measure": "points" if election.scored else "votes",
        "threshold": ceil(rule.threshold * election.point_unit),
        "threshold_share": written(rule.threshold_share),
        "quorum": rule.quorum,
        "exclusive": [sorted(group) for group in rule.exclusive],
        "caps": caps,
        "locked": list(rule.locked),
        "leftover_to": None,
        "empty_ballots": True,
        "tie_by": criteria(rule),
        "ties": ties(rule, election),
    }


def amount(value: int | Fraction) -> int | str:
    return int(value) if value == int(value) else written(value)
