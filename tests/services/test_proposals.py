"""시민제안: who may write, what is recorded and told, what is locked at publication, and what clock and person decide."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import ForumState, ProposalState
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import VISITOR, Role
from civicvote.domain.proposals import Verdict
from civicvote.models.accounts import User
from civicvote.models.audit import AuditEvent
from civicvote.models.base import new_id
from civicvote.models.deliberation import Forum, ForumLink, Round
from civicvote.models.discussion import Thread, Watch
from civicvote.models.notices import Notice
from civicvote.models.proposals import Proposal, ProposalEndorsement, ProposalMove, ProposalRevision
from civicvote.models.search import ProposalDocument
from civicvote.models.verification import Person
from civicvote.services import clock, dated_settings, search
from civicvote.services.accounts import leaving
from civicvote.services.proposals import counters, endorsing, reading, revisions, windows, writing
from civicvote.services.verification import granting
from tests import factories
from tests.support import proposals as made
from tests.support.proposals import content

S = ProposalState


def _actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


def _told(session: Session, kind: NoticeKind) -> list[object]:
    return list(session.scalars(select(Notice.recipient_id).where(Notice.kind == kind)))


def _at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


def _moves(session: Session, proposal: Proposal) -> list[str]:
    return list(
        session.scalars(
            select(ProposalMove.name).where(ProposalMove.proposal_id == proposal.id).order_by(ProposalMove.id)
        )
    )


# --- writing ---------------------------------------------------------------------------------------------------------


def test_visitors_may_only_read_and_drafts_are_their_authors(session: Session) -> None:
    author = factories.user(session)
    draft, public = made.proposal(session, author, S.DRAFT), made.proposal(session, author)
    stranger = factories.actor(factories.user(session))
    with pytest.raises(ForbiddenError):
        writing.start(session, VISITOR, new_id(), content())
    with pytest.raises(ForbiddenError):
        endorsing.endorse(session, VISITOR, public.id)
    for look in (
        reading.detail,
        reading.editable,
        endorsing.endorse,
        reading.follow,
        revisions.listing,
        writing.publish,
    ):
        with pytest.raises(NotFoundError):
            look(session, stranger, draft.id)
    with pytest.raises(NotFoundError):
        writing.autosave(session, stranger, draft.id, content(), version=1)
    with pytest.raises(NotFoundError):
        writing.start(session, stranger, draft.id, content())
    with pytest.raises(ForbiddenError):
        writing.change(session, stranger, public.id, content(), version=1)
    assert reading.detail(session, VISITOR, public.id).proposal is public


def test_publication_numbers_opens_a_thread_and_watches(session: Session) -> None:
    author = factories.actor(factories.user(session))
    numbers = []
    for _ in range(3):
        draft = writing.start(session, author, new_id(), content())
        numbers.append(writing.publish(session, author, draft.id).number)
        assert writing.publish(session, author, draft.id).number == numbers[-1]
    assert numbers == [1, 2, 3]
    assert _actions(session) == ["proposal:draft", "proposal:publish"] * 3
    assert session.scalar(select(func.count()).select_from(Thread)) == 3
    assert session.scalar(select(func.count()).select_from(ProposalDocument)) == 3
    assert set(session.scalars(select(Watch.user_id))) == {author.id}
    assert session.scalar(select(func.count()).select_from(Notice)) == 0


@pytest.mark.parametrize(
    ("field", "value"), [("title", "짧음"), ("problem", "짧음"), ("idea", "짧음"), ("category", "")]
)
def test_a_draft_may_be_short_what_is_public_may_not(session: Session, field: str, value: str) -> None:
    author = factories.actor(factories.user(session))
    draft = writing.start(session, author, new_id(), content(**{field: value}))
    with pytest.raises(InvalidError) as refused:
        writing.publish(session, author, draft.id)
    assert refused.value.field == field


@pytest.mark.parametrize("field", ["title", "problem", "idea", "place"])
def test_resident_numbers_are_refused_everywhere(session: Session, field: str) -> None:
    author = factories.actor(factories.user(session))
    with pytest.raises(InvalidError) as refused:
        writing.start(session, author, new_id(), content(**{field: "제 번호는 900101-1234567입니다"}))
    assert refused.value.field == field


def test_a_point_names_its_district_and_must_agree_with_it(session: Session) -> None:
    author = factories.actor(factories.user(session))
    draft = writing.start(session, author, new_id(), content(map_x=503, map_y=359))
    assert (draft.district, draft.map_x, draft.map_y) == ("11110", 503, 359)
    for place in ({"district": "11740", "map_x": 503, "map_y": 359}, {"map_x": 1, "map_y": 1}, {"district": "11999"}):
        with pytest.raises(InvalidError) as refused:
            writing.start(session, author, new_id(), content(**place))
        assert refused.value.field == "district"


def test_thresholds_and_window_are_those_of_publication(session: Session) -> None:
    staff = factories.actor(factories.user(session, Role.STAFF), Role.STAFF)
    author = factories.actor(factories.user(session))
    first = writing.publish(session, author, writing.start(session, author, new_id(), content()).id)
    for name, value in (("department_threshold", 700), ("forum_threshold", 600), ("window_days", 7)):
        line = dated_settings.change(
            session, staff, f"proposal.{name}", value, effective_at=clock.now() + timedelta(seconds=1), reason="시범"
        )
        session.flush()
        assert line.value == value
    assert (first.department_threshold, first.forum_threshold) == (50, 500)
    assert first.closes_at is not None
    assert first.published_at is not None
    assert first.closes_at - first.published_at == timedelta(days=30)
    with pytest.MonkeyPatch.context() as later:
        _at(later, clock.now() + timedelta(minutes=1))
        second = writing.publish(session, author, writing.start(session, author, new_id(), content()).id)
    # The second threshold can't stand below the first.
    assert (second.department_threshold, second.forum_threshold) == (700, 700)
    assert second.closes_at is not None
    assert second.published_at is not None
    assert second.closes_at - second.published_at == timedelta(days=7)


def test_editing_ends_with_the_review(session: Session) -> None:
    author = factories.user(session)
    unit = factories.department(session)
    other = made.proposal(session)
    more: dict[ProposalState, dict[str, Any]] = {
        S.IN_REVIEW: {"department_id": unit.id, "due_at": clock.now()},
        S.ANSWERED: {"verdict": "accepted", "answered_at": clock.now()},
        S.MERGED: {"merged_into_id": other.id},
        S.FORWARDED: {"triage": "complaint"},
    }
    for state in S:
        proposal = made.proposal(session, author, state, **more.get(state, {}))
        actor = factories.actor(author)
        if state in writing.EDITABLE:
            changed = writing.change(session, actor, proposal.id, content(title="고친 제목입니다"), version=1)
            assert (changed.version, changed.revision) == (2, 0)
            assert reading.detail(session, actor, proposal.id).editable
        else:
            with pytest.raises(ConflictError):
                writing.change(session, actor, proposal.id, content(title="고친 제목입니다"), version=1)
            assert not reading.detail(session, actor, proposal.id).editable


def test_autosave_leaves_one_writers_form_savable_and_tells_another(session: Session) -> None:
    author, friend = factories.user(session), factories.user(session)
    one, two = factories.actor(author), factories.actor(friend)
    draft = writing.start(session, one, new_id(), content())
    made.co_author(session, draft, friend)
    assert writing.autosave(session, one, draft.id, content(title="쓰는 중 하나"), version=1) == 1
    assert writing.autosave(session, one, draft.id, content(title="쓰는 중 둘"), version=1) == 1
    assert writing.autosave(session, two, draft.id, content(title="친구가 쓰는 중"), version=1) == 2
    for act in (writing.autosave, writing.change):
        with pytest.raises(ConflictError) as told:
            act(session, one, draft.id, content(title="모르고 덮기"), version=1)
        assert "먼저 고친 내용" in str(told.value.message)
        session.expire_all()
    assert session.get_one(Proposal, draft.id).title == "친구가 쓰는 중"


def test_only_the_author_withdraws_and_with_a_reason(session: Session) -> None:
    author, friend = factories.user(session), factories.user(session)
    proposal = made.proposal(session, author)
    made.co_author(session, proposal, friend)
    reader = factories.user(session)
    reading.follow(session, factories.actor(reader), proposal.id)
    with pytest.raises(ForbiddenError):
        writing.withdraw(session, factories.actor(friend), proposal.id, reason="제가 거둡니다")
    with pytest.raises(InvalidError):
        writing.withdraw(session, factories.actor(author), proposal.id, reason=" ")
    writing.withdraw(session, factories.actor(author), proposal.id, reason="다른 제안과 겹칩니다")
    assert proposal.state is S.WITHDRAWN
    assert set(_told(session, NoticeKind.FOLLOWED_CHANGED)) == {friend.id, reader.id}


# --- 공감 --------------------------------------------------------------------------------------------------------------


def test_endorsing_twice_changes_nothing(session: Session) -> None:
    proposal = made.proposal(session)
    actor = factories.actor(factories.user(session))
    for on, count in ((True, 1), (True, 1), (False, 0), (False, 0), (True, 1)):
        assert endorsing.endorse(session, actor, proposal.id, on=on).endorsement_count == count
    assert _actions(session) == ["proposal:endorse", "proposal:unendorse", "proposal:endorse"]
    assert counters.recount(session) == 0
    proposal.endorsement_count = 7
    session.flush()
    assert counters.recount(session) == 1
    session.expire_all()
    assert session.get_one(Proposal, proposal.id).endorsement_count == 1


def test_a_person_endorses_once_whatever_account(session: Session) -> None:
    proposal = made.proposal(session)
    first = factories.user(session, level=1)
    person = session.get_one(Person, first.person_id)
    endorsing.endorse(session, factories.actor(first), proposal.id)
    leaving.erase(session, factories.actor(first))
    again = factories.actor(factories.user(session, level=1, person=person))
    with pytest.raises(ConflictError) as told:
        endorsing.endorse(session, again, proposal.id)
    assert "예전 계정으로 이미 공감" in str(told.value.message)
    assert reading.detail(session, again, proposal.id).panel.given == "earlier"
    # It is the person's own to take back.
    assert endorsing.endorse(session, again, proposal.id, on=False).endorsement_count == 0
    assert endorsing.endorse(session, again, proposal.id).endorsement_count == 1
    assert counters.recount(session) == 0


def test_verification_unites_what_one_person_endorsed(session: Session) -> None:
    twice, once = made.proposal(session), made.proposal(session)
    first = factories.user(session)
    endorsing.endorse(session, factories.actor(first), twice.id)
    person = Person(person_key="k" * 64, birth_year=1990, sex="f", created_at=clock.now())
    session.add(person)
    session.flush()
    facts = granting.Facts("desk", 1, 1990, "f")
    granting.grant(session, factories.actor(first), first, person, facts)
    assert session.scalars(select(ProposalEndorsement.person_id)).one() == person.id
    leaving.erase(session, factories.actor(first))
    second = factories.user(session)
    for proposal in (twice, once):
        endorsing.endorse(session, factories.actor(second), proposal.id)
    assert twice.endorsement_count == 2
    granting.grant(session, factories.actor(second), second, person, facts)
    assert (twice.endorsement_count, once.endorsement_count) == (1, 1)
    assert counters.recount(session) == 0


def test_the_threshold_moves_and_tells_once_and_steps_back(session: Session) -> None:
    author, staff = factories.user(session), factories.user(session, Role.STAFF)
    proposal = made.proposal(session, author, department_threshold=3, forum_threshold=10)
    made.endorsed(session, proposal, 2)
    reader = factories.user(session)
    reading.follow(session, factories.actor(reader), proposal.id)
    last = factories.actor(factories.user(session))
    for _ in range(2):
        assert endorsing.endorse(session, last, proposal.id).state is S.AWAITING_DEPARTMENT
        assert endorsing.endorse(session, last, proposal.id, on=False).state is S.PUBLISHED
    endorsing.endorse(session, last, proposal.id)
    assert _moves(session, proposal) == ["reach", "step-back"] * 2 + ["reach"]
    assert sorted(map(str, _told(session, NoticeKind.THRESHOLD_REACHED))) == sorted(map(str, (author.id, reader.id)))
    assert _told(session, NoticeKind.WORK_WAITS) == [staff.id]


def test_the_second_threshold_opens_one_debate_for_good(session: Session) -> None:
    author = factories.user(session)
    proposal = made.proposal(session, author, department_threshold=2, forum_threshold=3)
    made.endorsed(session, proposal, 2)
    last = factories.actor(factories.user(session))
    endorsing.endorse(session, last, proposal.id)
    reached = proposal.forum_reached_at
    endorsing.endorse(session, last, proposal.id, on=False)
    endorsing.endorse(session, last, proposal.id)
    forum = session.scalars(select(Forum)).one()
    assert (forum.proposal_id, forum.state, forum.title) == (proposal.id, ForumState.OPEN, proposal.title)
    assert proposal.forum_reached_at == reached is not None
    talk = session.scalars(select(Round)).one()
    assert talk.closes_at - talk.opens_at == timedelta(days=30)
    assert session.scalars(select(ForumLink.url)).one() == f"/proposals/{proposal.id}"
    assert {proposal.id, forum.id, talk.id} <= set(session.scalars(select(Thread.id)))
    assert reading.detail(session, VISITOR, proposal.id).forum_id == forum.id


def test_the_clock_decides_however_late_the_tick(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    proposal = made.proposal(session)
    assert proposal.closes_at is not None
    closes, people = proposal.closes_at, [factories.actor(factories.user(session)) for _ in range(2)]
    _at(monkeypatch, closes - timedelta(microseconds=1))
    assert endorsing.endorse(session, people[0], proposal.id).endorsement_count == 1
    _at(monkeypatch, closes)
    for actor, on in ((people[1], True), (people[0], False)):
        with pytest.raises(ConflictError) as told:
            endorsing.endorse(session, actor, proposal.id, on=on)
        assert "기간이 끝났습니다" in str(told.value.message)
    assert proposal.state is S.PUBLISHED
    assert reading.detail(session, people[0], proposal.id).panel.refused is not None


@pytest.mark.parametrize("state", [S.ANSWERED, S.CLOSED, S.WITHDRAWN])
def test_only_open_states_take_endorsements(session: Session, state: ProposalState) -> None:
    unit = factories.department(session)
    given: dict[str, Any] = {"verdict": Verdict.ACCEPTED, "answered_at": clock.now()} if state is S.ANSWERED else {}
    proposal = made.proposal(session, state=state, department_id=unit.id, due_at=clock.now(), **given)
    with pytest.raises(ConflictError, match="답변을 받기 전까지"):
        endorsing.endorse(session, factories.actor(factories.user(session)), proposal.id)


def test_windows_close_in_batches_and_tell_their_authors(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    author, reader = factories.user(session), factories.user(session)
    below = [made.proposal(session, author) for _ in range(3)]
    reading.follow(session, factories.actor(reader), below[0].id)
    reached = made.proposal(session, author, department_threshold=1)
    made.endorsed(session, reached, 1)  # such as by a merge
    later = made.proposal(session, author, closes_at=clock.now() + timedelta(days=31))
    assert windows.close_windows(session) == 0
    _at(monkeypatch, clock.now() + timedelta(days=30, seconds=1))
    assert windows.close_windows(session, limit=2) == 2
    assert windows.close_windows(session) == 1
    assert [one.state for one in (*below, reached, later)] == [S.CLOSED] * 3 + [S.AWAITING_DEPARTMENT, S.PUBLISHED]
    assert _told(session, NoticeKind.CLOSED_BELOW) == [author.id] * 3
    assert reader.id in _told(session, NoticeKind.FOLLOWED_CHANGED)


def test_a_closed_proposal_comes_back_better_and_both_say_so(session: Session) -> None:
    author, friend = factories.user(session), factories.user(session)
    old = made.proposal(session, author, S.CLOSED)
    made.co_author(session, old, friend)
    actor = factories.actor(author)
    with pytest.raises(ForbiddenError):
        writing.resubmit(session, factories.actor(friend), old.id)
    with pytest.raises(ConflictError):
        writing.resubmit(session, actor, made.proposal(session, author).id)
    draft = writing.resubmit(session, actor, old.id)
    assert writing.resubmit(session, actor, old.id) is draft
    assert (draft.previous_id, draft.title, draft.state) == (old.id, old.title, S.DRAFT)
    assert reading.detail(session, VISITOR, old.id).next is None
    writing.publish(session, actor, draft.id)
    after, before = reading.detail(session, VISITOR, old.id).next, reading.detail(session, VISITOR, draft.id).previous
    assert after is not None
    assert before is not None
    assert (after.id, before.id) == (draft.id, old.id)
    with pytest.raises(ConflictError):
        writing.resubmit(session, actor, old.id)


# --- revisions -------------------------------------------------------------------------------------------------------


def test_edits_are_free_until_the_first_endorsement_then_numbered(session: Session) -> None:
    author = factories.user(session)
    actor = factories.actor(author)
    proposal = made.proposal(session, author)
    writing.change(session, actor, proposal.id, content(title="공감 전에 고침"), version=1)
    assert session.scalar(select(func.count()).select_from(ProposalRevision)) == 0
    reader = factories.actor(factories.user(session))
    endorsing.endorse(session, reader, proposal.id)
    endorsing.endorse(session, reader, proposal.id, on=False)
    with pytest.raises(InvalidError) as refused:
        writing.change(session, actor, proposal.id, content(title="설명 없이 고침"), version=proposal.version)
    assert refused.value.field == "note"
    session.refresh(proposal)
    for number in (1, 2):
        words = content(title=f"공감 뒤에 고침 {number}", district="11110")
        writing.change(session, actor, proposal.id, words, version=proposal.version, note=f"{number}번째 고침")
    same = content(title="공감 뒤에 고침 2", district="11110")
    assert writing.change(session, actor, proposal.id, same, version=proposal.version).revision == 2
    found, rows = revisions.listing(session, VISITOR, proposal.id)
    assert [(row.number, row.note) for row in rows] == [(2, "2번째 고침"), (1, "1번째 고침"), (0, "")]
    compared = revisions.compare(session, VISITOR, proposal.id, 1)
    assert {one.name: "".join(p.text for p in one.pieces if p.kind != "added") for one in compared.fields} == {
        "title": "공감 전에 고침",
        "district": "",
    }
    assert [one.name for one in revisions.compare(session, VISITOR, proposal.id, 2).fields] == ["title"]
    assert revisions.compare(session, VISITOR, proposal.id, 2, since=0).old.number == 0
    for number, since in ((3, None), (0, None), (1, 2), (1, 1)):
        with pytest.raises(NotFoundError):
            revisions.compare(session, VISITOR, proposal.id, number, since=since)
    assert found.title == session.get_one(Thread, proposal.id).title


def test_what_is_hidden_is_read_by_its_authors_and_moderators(session: Session) -> None:
    author = factories.user(session)
    proposal = made.proposal(
        session, author, hidden_at=clock.now(), hidden_code="insult", hidden_reason="비방이 있습니다."
    )
    moderator = factories.actor(factories.user(session, Role.MODERATOR), Role.MODERATOR)
    assert reading.detail(session, factories.actor(author), proposal.id).sees_text
    assert reading.detail(session, moderator, proposal.id).sees_text
    assert not reading.detail(session, VISITOR, proposal.id).sees_text
    with pytest.raises(NotFoundError):
        revisions.listing(session, VISITOR, proposal.id)
    with pytest.raises(ConflictError):
        endorsing.endorse(session, factories.actor(author), proposal.id)
    with pytest.raises(ConflictError):
        writing.change(session, factories.actor(author), proposal.id, content(), version=1)


# --- what an account leaves and takes --------------------------------------------------------------------------------


def test_an_account_takes_its_words_along_and_leaves_no_address(session: Session) -> None:
    author, friend = factories.user(session), factories.user(session)
    alone, shared = made.proposal(session, author, S.DRAFT), made.proposal(session, author, S.DRAFT)
    made.co_author(session, shared, friend)
    public = made.proposal(session, author)
    endorsing.endorse(session, factories.actor(author), public.id)
    told = leaving.download(session, factories.actor(author))
    assert {row["id"] for row in told["citizen_proposals"]} == {str(p.id) for p in (alone, shared, public)}
    assert [row["proposal_id"] for row in told["citizen_proposal_endorsements"]] == [str(public.id)]
    theirs = leaving.download(session, factories.actor(friend))
    assert [row["proposal_id"] for row in theirs["citizen_proposals_co_authored"]] == [str(shared.id)]
    leaving.erase(session, factories.actor(author))
    session.expire_all()
    assert (alone.title, shared.title == content().title, public.endorsement_count) == ("", True, 1)
    assert reading.detail(session, VISITOR, public.id).author is None


@pytest.fixture
def town(session: Session) -> Callable[[str], Proposal]:
    def add(title: str) -> Proposal:
        proposal = made.proposal(session, title=title)
        search.index_proposal(session, proposal)
        session.flush()
        return proposal

    return add


def test_similar_proposals_are_found_while_typing(session: Session, town: Callable[[str], Proposal]) -> None:
    wanted = town("한강공원 그늘막 쉼터 설치")
    town("지하철역 승강기 설치")
    reader: User = factories.user(session)
    endorsing.endorse(session, factories.actor(reader), wanted.id)
    found = search.similar_proposals(session, "한강공원에 그늘막을 설치", viewer_id=reader.id)
    assert (found[0].id, found[0].endorsed, found[0].endorsements) == (wanted.id, True, 1)
    others = search.similar_proposals(session, "한강공원에 그늘막을 설치", but=wanted.id)
    assert wanted.id not in {one.id for one in others}
