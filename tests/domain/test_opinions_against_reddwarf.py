"""Our opinion map against an independent implementation of Polis' mathematics (PyPI red-dwarf): the same components up to
sign, the same figures and the same ranking by consensus.
"""

import warnings
from typing import Any

import numpy as np
import pytest

from civicvote.domain import opinions
from tests.domain.test_opinions import blocs

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the packages it brings along
    import pandas as pd
    from reddwarf.utils.reducer.base import run_reducer
    from reddwarf.utils.stats import calculate_comment_statistics

MATRICES = {
    "two blocs": blocs(60, 40, missing=0.4, seed=11),
    "three blocs": blocs(50, 40, 30, statements=35, missing=0.5, seed=12),
    "noise": blocs(45, 45, noise=0.9, missing=0.6, seed=13),
    "full": blocs(30, 30, 30, 30, missing=0.0, seed=14),
    "small": blocs(12, 10, statements=8, missing=0.2, seed=15),
}


def up_to_sign(ours: np.ndarray[Any, Any], theirs: np.ndarray[Any, Any]) -> None:
    for place in range(ours.shape[0]):
        sign = np.sign(ours[place] @ theirs[place])
        np.testing.assert_allclose(ours[place], sign * theirs[place], atol=1e-8)


@pytest.mark.parametrize("name", MATRICES)
def test_the_principal_components_are_the_same(name: str) -> None:
    votes = MATRICES[name]
    space = opinions.project(votes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        points, _statements, model = run_reducer(votes, reducer="pca", n_components=2)
    up_to_sign(space.components, np.asarray(model.components_))
    up_to_sign(space.points.T, np.asarray(points).T)


@pytest.mark.parametrize("name", MATRICES)
def test_figures_and_the_ranking_by_consensus_are_the_same(name: str) -> None:
    votes = MATRICES[name]
    labels = opinions.group(opinions.project(votes).points)
    ours = opinions.figures(votes, labels)
    frame = pd.DataFrame(votes)
    seen, counts, share, than_others, share_z, than_others_z, consensus = calculate_comment_statistics(
        frame, cluster_labels=labels.tolist()
    )
    agree, disagree = 0, 1
    np.testing.assert_array_equal(ours.votes, seen)
    np.testing.assert_array_equal(ours.agrees, counts[agree])
    np.testing.assert_allclose(ours.agree, share[agree])
    np.testing.assert_allclose(ours.disagree, share[disagree])
    np.testing.assert_allclose(ours.agree_z, share_z[agree])
    np.testing.assert_allclose(ours.disagree_z, share_z[disagree])
    if labels.max() > 0:
        np.testing.assert_allclose(ours.agree_than_others, than_others[agree])
        np.testing.assert_allclose(ours.agree_than_others_z, than_others_z[agree], atol=1e-9)
        np.testing.assert_allclose(ours.disagree_than_others_z, than_others_z[disagree], atol=1e-9)
    np.testing.assert_allclose(ours.consensus, consensus[agree])
    assert np.argsort(-ours.consensus, kind="stable").tolist() == np.argsort(-consensus[agree], kind="stable").tolist()
