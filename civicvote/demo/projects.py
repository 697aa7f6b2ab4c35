"""Planting one proposal of the demo with everything that happened to it, backdated."""

from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from civicvote.demo import content
from civicvote.demo.people import Cast
from civicvote.domain.criteria import Answer, Criterion
from civicvote.domain.korean import from_seoul
from civicvote.domain.lifecycles import PROJECT, ProjectState
from civicvote.models.base import new_id
from civicvote.models.cycles import Cycle, Pool
from civicvote.models.projects import Comment, CostLine, Endorsement, Follow, Project, ProjectMove
from civicvote.models.reviews import Review, Supplement

S = ProjectState

#: The moves that lead to each state, in order; the last reason is the public one.
_WAYS: Final[dict[ProjectState, tuple[str, ...]]] = {
    S.DRAFT: (),
    S.SUBMITTED: ("submit",),
    S.ASSIGNED: ("submit", "assign"),
    S.IN_REVIEW: ("submit", "assign", "start-review"),
    S.SUPPLEMENT: ("submit", "assign", "start-review", "request-supplement"),
    S.ELIGIBLE: ("submit", "assign", "start-review", "accept"),
    S.INELIGIBLE: ("submit", "assign", "start-review", "refuse"),
    S.ON_BALLOT: ("submit", "assign", "start-review", "accept", "list"),
    S.WITHDRAWN: ("submit", "withdraw"),
}
#: Which category of the form stands for a theme of the content.
CATEGORY_OF_THEME: Final = {
    "교통·보행": "교통·안전",
    "디지털": "일자리·경제",
    "문화·여가": "문화·체육",
    "복지·돌봄": "복지·돌봄",
    "환경·안전": "환경·공원",
}
_DECIDED: Final = frozenset({S.ELIGIBLE, S.INELIGIBLE, S.ON_BALLOT})


