"""Trying rules before they lock: on published elections and on files, never on a vote that isn't published."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from threading import Lock
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain import pabulib, tally
from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.lifecycles import CycleState
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.domain.tally.fairness import Fairness, fairness, preferences
from civicvote.models.counts import PublishedFile
from civicvote.models.cycles import Cycle
from civicvote.models.votes import Vote
from civicvote.services import cycles

#: Bytes of a file that a page counts while somebody waits (about 150,000 ballots); larger ones are for the command line.
MOST_BYTES = 8 * 1024 * 1024
#: People in it, however short it writes them (`count` of a JSON file).
MOST_PEOPLE = 300_000
#: add1 raises everybody's share by this part of it, where the cycle's own step would be too small for the file's money.
STEPS = 200
SOURCES = 30

#: Seconds after which a count is given up. A thread of a web worker can't be stopped, so it runs in a process of its own,
#: unless it has so few projects that no rule takes long.
LONGEST = 45
FEW_PROJECTS, FEW_VOTERS = 20, 2000
TOO_SLOW = msg(
    "세는 데 너무 오래 걸려 멈추었습니다. 방식을 줄이거나, 명령줄에서 civicvote tally --compare로 견주어 보십시오."
)
#: One trial at a time in each web process: it holds a thread while it is counted, and voters need the others.
_TURN = Lock()
BUSY = msg("지금 다른 시험을 세고 있습니다. 잠시 후 다시 눌러 주십시오.")
TOO_LARGE = msg("파일이 커서 화면에서 셀 수 없습니다. 명령줄에서 civicvote tally --compare로 견주어 보십시오.")


@dataclass(frozen=True, slots=True)
class Source:
    """A published contest whose single ballots are public: the id of its `.pb` file, and what it is called."""

    id: UUID
    title: str


@dataclass(frozen=True, slots=True)
class Stage:
    """What the simulator starts from. `open`: the cycle's rules may still change."""

    cycle: Cycle
    open: bool
    sources: Sequence[Source]


@dataclass(frozen=True, slots=True)
class Trial:
    """The rules to try. `methods`: the first is what the others are compared with; `min_share` in tenths of a per cent."""

    methods: Sequence[tally.Method]
    utility: tally.Utility
    completion: tally.Completion
    step_won: int
    exhaustive_stop: bool = True
    comparison: bool = False
    min_share: int = 0

    def rules(self, election: tally.Election, *, won: bool) -> list[tally.Rule]:
        """One rule per method. The step is the cycle's where the election counts in won, else a part of a share."""
        share = Fraction(election.budget) / max(election.voters, 1)
        least = share / STEPS if share < STEPS else ceil(share / STEPS)
        base = tally.Rule(
            utility=self.utility,
            step=max(self.step_won, least) if won else least,
            exhaustive_stop=self.exhaustive_stop,
            threshold_share=Fraction(self.min_share, 1000),
        )
        shares = replace(base, completion=self.completion, comparison=self.comparison)
        return [
            replace(shares if method is tally.Method.EQUAL_SHARES else base, method=method) for method in self.methods
        ]


