"""The list of projects put to a vote, as somebody saw it: its fingerprint, and what changed since."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from civicvote.domain.messages import Message, msg


@dataclass(frozen=True, slots=True)
class Item:
    """A project on the list; `cost_won` whole won."""

    id: UUID
    number: str
    title: str
    cost_won: int
    pool_id: UUID


def digest(items: Iterable[Item]) -> str:
    """SHA-256 in hexadecimal over the list, independent of its order."""
    rows = sorted([str(i.id), i.number, i.title, i.cost_won, str(i.pool_id)] for i in items)
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def changes(before: Sequence[Item], now: Sequence[Item]) -> list[tuple[Message, str]]:
    """What differs between two lists: a sentence and the project's title, in the order of numbers."""
    old, new = {item.id: item for item in before}, {item.id: item for item in now}
    found = []
    for item in sorted({**old, **new}.values(), key=lambda item: (item.number, str(item.id))):
        was, is_now = old.get(item.id), new.get(item.id)
        if was is None:
            found.append((msg("새로 들어왔습니다."), item.title))
        elif is_now is None:
            found.append((msg("빠졌습니다."), item.title))
        elif was != is_now:
            found.append((_difference(was, is_now), is_now.title))
    return found


def _difference(was: Item, now: Item) -> Message:
    if was.cost_won != now.cost_won:
        return msg(
            "사업비가 %(before)s원에서 %(after)s원으로 바뀌었습니다.",
            before=f"{was.cost_won:,}",
            after=f"{now.cost_won:,}",
        )
    if was.pool_id != now.pool_id:
        return msg("예산 분야가 바뀌었습니다.")
    return msg("제목이나 번호가 바뀌었습니다.")
