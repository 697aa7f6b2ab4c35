"""The pages of 실천캠페인: prepared, opened, proved, followed and ended."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.discussion import PostKind
from civicvote.domain.korean import in_seoul
from civicvote.domain.lifecycles import CampaignState, PostState, ProposalState
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Role
from civicvote.domain.proposals import Verdict
from civicvote.models.accounts import User
from civicvote.models.campaigns import Campaign
from civicvote.models.discussion import Post
from civicvote.models.notices import Notice
from civicvote.models.proposals import Proposal
from civicvote.services import clock, watching
from tests import factories
from tests.support import agora, files

SignIn = Callable[[User], FlaskClient]
DAY = factories.DAY
RESULT = "백스물두 명이 다회용 컵을 썼습니다."


@pytest.fixture
def staff(session: Session, signed_in: SignIn) -> FlaskClient:
    """An organiser's browser."""
    return signed_in(factories.user(session, Role.STAFF))


def at(moment: datetime) -> str:
    return in_seoul(moment).strftime("%Y-%m-%dT%H:%M")


def whole_form(about: Proposal, **changes: str) -> dict[str, str]:
    moment = clock.now()
    words = {"title": "일회용 컵 없는 하루", "guide": "하루 동안 다회용 컵을 쓰고 사진을 남겨 주십시오.", "goal": "100"}
    dates = {"opens_at": at(moment - DAY), "closes_at": at(moment + 9 * DAY)}
    return words | dates | {"proposal": str(about.id), "district": ""} | changes


def again(session: Session, made: Campaign) -> Campaign:
    session.expire_all()
    return session.get_one(Campaign, made.id)


def told(session: Session, kind: NoticeKind) -> set[object]:
    return set(session.scalars(select(Notice.recipient_id).where(Notice.kind == kind)))


def test_prepared_from_an_accepted_proposal_and_opened(
    staff: FlaskClient, client: FlaskClient, session: Session
) -> None:
    follower = factories.user(session)
    accepted = agora.proposal(session, ProposalState.ANSWERED, title="다회용 컵을 빌려 주십시오")
    watching.watch(session, factories.actor(follower), accepted.id)
    form = staff.get(f"/campaigns/new?proposal={accepted.id}").text
    assert f'<option selected value="{accepted.id}">' in form
    made = staff.post("/campaigns/new", data=whole_form(accepted))
    row = session.scalars(select(Campaign)).one()
    assert (made.status_code, made.location) == (303, f"/campaigns/{row.id}")
    assert (row.state, row.goal, row.proposal_id) == (CampaignState.DRAFT, 100, accepted.id)
    assert "아직 공개하지 않은 캠페인입니다." in staff.get(made.location).text
    assert row.title in staff.get("/campaigns/").text
    assert client.get(made.location).status_code == 404
    assert row.title not in client.get("/campaigns/").text
    opened = staff.post(f"{made.location}/open")
    assert (opened.status_code, opened.location) == (303, made.location)
    page = client.get(made.location).text
    assert "함께한 실천 0건" in page
    assert accepted.title in page
    assert row.title in client.get("/campaigns/").text
    assert again(session, row).state is CampaignState.OPEN
    assert told(session, NoticeKind.FOLLOWED_CHANGED) == {follower.id, accepted.author_id}
    assert staff.post(f"{made.location}/open").status_code == 409


@pytest.mark.parametrize(("field", "value", "words"), [
    ("title", "", "이름을 써 주십시오."),
    ("title", "짧다", "5자"),
    ("guide", "짧게", "10자"),
    ("goal", "0", "1부터 1,000,000까지의 수로 적어 주십시오."),
    ("goal", "9" * 400, ""),
    ("opens_at", "", "시작하는 때를 적어 주십시오."),
    ("closes_at", "2001-01-01T00:00", "끝나는 때는 시작하는 때보다 뒤여야 합니다."),
    ("closes_at", "내일", "날짜와 시각을 다시 적어 주십시오."),
    ("district", "99999", "없는 자치구입니다."),
    ("proposal", "", "수용되었거나 부분수용된 제안을 골라 주십시오."),
])  # fmt: skip
def test_what_is_wrong_stands_beside_its_field(
    staff: FlaskClient, session: Session, field: str, value: str, words: str
) -> None:
    accepted = agora.proposal(session, ProposalState.ANSWERED)
    form = whole_form(accepted, **{field: value})
    refused = staff.post("/campaigns/new", data=form)
    assert refused.status_code == 422
    assert words in refused.text.split(f'id="{field}-error"')[1].split("</p>")[0]
    if field != "guide":
        assert form["guide"] in refused.text
    assert session.scalar(select(func.count()).select_from(Campaign)) == 0


