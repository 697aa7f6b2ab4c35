"""Telling people: once each, in bulk, with the mail they chose; reading it; and what is left when they leave."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from civicvote.domain.errors import ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.notices import MailMode, NoticeKind
from civicvote.domain.permissions import VISITOR, Role
from civicvote.models.accounts import User
from civicvote.models.audit import AuditEvent
from civicvote.models.discussion import Watch
from civicvote.models.notices import Notice, NoticeMail, NoticePreference
from civicvote.services import accounts, clock, watching
from civicvote.services.accounts import sweeping
from civicvote.services.notices import inbox, tell, wishes
from tests import factories
from tests.conftest import Queries
from tests.support.notices import at, thread, told

K = NoticeKind


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(at(12), tick=True):
        yield


def all_of(session: Session) -> list[Notice]:
    session.expire_all()
    return list(session.scalars(select(Notice).order_by(Notice.id)))


def test_once_per_kind_object_and_person_and_never_whoever_caused_it(session: Session) -> None:
    people = [factories.user(session) for _ in range(3)]
    to = [*(user.id for user in people), None, people[0].id]
    for expected in (2, 0):
        assert tell(session, K.ANSWERED, about="a", to=to, but=people[0].id, path="/x", title="가") == expected
    assert tell(session, K.ANSWERED, about="b", to=to, path="/x", title="가") == 3
    assert tell(session, K.OVERDUE, about="a", to=[people[1].id], path="/x", title="가") == 1
    assert tell(session, K.OVERDUE, about="y" * 300, to=[people[1].id], path="/x", title="가") == 1
    assert len(all_of(session)) == 7
    assert tell(session, K.ANSWERED, about="c", to=[], path="/x", title="가") == 0


def test_any_number_of_people_is_one_statement(session: Session, queries: Queries) -> None:
    thing = thread(session)
    seen = []
    for many in (2, 60):
        for _ in range(many):
            session.add(Watch(subject_id=thing, user_id=factories.user(session).id, at=clock.now()))
        session.flush()
        queries.clear()
        tell(session, K.FOLLOWED_CHANGED, about=f"s{many}", to=watching.watchers(thing), path="/x", title="가")
        tell(session, K.CONCLUDED, about=f"l{many}", to=list(session.scalars(watching.watchers(thing))), path="/x")
        seen.append(len(queries))
    assert seen == [3, 3]
    assert session.scalar(select(func.count()).select_from(Notice)) == 2 + 62 + 2 + 62


def test_what_was_watched_a_moment_ago_is_told(session: Session) -> None:
    thing, user = thread(session), factories.user(session)
    session.add(Watch(subject_id=thing, user_id=user.id, at=clock.now()))
    assert tell(session, K.FOLLOWED_CHANGED, about="x", to=watching.watchers(thing), path="/x", title="가") == 1


def test_rows_of_one_statement_and_single_ones_stand_in_the_order_of_time(session: Session) -> None:
    people = [factories.user(session) for _ in range(5)]
    for number in range(6):
        with time_machine.travel(at(12, number), tick=False):
            tell(session, K.ANSWERED, about=number, to=[user.id for user in people], path="/x", title=str(number))
    rows = all_of(session)
    assert len({row.id for row in rows}) == 30
    assert [row.payload["title"] for row in rows] == [str(number) for number in range(6) for _ in people]


def test_mail_goes_as_it_was_chosen_and_never_to_an_address_nobody_confirmed(session: Session) -> None:
    usual, off, daily, paused, no_digest, new, gone = (factories.user(session) for _ in range(7))
    wishes.choose(session, factories.actor(off), {K.ANSWERED: MailMode.OFF})
    wishes.choose(session, factories.actor(daily), {K.ANSWERED: MailMode.DIGEST, K.HIDDEN: MailMode.DIGEST})
    wishes.switch_all(session, factories.actor(paused), on=False)
    session.add(NoticeMail(user_id=no_digest.id, digest_off_at=clock.now()))
    session.execute(update(User).where(User.id == new.id).values(email_confirmed_at=None))
    session.execute(update(User).where(User.id == gone.id).values(email=None, erased_at=clock.now()))
    to = [user.id for user in (usual, off, daily, paused, no_digest, new, gone)]
    for kind in (K.ANSWERED, K.HIDDEN, K.COMMENTED):
        tell(session, kind, about="a", to=to, path="/x", title="가")
    found = {(row.recipient_id, row.kind): (row.mail, row.mail_at) for row in all_of(session)}
    now, day, off_ = MailMode.IMMEDIATE, MailMode.DIGEST, MailMode.OFF
    expected = {
        usual.id: (now, now, day),
        off.id: (off_, now, day),
        daily.id: (day, day, day),
        paused.id: (off_, now, off_),
        no_digest.id: (now, now, off_),
        new.id: (off_, off_, off_),
    }
    got = {user: tuple(found[user, kind][0] for kind in (K.ANSWERED, K.HIDDEN, K.COMMENTED)) for user in expected}
    assert got == expected
    assert len(found) == 18, "whoever has left has no inbox"
    for mode, when in found.values():
        assert {now: at(12) <= (when or at(0)) < at(13), day: when == at(8, 30, day=3), off_: when is None}[mode]


def test_at_night_only_what_was_asked_for_may_leave_at_once(session: Session) -> None:
    user = factories.user(session)
    for moment, morning in ((at(20, 59), at(20, 59)), (at(21), at(8, day=3)), (at(7, 59, day=3), at(8, day=3))):
        with time_machine.travel(moment, tick=False):
            assert told(session, user, K.ANSWERED).mail_at == morning
            assert told(session, user, K.APPEAL_DECIDED).mail_at == moment


def test_speakers_are_named_by_their_account_and_by_nobody_once_they_left(session: Session) -> None:
    reader, speaker = factories.user(session), factories.user(session, name="수다쟁이")
    notice = told(session, reader, K.REPLIED, but=speaker.id, name="수다쟁이")
    assert "name" not in notice.payload
    (line,) = inbox.listing(session, factories.actor(reader)).rows
    assert str(line.words.text).startswith("수다쟁이 님이")
    told(session, reader, K.REPLIED, name="아무개")
    told(session, reader, K.MENTIONED, by=speaker.id)
    accounts.erase(session, factories.actor(speaker))
    third, second, first = inbox.listing(session, factories.actor(reader)).rows
    assert "탈퇴한 시민" in str(third.words.text)
    assert str(first.words.text).startswith("탈퇴한 시민 님이")
    assert "답글이 달렸습니다" in str(second.words.text)


def test_an_inbox_is_its_owners_and_is_read_piece_by_piece(session: Session) -> None:
    user, other = factories.user(session), factories.user(session)
    mine, theirs = factories.actor(user), factories.actor(other)
    for number in range(inbox.SIZE + 5):
        told(session, user, title=f"{number:02}", path=f"/projects/{number}")
    told(session, other)
    first = inbox.listing(session, mine)
    second = inbox.listing(session, mine, cursor=first.next)
    assert [str(line.words.text)[1:3] for line in [*first.rows, *second.rows]] == [f"{n:02}" for n in range(24, -1, -1)]
    assert second.next is None
    assert inbox.read(session, mine, first.rows[0].id) == "/projects/24"
    with pytest.raises(NotFoundError):
        inbox.read(session, theirs, first.rows[0].id)
    with pytest.raises(ForbiddenError):
        inbox.listing(session, VISITOR)
    inbox.read_all(session, mine, until=first.rows[10].id)
    assert len(inbox.listing(session, mine, unread=True).rows) == 9
    inbox.read_all(session, mine)
    assert not inbox.listing(session, mine, unread=True).rows
    assert len(inbox.listing(session, theirs, unread=True).rows) == 1


def test_read_notices_go_after_a_year_and_unread_ones_after_three(session: Session) -> None:
    user = factories.user(session)
    actor = factories.actor(user)
    for place, (age, read) in enumerate(((3.1, None), (1.2, 1.1), (1.2, 0.9), (2.9, None), (0.1, 0.1))):
        now = clock.now()
        with time_machine.travel(now - timedelta(days=365 * age), tick=False):
            notice = told(session, user, title=f"{place}")
        if read:
            notice.read_at = now - timedelta(days=365 * read)
        session.flush()
    assert inbox.sweep(session) == 2
    assert sorted(str(line.words.text)[1] for line in inbox.listing(session, actor).rows) == ["2", "3", "4"]


def test_choices_are_kept_where_they_differ_and_stop_what_waits(session: Session) -> None:
    user = factories.user(session)
    actor = factories.actor(user)
    waiting = told(session, user, K.ANSWERED)
    usual = wishes.wishes(session, actor)
    assert K.WORK_WAITS not in usual.modes
    assert (
        K.WORK_WAITS in wishes.wishes(session, factories.actor(factories.user(session, Role.STAFF), Role.STAFF)).modes
    )
    for _ in range(2):
        wishes.choose(session, actor, {**usual.modes, K.ANSWERED: MailMode.OFF, K.COMMENTED: MailMode.IMMEDIATE})
    assert session.scalar(select(func.count()).select_from(NoticePreference)) == 2
    session.expire_all()
    assert (waiting.mail, waiting.mail_at) == (MailMode.OFF, None)
    wishes.choose(session, actor, {K.ANSWERED: MailMode.DIGEST})
    assert wishes.wishes(session, actor).modes[K.ANSWERED] is MailMode.DIGEST
    with pytest.raises(InvalidError):
        wishes.choose(session, actor, {K.HIDDEN: MailMode.OFF})
    deeds = session.scalars(select(AuditEvent.detail).where(AuditEvent.action == "notice:choose")).all()
    assert deeds == [{"kinds": ["answered", "commented"]}, {"kinds": ["answered"]}]


def test_all_mail_off_keeps_what_was_chosen_and_what_is_needed(session: Session) -> None:
    user = factories.user(session)
    actor = factories.actor(user)
    wishes.choose(session, actor, {K.ANSWERED: MailMode.DIGEST})
    answered, hidden = told(session, user, K.ANSWERED), told(session, user, K.HIDDEN)
    wishes.switch_all(session, actor, on=False)
    session.expire_all()
    assert (answered.mail_at, hidden.mail_at is None) == (None, False)
    assert wishes.wishes(session, actor).off
    wishes.switch_all(session, actor, on=True)
    found = wishes.wishes(session, actor)
    assert (found.off, found.modes[K.ANSWERED]) == (False, MailMode.DIGEST)


KEY = b"k" * 32


@pytest.mark.parametrize("scope", ["answered", wishes.DIGEST, wishes.ALL])
def test_a_link_switches_off_what_it_is_for_and_back(session: Session, scope: str) -> None:
    user = factories.user(session)
    kinds = {"answered": K.ANSWERED, wishes.DIGEST: K.COMMENTED, wishes.ALL: K.CONCLUDED}
    other = K.COMMENTED if scope == "answered" else K.HIDDEN
    token = wishes.token(KEY, user.id, scope)
    for _ in range(2):
        wishes.unsubscribe(session, KEY, token)
    assert wishes.link(session, KEY, token).off
    assert session.scalars(select(AuditEvent.detail).where(AuditEvent.action == "notice:unsubscribe")).all() == [
        {"scope": scope}
    ]
    assert told(session, user, kinds[scope]).mail is MailMode.OFF
    assert told(session, user, other).mail is not MailMode.OFF
    wishes.unsubscribe(session, KEY, token, everything=True)
    assert wishes.link(session, KEY, token).all_off
    wishes.unsubscribe(session, KEY, token, everything=True, on=True)
    wishes.unsubscribe(session, KEY, token, on=True)
    assert not wishes.link(session, KEY, token).off
    assert told(session, user, kinds[scope]).mail is not MailMode.OFF


def test_nobody_makes_a_link_without_the_key(session: Session) -> None:
    user, other = factories.user(session), factories.user(session)
    token = wishes.token(KEY, user.id, "answered")
    stolen = wishes.token(KEY, other.id, "answered")
    forged = [
        "",
        "x" * 43,
        "한글",
        token[:-1],
        token + "A",
        token + "=",
        token.swapcase(),
        wishes.token(b"x" * 32, user.id, "answered"),
        wishes.token(KEY, user.id, "answered")[:48] + wishes.token(KEY, user.id, "overdue")[48:],
        stolen[:21] + token[21:],
    ]
    for text in forged:
        with pytest.raises(NotFoundError):
            wishes.link(session, KEY, text)
        with pytest.raises(NotFoundError):
            wishes.unsubscribe(session, KEY, text)
    assert wishes.link(session, KEY, token).kind is K.ANSWERED
    accounts.erase(session, factories.actor(user))
    with pytest.raises(NotFoundError):
        wishes.link(session, KEY, token)


def test_who_leaves_leaves_no_notices_and_takes_them_along(session: Session) -> None:
    user, other = factories.user(session), factories.user(session)
    actor = factories.actor(user)
    told(session, user, title="내가 받은 소식")
    told(session, other)
    wishes.choose(session, actor, {K.ANSWERED: MailMode.OFF})
    wishes.switch_all(session, actor, on=False)
    kept = accounts.download(session, actor)["notices"]
    assert [one["payload"]["title"] for one in kept["received"]] == ["내가 받은 소식"]
    assert [(one["kind"], one["mode"]) for one in kept["mail_by_kind"]] == [("answered", "off")]
    assert kept["mail"][0]["off_at"]
    accounts.erase(session, actor)
    for table, owner in (
        (Notice, Notice.recipient_id),
        (NoticePreference, NoticePreference.user_id),
        (NoticeMail, NoticeMail.user_id),
    ):
        assert session.scalar(select(func.count()).select_from(table).where(owner == user.id)) == 0
    assert len(all_of(session)) == 1


def test_an_account_nobody_confirmed_goes_with_its_notices(session: Session) -> None:
    user = factories.user(session, email_confirmed_at=None)
    told(session, user, K.INVITED)
    with time_machine.travel(clock.now() + timedelta(days=8), tick=False):
        sweeping.sweep(session)
    assert session.scalar(select(func.count()).where(User.id == user.id)) == 0
    assert not all_of(session)
