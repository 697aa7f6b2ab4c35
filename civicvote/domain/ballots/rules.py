"""The notice of a vote, fixed and published before it opens, and what makes a ballot valid under it.

Amounts are whole won as int; a string such as "1000.50" carries the exact decimals of imported elections.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, NotRequired, TypedDict, get_args

from civicvote.domain.ballots.encoding import canonical, digest, unhex, vote_label
from civicvote.domain.ballots.sealing import BLOCK, MAX_POINTS, Ballot, padded_length
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import Message, msg

FORMAT = "civicvote-notice/2"
FIRST_FORMAT = "civicvote-notice/1"
"""Votes announced under it are still counted; it knew none of the keys that may be missing (`NotRequired`)."""
AMOUNT = re.compile(r"[0-9]{1,18}(\.[0-9]{1,9})?")

Amount = int | str


class NoticeKeys(TypedDict):
    """Public keys in hexadecimal; `shares` is "3/5" or "1/1" (one key file)."""

    vote: str
    board: str
    shares: str


class Group(TypedDict):
    """Picks among `projects` (ids): at least `min`, at most `max`, together at most `max_cost`; None: no limit."""

    id: str
    title: str
    projects: list[str]
    min: int
    max: int | None
    max_cost: Amount | None


class Points(TypedDict):
    """Most points for one project (`max`) and for all together (`sum`); None where unlimited."""

    max: int | None
    sum: int | None


class BallotForm(TypedDict):
    """`length`: bytes of the padded plaintext. `min`, `max`, `max_cost` hold for all picks, `groups` for parts of them.

    `points` None: approvals, every pick weighs one. `points` with `sum` are cumulative, with `max` alone scores. `ranking`
    needs `points` and `max`: the first preference gets `max` points, the second one less, and so on, none left out.
    """

    length: int
    min: int
    max: int | None
    max_cost: Amount | None
    points: Points | None
    groups: list[Group]
    ranking: NotRequired[bool]


class Cap(TypedDict):
    """At most `max` of `projects` (ids) are funded, together for at most `max_cost`; None: no limit."""

    title: str
    projects: list[str]
    max: int | None
    max_cost: Amount | None


MethodName = Literal[
    "greedy",
    "greedy-no-skip",
    "greedy-poznan",
    "greedy-per-cost",
    "welfare",
    "equal-shares",
    "phragmen",
    "phragmen-skip",
]


class Contest(TypedDict):
    """How one pool is counted. Contests are counted in the notice's order.

    A ballot takes part with at least one pick among the pool's projects, withdrawn ones included; with
    `empty_ballots` every valid ballot does. With fewer ballots than `quorum` the contest is void: nothing is funded.
    `locked` projects are funded first, whatever their votes; the rule divides what is left. A project is out when
    withdrawn, without votes, below `threshold` votes (points), supported by less than `threshold_share` (decimal text,
    0–1) of the ballots, or dearer than the money. `rule` names the method (ALGORITHMS.md B1–B3) and `measure` says what
    counts, votes or points. `equal-shares` has a `utility` (`cost` or `cardinality`, times points), a `completion` with
    `step` per ballot, with or without `exhaustive_stop`, and the `comparison` with greedy. Of the projects in one list
    of `exclusive` at most one is funded, and no more than the `caps` allow. Equals are settled by `ties`, all ids of
    the pool in order, after the criteria of `tie_by`, if any: `votes` (more first), `cost` (cheaper first),
    `cost-desc`. What is not spent is added to the budget of `leftover_to`, the pool of a later contest.
    """

    pool: str
    title: str
    budget: Amount
    rule: MethodName
    utility: Literal["cost", "cardinality"]
    completion: Literal["none", "add1", "add1u", "utilitarian"]
    step: Amount
    exhaustive_stop: bool
    measure: Literal["votes", "points"]
    threshold: int
    empty_ballots: bool
    tie_by: list[Literal["votes", "cost", "cost-desc"]]
    ties: list[str]
    comparison: NotRequired[bool]
    threshold_share: NotRequired[str]
    quorum: NotRequired[int]
    exclusive: NotRequired[list[list[str]]]
    caps: NotRequired[list[Cap]]
    locked: NotRequired[list[str]]
    leftover_to: NotRequired[str | None]


class Project(TypedDict):
    """`withdrawn`: already when the vote opened; later ones stand on the board as `withdraw` entries."""

    id: str
    title: str
    pool: str
    cost: Amount
    withdrawn: bool


class Notice(TypedDict):
    """notice.json. Times are UTC text. `more` holds whatever else the city publishes; nothing is computed from it."""

    format: str
    vote: str
    title: str
    opens_at: str
    closes_at: str
    keys: NoticeKeys
    ballot: BallotForm
    contests: list[Contest]
    projects: list[Project]
    more: NotRequired[dict[str, Any]]


def amount(value: Amount) -> Fraction:
    """The exact number; InvalidError unless a non-negative int or decimal text."""
    if (type(value) is int and value >= 0) or (isinstance(value, str) and AMOUNT.fullmatch(value)):
        return Fraction(value)
    raise InvalidError(msg("금액이 올바르지 않습니다: %(value)s", value=str(value)[:40]))


def notice_digest(notice: Notice) -> str:
    """What entry 0 of the board carries."""
    return digest("notice", notice)


def ballot_length(notice: Notice) -> int:
    """The padded length the notice's own rules ask for: put it into `notice["ballot"]["length"]` before publishing."""
    form = notice["ballot"]
    points = None if form["points"] is None else (form["points"]["max"] or form["points"]["sum"] or MAX_POINTS)
    return padded_length((project["id"] for project in notice["projects"]), form["max"], points=points)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a ballot is not valid: a stable code for files and a sentence for people."""

    code: str
    message: Message


class Rules:
    """The ballot rules of a notice, ready to check many ballots."""

    def __init__(self, notice: Notice) -> None:
        form = notice["ballot"]
        self._costs = {project["id"]: amount(project["cost"]) for project in notice["projects"]}
        whole: Group = {
            "id": "",
            "title": "",
            "projects": list(self._costs),
            "min": form["min"],
            "max": form["max"],
            "max_cost": form["max_cost"],
        }
        self._parts = [
            (frozenset(part["projects"]), part, None if part["max_cost"] is None else amount(part["max_cost"]))
            for part in [whole, *form["groups"]]
        ]
        self._points = form["points"]
        self._ranks = form["max"] if form.get("ranking") else None
        self.length = form["length"]

    def problem(self, ballot: Ballot) -> Problem | None:
        """The first rule `ballot` breaks, or None. Withdrawn projects are allowed: they simply don't count."""
        if not self._costs.keys() >= set(ballot.picks):
            return Problem("unknown-project", msg("이 투표에 없는 사업이 들어 있습니다."))
        if problem := self._points_problem(ballot):
            return problem
        for ids, part, most in self._parts:
            picks = [pick for pick in ballot.picks if pick in ids]
            if problem := self._part_problem(picks, part, most):
                return problem
        return None

    def _part_problem(self, picks: list[str], part: Group, most: Fraction | None) -> Problem | None:
        where = part["title"]
        if len(picks) < part["min"]:
            text = (
                msg("%(group)s에서 %(n)s개 이상 골라 주십시오.", group=where, n=part["min"])
                if where
                else msg("사업을 %(n)s개 이상 골라 주십시오.", n=part["min"])
            )
            return Problem("too-few", text)
        if part["max"] is not None and len(picks) > part["max"]:
            text = (
                msg("%(group)s에서는 %(n)s개까지 고를 수 있습니다.", group=where, n=part["max"])
                if where
                else msg("사업은 %(n)s개까지 고를 수 있습니다.", n=part["max"])
            )
            return Problem("too-many", text)
        if most is not None and sum(self._costs[pick] for pick in picks) > most:
            return Problem("too-dear", msg("고른 사업의 사업비를 더한 금액이 한도를 넘습니다."))
        return None

    def _points_problem(self, ballot: Ballot) -> Problem | None:
        if (ballot.points is None) != (self._points is None):
            return Problem("points", msg("이 투표의 점수 방식에 맞지 않습니다."))
        if ballot.points is None or self._points is None:
            return None
        most, total = self._points["max"], self._points["sum"]
        if (most is not None and max(ballot.points, default=0) > most) or (
            total is not None and sum(ballot.points) > total
        ):
            return Problem("points", msg("점수가 한도를 넘습니다."))
        top = self._ranks
        if top is not None and sorted(ballot.points) != list(range(top - len(ballot.points) + 1, top + 1)):
            return Problem("points", msg("1순위부터 빠짐없이, 같은 순위가 없게 정해 주십시오."))
        return None