class Planter:
    """Plants the projects of one cycle."""

    def __init__(self, session: Session, cast: Cast, cycle: Cycle, pools: dict[str, Pool], today: date) -> None:
        self.session, self.cast, self.cycle, self.pools, self.today = session, cast, cycle, pools, today

    def _moment(self, days_ago: int, hour: int = 10) -> datetime:
        return from_seoul(self.today - timedelta(days=days_ago), hour)

    def plant(self, described: content.Project, place: int) -> None:
        """The project, its history, review, comments, endorsements."""
        author = self.cast.users[described.author]
        department = self.cast.departments[described.department] if described.department else None
        submitted = self._moment(described.days_ago, 9 + place % 10)
        way = self._way(described)
        project = Project(
            cycle_id=self.cycle.id,
            pool_id=self.pools[described.pool].id,
            author_id=author.id,
            number=None if described.state is S.DRAFT else f"{self.cycle.year % 100:02d}-{place:04d}",
            state=described.state,
            title=described.title,
            problem=described.problem,
            idea=described.idea,
            category=CATEGORY_OF_THEME[described.category],
            district=described.district,
            place=described.place,
            requested_won=described.requested_won,
            cost_won=described.cost_won if described.state in _DECIDED - {S.INELIGIBLE} else None,
            department_id=department.id if department and len(way) > 1 else None,
            created_at=submitted - timedelta(days=1),
            updated_at=submitted,
            submitted_at=None if described.state is S.DRAFT else submitted,
            state_reason=self._reason(described, way[-1]) if way else "",
        )
        self.session.add(project)
        self.session.flush()
        moved = self._history(project, described, way, submitted)
        if project.department_id is not None:
            self._review(project, described, moved)
        self._talk(project, described, submitted)
        if described.state in _DECIDED and described.state is not S.INELIGIBLE:
            self.session.add_all(
                CostLine(
                    project_id=project.id, kind=line.kind, label=line.label, amount_won=line.amount_won, position=n
                )
                for n, line in enumerate(described.costs)
            )

    def _way(self, described: content.Project) -> tuple[str, ...]:
        way = _WAYS[described.state]
        if described.supplement_answer and "accept" in way:
            place = way.index("accept")
            return (*way[:place], "request-supplement", "supplement", *way[place:])
        return way

    def _reason(self, described: content.Project, move: str) -> str:
        return {
            "accept": described.verdict,
            "refuse": described.reason,
            "withdraw": described.reason,
            "request-supplement": described.supplement,
            "list": described.verdict,
        }.get(move, "")

    def _history(
        self, project: Project, described: content.Project, way: tuple[str, ...], at: datetime
    ) -> dict[str, datetime]:
        moved = {}
        source = PROJECT.initial
        room = max(1.0, (self._moment(0) - at).total_seconds() / 86_400 / max(1, len(way)))
        for number, name in enumerate(way):
            row = PROJECT.move(name)
            moment = min(at + timedelta(days=number * min(9.0, room)), self._moment(0))
            reason = "" if name == "list" else self._reason(described, name)
            self.session.add(
                ProjectMove(
                    project_id=project.id,
                    name=name,
                    source=source.value,
                    target=row.target.value,
                    reason=reason,
                    at=moment,
                )
            )
            project.updated_at = moved[name] = moment
            source = row.target
        return moved

    def _review(self, project: Project, described: content.Project, moved: dict[str, datetime]) -> None:
        assert project.department_id is not None
        assigned = moved["assign"]
        decided = described.state in _DECIDED
        reason = described.verdict if described.state is not S.INELIGIBLE else described.reason
        review = Review(
            project_id=project.id,
            department_id=project.department_id,
            assigned_by=self.cast.users["staff"].id,
            assigned_at=assigned,
            due_at=assigned + timedelta(days=21),
            criteria=_criteria(described) if decided else {},
            cost_won=described.cost_won if decided else None,
            verdict=("refuse" if described.state is S.INELIGIBLE else "accept") if decided else None,
            reason=reason if decided else "",
            decided_at=moved.get("accept") or moved.get("refuse"),
        )
        self.session.add(review)
        self.session.flush()
        if described.supplement:
            asked = moved["request-supplement"]
            self.session.add(
                Supplement(
                    review_id=review.id,
                    project_id=project.id,
                    question=described.supplement,
                    asked_at=asked,
                    due_at=max(
                        asked + timedelta(days=7), self._moment(-5) if not described.supplement_answer else asked
                    ),
                    answer=described.supplement_answer if "supplement" in moved else None,
                    answered_at=moved.get("supplement"),
                )
            )

    def _talk(self, project: Project, described: content.Project, submitted: datetime) -> None:
        if described.state is S.DRAFT:
            return
        written: list[Comment] = []
        for said in described.comments:
            at = min(submitted + timedelta(hours=said.hours), self._moment(0))
            comment = Comment(
                project_id=project.id,
                parent_id=written[said.parent].id if said.parent is not None else None,
                author_id=self.cast.users[said.author].id,
                body=said.text,
                created_at=at,
                hidden_at=at + timedelta(hours=5) if said.hidden_reason else None,
                hidden_by=self.cast.users["moderator"].id if said.hidden_reason else None,
                hidden_reason=said.hidden_reason,
                form_key=new_id(),
            )
            self.session.add(comment)
            self.session.flush()
            written.append(comment)
        for number, person in enumerate(content.endorsers(described)):
            user = self.cast.users[person.key]
            at = min(submitted + timedelta(hours=3 * number + 1), self._moment(0))
            self.session.add(Endorsement(project_id=project.id, user_id=user.id, at=at))
            if number < 3:
                self.session.add(Follow(project_id=project.id, user_id=user.id, at=at))


def _criteria(described: content.Project) -> dict[str, dict[str, str]]:
    """What the department ticked: a refused project fails where its reason says."""
    refused = described.state is ProjectState.INELIGIBLE
    return {
        criterion.value: {"answer": (Answer.PARTLY if refused else Answer.YES).value, "note": ""}
        for criterion in Criterion
    }
