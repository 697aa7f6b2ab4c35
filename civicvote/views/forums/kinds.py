"""Which page a kind of round has. Whoever builds a kind says `@page_of(RoundKind.…)` above its page; the address is one."""

from collections.abc import Callable

from flask.typing import ResponseReturnValue

from civicvote.domain.deliberation import RoundKind
from civicvote.services.deliberation.rounds import View

#: Makes a round's page from its view. `templates/forums/round.html` is the frame to extend (block `part`); it takes `view`.
RoundPage = Callable[[View], ResponseReturnValue]

PAGES: dict[RoundKind, RoundPage] = {}


def page_of(kind: RoundKind) -> Callable[[RoundPage], RoundPage]:
    """Say that a function makes the pages of a kind of round."""

    def remember(made: RoundPage) -> RoundPage:
        PAGES[kind] = made
        return made

    return remember
