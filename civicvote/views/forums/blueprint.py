"""The blueprint that the pages of 공론장 share, and its words for templates."""

from flask import Blueprint

from civicvote.domain.deliberation import (
    AUDIENCES,
    FORUM_KINDS,
    OPENING_TONES,
    OPENINGS,
    REFLECTIONS,
    ROUND_KINDS,
    STANCES,
    Audience,
    ForumKind,
    Opening,
    Reflection,
    RoundKind,
    Stance,
)
from civicvote.domain.lifecycles import FORUM, FORUM_TONES, ForumState
from civicvote.domain.messages import msg
from civicvote.web.i18n import say

bp = Blueprint("forums", __name__)

FORUM_OVERDUE = msg("반영 결과 기한 지남")


@bp.app_template_filter("forum_kind")
def forum_kind(kind: ForumKind) -> str:
    """시민토론, 서울시가 묻습니다 …"""
    return say(FORUM_KINDS[kind])


@bp.app_template_filter("forum_badges")
def forum_badges(state: ForumState, opening: Opening, *, overdue: bool = False) -> list[tuple[str, str]]:
    """Where a forum stands: an open one by the clock, others by what people decided."""
    if state is ForumState.OPEN:
        words = [(say(OPENINGS[opening]), OPENING_TONES[opening])]
    else:
        words = [(say(FORUM.labels[state]), FORUM_TONES[state])]
    return [*words, (say(FORUM_OVERDUE), "danger")] if overdue else words


@bp.app_template_filter("round_kind")
def round_kind(kind: RoundKind) -> str:
    """의견수렴, 상호토론 …"""
    return say(ROUND_KINDS[kind])


@bp.app_template_filter("opening_badge")
def opening_badge(opening: Opening) -> tuple[str, str]:
    """예정, 진행, 멈춤, 마감, with its tone."""
    return say(OPENINGS[opening]), OPENING_TONES[opening]


@bp.app_template_filter("audience")
def audience(who: Audience) -> str:
    """Who may take part."""
    return say(AUDIENCES[who])


@bp.app_template_filter("reflection")
def reflection(what: Reflection) -> str:
    """반영, 일부반영, 미반영."""
    return say(REFLECTIONS[what])


@bp.app_template_filter("stance")
def stance(what: Stance) -> str:
    """찬성, 반대, 기타."""
    return say(STANCES[what])
