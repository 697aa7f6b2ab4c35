"""The demo's 테마토론 at three of their steps, and a forum whose ballot is counted and published: each by its own services."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from unittest.mock import patch
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.demo import content
from civicvote.demo.content import themes as planned
from civicvote.demo.people import Cast
from civicvote.domain.ballot_paper import Paper
from civicvote.domain.ballot_rounds import BallotMethod, BallotPlan
from civicvote.domain.cycles import Window
from civicvote.domain.deliberation import Audience, ForumKind, RoundKind
from civicvote.domain.errors import DomainError
from civicvote.domain.permissions import Actor, Role
from civicvote.domain.themes import Target, ThemePlan
from civicvote.keystore import KeyStore
from civicvote.models.accounts import User
from civicvote.models.cycles import Cycle
from civicvote.models.deliberation import Forum
from civicvote.services import ballot_rounds, board, clock
from civicvote.services.counting import publication, release, runs
from civicvote.services.deliberation import conclusion, making, schedule, themes
from civicvote.services.discussion import commenting
from civicvote.settings import Settings

DAY = timedelta(days=1)
TALK = (
    "동네 식당과 함께하면 준비 부담이 줄어듭니다. 우리 동에서 석 달 해 보니 꾸준히 오시는 분이 스무 분 넘었습니다.",
    "신청서를 쓰게 하면 정작 필요한 분이 안 오십니다. 그냥 들러도 되는 자리였으면 합니다.",
    "준비하는 사람에게 활동비를 주지 않으면 오래가지 못합니다. 다만 시 예산으로 줄지는 더 따져 봐야 합니다.",
)


@contextmanager
def _at(moment: datetime) -> Iterator[None]:
    """What follows happened then: the demo is planted before anything is served, by one thread."""
    with patch.object(clock, "now", lambda: moment):
        yield


class Planter:
    """Plants with two members of staff and the citizens of the demo."""

    def __init__(self, session: Session, cast: Cast, keys: KeyStore) -> None:
        self.session, self.keys = session, keys
        self.first, self.second = (_actor(cast.users[key], Role.STAFF) for key in ("staff", "staff2"))
        self.people = [_actor(cast.users[person.key]) for person in content.PEOPLE if person.level]
        self.today = clock.now().replace(minute=0, second=0, microsecond=0)

    def theme(self, described: planned.Theme, days_ago: int) -> Forum:
        """Made, opened and nominated `days_ago`: ten days of nominations, four to choose, ten of voting, and so on."""
        start = self.today - days_ago * DAY
        plan = ThemePlan(
            title=described.title,
            summary=described.summary,
            background=described.background,
            nominations=Window(start, start + 10 * DAY),
            ballot=Window(start + 14 * DAY, start + 24 * DAY),
            discussion=Window(start + 30 * DAY, start + 60 * DAY),
            synthesis=Window(start + 60 * DAY, start + 75 * DAY),
        )
        with _at(start - DAY):
            made = themes.create(self.session, self.first, plan)
            themes.publish(self.session, self.first, made.id)
        for place, one in enumerate(described.nominations):
            with _at(min(start + timedelta(hours=5 + 9 * place), self.today)):
                post = themes.nominate(
                    self.session, self.people[place], made.id, title=one.title, reason=one.reason, form_key=uuid4()
                )
            with _at(min(start + 3 * DAY, self.today)):
                for who in self.people[10 : 10 + one.supporters]:
                    themes.support(self.session, who, made.id, post.id)
        return made

    def announce(self, round_id: UUID, moment: datetime) -> None:
        """By two people."""
        with _at(moment):
            view = ballot_rounds.desk(self.session, self.first, round_id)
            ballot_rounds.ask(self.session, self.first, round_id, version=view.ballot.version if view.ballot else 0)
            ballot_rounds.announce(self.session, self.second, round_id, keys=self.keys)

    def candidates(self, made: Forum, described: planned.Theme) -> UUID:
        """The nominations become candidates, same ones together, and the ballot is announced before it opens."""
        held = themes.round_of(self.session, made.id, RoundKind.BALLOT)
        with _at(held.opens_at - 2 * DAY):
            said = {one.title: one.id for one in ballot_rounds.desk(self.session, self.first, held.id).said}
            twins = {second: first for first, second in described.gather}
            taken: dict[int, UUID] = {}
            for place, one in enumerate(described.nominations):
                into = taken.get(twins[place]) if place in twins else None
                taken[place] = ballot_rounds.take(self.session, self.first, held.id, [said[one.title]], into=into)[0].id
        self.announce(held.id, held.opens_at - DAY)
        return held.id

    def vote(self, round_id: UUID, moment: datetime, people: int, weights: tuple[int, ...]) -> None:
        """`people` cast, more of them for options with a higher weight; those who may not are left out, as in life."""
        chance = random.Random(str(weights))  # noqa: S311 — a demo's ballots need not be secret
        numbers = [line.number for line in ballot_rounds.lines(self.session, round_id)]
        with _at(moment):
            for who in self.people[:people]:
                paper = Paper((chance.choices(numbers, weights[: len(numbers)])[0],))
                key = uuid4().hex
                try:
                    ballot_rounds.cast(self.session, who, round_id, paper, key=key, arrived=clock.now(), keys=self.keys)
                except DomainError:
                    continue  # too young

    def publish(self, round_id: UUID, closes_at: datetime) -> None:
        """One counts, the other counts again and publishes."""
        slug = ballot_rounds.slug_of(round_id)
        with _at(closes_at + timedelta(hours=1)):
            board.sequence(self.session, self.keys)
            runs.seal(self.session, self.first, slug, keys=self.keys)
            run = runs.count(self.session, self.first, slug, keys=self.keys)
            if release.chosen(self.session, run) is None:
                release.choose(self.session, self.first, slug, only_totals=False)
            publication.publish(self.session, self.second, slug, keys=self.keys)

    def finish(self, made: Forum, cycle: Cycle) -> None:
        """Confirmed, talked about, concluded, and on a budget's agenda."""
        held = themes.round_of(self.session, made.id, RoundKind.BALLOT)
        talk = themes.round_of(self.session, made.id, RoundKind.THREADS)
        last = themes.round_of(self.session, made.id, RoundKind.SYNTHESIS)
        with _at(held.closes_at + 2 * DAY):
            won = themes.chosen(self.session, made.id)
            assert won is not None
            themes.confirm(self.session, self.first, made.id, option_id=won[0].id)
        for place, text in enumerate(TALK):
            with _at(talk.opens_at + (place + 1) * DAY):
                commenting.comment(self.session, self.people[20 + place], talk.id, body=text, form_key=uuid4())
        with _at(last.closes_at + DAY):
            conclusion.conclude(self.session, self.first, made.id, text=planned.CONCLUSION)
            themes.promote(self.session, self.first, made.id, Target.AGENDA, cycle_id=cycle.id)

    def library(self) -> None:
        """A forum with one ballot that is counted and published."""
        title, summary, background, options = planned.LIBRARY
        start = self.today - 30 * DAY
        with _at(start - 2 * DAY):
            made = making.draft(
                self.session, self.first, ForumKind.DEBATE, making.Content(title, summary, background, district="11620")
            )
            plan = schedule.Plan(
                RoundKind.BALLOT, "운영 시간 주민투표", start, start + 10 * DAY, audience=Audience.VERIFIED
            )
            held = schedule.add(self.session, self.first, made.id, plan)
            making.move(self.session, self.first, made.id, "open")
            ballot_rounds.plan(self.session, self.first, held.id, BallotPlan(BallotMethod.SINGLE))
            for name, body in options:
                ballot_rounds.add(self.session, self.first, held.id, title=name, body=body)
        self.announce(held.id, start - DAY)
        self.vote(held.id, start + 3 * DAY, 40, (5, 3, 2))
        self.publish(held.id, held.closes_at)


def _actor(user: User, *roles: Role) -> Actor:
    held = frozenset({Role.CITIZEN, *roles} | ({Role.VERIFIED} if user.level else set()))
    return Actor(user.id, held, user.name, user.level, user.person_id, user.department_id)


def plant(session: Session, settings: Settings, cast: Cast) -> None:
    """One that takes nominations, one being voted on, one that is done; and a published ballot of a forum."""
    planter = Planter(session, cast, settings.keystore)
    planter.library()
    done = planter.theme(planned.PROMOTED, 95)
    counted = planter.candidates(done, planned.PROMOTED)
    held = themes.round_of(session, done.id, RoundKind.BALLOT)
    planter.vote(counted, held.opens_at + 3 * DAY, 38, (6, 2, 2))
    planter.publish(counted, held.closes_at)
    planter.finish(done, session.scalars(select(Cycle).where(Cycle.slug == content.CYCLE_2027.key)).one())
    voting = planter.theme(planned.VOTING, 19)
    open_ballot = planter.candidates(voting, planned.VOTING)
    planter.vote(open_ballot, planter.today, 26, (4, 3, 3, 1))
    planter.theme(planned.NOMINATING, 6)
