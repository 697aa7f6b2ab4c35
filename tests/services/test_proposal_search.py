"""Search among five thousand proposals: what people type finds what they mean; what was already proposed is pointed out."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.discussion import HideReason
from civicvote.domain.lifecycles import PROPOSAL, ProposalState
from civicvote.domain.permissions import SYSTEM, Role
from civicvote.models.proposals import Proposal, ProposalEndorsement
from civicvote.services import clock, search, workflow
from tests import factories
from tests.conftest import Queries
from tests.support.listed import proposal, town
from tests.support.wordings import QUERIES


def _best(session: Session, query: str) -> list[str]:
    found = search.proposal_hits(session, query)
    assert found is not None
    return list(
        session.scalars(
            select(Proposal.title)
            .join(found.table, found.key == Proposal.id)
            .order_by(found.rank.desc(), Proposal.id.desc())
            .limit(5)
        )
    )


def test_paraphrased_queries_find_theirs_and_paraphrased_titles_their_duplicates(session: Session) -> None:
    known = town(session)
    assert len(known) == 5000
    found = [known[concern, place].title in _best(session, query) for query, concern, place in QUERIES]
    assert len(found) == 30
    assert sum(found) >= 0.95 * len(found)
    sample = list(known.values())[::41]
    pointed_out = [one.title in {near.title for near in search.similar_proposals(session, one.again)} for one in sample]
    assert len(pointed_out) > 100
    assert sum(pointed_out) >= 0.85 * len(pointed_out)


def _similar(session: Session, wording: str, but: UUID | None = None) -> list[UUID]:
    return [near.id for near in search.similar_proposals(session, wording, but=but)]


def test_similar_ones_come_with_what_a_reader_needs_in_two_statements(session: Session, queries: Queries) -> None:
    reader = factories.user(session)
    near = proposal(session, title="골목길 가로등 증설", number=77, endorsement_count=1)
    far = proposal(session, title="골목길 분리수거함 설치", problem="쓰레기가 쌓입니다.", idea="늘려 주십시오.")
    session.add(ProposalEndorsement(proposal_id=near.id, user_id=reader.id, at=clock.now()))
    search.reindex_proposals(session)
    session.flush()
    queries.clear()
    first = search.similar_proposals(session, "어두운 골목길에 가로등을 늘려 주세요", viewer_id=reader.id)[0]
    assert len(queries) == 2
    assert (first.id, first.number, first.title, first.endorsements, first.endorsed) == (
        near.id, 77, "골목길 가로등 증설", 1, True,
    )  # fmt: skip
    assert first.state is ProposalState.PUBLISHED
    assert near.id not in _similar(session, "골목길 가로등 증설", but=near.id)
    assert _similar(session, "골목길 분리수거함")[0] == far.id
    assert _similar(session, "골") == []
    assert _similar(session, "우주 정거장") == []


@pytest.mark.parametrize("state", [ProposalState.WITHDRAWN, ProposalState.MERGED, ProposalState.FORWARDED])
def test_nobody_is_pointed_to_what_is_over(session: Session, state: ProposalState) -> None:
    other = proposal(session, title="다른 제안", problem="다릅니다.", idea="다르게")
    triage: dict[str, Any] = {"triage": "complaint"} if state is ProposalState.FORWARDED else {}
    merged: dict[str, Any] = {"merged_into_id": other.id} if state is ProposalState.MERGED else {}
    proposal(session, state=state, title="골목길 가로등 증설", **triage, **merged)
    search.reindex_proposals(session)
    assert _similar(session, "골목길 가로등 증설") == []
    assert _best(session, "골목길 가로등") == ["골목길 가로등 증설"]  # but it can be looked up


HIDDEN: dict[str, Any] = {
    "hidden_at": clock.now(),
    "hidden_code": HideReason.ADVERTISING,
    "hidden_reason": "광고입니다.",
}


def test_drafts_and_hidden_ones_are_never_found(session: Session) -> None:
    proposal(session, state=ProposalState.DRAFT, title="비밀 가로등")
    proposal(session, title="광고 가로등", **HIDDEN)
    shown = proposal(session, title="보이는 가로등")
    assert _best(session, "가로등") == ["보이는 가로등"]
    for name, value in HIDDEN.items():
        setattr(shown, name, value)
    session.flush()
    assert _best(session, "가로등") == []
    assert search.similar_proposals(session, "보이는 가로등") == []
    assert search.reindex_proposals(session) == 0
    shown.hidden_at, shown.hidden_code, shown.hidden_reason = None, None, ""
    session.flush()
    assert _best(session, "가로등") == ["보이는 가로등"]


def test_the_index_follows_whoever_changes_the_text(session: Session, queries: Queries) -> None:
    one = proposal(session, title="가로등 증설")
    assert _best(session, "가로등") == ["가로등 증설"]
    one.title, one.problem, one.idea = "수영장 건립", "멀리 갑니다.", "지어 주십시오."
    session.flush()
    assert _best(session, "수영장") == ["수영장 건립"]
    assert _best(session, "가로등") == []
    assert _best(session, str(one.number)) == ["수영장 건립"]
    queries.clear()
    one.endorsement_count += 1
    session.flush()
    assert len(queries) == 1  # what nobody searches costs nothing
    draft = proposal(session, state=ProposalState.DRAFT, title="초안 도서관")
    assert search.proposal_hits(session, "도서관") is not None
    assert _best(session, "도서관") == []
    draft.number, draft.published_at, draft.closes_at = 9_999, clock.now(), clock.now()
    workflow.move(session, SYSTEM.also(Role.AUTHOR), PROPOSAL, draft, "publish")
    session.flush()
    assert _best(session, "도서관") == ["초안 도서관"]


def test_how_rare_a_word_is_depends_on_proposals_alone(session: Session) -> None:
    pool = factories.pool(session, factories.cycle(session))
    for number in range(30):
        factories.project(session, pool, title=f"도서관 {number}")
    search.reindex(session)
    proposal(session, title="도서관 개방", problem="좁습니다.", idea="넓게")
    proposal(session, title="공원 개방", problem="좁습니다.", idea="넓게")
    search.reindex_proposals(session)
    found = search.proposal_hits(session, "도서관 개방")
    assert found is not None
    assert found.idf["도서"] > found.idf["개방"]
