"""테마토론: making one, nominating, confirming what citizens chose, and taking the outcome further."""

import secrets
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from civicvote.domain import themes as rules
from civicvote.domain.deliberation import Audience, ForumKind, RoundKind
from civicvote.domain.discussion import PostKind
from civicvote.domain.errors import ConflictError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import PUBLIC_FORUM_STATES, CycleState, ForumState, PostState
from civicvote.domain.messages import msg
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import SYSTEM, Actor, Permission
from civicvote.domain.text import clean_line, clean_text, excerpt, refuse_resident_number
from civicvote.domain.themes import Target, ThemePlan
from civicvote.models.ballot_rounds import BallotOption, BallotOptionSource, RoundBallot, ThemePromotion
from civicvote.models.cycles import Cycle
from civicvote.models.deliberation import Forum, ForumLink, Round
from civicvote.models.departments import Department
from civicvote.models.discussion import Post
from civicvote.models.proposals import Proposal
from civicvote.services import audit, ballot_rounds, clock, watching
from civicvote.services.conflicts import settled
from civicvote.services.deliberation import access, making
from civicvote.services.discussion import posting, threads
from civicvote.services.locks import exclusive
from civicvote.services.notices import tell
from civicvote.services.upsert import changes_one

_RACED = msg("다른 담당자가 먼저 처리했습니다. 새로 고침 후 확인해 주십시오.")


def path(forum_id: UUID) -> str:
    """Where a 테마토론 stands on this site."""
    return f"/themes/{forum_id}"


def theme(session: Session, actor: Actor, forum_id: UUID, *, lock: bool = False) -> Forum:
    """The 테마토론, if this actor may see it."""
    found = access.forum(session, actor, forum_id, lock=lock)
    if found.kind is not ForumKind.THEME:
        raise NotFoundError
    return found


def _checked_words(plan: ThemePlan) -> dict[str, str]:
    words = {
        "title": clean_line(plan.title, minimum=4, maximum=80, field="title"),
        "summary": clean_line(plan.summary, minimum=10, maximum=300, field="summary"),
        "background": clean_text(plan.background, minimum=10, maximum=20_000, field="background"),
    }
    for name, text in words.items():
        refuse_resident_number(text, field=name)
    return words


def create(session: Session, actor: Actor, plan: ThemePlan) -> Forum:
    """A draft with its four rounds and the ballot's form, from one form. Staff look at it once more and open it."""
    actor.require(Permission.FORUM_APPROVE)
    moment = clock.now()
    plan.check(moment)
    ballot = plan.ballot_plan
    made = Forum(
        kind=ForumKind.THEME, created_by=actor.id, created_at=moment, updated_at=moment, **_checked_words(plan)
    )
    session.add(made)
    session.flush()
    for place, ((kind, title, guide), window) in enumerate(zip(rules.ROUNDS, plan.windows, strict=True), 1):
        row = Round(
            forum_id=made.id,
            position=place,
            kind=kind,
            title=title.text,
            guide=guide.text,
            opens_at=window.opens_at,
            closes_at=window.closes_at,
            audience=plan.voters if kind is RoundKind.BALLOT else Audience.EVERYONE,
            premoderated=plan.premoderated and kind is RoundKind.NOMINATIONS,
        )
        session.add(row)
        session.flush()
        if kind is RoundKind.BALLOT:
            ballot_rounds.plan(session, actor, row.id, ballot)
    audit.record(session, actor, "theme:create", made, rounds=len(rules.ROUNDS))
    return made


def publish(session: Session, actor: Actor, forum_id: UUID) -> Forum:
    """Open it to everybody; the rounds begin by the clock."""
    theme(session, actor, forum_id)
    return making.move(session, actor, forum_id, "open")


def round_of(session: Session, forum_id: UUID, kind: RoundKind) -> Round:
    """The 테마토론's round of a kind; each of its four is there once."""
    return session.scalars(
        select(Round).where(Round.forum_id == forum_id, Round.kind == kind).order_by(Round.position).limit(1)
    ).one()


def nominate(session: Session, actor: Actor, forum_id: UUID, *, title: str, reason: str, form_key: UUID) -> Post:
    """A theme somebody wants to talk about; three a person. The same form sent twice is one nomination."""
    found = theme(session, actor, forum_id)
    held = round_of(session, found.id, RoundKind.NOMINATIONS)
    access.require_open(session, actor, held, found)
    title = clean_line(title, minimum=rules.TITLE_MIN, maximum=rules.TITLE_MAX, field="title")
    reason = clean_text(reason, minimum=rules.REASON_MIN, maximum=rules.REASON_MAX, field="reason")
    exclusive(session, f"nominate|{held.id}|{actor.id}")
    if nominated(session, actor, held.id, besides=form_key) >= rules.MOST_NOMINATIONS:
        raise ConflictError(
            msg(
                "후보는 한 사람이 %(n)s건까지 낼 수 있습니다. 다른 시민의 후보를 추천해 주십시오.",
                n=rules.MOST_NOMINATIONS,
            )
        )
    try:
        made = posting.say(
            session,
            actor,
            held.id,
            title=title,
            body=reason,
            form_key=form_key,
            kind=PostKind.NOMINATION,
            premoderated=held.premoderated,
        )
    except InvalidError as error:  # what a post calls its body is the reason here
        raise InvalidError(error.message, field="reason" if error.field == "body" else error.field) from error
    access.took_part(session, actor, held.id)
    return made


