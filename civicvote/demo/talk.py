"""What people of the demo say about proposals, what moderators decided, and statements with their answers."""

import tomllib
from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib import resources
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.demo.people import Cast
from civicvote.domain.deliberation import ForumKind, RoundKind
from civicvote.domain.discussion import HideReason, PostKind
from civicvote.domain.korean import from_seoul, seoul_date
from civicvote.domain.lifecycles import ForumState, PostState
from civicvote.domain.proposals import Verdict
from civicvote.models.base import new_id
from civicvote.models.deliberation import Forum, ForumModerator, Round, RoundParticipant
from civicvote.models.discussion import Appeal, ModerationDecision, Post, PostSupport, Report, StatementVote
from civicvote.models.proposals import AnswerBatch, DueExtension, Proposal, ProposalAnswer
from civicvote.services import clock
from civicvote.services.deliberation import making, opinion_maps
from civicvote.services.discussion import counters, threads
from civicvote.settings import Settings

Told = dict[str, Any]
_DAY: Final = timedelta(days=1)
#: Answers that wait for staff, by the title of their proposal, to be published together.
_READY: Final = "청년위원에게 회의비를 제때 주십시오"
_MORE_TIME: Final = "도서관 책 반납을 지하철역에서"

_ANSWER: Final = """회의한 날부터 **7일 안에** 회의비를 드리도록 위원회 운영 지침을 고치겠습니다.

- 2026년 12월: 지침 개정
- 2027년 1월 회의부터 시행
- 늦어지면 담당자가 까닭과 지급일을 문자로 알려 드립니다."""


def plant(session: Session, settings: Settings, cast: Cast) -> None:
    """Posts under proposals, a forum of statements with its map, and the desk's work that waits."""
    del settings
    text = resources.files("civicvote.demo.content").joinpath("talk.toml").read_text(encoding="utf-8")
    told = tomllib.loads(text)
    titles = {row.title: row.id for row in session.execute(select(Proposal.title, Proposal.id))}
    names = _titles()
    for said in told["post"]:
        _Talk(session, cast).plant(titles[names[said["about"]]], said)
    _statements(session, cast, told["forum"])
    _desk(session, cast)
    session.flush()
    counters.recount(session)


def _titles() -> dict[str, str]:
    """Title of each proposal of the demo by its key."""
    text = resources.files("civicvote.demo.content").joinpath("citizen_proposals.toml").read_text(encoding="utf-8")
    return {one["key"]: one["title"] for one in tomllib.loads(text)["proposal"]}


class _Talk:
    """One post with its replies and what happened to it."""

    def __init__(self, session: Session, cast: Cast) -> None:
        self.session, self.cast = session, cast

    def plant(self, thread_id: UUID, said: Told) -> None:
        at = clock.now() + said["days"] * _DAY
        post = self.say(thread_id, said["by"], said["text"], at)
        for later, (by, text) in enumerate(said.get("replies", ()), 1):
            self.say(thread_id, by, text, at + later * timedelta(hours=5), root_id=post.id)
        others = [key for key in sorted(self.cast.users) if key.startswith("p") and key != said["by"]]
        self.session.add_all(
            PostSupport(post_id=post.id, user_id=self.cast.users[key].id, at=at) for key in others[: said["support"]]
        )
        if "hidden" in said:
            self.hide(post, said)
        if "reported" in said:
            self.session.add(
                Report(
                    post_id=post.id,
                    reporter_id=self.cast.users["verified"].id,
                    verified=True,
                    code=HideReason(said["reported"]),
                    note=said["note"],
                    created_at=at + timedelta(hours=9),
                )
            )

    def say(self, thread_id: UUID, by: str, text: str, at: datetime, **values: Any) -> Post:
        post = Post(
            thread_id=thread_id,
            author_id=self.cast.users[by].id,
            body=text,
            created_at=at,
            form_key=new_id(),
            **values,
        )
        self.session.add(post)
        self.session.flush()
        threads.touch(self.session, thread_id)
        return post

    def hide(self, post: Post, said: Told) -> None:
        code, moderator, at = HideReason(said["hidden"]), self.cast.users["moderator"].id, post.created_at + _DAY
        post.state, post.hidden_code, post.hidden_reason = PostState.HIDDEN, code, said["reason"]
        post.hidden_at, post.hidden_by = at, moderator
        self.session.add(
            ModerationDecision(post_id=post.id, name="hide", code=code, reason=said["reason"], by=moderator, at=at)
        )
        self.session.add(
            Appeal(
                post_id=post.id,
                author_id=post.author_id,
                against_id=moderator,
                text=said["appeal"],
                created_at=at + _DAY,
            )
        )


