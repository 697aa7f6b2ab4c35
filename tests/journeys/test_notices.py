"""A citizen reads what they were told, chooses their mail, and stops a letter without signing in; also without scripts."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from civicvote.domain.notices import MailMode, NoticeKind
from civicvote.models.accounts import User
from civicvote.models.notices import NoticePreference
from civicvote.services.notices import posting, tell
from tests.journeys.people import Person
from tests.journeys.site import Site

pytestmark = pytest.mark.browser
VERIFIED = "verified@demo.civicvote.example"


@pytest.mark.parametrize("javascript", [True, False])
def test_from_the_inbox_to_a_letter_that_is_stopped(
    planted: Site, visitor: Callable[..., Person], *, javascript: bool
) -> None:
    with planted.database.transaction() as session:
        user = session.scalars(select(User).where(User.email == VERIFIED)).one()
        for part in (1, 2):
            about = f"journey-{javascript}-{part}"
            tell(session, NoticeKind.CONCLUDED, about=about, to=[user.id], path="/budget/", title="걷고 싶은 골목")
    me = visitor(javascript=javascript, width=390)
    me.enters(VERIFIED)
    me.go("/notices?unread=1")
    newest = me.page.locator(".notice--unread").first
    assert "걷고 싶은 골목" in newest.inner_text()
    with me.page.expect_navigation():
        newest.get_by_role("button", name=re.compile("^보러 가기")).click()
    assert me.path == "/budget/"
    me.go("/notices/settings")
    me.choose(concluded="digest")
    me.press("저장")
    assert me.page.locator("select[name='concluded']").input_value() == "digest"
    me.go("/notices")
    me.press("모두 읽음으로 표시")
    assert me.page.locator(".notice--unread").count() == 0

    key = planted.app.extensions["civicvote.settings"].keystore.derived("unsubscribe")
    letter = posting.envelope(posting.LETTERS, user.id, {"scope": "concluded"}, key=key, base_url=planted.url)
    stranger = visitor(javascript=javascript, width=390)
    stranger.go(letter.words["unsubscribe_url"].removeprefix(planted.url))
    stranger.press("이 메일 끄기")
    assert "이 메일은 꺼져 있습니다." in stranger.page.locator("main").inner_text()
    with planted.database.transaction() as session:
        row = session.get_one(NoticePreference, (user.id, NoticeKind.CONCLUDED))
        assert row.mode is MailMode.OFF
        session.delete(row)