def support(session: Session, actor: Actor, forum_id: UUID, post_id: UUID, *, on: bool = True) -> int:
    """추천 for a nomination while they are taken, or no longer; returns how many there are. Saying it twice changes nothing."""
    found = theme(session, actor, forum_id)
    held = round_of(session, found.id, RoundKind.NOMINATIONS)
    access.require_open(session, actor, held, found)
    post = session.get(Post, post_id)
    if post is None or post.thread_id != held.id:
        raise NotFoundError
    posting.support(session, actor, post.id, on=on)
    return session.scalars(select(Post.support_count).where(Post.id == post.id)).one()


def nominated(session: Session, actor: Actor, round_id: UUID, *, besides: UUID | None = None) -> int:
    """How many nominations of the actor stand, hidden ones included: who is hidden may not just try again.

    `besides`: the form being sent; sent twice, it isn't one too many.
    """
    query = select(func.count()).where(
        Post.thread_id == round_id,
        Post.kind == PostKind.NOMINATION,
        Post.author_id == actor.id,
        Post.state != PostState.WITHDRAWN,
    )
    return session.scalar(query.where(Post.form_key != besides) if besides else query) or 0


def chosen(session: Session, forum_id: UUID) -> tuple[BallotOption, Post] | None:
    """The theme the published count chose, and the nomination it stands for; None before the publication."""
    held = round_of(session, forum_id, RoundKind.BALLOT)
    won = ballot_rounds.winners(session, held.id)
    if not won:
        return None
    post = session.scalars(
        select(Post)
        .join(BallotOptionSource, BallotOptionSource.post_id == Post.id)
        .where(BallotOptionSource.option_id == won[0].id)
        .order_by(Post.support_count.desc(), Post.id)
        .limit(1)
    ).one()
    return won[0], post


def confirm(session: Session, actor: Actor, forum_id: UUID, *, option_id: UUID) -> Forum:
    """확정: staff say that the discussion is about what the count chose. Never before its publication, never something else."""
    actor.require(Permission.FORUM_APPROVE)
    found = theme(session, actor, forum_id, lock=True)
    if found.state is not ForumState.OPEN:
        raise ConflictError(msg("진행 중인 테마토론만 주제를 확정할 수 있습니다."))
    if found.theme_confirmed_at is not None:
        raise ConflictError(msg("이미 확정한 주제입니다."))
    won = chosen(session, found.id)
    if won is None:
        raise ConflictError(msg("주제투표의 결과를 공표한 뒤에 확정할 수 있습니다."))
    option, post = won
    if option.id != option_id:
        raise ConflictError(msg("시민이 뽑은 주제만 확정할 수 있습니다. 투표 결과를 다시 확인해 주십시오."))
    with settled(session, _RACED):
        found.theme_post_id, found.theme_confirmed_at = post.id, clock.now()
        found.updated_at = found.theme_confirmed_at
        audit.record(session, actor, "theme:confirm", found, option=option.id, post=post.id)
    talk = round_of(session, found.id, RoundKind.THREADS)
    threads.touch(session, found.id)
    _tell_everybody(session, actor, found, "confirmed", theme=option.title, round=talk.title)
    return found


def _tell_everybody(session: Session, actor: Actor, found: Forum, occasion: str, **payload: Any) -> None:
    """Who follows the forum, and who nominated."""
    nominators = select(Post.author_id).where(
        Post.thread_id == round_of(session, found.id, RoundKind.NOMINATIONS).id, Post.state == PostState.SHOWN
    )
    people = {*session.scalars(watching.watchers(found.id)), *session.scalars(nominators)}
    tell(
        session,
        NoticeKind.FOLLOWED_CHANGED,
        about=f"{found.id}|{occasion}",
        to=people,
        but=actor.id,
        path=path(found.id),
        title=found.title,
        **payload,
    )


def promoted(session: Session, forum_id: UUID) -> ThemePromotion | None:
    """What the 테마토론 led to."""
    return session.get(ThemePromotion, forum_id)


