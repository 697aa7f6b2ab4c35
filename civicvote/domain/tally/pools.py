"""Several contests, one after the other: what one leaves goes to the next one named in the published order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.tally.count import tally
from civicvote.domain.tally.election import Amount, Election, plain
from civicvote.domain.tally.outcome import Outcome
from civicvote.domain.tally.rules import Rule


@dataclass(frozen=True, slots=True)
class Pool:
    """A contest; `leftover_to` names a later one that gets the money this one does not spend."""

    id: str
    election: Election
    rule: Rule
    leftover_to: str | None = None


def tally_all(contests: Sequence[Pool]) -> dict[str, Outcome]:
    """Count the contests in the given order. `Outcome.budget` includes what flowed in.

    A void contest spends nothing, so all of its money flows on. Raises `InvalidError` when money would flow to an
    unknown or an earlier contest.
    """
    ids = [contest.id for contest in contests]
    if len(set(ids)) < len(ids):
        raise InvalidError(msg("예산 분야가 겹칩니다."))
    for place, contest in enumerate(contests, 1):
        if contest.leftover_to is not None and contest.leftover_to not in ids[place:]:
            raise InvalidError(msg("남은 예산은 뒤에 집계하는 분야로만 넘길 수 있습니다."), field="leftover_to")
    extra: dict[str, Amount] = {}
    outcomes: dict[str, Outcome] = {}
    for contest in contests:
        outcome = tally(with_budget(contest.election, extra.get(contest.id, 0)), contest.rule)
        outcomes[contest.id] = outcome
        if contest.leftover_to is not None:
            extra[contest.leftover_to] = extra.get(contest.leftover_to, 0) + outcome.left
    return outcomes


def with_budget(election: Election, more: Amount) -> Election:
    """The same election with `more` money."""
    return replace(election, budget=plain(election.budget + more)) if more else election
