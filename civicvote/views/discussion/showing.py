"""A thread ready for `discussion/_thread.html`: what the pages it stands on pass as `talk`."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from civicvote.db import session
from civicvote.domain.deliberation import STANCES, Stance
from civicvote.domain.discussion import HIDE_REASONS, POST_SORTS, PostSort
from civicvote.domain.paging import Page
from civicvote.forms.discussion import PostForm, wanted_from
from civicvote.forms.projects import cursor_from
from civicvote.models.base import new_id
from civicvote.models.discussion import Thread
from civicvote.services.discussion import commenting, guards, reading
from civicvote.web import live
from civicvote.web.access import current_actor
from civicvote.web.i18n import say

GONE = _l("탈퇴한 시민")


@dataclass(frozen=True, slots=True)
class Shown:
    """A thread with its form, its orders and the way on. `form` is the one that was refused, if any."""

    thread: Thread
    page: Page[reading.PostRow]
    sorts: list[tuple[str, str, str, bool]]
    stances: list[tuple[str, str, str, bool]]
    next_url: str
    silent: str
    takes_stances: bool
    form: PostForm | None
    words: dict[str, Any]
    pulse_url: str

    def fresh(self) -> str:
        """A key for a form that hasn't been sent."""
        return str(new_id())


def shown(thread_id: UUID, *, form: PostForm | None = None, empty: bool = False) -> Shown:
    """The thread by the order and place in this request's address; the actor may read it. `empty`: without its posts."""
    actor, wanted = current_actor(), wanted_from(request.args)
    cursor = None if form else cursor_from(request.args, "posts")
    talk = reading.talk(session(), actor, thread_id, wanted, cursor, empty=empty)
    args = {"sort": wanted.sort.value if wanted.sort is not PostSort.NEWEST else "", "stance": wanted.stance or ""}

    def way(**changes: str) -> tuple[str, str]:
        chosen: dict[str, Any] = {name: value for name, value in (args | changes).items() if value}
        query = "&".join(f"{name}={value}" for name, value in chosen.items())
        return f"{talk.thread.path}{'?' if query else ''}{query}#talk", url_for(
            "discussion.thread", thread_id=thread_id, **chosen
        )

    def choices(name: str, given: list[tuple[str, str]], chosen: str) -> list[tuple[str, str, str, bool]]:
        return [(label, *way(**{name: value}), value == chosen) for value, label in given]

    orders = [("" if sort is PostSort.NEWEST else sort.value, say(label)) for sort, label in POST_SORTS.items()]
    sides = [("", _("전체")), *((stance.value, say(label)) for stance, label in STANCES.items())]
    following = talk.page.next
    takes_stances = commenting.takes_stances(talk.thread)
    return Shown(
        thread=talk.thread,
        page=talk.page,
        sorts=choices("sort", orders, args["sort"]),
        stances=choices("stance", sides, str(args["stance"])) if takes_stances else [],
        next_url=way(posts=following.encode())[1] if following else "",
        silent=say(talk.silent) if talk.silent else "",
        takes_stances=takes_stances,
        form=form,
        words={"stances": STANCES, "reasons": HIDE_REASONS, "held": guards.HELD, "gone": GONE, "tones": TONES},
        pulse_url=url_for("discussion.pulse", thread_id=thread_id, ticket=live.ticket(thread_id)),
    )


TONES = {Stance.FOR: "success", Stance.AGAINST: "danger", Stance.OTHER: "neutral"}
