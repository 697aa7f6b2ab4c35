"""Proposals for tests, one line each."""

import itertools
from datetime import timedelta
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import ProposalState
from civicvote.models.accounts import User
from civicvote.models.base import new_id
from civicvote.models.proposals import Proposal
from civicvote.services import clock, search
from tests.support.wordings import Written, written

NUMBER = itertools.count(1)
WINDOW = timedelta(days=30)


def proposal(
    session: Session, author: User | None = None, state: ProposalState = ProposalState.PUBLISHED, **values: Any
) -> Proposal:
    """A proposal in `state`; what is named in `values` stands as given."""
    moment = clock.now()
    public = state is not ProposalState.DRAFT
    published = values.get("published_at", moment)
    given: dict[str, Any] = {
        "author_id": author.id if author else None,
        "state": state,
        "title": "밤길이 어두운 골목에 가로등을 더 설치해 주세요",
        "problem": "해가 지면 골목이 어두워 걷기 무섭습니다.",
        "idea": "가로등 간격을 좁히고 밝은 등으로 바꾸어 주십시오.",
        "category": "교통·안전",
        "number": next(NUMBER) if public else None,
        "created_at": moment,
        "updated_at": moment,
        "published_at": moment if public else None,
        "closes_at": published + WINDOW if public else None,
        "shuffle": 7,
    }
    made = Proposal(**(given | values))
    session.add(made)
    session.flush()
    return made


def town(session: Session) -> dict[tuple[int, str], Written]:
    """The five thousand of `wordings`, published and in the index; each by its concern and place."""
    moment, found = clock.now(), {}
    rows = []
    for number, one in enumerate(written()):
        found[one.key] = one
        at = moment - timedelta(minutes=number)
        rows.append(
            {
                "id": new_id(), "state": ProposalState.PUBLISHED, "number": 100_000 + number, "title": one.title, "problem": one.problem,
                "idea": one.idea, "category": one.category, "district": one.district, "place": one.place, "created_at": at,
                "updated_at": at, "published_at": at, "closes_at": at + WINDOW, "shuffle": number * 429_000,
            }
        )  # fmt: skip
    session.execute(insert(Proposal), rows)
    search.reindex_proposals(session)
    return found
