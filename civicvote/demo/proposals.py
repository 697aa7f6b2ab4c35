"""Planting citizens' proposals with everything that happened to them, backdated: 공감, revisions, co-authors, answers."""

import tomllib
from datetime import datetime, timedelta
from importlib import resources
from typing import Any, Final

from sqlalchemy.orm import Session

from civicvote.demo import content
from civicvote.demo.people import Cast
from civicvote.domain import places
from civicvote.domain.discussion import HideReason, ThreadKind
from civicvote.domain.lifecycles import PROPOSAL, ProposalState
from civicvote.domain.proposals import Triage, Verdict
from civicvote.models.accounts import User
from civicvote.models.base import new_id
from civicvote.models.discussion import ModerationDecision, Watch
from civicvote.models.proposals import (
    CoAuthor,
    CoAuthorInvitation,
    Proposal,
    ProposalAnswer,
    ProposalEndorsement,
    ProposalMove,
    ProposalRevision,
)
from civicvote.services import clock
from civicvote.services.deliberation import debates
from civicvote.services.discussion import threads
from civicvote.services.proposals import counters, moves, revisions
from civicvote.settings import Settings

S = ProposalState
WINDOW: Final = timedelta(days=30)
_HOUR: Final = timedelta(hours=1)
_REVIEW: Final = timedelta(days=30)

#: The moves that lead to each state, in order, and after how many hours each.
_WAYS: Final[dict[ProposalState, tuple[tuple[str, int], ...]]] = {
    S.DRAFT: (),
    S.PUBLISHED: (),
    S.AWAITING_DEPARTMENT: (("reach", 200),),
    S.IN_REVIEW: (("reach", 200), ("assign", 260)),
    S.ANSWERED: (("reach", 200), ("assign", 260), ("answer", 900)),
    S.CLOSED: (("close", 720),),
    S.FORWARDED: (("forward", 50),),
    S.WITHDRAWN: (("withdraw", 300),),
    S.MERGED: (("merge", 120),),
}


def described() -> list[dict[str, Any]]:
    """The proposals as written down, the oldest first; drafts last."""
    text = (resources.files(content) / "citizen_proposals.toml").read_text("utf-8")
    found: list[dict[str, Any]] = tomllib.loads(text)["proposal"]
    return sorted(found, key=lambda one: (one["state"] == "draft", -one["days_ago"]))


