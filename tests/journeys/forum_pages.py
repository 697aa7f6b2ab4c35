"""What a forum's people do on its pages, as one call each."""

from datetime import timedelta

from sqlalchemy import select

from civicvote.domain.korean import in_seoul
from civicvote.models.deliberation import Round
from civicvote.services import clock
from tests.journeys.people import Person

HOUR = timedelta(hours=1)


def local(hours: float) -> str:
    """So many hours from now, as a form wants it."""
    return in_seoul(clock.now() + hours * HOUR).strftime("%Y-%m-%dT%H:%M")


def add_round(maker: Person, forum: str, kind: str, title: str, *, opens: float, closes: float, **more: str) -> str:
    """Add a round by the page; returns its path."""
    maker.go(f"{forum}/rounds/new")
    maker.choose(kind=kind)
    maker.fill(title=title, opens_at=local(opens), closes_at=local(closes), **more)
    maker.press("저장하기")
    maker.sees(title)
    with maker.site.database.reading() as session:
        return f"/rounds/{session.scalars(select(Round.id).where(Round.title == title)).one()}"


def make(maker: Person, kind: str, **words: str) -> str:
    """Begin a forum by the page; returns its path."""
    maker.go("/forums/new")
    maker.choose(kind=kind)
    maker.fill(**words)
    maker.press("저장하기")
    return maker.path


def move(maker: Person, forum: str, name: str, button: str) -> None:
    """One move of a forum, by its page."""
    maker.go(f"{forum}/moves/{name}")
    maker.press(button)


def name_moderators(staff: Person, forum: str, ids: dict[str, str], *keys: str) -> None:
    """Let these people moderate."""
    for key in keys:
        staff.go(f"{forum}/team")
        staff.page.locator("main select[name$='user']").first.select_option(ids[key])
        staff.press("모더레이터 지정")