def promote(
    session: Session,
    actor: Actor,
    forum_id: UUID,
    target: Target,
    *,
    department_id: UUID | None = None,
    cycle_id: UUID | None = None,
) -> ThemePromotion:
    """Take the conclusion further, once: a proposal's or a question's draft, or the agenda of a budget cycle.

    Both pages lead to each other; a draft's page follows when it is public (`follow_up`).
    """
    actor.require(Permission.FORUM_APPROVE)
    found = theme(session, actor, forum_id, lock=True)
    if found.state not in {ForumState.CONCLUDED, ForumState.ANSWERED}:
        raise ConflictError(msg("결론을 공개한 뒤에 다음 단계로 이을 수 있습니다."))
    if promoted(session, found.id) is not None:
        raise ConflictError(msg("이미 다음 단계로 이은 테마토론입니다."))
    values: dict[str, UUID | None] = {}
    if target is Target.PROPOSAL:
        values["proposal_id"] = _proposal(session, actor, found).id
    elif target is Target.QUESTION:
        values["question_id"] = _question(session, actor, found, department_id).id
    else:
        values["cycle_id"] = _agenda(session, found, cycle_id).id
    with settled(session, _RACED):
        moment = clock.now()
        linked_at = moment if target is Target.AGENDA else None  # a cycle is public already
        made = ThemePromotion(forum_id=found.id, by=actor.id, at=moment, linked_at=linked_at, **values)
        session.add(made)
        audit.record(session, actor, "theme:promote", found, target=target.value, **values)
    _tell_everybody(session, actor, found, "promoted", target=target.value)
    return made


def theme_title(session: Session, found: Forum) -> str:
    """What is talked about: the option as it stood on the ballot. The forum's own title before the confirmation."""
    return (
        session.scalar(
            select(BallotOption.title)
            .join(BallotOptionSource, BallotOptionSource.option_id == BallotOption.id)
            .join(RoundBallot, RoundBallot.round_id == BallotOption.round_id)
            .join(Round, Round.id == RoundBallot.round_id)
            .where(BallotOptionSource.post_id == found.theme_post_id, Round.forum_id == found.id)
        )
        or found.title
    )


def _proposal(session: Session, actor: Actor, found: Forum) -> Proposal:
    """A draft of the member of staff, who reads it over and publishes it like any other."""
    moment = clock.now()
    made = Proposal(
        author_id=actor.account(),
        title=excerpt(theme_title(session, found), 79),
        problem=str(msg("테마토론 「%(title)s」에서 시민이 뽑고 함께 논의한 주제입니다.", title=found.title)),
        idea=found.conclusion[:5000],
        category=found.category,
        district=found.district,
        created_at=moment,
        updated_at=moment,
        shuffle=secrets.randbelow(2**31),
    )
    session.add(made)
    session.flush()
    audit.record(session, actor, "proposal:draft", made)
    return made


def _question(session: Session, actor: Actor, found: Forum, department_id: UUID | None) -> Forum:
    """A draft of 서울시가 묻습니다 for a department, which writes question and options."""
    department = session.get(Department, department_id) if department_id else None
    if department is None or not department.active:
        raise InvalidError(msg("질문을 맡을 부서를 골라 주십시오."), field="department")
    moment = clock.now()
    made = Forum(
        kind=ForumKind.QUESTION,
        title=theme_title(session, found)[:120],
        summary=found.summary,
        background=found.conclusion,
        category=found.category,
        district=found.district,
        department_id=department.id,
        created_by=actor.id,
        created_at=moment,
        updated_at=moment,
    )
    session.add(made)
    session.flush()
    _link(session, made.id, found.title, path(found.id), after=False)
    audit.record(session, actor, "forum:draft", made, kind=made.kind.value)
    return made


def _agenda(session: Session, found: Forum, cycle_id: UUID | None) -> Cycle:
    cycle = session.get(Cycle, cycle_id) if cycle_id else None
    if cycle is None or cycle.origin != "platform" or cycle.state in {CycleState.DRAFT, CycleState.PUBLISHED}:
        raise InvalidError(msg("의제로 올릴 시민공감예산을 골라 주십시오."), field="cycle")
    _link(session, found.id, cycle.title, f"/budget/{cycle.slug}", after=True)
    return cycle


def _link(session: Session, forum_id: UUID, label: str, url: str, *, after: bool) -> None:
    session.add(ForumLink(forum_id=forum_id, after=after, label=label[:160], url=url, at=clock.now()))


def follow_up(session: Session, *, limit: int = 50) -> int:
    """Time's work: link a 테마토론 to the proposal or question it led to as soon as that is public. Returns how many."""
    rows = session.execute(
        select(ThemePromotion.forum_id, Proposal, Forum)
        .outerjoin(Proposal, Proposal.id == ThemePromotion.proposal_id)
        .outerjoin(Forum, Forum.id == ThemePromotion.question_id)
        .where(
            ThemePromotion.linked_at.is_(None),
            Proposal.number.is_not(None) | (Forum.state.in_(PUBLIC_FORUM_STATES) & Forum.opened_at.is_not(None)),
        )
        .order_by(ThemePromotion.forum_id)
        .limit(limit)
    ).all()
    done = 0
    for forum_id, proposal, question in rows:
        first = update(ThemePromotion).where(ThemePromotion.forum_id == forum_id, ThemePromotion.linked_at.is_(None))
        if not changes_one(session, first.values(linked_at=clock.now())):
            continue
        target = proposal or question
        _link(session, forum_id, target.title, f"/{'proposals' if proposal else 'forums'}/{target.id}", after=True)
        found = session.get_one(Forum, forum_id)
        audit.record(session, SYSTEM, "theme:link", found, target=target.id)
        _tell_everybody(session, SYSTEM, found, "linked", target=target.title)
        done += 1
    return done
