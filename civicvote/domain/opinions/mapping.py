"""The opinion map as it may be published: groups with their middle and spread, and statements; no single person."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from civicvote.domain.opinions.groups import LEAST_GROUP, LEAST_PEOPLE, Labels, group
from civicvote.domain.opinions.space import Matrix, project
from civicvote.domain.opinions.statements import SIGNIFICANT, Figures, figures

#: Somebody stands on the map from so many votes on, or all there are.
LEAST_VOTES: Final = 7
#: Statements named per group, as uniting and as dividing.
NAMED: Final = 5
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class Picked:
    """A statement (by its place) and how much of each group agrees and disagrees with it, 0–1; at least five of every group
    have seen it. `agrees`: which of the two it was picked for; `z`: how sure.
    """

    statement: int
    agrees: bool
    z: float
    agree: tuple[float, ...]
    disagree: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """People who vote alike: how many, the middle and half-axes of their spread on the map, what sets them apart."""

    people: int
    middle: tuple[float, float]
    spread: tuple[float, float]
    statements: tuple[Picked, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """`people`: with enough votes to be placed; `voters`: in all; `shares`: variance of the two directions, 0–1."""

    people: int
    voters: int
    statements: int
    shares: tuple[float, float]
    groups: tuple[Group, ...]
    uniting: tuple[Picked, ...]
    dividing: tuple[Picked, ...]


def _placed(votes: Matrix) -> Matrix:
    """Rows of people with enough votes."""
    enough = min(LEAST_VOTES, votes.shape[1])
    own = (~np.isnan(votes)).sum(axis=1)
    placed: Matrix = votes[(own >= enough) & (own > 0)]
    return placed


def _shares(counts: Matrix, seen: Matrix, place: int) -> tuple[float, ...]:
    return tuple(round(float(counts[g, place] / seen[g, place]), _DIGITS) for g in range(len(counts)))


def _picked(found: Figures, place: int, *, agrees: bool, z: float) -> Picked:
    seen = found.votes.astype(np.float64)
    return Picked(
        statement=place,
        agrees=agrees,
        z=round(float(z), 2),
        agree=_shares(found.agrees.astype(np.float64), seen, place),
        disagree=_shares(found.disagrees.astype(np.float64), seen, place),
    )


def _apart(found: Figures, place: int) -> tuple[Picked, ...]:
    """What a group says and the others don't: significant by itself and against them, the most so first.

    A statement that fewer than five of some group have seen is left out whole: else theirs would follow from the totals.
    """
    rows = []
    for agrees, own, own_z, z in (
        (True, found.agree_than_others, found.agree_z, found.agree_than_others_z),
        (False, found.disagree_than_others, found.disagree_z, found.disagree_than_others_z),
    ):
        for statement in range(found.votes.shape[1]):
            sure = min(own_z[place, statement], z[place, statement])
            if found.votes[:, statement].min() >= LEAST_GROUP and sure > SIGNIFICANT:
                strength = float(own[place, statement] * z[place, statement] * own_z[place, statement])
                rows.append((-round(strength, 9), statement, agrees, float(z[place, statement])))
    taken: dict[int, Picked] = {}
    for _strength, statement, agrees, sure in sorted(rows):
        if statement not in taken and len(taken) < NAMED:
            taken[statement] = _picked(found, statement, agrees=agrees, z=sure)
    return tuple(taken.values())


def _uniting(found: Figures) -> tuple[Picked, ...]:
    """What every group agrees with, or every group disagrees with, more than a half for sure; by group-informed consensus."""
    rows = []
    for agrees, score, z in ((True, found.consensus, found.agree_z), (False, found.dissent, found.disagree_z)):
        for statement in range(found.votes.shape[1]):
            least = float(z[:, statement].min())
            if found.votes[:, statement].min() >= LEAST_GROUP and least > SIGNIFICANT:
                rows.append((-round(float(score[statement]), 12), statement, agrees, least))
    return tuple(_picked(found, s, agrees=agrees, z=least) for _score, s, agrees, least in sorted(rows)[:NAMED])


def _dividing(found: Figures) -> tuple[Picked, ...]:
    """Where the groups lie farthest apart: one for sure agrees, another for sure disagrees."""
    rows = []
    for statement in range(found.votes.shape[1]):
        if found.votes[:, statement].min() < LEAST_GROUP:
            continue
        sure = min(float(found.agree_z[:, statement].max()), float(found.disagree_z[:, statement].max()))
        if sure > SIGNIFICANT:
            gap = float(np.ptp(found.agree[:, statement]) + np.ptp(found.disagree[:, statement]))
            rows.append((-round(gap, 9), statement, sure))
    return tuple(_picked(found, s, agrees=True, z=sure) for _gap, s, sure in sorted(rows)[:NAMED])


def _drawn(points: Matrix, labels: Labels, place: int) -> tuple[tuple[float, float], tuple[float, float], int]:
    held = points[labels == place]
    middle, spread = held.mean(axis=0), held.std(axis=0)
    return (
        (round(float(middle[0]), _DIGITS), round(float(middle[1]), _DIGITS)),
        (round(float(spread[0]), _DIGITS), round(float(spread[1]), _DIGITS)),
        len(held),
    )


def chart(votes: Matrix) -> Chart:
    """The opinion map of a people × statements matrix of 1, -1, 0 (pass) and NaN (not seen).

    Under LEAST_PEOPLE people there are no groups, and nothing is said about statements either.
    """
    voters = int((~np.isnan(votes)).any(axis=1).sum()) if votes.size else 0
    placed = _placed(votes) if votes.size else votes
    statements = votes.shape[1] if votes.ndim == 2 else 0
    if len(placed) < LEAST_PEOPLE:
        return Chart(0, voters, statements, (0.0, 0.0), (), (), ())
    space = project(placed)
    labels = group(space.points)
    found = figures(placed, labels)
    several = int(labels.max()) > 0
    groups = []
    for place in range(int(labels.max()) + 1):
        middle, spread, people = _drawn(space.points, labels, place)
        groups.append(Group(people, middle, spread, _apart(found, place) if several else ()))
    shares = (round(float(space.shares[0]), _DIGITS), round(float(space.shares[1]), _DIGITS))
    return Chart(
        len(placed), voters, statements, shares, tuple(groups), _uniting(found), _dividing(found) if several else ()
    )
