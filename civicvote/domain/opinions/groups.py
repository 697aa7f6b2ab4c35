"""Groups of people who stand near each other: k-means for 2 to 5 groups, the number chosen by silhouette."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from civicvote.domain.opinions.space import Matrix

Labels = NDArray[np.int64]
#: A group has at least so many people; with fewer people in all than the second there are no groups.
LEAST_GROUP: Final = 5
LEAST_PEOPLE: Final = 10
MOST_GROUPS: Final = 5
_ROUNDS: Final = 100
#: The silhouette is taken of so many people at most: it compares everybody with everybody.
_SAMPLE: Final = 1500


def group(points: Matrix) -> Labels:
    """Each person's group, 0 the largest; all 0 where no division into groups of at least LEAST_GROUP is better than none.

    `points`: people × 2. The order of people doesn't matter: they are taken in the order of their coordinates.
    """
    people = len(points)
    everybody = np.zeros(people, dtype=np.int64)
    if people < LEAST_PEOPLE:
        return everybody
    order = np.lexsort((points[:, 1], points[:, 0]))
    sorted_points = points[order]
    best, chosen = 0.0, None
    for k in range(2, MOST_GROUPS + 1):
        if len(np.unique(sorted_points.round(9), axis=0)) < k:
            break
        labels = _k_means(sorted_points, k)
        sizes = np.bincount(labels, minlength=k)
        if sizes.min() < LEAST_GROUP:
            continue
        score = silhouette(sorted_points, labels)
        if score > best + 1e-9:
            best, chosen = score, labels
    if chosen is None:
        return everybody
    everybody[order] = _by_size(chosen, sorted_points)
    return everybody


def _k_means(points: Matrix, k: int) -> Labels:
    """Lloyd's algorithm from centres far apart: the person farthest from the middle, then whoever is farthest from all chosen."""
    middle = points.mean(axis=0)
    chosen = [int(np.argmax(_squares(points, middle[None])[:, 0].round(9)))]
    while len(chosen) < k:
        nearest = _squares(points, points[chosen]).min(axis=1)
        chosen.append(int(np.argmax(nearest.round(9))))
    centres = points[chosen].copy()
    labels = np.full(len(points), -1, dtype=np.int64)
    for _ in range(_ROUNDS):
        fresh = np.argmin(_squares(points, centres).round(9), axis=1)
        if np.array_equal(fresh, labels):
            break
        labels = fresh
        for place in range(k):
            held = points[labels == place]
            if len(held):
                centres[place] = held.mean(axis=0)
    return labels


def _squares(points: Matrix, centres: Matrix) -> Matrix:
    """Squared distance of each point to each centre: points × centres."""
    squares: Matrix = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    return squares


def silhouette(points: Matrix, labels: Labels) -> float:
    """Mean silhouette (Rousseeuw 1987), -1 to 1: how much nearer people are to their own group than to the next.

    Of many people every n-th, in the order of their coordinates.
    """
    step = max(1, -(-len(points) // _SAMPLE))
    sample, own = points[::step], labels[::step]
    kinds = np.unique(own)
    if len(kinds) < 2:
        return -1.0
    distances = np.sqrt(_squares(sample, sample))
    members = own[:, None] == kinds[None, :]
    counts = members.sum(axis=0)
    sums = distances @ members
    places = np.searchsorted(kinds, own)
    rows = np.arange(len(sample))
    inside = sums[rows, places] / np.maximum(counts[places] - 1, 1)
    means = sums / counts
    means[rows, places] = np.inf
    outside = means.min(axis=1)
    width = np.maximum(inside, outside)
    scores = np.where((width > 0) & (counts[places] > 1), (outside - inside) / np.where(width > 0, width, 1.0), 0.0)
    return float(scores.mean())


def _by_size(labels: Labels, points: Matrix) -> Labels:
    """The same groups numbered by size, the largest first; alike ones by where they stand."""
    kinds = np.unique(labels)
    facts = [
        (-int((labels == kind).sum()), *points[labels == kind].mean(axis=0).round(9).tolist(), kind) for kind in kinds
    ]
    numbers = {kind: place for place, (*_rest, kind) in enumerate(sorted(facts))}
    return np.array([numbers[label] for label in labels], dtype=np.int64)
