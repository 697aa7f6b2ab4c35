"""What of a count is published: single ballots, or totals only where too many ballots are unlike any other.

The person who counted chooses, the second person confirms by publishing the same. Auditors see the ballots either way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.ballots.uniqueness import Uniqueness
from civicvote.domain.errors import ConflictError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import CycleState
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.counts import TallyRelease, TallyRun, WithheldFile
from civicvote.services import audit, clock
from civicvote.services.counting import queue, runs


@dataclass(frozen=True, slots=True)
class Release:
    """`pooled`: totals only; None while the person who counted still has to choose. `whole`: how many whole ballots are
    unique; `pools`: title → the same for one contest. `withheld`: a whole bundle is kept for auditors.
    """

    pooled: bool | None
    whole: Uniqueness
    pools: Mapping[str, Uniqueness]
    withheld: bool

    @property
    def telling(self) -> bool:
        """More than half of the ballots, or of one contest's parts of them, are unique."""
        return any(one.telling for one in (self.whole, *self.pools.values()))

    @property
    def few(self) -> bool:
        """Fewer than ten ballots, or parts of them in one contest."""
        return any(one.few for one in (self.whole, *self.pools.values()))


def chosen(session: Session, run: TallyRun) -> bool | None:
    """Whether only totals are to be published, as was chosen last for this run.

    Where nobody chose, single ballots are, unless too many of them are unique: then it is nobody's choice yet, None.
    """
    last = select(TallyRelease.pooled).where(TallyRelease.run_id == run.id).order_by(TallyRelease.id.desc()).limit(1)
    found: bool | None = session.scalar(last)
    if found is not None:
        return found
    return None if any(one.alarming for one in _figures(run)) else False


def _figures(run: TallyRun) -> list[Uniqueness]:
    """Of whole ballots and of each contest; none for a run from before ballots were compared."""
    figures: Any = run.result.get("uniqueness")
    return [Uniqueness.read(one) for one in (figures["whole"], *figures["pools"].values())] if figures else []


def shown(session: Session, actor: Actor, slug: str) -> Release | None:
    """For the counting page; None before a count, and for one from before ballots were compared."""
    if not actor.can(Permission.AUDIT_READ):
        actor.require(Permission.COUNT_RUN)
    _cycle, vote = runs.vote_of(session, slug)
    run = runs.last_run(session, vote.id)
    figures: Any = run.result.get("uniqueness") if run else None
    if run is None or figures is None:
        return None
    titles = {one["pool"]: one["title"] for one in runs.notice_of(vote)["contests"]}
    pools = {titles[pool]: Uniqueness.read(one) for pool, one in figures["pools"].items()}
    kept = session.scalar(select(WithheldFile.id).where(WithheldFile.vote_id == vote.id))
    return Release(chosen(session, run), Uniqueness.read(figures["whole"]), pools, withheld=kept is not None)


def choose(session: Session, actor: Actor, slug: str, *, only_totals: bool) -> None:
    """The person who counted says what is to be published; until the second person decides it may be said again."""
    actor.require(Permission.COUNT_RUN)
    cycle, vote = runs.vote_of(session, slug)
    run = runs.last_run(session, vote.id)
    if run is None or cycle.state is not CycleState.COUNTED:
        raise ConflictError(msg("승인을 기다리는 개표 결과가 없습니다. 이미 다른 담당자가 처리했을 수 있습니다."))
    if run.requested_by != actor.id:
        raise ConflictError(msg("공개 범위는 개표한 담당자가 고릅니다."))
    queue.check_idle(session, vote)
    session.add(TallyRelease(run_id=run.id, chosen_by=actor.id, at=clock.now(), pooled=only_totals))
    session.flush()
    audit.record(session, actor, "tally:release", run, pooled=only_totals)


def check(session: Session, run: TallyRun, *, only_totals: bool) -> None:
    """InvalidError unless the first person has chosen, where they must, and the second publishes the same."""
    wanted = chosen(session, run)
    if wanted is None:
        raise InvalidError(
            msg(
                "하나뿐인 투표지가 많거나 투표지가 적습니다. 개표한 담당자가 먼저 공개 범위를 골라야 공표할 수 있습니다. "
                "개표한 담당자에게 이 화면에서 골라 달라고 알려 주십시오."
            ),
            field="pooled",
        )
    if wanted is not only_totals:
        raise InvalidError(
            msg("개표한 담당자가 고른 공개 범위와 다릅니다. 두 사람이 같은 것을 골라야 공표할 수 있습니다."),
            field="pooled",
        )


def withheld(session: Session, actor: Actor, slug: str) -> bytes:
    """The whole bundle, single ballots included, of a vote that published totals only: for auditors, and recorded."""
    actor.require(Permission.AUDIT_READ)
    _cycle, vote = runs.vote_of(session, slug)
    found = session.scalar(select(WithheldFile).where(WithheldFile.vote_id == vote.id))
    if found is None:
        raise NotFoundError
    audit.record(session, actor, "ballots:download", vote, sha256=found.sha256)
    return found.content
