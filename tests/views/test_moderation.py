"""The moderators' pages: the queue, what they decide, appeals, and the public account of it."""

import csv
import io
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.discussion import HideReason
from civicvote.domain.lifecycles import PostState
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Actor, Role
from civicvote.models.accounts import User
from civicvote.models.audit import AuditEvent
from civicvote.models.discussion import Appeal, ModerationDecision, Post, Thread
from civicvote.models.notices import Notice
from civicvote.models.proposals import Proposal
from civicvote.services.discussion import reporting
from tests import factories
from tests.support import talk
from tests.support.talk import Talk

SignIn = Callable[[User], FlaskClient]
LINK = "여기를 보세요 https://example.com/a"
REASON = "특정인을 깎아내리는 말이 있습니다."


@pytest.fixture
def here(session: Session) -> Talk:
    return talk.talk(session)


@pytest.fixture
def desk(session: Session, signed_in: SignIn) -> FlaskClient:
    """A moderator's browser."""
    return signed_in(factories.user(session, Role.MODERATOR))


def user_of(session: Session, who: Actor) -> User:
    return session.get_one(User, who.account())


def before(session: Session, who: Actor) -> Actor:
    """What somebody was before they became a moderator."""
    return factories.actor(user_of(session, who))


def again(session: Session, post: Post) -> Post:
    session.expire_all()
    return session.get_one(Post, post.id)


def decisions(session: Session) -> list[str]:
    return list(session.scalars(select(ModerationDecision.name).order_by(ModerationDecision.id)))


def told(session: Session, kind: NoticeKind) -> list[object]:
    return list(session.scalars(select(Notice.recipient_id).where(Notice.kind == kind)))


def test_the_desk_is_the_moderators_alone(signed_in: SignIn, client: FlaskClient, session: Session, here: Talk) -> None:
    post = here.say(LINK)
    reads = ("/moderation/", f"/moderation/posts/{post.id}")
    deeds = [f"/moderation/posts/{post.id}/{deed}" for deed in ("release", "hide", "pin", "merge", "close-thread")]
    for role in ((), (Role.DEPARTMENT,), (Role.AUDITOR,), (Role.ADMIN,)):
        browser = signed_in(factories.user(session, *role, level=2))
        assert {browser.get(path).status_code for path in reads} == {403}, role
        assert {browser.post(path, data={"code": "insult", "reason": REASON}).status_code for path in deeds} == {403}
    assert {client.get(path).status_code for path in reads} == {303}
    assert again(session, post).state is PostState.HELD
    assert decisions(session) == []


def test_what_waits_is_released_one_by_one_or_together(
    desk: FlaskClient, client: FlaskClient, session: Session, here: Talk
) -> None:
    assert "기다리는 것이 없습니다" in desk.get("/moderation/").text
    held = [here.say(f"{LINK} {place}") for place in range(3)]
    queue = desk.get("/moderation/").text
    assert [f"example.com/a {place}" in queue for place in range(3)] == [True] * 3
    places = [queue.index(f'value="{post.id}"') for post in held]
    assert places == sorted(places)  # what waited longest comes first
    one = desk.post(f"/moderation/posts/{held[0].id}/release", data={"back": "/moderation/"})
    assert (one.status_code, one.location) == (303, "/moderation/")
    some = desk.post("/moderation/release", data={"ids": [str(held[1].id), str(held[2].id), "nonsense"]})
    assert (some.status_code, some.location) == (303, "/moderation/")
    assert "글 2개를 공개했습니다." in desk.get("/moderation/").text
    page = client.get(f"/proposals/{here.proposal.id}").text
    assert [f"example.com/a {place}" in page for place in range(3)] == [True] * 3
    assert {again(session, post).state for post in held} == {PostState.SHOWN}
    assert session.get_one(Thread, here.proposal.id).post_count == 3
    assert sorted(told(session, NoticeKind.RELEASED), key=str) == sorted((post.author_id for post in held), key=str)
    assert decisions(session) == ["release"] * 3


def test_nobody_releases_their_own_post(signed_in: SignIn, session: Session, here: Talk) -> None:
    who = talk.moderator(session)
    post = here.say(LINK, by=before(session, who))
    refused = signed_in(user_of(session, who)).post(f"/moderation/posts/{post.id}/release")
    assert refused.status_code == 403
    assert "자기 글은 다른 모더레이터가 확인합니다." in refused.text
    assert again(session, post).state is PostState.HELD


def test_of_several_ticked_all_are_released_or_none(signed_in: SignIn, session: Session, here: Talk) -> None:
    who = talk.moderator(session)
    posts = [here.say(f"{LINK} 남의 글"), here.say(f"{LINK} 내 글", by=before(session, who))]
    browser = signed_in(user_of(session, who))
    assert browser.post("/moderation/release", data={"ids": [str(post.id) for post in posts]}).status_code == 403
    assert {again(session, post).state for post in posts} == {PostState.HELD}
    assert decisions(session) == []


