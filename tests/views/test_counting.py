"""The counting page: what staff see at each step, and who is kept out."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import delete
from sqlalchemy.orm import Session

from civicvote import db, jobs
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User, UserRole
from civicvote.settings import Settings
from tests import factories
from tests.support.elections import Count, closed_vote

SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def vote(session: Session, settings: Settings) -> Count:
    return closed_vote(session, settings.keystore, people=12)


def test_before_the_close_the_box_cannot_be_sealed(signed_in: SignIn, vote: Count) -> None:
    client = signed_in(vote.users[0])
    url = f"/budget/{vote.slug}/count"
    shown = client.get(url).get_data(as_text=True)
    assert "부터 봉인할 수 있습니다" in shown
    assert "/count/seal" not in shown
    early = client.post(f"{url}/seal")
    assert early.status_code == 409
    assert "지금은 할 수 없습니다" in early.text, "nobody has changed anything meanwhile"
    assert "투표 마감 1분 뒤부터 봉인할 수 있습니다" in early.text


@pytest.fixture
def work(database: db.Database, settings: Settings) -> Callable[[], int]:
    """What the worker does of counts that were asked for."""
    return lambda: jobs.count(database, settings.keystore)


def test_two_people_bring_a_count_to_the_public(signed_in: SignIn, vote: Count, work: Callable[[], int]) -> None:
    url = f"/budget/{vote.slug}/count"
    with vote.over:
        first, second = (signed_in(user) for user in vote.users)
        assert "/count/seal" in first.get(url).get_data(as_text=True)
        assert first.post(f"{url}/seal").headers["Location"] == url
        assert "/count/run" in first.get(url).get_data(as_text=True)
        assert first.post(f"{url}/run").status_code == 303
        assert first.post(f"{url}/run").status_code == 303, "pressed twice is asked for once"
        assert work() == 1
        assert first.post(f"{url}/run").status_code == 409
        assert "/count/publish" not in first.get(url).get_data(as_text=True)
        refused = first.post(f"{url}/publish", data={"pooled": "ballots"})
        assert refused.status_code == 409
        assert "다른 담당자가 다시 개표해" in refused.get_data(as_text=True)
        empty = second.post(f"{url}/discard", data={"reason": ""})
        assert empty.status_code == 422
        assert "이유를 적어 주십시오" in empty.get_data(as_text=True)
        assert second.post(f"{url}/discard", data={"reason": "표 수가 다릅니다"}).status_code == 303
        assert "표 수가 다릅니다" in first.get(url).get_data(as_text=True)
        assert first.post(f"{url}/run").status_code == 303
        assert work() == 1
        assert first.post(f"{url}/release", data={"pooled": "ballots"}).status_code == 303
        assert "개표한 사람은 승인할 수 없습니다" in first.get(url).get_data(as_text=True)
        assert second.post(f"{url}/publish", data={"pooled": "ballots"}).headers["Location"] == url
        assert second.get(f"/budget/{vote.slug}/result").status_code == 404, "not before the second count"
        assert work() == 1
        assert second.get(f"/budget/{vote.slug}/result").status_code == 200
        again = second.post(f"{url}/publish", data={"pooled": "ballots"})
        assert again.status_code == 409
        assert "이미 다른 담당자가 처리했을" in again.get_data(as_text=True)
        assert "공표한 결과 보기" in first.get(url).get_data(as_text=True)


def test_while_it_counts_the_page_says_so_and_offers_nothing(
    signed_in: SignIn, vote: Count, work: Callable[[], int], session: Session
) -> None:
    url, script = f"/budget/{vote.slug}/count", {"HX-Request": "true"}
    with vote.over:
        first, second = (signed_in(user) for user in vote.users)
        auditor = signed_in(factories.user(session, Role.AUDITOR))
        first.post(f"{url}/seal")
        first.post(f"{url}/run")
        for client in (first, second, auditor):
            page = client.get(url).get_data(as_text=True)
            assert "개표하고 있습니다" in page
            assert "김집계 담당자가 시작했습니다" in page
            assert "/count/run" not in page
            assert 'hx-trigger="every' in page
            assert f'href="{url}">새로 고침' in page, "and without the script"
        part = first.get(url, headers=script)
        assert "개표하고 있습니다" in part.text
        assert "<html" not in part.text
        assert "개표 중: 끝나기를 기다리기" in second.get("/staff").text
        work()
        over = first.get(url, headers=script)
        assert (over.status_code, over.headers["HX-Refresh"]) == (204, "true")
        first.post(f"{url}/release", data={"pooled": "ballots"})
        second.post(f"{url}/publish", data={"pooled": "ballots"})
        page = second.get(url).get_data(as_text=True)
        assert "다시 개표하고 있습니다" in page
        assert "이검산 담당자가 시작했습니다" in page
        for deed in ("publish", "discard", "release"):
            assert f"/count/{deed}" not in page
        assert second.post(f"{url}/discard", data={"reason": "그만두겠습니다"}).status_code == 409
        assert first.post(f"{url}/release", data={"pooled": "totals"}).status_code == 409


def test_nobody_counts_where_no_worker_runs_and_the_page_says_so(signed_in: SignIn, vote: Count) -> None:
    url = f"/budget/{vote.slug}/count"
    with vote.over:
        client = signed_in(vote.users[0])
        client.post(f"{url}/seal")
        client.post(f"{url}/run")
        assert "civicvote worker" not in client.get(url).text
    with time_machine.travel(vote.polls.vote.closes_at + timedelta(minutes=4), tick=False):
        assert "civicvote worker" in client.get(url).text


def test_why_it_was_not_published_stands_on_the_page(
    signed_in: SignIn, vote: Count, work: Callable[[], int], session: Session
) -> None:
    url = f"/budget/{vote.slug}/count"
    with vote.over:
        first, second = (signed_in(user) for user in vote.users)
        first.post(f"{url}/seal")
        first.post(f"{url}/run")
        work()
        first.post(f"{url}/release", data={"pooled": "ballots"})
        second.post(f"{url}/publish", data={"pooled": "ballots"})
        session.execute(delete(UserRole).where(UserRole.user_id == vote.users[1].id))
        work()
        page = first.get(url).get_data(as_text=True)
        assert "공표하지 못했습니다" in page
        assert "권한이 그사이에 없어졌습니다" in page
        session.add(UserRole(user_id=vote.users[1].id, role=Role.STAFF))
        session.flush()
        assert "/count/publish" in signed_in(vote.users[1]).get(url).text
        signed_in(vote.users[1]).post(f"{url}/publish", data={"pooled": "ballots"})
        assert "공표하지 못했습니다" not in first.get(url).text
        work()
        assert "공표한 결과 보기" in first.get(url).text


def test_the_box_is_balanced_before_everybody(signed_in: SignIn, vote: Count) -> None:
    url = f"/budget/{vote.slug}/count"
    with vote.over:
        client = signed_in(vote.users[0])
        before = client.get(url).get_data(as_text=True)
        assert "13장" in before
        assert "맞습니다:" not in before
        client.post(f"{url}/seal")
        page = client.get(url).get_data(as_text=True)
        assert "참여한 사람 12명 = 온라인·현장 태블릿 12장 + 무효로 한 0장" in page


def test_a_bad_opened_file_is_refused_beside_its_field(signed_in: SignIn, vote: Count, session: Session) -> None:
    url = f"/budget/{vote.slug}/count"
    with vote.over:
        client = signed_in(vote.users[0])
        client.post(f"{url}/seal")
        vote.polls.vote.key_mode = "shares"
        session.flush()
        page = client.get(url).get_data(as_text=True)
        assert "civicvote count" in page
        download = client.get(f"{url}/export")
        assert download.headers["Content-Disposition"].startswith("attachment")
        assert download.get_json()["format"] == "civicvote-count/1"
        nothing = client.post(f"{url}/opened", data={})
        assert nothing.status_code == 422
        assert "파일을 골라" in nothing.get_data(as_text=True)
        for content in (b"", b"{}", b"\xff\xfe", b"[" * 10_000):
            bad = client.post(f"{url}/opened", data={"opened": (BytesIO(content), "opened.json")})
            assert bad.status_code == 422
            assert 'id="opened-error"' in bad.get_data(as_text=True) or "field-error" in bad.get_data(as_text=True)
        assert "/count/opened" in client.get(url).get_data(as_text=True), "still sealed, nothing counted"


def test_others_stay_outside(client: FlaskClient, signed_in: SignIn, session: Session, vote: Count) -> None:
    url = f"/budget/{vote.slug}/count"
    assert "/sign-in" in client.get(url).headers["Location"]
    citizen = signed_in(factories.user(session))
    auditor = signed_in(factories.user(session, Role.AUDITOR))
    assert citizen.get(url).status_code == 403
    assert auditor.get(url).status_code == 200
    with vote.over:
        citizen, auditor = (signed_in(factories.user(session, *roles)) for roles in ((), (Role.AUDITOR,)))
        assert "/count/seal" not in auditor.get(url).get_data(as_text=True)
        for step in ("seal", "run", "opened", "publish", "discard"):
            assert citizen.post(f"{url}/{step}").status_code == 403
            assert auditor.post(f"{url}/{step}").status_code == 403
        assert auditor.get(f"{url}/export").status_code == 403
    staff = signed_in(vote.users[0])
    assert staff.get("/budget/nowhere/count").status_code == 404


def test_the_count_of_a_city_is_larger_than_any_other_form(signed_in: SignIn, vote: Count, session: Session) -> None:
    """100,000 opened ballots are some 10 MB; only those who count may send as much."""
    head = b'--x\r\nContent-Disposition: form-data; name="opened"; filename="opened.json"\r\n\r\n'
    body = head + b" " * (9 * 1024 * 1024) + b"\r\n--x--\r\n"
    form = "multipart/form-data; boundary=x"
    url = f"/budget/{vote.slug}/count/opened"
    with vote.over:
        client = signed_in(vote.users[0])
        client.post(f"/budget/{vote.slug}/count/seal")
        vote.polls.vote.key_mode = "shares"
        session.flush()
        answer = client.post(url, data=body, content_type=form)
        assert answer.status_code == 422, "read, and refused for what it says"
        elsewhere = client.post(f"/budget/{vote.slug}/simulator", data=body, content_type=form)
        assert elsewhere.status_code == 413
    citizen = signed_in(factories.user(session))
    assert citizen.post(url, data=body, content_type=form).status_code == 403
