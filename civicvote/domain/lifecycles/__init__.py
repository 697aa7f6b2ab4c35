"""The tables of states, one module per capability."""

from civicvote.domain.lifecycles.budget import (
    CYCLE,
    PROJECT,
    PROJECT_TONES,
    PUBLIC_PROJECT_STATES,
    WAYS_OUT,
    CycleState,
    ProjectState,
)
from civicvote.domain.lifecycles.deliberation import (
    CAMPAIGN,
    CAMPAIGN_TONES,
    FORUM,
    FORUM_TONES,
    PUBLIC_CAMPAIGN_STATES,
    PUBLIC_FORUM_STATES,
    CampaignState,
    ForumState,
)
from civicvote.domain.lifecycles.discussion import POST, READABLE_POST_STATES, PostState
from civicvote.domain.lifecycles.proposals import (
    COMMITMENT,
    COMMITMENT_TONES,
    ENDORSABLE_STATES,
    PROPOSAL,
    PROPOSAL_TONES,
    PUBLIC_PROPOSAL_STATES,
    UNASSIGNED_STATES,
    CommitmentState,
    ProposalState,
)

WORKFLOWS = (PROJECT, CYCLE, PROPOSAL, COMMITMENT, FORUM, CAMPAIGN, POST)

__all__ = [
    "CAMPAIGN",
    "CAMPAIGN_TONES",
    "COMMITMENT",
    "COMMITMENT_TONES",
    "CYCLE",
    "ENDORSABLE_STATES",
    "FORUM",
    "FORUM_TONES",
    "POST",
    "PROJECT",
    "PROJECT_TONES",
    "PROPOSAL",
    "PROPOSAL_TONES",
    "PUBLIC_CAMPAIGN_STATES",
    "PUBLIC_FORUM_STATES",
    "PUBLIC_PROJECT_STATES",
    "PUBLIC_PROPOSAL_STATES",
    "READABLE_POST_STATES",
    "UNASSIGNED_STATES",
    "WAYS_OUT",
    "WORKFLOWS",
    "CampaignState",
    "CommitmentState",
    "CycleState",
    "ForumState",
    "PostState",
    "ProjectState",
    "ProposalState",
]
