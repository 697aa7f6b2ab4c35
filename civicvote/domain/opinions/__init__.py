"""Opinion groups from votes on statements: who thinks alike, what unites all groups, what divides them.

Follows the method of Polis (Small, Bjorkegren, Erkkilä, Shaw, Megill: "Polis: Scaling Deliberation by Mapping High Dimensional
Opinion Spaces", RECERCA 26, 2021, and its published mathematics): principal components of the vote matrix with missing votes
imputed by the statement's mean, projections scaled for sparsity, k-means with k by silhouette, statements by two-proportion tests.
Everything is deterministic for given votes and doesn't depend on the order of people.
"""

from civicvote.domain.opinions.groups import LEAST_GROUP, LEAST_PEOPLE, group
from civicvote.domain.opinions.mapping import Chart, Group, Picked, chart
from civicvote.domain.opinions.space import Space, project
from civicvote.domain.opinions.statements import SIGNIFICANT, Figures, figures

__all__ = [
    "LEAST_GROUP",
    "LEAST_PEOPLE",
    "SIGNIFICANT",
    "Chart",
    "Figures",
    "Group",
    "Picked",
    "Space",
    "chart",
    "figures",
    "group",
    "project",
]