def check_notice(notice: Notice) -> None:
    """Refuse (InvalidError) a notice the count could not be run from; call it before the vote is published."""
    canonical(notice)
    try:
        _check(notice)
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidError(msg("투표 공고의 내용이 올바르지 않습니다: %(where)s", where=str(error))) from error


def _check(notice: Notice) -> None:
    vote_label(notice["vote"])
    _require(notice["format"] in {FORMAT, FIRST_FORMAT}, "format")
    unhex(notice["keys"]["vote"], 32)
    unhex(notice["keys"]["board"], 32)
    ids = [project["id"] for project in notice["projects"]]
    _require(bool(ids) and all(isinstance(one, str) and one for one in ids), "projects")
    _require(len(set(ids)) == len(ids), "projects")
    pools = [contest["pool"] for contest in notice["contests"]]
    _require(len(set(pools)) == len(pools) and {p["pool"] for p in notice["projects"]} <= set(pools), "pools")
    for project in notice["projects"]:
        amount(project["cost"])
    for place, contest in enumerate(notice["contests"]):
        costs = {p["id"]: amount(p["cost"]) for p in notice["projects"] if p["pool"] == contest["pool"]}
        _check_contest(contest, costs)
        _require(notice["format"] == FORMAT or not contest.keys() & _LATER, f"{contest['pool']}.format")
        _check_limits(contest, costs)
        _require(contest.get("leftover_to") in {None, *pools[place + 1 :]}, f"{contest['pool']}.leftover_to")
    _check_form(notice["ballot"], set(ids))
    _require(notice["ballot"]["length"] >= ballot_length(notice), "ballot.length")


