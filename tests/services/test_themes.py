"""테마토론: nominations, candidates, a confirmation that follows the count, and one way further."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.ballot_rounds import BallotPlan
from civicvote.domain.deliberation import ForumKind, RoundKind
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import CycleState, ForumState, PostState, ProposalState
from civicvote.domain.permissions import VISITOR, Actor, Role
from civicvote.domain.themes import Target, ThemeStep
from civicvote.keystore import KeyStore
from civicvote.models.audit import AuditEvent
from civicvote.models.deliberation import Forum, ForumLink
from civicvote.models.notices import Notice
from civicvote.models.proposals import Proposal
from civicvote.services import ballot_rounds, clock
from civicvote.services.deliberation import access, links, theme_pages, themes
from tests import factories
from tests.support import themes as steps
from tests.support.themes import DAY
from tests.support.voting import voter


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


@pytest.fixture
def staff(session: Session) -> tuple[Actor, Actor]:
    first, second = (factories.actor(factories.user(session, Role.STAFF, name=n), Role.STAFF) for n in ("김", "이"))
    return first, second


def chosen(session: Session, staff: tuple[Actor, Actor], keys: KeyStore) -> tuple[Forum, list[Any]]:
    """A 테마토론 whose second nomination has won, published and not confirmed."""
    made = steps.opened(session, staff[0])
    posts = [steps.nominate(session, made, title) for title in ("한강 산책로", "골목 주차", "어린이 놀이터")]
    held = steps.candidates(session, made, *staff, keys, posts)
    titles = {line.title: line.number for line in ballot_rounds.lines(session, held.id)}
    steps.vote(session, held, keys, *[titles["골목 주차"]] * 3, titles["한강 산책로"])
    steps.publish(session, held, *staff, keys)
    return made, posts


def test_one_form_makes_the_four_rounds(session: Session, staff: tuple[Actor, Actor]) -> None:
    made = themes.create(session, staff[0], steps.plan(premoderated=True))
    assert made.state is ForumState.DRAFT
    rounds = access.rounds(session, made.id)
    assert [row.kind for row in rounds] == [
        RoundKind.NOMINATIONS,
        RoundKind.BALLOT,
        RoundKind.THREADS,
        RoundKind.SYNTHESIS,
    ]
    assert rounds[0].premoderated
    with pytest.raises(NotFoundError):
        theme_pages.show(session, VISITOR, made.id)
    themes.publish(session, staff[0], made.id)
    assert theme_pages.show(session, VISITOR, made.id).step is ThemeStep.NOMINATIONS
    with pytest.raises(ForbiddenError):
        themes.create(session, voter(session)[1], steps.plan())


def test_three_nominations_a_person(session: Session, staff: tuple[Actor, Actor]) -> None:
    made = steps.opened(session, staff[0])
    _, who = voter(session)
    for number in range(4):  # an hour apart, or the talk's own guard slows down first
        with time_machine.travel(clock.now() + timedelta(hours=number), tick=False):
            if number < 3:
                steps.nominate(session, made, f"주제 {number}번", who)
                continue
            with pytest.raises(ConflictError):
                steps.nominate(session, made, "넷째 주제", who)
    key = uuid4()
    _, other = voter(session)
    given: dict[str, Any] = {"title": "같은 화면", "reason": "두 번 눌러도 한 건입니다. 그렇지요.", "form_key": key}
    assert themes.nominate(session, other, made.id, **given) is themes.nominate(session, other, made.id, **given)
    with pytest.raises(InvalidError):
        themes.nominate(session, other, made.id, title="번호 적기", reason="900101-1234567 입니다 꼭", form_key=uuid4())
    closes = themes.round_of(session, made.id, RoundKind.NOMINATIONS).closes_at
    with time_machine.travel(closes, tick=False), pytest.raises(ConflictError):
        steps.nominate(session, made, "늦은 주제")


def test_support_counts_once_and_comes_back(session: Session, staff: tuple[Actor, Actor]) -> None:
    made = steps.opened(session, staff[0])
    _, author = voter(session)
    post = steps.nominate(session, made, "한강 산책로", author)
    _, who = voter(session)
    assert [themes.support(session, who, made.id, post.id) for _ in range(2)] == [1, 1]
    assert themes.support(session, who, made.id, post.id, on=False) == 0
    assert themes.support(session, who, made.id, post.id, on=False) == 0
    with pytest.raises(InvalidError):
        themes.support(session, author, made.id, post.id)


def test_what_waits_for_a_moderator_is_its_authors_alone(session: Session, staff: tuple[Actor, Actor]) -> None:
    made = steps.opened(session, staff[0], premoderated=True)
    _, author = voter(session)
    post = steps.nominate(session, made, "확인할 주제", author)
    assert post.state is PostState.HELD
    assert theme_pages.show(session, VISITOR, made.id).nominations.rows == []
    assert [one.id for one in theme_pages.show(session, author, made.id).nominations.rows] == [post.id]
    held = steps.ballot_of(session, made)
    with pytest.raises(InvalidError):
        ballot_rounds.take(session, staff[0], held.id, [post.id])


def test_candidates_are_nominations_and_same_ones_are_gathered(session: Session, staff: tuple[Actor, Actor]) -> None:
    made = steps.opened(session, staff[0])
    posts = [steps.nominate(session, made, title) for title in ("한강 산책로", "한강 걷는 길", "골목 주차")]
    held = steps.ballot_of(session, made)
    with pytest.raises(ConflictError):
        ballot_rounds.add(session, staff[0], held.id, title="담당자의 주제")
    with pytest.raises(InvalidError):
        ballot_rounds.plan(session, staff[0], held.id, BallotPlan(winners=2), version=1)
    first, _park = ballot_rounds.take(session, staff[0], held.id, [posts[0].id, posts[2].id])
    ballot_rounds.take(session, staff[0], held.id, [posts[1].id], into=first.id)
    with pytest.raises(ConflictError), session.begin_nested():
        ballot_rounds.take(session, staff[0], held.id, [posts[1].id])
    sources = {line.title: len(line.sources) for line in ballot_rounds.lines(session, held.id)}
    assert sources == {"한강 산책로": 2, "골목 주차": 1}


def test_confirmed_after_the_publication_and_as_counted(
    session: Session, staff: tuple[Actor, Actor], keys: KeyStore
) -> None:
    made, posts = chosen(session, staff, keys)
    held = steps.ballot_of(session, made)
    by_title = {line.title: line.id for line in ballot_rounds.lines(session, held.id)}
    with time_machine.travel(held.closes_at + DAY, tick=False):
        assert theme_pages.show(session, VISITOR, made.id).step is ThemeStep.CONFIRM
        with pytest.raises(ConflictError):
            themes.confirm(session, staff[0], made.id, option_id=by_title["한강 산책로"])
        with pytest.raises(ForbiddenError):
            themes.confirm(session, voter(session)[1], made.id, option_id=by_title["골목 주차"])
        themes.confirm(session, staff[0], made.id, option_id=by_title["골목 주차"])
        with pytest.raises(ConflictError):
            themes.confirm(session, staff[1], made.id, option_id=by_title["골목 주차"])
    assert made.theme_post_id == posts[1].id
    assert session.scalars(select(Notice).where(Notice.about == f"{made.id}|confirmed")).all()
    view = theme_pages.show(session, VISITOR, made.id)
    assert view.theme == "골목 주차"


def test_never_confirmed_before_the_publication(session: Session, staff: tuple[Actor, Actor], keys: KeyStore) -> None:
    made = steps.opened(session, staff[0])
    posts = [steps.nominate(session, made, title) for title in ("한강 산책로", "골목 주차")]
    held = steps.candidates(session, made, *staff, keys, posts)
    steps.vote(session, held, keys, "1")
    option = ballot_rounds.lines(session, held.id)[0]
    with time_machine.travel(held.closes_at + DAY, tick=False), pytest.raises(ConflictError):
        themes.confirm(session, staff[0], made.id, option_id=option.id)


def test_the_discussion_waits_for_the_confirmation(
    session: Session, staff: tuple[Actor, Actor], keys: KeyStore
) -> None:
    made, _posts = chosen(session, staff, keys)
    talk = themes.round_of(session, made.id, RoundKind.THREADS)
    with time_machine.travel(talk.opens_at + DAY, tick=False):
        assert not access.window(talk, made).open
        won = themes.chosen(session, made.id)
        assert won is not None
        themes.confirm(session, staff[0], made.id, option_id=won[0].id)
        assert access.window(talk, made).open
        assert theme_pages.show(session, VISITOR, made.id).step is ThemeStep.DISCUSSION


def concluded(session: Session, staff: tuple[Actor, Actor], keys: KeyStore) -> Forum:
    made, _posts = chosen(session, staff, keys)
    won = themes.chosen(session, made.id)
    assert won is not None
    themes.confirm(session, staff[0], made.id, option_id=won[0].id)
    steps.conclude(session, made, staff[0])
    return made


def test_promoted_once_to_a_city_question(session: Session, staff: tuple[Actor, Actor], keys: KeyStore) -> None:
    made = concluded(session, staff, keys)
    unit = factories.department(session)
    with pytest.raises(InvalidError):
        themes.promote(session, staff[0], made.id, Target.QUESTION)
    led = themes.promote(session, staff[0], made.id, Target.QUESTION, department_id=unit.id)
    question = session.get_one(Forum, led.question_id)
    assert (question.kind, question.state, question.department_id) == (ForumKind.QUESTION, ForumState.DRAFT, unit.id)
    assert question.title == "골목 주차"
    back = session.scalars(select(ForumLink).where(ForumLink.forum_id == question.id)).one()
    assert (back.after, back.url) == (False, themes.path(made.id))
    with pytest.raises(ConflictError):
        themes.promote(session, staff[1], made.id, Target.PROPOSAL)
    assert themes.follow_up(session) == 0
    steps.publish_question(session, question)
    assert themes.follow_up(session) == 1
    assert themes.follow_up(session) == 0
    assert theme_pages.show(session, VISITOR, made.id).leads == [("골목 주차", f"/forums/{question.id}")]
    assert session.scalars(select(AuditEvent).where(AuditEvent.action == "theme:promote")).one()


def test_promoted_to_a_proposal_or_an_agenda(session: Session, staff: tuple[Actor, Actor], keys: KeyStore) -> None:
    made = concluded(session, staff, keys)
    led = themes.promote(session, staff[0], made.id, Target.PROPOSAL)
    draft = session.get_one(Proposal, led.proposal_id)
    assert (draft.state, draft.author_id, draft.title) == (ProposalState.DRAFT, staff[0].id, "골목 주차")
    other = concluded(session, staff, keys)
    cycle = factories.cycle(session, CycleState.ANNOUNCED)
    themes.promote(session, staff[0], other.id, Target.AGENDA, cycle_id=cycle.id)
    assert theme_pages.show(session, VISITOR, other.id).leads == [(cycle.title, f"/budget/{cycle.slug}")]
    assert [title for _key, title in theme_pages.on_agenda(session, cycle.id)] == ["골목 주차"]


def test_no_way_further_before_the_conclusion(session: Session, staff: tuple[Actor, Actor]) -> None:
    made = steps.opened(session, staff[0])
    with pytest.raises(ConflictError):
        themes.promote(session, staff[0], made.id, Target.PROPOSAL)
    with pytest.raises(ForbiddenError):
        themes.promote(session, voter(session)[1], made.id, Target.PROPOSAL)
    assert clock.now() < themes.round_of(session, made.id, RoundKind.BALLOT).opens_at


def test_the_common_way_further_is_shut(session: Session, staff: tuple[Actor, Actor], keys: KeyStore) -> None:
    made = concluded(session, staff, keys)
    with pytest.raises(ConflictError):
        links.promote(session, staff[0], made.id, ForumKind.DEBATE)