@dataclass(frozen=True, slots=True)
class Tried:
    """One rule on the election: figures, or the reason why it can't be counted here.

    `prefer`: voters better off with the first rule, and with this one.
    """

    rule: str
    figures: Fairness | None
    selected: frozenset[str] = frozenset()
    prefer: tuple[int, int] = (0, 0)
    refused: Message | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A project and, for each rule, whether it would be funded."""

    id: str
    title: str
    cost: tally.Amount
    votes: int
    funded: Sequence[bool]

    @property
    def differs(self) -> bool:
        """Whether the rules disagree about it."""
        return len(set(self.funded)) > 1


@dataclass(frozen=True, slots=True)
class Simulation:
    """What the rules would have made of an election. Amounts are in `currency` ("" where the file names none)."""

    title: str
    currency: str
    budget: tally.Amount
    voters: int
    mean_picks: float
    tried: Sequence[Tried]
    lines: Sequence[Line]

    @property
    def agreed(self) -> bool:
        """Whether all rules that could be counted fund the same projects."""
        return not any(line.differs for line in self.lines)


def stage(session: Session, actor: Actor, slug: str) -> Stage:
    """For staff: the cycle and what its rules can be tried on. Two statements."""
    actor.require(Permission.CYCLE_MANAGE)
    cycle = cycles.get(session, actor, slug)
    rows = session.execute(
        select(PublishedFile.id, PublishedFile.name, Cycle.title, Vote.notice)
        .join(Vote, Vote.id == PublishedFile.vote_id)
        .join(Cycle, Cycle.id == Vote.cycle_id)
        .where(Cycle.state == CycleState.PUBLISHED, cycles.OF_BUDGET, PublishedFile.name.like("%.pb"))
        .order_by(Cycle.id.desc(), PublishedFile.name)
        .limit(SOURCES)
    )
    found = [Source(row.id, f"{row.title} · {_pool_title(row.notice, row.name)}") for row in rows]
    return Stage(cycle, cycles.is_editable(cycle), found)


def _pool_title(notice: dict[str, list[dict[str, str]]], name: str) -> str:
    """`pool-02-…pb` is the second contest of its notice."""
    number = name.split("-")[1].removesuffix(".pb")
    return notice["contests"][int(number) - 1]["title"]


def simulate(
    session: Session, actor: Actor, slug: str, trial: Trial, *, source: UUID | None, upload: bytes | None = None
) -> Simulation:
    """Count a published contest (`source`), or an uploaded `.pb` or JSON file, by every rule of `trial`.

    Nothing is stored. ConflictError when the cycle's rules have locked; InvalidError (`source`, `file`, `methods`) for
    what can't be counted.
    """
    now = stage(session, actor, slug)
    if not now.open:
        raise ConflictError(msg("투표안건 승인을 요청한 뒤에는 규칙을 시험할 수 없습니다."))
    if not trial.methods:
        raise InvalidError(msg("견줄 방식을 하나 이상 골라 주십시오."), field="methods")
    with _turn():
        file = _file(session, now.sources, source, upload)
        election = pabulib.election(file)
        if not election.voters:
            raise InvalidError(msg("이 자료에는 투표지가 없습니다."), field="file")
        if len(election.projects) <= FEW_PROJECTS and election.voters <= FEW_VOTERS:
            return _simulation(file, trial)
        return _in_time(file, trial)


@contextmanager
def _turn() -> Iterator[None]:
    """The only trial of a web process; InvalidError while there is another. A trial that waited would hold a thread too."""
    if not _TURN.acquire(blocking=False):
        raise InvalidError(BUSY, field="methods")
    try:
        yield
    finally:
        _TURN.release()


def _in_time(file: pabulib.PabulibFile, trial: Trial) -> Simulation:
    """`_simulation` beside the web worker, which goes on meanwhile; InvalidError after `LONGEST` seconds."""
    with multiprocessing.get_context("spawn").Pool(1, initializer=os.nice, initargs=(10,)) as pool:
        try:
            return pool.apply_async(_simulation, (file, trial)).get(LONGEST)
        except multiprocessing.TimeoutError:  # leaving the block ends the process
            raise InvalidError(TOO_SLOW, field="methods") from None


def _file(
    session: Session, sources: Sequence[Source], source: UUID | None, upload: bytes | None
) -> pabulib.PabulibFile:
    if upload is not None:
        if len(upload) > MOST_BYTES:
            raise InvalidError(TOO_LARGE, field="file")
        as_json = upload.lstrip()[:1] == b"{"
        return pabulib.parse_json(upload, people=MOST_PEOPLE) if as_json else pabulib.parse(upload)
    if source is None or source not in {one.id for one in sources}:
        raise InvalidError(msg("지난 투표를 고르거나 파일을 올려 주십시오."), field="source")
    size = session.scalar(select(func.length(PublishedFile.content)).where(PublishedFile.id == source))
    if size is None or size > MOST_BYTES:
        raise InvalidError(TOO_LARGE, field="source")
    content = session.scalar(select(PublishedFile.content).where(PublishedFile.id == source))
    return pabulib.parse(content or b"")


def _simulation(file: pabulib.PabulibFile, trial: Trial) -> Simulation:
    election, currency = pabulib.election(file), file.meta.get("currency", "").upper()
    currency = currency if len(currency) == 3 else ""
    counted: list[tally.Outcome | Message] = []
    for rule in trial.rules(election, won=currency == "KRW"):
        try:
            counted.append(tally.tally(election, rule))
        except InvalidError as error:  # too many steps, too hard a choice: the others are worth seeing
            counted.append(error.message)
    outcomes = [one for one in counted if isinstance(one, tally.Outcome)]
    prefer = preferences(election, outcomes)
    tried = []
    for method, one in zip(trial.methods, counted, strict=True):
        if isinstance(one, tally.Outcome):
            place = outcomes.index(one)
            figures = fairness(election, one)
            pair = (prefer[0][place], prefer[place][0])
            tried.append(Tried(method.value, figures, frozenset(one.selected), pair))
        else:
            tried.append(Tried(method.value, None, refused=one))
    shown = [one.selected for one in tried if one.figures]
    order = sorted(range(len(election.projects)), key=lambda number: (-election.votes[number], number))
    lines = [
        Line(project.id, project.name or project.id, project.cost, election.votes[number],
             [project.id in selected for selected in shown])
        for number in order
        for project in [election.projects[number]]
    ]  # fmt: skip
    return Simulation(
        file.meta.get("description", "") or file.meta.get("unit", ""),
        currency,
        election.budget,
        election.voters,
        float(sum(election.votes)) / election.voters,
        tried,
        lines,
    )