def _statements(session: Session, cast: Cast, told: Told) -> None:
    """A debate whose open round gathers statements: half of the people mostly walk, the other half mostly drive."""
    moment, today = clock.now(), seoul_date(clock.now())
    moderator = cast.users["moderator"].id
    forum = Forum(
        kind=ForumKind.DEBATE,
        state=ForumState.OPEN,
        title=told["title"],
        summary=told["summary"],
        background=told["background"].strip(),
        category="교통·보행",
        department_id=cast.departments["governance"].id,
        created_by=cast.users["staff"].id,
        created_at=moment - 12 * _DAY,
        updated_at=moment - 8 * _DAY,
        opened_at=moment - 8 * _DAY,
    )
    session.add(forum)
    session.flush()
    session.add(ForumModerator(forum_id=forum.id, user_id=moderator, at=moment - 8 * _DAY))
    held = Round(
        forum_id=forum.id,
        position=1,
        kind=RoundKind.STATEMENTS,
        title=told["round"],
        guide="",
        opens_at=from_seoul(today - 8 * _DAY, 9),
        closes_at=from_seoul(today + 13 * _DAY),
    )
    session.add(held)
    session.flush()
    making.open_threads(session, forum)
    people = [cast.users[key].id for key in sorted(cast.users) if key.startswith("p")]
    session.add_all(RoundParticipant(round_id=held.id, user_id=person, at=held.opens_at) for person in people)
    for place, line in enumerate(told["statements"]):
        _answered(session, held, people, place, line)
    counters.recount(session)
    opinion_maps.keep(session, opinion_maps.prepare(session, held.id))


def _answered(session: Session, held: Round, people: Sequence[UUID], place: int, line: Sequence[Any]) -> None:
    """A statement with everybody's answer: so many percent of each half agree, spread evenly; every ninth passes."""
    text, walking, driving = line
    at = held.opens_at + timedelta(hours=3 * place + 2)
    post = Post(
        thread_id=held.id,
        kind=PostKind.STATEMENT,
        author_id=people[place],
        body=text,
        created_at=at,
        form_key=new_id(),
    )
    session.add(post)
    session.flush()
    threads.touch(session, held.id)
    for number, person in enumerate(people):
        share = walking if number % 2 else driving
        level = (number // 2 * 37 + place * 11) % 100
        value = 0 if (number + place) % 9 == 0 else 1 if level < share else -1
        session.add(StatementVote(post_id=post.id, user_id=person, thread_id=held.id, value=value, at=at))
    session.flush()


def _desk(session: Session, cast: Cast) -> None:
    """An answer that waits in a batch, and one that needs more time."""
    moment, staff = clock.now(), cast.users["staff"].id
    batch = AnswerBatch(title="청년·문화 분야 답변", created_by=staff, created_at=moment - _DAY)
    session.add(batch)
    session.flush()
    waiting = session.scalars(select(Proposal).where(Proposal.title == _READY)).one()
    session.add(
        ProposalAnswer(
            proposal_id=waiting.id,
            department_id=waiting.department_id,
            verdict=Verdict.ACCEPTED,
            text=_ANSWER,
            drafted_by=cast.users["department"].id,
            drafted_at=moment - 2 * _DAY,
            ready_at=moment - _DAY,
            batch_id=batch.id,
        )
    )
    slow = session.scalars(select(Proposal).where(Proposal.title == _MORE_TIME)).one()
    assert slow.due_at is not None
    session.add(
        DueExtension(
            proposal_id=slow.id,
            old_due_at=slow.due_at - 10 * _DAY,
            new_due_at=slow.due_at,
            reason="지하철역 서른 곳의 설치 자리를 서울교통공사와 함께 살펴보는 데 시간이 더 필요합니다.",
            by=cast.users["department"].id,
            at=moment - 3 * _DAY,
        )
    )
    session.flush()
