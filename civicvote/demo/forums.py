"""공론장 of the demo: forums of every kind and state, with what people said, from `content/forums.toml`."""

import tomllib
from datetime import datetime, timedelta
from importlib import resources
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.demo.people import Cast
from civicvote.domain.deliberation import Audience, ForumKind, Reflection, RoundKind, Stance
from civicvote.domain.discussion import PostKind
from civicvote.domain.korean import from_seoul, seoul_date
from civicvote.domain.lifecycles import ForumState
from civicvote.models.base import new_id
from civicvote.models.deliberation import (
    AnnotationUptake,
    Forum,
    ForumChoice,
    ForumExpert,
    ForumModerator,
    ForumOption,
    GroupMember,
    ParticipantGroup,
    Round,
    RoundEvent,
    RoundExtension,
    RoundParticipant,
    StanceCount,
    SynthesisRevision,
    SynthesisSection,
)
from civicvote.models.discussion import Post, PostSupport, Thread, Watch
from civicvote.services import clock
from civicvote.services.deliberation import counters, making
from civicvote.settings import Settings

Told = dict[str, Any]
_SPOKEN = {RoundKind.QUESTIONS: PostKind.QUESTION}


def plant(session: Session, settings: Settings, cast: Cast) -> None:
    """Every forum of the file."""
    del settings  # nothing here depends on them
    text = resources.files("civicvote.demo.content").joinpath("forums.toml").read_text(encoding="utf-8")
    for told in tomllib.loads(text)["forum"]:
        _Planter(session, cast).plant(told)
    session.flush()
    counters.recount(session)


def _day(days: int, hour: int = 0) -> datetime:
    return from_seoul(seoul_date(clock.now()) + timedelta(days=days), hour)


