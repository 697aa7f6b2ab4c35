"""The options of 서울시가 묻습니다: written with the draft, then one choice per person, the latest counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import OPTIONS_MAX, OPTIONS_MIN, ForumKind, Opening
from civicvote.domain.errors import ConflictError, InvalidError
from civicvote.domain.messages import msg
from civicvote.domain.permissions import Actor
from civicvote.models.deliberation import Forum, ForumChoice, ForumOption
from civicvote.services import audit
from civicvote.services.deliberation import access, choosing, making, words
from civicvote.services.discussion import threads

TEXT_MAX = 200


def of(session: Session, forum_id: UUID) -> list[ForumOption]:
    """The options in their order."""
    query = select(ForumOption).where(ForumOption.forum_id == forum_id).order_by(ForumOption.position)
    # Counters move beside the session: what it holds already is read anew.
    return list(session.scalars(query.execution_options(populate_existing=True)))


def write(session: Session, actor: Actor, forum_id: UUID, texts: Sequence[str]) -> list[ForumOption]:
    """Replace the draft's options by these, in this order."""
    held = making.editable(session, actor, forum_id)
    if held.kind is not ForumKind.QUESTION:
        raise ConflictError(msg("선택지는 ‘서울시가 묻습니다’에만 있습니다."))
    wanted = [words.line(one, "options", minimum=1, maximum=TEXT_MAX) for one in texts if one.strip()]
    if not OPTIONS_MIN <= len(wanted) <= OPTIONS_MAX:
        raise InvalidError(
            msg("선택지를 %(least)s개에서 %(most)s개까지 넣어 주십시오.", least=OPTIONS_MIN, most=OPTIONS_MAX),
            field="options",
        )
    if len({one.casefold() for one in wanted}) < len(wanted):
        raise InvalidError(msg("같은 선택지가 두 번 있습니다."), field="options")
    session.execute(
        delete(ForumOption).where(ForumOption.forum_id == forum_id).execution_options(synchronize_session="fetch")
    )
    made = [ForumOption(forum_id=forum_id, position=place, text=one) for place, one in enumerate(wanted, start=1)]
    session.add_all(made)
    session.flush()
    audit.record(session, actor, "forum:options", held, count=len(made))
    return made


def choose(session: Session, actor: Actor, forum_id: UUID, option_id: UUID) -> None:
    """Choose an option, or change one's choice, while a round is open."""
    held = choosing.place(session, actor, forum_id, ForumKind.QUESTION)
    offered = {one.id for one in of(session, forum_id)}
    if option_id not in offered:
        raise InvalidError(msg("선택지를 하나 골라 주십시오."), field="option")
    changed, before = choosing.put(session, forum_id, actor.account(), option_id=option_id)
    if not changed:
        return
    # In the order of their keys: see `stances.take`.
    for key in sorted(one for one in (option_id, before) if one is not None):
        session.execute(
            update(ForumOption)
            .where(ForumOption.id == key)
            .values(count=ForumOption.count + (1 if key == option_id else -1))
            .execution_options(synchronize_session=False)
        )
    audit.record(session, actor, "forum:choose", held)
    threads.touch(session, forum_id)


@dataclass(frozen=True, slots=True)
class Panel:
    """What a reader sees of the options. `shown`: whether they see the counts; `total`: people who chose."""

    options: list[ForumOption]
    mine: ForumChoice | None
    shown: bool
    total: int


def panel(session: Session, actor: Actor, held: Forum, openings: Sequence[Opening]) -> Panel:
    """The options for a reader.

    While people choose, the counts are shown to those who have: a first look at them would pull the others' choice.
    Once no round is to come they are everybody's, and whoever runs the forum always sees them.
    """
    rows = of(session, held.id)
    own = choosing.mine(session, actor, held.id)
    over = all(one is Opening.OVER for one in openings)
    shown = own is not None or (over and bool(openings)) or access.moderates(session, actor, held.id)
    return Panel(rows, own, shown, sum(one.count for one in rows))
