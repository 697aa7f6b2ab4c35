"""Why each project is in or out, with figures: what would have changed it, and where its supporters' money went.

by_id = why(election, outcome)                   # all projects, one replay
confirm(election, outcome, by_id["17"])          # the same figures, proved by counting again
anew(election, outcome, by_id["17"])             # Equal Shares: the figures of a whole new count
proved(election, outcome, most_work=2 * 10**9)   # all of it, the nearest losers first, as far as the work reaches
"""

from dataclasses import replace

from civicvote.domain.tally.election import Amount, Election
from civicvote.domain.tally.electorates import Combined
from civicvote.domain.tally.outcome import Outcome, Reason
from civicvote.domain.tally.rules import Completion, Method
from civicvote.domain.tally.why import best as choices
from civicvote.domain.tally.why import loads, positions, shares
from civicvote.domain.tally.why.figures import Basis, Best, Fresh, Why
from civicvote.domain.tally.why.rerun import anew, confirm
from civicvote.domain.tally.why.room import locked
from civicvote.domain.tally.why.search import Purse, SpentError
from civicvote.domain.tally.why.sentences import figures

__all__ = ["Basis", "Fresh", "Why", "anew", "confirm", "figures", "proved", "why"]

_GREEDY = {Method.GREEDY, Method.GREEDY_NO_SKIP, Method.GREEDY_POZNAN, Method.GREEDY_PER_COST}


def why(election: Election, outcome: Outcome) -> dict[str, Why]:
    """Every project by id. Figures of losers are proposed, not yet proved: see `confirm`."""
    best, kept = ({}, {}) if outcome.void else _figures(election, outcome)
    ranks = _ranks(election, outcome)
    result = {}
    for place, step in enumerate(outcome.steps, 1):
        number = election.index[step.project]
        left = kept.get(number)
        result[step.project] = Why(
            step.project,
            step.votes,
            ranks[number],
            place=place,
            price=step.price,
            emptied=step.emptied,
            kept=None if left is None else rounded(election, left),
            left=step.left,
        )
    for reason in outcome.rejected:
        number = election.index[reason.project]
        result[reason.project] = _loser(election, outcome, reason, ranks[number], best.get(number, Best()))
    return result


def proved(election: Election, outcome: Outcome, *, most_work: float, most_anew: float = 0) -> dict[str, Why]:
    """`why` with its figures confirmed, and after that with those of a whole new count (Equal Shares).

    Both go from the project that came nearest downwards, as far as so much work reaches (picks read: the same projects
    on every machine). What is beyond stands as computed, `confirmed` False; `anew` is None.
    """
    told = why(election, outcome)
    lost = sorted(
        (one for one in told.values() if one.code is not None), key=lambda one: (-(one.support or 0), one.rank)
    )
    for work, better in ((most_work, confirm), (most_anew, _with_anew)):
        purse = Purse(work)
        try:
            for one in lost:
                told[one.project] = better(election, outcome, told[one.project], purse)
        except SpentError:
            continue
    return told


def _with_anew(election: Election, outcome: Outcome, told: Why, purse: Purse) -> Why:
    return replace(told, anew=anew(election, outcome, told, purse))


def rounded(election: Election, units: float) -> Amount:
    """Money units as money: whole where money is whole."""
    return election.money(round(units))


def _loser(election: Election, outcome: Outcome, reason: Reason, rank: int, best: Best) -> Why:
    def money(units: float | None) -> Amount | None:
        return None if units is None else rounded(election, units)

    number = election.index[reason.project]
    paid = sorted(best.paid_for.items(), key=lambda item: (-item[1], item[0]))
    # At its own cost it lost, if only by the tie order.
    cheaper = None if best.cost is None else min(best.cost, election.costs[number] - 1)
    shared = outcome.rule.method is Method.EQUAL_SHARES and not outcome.adopted
    return Why(
        reason.project,
        election.votes[number],
        rank,
        code=reason.code,
        support=best.support,
        held=money(best.held),
        paid_for=tuple((election.projects[other].id, rounded(election, units)) for other, units in paid),
        left=money(best.left),
        # A further supporter weighs differently in each electorate: there is no one number.
        supporters=None if isinstance(election, Combined) else best.supporters,
        cost=None if cheaper is None or cheaper < 1 else election.money(cheaper),
        basis=Basis.ENDOWMENT if shared else Basis.COUNT,
    )


def _ranks(election: Election, outcome: Outcome) -> list[int]:
    """By points (votes), equals by the tie order; 1 is first."""
    ties = outcome.rule.tie.ranks(election)
    ranks = [0] * len(ties)
    order = sorted(range(len(ties)), key=lambda number: (-election.raw_scores[number], ties[number]))
    for rank, number in enumerate(order, 1):
        ranks[number] = rank
    return ranks


def _figures(election: Election, outcome: Outcome) -> tuple[dict[int, Best], dict[int, float]]:
    method, first = outcome.rule.method, locked(election, outcome)
    left = election.pool - sum(election.costs[number] for number in first)
    if outcome.adopted or method in _GREEDY:
        return positions.figures(election, outcome, before=first, left=left), {}
    if method is Method.WELFARE:
        return choices.figures(election, outcome), {}
    if method is not Method.EQUAL_SHARES:
        return loads.figures(election, outcome), {}
    best, winners = shares.figures(election, outcome)
    if outcome.rule.completion in {Completion.ADD1U, Completion.UTILITARIAN}:
        bought = [*first, *winners]
        left -= sum(election.costs[number] for number in winners)
        for number, second in positions.figures(election, outcome, before=bought, left=left).items():
            best[number].take(second.supporters, second.cost)
            best[number].left = second.left
    return best, {number: winner.kept for number, winner in winners.items()}
