"""The tables of states are whole: every state is reached, named, and drawn."""

from enum import StrEnum

import pytest

from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.domain.lifecycles import (
    CYCLE,
    PROJECT,
    PROJECT_TONES,
    WORKFLOWS,
    CampaignState,
    CycleState,
    ForumState,
    PostState,
    ProjectState,
    ProposalState,
)
from civicvote.domain.permissions import GRANTS, SYSTEM, VISITOR, Actor, Role
from civicvote.domain.workflow import Workflow

both = pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda w: w.name)
#: Ends of each way.
FINAL: dict[str, set[StrEnum]] = {
    "project": {
        ProjectState.WITHDRAWN,
        ProjectState.NOT_SELECTED,
        ProjectState.COMPLETED,
    },
    "cycle": {CycleState.PUBLISHED},
    "proposal": {
        ProposalState.ANSWERED,
        ProposalState.FORWARDED,
        ProposalState.MERGED,
        ProposalState.WITHDRAWN,
    },
    "commitment": set(),  # what was dropped may be resumed, and what was done opened again
    "forum": {ForumState.ANSWERED, ForumState.CANCELLED},
    "campaign": {CampaignState.ENDED},
    "post": {PostState.MERGED, PostState.WITHDRAWN},
}


@both
def test_every_state_is_reached(workflow: Workflow) -> None:
    assert workflow.reachable() == set(type(workflow.initial))


@both
def test_every_state_has_words(workflow: Workflow) -> None:
    assert set(workflow.labels) == set(type(workflow.initial))
    assert all(str(label).strip() for label in workflow.labels.values())
    assert all(str(move.label).strip() for move in workflow.moves)


@both
def test_only_final_states_have_no_way_on(workflow: Workflow) -> None:
    left = {source for move in workflow.moves for source in move.sources}
    assert set(type(workflow.initial)) - left == FINAL[workflow.name]


@both
def test_names_of_moves_are_unique_and_kebab_case(workflow: Workflow) -> None:
    names = [move.name for move in workflow.moves]
    assert len(names) == len(set(names))
    assert all(name == name.lower() and "_" not in name for name in names)


@both
def test_somebody_may_make_every_move(workflow: Workflow) -> None:
    for move in workflow.moves:
        assert any(move.permission in granted for granted in GRANTS.values()), move.name


@both
def test_a_visitor_may_make_none(workflow: Workflow) -> None:
    for state in type(workflow.initial):
        assert workflow.allowed(VISITOR, state) == []


@both
def test_the_diagram_draws_everything(workflow: Workflow) -> None:
    lines = workflow.mermaid().splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert f"    [*] --> {workflow.initial.value}" in lines
    for state in type(workflow.initial):
        assert f"    {state.value}: {workflow.labels[state]}" in lines
    arrows = [line for line in lines if " --> " in line and "[*]" not in line]
    assert len(arrows) == sum(len(move.sources) for move in workflow.moves)


def test_every_project_state_has_a_tone() -> None:
    assert set(PROJECT_TONES) == set(ProjectState)


def test_refusals_carry_their_kind() -> None:
    staff = Actor(roles=frozenset({Role.STAFF}))
    with pytest.raises(ForbiddenError):
        CYCLE.check(VISITOR, CycleState.DRAFT, "announce", "")
    with pytest.raises(ConflictError) as late:
        CYCLE.check(staff, CycleState.LISTED, "announce", "")
    assert "투표안건 공고" in str(late.value.message.params["state"])
    with pytest.raises(InvalidError) as wordless:
        CYCLE.check(staff, CycleState.LIST_REQUESTED, "return-list", "  ")
    assert wordless.value.field == "reason"
    with pytest.raises(KeyError):
        CYCLE.move("fly")


def test_refusing_moves_need_a_reason() -> None:
    for name in ("withdraw", "refuse", "accept", "reopen", "exclude", "request-supplement"):
        assert PROJECT.move(name).needs_reason, name
    for name in ("return-list", "discard-count"):
        assert CYCLE.move(name).needs_reason, name


def test_time_moves_belong_to_the_platform() -> None:
    assert [m.name for m in PROJECT.allowed(SYSTEM, ProjectState.SUPPLEMENT)] == ["supplement-lapsed"]
