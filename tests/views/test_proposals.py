"""Pages of 시민제안: status, parts, what stays in a form, and what a browser without scripts can do."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import ProposalState
from civicvote.models.accounts import User
from civicvote.models.notices import Notice
from civicvote.models.proposals import CoAuthor, CoAuthorInvitation, Proposal
from civicvote.services import clock
from civicvote.services.proposals import authors
from tests import factories
from tests.conftest import Queries
from tests.support import proposals as made

HTMX = {"HX-Request": "true"}
WORDS = {
    "title": "한강공원에 그늘막 쉼터 설치",
    "problem": "여름 한낮에 쉴 그늘이 없어 어르신들이 산책을 포기합니다.",
    "idea": "한강공원 산책로 500미터마다 그늘막과 의자를 두어 주십시오.",
    "category": "환경·공원",
}
SignIn = Callable[[User], FlaskClient]


def test_a_proposal_is_written_previewed_and_published(session: Session, signed_in: SignIn) -> None:
    browser = signed_in(factories.user(session))
    assert browser.get("/proposals/new").status_code == 200
    key = str(uuid4())
    preview = browser.post(
        "/proposals/new", data={**WORDS, "key": key, "idea": "**굵게** 해 주십시오", "action": "preview"}
    )
    assert preview.status_code == 200
    assert "<strong>굵게</strong>" in preview.text
    assert session.scalars(select(Proposal)).first() is None
    kept = browser.post("/proposals/new", data={**WORDS, "key": key, "action": "save"})
    assert (kept.status_code, kept.location) == (303, f"/proposals/{key}/edit")
    done = browser.post(f"/proposals/{key}/edit", data={**WORDS, "version": "1", "action": "publish"})
    assert (done.status_code, done.location) == (303, f"/proposals/{key}")
    page = browser.get(f"/proposals/{key}").text
    assert "제안 1호" in page
    assert "공감하기" in page


def test_what_is_wrong_stands_beside_its_field_and_the_rest_stays(session: Session, signed_in: SignIn) -> None:
    browser = signed_in(factories.user(session))
    sent = browser.post("/proposals/new", data={**WORDS, "title": "짧음", "idea": "아직", "action": "publish"})
    assert sent.status_code == 422
    assert "5자 이상 써 주십시오" in sent.text
    assert WORDS["problem"] in sent.text


def test_whoever_is_overtaken_keeps_the_words_and_can_save_them(session: Session, signed_in: SignIn) -> None:
    author = factories.user(session)
    proposal = made.proposal(session, author)
    browser = signed_in(author)
    here = f"/proposals/{proposal.id}/edit"
    assert browser.post(here, data={**WORDS, "title": "다른 화면에서 고침", "version": "1"}).status_code == 303
    late = browser.post(here, data={**WORDS, "title": "늦게 고친 제목", "version": "1"})
    assert late.status_code == 409
    assert "먼저 고친 내용" in late.text
    assert 'value="늦게 고친 제목"' in late.text
    assert 'name="version" type="hidden" value="2"' in late.text
    assert browser.post(here, data={**WORDS, "title": "늦게 고친 제목", "version": "2"}).status_code == 303
    session.expire_all()
    assert session.get_one(Proposal, proposal.id).title == "늦게 고친 제목"


def test_autosave_says_which_version_the_form_saves_over(session: Session, signed_in: SignIn) -> None:
    author, friend = factories.user(session), factories.user(session)
    draft = made.proposal(session, author, ProposalState.DRAFT, saved_by=author.id)
    made.co_author(session, draft, friend)
    here = f"/proposals/{draft.id}/autosave"
    own = signed_in(author).post(here, data={**WORDS, "version": "1"})
    assert own.get_json() == {"saved": True, "page": f"/proposals/{draft.id}/edit", "version": 1}
    theirs = signed_in(friend).post(here, data={**WORDS, "title": "친구의 글", "version": "1"})
    assert theirs.get_json()["version"] == 2
    assert signed_in(author).post(here, data={**WORDS, "version": "1"}).status_code == 409
    assert signed_in(author).post(here, data={"title": ""}).status_code == 422


def test_a_note_is_asked_for_once_somebody_has_endorsed(session: Session, signed_in: SignIn) -> None:
    author = factories.user(session)
    proposal = made.proposal(session, author)
    browser = signed_in(author)
    here = f"/proposals/{proposal.id}/edit"
    assert "무엇을 왜 고쳤습니까" not in browser.get(here).text
    made.endorsed(session, proposal, 1)
    assert "무엇을 왜 고쳤습니까" in browser.get(here).text
    version = str(proposal.version)
    assert browser.post(here, data={**WORDS, "title": "고친 제목입니다", "version": version}).status_code == 422
    sent = {**WORDS, "title": "고친 제목입니다", "version": version, "note": "제목을 다듬었습니다"}
    assert browser.post(here, data=sent).status_code == 303
    listed = browser.get(f"/proposals/{proposal.id}/revisions").text
    assert "제목을 다듬었습니다" in listed
    changed = browser.get(f"/proposals/{proposal.id}/revisions/1").text
    assert "<ins>" in changed
    assert "<del>" in changed
    assert browser.get(f"/proposals/{proposal.id}/revisions/9").status_code == 404


def test_endorsing_swaps_the_part_or_goes_back(session: Session, signed_in: SignIn, client: FlaskClient) -> None:
    proposal = made.proposal(session)
    browser = signed_in(factories.user(session))
    here = f"/proposals/{proposal.id}/endorsement"
    plain = browser.post(here, data={"on": "1"})
    assert (plain.status_code, plain.location) == (303, f"/proposals/{proposal.id}")
    part = browser.post(here, data={"on": "0"}, headers=HTMX)
    assert part.status_code == 200
    assert "공감 0명" in part.text
    assert "<html" not in part.text
    similar = browser.post(here, data={"on": "1", "as": "similar"}, headers=HTMX)
    assert "공감했습니다 (1명)" in similar.text
    assert client.post(here, data={"on": "1"}).status_code == 303
    assert "로그인하고 공감하기" in client.get(f"/proposals/{proposal.id}").text
    follows = browser.post(f"/proposals/{proposal.id}/follow", data={"on": "1"}, headers=HTMX)
    assert "소식 그만 받기" in follows.text


def test_a_click_on_the_map_marks_a_point_without_scripts(session: Session, signed_in: SignIn) -> None:
    browser = signed_in(factories.user(session))
    # 종로구 lies around (503, 359) of 1000 × 826: pixel 145, 103 of the picture of the whole city.
    clicked = browser.post("/proposals/new", data={**WORDS, "map.x": "145", "map.y": "103"})
    assert clicked.status_code == 200
    assert "종로구에 지점을 표시했습니다." in clicked.text
    assert WORDS["problem"] in clicked.text
    assert '<option selected value="11110">' in clicked.text
    assert session.scalars(select(Proposal)).first() is None
    zoomed = {**WORDS, "map_x": "503", "map_y": "359", "district": "11110", "view": "11110"}
    moved = browser.post("/proposals/new", data={**zoomed, "action": "point-right"})
    assert 'name="map_x" type="hidden" value="515"' in moved.text
    cleared = browser.post("/proposals/new", data={**zoomed, "action": "point-clear"})
    assert "표시한 지점이 없습니다." in cleared.text
    other = browser.post("/proposals/new", data={**zoomed, "district": "11740", "action": "point-view"})
    assert "표시한 지점이 없습니다." in other.text
    middle = browser.post("/proposals/new", data={**WORDS, "district": "11740", "action": "point-middle"})
    assert "강동구에 지점을 표시했습니다." in middle.text
    sea = browser.post("/proposals/new", data={**WORDS, "map.x": "1", "map.y": "1"})
    assert "표시한 지점이 없습니다." in sea.text
    key_pressed = browser.post("/proposals/new", data={**zoomed, "map.x": "0", "map.y": "0"})
    assert 'name="map_x" type="hidden" value="503"' in key_pressed.text
    kept = browser.post("/proposals/new", data={**zoomed, "key": str(uuid4())})
    assert kept.status_code == 303
    assert session.scalars(select(Proposal.map_x)).one() == 503


def test_the_map_for_scripts_and_its_picture(session: Session, signed_in: SignIn, client: FlaskClient) -> None:
    browser = signed_in(factories.user(session))
    part = browser.get("/proposals/point?tap_x=145&tap_y=103&district=&map_x=&map_y=&view=", headers=HTMX)
    assert part.status_code == 200
    assert "종로구에 지점을 표시했습니다." in part.text
    picture = client.get("/proposals/map.svg?district=11110&x=503&y=359")
    assert (picture.status_code, picture.mimetype) == (200, "image/svg+xml")
    assert "<circle" in picture.text
    hostile = client.get("/proposals/map.svg?district=%22%3E%3Cscript%3E&x=1e9&y=-1")
    assert hostile.status_code == 200
    assert "script" not in hostile.text
    assert "<circle" not in hostile.text


@pytest.mark.parametrize("page", ["", "/edit", "/revisions", "/revisions/0", "/withdraw", "/authors"])
def test_a_foreign_draft_is_not_there(session: Session, signed_in: SignIn, page: str) -> None:
    draft = made.proposal(session, state=ProposalState.DRAFT)
    assert signed_in(factories.user(session)).get(f"/proposals/{draft.id}{page}").status_code == 404


def test_what_is_hidden_shows_its_reason_alone(session: Session, signed_in: SignIn, client: FlaskClient) -> None:
    author = factories.user(session)
    proposal = made.proposal(
        session, author, hidden_at=clock.now(), hidden_code="insult", hidden_reason="비방이 들어 있습니다."
    )
    page = client.get(f"/proposals/{proposal.id}")
    assert page.status_code == 200
    assert "비방이 들어 있습니다." in page.text
    for words in (proposal.title, proposal.problem, proposal.idea):
        assert words not in page.text
    own = signed_in(author).get(f"/proposals/{proposal.id}").text
    assert proposal.idea in own
    assert "고치기</a>" not in own


def test_a_visitor_reads_a_proposal_in_few_statements(session: Session, client: FlaskClient, queries: Queries) -> None:
    proposal = made.proposal(session)
    friends = made.endorsed(session, proposal, 5)
    for friend in friends:
        made.co_author(session, proposal, friend)
    client.get(f"/proposals/{proposal.id}")
    queries.clear()
    assert client.get(f"/proposals/{proposal.id}").status_code == 200
    assert len(queries) <= 4, queries.statements


def test_withdrawing_asks_for_a_reason(session: Session, signed_in: SignIn) -> None:
    author = factories.user(session)
    proposal = made.proposal(session, author)
    browser = signed_in(author)
    here = f"/proposals/{proposal.id}/withdraw"
    assert browser.get(here).status_code == 200
    assert browser.post(here, data={"reason": ""}).status_code == 422
    assert browser.post(here, data={"reason": "다른 제안과 겹칩니다"}).status_code == 303
    assert "다른 제안과 겹칩니다" in browser.get(f"/proposals/{proposal.id}").text
    assert browser.get(here).status_code == 409


def test_a_closed_proposal_is_taken_up_again_with_a_button(session: Session, signed_in: SignIn) -> None:
    author = factories.user(session)
    old = made.proposal(session, author, ProposalState.CLOSED)
    browser = signed_in(author)
    assert "다듬어 다시 제안하기" in browser.get(f"/proposals/{old.id}").text
    made_ = browser.post(f"/proposals/{old.id}/resubmission")
    assert made_.status_code == 303
    page = browser.get(made_.location).text
    assert old.title in page
    assert f"/proposals/{old.id}" in page


def test_an_invitation_is_answered_with_an_account_or_declined_without(
    session: Session, signed_in: SignIn, client: FlaskClient
) -> None:
    author, friend = factories.user(session), factories.user(session)
    draft = made.proposal(session, author, ProposalState.DRAFT)
    browser = signed_in(author)
    here = f"/proposals/{draft.id}/authors"
    assert browser.post(here, data={"email": "not an address"}).status_code == 422
    answers = [browser.post(here, data={"email": address}) for address in ("new@example.org", friend.email)]
    assert {(a.status_code, a.location) for a in answers} == {(303, here)}
    links: list[str] = []

    def keep(token: str) -> str:
        links.append(token)
        return token

    for address in ("one@example.org", "two@example.org"):
        authors.invite(session, factories.actor(author), draft.id, email=address, link=keep)
    session.flush()
    one, two = links
    page = client.get(f"/proposals/invitations/{one}")
    assert page.status_code == 200
    assert draft.title in page.text
    assert draft.problem not in page.text
    assert "로그인하고 수락하기" in page.text
    assert client.post(f"/proposals/invitations/{one}/accept").status_code == 303
    assert session.scalars(select(CoAuthor)).first() is None
    accepted = signed_in(friend).post(f"/proposals/invitations/{one}/accept")
    assert (accepted.status_code, accepted.location) == (303, f"/proposals/{draft.id}")
    assert client.post(f"/proposals/invitations/{two}/decline").status_code == 303
    told = session.scalars(select(Notice).where(Notice.recipient_id == friend.id)).one()
    assert "수락하기" in signed_in(friend).get(told.path).text
    assert signed_in(friend).post(f"{told.path}/decline").status_code == 303
    assert signed_in(friend).get(told.path).status_code == 404
    for token in (*links, "x" * 43):
        assert client.get(f"/proposals/invitations/{token}").status_code == 404
    listed = browser.get(here).text
    assert "new@example.org" in listed
    waiting = session.scalars(select(CoAuthorInvitation).where(CoAuthorInvitation.email == "new@example.org")).one()
    assert browser.post(f"{here}/invitations/{waiting.id}/take-back").status_code == 303
    assert signed_in(friend).post(f"{here}/leave").status_code == 303


def test_my_page_shows_what_i_write_and_follow(session: Session, signed_in: SignIn) -> None:
    me = factories.user(session)
    made.proposal(session, me, ProposalState.DRAFT, title="나의 초안 제목")
    theirs = made.proposal(session, title="남의 제안 제목")
    browser = signed_in(me)
    browser.post(f"/proposals/{theirs.id}/follow", data={"on": "1"})
    page = browser.get("/me").text
    assert "나의 초안 제목" in page
    assert "남의 제안 제목" in page
