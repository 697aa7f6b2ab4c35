"""The two directions in which opinions differ most, and where each person stands in them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
DIMENSIONS = 2


@dataclass(frozen=True, slots=True)
class Space:
    """`components`: 2 × statements, rows of length 1; `points`: people × 2; `shares`: variance explained, 0–1 each."""

    components: Matrix
    points: Matrix
    shares: Matrix


def project(votes: Matrix) -> Space:
    """Principal components of a people × statements matrix of 1 (agree), -1 (disagree), 0 (pass) and NaN (not seen).

    A missing vote counts as the statement's mean, so that it pulls nowhere. Somebody with few votes would bunch up in the middle:
    their point is stretched by √(statements / their votes) (Small et al. 2021). Each component's largest weight is positive.
    """
    people, statements = votes.shape
    if not people or not statements:
        return Space(np.zeros((DIMENSIONS, statements)), np.zeros((people, DIMENSIONS)), np.zeros(DIMENSIONS))
    seen = ~np.isnan(votes)
    counts = seen.sum(axis=0)
    means = np.where(seen, votes, 0.0).sum(axis=0) / np.maximum(counts, 1)
    centred = np.where(seen, votes - means, 0.0)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    order = np.argsort(values)[::-1][:DIMENSIONS]
    components = np.zeros((DIMENSIONS, statements))
    components[: len(order)] = vectors[:, order].T
    largest = np.argmax(np.abs(components).round(12), axis=1)
    signs = np.sign(components[np.arange(DIMENSIONS), largest])
    components *= np.where(signs == 0, 1.0, signs)[:, None]
    own = np.maximum(seen.sum(axis=1), 1)
    points = (centred @ components.T) * np.sqrt(statements / own)[:, None]
    total = float(values.clip(min=0).sum())
    shares = np.zeros(DIMENSIONS)
    shares[: len(order)] = values[order].clip(min=0) / total if total > 0 else 0.0
    return Space(components, points, shares)
