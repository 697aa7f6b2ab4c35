"""The inbox, the choices of mail, and the link that works for whoever holds it."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.notices import MailMode, NoticeKind
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from civicvote.models.notices import Notice, NoticeMail, NoticePreference
from civicvote.services.notices import inbox, wishes
from civicvote.settings import Settings
from tests import factories
from tests.conftest import Queries
from tests.support.notices import told

K = NoticeKind
SignIn = Callable[[User], FlaskClient]


def test_what_is_unread_says_so_and_is_counted_in_the_header(
    session: Session, signed_in: SignIn, queries: Queries
) -> None:
    user = factories.user(session)
    browser = signed_in(user)
    assert "아직 알림이 없습니다" in browser.get("/notices").text
    notice = told(session, user, K.HIDDEN, title="보행등", reason="광고입니다.")
    told(session, user, K.COMMENTED, title="놀이터")
    queries.clear()
    page = browser.get("/notices").text
    assert len(queries) == 2, "the count comes with the account"
    assert page.count("새 알림") == 2
    assert "알림함 (2)" in page
    assert "이유: 광고입니다." in page
    assert page.index("놀이터") < page.index("보행등")
    answer = browser.post(f"/notices/{notice.id}/go")
    assert (answer.status_code, answer.location) == (303, "/projects/")
    page = browser.get("/notices?unread=1").text
    assert "보행등" not in page
    assert "알림함 (1)" in page


def test_a_look_marks_nothing_as_read(session: Session, signed_in: SignIn) -> None:
    user = factories.user(session)
    notice = told(session, user)
    browser = signed_in(user)
    browser.get("/notices")
    assert browser.get(f"/notices/{notice.id}/go").status_code == 405
    session.expire_all()
    assert notice.read_at is None
    assert browser.post(f"/notices/{notice.id}/read", data={"unread": "1"}).location == "/notices?unread=1"
    assert "읽지 않은 알림이 없습니다" in browser.get("/notices?unread=1").text


def test_nobody_opens_anothers_notice_and_no_path_leads_away(session: Session, signed_in: SignIn) -> None:
    user = factories.user(session)
    notice = told(session, user, path="https://evil.example/")
    for deed in ("go", "read"):
        assert signed_in(factories.user(session)).post(f"/notices/{notice.id}/{deed}").status_code == 404
    assert signed_in(user).post(f"/notices/{uuid4()}/go").status_code == 404
    assert signed_in(user).post(f"/notices/{notice.id}/go").location == "/notices"


def test_pages_follow_each_other_and_all_is_read_up_to_what_was_seen(session: Session, signed_in: SignIn) -> None:
    user = factories.user(session)
    for number in range(inbox.SIZE + 3):
        told(session, user, title=f"제안-{number:02}")
    browser = signed_in(user)
    page = browser.get("/notices").text
    seen = session.scalars(select(Notice.id).order_by(Notice.id.desc()).limit(1)).one()
    assert f'name="until" value="{seen}"' in page
    cursor = page.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    part = browser.get(cursor.replace("&amp;", "&"), headers={"HX-Request": "true"}).text
    assert "제안-02" in part
    assert "<html" not in part
    told(session, user, title="그사이")
    browser.post("/notices/read-all", data={"until": str(seen)})
    page = browser.get("/notices?unread=1").text
    assert page.count("새 알림") == 1
    assert "그사이" in page
    browser.post("/notices/read-all", data={"until": "nonsense"})
    assert "읽지 않은 알림이 없습니다" in browser.get("/notices?unread=1").text
    assert browser.get("/notices?cursor=nonsense").status_code == 422


def test_many_are_counted_as_many(session: Session, signed_in: SignIn) -> None:
    user = factories.user(session)
    for _ in range(inbox.MOST_UNREAD + 5):
        told(session, user)
    assert "알림함 (99+)" in signed_in(user).get("/notices").text


def test_choices_are_saved_and_what_is_needed_cannot_be_refused(session: Session, signed_in: SignIn) -> None:
    user = factories.user(session)
    browser = signed_in(user)
    page = browser.get("/notices/settings").text
    assert 'name="answered"' in page
    assert 'name="work_waits"' not in page, "no duties"
    assert 'name="work_waits"' in signed_in(factories.user(session, Role.STAFF)).get("/notices/settings").text
    assert browser.post("/notices/settings", data={"answered": "off", "replied": "immediate"}).status_code == 303
    rows = dict(session.execute(select(NoticePreference.kind, NoticePreference.mode)).all())
    assert rows == {K.ANSWERED: MailMode.OFF, K.REPLIED: MailMode.IMMEDIATE}
    for field, value in (("hidden", "off"), ("answered", "sometimes")):
        assert browser.post("/notices/settings", data={field: value}).status_code == 422
    browser.post("/notices/settings/all", data={"on": "0"})
    assert "알림 메일이 모두 꺼져 있습니다" in browser.get("/notices/settings").text
    browser.post("/notices/settings/all", data={"on": "1"})
    assert session.scalars(select(NoticeMail.off_at)).one() is None


def link_of(settings: Settings, user: User, scope: str) -> str:
    return f"/notices/unsubscribe/{wishes.token(settings.keystore.derived('unsubscribe'), user.id, scope)}"


@pytest.fixture
def guarded(app: Flask) -> Iterator[FlaskClient]:
    """A browser of an application that asks for CSRF tokens, without any cookie."""
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        yield app.test_client(use_cookies=False)
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_mail_programs_unsubscribe_with_one_click(session: Session, guarded: FlaskClient, settings: Settings) -> None:
    user = factories.user(session)
    link = link_of(settings, user, "answered")
    for headers in ({}, {"Origin": "https://mail.example"}, {"Origin": "null"}):
        answer = guarded.post(link, data={"List-Unsubscribe": "One-Click"}, headers=headers)
        assert answer.status_code == 200, "a mail program follows no redirect"
    assert session.execute(select(NoticePreference.kind, NoticePreference.mode)).one() == (K.ANSWERED, MailMode.OFF)


def test_the_page_of_a_link_changes_nothing_until_a_button_is_pressed(
    session: Session, guarded: FlaskClient, settings: Settings
) -> None:
    user = factories.user(session, name="홍길동", email="hong@example.org")
    link = link_of(settings, user, "answered")
    page = guarded.get(link).text
    assert "답변이 공개되었을 때" in page
    assert "홍길동" not in page
    assert "hong@" not in page
    assert session.scalar(select(func.count()).select_from(NoticePreference)) == 0
    steps = {
        "off": "이 메일은 꺼져 있습니다",
        "on": "이 메일을 받고 계십니다",
        "all-off": "모든 알림 메일이 꺼져",
        "all-on": "이 메일을 받고 계십니다",
    }
    for wish, words in steps.items():
        answer = guarded.post(link, data={"wish": wish})
        assert answer.status_code == 303
        assert urlsplit(answer.location).path == link
        assert words in guarded.get(answer.location).text


def test_foreign_links_open_nothing(session: Session, guarded: FlaskClient, settings: Settings) -> None:
    link = link_of(settings, factories.user(session), "answered")
    for wrong in (link[:-1], link + "x", "/notices/unsubscribe/" + "x" * 43, "/notices/unsubscribe/한글"):
        assert guarded.get(wrong).status_code == 404
        assert guarded.post(wrong, data={"List-Unsubscribe": "One-Click"}).status_code == 404
    assert session.scalar(select(func.count()).select_from(NoticePreference)) == 0


def test_every_other_form_needs_its_token_and_its_origin(
    app: Flask, guarded: FlaskClient, settings: Settings, session: Session
) -> None:
    exempt = {name for name, view in app.view_functions.items() if getattr(view, "__one_click__", False)}
    assert exempt == {"notices.unsubscribe"}
    link = link_of(settings, factories.user(session), "answered")
    for path in ("/language", "/sign-in", "/sign-out", "/reset-password"):
        assert guarded.post(path, data={"lang": "en"}).status_code == 400, path
        assert guarded.post(path, data={"lang": "en"}, headers={"Origin": "https://mail.example"}).status_code == 403
    assert guarded.post(link, json={"List-Unsubscribe": "One-Click"}).status_code == 400
