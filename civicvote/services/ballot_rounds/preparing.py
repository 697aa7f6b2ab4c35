"""Before a ballot is announced: its form and its options, from words of the moderator or from what citizens said."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from civicvote.domain.ballot_rounds import BODY, LEVELS, MOST_OPTIONS, NOT_SECRET, TITLE, BallotPlan, Option
from civicvote.domain.deliberation import ForumKind, RoundKind
from civicvote.domain.discussion import PostKind
from civicvote.domain.errors import ConflictError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import PostState
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Actor
from civicvote.domain.text import clean_line, clean_text, excerpt, refuse_resident_number
from civicvote.models.ballot_rounds import BallotOption, BallotOptionSource, RoundBallot
from civicvote.models.deliberation import Forum, Round, SynthesisSection
from civicvote.models.discussion import Post
from civicvote.services import audit
from civicvote.services.conflicts import settled
from civicvote.services.deliberation import access

RACED = msg("다른 사람이 먼저 고쳤습니다. 새로 고침 후 바뀐 내용을 확인해 주십시오.")
_LOCKED = msg("투표를 공고한 뒤에는 선택지와 규칙을 바꿀 수 없습니다.")
_ASKED = msg("공고 승인을 기다리는 동안에는 바꿀 수 없습니다. 요청을 돌려받은 뒤에 고쳐 주십시오.")
#: What citizens said that may become an option.
_SOURCES = (PostKind.NOMINATION, PostKind.STATEMENT)


@dataclass(frozen=True, slots=True)
class Place:
    """A ballot round with its forum; `ballot` is None until its form is decided."""

    round: Round
    forum: Forum
    ballot: RoundBallot | None


def place(session: Session, actor: Actor, round_id: UUID) -> Place:
    """The round, if it is a ballot's and this actor may read it."""
    found, forum = access.round_of(session, actor, round_id)
    if found.kind is not RoundKind.BALLOT:
        raise NotFoundError
    return Place(found, forum, session.get(RoundBallot, round_id))


def require_unannounced(session: Session, round_id: UUID) -> None:
    """ConflictError once the round's ballot is announced: its notice says until when people may vote, and who."""
    ballot = session.get(RoundBallot, round_id, with_for_update=True)
    if ballot is not None and ballot.announced_at is not None:
        raise ConflictError(msg("공고한 투표의 기간과 참여 대상은 바꿀 수 없습니다. 게시판의 첫 줄에 남아 있습니다."))


def forget(session: Session, round_id: UUID) -> None:
    """With a round that is taken out of a draft goes what was prepared for it."""
    for table in (BallotOptionSource, BallotOption, RoundBallot):
        session.execute(delete(table).where(table.round_id == round_id).execution_options(synchronize_session="fetch"))


def audience(found: Round) -> Message | None:
    """Why the round's audience can't vote in secret, if so."""
    return None if found.audience in LEVELS else NOT_SECRET


def options(session: Session, round_id: UUID) -> Sequence[BallotOption]:
    """The options in their order."""
    return session.scalars(
        select(BallotOption).where(BallotOption.round_id == round_id).order_by(BallotOption.position)
    ).all()


def as_announced(rows: Sequence[BallotOption]) -> list[Option]:
    """The same as the domain has them."""
    return [Option(str(row.position), row.title, row.body) for row in rows]


def opened(session: Session, actor: Actor, round_id: UUID, *, version: int | None = None) -> tuple[Place, RoundBallot]:
    """The ballot, to be changed by whoever runs the forum; ConflictError once it is asked for or announced.

    `version`: what somebody looked at, where it matters.
    """
    at = place(session, actor, round_id)
    access.require_moderator(session, actor, at.forum.id)
    if at.ballot is None:
        raise ConflictError(msg("먼저 투표 방식을 정해 주십시오."))
    session.refresh(at.ballot, with_for_update=True)
    if at.ballot.announced_at is not None:
        raise ConflictError(_LOCKED)
    if at.ballot.asked_at is not None:
        raise ConflictError(_ASKED)
    if version is not None and version != at.ballot.version:
        raise ConflictError(RACED)
    return at, at.ballot


def plan(session: Session, actor: Actor, round_id: UUID, wanted: BallotPlan, *, version: int = 0) -> RoundBallot:
    """Decide how people vote and how many options win. Open until somebody asks for the announcement."""
    checked = wanted.check()
    at = place(session, actor, round_id)
    access.require_moderator(session, actor, at.forum.id)
    if at.forum.kind is ForumKind.THEME and checked.winners != 1:
        raise InvalidError(msg("테마토론에서는 주제 하나를 뽑습니다."), field="winners")
    values = {
        "method": checked.method,
        "max_picks": checked.max_picks,
        "winners": checked.winners,
        "min_age": checked.min_age,
    }
    with settled(session, RACED):
        if at.ballot is None:
            made = RoundBallot(round_id=round_id, **values)
            session.add(made)
        else:
            _at, made = opened(session, actor, round_id, version=version)
            for name, value in values.items():
                setattr(made, name, value)
        audit.record(session, actor, "ballot:plan", at.round, **{name: str(value) for name, value in values.items()})
    return made


