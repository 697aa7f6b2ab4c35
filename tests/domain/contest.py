"""Small contests in one line, for the tests of the rules."""

from civicvote.domain.tally import Amount, Code, Election, Outcome, Project


def contest(costs: dict[str, Amount], budget: Amount, **ballots: int) -> Election:
    """`contest({"a": 3}, 5, a=2, a_b=1)`: two ballots for a, one for a and b; `none` is an empty ballot."""
    rows = [[] if text == "none" else text.split("_") for text, count in ballots.items() for _ in range(count)]
    return Election.of([Project(name, cost) for name, cost in costs.items()], budget, rows)


def reasons(outcome: Outcome) -> dict[str, Code]:
    """Why each project that is out is out."""
    return {reason.project: reason.code for reason in outcome.rejected}


def facts(outcome: Outcome, project: str) -> dict[str, object]:
    """The facts of the reason why `project` is out."""
    return dict(next(reason.facts for reason in outcome.rejected if reason.project == project))