def test_only_what_the_city_accepted_becomes_a_campaign(staff: FlaskClient, session: Session) -> None:
    refused = agora.proposal(session, ProposalState.ANSWERED, verdict=Verdict.REFUSED, title="받아들이지 않은 제안")
    waiting = agora.proposal(session, title="아직 답하지 않은 제안")
    page = staff.get("/campaigns/new").text
    assert "연결할 수 있는 제안이 없습니다." in page
    for one in (refused, waiting):
        assert one.title not in page
        assert staff.post("/campaigns/new", data=whole_form(one)).status_code == 422
    assert session.scalar(select(func.count()).select_from(Campaign)) == 0


def test_what_was_public_only_grows(staff: FlaskClient, session: Session) -> None:
    made = agora.campaign(session)
    before = whole_form(session.get_one(Proposal, made.proposal_id))
    path = f"/campaigns/{made.id}/edit"
    assert made.guide in staff.get(path).text
    opened, closes = made.opens_at, made.closes_at
    # The form shows minutes, though the campaign may have begun between two: sent back unchanged it changes nothing.
    unchanged = before | {"opens_at": at(opened), "closes_at": at(closes)}
    assert staff.post(path, data=unchanged).status_code == 303
    assert (again(session, made).opens_at, again(session, made).closes_at) == (opened, closes)
    kept = before | {"opens_at": at(made.opens_at), "closes_at": at(made.closes_at + DAY)}
    for changes, words in (
        ({"goal": "50"}, "공개한 뒤에는 시작하는 때와 목표를 바꿀 수 없습니다."),
        ({"closes_at": at(made.closes_at - DAY)}, "공개한 뒤에는 기간을 줄일 수 없습니다."),
    ):
        refused = staff.post(path, data=kept | changes)
        assert (refused.status_code, words in refused.text) == (422, True)
    saved = staff.post(path, data=kept | {"title": "일회용 컵 없는 한 주"})
    assert (saved.status_code, saved.location) == (303, f"/campaigns/{made.id}")
    assert "일회용 컵 없는 한 주" in staff.get(saved.location).text
    assert again(session, made).goal == 100


def test_a_proof_waits_is_confirmed_and_counts(signed_in: SignIn, client: FlaskClient, session: Session) -> None:
    made, who = agora.campaign(session), factories.user(session, name="한실천")
    browser, path = signed_in(who), f"/campaigns/{made.id}"
    assert "실천 인증하기" in browser.get(path).text
    form = {
        "body": "오늘 다회용 컵을 썼습니다.", "link": "https://example.org/photo", "alt": "컵 사진", "consent": "y",
        "form_key": str(uuid4()),
    }  # fmt: skip
    sent = browser.post(f"{path}/proofs", data=form | {"file": (io.BytesIO(files.picture("PNG")), "cup.png")})
    assert (sent.status_code, sent.location) == (303, path)
    mine = browser.get(path).text
    assert "인증을 받았습니다. 담당자가 확인하면 모두에게 보입니다." in mine
    assert "확인을 기다리는 인증 1건" in mine
    assert form["body"] not in client.get(path).text
    post = session.scalars(select(Post)).one()
    assert (post.kind, post.state, post.extra["link"]) == (PostKind.PROOF, PostState.HELD, form["link"])
    moderator = signed_in(factories.user(session, Role.MODERATOR))
    assert form["body"] in moderator.get(path).text
    assert moderator.post(f"/moderation/posts/{post.id}/release").status_code == 303
    page = client.get(path).text
    for shown in (form["body"], "한실천", 'alt="컵 사진"', "함께한 실천 1건", 'rel="nofollow ugc noopener external"'):
        assert shown in page, shown
    assert again(session, made).proof_count == 1
    assert told(session, NoticeKind.PROOF_CONFIRMED) == {who.id}
    twice = browser.post(f"{path}/proofs", data=form | {"body": "한 번 더 썼습니다.", "form_key": str(uuid4())})
    assert (twice.status_code, "오늘은 이미 인증하셨습니다." in twice.text) == (422, True)
    assert "한 번 더 썼습니다." in twice.text


@pytest.mark.parametrize(("field", "value", "words"), [
    ("body", "", "실천한 내용을 써 주십시오."),
    ("body", "가" * 501, "500자"),
    ("link", "http://example.org", "https://"),
    ("link", "javascript:alert(1)", "https://"),
    ("consent", "", "공개에 동의해야 인증할 수 있습니다."),
])  # fmt: skip
def test_a_refused_proof_keeps_what_was_typed(
    signed_in: SignIn, session: Session, field: str, value: str, words: str
) -> None:
    made = agora.campaign(session)
    form = {"body": "오늘 다회용 컵을 썼습니다.", "link": "", "consent": "y", "form_key": str(uuid4())} | {field: value}
    refused = signed_in(factories.user(session)).post(f"/campaigns/{made.id}/proofs", data=form)
    assert refused.status_code == 422
    assert words in refused.text.split(f'id="{field}-error"')[1].split("</p>")[0]
    assert f"{form['body']}</textarea>" in refused.text
    assert f'value="{form["form_key"]}"' in refused.text
    assert session.scalar(select(func.count()).select_from(Post)) == 0