class _Planter:
    """One forum."""

    def __init__(self, session: Session, cast: Cast) -> None:
        self.session, self.cast = session, cast
        self.citizens = sorted(key for key in cast.users if key.startswith("p"))

    def plant(self, told: Told) -> None:
        begun = _day(told.get("opened", -1), 9)
        opened = begun if "opened" in told else None
        self.forum = Forum(
            kind=ForumKind(told["kind"]),
            state=ForumState(told["state"]),
            title=told["title"],
            summary=told["summary"],
            background=told["background"].strip(),
            category=told["category"],
            department_id=self.cast.departments[told["department"]].id,
            created_by=self.user(told.get("author", "staff")),
            submitted_by=self.user(told["author"]) if "author" in told else None,
            created_at=begun - timedelta(days=7),
            updated_at=begun,
            opened_at=opened,
            **self.ending(told),
        )
        self.session.add(self.forum)
        self.session.flush()
        for key in told.get("moderators", ()):
            self.session.add(ForumModerator(forum_id=self.forum.id, user_id=self.user(key), at=begun))
        for key, field in told.get("experts", ()):
            self.session.add(ForumExpert(forum_id=self.forum.id, user_id=self.user(key), field=field))
        self.choices(told, begun)
        for place, entry in enumerate(told.get("round", ()), start=1):
            self.round(place, entry)
        self.session.flush()
        if opened:
            making.open_threads(self.session, self.forum)
            self.session.add_all(
                Watch(subject_id=self.forum.id, user_id=self.user(key), at=begun) for key in self.citizens[:6]
            )
        for place, entry in enumerate(told.get("round", ()), start=1):
            self.fill(place, entry)

    def user(self, key: str) -> UUID:
        return self.cast.users[key].id

    def ending(self, told: Told) -> Told:
        if "concluded" not in told:
            return {}
        concluded = _day(told["concluded"], 10)
        found: Told = {"conclusion": told["conclusion"].strip(), "concluded_at": concluded}
        if told["kind"] == "question":
            found["answer_due_at"] = _day(told.get("due", told["concluded"] + 30))
        if "answered" in told:
            found |= {"answered_at": _day(told["answered"], 15), "answer": told["answer"].strip()}
            found["reflection"] = Reflection(told["reflection"])
        return found

    def choices(self, told: Told, begun: datetime) -> None:
        """Stances or options: the citizens in a fixed order, one each."""
        people = iter(self.citizens)
        for stance, count in told.get("stances", {}).items():
            self.session.add(StanceCount(forum_id=self.forum.id, stance=Stance(stance), people=count))
            for key, _place in zip(people, range(count), strict=False):
                self.choose(key, begun, stance=Stance(stance))
        counts = told.get("choices", [0] * len(told.get("options", ())))
        for place, (text, count) in enumerate(zip(told.get("options", ()), counts, strict=True), start=1):
            option = ForumOption(forum_id=self.forum.id, position=place, text=text)
            self.session.add(option)
            self.session.flush()
            for key, _place in zip(people, range(count), strict=False):
                self.choose(key, begun, option_id=option.id)

    def choose(self, key: str, at: datetime, **choice: Any) -> None:
        self.session.add(ForumChoice(forum_id=self.forum.id, user_id=self.user(key), at=at, **choice))

    def round(self, place: int, entry: Told) -> None:
        group = self.group(entry["group"]) if "group" in entry else None
        made = Round(
            forum_id=self.forum.id,
            position=place,
            kind=RoundKind(entry["kind"]),
            title=entry["title"],
            guide=entry.get("guide", ""),
            opens_at=_day(entry["from"], 9),
            closes_at=_day(entry["to"]),
            audience=Audience.GROUP if group else Audience(entry.get("audience", "everyone")),
            group_id=group,
        )
        self.session.add(made)
        self.session.flush()
        if "extended" in entry:
            self.session.add(
                RoundExtension(
                    round_id=made.id,
                    old_closes_at=_day(entry["to"] - entry["extended"]),
                    new_closes_at=made.closes_at,
                    reason="연휴가 끼어 있어 참여할 시간이 짧다는 의견을 받아들였습니다.",
                    by=self.user("moderator"),
                    at=_day(entry["to"] - entry["extended"] - 3, 14),
                )
            )
        told_at = clock.now()
        names = ["opened"] * (made.opens_at <= told_at) + ["over"] * (made.closes_at <= told_at)
        self.session.add_all(RoundEvent(round_id=made.id, name=name, at=told_at) for name in names)

    def group(self, keys: list[str]) -> UUID:
        made = ParticipantGroup(
            name="2026년 시민회의 물 분과", kind="season", created_by=self.user("staff"), created_at=_day(-30)
        )
        self.session.add(made)
        self.session.flush()
        self.session.add_all(GroupMember(group_id=made.id, user_id=self.user(key)) for key in keys)
        return made.id

    def fill(self, place: int, entry: Told) -> None:
        """What was said in a round."""
        found = self.session.scalars(
            select(Round).where(Round.forum_id == self.forum.id, Round.position == place)
        ).one()
        spoken = _SPOKEN.get(found.kind, PostKind.COMMENT)
        for hour, said in enumerate(entry.get("post", ()), start=8):
            post = self.say(found, said, spoken, said["days"], hour % 14 + 8)
            self.support(post, said.get("support", 0))
            for later, (by, badge, text) in enumerate(said.get("answers", ()), start=1):
                answer = {"by": by, "text": text}
                when = min(said["days"] + later, -1)
                self.say(found, answer, PostKind.COMMENT, when, hour % 14 + 9, root_id=post.id, speaks_as=badge)
                post.answer_count += 1
        for number, section in enumerate(entry.get("section", ()), start=1):
            self.section(found, number, section)

    def say(self, found: Round, said: Told, kind: PostKind, days: int, hour: int, **values: Any) -> Post:
        stance = Stance(said["stance"]) if "stance" in said else None
        post = Post(
            thread_id=found.id,
            kind=kind,
            author_id=self.user(said["by"]),
            body=said["text"],
            stance=stance,
            created_at=_day(days, hour),
            form_key=new_id(),
            **values,
        )
        self.session.add(post)
        self.session.flush()
        thread = self.session.get_one(Thread, found.id)
        thread.post_count += 1
        thread.pulse += 1
        if self.session.get(RoundParticipant, (found.id, post.author_id)) is None:
            self.session.add(RoundParticipant(round_id=found.id, user_id=post.author_id, at=post.created_at))
            self.session.flush()
        return post

    def support(self, post: Post, count: int) -> None:
        keys = [key for key in self.citizens if self.user(key) != post.author_id][:count]
        self.session.add_all(PostSupport(post_id=post.id, user_id=self.user(key), at=post.created_at) for key in keys)
        post.support_count = len(keys)

    def section(self, found: Round, number: int, told: Told) -> None:
        made = SynthesisSection(
            round_id=found.id,
            position=number,
            heading=told["heading"],
            body=told.get("before", told["body"]),
            updated_at=found.opens_at,
        )
        self.session.add(made)
        self.session.flush()
        self.revision(made, 1, found.opens_at)
        for note in told.get("note", ()):
            post = self.say(found, note, PostKind.ANNOTATION, note["days"], 11, anchor_id=made.id)
            if "taken" in note:
                self.session.add(
                    AnnotationUptake(
                        post_id=post.id,
                        section_id=made.id,
                        revision=2 if "before" in told else 1,
                        note=note["taken"],
                        by=self.user("moderator"),
                        at=found.closes_at - timedelta(days=6),
                    )
                )
        if "before" in told:
            made.body, made.updated_at = told["body"], found.closes_at - timedelta(days=6)
            self.session.flush()
            self.revision(made, 2, made.updated_at)

    def revision(self, section: SynthesisSection, number: int, at: datetime) -> None:
        self.session.add(
            SynthesisRevision(
                section_id=section.id,
                number=number,
                heading=section.heading,
                body=section.body,
                by=self.user("moderator"),
                at=at,
            )
        )
