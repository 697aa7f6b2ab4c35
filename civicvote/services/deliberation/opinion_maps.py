"""Opinion maps: computed by the worker beside everything else, at most every thirty seconds, and only read by pages."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from civicvote.domain.deliberation import RoundKind
from civicvote.domain.discussion import PostKind
from civicvote.domain.lifecycles import PostState
from civicvote.models.deliberation import OpinionMap, Round
from civicvote.models.discussion import Post, StatementVote, Thread
from civicvote.services import clock
from civicvote.services.upsert import insert_new

if TYPE_CHECKING:
    from civicvote.domain.opinions import Chart

#: How old a map must be before it is computed anew.
REST = timedelta(seconds=30)
#: Rounds computed in one go.
MOST = 20


def due(session: Session) -> Sequence[UUID]:
    """Rounds whose votes have changed since their map was made."""
    return session.scalars(
        select(Round.id)
        .join(Thread, Thread.id == Round.id)
        .outerjoin(OpinionMap, OpinionMap.round_id == Round.id)
        .where(
            Round.kind == RoundKind.STATEMENTS,
            Thread.pulse > 0,
            or_(
                OpinionMap.round_id.is_(None),
                (OpinionMap.pulse != Thread.pulse) & (OpinionMap.computed_at <= clock.now() - REST),
            ),
        )
        .order_by(Round.id)
        .limit(MOST)
    ).all()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A map ready to be kept."""

    round_id: UUID
    pulse: int
    chart: "Chart"
    texts: Sequence[str]


def prepare(session: Session, round_id: UUID) -> Prepared:
    """Read a round's votes and compute its map. Takes seconds for a large round; needs no transaction."""
    import numpy as np

    from civicvote.domain import opinions

    pulse = session.execute(select(Thread.pulse).where(Thread.id == round_id)).scalar_one()
    statements = session.execute(
        select(Post.id, Post.body)
        .where(Post.thread_id == round_id, Post.kind == PostKind.STATEMENT, Post.state == PostState.SHOWN)
        .order_by(Post.id)
    ).all()
    column = {key: place for place, (key, _body) in enumerate(statements)}
    votes = session.execute(
        select(StatementVote.user_id, StatementVote.post_id, StatementVote.value).where(
            StatementVote.thread_id == round_id
        )
    ).all()
    row: dict[UUID, int] = {}
    for user_id, _post_id, _value in votes:
        row.setdefault(user_id, len(row))
    matrix = np.full((len(row), len(column)), np.nan)
    for user_id, post_id, value in votes:
        if post_id in column:
            matrix[row[user_id], column[post_id]] = value
    return Prepared(round_id, pulse, opinions.chart(matrix), [body for _key, body in statements])


def keep(session: Session, made: Prepared) -> None:
    """Put the map where pages read it."""
    document: dict[str, Any] = {"chart": asdict(made.chart), "texts": _named(made)}
    values = {
        "computed_at": clock.now(),
        "pulse": made.pulse,
        "participants": made.chart.people,
        "statements": made.chart.statements,
        "document": document,
    }
    if not insert_new(session, OpinionMap, [{"round_id": made.round_id, **values}]):
        held = session.get_one(OpinionMap, made.round_id, with_for_update=True, populate_existing=True)
        for name, value in values.items():
            setattr(held, name, value)


def _named(made: Prepared) -> Mapping[str, str]:
    """Texts of the statements that the map names, by their place."""
    chart = made.chart
    picked = [p for group in chart.groups for p in group.statements] + list(chart.uniting) + list(chart.dividing)
    return {str(one.statement): made.texts[one.statement] for one in picked}


@dataclass(frozen=True, slots=True)
class Said:
    """A statement on the map: text, shares of each group (0–1), and what it was picked for."""

    text: str
    agrees: bool
    agree: Sequence[float]
    disagree: Sequence[float]


@dataclass(frozen=True, slots=True)
class Party:
    """A group on the map: letter, people, middle and half-axes in the map's view, what sets it apart."""

    letter: str
    people: int
    x: float
    y: float
    rx: float
    ry: float
    apart: Sequence[Said]


@dataclass(frozen=True, slots=True)
class View:
    """The map as pages show it; `groups` is empty while there are too few people."""

    computed_at: datetime
    people: int
    voters: int
    statements: int
    shares: Sequence[float]
    groups: Sequence[Party]
    uniting: Sequence[Said]
    dividing: Sequence[Said]


#: The map's view: width and height, and the room left around.
WIDTH, HEIGHT, MARGIN = 600, 400, 70


def _scale(groups: Sequence[Mapping[str, Any]]) -> tuple[float, float, float]:
    """Pixels per unit, and the middle of what is drawn."""
    xs = [g["middle"][0] + side * g["spread"][0] for g in groups for side in (-1, 1)]
    ys = [g["middle"][1] + side * g["spread"][1] for g in groups for side in (-1, 1)]
    wide, high = max(xs) - min(xs), max(ys) - min(ys)
    unit = min((WIDTH - 2 * MARGIN) / wide if wide else 1e9, (HEIGHT - 2 * MARGIN) / high if high else 1e9)
    return min(unit, 200.0), (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2


def view(session: Session, round_id: UUID) -> View | None:
    """A round's map; None before the worker has made one. The caller has seen that the reader may see the round."""
    held = session.get(OpinionMap, round_id)
    if held is None:
        return None
    chart, texts = held.document["chart"], held.document["texts"]

    def said(rows: Sequence[Mapping[str, Any]]) -> list[Said]:
        return [Said(texts[str(r["statement"])], r["agrees"], r["agree"], r["disagree"]) for r in rows]

    groups = chart["groups"]
    unit, middle_x, middle_y = _scale(groups) if groups else (1.0, 0.0, 0.0)
    parties = [
        Party(
            letter="ABCDE"[place],
            people=g["people"],
            x=round(WIDTH / 2 + (g["middle"][0] - middle_x) * unit, 1),
            y=round(HEIGHT / 2 - (g["middle"][1] - middle_y) * unit, 1),
            rx=round(max(24.0, g["spread"][0] * unit), 1),
            ry=round(max(24.0, g["spread"][1] * unit), 1),
            apart=said(g["statements"]),
        )
        for place, g in enumerate(groups)
    ]
    return View(
        computed_at=held.computed_at,
        people=chart["people"],
        voters=chart["voters"],
        statements=chart["statements"],
        shares=chart["shares"],
        groups=parties,
        uniting=said(chart["uniting"]),
        dividing=said(chart["dividing"]),
    )
