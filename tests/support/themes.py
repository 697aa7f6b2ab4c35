"""A 테마토론 at each of its steps."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import time_machine
from sqlalchemy.orm import Session

from civicvote.domain.ballot_paper import Paper
from civicvote.domain.cycles import Window
from civicvote.domain.deliberation import RoundKind
from civicvote.domain.lifecycles import FORUM
from civicvote.domain.permissions import SYSTEM, Actor
from civicvote.domain.themes import ThemePlan
from civicvote.keystore import KeyStore
from civicvote.models.deliberation import Forum, Round
from civicvote.services import ballot_rounds, board, clock, workflow
from civicvote.services.counting import publication, release, runs
from civicvote.services.deliberation import themes
from tests.support.voting import voter

DAY = timedelta(days=1)


def plan(start: datetime | None = None, **values: Any) -> ThemePlan:
    """Ten days of nominations from an hour ago, then five days each with two in between."""
    start = start or clock.now().replace(microsecond=0) - timedelta(hours=1)
    windows = {
        "nominations": Window(start, start + 10 * DAY),
        "ballot": Window(start + 12 * DAY, start + 17 * DAY),
        "discussion": Window(start + 20 * DAY, start + 30 * DAY),
        "synthesis": Window(start + 30 * DAY, start + 40 * DAY),
    }
    words = {
        "title": "2026년 가을 테마토론",
        "summary": "이번 가을에 함께 이야기할 주제를 시민이 정합니다.",
        "background": "누구나 주제를 낼 수 있고, 본인확인을 마친 시민이 투표로 고릅니다.",
    }
    return ThemePlan(**(words | windows | values))


def opened(session: Session, staff: Actor, start: datetime | None = None, **values: Any) -> Forum:
    made = themes.create(session, staff, plan(start, **values))
    return themes.publish(session, staff, made.id)


def nominate(session: Session, made: Forum, title: str, who: Actor | None = None) -> Any:
    return themes.nominate(
        session,
        who or voter(session)[1],
        made.id,
        title=title,
        reason=f"{title}: 많은 시민이 함께 이야기해 보면 좋겠습니다.",
        form_key=uuid4(),
    )


def ballot_of(session: Session, made: Forum) -> Round:
    return themes.round_of(session, made.id, RoundKind.BALLOT)


def candidates(session: Session, made: Forum, first: Actor, second: Actor, keys: KeyStore, posts: list[Any]) -> Round:
    """The nominations become candidates, and the ballot is announced by two people, two days before it opens."""
    held = ballot_of(session, made)
    with time_machine.travel(held.opens_at - DAY, tick=False):
        ballot_rounds.take(session, first, held.id, [post.id for post in posts])
        ballot = ballot_rounds.desk(session, first, held.id).ballot
        assert ballot is not None
        ballot_rounds.ask(session, first, held.id, version=ballot.version)
        ballot_rounds.announce(session, second, held.id, keys=keys)
    return held


def vote(session: Session, held: Round, keys: KeyStore, *picks: str) -> None:
    """Somebody new picks each of `picks`."""
    with time_machine.travel(held.opens_at + DAY, tick=False):
        for pick in picks:
            who = voter(session)[1]
            ballot_rounds.cast(session, who, held.id, Paper((pick,)), key=uuid4().hex, arrived=clock.now(), keys=keys)


def publish(session: Session, held: Round, first: Actor, second: Actor, keys: KeyStore) -> None:
    """One counts, the other approves."""
    slug = ballot_rounds.slug_of(held.id)
    with time_machine.travel(held.closes_at + timedelta(minutes=2), tick=False):
        board.sequence(session, keys)
        runs.seal(session, first, slug, keys=keys)
        run = runs.count(session, first, slug, keys=keys)
        if release.chosen(session, run) is None:
            release.choose(session, first, slug, only_totals=False)
        publication.publish(session, second, slug, keys=keys)


def conclude(session: Session, made: Forum, staff: Actor) -> None:
    made.conclusion, made.concluded_at = "시민이 함께 정한 결론입니다.", clock.now()
    workflow.move(session, staff, FORUM, made, "conclude")


def publish_question(session: Session, question: Forum) -> None:
    """Whatever its makers do: it is public."""
    question.opened_at = clock.now()
    workflow.move(session, SYSTEM, FORUM, question, "open")
