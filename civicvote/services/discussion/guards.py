"""What slows abuse down: pauses of new accounts, too many posts, the same text again, links in first posts.

Every number is a setting with an effective date (`moderation.*`).
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import InvalidError, TooManyError
from civicvote.domain.lifecycles import PostState
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor, Permission
from civicvote.models.accounts import User
from civicvote.models.discussion import Post
from civicvote.services import clock, dated_settings
from civicvote.services.locks import exclusive

NAMES: Final = (
    "moderation.new_account_hours",
    "moderation.new_account_gap",
    "moderation.posts_per_hour",
    "moderation.repeats_per_day",
    "moderation.links_free_after",
)
#: Why a post waits, for its author and for moderators.
HELD: Final[Mapping[str, Message]] = {
    "links": msg("처음 쓴 글에 링크가 있어 담당자가 먼저 확인합니다."),
    "premoderated": msg("이곳의 글은 담당자가 확인한 뒤 공개합니다."),
}
_LINK = re.compile(r"https?://|www\.|[\w-]+\.(?:com|net|org|kr|io|co|me|shop|xyz|info|biz)\b", re.IGNORECASE)


def fingerprint(text: str) -> str:
    """SHA-256 of the letters and digits of a text: spaces, marks and case don't make another one."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return hashlib.sha256("".join(c for c in folded if c.isalnum()).encode()).hexdigest()


def has_link(text: str) -> bool:
    """Whether a text leads somewhere else."""
    return bool(_LINK.search(text))


def slow_down(session: Session, actor: Actor, mark: str) -> Mapping[str, int]:
    """Raise with words saying when it is possible again, if the actor writes too fast; else the settings that hold.

    One of a person's posts is weighed at a time. Moderators and staff are not slowed down.
    """
    user_id = actor.account()
    held = dated_settings.values(session, *NAMES)
    if actor.can(Permission.POST_MODERATE) or actor.can(Permission.FORUM_DRAFT):
        return held
    exclusive(session, f"posts:{user_id}")
    moment = clock.now()
    hour, day = moment - timedelta(hours=1), moment - timedelta(days=1)
    mine = Post.author_id == user_id
    lately, oldest, latest = session.execute(
        select(func.count(), func.min(Post.created_at), func.max(Post.created_at)).where(mine, Post.created_at > hour)
    ).one()
    if lately >= held["moderation.posts_per_hour"]:
        wait = max(1, int((oldest + timedelta(hours=1) - moment).total_seconds()) + 1)
        raise TooManyError(
            msg("한 시간에 쓸 수 있는 글의 수를 넘었습니다. %(n)s분쯤 뒤에 다시 써 주십시오.", n=wait // 60 + 1),
            retry_after=wait,
        )
    _pause(session, user_id, latest, held)
    same = session.scalar(select(func.count()).where(mine, Post.fingerprint == mark, Post.created_at > day))
    if (same or 0) >= held["moderation.repeats_per_day"]:
        raise InvalidError(
            msg("같은 글을 이미 여러 번 쓰셨습니다. 하루가 지나거나 내용을 바꾸면 다시 쓸 수 있습니다."), field="body"
        )
    return held


def _pause(session: Session, user_id: UUID, latest: datetime | None, held: Mapping[str, int]) -> None:
    if latest is None:
        return
    moment = clock.now()
    since = latest + timedelta(seconds=held["moderation.new_account_gap"])
    joined = session.scalar(select(User.created_at).where(User.id == user_id))
    fresh = joined is not None and joined > moment - timedelta(hours=held["moderation.new_account_hours"])
    if fresh and since > moment:
        wait = int((since - moment).total_seconds()) + 1
        raise TooManyError(
            msg(
                "가입한 지 얼마 되지 않은 계정은 글 사이에 잠시 기다려야 합니다. %(n)s초 뒤에 다시 써 주십시오.", n=wait
            ),
            retry_after=wait,
        )


def held_for(session: Session, actor: Actor, text: str, held: Mapping[str, int], *, premoderated: bool) -> str:
    """The word for why a post must wait for a moderator; empty if it needn't."""
    if actor.can(Permission.POST_MODERATE) or actor.can(Permission.FORUM_DRAFT):
        return ""
    if premoderated:
        return "premoderated"
    if not has_link(text):
        return ""
    shown = session.scalar(select(func.count()).where(Post.author_id == actor.id, Post.state == PostState.SHOWN))
    return "" if (shown or 0) >= held["moderation.links_free_after"] else "links"
