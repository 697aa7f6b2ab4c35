"""Sentences for people, written where the rule is and translated where the page is made."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """A Korean sentence with named places; the web layer translates `text`, then fills in `params`."""

    text: str
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """The Korean sentence, for the command line and for tests."""
        return self.text % self.params if self.params else self.text

    def __hash__(self) -> int:
        return hash(self.text)


def msg(text: str, /, **params: Any) -> Message:
    """Mark `text` for the catalogue; `%(name)s` places take `params`."""
    return Message(text, params)