def test_the_way_back_never_leads_away(desk: FlaskClient, session: Session, here: Talk) -> None:
    post = here.say(LINK)
    moved = desk.post(f"/moderation/posts/{post.id}/release", data={"back": "//evil.example/"})
    assert (moved.status_code, moved.location) == (303, f"/moderation/posts/{post.id}")


def test_a_post_is_hidden_with_a_public_reason(
    desk: FlaskClient, client: FlaskClient, session: Session, here: Talk
) -> None:
    post = here.say("카나리아 험담입니다.")
    path = f"/moderation/posts/{post.id}/hide"
    refused = desk.post(path, data={"reason": REASON})
    assert (refused.status_code, "이유를 골라 주십시오." in refused.text) == (422, True)
    assert f"{REASON}</textarea>" in refused.text
    refused = desk.post(path, data={"code": "insult", "reason": ""})
    assert (refused.status_code, "설명을 써 주십시오." in refused.text) == (422, True)
    assert re.search(r'<input checked [^>]*value="insult"', refused.text)
    assert again(session, post).state is PostState.SHOWN
    assert desk.post(path, data={"code": "insult", "reason": REASON}).status_code == 303
    page = client.get(f"/proposals/{here.proposal.id}").text
    assert f"운영 원칙에 따라 숨긴 글입니다. 이유: 욕설·비방·혐오 – {REASON}" in page
    assert "카나리아" not in page
    found = again(session, post)
    assert (found.state, found.hidden_code, found.hidden_reason) == (PostState.HIDDEN, HideReason.INSULT, REASON)
    assert session.get_one(Thread, here.proposal.id).post_count == 0
    notice = session.scalars(select(Notice).where(Notice.kind == NoticeKind.HIDDEN)).one()
    assert (notice.recipient_id, notice.path) == (post.author_id, f"/hidden/post/{post.id}/appeal")
    case = desk.get(f"/moderation/posts/{post.id}").text
    assert "지금까지의 판단" in case
    assert f"숨김 · 욕설·비방·혐오: {REASON}" in case
    assert desk.post(path, data={"code": "insult", "reason": REASON}).status_code == 409
    assert decisions(session) == ["hide"]


def test_a_pinned_post_stands_on_top_until_it_is_let_go(
    desk: FlaskClient, client: FlaskClient, session: Session, here: Talk
) -> None:
    first, second = here.say("먼저 쓴 글"), here.say("나중 쓴 글")
    answer = here.say("답글입니다.", parent_id=first.id)
    page = f"/proposals/{here.proposal.id}"

    def first_on_top() -> bool:
        text = client.get(page).text
        return text.index(f'id="post-{first.id}"') < text.index(f'id="post-{second.id}"')

    assert not first_on_top()
    assert "맨 위에 고정하기" in desk.get(f"/moderation/posts/{first.id}").text
    assert desk.post(f"/moderation/posts/{first.id}/pin", data={"on": "1"}).status_code == 303
    assert first_on_top()
    assert "고정</span>" in client.get(page).text
    assert "고정 풀기" in desk.get(f"/moderation/posts/{first.id}").text
    assert desk.post(f"/moderation/posts/{answer.id}/pin", data={"on": "1"}).status_code == 409
    assert desk.post(f"/moderation/posts/{first.id}/pin", data={"on": "0"}).status_code == 303
    assert not first_on_top()
    assert decisions(session) == ["pin", "unpin"]


def test_two_posts_become_one(desk: FlaskClient, client: FlaskClient, session: Session, here: Talk) -> None:
    post, target = here.say("같은 이야기 하나"), here.say("같은 이야기 둘")
    answer = here.say("따라가는 답글", parent_id=post.id)
    path, page = f"/moderation/posts/{post.id}/merge", f"/proposals/{here.proposal.id}"
    for wrong, words in (
        ("", "합칠 글을 적어 주십시오."),
        (str(post.id), "다른 글을 골라 주십시오."),
        (str(talk.talk(session).say("다른 곳의 글").id), "같은 곳에 있는 같은 종류의 글끼리만 합칠 수 있습니다."),
    ):
        refused = desk.post(path, data={"target": wrong})
        assert (refused.status_code, words in refused.text) == (422, True), wrong
    assert desk.post(path, data={"target": f"http://localhost{page}#post-{target.id}"}).status_code == 303
    text = client.get(page).text
    assert "같은 이야기 하나" not in text
    assert "따라가는 답글" in text
    assert (again(session, post).state, again(session, answer).root_id) == (PostState.MERGED, target.id)
    assert session.get_one(Post, target.id).answer_count == 1


