"""How values read: won, dates, particles, states."""

from datetime import datetime
from typing import Any

from flask import Flask

from civicvote.domain import districts, korean
from civicvote.domain.lifecycles import CYCLE, PROJECT, PROJECT_TONES, CycleState, ProjectState
from civicvote.domain.money import format_won, format_won_exact
from civicvote.web import markup
from civicvote.web.i18n import language, say


def won(value: int | None) -> str:
    """Amounts as people say them: 3억 2천만 원; ₩320,000,000 in English."""
    if value is None:
        return "–"
    return format_won(int(value)) if language() == "ko" else f"₩{int(value):,}"


def won_exact(value: int | None) -> str:
    """To the last won."""
    if value is None:
        return "–"
    return format_won_exact(int(value)) if language() == "ko" else f"₩{int(value):,}"


def moment(value: datetime | str | None) -> str:
    """Date and time in Seoul; letters carry moments as ISO 8601 text."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return korean.format_datetime(value, language()) if value else "–"


def day(value: datetime | None) -> str:
    """Date in Seoul."""
    return korean.format_date(value, language()) if value else "–"


def number(value: float) -> str:
    """With thousands separators."""
    return f"{value:,}"


def project_state(state: ProjectState | str) -> str:
    """The word for a project's state."""
    return say(PROJECT.labels[ProjectState(state)])


def project_tone(state: ProjectState | str) -> str:
    """The tone of its badge."""
    return PROJECT_TONES[ProjectState(state)]


def cycle_state(state: CycleState | str) -> str:
    """The word for a cycle's state."""
    return say(CYCLE.labels[CycleState(state)])


def district(code: str | None) -> str:
    """A district's name in the reader's language; the whole city where there is none."""
    return districts.name_of(code, language())


def init_app(app: Flask) -> None:
    """Give them to templates."""
    own: list[Any] = [won, won_exact, moment, day, number, project_state, project_tone, cycle_state, district]
    for function in own:
        app.jinja_env.filters[function.__name__] = function
    app.jinja_env.filters["markdown"] = markup.markdown
    app.jinja_env.filters["paragraphs"] = markup.paragraphs