def _words(title: str, body: str) -> tuple[str, str]:
    title = clean_line(title, minimum=2, maximum=TITLE, field="title")
    body = clean_text(body, maximum=BODY, field="body")
    for name, text in (("title", title), ("body", body)):
        refuse_resident_number(text, field=name)
    return title, body


def _touch(ballot: RoundBallot) -> None:
    """A change of options is a change of the ballot: its version counts it."""
    flag_modified(ballot, "max_picks")


def _append(session: Session, round_id: UUID, title: str, body: str) -> BallotOption:
    count, last = session.execute(
        select(func.count(), func.coalesce(func.max(BallotOption.position), 0)).where(BallotOption.round_id == round_id)
    ).one()
    if count >= MOST_OPTIONS:
        raise InvalidError(msg("선택지는 %(n)s개까지 둘 수 있습니다.", n=MOST_OPTIONS), field="title")
    made = BallotOption(round_id=round_id, position=last + 1, title=title, body=body)
    session.add(made)
    session.flush()
    return made


def add(session: Session, actor: Actor, round_id: UUID, *, title: str, body: str = "") -> BallotOption:
    """An option in the moderator's own words. In a 테마토론 the candidates are what citizens nominated."""
    at, ballot = opened(session, actor, round_id)
    if at.forum.kind is ForumKind.THEME:
        raise ConflictError(
            msg("테마토론의 주제는 시민이 낸 후보 가운데서 정합니다. 아래 목록에서 후보를 골라 주십시오.")
        )
    title, body = _words(title, body)
    with settled(session, RACED):
        made = _append(session, round_id, title, body)
        _touch(ballot)
        audit.record(session, actor, "ballot:add-option", at.round, option=made.id)
    return made


def option(session: Session, round_id: UUID, option_id: UUID) -> BallotOption:
    """One of the round's options."""
    found = session.get(BallotOption, option_id)
    if found is None or found.round_id != round_id:
        raise NotFoundError
    return found


def edit(session: Session, actor: Actor, round_id: UUID, option_id: UUID, *, title: str, body: str) -> BallotOption:
    """Put an option in other words, such as those that several nominations share."""
    at, ballot = opened(session, actor, round_id)
    found = option(session, round_id, option_id)
    title, body = _words(title, body)
    with settled(session, RACED):
        found.title, found.body = title, body
        _touch(ballot)
        audit.record(session, actor, "ballot:edit-option", at.round, option=found.id)
    return found


def remove(session: Session, actor: Actor, round_id: UUID, option_id: UUID) -> None:
    """Take an option off the list; what it spoke for can be taken up anew."""
    at, ballot = opened(session, actor, round_id)
    found = option(session, round_id, option_id)
    with settled(session, RACED):
        for source in session.scalars(select(BallotOptionSource).where(BallotOptionSource.option_id == found.id)):
            session.delete(source)
        session.flush()
        session.delete(found)
        _touch(ballot)
        audit.record(session, actor, "ballot:remove-option", at.round, option=option_id)


def take(
    session: Session, actor: Actor, round_id: UUID, chosen: Sequence[UUID], *, into: UUID | None = None
) -> list[BallotOption]:
    """Make options of what citizens said in this forum (or of sections of a synthesis), one each; or gather it in `into`.

    Only what everybody reads is taken. InvalidError beside `chosen` for nothing, or for what is taken already.
    """
    at, ballot = opened(session, actor, round_id)
    posts = session.scalars(
        select(Post)
        .join(Round, Round.id == Post.thread_id)
        .where(
            Post.id.in_(chosen), Round.forum_id == at.forum.id, Post.kind.in_(_SOURCES), Post.state == PostState.SHOWN
        )
        .order_by(Post.support_count.desc(), Post.id)
    ).all()
    sections = [] if at.forum.kind is ForumKind.THEME else _sections(session, at.forum.id, chosen)
    if not posts and not sections:
        raise InvalidError(msg("선택지로 올릴 것을 하나 이상 골라 주십시오."), field="chosen")
    made = []
    with settled(session, msg("그사이에 다른 선택지에 들어간 것이 있습니다. 새로 고침 후 다시 골라 주십시오.")):
        target = option(session, round_id, into) if into else None
        for post in posts:
            one = target or _append(session, round_id, _title_of(post), excerpt_of(post))
            session.add(BallotOptionSource(round_id=round_id, post_id=post.id, option_id=one.id))
            made.append(one)
        made += [_append(session, round_id, section.heading, section.body[:BODY]) for section in sections]
        _touch(ballot)
        audit.record(session, actor, "ballot:take-options", at.round, posts=len(posts), sections=len(sections))
    return list(dict.fromkeys(made))


def _sections(session: Session, forum_id: UUID, chosen: Sequence[UUID]) -> Sequence[SynthesisSection]:
    return session.scalars(
        select(SynthesisSection)
        .join(Round, Round.id == SynthesisSection.round_id)
        .where(Round.forum_id == forum_id, SynthesisSection.id.in_(chosen))
        .order_by(SynthesisSection.round_id, SynthesisSection.position)
    ).all()


def _title_of(post: Post) -> str:
    return post.title or excerpt(post.body, TITLE - 1)


def excerpt_of(post: Post) -> str:
    """The text beside the title: a nomination's reason; a statement is its own title unless it is long."""
    return post.body[:BODY] if post.title or len(post.body) >= TITLE else ""
