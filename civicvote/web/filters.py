"""How values read: won, dates, particles, states."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

from flask import Flask

from civicvote.domain import districts, korean
from civicvote.domain.lifecycles import (
    CYCLE,
    PROJECT,
    PROJECT_TONES,
    PROPOSAL,
    PROPOSAL_TONES,
    WAYS_OUT,
    CycleState,
    ProjectState,
    ProposalState,
)
from civicvote.domain.money import format_won, format_won_exact
from civicvote.domain.notices import NoticeKind, Sentence, sentence
from civicvote.domain.tally.explain import grouped
from civicvote.domain.tally.explain import percent as to_a_tenth
from civicvote.web import markup
from civicvote.web.i18n import language, say
from civicvote.web.share_links import share_links


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


def money(value: int | Fraction | None, currency: str = "KRW") -> str:
    """An amount of a cycle: won as `won` writes it, another currency as `PLN 1,234,567`, bare where none is known."""
    if value is None:
        return "–"
    if currency == "KRW":
        return won(_whole(value))
    return _foreign(value, currency)


def money_exact(value: int | Fraction | None, currency: str = "KRW") -> str:
    """The same to the last won."""
    if value is None:
        return "–"
    return won_exact(_whole(value)) if currency == "KRW" else _foreign(value, currency)


def explained(loser: Any, currency: str = "KRW") -> str:
    """Why a project was not chosen (`services.results.Loser`), its amounts in the cycle's currency.

    Won are cut, not rounded: what supporters have left must never look like enough.
    """
    return say(loser.explained(_told(currency)))


def figures(project: Any, currency: str = "KRW") -> list[str]:
    """What stands behind a result (`services.results.Winner`, `Loser`): short sentences."""
    return [say(sentence) for sentence in project.figures(_told(currency))]


def _told(currency: str) -> Callable[[int | Fraction], str]:
    return lambda value: money_exact(math.floor(value) if currency == "KRW" else value, currency)


def _whole(value: int | Fraction) -> int:
    """To the nearest won, halves up: shares of Equal Shares are exact fractions."""
    return math.floor(value + Fraction(1, 2))


def _foreign(value: int | Fraction, currency: str) -> str:
    figures = grouped(value)
    return figures if currency == "XXX" else f"{currency} {figures}"


def moment(value: datetime | str | None) -> str:
    """Date and time in Seoul; letters carry moments as ISO 8601 text."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return korean.format_datetime(value, language()) if value else "–"


def deadline(value: datetime | str | None) -> str:
    """The end of a window in Seoul; midnight is written as 24:00 of the day before."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return korean.format_deadline(value, language()) if value else "–"


def day(value: datetime | None) -> str:
    """Date in Seoul."""
    return korean.format_date(value, language()) if value else "–"


def number(value: float) -> str:
    """With thousands separators."""
    return f"{value:,}"


def percent(share: float | Fraction) -> str:
    """A share (0–1): 94.5%."""
    return to_a_tenth(share)


def project_state(state: ProjectState | str, move: str | None = None) -> str:
    """The word for a project's state; with the `move` that led there, who took it out of the vote."""
    return say(WAYS_OUT.get(move or "") or PROJECT.labels[ProjectState(state)])


def project_tone(state: ProjectState | str) -> str:
    """The tone of its badge."""
    return PROJECT_TONES[ProjectState(state)]


def proposal_state(state: ProposalState | str) -> str:
    """The word for a citizen's proposal's state."""
    return say(PROPOSAL.labels[ProposalState(state)])


def proposal_tone(state: ProposalState | str) -> str:
    """The tone of its badge."""
    return PROPOSAL_TONES[ProposalState(state)]


def cycle_state(state: CycleState | str) -> str:
    """The word for a cycle's state."""
    return say(CYCLE.labels[CycleState(state)])


def district(code: str | None) -> str:
    """A district's name in the reader's language; the whole city where there is none."""
    return districts.name_of(code, language())


def told(notice: Mapping[str, Any]) -> Sentence:
    """The words of a notice as letters carry it."""
    return sentence(NoticeKind(notice["kind"]), notice["payload"], notice["path"])


def init_app(app: Flask) -> None:
    """Give them to templates."""
    own: list[Any] = [
        won,
        won_exact,
        money,
        money_exact,
        explained,
        figures,
        moment,
        deadline,
        day,
        number,
        percent,
        project_state,
        project_tone,
        proposal_state,
        proposal_tone,
        cycle_state,
        district,
        told,
    ]
    for function in own:
        app.jinja_env.filters[function.__name__] = function
    app.jinja_env.filters["markdown"] = markup.markdown
    app.jinja_env.filters["paragraphs"] = markup.paragraphs
    app.jinja_env.globals["share_links"] = share_links
