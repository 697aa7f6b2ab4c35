"""Opinion groups: found where they are, none where there are none, never small, the same for any order of people."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as properties
from hypothesis import strategies as st

from civicvote.domain import opinions
from civicvote.domain.opinions.groups import silhouette
from civicvote.domain.opinions.space import Matrix

NAN = float("nan")


def blocs(*sizes: int, statements: int = 20, noise: float = 0.1, missing: float = 0.3, seed: int = 1) -> Matrix:
    """People in blocs, each with a random mind of its own on every statement but the first, with which all agree."""
    rng = np.random.default_rng(seed)
    minds = rng.choice([-1.0, 1.0], size=(len(sizes), statements))
    minds[:, 0] = 1.0
    if len(sizes) == 2:
        minds[1, 1:] = -minds[0, 1:]
    rows = np.repeat(minds, sizes, axis=0)
    flipped = rng.random(rows.shape) < noise
    flipped[:, 0] = False
    rows = np.where(flipped, rng.choice([-1.0, 0.0, 1.0], size=rows.shape), rows)
    rows[rng.random(rows.shape) < missing] = NAN
    return rows


def test_two_opposed_blocs_are_found() -> None:
    found = opinions.chart(blocs(40, 25))
    assert [g.people for g in found.groups] == [40, 25]
    assert 0 in {picked.statement for picked in found.uniting}
    assert found.dividing
    assert all(picked.statement != 0 for picked in found.dividing)
    apart = found.groups[0].statements
    assert len(apart) == 5
    assert all(picked.z > opinions.SIGNIFICANT for picked in apart)


@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_as_many_groups_as_there_are(k: int) -> None:
    rng = np.random.default_rng(k)
    angles = 2 * np.pi * np.arange(k) / k
    middles = 10 * np.column_stack([np.cos(angles), np.sin(angles)])
    points = np.concatenate([middle + rng.normal(size=(20 + 5 * place, 2)) for place, middle in enumerate(middles)])
    labels = opinions.group(points)
    assert np.bincount(labels).tolist() == [20 + 5 * place for place in reversed(range(k))]


def test_somebody_alone_is_never_a_group() -> None:
    votes = blocs(30, 4, missing=0.0)
    assert all(g.people >= opinions.LEAST_GROUP for g in opinions.chart(votes).groups)


@pytest.mark.parametrize(
    "votes",
    [
        np.zeros((0, 0)),
        np.zeros((0, 5)),
        np.full((30, 0), NAN),
        np.full((30, 6), NAN),
        np.ones((30, 6)),
        np.zeros((30, 6)),
        np.array([[1.0]] * 30),
        np.array([[1.0], [-1.0]] * 15),
        blocs(9),
    ],
    ids=[
        "nothing",
        "no people",
        "no statements",
        "no votes",
        "all agree",
        "all pass",
        "one statement",
        "one divides",
        "few",
    ],
)
def test_odd_matrices_have_a_plain_answer(votes: Matrix) -> None:
    found = opinions.chart(votes)
    assert all(g.people >= opinions.LEAST_GROUP for g in found.groups)
    if votes.shape[0] < opinions.LEAST_PEOPLE:
        assert found.groups == ()


def test_the_order_of_people_changes_nothing() -> None:
    votes = blocs(30, 22, 17, seed=3)
    shuffled = votes[np.random.default_rng(5).permutation(len(votes))]
    assert opinions.chart(shuffled) == opinions.chart(votes)


def test_the_order_of_statements_only_renames_them() -> None:
    votes = blocs(30, 22, seed=4)
    turned = opinions.chart(votes[:, ::-1])
    last = votes.shape[1] - 1
    straight = opinions.chart(votes)
    assert [g.people for g in turned.groups] == [g.people for g in straight.groups]
    assert {last - p.statement for p in turned.uniting} == {p.statement for p in straight.uniting}


def test_no_share_of_fewer_than_five_is_told() -> None:
    votes = blocs(40, 12, missing=0.6, seed=9)
    found = opinions.chart(votes)
    enough = votes[(~np.isnan(votes)).sum(axis=1) >= 7]
    seen = opinions.figures(enough, opinions.group(opinions.project(enough).points)).votes
    picked = [p for g in found.groups for p in g.statements] + list(found.uniting) + list(found.dividing)
    named = {one.statement for one in picked}
    few = {place for place in range(votes.shape[1]) if seen[:, place].min() < opinions.LEAST_GROUP}
    assert named
    assert few
    assert not named & few


def test_people_with_few_votes_are_not_placed() -> None:
    votes = blocs(30, 30, missing=0.0)
    votes[:10, 3:] = NAN
    found = opinions.chart(votes)
    assert (found.people, found.voters) == (50, 60)


def test_silhouettes_are_rousseeuws() -> None:
    points = np.array([[0.0, 0.0], [0.0, 1.0], [10.0, 0.0], [10.0, 1.0]])
    labels = np.array([0, 0, 1, 1])
    inside, outside = 1.0, (10.0 + np.hypot(10, 1)) / 2
    assert silhouette(points, labels) == pytest.approx((outside - inside) / outside)


@properties(max_examples=60)
@given(
    st.integers(0, 40).flatmap(
        lambda people: st.lists(
            st.lists(st.sampled_from([1.0, -1.0, 0.0, NAN]), min_size=6, max_size=6), min_size=people, max_size=people
        )
    )
)
def test_no_matrix_breaks_the_map(rows: list[list[float]]) -> None:
    votes = np.array(rows, dtype=np.float64).reshape(len(rows), 6)
    found = opinions.chart(votes)
    assert sum(g.people for g in found.groups) in {0, found.people}
    assert all(g.people >= opinions.LEAST_GROUP for g in found.groups)
    assert all(np.isfinite([*g.middle, *g.spread]).all() for g in found.groups)
