"""From the document of a run to what the pages show. Runs of older versions lack keys; nothing fails for that."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from civicvote.domain.ballots.counting import REASONS
from civicvote.services.counting.outcomes import exact
from civicvote.services.results.shapes import Contest, Kind, Loser, Papers, Reached, Side, Winner

Ids = Mapping[str, UUID]


class Reader:
    """Reads contests of one run; `notice` is the vote's, `ids` the projects' by number.

    `pooled`: only totals are published, so kinds of voters are left out, too: their cells may be small.
    """

    def __init__(self, notice: Mapping[str, Any], ids: Ids, *, pooled: bool = False) -> None:
        self.pooled = pooled
        self.projects = {one["id"]: one for one in notice["projects"]}
        self.titles = {key: one["title"] for key, one in self.projects.items()}
        self.terms = {one["pool"]: one for one in notice["contests"]}
        self.ids = ids
        self.point_unit: int = notice.get("more", {}).get("pabulib", {}).get("point_unit", 1)

    def contest(self, document: Mapping[str, Any]) -> Contest:
        """One contest."""
        winners = [self._winner(document, step, place) for place, step in enumerate(document["steps"], 1)]
        terms = self.terms[document["pool"]]
        onward = document.get("leftover_to")
        return Contest(
            pool=document["pool"],
            title=document["title"],
            budget=exact(document["budget"]),
            more=exact(document.get("more", 0)),
            leftover_to=self.terms[onward]["title"] if onward else None,
            spent=sum(winner.paid for winner in winners),
            rule=document["rule"],
            utility=document["utility"],
            completion=document["completion"],
            adopted=document.get("adopted", False),
            void=document.get("void", False),
            scored=terms["measure"] == "points",
            voters=document["voters"],
            endowment=exact(document["endowment"]),
            rounds=document["rounds"],
            winners=winners,
            losers=self._losers(document),
            ties=[(self.titles[a], self.titles[b]) for a, b in document["ties"]],
            sides=self._sides(document, winners),
            kinds=[] if self.pooled else [Kind(**kind) for kind in document.get("kinds", [])],
            terms=terms,
        )

    def _base(self, document: Mapping[str, Any], project: str) -> dict[str, Any]:
        return {
            "number": project,
            "id": self.ids.get(project),
            "title": self.titles[project],
            "cost": exact(self.projects[project]["cost"]),
            "votes": document["votes"][project],
            "points": self._points(document, project),
            "told": document.get("why", {}).get(project, {}),
            "titles": self.titles,
        }

    def _points(self, document: Mapping[str, Any], project: str) -> float | None:
        score = exact((document.get("scores") or {}).get(project))
        if score is None:
            return None
        return float(score / self.point_unit) if score % self.point_unit else int(score // self.point_unit)

    def _winner(self, document: Mapping[str, Any], step: Mapping[str, Any], place: int) -> Winner:
        return Winner(
            **self._base(document, step["project"]),
            place=place,
            share=exact(step["price"]),
            emptied=step["emptied"],
            left=exact(step["left"]),
            paid=exact(step.get("paid", step["cost"])),
            locked=step.get("locked", False),
            completion=step.get("completion", False),
            rule=document["rule"],
            step=step,
        )

    def _losers(self, document: Mapping[str, Any]) -> list[Loser]:
        """Those with the most points or votes first."""
        losers = [Loser(**self._base(document, reason["project"]), reason=reason) for reason in document["rejected"]]
        return sorted(losers, key=lambda one: (-(one.points or 0), -one.votes, one.number))

    def _sides(self, document: Mapping[str, Any], winners: Sequence[Winner]) -> list[Side]:
        if "other" in document:
            return self._older_sides(document, winners)
        return [
            Side(
                rule=side["rule"],
                completion=side["completion"],
                added=self._named(side["added"]),
                dropped=self._named(side["dropped"]),
                with_one=side["with_one"],
                mean_projects=side["mean_projects"],
                prefer=(side["prefer"][0], side["prefer"][1]),
                funded=side["funded"],
                spent=exact(side["spent"]),
                mean_cost=exact(side["mean_cost"]),
                gini=side["gini"],
            )
            for side in document.get("sides", [])
        ]

    def _older_sides(self, document: Mapping[str, Any], winners: Sequence[Winner]) -> list[Side]:
        """Version 1 kept one other rule."""
        other, mine = document["other"], [winner.number for winner in winners]
        added = self._named(one for one in other["selected"] if one not in mine)
        dropped = self._named(one for one in mine if one not in other["selected"])
        here, there = other["prefer"]
        completion = document["completion"]
        return [
            Side(document["rule"], completion, [], [], other["with_one"][0], other["mean"][0], (0, 0)),
            Side(other["rule"], completion, added, dropped, other["with_one"][1], other["mean"][1], (here, there)),
        ]

    def _named(self, projects: Any) -> list[str]:
        return [self.titles[one] for one in projects]

    def reached(self, document: Mapping[str, Any]) -> list[Reached]:
        """By contest, who got nothing at all."""
        return [
            Reached(self.terms[one["of"]]["title"], one["voters"], one["without"])
            for one in document.get("reached", [])
        ]

    def areas(self, document: Mapping[str, Any]) -> list[Reached]:
        """The same by district (its code) of the projects people chose."""
        return [Reached(one["of"], one["voters"], one["without"]) for one in document.get("areas", [])]


def papers(document: Mapping[str, Any]) -> Papers:
    """How many ballots were counted and valid."""
    invalid = [(REASONS[reason], n) for reason, n in document["invalid"].items()]
    return Papers(document["counted"], document["valid"], invalid)