@pytest.mark.parametrize("wrong", ["없는 글", "00000000-0000-7000-8000-000000000000"])
def test_a_post_that_is_not_there_takes_nothing(desk: FlaskClient, session: Session, here: Talk, wrong: str) -> None:
    post = here.say()
    refused = desk.post(f"/moderation/posts/{post.id}/merge", data={"target": wrong})
    assert (refused.status_code, "다른 글을 골라 주십시오." in refused.text) == (422, True)
    assert f'value="{wrong}"' in refused.text
    assert again(session, post).state is PostState.SHOWN


def test_a_conversation_is_closed_and_opened_again(
    desk: FlaskClient, client: FlaskClient, session: Session, here: Talk
) -> None:
    post = here.say()
    path, page = f"/moderation/posts/{post.id}/close-thread", f"/proposals/{here.proposal.id}"
    refused = desk.post(path, data={"closing": ""})
    assert (refused.status_code, "이유를 써 주십시오." in refused.text) == (422, True)
    assert desk.post(path, data={"closing": "답변이 끝났습니다."}).status_code == 303
    assert "대화를 닫았습니다. 이유: 답변이 끝났습니다." in client.get(page).text
    session.expire_all()
    assert session.get_one(Thread, here.proposal.id).closed_reason == "답변이 끝났습니다."
    assert "대화 다시 열기" in desk.get(f"/moderation/posts/{post.id}").text
    opened = desk.post(f"/moderation/threads/{here.proposal.id}/reopen")
    assert (opened.status_code, opened.location) == (303, page)
    assert "대화를 닫았습니다." not in client.get(page).text
    session.expire_all()
    assert session.get_one(Thread, here.proposal.id).closed_at is None
    actions = session.scalars(select(AuditEvent.action).where(AuditEvent.action.startswith("thread:"))).all()
    assert sorted(actions) == ["thread:close", "thread:reopen"]


def test_reports_are_looked_at_and_set_aside(desk: FlaskClient, session: Session, here: Talk) -> None:
    post = here.say("신고된 글입니다.")
    reporter = talk.member(session, level=1, name="이신고")
    reporting.report_post(session, reporter, post.id, code=HideReason.ADVERTISING, note="같은 글이 많습니다.")
    queue = desk.get("/moderation/?desk=reports").text
    assert "신고된 글입니다." in queue
    assert "신고 1건" in queue
    case = desk.get(f"/moderation/posts/{post.id}").text
    assert "광고·홍보: 같은 글이 많습니다." in case
    assert "이신고" not in queue + case  # who reported is nobody's business
    assert desk.post(f"/moderation/posts/{post.id}/release").status_code == 303
    assert "신고된 글입니다." not in desk.get("/moderation/?desk=reports").text
    assert "받아들이지 않음" in desk.get(f"/moderation/posts/{post.id}").text
    assert again(session, post).state is PostState.SHOWN


def test_a_proposal_is_kept_or_hidden(desk: FlaskClient, client: FlaskClient, session: Session, here: Talk) -> None:
    made = here.proposal
    path = f"/moderation/proposals/{made.id}"
    reporting.report_proposal(session, talk.member(session), made.id, code=HideReason.ADVERTISING)
    assert made.title in desk.get("/moderation/?desk=reports").text
    assert desk.post(f"{path}/keep").status_code == 303
    assert made.title not in desk.get("/moderation/?desk=reports").text
    refused = desk.post(path, data={"reason": REASON})
    assert (refused.status_code, f"{REASON}</textarea>" in refused.text) == (422, True)
    assert made.title in desk.get(path).text
    assert desk.post(path, data={"code": "advertising", "reason": REASON}).status_code == 303
    page = client.get(f"/proposals/{made.id}")
    assert made.problem not in page.text
    session.expire_all()
    found = session.get_one(Proposal, made.id)
    assert (found.hidden_code, found.hidden_reason) == (HideReason.ADVERTISING, REASON)
    assert told(session, NoticeKind.HIDDEN) == [here.author.id]
    assert desk.post(path, data={"code": "advertising", "reason": REASON}).status_code == 409


def appeal_of(session: Session, here: Talk) -> tuple[Actor, Actor, str]:
    """Who hid a post, who wrote it, and where their appeal is decided."""
    hider, author = talk.moderator(session), talk.member(session)
    return hider, author, f"/moderation/appeals/{talk.appealed(session, hider, author, here)}"


