"""G1 to G4, read aloud."""

from fractions import Fraction

from tests.domain.reference.contest import Contest


def greedy(
    contest: Contest,
    *,
    skip: bool = True,
    last: Fraction = Fraction(1),
    per_cost: bool = False,
    start: list[str] | None = None,
) -> list[str]:
    """From the top down. Without `skip` it ends at the first that does not fit; that one is funded from `last` on."""
    if contest.void:
        return []
    chosen = list(start if start is not None else contest.locked)
    left = contest.budget - contest.cost(chosen)

    def place(project: str) -> tuple[bool, Fraction, int]:
        cost, score = contest.costs[project], Fraction(contest.score(project))
        return cost > 0, -(score / cost if per_cost and cost else score), contest.order.index(project)

    for project in sorted(contest.open(), key=place):
        if project in chosen or not contest.allowed([*chosen, project]):
            continue
        if contest.costs[project] <= left:
            chosen.append(project)
            left -= contest.costs[project]
        elif not skip:
            if left >= last * contest.costs[project]:
                chosen.append(project)
            break
    return chosen