def test_a_file_that_is_none_is_refused_and_nothing_kept(signed_in: SignIn, session: Session) -> None:
    made = agora.campaign(session)
    form = {"body": "오늘 다회용 컵을 썼습니다.", "consent": "y", "form_key": str(uuid4())}
    refused = signed_in(factories.user(session)).post(
        f"/campaigns/{made.id}/proofs", data=form | {"file": (io.BytesIO(b"<script>"), "cup.png")}
    )
    assert refused.status_code == 422
    assert f"{form['body']}</textarea>" in refused.text
    assert session.scalar(select(func.count()).select_from(Post)) == 0


def test_proofs_are_taken_by_the_clock(signed_in: SignIn, client: FlaskClient, session: Session) -> None:
    moment = clock.now()
    early = agora.campaign(session, opens_at=moment + DAY, closes_at=moment + 2 * DAY)
    late = agora.campaign(session, opens_at=moment - DAY, closes_at=moment - timedelta(seconds=1))
    draft = agora.campaign(session, CampaignState.DRAFT)
    browser = signed_in(factories.user(session))
    form = {"body": "오늘 다회용 컵을 썼습니다.", "consent": "y"}
    for made, words in (
        (early, "캠페인이 아직 시작되지 않았습니다."),
        (late, "캠페인이 끝나 인증을 더 받지 않습니다."),
    ):
        assert "인증 올리기" not in browser.get(f"/campaigns/{made.id}").text
        refused = browser.post(f"/campaigns/{made.id}/proofs", data=form)
        assert (refused.status_code, words in refused.text) == (409, True)
    assert browser.post(f"/campaigns/{draft.id}/proofs", data=form).status_code == 404
    assert client.post(f"/campaigns/{early.id}/proofs", data=form).status_code == 303
    assert session.scalar(select(func.count()).select_from(Post)) == 0


def test_news_are_followed_and_let_go(signed_in: SignIn, session: Session) -> None:
    made, draft = agora.campaign(session), agora.campaign(session, CampaignState.DRAFT)
    who = factories.user(session)
    browser, path, actor = signed_in(who), f"/campaigns/{made.id}", factories.actor(who)
    assert "소식 받기" in browser.get(path).text
    followed = browser.post(f"{path}/follow", data={"on": "1"})
    assert (followed.status_code, followed.location) == (303, path)
    assert "소식 받지 않기" in browser.get(path).text
    assert watching.watches(session, actor, made.id)
    browser.post(f"{path}/follow", data={"on": "0"})
    assert "소식 받지 않기" not in browser.get(path).text
    assert not watching.watches(session, actor, made.id)
    assert browser.post(f"/campaigns/{draft.id}/follow", data={"on": "1"}).status_code == 404


def test_it_ends_with_what_it_achieved(staff: FlaskClient, client: FlaskClient, session: Session) -> None:
    made, follower = agora.campaign(session), factories.user(session)
    watching.watch(session, factories.actor(follower), made.id)
    path = f"/campaigns/{made.id}"
    for result, words in (("", "결과를 써 주십시오."), ("좋았습니다", "10자")):
        refused = staff.post(f"{path}/end", data={"result": result})
        assert (refused.status_code, words in refused.text, f"{result}</textarea>" in refused.text) == (422, True, True)
    assert again(session, made).state is CampaignState.OPEN
    ended = staff.post(f"{path}/end", data={"result": RESULT})
    assert (ended.status_code, ended.location) == (303, path)
    page = client.get(path).text
    assert RESULT in page
    assert "인증 올리기" not in page
    assert made.title in client.get("/campaigns/?ended=1").text
    assert made.title not in client.get("/campaigns/").text
    assert again(session, made).state is CampaignState.ENDED
    assert told(session, NoticeKind.CONCLUDED) == {follower.id}
    assert staff.post(f"{path}/end", data={"result": RESULT}).status_code == 409
    later = whole_form(session.get_one(Proposal, made.proposal_id))
    assert staff.post(f"{path}/edit", data=later).status_code == 409


def test_only_organisers_prepare_open_and_end(signed_in: SignIn, client: FlaskClient, session: Session) -> None:
    made = agora.campaign(session, CampaignState.DRAFT)
    path, accepted = f"/campaigns/{made.id}", session.get_one(Proposal, made.proposal_id)
    browser = signed_in(factories.user(session, Role.DEPARTMENT, level=2))
    for end, data in (("open", {}), ("end", {"result": RESULT}), ("edit", whole_form(accepted))):
        assert browser.post(f"{path}/{end}", data=data).status_code == 403, end
        assert client.post(f"{path}/{end}", data=data).status_code == 303, end
    assert browser.post("/campaigns/new", data=whole_form(accepted)).status_code == 403
    assert browser.get(path).status_code == 404
    assert again(session, made).state is CampaignState.DRAFT
