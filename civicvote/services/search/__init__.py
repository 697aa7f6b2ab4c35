"""Finding projects and proposals by what they say, in Korean and English."""

from civicvote.services.search.projects import Similar, hits, index, reindex, similar
from civicvote.services.search.proposals import (
    SimilarProposal,
    index_proposal,
    proposal_hits,
    reindex_proposals,
    similar_proposals,
)
from civicvote.services.search.ranking import FOUND, Hits

__all__ = [
    "FOUND",
    "Hits",
    "Similar",
    "SimilarProposal",
    "hits",
    "index",
    "index_proposal",
    "proposal_hits",
    "reindex",
    "reindex_proposals",
    "similar",
    "similar_proposals",
]
