"""One clerk alone can check in whoever has an account: its owner is told, and auditors see who checked in how many."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask, render_template
from flask_babel import force_locale
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError, NotFoundError
from civicvote.domain.permissions import SYSTEM, Role
from civicvote.models.accounts import User
from civicvote.models.channels import Ask, Channel, CheckIn
from civicvote.models.outbox import OutboxMessage
from civicvote.services import channels, outbox, verification
from civicvote.services.channels import letters
from civicvote.services.channels.clerks import by_clerk
from tests import factories
from tests.conftest import Queries
from tests.support.channels import Hall, document
from tests.support.voting import polls, voter


def _told(session: Session) -> list[tuple[str, str]]:
    """Kind and what it is about, in the order of the promises."""
    rows = session.scalars(select(OutboxMessage).where(OutboxMessage.kind.like("desk-%")).order_by(OutboxMessage.id))
    return [(row.kind, str(row.recipient_id)) for row in rows]


def _take_back(place: Hall, made: CheckIn) -> None:
    channels.ask(place.session, place.first, place.slug, made.id, Ask.TAKE_BACK, reason="잘못 접수함", keys=place.keys)
    place.decide(made, place.second)


@pytest.mark.parametrize("channel", list(Channel))
def test_the_owner_of_the_account_is_told_once(session: Session, place: Hall, channel: Channel) -> None:
    user, _actor = voter(session)
    made = place.come(user, channel)
    assert _told(session) == [("desk-came", str(user.id))]
    letters.came(session, made)
    with pytest.raises(ConflictError), session.begin_nested():
        place.come(user, channel, clerk=place.second)
    if channel is Channel.STATION:
        place.code(made)
    else:
        place.hand_out(made)
    assert _told(session) == [("desk-came", str(user.id))], "what follows is no news"


def test_a_check_in_that_is_over_is_told_too(session: Session, place: Hall) -> None:
    user, _actor = voter(session)
    for again in (1, 2):
        made = place.come(user)
        _take_back(place, made)
        letters.taken_back(session, made)
        assert _told(session) == [("desk-came", str(user.id)), ("desk-taken-back", str(user.id))] * again


def test_who_asked_and_was_refused_is_not_told_of_it(session: Session, place: Hall) -> None:
    made = place.come(voter(session)[0])
    channels.ask(session, place.first, place.slug, made.id, Ask.TAKE_BACK, reason="잘못 접수함", keys=place.keys)
    place.decide(made, place.second, approve=False)
    assert [kind for kind, _whom in _told(session)] == ["desk-came"]


def test_documents_are_told_where_there_is_an_account(session: Session, place: Hall) -> None:
    place.decide(place.check_in(document()), place.second)
    assert _told(session) == [], "nobody knows an address"
    user = factories.user(session, level=1)
    claim = channels.Claim(
        email=user.email or "", name="강나루", birth_date="1990-03-02", basis="work", district="11110"
    )
    place.decide(place.check_in(claim), place.second, approve=False)
    assert _told(session) == [("desk-came", str(user.id)), ("desk-taken-back", str(user.id))]


def _letter(app: Flask, session: Session, kind: str, locale: str = "ko") -> str:
    message = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind)).one()
    with app.test_request_context(), force_locale(locale):
        return render_template(
            f"mail/{kind}.txt", base_url="https://x.test", recipient_name="김서울", **message.payload
        )


def test_the_letter_says_whom_to_tell_and_nothing_of_a_ballot(app: Flask, session: Session, place: Hall) -> None:
    made, tracker = place.come_after_casting()
    text = _letter(app, session, "desk-came")
    assert text.startswith("[civicvote] 현장투표를 접수했습니다: ")
    for words in ("종이 투표", "접수번호 1번", "본인이 아니면", "감사 담당", f"https://x.test/budget/{place.slug}"):
        assert words in text
    assert tracker not in text
    user, _actor = voter(session)
    other = place.come(user)
    (first, second) = session.scalars(
        select(OutboxMessage).where(OutboxMessage.kind == "desk-came").order_by(OutboxMessage.id)
    )
    assert first.payload.keys() == second.payload.keys()
    same = set(first.payload) - {"at", "number"}
    assert {k: first.payload[k] for k in same} == {k: second.payload[k] for k in same}, "who had voted isn't told apart"
    _take_back(place, other)
    back = _letter(app, session, "desk-taken-back")
    assert "온라인에서 투표하시거나" in back
    assert f"/budget/{place.slug}/vote" in back
    assert made.taken_back_at is None


def test_after_the_close_nobody_is_sent_to_vote(app: Flask, session: Session, place: Hall) -> None:
    made = place.come(voter(session)[0])
    with time_machine.travel(place.made.vote.closes_at + timedelta(seconds=30), tick=False):
        _take_back(place, made)
    text = _letter(app, session, "desk-taken-back")
    assert "전까지" not in text
    assert "감사 담당" in text


def test_a_letter_that_has_left_says_nothing_any_more(session: Session, place: Hall) -> None:
    place.come(voter(session)[0])
    message = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == "desk-came")).one()
    outbox.done(session, message.id)
    session.refresh(message)
    assert (message.payload, message.address) == ({}, None)


def _registered(place: Hall) -> CheckIn:
    """Somebody without an account whom the city's register knows."""
    claim = document("남바다", basis="", district="")
    lines = f"name,birth_date,phone,sex,district\n{claim.name},{claim.birth_date},{claim.phone},m,종로구\n"
    verification.import_register(place.session, SYSTEM, lines.encode(), key=place.keys.person)
    return place.check_in(claim, clerk=place.second)


def test_auditors_see_who_checked_in_how_many_and_by_what(session: Session, place: Hall) -> None:
    auditor = factories.actor(factories.user(session, Role.AUDITOR), Role.AUDITOR)
    assert by_clerk(session, auditor, place.slug).rows == []
    alone = place.come(voter(session)[0])
    place.hand_out(alone)
    place.code(place.come(voter(session)[0], Channel.STATION))
    place.hand_out(place.come(voter(session)[0]), place.second)
    _take_back(place, place.come(voter(session)[0]))
    seen = place.check_in(document())
    place.decide(seen, place.second)
    place.hand_out(seen)
    told = len(_told(session))
    place.hand_out(_registered(place), place.second)
    assert len(_told(session)) == told, "no account, no letter"
    first, second = by_clerk(session, auditor, place.slug).rows
    assert (first.id, first.name, first.all) == (place.first.id, "김접수", 5)
    assert (first.account, first.register, first.documents) == (4, 0, 1)
    assert (first.paper, first.station, first.alone, first.taken_back) == (4, 1, 2, 1)
    assert (second.name, second.all, second.account, second.register, second.alone) == ("이확인", 1, 0, 1, 1)
    other = polls(session, place.keys)
    assert by_clerk(session, auditor, other.slug).rows == [], "another vote's"
    with pytest.raises(NotFoundError):
        by_clerk(session, auditor, "no-such-vote")
    for actor in (place.first, factories.actor(session.get_one(User, place.second.id))):
        with pytest.raises(ForbiddenError):
            by_clerk(session, actor, place.slug)


def test_the_auditors_table_takes_two_statements(session: Session, place: Hall, queries: Queries) -> None:
    auditor = factories.actor(factories.user(session, Role.AUDITOR), Role.AUDITOR)
    for more in (1, 6):
        place.papers(more)
        place.come(voter(session)[0], clerk=place.second)
        queries.clear()
        assert by_clerk(session, auditor, place.slug).rows
        assert len(queries) == 2
    assert session.scalar(select(func.count()).select_from(CheckIn)) == 9