def test_whoever_hid_or_wrote_it_does_not_decide(signed_in: SignIn, session: Session, here: Talk) -> None:
    hider, author, path = appeal_of(session, here)
    verdict = {"upheld": "0", "answer": "그대로 숨기는 것이 맞습니다."}
    own = signed_in(user_of(session, hider))
    page = own.get(path).text
    assert "다른 모더레이터가 판단합니다." in page
    assert "판단하기</button>" not in page
    refused = own.post(path, data=verdict)
    assert (refused.status_code, "숨긴 사람이나 쓴 사람은 판단할 수 없습니다." in refused.text) == (403, True)
    for other in (user_of(session, author), factories.user(session, Role.DEPARTMENT)):
        assert signed_in(other).post(path, data=verdict).status_code == 403
    session.expire_all()
    assert session.scalars(select(Appeal)).one().decided_at is None


@pytest.mark.parametrize(("upheld", "state", "words"), [
    ("1", PostState.SHOWN, "받아들여 다시 공개했습니다."),
    ("0", PostState.HIDDEN, "받아들이지 않았습니다."),
])  # fmt: skip
def test_another_moderator_decides(
    desk: FlaskClient, client: FlaskClient, session: Session, here: Talk, upheld: str, state: PostState, words: str
) -> None:
    hider, author, path = appeal_of(session, here)
    queue = desk.get("/moderation/?desk=appeals").text
    assert path in queue
    assert "비방이 아니었습니다." in queue
    answer = "앞뒤 글과 함께 다시 읽고 판단했습니다."
    for missing, said in (({"answer": answer}, "판단을 골라 주십시오."), ({"upheld": upheld}, "이유를 써 주십시오.")):
        refused = desk.post(path, data=missing)
        assert (refused.status_code, said in refused.text) == (422, True)
        assert f"{missing.get('answer', '')}</textarea>" in refused.text
    decided = desk.post(path, data={"upheld": upheld, "answer": answer})
    assert (decided.status_code, decided.location) == (303, "/moderation/?desk=appeals")
    page = desk.get(path).text
    assert words in page
    assert answer in page
    assert path not in desk.get("/moderation/?desk=appeals").text
    post = session.scalars(select(Post).execution_options(populate_existing=True)).one()
    assert post.state is state
    assert ("좋은 제안입니다." in client.get(f"/proposals/{here.proposal.id}").text) is (upheld == "1")
    assert set(told(session, NoticeKind.APPEAL_DECIDED)) == {hider.id, author.id}
    assert desk.post(path, data={"upheld": upheld, "answer": answer}).status_code == 409


def figures(answer: str) -> dict[str, str]:
    rows = list(csv.reader(io.StringIO(answer.removeprefix("\ufeff"))))
    assert rows[0] == ["항목", "값"]
    return {row[0]: row[1] for row in rows[1:]}


def test_everybody_reads_how_much_was_hidden_and_why(
    desk: FlaskClient, client: FlaskClient, session: Session, here: Talk
) -> None:
    _hider, author, path = appeal_of(session, here)
    other = here.say("광고 글입니다.", by=talk.member(session, name="최광고"))
    reporting.report_post(session, talk.member(session, name="이신고"), other.id, code=HideReason.ADVERTISING)
    desk.post(f"/moderation/posts/{other.id}/hide", data={"code": "advertising", "reason": "물건을 팝니다."})
    desk.post(path, data={"upheld": "1", "answer": "다시 읽으니 비방이 아니었습니다."})
    page = client.get("/transparency/")
    assert page.status_code == 200
    assert "글 관리 투명성 보고" in page.text
    file = client.get("/transparency/file.csv")
    assert file.content_type == "text/csv; charset=utf-8"
    assert "filename=moderation.csv" in file.headers["Content-Disposition"]
    found = figures(file.text)
    assert {name: found[name] for name in ("숨긴 글", "욕설·비방·혐오", "광고·홍보", "신고", "받아들인 신고")} == {
        "숨긴 글": "2", "욕설·비방·혐오": "1", "광고·홍보": "1", "신고": "1", "받아들인 신고": "1",
    }  # fmt: skip
    assert (found["이의제기"], found["받아들인 이의제기"], found["이의를 받아들여 다시 공개한 글"]) == ("1", "1", "1")
    for text in (page.text, file.text):
        for private in (author.name, "최광고", "이신고", "광고 글입니다.", "물건을 팝니다."):
            assert private not in text


def test_the_account_is_empty_without_decisions_and_survives_odd_periods(client: FlaskClient) -> None:
    assert figures(client.get("/transparency/file.csv").text)["숨긴 글"] == "0"
    for query in ("period=nonsense", "from=2026-13-40&to=x", "period=custom&from=2030-01-01&to=2020-01-01"):
        assert client.get(f"/transparency/?{query}").status_code == 200, query
        assert client.get(f"/transparency/file.csv?{query}").status_code == 200, query
