"""Talk on its pages: what one writes, takes back, supports, reports and appeals."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.discussion import HideReason
from civicvote.domain.lifecycles import PostState
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor, Role
from civicvote.models.accounts import User
from civicvote.models.discussion import Appeal, Post, PostSupport, Report, Thread
from civicvote.models.notices import Notice
from civicvote.services.moderation import deciding
from tests import factories
from tests.support import proposals, talk
from tests.support.talk import Talk

SignIn = Callable[[User], FlaskClient]
HTMX = {"HX-Request": "true"}
REASON = "다른 사람을 깎아내리는 말입니다."


@pytest.fixture
def here(session: Session) -> Talk:
    return talk.talk(session)


def user_of(session: Session, who: Actor) -> User:
    return session.get_one(User, who.account())


def posts(session: Session, here: Talk) -> list[Post]:
    session.expire_all()
    query = select(Post).where(Post.thread_id == here.proposal.id).order_by(Post.id)
    return list(session.scalars(query).unique())


def count(session: Session, here: Talk) -> int:
    session.expire_all()
    return session.get_one(Thread, here.proposal.id).post_count


def test_a_comment_stands_on_the_proposals_page(
    signed_in: SignIn, client: FlaskClient, session: Session, here: Talk
) -> None:
    page = f"/proposals/{here.proposal.id}"
    assert "로그인하고 댓글을 써 주십시오." in client.get(page).text
    browser = signed_in(factories.user(session, name="박댓글"))
    assert "댓글 쓰기" in browser.get(page).text
    form = {"body": "가로등 옆에도 <b>놓아</b> 주십시오.", "form_key": str(uuid4()), "parent": ""}
    for _ in range(2):  # sent twice is one post
        sent = browser.post(f"/threads/{here.proposal.id}/posts", data=form)
        (post,) = posts(session, here)
        assert (sent.status_code, sent.location) == (303, f"{page}#post-{post.id}")
    shown = client.get(page).text
    assert "가로등 옆에도 &lt;b&gt;놓아&lt;/b&gt; 주십시오." in shown
    assert "박댓글" in shown
    assert count(session, here) == 1


def test_a_visitor_is_sent_to_sign_in_and_nothing_is_written(client: FlaskClient, session: Session, here: Talk) -> None:
    post = here.say()
    for path in (f"/threads/{here.proposal.id}/posts", f"/posts/{post.id}/support", f"/posts/{post.id}/report"):
        answer = client.post(path, data={"body": "손님입니다.", "code": "insult"})
        assert (answer.status_code, "/sign-in" in answer.location) == (303, True), path
    assert len(posts(session, here)) == 1
    assert session.scalar(select(func.count()).select_from(Report)) == 0


def test_a_reply_joins_its_conversation_and_is_told(signed_in: SignIn, session: Session, here: Talk) -> None:
    speaker = talk.member(session)
    root = here.say("첫 글입니다.", by=speaker)
    browser = signed_in(user_of(session, talk.member(session)))
    form = {"body": "저도 그렇게 생각합니다.", "parent": str(root.id)}
    part = browser.post(f"/threads/{here.proposal.id}/posts", data=form, headers=HTMX)
    assert part.status_code == 200
    assert "저도 그렇게 생각합니다." in part.text
    assert "<html" not in part.text
    _root, answer = posts(session, here)
    assert (answer.root_id, answer.reply_to_id) == (root.id, None)
    assert session.get_one(Post, root.id).answer_count == 1
    told = session.scalars(select(Notice.recipient_id).where(Notice.kind == NoticeKind.REPLIED)).all()
    assert told == [speaker.id]
    rest = browser.get(f"/posts/{root.id}/answers")
    assert "답글 1개" in rest.text
    elsewhere = talk.talk(session)
    assert browser.post(f"/threads/{elsewhere.proposal.id}/posts", data=form).status_code == 404


@pytest.mark.parametrize(("body", "words"), [
    ("", "내용을 써 주십시오."),
    ("가" * 1001, "1,000자"),
    ("제 번호는 900101-1234567입니다", "주민등록번호"),
])  # fmt: skip
def test_what_was_typed_stays_beside_the_refusal(
    signed_in: SignIn, session: Session, here: Talk, body: str, words: str
) -> None:
    browser = signed_in(factories.user(session))
    url, key = f"/threads/{here.proposal.id}/posts", str(uuid4())
    for headers in ({}, HTMX):
        refused = browser.post(url, data={"body": body, "form_key": key}, headers=headers)
        assert refused.status_code == 422
        fault = refused.text.split('id="body-new-error"')[1].split("</p>")[0]
        assert words in fault
        assert f">{body}</textarea>" in refused.text
        assert f'name="form_key" value="{key}"' in refused.text
    assert posts(session, here) == []


def test_a_refused_reply_stays_in_its_own_box(signed_in: SignIn, session: Session, here: Talk) -> None:
    root, other = here.say("하나"), here.say("둘입니다")
    browser = signed_in(factories.user(session))
    long = "나" * 1001
    page = browser.post(f"/threads/{here.proposal.id}/posts", data={"body": long, "parent": str(root.id)})
    assert page.status_code == 422
    assert f'id="body-{root.id}-error"' in page.text
    assert page.text.count("is-error") >= 1
    assert 'id="body-new-error"' not in page.text
    assert f'id="body-{other.id}-error"' not in page.text
    assert page.text.count(long) == 1


def test_a_post_with_a_link_waits_and_its_author_is_told(
    signed_in: SignIn, client: FlaskClient, session: Session, here: Talk
) -> None:
    browser, page = signed_in(user_of(session, talk.member(session))), f"/proposals/{here.proposal.id}"
    browser.post(f"/threads/{here.proposal.id}/posts", data={"body": "여기를 보세요 https://example.com/a"})
    (post,) = posts(session, here)
    assert post.state is PostState.HELD
    mine = browser.get(page).text
    assert "글을 받았습니다. 담당자가 확인한 뒤 공개합니다." in mine
    assert "아직 다른 사람에게는 보이지 않습니다." in mine
    assert "여기를 보세요" not in client.get(page).text
    assert count(session, here) == 0


def test_nobody_writes_into_a_closed_conversation(
    signed_in: SignIn, client: FlaskClient, session: Session, here: Talk
) -> None:
    here.say()
    deciding.close_thread(session, talk.moderator(session), here.proposal.id, reason="같은 이야기가 되풀이됩니다.")
    browser = signed_in(factories.user(session))
    for reader in (browser, client):
        page = reader.get(f"/proposals/{here.proposal.id}").text
        assert "대화를 닫았습니다. 이유: 같은 이야기가 되풀이됩니다." in page
        assert "<textarea" not in page.split('id="talk"')[1]
    refused = browser.post(f"/threads/{here.proposal.id}/posts", data={"body": "한마디만 더요."})
    assert refused.status_code == 409
    assert "닫힌 대화입니다." in refused.text
    assert len(posts(session, here)) == 1


def test_only_its_author_takes_a_post_back(
    signed_in: SignIn, client: FlaskClient, session: Session, here: Talk
) -> None:
    speaker = talk.member(session)
    post = here.say("카나리아 글입니다.", by=speaker)
    path = f"/posts/{post.id}/withdraw"
    for role in ((), (Role.MODERATOR,), (Role.STAFF,)):
        other = signed_in(factories.user(session, *role))
        assert (other.get(path).status_code, other.post(path).status_code) == (404, 404)
    browser = signed_in(user_of(session, speaker))
    assert "카나리아 글입니다." in browser.get(path).text
    gone = browser.post(path)
    assert (gone.status_code, gone.location) == (303, f"/proposals/{here.proposal.id}#talk")
    page = client.get(f"/proposals/{here.proposal.id}").text
    assert "쓴 사람이 지운 글입니다." in page
    assert "카나리아" not in page
    (row,) = posts(session, here)
    assert (row.state, row.body) == (PostState.WITHDRAWN, "")
    assert count(session, here) == 0
    assert browser.post(path).status_code == 409


def test_support_is_given_and_taken_back(signed_in: SignIn, session: Session, here: Talk) -> None:
    speaker = talk.member(session)
    post = here.say(by=speaker)
    browser, path = signed_in(factories.user(session)), f"/posts/{post.id}/support"
    given = browser.post(path, data={"on": "1"})
    assert (given.status_code, given.location) == (303, f"/proposals/{here.proposal.id}#post-{post.id}")
    assert session.scalar(select(func.count()).select_from(PostSupport)) == 1
    page = browser.get(f"/proposals/{here.proposal.id}").text
    assert 'aria-pressed="true"' in page.split(f'id="support-{post.id}"')[1].split("</div>")[0]
    part = browser.post(path, data={"on": "0"}, headers=HTMX).text
    assert "추천 0" in part
    assert 'aria-pressed="false"' in part
    assert "<html" not in part
    assert session.scalar(select(func.count()).select_from(PostSupport)) == 0
    own = signed_in(user_of(session, speaker))
    refused = own.post(path, data={"on": "1"})
    assert (refused.status_code, "자기 글은 추천할 수 없습니다." in refused.text) == (422, True)
    assert posts(session, here)[0].support_count == 0


def test_a_report_counts_once_and_names_nobody(
    signed_in: SignIn, client: FlaskClient, session: Session, here: Talk
) -> None:
    speaker = talk.member(session)
    post = here.say("신고될 글입니다.", by=speaker)
    path = f"/posts/{post.id}/report"
    browser = signed_in(factories.user(session, name="이신고", level=1))
    assert "신고될 글입니다." in browser.get(path).text
    empty = browser.post(path, data={"note": "읽기에 거북합니다."})
    assert (empty.status_code, "이유를 골라 주십시오." in empty.text) == (422, True)
    assert "읽기에 거북합니다.</textarea>" in empty.text
    sent = browser.post(path, data={"code": "insult", "note": "읽기에 거북합니다."})
    assert (sent.status_code, sent.location) == (303, f"/proposals/{here.proposal.id}#post-{post.id}")
    assert "신고를 받았습니다." in browser.get(f"/proposals/{here.proposal.id}").text
    row = session.scalars(select(Report)).one()
    assert (row.code, row.note, row.verified) == (HideReason.INSULT, "읽기에 거북합니다.", True)
    own = signed_in(user_of(session, speaker))
    for reader in (own, client):
        page = reader.get(f"/proposals/{here.proposal.id}").text
        assert "이신고" not in page
        assert "신고될 글입니다." in page
    mine = own.post(path, data={"code": "insult"})
    assert (mine.status_code, "자기 글은 신고할 수 없습니다." in mine.text) == (409, True)
    for _ in range(2):
        signed_in(factories.user(session, level=1)).post(path, data={"code": "insult"})
    assert "신고될 글입니다." not in client.get(f"/proposals/{here.proposal.id}").text
    assert "신고가 있어 담당자가 확인할 때까지 가려 둔 글입니다." in own.get(f"/proposals/{here.proposal.id}").text
    assert posts(session, here)[0].state is PostState.VEILED


def test_a_proposal_is_reported_by_others_alone(signed_in: SignIn, session: Session, here: Talk) -> None:
    path = f"/proposals/{here.proposal.id}/report"
    assert signed_in(here.author).post(path, data={"code": "advertising"}).status_code == 409
    browser = signed_in(factories.user(session))
    assert here.proposal.title in browser.get(path).text
    assert browser.post(path, data={"code": "advertising"}).status_code == 303
    row = session.scalars(select(Report)).one()
    assert (row.proposal_id, row.post_id) == (here.proposal.id, None)


def pulse_url(page: str) -> str:
    return page.split('data-live="')[1].split('"', maxsplit=1)[0].replace("&amp;", "&")


def test_a_page_left_open_hears_only_of_news(client: FlaskClient, session: Session, here: Talk) -> None:
    url = pulse_url(client.get(f"/proposals/{here.proposal.id}").text)
    first = client.get(url)
    assert (first.status_code, first.json) == (200, {"pulse": 0, "posts": 0})
    same = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (same.status_code, same.data, same.headers["ETag"]) == (304, b"", first.headers["ETag"])
    here.say()
    news = client.get(url, headers={"If-None-Match": first.headers["ETag"]})
    assert (news.status_code, news.json) == (200, {"pulse": 1, "posts": 1})
    assert news.headers["ETag"] != first.headers["ETag"]


def test_the_pulse_answers_only_where_the_page_was_shown(client: FlaskClient, session: Session, here: Talk) -> None:
    other = proposals.proposal(session)
    ticket = pulse_url(client.get(f"/proposals/{here.proposal.id}").text).split("ticket=")[1]
    for path in (
        f"/threads/{here.proposal.id}/pulse",
        f"/threads/{here.proposal.id}/pulse?ticket=가",
        f"/threads/{other.id}/pulse?ticket={ticket}",
    ):
        assert client.get(path).status_code == 404, path


def test_the_part_leads_to_its_page_and_keeps_the_order(client: FlaskClient, session: Session, here: Talk) -> None:
    old, new = here.say("먼저 쓴 글"), here.say("나중 쓴 글")
    path = f"/threads/{here.proposal.id}?sort=oldest"
    moved = client.get(path)
    assert (moved.status_code, moved.location) == (303, f"/proposals/{here.proposal.id}?sort=oldest#talk")
    part = client.get(path, headers=HTMX).text
    assert part.index(f"post-{old.id}") < part.index(f"post-{new.id}")
    newest = client.get(f"/threads/{here.proposal.id}", headers=HTMX).text
    assert newest.index(f"post-{new.id}") < newest.index(f"post-{old.id}")
    assert "<html" not in part


def test_a_hidden_proposals_talk_is_hidden_too(
    signed_in: SignIn, client: FlaskClient, session: Session, here: Talk
) -> None:
    post = here.say("비밀이 된 글입니다.")
    deciding.hide_proposal(
        session, talk.moderator(session), here.proposal.id, code=HideReason.ADVERTISING, reason="광고입니다."
    )
    for reader in (client, signed_in(factories.user(session))):
        for path in (f"/threads/{here.proposal.id}", f"/posts/{post.id}/answers"):
            answer = reader.get(path, headers=HTMX)
            assert (answer.status_code, "비밀이 된 글입니다." in answer.text) == (404, False), path


def test_a_hidden_post_shows_its_author_the_way_to_appeal(
    signed_in: SignIn, client: FlaskClient, session: Session, here: Talk
) -> None:
    author, moderator = talk.member(session), talk.moderator(session)
    post = talk.hidden(session, moderator, author, here)
    page, way = f"/proposals/{here.proposal.id}", f"/hidden/post/{post.id}/appeal"
    own, other = signed_in(user_of(session, author)), signed_in(factories.user(session))
    for reader in (client, other, own):
        text = reader.get(page).text
        assert f"운영 원칙에 따라 숨긴 글입니다. 이유: 욕설·비방·혐오 – {REASON}" in text
        assert (way in text) is (reader is own)
        assert ("좋은 제안입니다." in text) is (reader is own)
    assert other.get(way).status_code == 404
    assert other.post(way, data={"text": "제가 대신 이의를 제기합니다."}).status_code == 404
    assert signed_in(user_of(session, moderator)).get(way).status_code == 404
    assert client.get(way).status_code == 303
    form = own.get(way).text
    assert REASON in form
    assert "숨긴 사람이 아닌 다른 모더레이터가 다시 판단합니다." in form


def test_an_appeal_is_taken_once(signed_in: SignIn, session: Session, here: Talk) -> None:
    author, first, second = talk.member(session), talk.moderator(session), talk.moderator(session)
    post = talk.hidden(session, first, author, here)
    way, own = f"/hidden/post/{post.id}/appeal", signed_in(user_of(session, author))
    for text, words in (("", "이유를 써 주십시오."), ("짧다", "5자")):
        refused = own.post(way, data={"text": text})
        assert (refused.status_code, words in refused.text) == (422, True)
        assert f"{text}</textarea>" in refused.text
    sent = own.post(way, data={"text": "비방이 아니라 사실을 적었습니다."})
    assert (sent.status_code, sent.location) == (303, f"/proposals/{here.proposal.id}#post-{post.id}")
    page = own.get(f"/proposals/{here.proposal.id}").text
    assert "이의제기를 받았습니다." in page
    assert way not in page
    row = session.scalars(select(Appeal)).one()
    assert (row.text, row.against_id, row.decided_at) == ("비방이 아니라 사실을 적었습니다.", first.id, None)
    told = session.scalars(select(Notice.recipient_id).where(Notice.kind == NoticeKind.APPEAL_ASKED)).all()
    assert told == [second.id]
    again = own.post(way, data={"text": "한 번 더 이의를 제기합니다."})
    assert (again.status_code, "이미 이의를 제기하셨습니다." in again.text) == (409, True)


def test_who_writes_too_fast_keeps_the_text(signed_in: SignIn, session: Session, here: Talk) -> None:
    browser, path = signed_in(factories.user(session)), f"/threads/{here.proposal.id}/posts"
    assert browser.post(path, data={"body": "첫 번째로 쓰는 글입니다."}).status_code == 303
    early = browser.post(path, data={"body": "곧바로 쓰는 두 번째 글입니다."})
    assert early.status_code == 422
    assert "글 사이에 잠시 기다려야 합니다." in early.text
    assert "곧바로 쓰는 두 번째 글입니다.</textarea>" in early.text
    assert len(posts(session, here)) == 1


def test_a_text_said_too_often_is_refused_beside_the_field(signed_in: SignIn, session: Session, here: Talk) -> None:
    who = factories.user(session)
    who.created_at -= talk.LONG_AGO
    browser, path = signed_in(who), f"/threads/{here.proposal.id}/posts"
    for _ in range(2):
        assert browser.post(path, data={"body": "같은 말을 되풀이합니다."}).status_code == 303
    again = browser.post(path, data={"body": "같은 말을 되풀이합니다."})
    assert again.status_code == 422
    assert "같은 글을 이미 여러 번 쓰셨습니다." in again.text
    assert "같은 말을 되풀이합니다.</textarea>" in again.text
