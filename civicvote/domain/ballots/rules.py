"""The notice of a vote, fixed and published before it opens, and what makes a ballot valid under it.

Amounts are whole won as int; a string such as "1000.50" carries the exact decimals of imported elections.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, NotRequired, TypedDict

from civicvote.domain.ballots.encoding import canonical, digest, unhex, vote_label
from civicvote.domain.ballots.sealing import BLOCK, MAX_POINTS, Ballot, padded_length
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import Message, msg

FORMAT = "civicvote-notice/1"
AMOUNT = re.compile(r"\d{1,18}(\.\d{1,9})?")

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

    `points` None: approvals, every pick weighs one.
    """

    length: int
    min: int
    max: int | None
    max_cost: Amount | None
    points: Points | None
    groups: list[Group]


class Contest(TypedDict):
    """How one pool is counted, separately from the others.

    A ballot takes part with at least one pick among the pool's projects, withdrawn ones included; with
    `empty_ballots` every valid ballot does. A project is out when withdrawn, dearer than `budget`, or with fewer votes
    (points) than `threshold` or none. `greedy`: by most votes (`measure` "points": points), then `ties`, fund what fits.
    `equal-shares`: Method of Equal Shares, utility `cost` or `cardinality` (times points), completion `none` or
    `add1` by `step` per ballot, with or without `exhaustive_stop`; equal prices are settled by `ties`, all ids of the
    pool in order, after the criteria of `tie_by`, if any: `votes` (more first), `cost` (cheaper first), `cost-desc`.
    See ALGORITHMS.md B1, B2.
    """

    pool: str
    title: str
    budget: Amount
    rule: Literal["greedy", "equal-shares"]
    utility: Literal["cost", "cardinality"]
    completion: Literal["none", "add1"]
    step: Amount
    exhaustive_stop: bool
    measure: Literal["votes", "points"]
    threshold: int
    empty_ballots: bool
    tie_by: list[Literal["votes", "cost", "cost-desc"]]
    ties: list[str]


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
    _require(notice["format"] == FORMAT, "format")
    unhex(notice["keys"]["vote"], 32)
    unhex(notice["keys"]["board"], 32)
    ids = [project["id"] for project in notice["projects"]]
    _require(bool(ids) and all(isinstance(one, str) and one for one in ids), "projects")
    _require(len(set(ids)) == len(ids), "projects")
    pools = [contest["pool"] for contest in notice["contests"]]
    _require(len(set(pools)) == len(pools) and {p["pool"] for p in notice["projects"]} <= set(pools), "pools")
    for project in notice["projects"]:
        amount(project["cost"])
    for contest in notice["contests"]:
        _check_contest(contest, [p["id"] for p in notice["projects"] if p["pool"] == contest["pool"]])
    _check_form(notice["ballot"], set(ids))
    _require(notice["ballot"]["length"] >= ballot_length(notice), "ballot.length")


def _check_contest(contest: Contest, ids: list[str]) -> None:
    _require(amount(contest["budget"]) > 0, f"{contest['pool']}.budget")
    _require(set(contest["tie_by"]) <= {"votes", "cost", "cost-desc"}, f"{contest['pool']}.tie_by")
    _require(sorted(contest["ties"]) == sorted(ids), f"{contest['pool']}.ties")
    _require(contest["rule"] in {"greedy", "equal-shares"}, f"{contest['pool']}.rule")
    _require(contest["utility"] in {"cost", "cardinality"}, f"{contest['pool']}.utility")
    _require(contest["completion"] in {"none", "add1"}, f"{contest['pool']}.completion")
    _require(contest["measure"] in {"votes", "points"}, f"{contest['pool']}.measure")
    _require(amount(contest["step"]) > 0, f"{contest['pool']}.step")
    _require(type(contest["threshold"]) is int and contest["threshold"] >= 0, f"{contest['pool']}.threshold")


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


def _require(holds: bool, where: str) -> None:  # noqa: FBT001 — one condition, read as a sentence
    if not holds:
        raise InvalidError(msg("투표 공고의 내용이 올바르지 않습니다: %(where)s", where=where))