_LATER = {"comparison", "threshold_share", "quorum", "exclusive", "caps", "locked", "leftover_to"}


def _check_contest(contest: Contest, costs: Mapping[str, Fraction]) -> None:
    _require(amount(contest["budget"]) > 0, f"{contest['pool']}.budget")
    _require(set(contest["tie_by"]) <= {"votes", "cost", "cost-desc"}, f"{contest['pool']}.tie_by")
    _require(sorted(contest["ties"]) == sorted(costs), f"{contest['pool']}.ties")
    _require(contest["rule"] in get_args(MethodName), f"{contest['pool']}.rule")
    _require(contest["utility"] in {"cost", "cardinality"}, f"{contest['pool']}.utility")
    _require(contest["completion"] in {"none", "add1", "add1u", "utilitarian"}, f"{contest['pool']}.completion")
    _require(contest["measure"] in {"votes", "points"}, f"{contest['pool']}.measure")
    _require(amount(contest["step"]) > 0, f"{contest['pool']}.step")
    _require(_whole(contest["threshold"]), f"{contest['pool']}.threshold")
    _require(type(contest.get("comparison", False)) is bool, f"{contest['pool']}.comparison")
    _require(_whole(contest.get("quorum", 0)), f"{contest['pool']}.quorum")
    _require(amount(contest.get("threshold_share", "0")) <= 1, f"{contest['pool']}.threshold_share")


def _check_limits(contest: Contest, costs: Mapping[str, Fraction]) -> None:
    """Exclusive groups and caps speak of the pool's projects, and what is locked in keeps to them and to the budget."""
    locked, pool = contest.get("locked", []), contest["pool"]
    _require(len(set(locked)) == len(locked) and set(locked) <= costs.keys(), f"{pool}.locked")
    _require(sum(costs[one] for one in locked) <= amount(contest["budget"]), f"{pool}.locked")
    for group in contest.get("exclusive", []):
        _require(1 < len(group) == len(set(group)) and set(group) <= costs.keys(), f"{pool}.exclusive")
        _require(len(set(group) & set(locked)) < 2, f"{pool}.locked")
    for cap in contest.get("caps", []):
        most, dearest = cap["max"], cap["max_cost"]
        _require(bool(cap["projects"]) and set(cap["projects"]) <= costs.keys(), f"{pool}.caps")
        _require((most is None and dearest is not None) or _whole(most), f"{pool}.caps")
        inside = set(cap["projects"]) & set(locked)
        _require(most is None or len(inside) <= most, f"{pool}.locked")
        _require(dearest is None or sum(costs[one] for one in inside) <= amount(dearest), f"{pool}.locked")


def _whole(value: object) -> bool:
    return type(value) is int and value >= 0


def _check_form(form: BallotForm, ids: set[str]) -> None:
    _require(type(form["length"]) is int and form["length"] % BLOCK == 0, "ballot.length")
    parts: list[Mapping[str, Any]] = [form, *form["groups"]]
    for part in parts:
        low, high = part["min"], part["max"]
        _require(type(low) is int and low >= 0 and (high is None or high >= max(low, 1)), "ballot.min/max")
        if part["max_cost"] is not None:
            amount(part["max_cost"])
    limits = [] if form["points"] is None else [form["points"]["max"], form["points"]["sum"]]
    _require(all(limit is None or (type(limit) is int and limit > 0) for limit in limits), "ballot.points")
    _require(all(set(group["projects"]) <= ids for group in form["groups"]), "ballot.groups")
    ranking = form.get("ranking", False)
    ranked = form["points"] is not None and form["max"] is not None
    _require(type(ranking) is bool and (ranked or not ranking), "ballot.ranking")


def _require(holds: bool, where: str) -> None:  # noqa: FBT001 — one condition, read as a sentence
    if not holds:
        raise InvalidError(msg("투표 공고의 내용이 올바르지 않습니다: %(where)s", where=where))
