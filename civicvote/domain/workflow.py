"""A state machine is a table: one row gives the check, the button, the diagram, the reachability test and the record."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor, Permission


@dataclass(frozen=True, slots=True)
class Move:
    """One permitted change of state. `label` is what the button says."""

    name: str
    sources: frozenset[StrEnum]
    target: StrEnum
    permission: Permission
    label: Message
    needs_reason: bool = False
    tone: str = "neutral"


@dataclass(frozen=True)
class Workflow:
    """A named table of moves with the words for each state."""

    name: str
    initial: StrEnum
    moves: tuple[Move, ...]
    labels: Mapping[StrEnum, Message]

    def move(self, name: str) -> Move:
        """The move called `name`; KeyError if the table has none."""
        for row in self.moves:
            if row.name == name:
                return row
        raise KeyError(name)

    def allowed(self, actor: Actor, state: StrEnum) -> list[Move]:
        """What `actor` may do from `state`: the buttons of a page."""
        return [row for row in self.moves if state in row.sources and actor.can(row.permission)]

    def check(self, actor: Actor, state: StrEnum, name: str, reason: str) -> Move:
        """The move if it may be made now; ForbiddenError, ConflictError or InvalidError if not."""
        row = self.move(name)
        if not actor.can(row.permission):
            raise ForbiddenError
        if state not in row.sources:
            raise ConflictError(
                msg(
                    "지금은 「%(state)s」 상태라서 「%(move)s」 처리를 할 수 없습니다. 새로 고침 후 다시 확인해 주십시오.",
                    state=self.labels[state],
                    move=row.label,
                )
            )
        if row.needs_reason and not reason.strip():
            raise InvalidError(msg("이유를 적어 주십시오. 당사자에게 그대로 전달됩니다."), field="reason")
        return row

    def reachable(self) -> set[StrEnum]:
        """States that some sequence of moves leads to from the initial one."""
        seen: set[StrEnum] = {self.initial}
        grown = True
        while grown:
            new = {row.target for row in self.moves if row.sources & seen} - seen
            seen |= new
            grown = bool(new)
        return seen

    def mermaid(self) -> str:
        """The state diagram as Mermaid text, for the documentation."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial.value}"]
        lines += [f"    {state.value}: {self.labels[state]}" for state in type(self.initial)]
        for row in self.moves:
            lines += [f"    {source.value} --> {row.target.value}: {row.name}" for source in sorted(row.sources)]
        return "\n".join(lines)


def row(
    name: str,
    sources: Iterable[StrEnum],
    target: StrEnum,
    permission: Permission,
    label: Message,
    *,
    needs_reason: bool = False,
    tone: str = "neutral",
) -> Move:
    """Write one line of a table."""
    return Move(name, frozenset(sources), target, permission, label, needs_reason=needs_reason, tone=tone)