class Planter:
    """Plants one after the other, so that numbers follow the order of publication."""

    def __init__(self, session: Session, cast: Cast) -> None:
        self.session, self.cast = session, cast
        self.now = clock.now()
        self.made: dict[str, Proposal] = {}
        #: Whoever has not verified their identity endorses as well; officials keep to themselves.
        keys = [*content.PERSON, *(a.key for a in content.ACCOUNTS)]
        self.people = [cast.users[key] for key in keys]

    def plant(self, one: dict[str, Any], number: int) -> None:
        """The proposal with its history, endorsers, versions and answer."""
        state = S(one["state"])
        at = self.now - timedelta(days=one["days_ago"], hours=2 + number % 7)
        proposal = Proposal(**self._columns(one, state, at, number))
        self.session.add(proposal)
        self.session.flush()
        self.made[one["key"]] = proposal
        for key in one.get("co_authors", ()):
            self.session.add(CoAuthor(proposal_id=proposal.id, user_id=self.cast.users[key].id, at=at + _HOUR))
        if state is S.DRAFT:
            return
        self._public(proposal, one, state, at)
        self._endorse(proposal, one.get("endorsers", 0), at)
        self._revise(proposal, one.get("revisions", ()), at)
        self._answer(proposal, one)

    def _columns(self, one: dict[str, Any], state: ProposalState, at: datetime, number: int) -> dict[str, Any]:
        point = places.middle(one["district"]) if one.get("point") else (None, None)
        author = self.cast.users[one["author"]]
        way = _WAYS[state]
        moved = at + timedelta(hours=way[-1][1]) if way else at
        columns: dict[str, Any] = {
            "author_id": author.id, "saved_by": author.id, "state": state, "title": one["title"],
            "problem": one["problem"], "idea": one["idea"], "category": one["category"],
            "district": one.get("district"), "place": one.get("place", ""), "map_x": point[0], "map_y": point[1],
            "created_at": at - _HOUR, "updated_at": min(moved, self.now), "shuffle": number * 7_919 % 2**31,
            "state_reason": one.get("reason", ""), "forum_threshold": one.get("forum_threshold", 500),
            "triage": Triage.COMPLAINT if state is S.FORWARDED else None, "forwarded_to": one.get("forwarded_to", ""),
        }  # fmt: skip
        if state is not S.DRAFT:
            columns |= {"number": number, "published_at": at, "closes_at": at + WINDOW}
        if "department" in one:
            assigned = at + timedelta(hours=260)
            due = self.now + timedelta(days=one["due_in"]) if "due_in" in one else assigned + _REVIEW
            columns |= {"department_id": self.cast.departments[one["department"]].id, "assigned_at": assigned}
            columns["due_at"] = due
        if "verdict" in one:
            columns |= {"verdict": Verdict(one["verdict"]), "answered_at": moved}
        if "hidden_code" in one:
            columns |= {"hidden_code": HideReason(one["hidden_code"]), "hidden_reason": one["hidden_reason"]}
            columns |= {"hidden_at": at + _HOUR, "hidden_by": self.cast.users["moderator"].id}
        for name in ("previous", "merged_into"):
            if name in one:
                columns[f"{name}_id"] = self.made[one[name]].id
        return columns

    def _public(self, proposal: Proposal, one: dict[str, Any], state: ProposalState, at: datetime) -> None:
        threads.open_thread(
            self.session, ThreadKind.PROPOSAL, proposal.id, title=proposal.title, path=moves.path(proposal)
        )
        if proposal.author_id:
            self.session.add(Watch(subject_id=proposal.id, user_id=proposal.author_id, at=at))
        steps = [("publish", 0), *_WAYS[state]]
        source = S.DRAFT
        for place, (name, hours) in enumerate(steps):
            target = PROPOSAL.move(name).target
            self.session.add(
                ProposalMove(
                    id=new_id(),
                    proposal_id=proposal.id,
                    name=name,
                    source=source.value,
                    target=target.value,
                    reason=one.get("reason", "") if place == len(steps) - 1 else "",
                    at=at + timedelta(hours=hours),
                )
            )
            self.session.flush()
            source = S(target)
        if proposal.hidden_at:
            self.session.add(
                ModerationDecision(
                    proposal_id=proposal.id,
                    name="hide",
                    code=proposal.hidden_code,
                    reason=proposal.hidden_reason,
                    by=proposal.hidden_by,
                    at=proposal.hidden_at,
                )
            )

    def _endorsers(self, proposal: Proposal, count: int) -> list[User]:
        """`count` different people, beginning with another one for each proposal; the author last."""
        start = (proposal.number or 0) * 5
        around = [self.people[(start + step) % len(self.people)] for step in range(len(self.people))]
        return sorted(around, key=lambda user: user.id == proposal.author_id)[:count]

    def _endorse(self, proposal: Proposal, count: int, at: datetime) -> None:
        until = min(self.now, at + timedelta(hours=200))
        for place, user in enumerate(self._endorsers(proposal, count), 1):
            self.session.add(
                ProposalEndorsement(
                    proposal_id=proposal.id,
                    user_id=user.id,
                    person_id=user.person_id,
                    at=at + (until - at) * place / (count + 1),
                )
            )
        proposal.endorsement_count = count
        self.session.flush()

    def _revise(self, proposal: Proposal, changed: Any, at: datetime) -> None:
        """Versions up to the present text, told backwards: what stood in a field before each change."""
        if not proposal.endorsement_count:
            return
        text = {name: getattr(proposal, name) for name in revisions.KEPT}
        versions: list[tuple[str, dict[str, Any]]] = []
        for note, name, before in reversed(changed):
            versions.insert(0, (note, text))
            text = text | {name: before}
        versions.insert(0, ("", text))
        for number, (note, kept) in enumerate(versions):
            self.session.add(
                ProposalRevision(
                    proposal_id=proposal.id,
                    number=number,
                    note=note,
                    author_id=proposal.author_id,
                    at=at + (number + 1) * 9 * _HOUR,
                    **kept,
                )
            )
        proposal.revision = len(changed)

    def _answer(self, proposal: Proposal, one: dict[str, Any]) -> None:
        if proposal.answered_at is None or proposal.verdict is None or proposal.department_id is None:
            return
        self.session.add(
            ProposalAnswer(
                proposal_id=proposal.id,
                department_id=proposal.department_id,
                verdict=proposal.verdict,
                text=one["answer"],
                elsewhere=one.get("elsewhere", ""),
                drafted_at=proposal.answered_at - timedelta(days=3),
                ready_at=proposal.answered_at - timedelta(days=1),
                published_by=self.cast.users["staff"].id,
                published_at=proposal.answered_at,
            )
        )

    def merge(self, gone: Proposal) -> None:
        """Who had endorsed what was merged counts for the other one too, each once."""
        into = next(p for p in self.made.values() if p.id == gone.merged_into_id)
        there = {user.id for user in self._endorsers(into, into.endorsement_count)}
        for user in self._endorsers(gone, gone.endorsement_count):
            if user.id not in there:
                self.session.add(
                    ProposalEndorsement(
                        proposal_id=into.id,
                        user_id=user.id,
                        person_id=user.person_id,
                        at=gone.updated_at,
                        merged_from_id=gone.id,
                    )
                )
                into.endorsement_count += 1
        self.session.flush()


def plant(session: Session, settings: Settings, cast: Cast) -> None:
    """All of them, an open debate, and an invitation that waits."""
    del settings
    planter = Planter(session, cast)
    for number, one in enumerate(described(), 1):
        planter.plant(one, number)
    for proposal in planter.made.values():
        if proposal.state is S.MERGED:
            planter.merge(proposal)
        if proposal.endorsement_count >= proposal.forum_threshold:
            proposal.forum_reached_at = planter.now
            session.flush()
            debates.open_from_proposal(session, proposal)
    draft = planter.made["draft-festival"]
    session.add(
        CoAuthorInvitation(
            proposal_id=draft.id,
            token_hash="0" * 64,
            email="friend@demo.civicvote.example",
            invited_by=draft.author_id,
            created_at=planter.now,
            expires_at=planter.now + timedelta(days=14),
        )
    )
    session.flush()
    assert counters.recount(session, repair=False) == 0
