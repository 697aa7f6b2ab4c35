"""The list of projects put to a vote, as somebody saw it: its fingerprint, and what changed since."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from civicvote.domain import districts
from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import Message, msg
from civicvote.domain.text import clean_line, clean_text


@dataclass(frozen=True, slots=True)
class Item:
    """A project on the list; `cost_won` whole won."""

    id: UUID
    number: str
    title: str
    cost_won: int
    pool_id: UUID
    category: str = field(default="", compare=False)
    district: str | None = field(default=None, compare=False)


class Scope(StrEnum):
    """What the projects of a cap have in common."""

    CATEGORY = "category"
    DISTRICT = "district"


@dataclass(frozen=True, slots=True)
class Alternatives:
    """Projects of one pool of which at most one is funded."""

    id: UUID
    title: str
    projects: frozenset[UUID]

    def check(self, items: Sequence[Item], others: Sequence["Alternatives"]) -> None:
        """InvalidError unless these are two or more projects of the list, in one pool and in no other group."""
        clean_line(self.title, minimum=2, maximum=80, field="title")
        here = [item for item in items if item.id in self.projects]
        if len(here) < 2 or len(here) != len(self.projects):
            raise InvalidError(msg("서로 대신하는 사업을 두 건 이상 골라 주십시오."), field="projects")
        if len({item.pool_id for item in here}) > 1:
            raise InvalidError(
                msg("개표는 분야마다 따로 하므로 같은 분야의 사업끼리만 묶을 수 있습니다."), field="projects"
            )
        taken = frozenset[UUID]().union(*(other.projects for other in others))
        for item in here:
            if item.id in taken:
                raise InvalidError(
                    msg("이미 다른 묶음에 들어 있는 사업입니다: %(title)s", title=item.title), field="projects"
                )


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many projects, or won, of a category or district, in each pool."""

    id: UUID
    scope: Scope
    value: str
    max_projects: int | None
    max_won: int | None

    @property
    def by_category(self) -> bool:
        """Whether it is about a category; else about a district."""
        return self.scope is Scope.CATEGORY

    def covers(self, item: Item) -> bool:
        """Whether the project counts against it."""
        return self.value == (item.category if self.by_category else item.district)

    def check(self) -> None:
        """InvalidError, naming the field, for the first thing that cannot be."""
        if not self.value or (self.scope is Scope.DISTRICT and not districts.is_district(self.value)):
            raise InvalidError(msg("한도를 둘 분류나 자치구를 골라 주십시오."), field="about")
        if self.max_projects is None and self.max_won is None:
            raise InvalidError(msg("건수나 금액 가운데 하나는 적어 주십시오."), field="max_projects")
        if self.max_projects is not None and not 1 <= self.max_projects <= 1000:
            raise InvalidError(msg("건수는 1부터 1,000까지 적을 수 있습니다."), field="max_projects")
        if self.max_won is not None and self.max_won < 1:
            raise InvalidError(msg("금액은 1원 이상이어야 합니다."), field="max_won")


@dataclass(frozen=True, slots=True)
class LockedIn:
    """A project that is funded before the votes are counted, and why."""

    id: UUID
    project: UUID
    reason: str

    def check(self, items: Sequence[Item]) -> None:
        """InvalidError unless it is a project of the list and the reason is told."""
        if self.project not in {item.id for item in items}:
            raise InvalidError(msg("투표안건에 있는 사업을 골라 주십시오."), field="project")
        clean_text(self.reason, minimum=5, maximum=1000, field="reason")


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for this list besides the cycle's rules. It is chosen before the list is requested and locks with it."""

    alternatives: tuple[Alternatives, ...] = ()
    caps: tuple[Cap, ...] = ()
    locked: tuple[LockedIn, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.alternatives or self.caps or self.locked)

    @property
    def locked_ids(self) -> frozenset[UUID]:
        """The projects that are funded in any case."""
        return frozenset(one.project for one in self.locked)

    def document(self) -> list[list[str]]:
        """The same as plain texts, in an order of its own: what the list's digest covers."""
        return sorted(
            [
                *(["alternatives", one.title, *sorted(map(str, one.projects))] for one in self.alternatives),
                *(["cap", one.scope, one.value, str(one.max_projects), str(one.max_won)] for one in self.caps),
                *(["locked", str(one.project), one.reason] for one in self.locked),
            ]
        )

    def obstacle(self, items: Sequence[Item], pools: Mapping[UUID, int]) -> Message | None:
        """Why the locked-in projects can't all be funded, or what is put to the vote in vain; `pools`: pool → won."""
        kept = [item for item in items if item.id in self.locked_ids]
        for pool, won in pools.items():
            if sum(item.cost_won for item in kept if item.pool_id == pool) > won:
                return msg("확정 사업의 사업비를 더하면 분야 예산을 넘습니다. 확정 사업을 줄여 주십시오.")
        for group in self.alternatives:
            if sum(item.id in group.projects for item in kept) > 1:
                return msg("서로 대신하는 사업 두 건을 함께 확정할 수 없습니다: %(title)s", title=group.title)
        for cap in self.caps:
            for pool in pools:
                inside = [item for item in kept if cap.covers(item) and item.pool_id == pool]
                dear = cap.max_won is not None and sum(item.cost_won for item in inside) > cap.max_won
                if dear or (cap.max_projects is not None and len(inside) > cap.max_projects):
                    return msg("확정 사업만으로 한도를 넘습니다. 한도를 올리거나 확정 사업을 줄여 주십시오.")
        for item in items:
            if item.id not in self.locked_ids and self._hopeless(item, kept):
                return msg(
                    "이 조건으로는 표를 아무리 많이 얻어도 뽑힐 수 없는 사업이 있습니다: %(title)s. "
                    "묶음, 한도, 확정 사업을 고치거나 그 사업을 안건에서 빼 주십시오.",
                    title=item.title,
                )
        return None

    def _hopeless(self, item: Item, kept: Sequence[Item]) -> bool:
        """Whether a project put to the vote stands against a locked-in alternative, or above what its caps leave."""
        if any(item.id in group.projects and group.projects & self.locked_ids for group in self.alternatives):
            return True
        for cap in self.caps:
            if cap.covers(item):
                inside = [item, *(one for one in kept if cap.covers(one) and one.pool_id == item.pool_id)]
                dear = cap.max_won is not None and sum(one.cost_won for one in inside) > cap.max_won
                if dear or (cap.max_projects is not None and len(inside) > cap.max_projects):
                    return True
        return False


def digest(items: Iterable[Item], terms: Terms = Terms()) -> str:
    """SHA-256 in hexadecimal over the list and its terms, independent of their order."""
    listed = sorted([str(i.id), i.number, i.title, i.cost_won, str(i.pool_id)] for i in items)
    rows = [*listed, *terms.document()]
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
