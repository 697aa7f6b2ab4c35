"""The pages of 이행과제: promised, done step by step, and followed to the end by its department alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.discussion import HideReason
from civicvote.domain.korean import format_date, seoul_date
from civicvote.domain.lifecycles import CommitmentState, ProposalState
from civicvote.domain.notices import NoticeKind
from civicvote.domain.permissions import Role
from civicvote.domain.proposals import Verdict
from civicvote.models.accounts import User
from civicvote.models.notices import Notice
from civicvote.models.proposals import Commitment, CommitmentUpdate, Milestone, Proposal
from civicvote.services import clock, watching
from civicvote.services.proposals import commitments
from tests import factories
from tests.support import agora

SignIn = Callable[[User], FlaskClient]
FORM = {"title": "보행등 열두 개 설치", "step": "설치할 곳 정하기"}


def day(days: int) -> date:
    return seoul_date(clock.now()) + timedelta(days=days)


def shown(when: date) -> str:
    return format_date(when)


@dataclass
class Desk:
    """A department whose answer was 수용, and its official's browser."""

    session: Session
    browser: FlaskClient
    proposal: Proposal
    unit: UUID
    user: User

    def promise(self, *, days: int = 30) -> Commitment:
        return commitments.promise(
            self.session, factories.actor(self.user, Role.DEPARTMENT), self.proposal.id, title=FORM["title"],
            first=FORM["step"], due_on=day(days),
        )  # fmt: skip

    def step(self, held: Commitment) -> Milestone:
        self.session.expire_all()
        return self.session.scalars(select(Milestone).where(Milestone.commitment_id == held.id)).one()

    def again(self, held: Commitment) -> Commitment:
        self.session.expire_all()
        return self.session.get_one(Commitment, held.id)


@pytest.fixture
def desk(session: Session, signed_in: SignIn) -> Desk:
    unit = factories.department(session, "보행정책과")
    user = factories.user(session, Role.DEPARTMENT, department_id=unit.id)
    proposal = agora.proposal(session, ProposalState.ANSWERED, department_id=unit.id, title="어두운 골목에 보행등을")
    return Desk(session, signed_in(user), proposal, unit.id, user)


def told(session: Session, who: User) -> int:
    mine = Notice.recipient_id == who.id, Notice.kind == NoticeKind.FOLLOWED_CHANGED
    return session.scalar(select(func.count()).where(*mine)) or 0


def test_a_promise_is_made_from_the_answered_proposal(client: FlaskClient, session: Session, desk: Desk) -> None:
    reader = factories.user(session)
    watching.watch(session, factories.actor(reader), desk.proposal.id)
    path = f"/proposals/{desk.proposal.id}/commitments/new"
    assert desk.proposal.title in desk.browser.get(path).text
    made = desk.browser.post(path, data=FORM | {"due_on": day(30).isoformat()})
    row = session.scalars(select(Commitment)).one()
    assert (made.status_code, made.location) == (303, f"/commitments/{row.id}")
    assert (row.state, row.department_id) == (CommitmentState.PLANNED, desk.unit)
    for page in (made.location, "/commitments", f"/proposals/{desk.proposal.id}"):
        assert FORM["title"] in client.get(page).text, page
    page = client.get(made.location).text
    assert "보행정책과" in page
    assert f"마칠 날 {shown(day(30))}" in page
    assert "진행 상황 쓰기" not in page  # a reader's page has no deeds
    assert told(session, reader) == 1


@pytest.mark.parametrize(("field", "value", "words"), [
    ("title", "", "이름을 써 주십시오."),
    ("title", "짧다", "5자"),
    ("step", "", "첫 단계를 써 주십시오."),
    ("step", "담당자 900101-1234567", "주민등록번호"),
    ("due_on", "", "날짜를 적어 주십시오."),
    ("due_on", "2026-02-30", ""),
])  # fmt: skip
def test_what_is_wrong_stands_beside_its_field(
    session: Session, desk: Desk, field: str, value: str, words: str
) -> None:
    form = FORM | {"due_on": day(30).isoformat()} | {field: value}
    refused = desk.browser.post(f"/proposals/{desk.proposal.id}/commitments/new", data=form)
    assert refused.status_code == 422
    assert words in refused.text.split(f'id="{field}-error"')[1].split("</p>")[0]
    assert f'value="{form["title"]}"' in refused.text
    assert session.scalar(select(func.count()).select_from(Commitment)) == 0


@pytest.mark.parametrize("verdict", [Verdict.REFUSED, Verdict.ALREADY])
def test_only_an_accepting_answer_asks_for_one(session: Session, desk: Desk, verdict: Verdict) -> None:
    other = agora.proposal(session, ProposalState.ANSWERED, department_id=desk.unit, verdict=verdict)
    path = f"/proposals/{other.id}/commitments/new"
    for answer in (desk.browser.get(path), desk.browser.post(path, data=FORM | {"due_on": day(9).isoformat()})):
        assert answer.status_code == 409
        assert "수용하거나 부분수용한 답변이 공개된 제안에만" in answer.text


def test_nobody_but_its_department_touches_it(
    signed_in: SignIn, client: FlaskClient, session: Session, desk: Desk
) -> None:
    held = desk.promise()
    step, path = desk.step(held), f"/commitments/{held.id}"
    deeds = {
        f"/proposals/{desk.proposal.id}/commitments/new": FORM | {"due_on": day(9).isoformat()},
        f"{path}/steps/new": {"step": "둘째 단계입니다", "due_on": day(9).isoformat()},
        f"/commitments/steps/{step.id}/done": {"done": "1"},
        f"/commitments/steps/{step.id}/move": {"due_on": day(9).isoformat(), "note": "자재가 늦습니다."},
        f"{path}/report": {"text": "자리를 정했습니다."},
        f"{path}/moves/begin": {"text": "공사를 시작합니다."},
        f"{path}/became": {"path": "/projects/1"},
    }
    elsewhere = factories.user(session, Role.DEPARTMENT, department_id=factories.department(session).id)
    others = [elsewhere, factories.user(session, Role.STAFF), factories.user(session, level=2)]
    others.append(session.get_one(User, desk.proposal.author_id))
    for who in others:
        browser = signed_in(who)
        assert "진행 상황 쓰기" not in browser.get(path).text
        assert {url: browser.post(url, data=form).status_code for url, form in deeds.items()} == dict.fromkeys(
            deeds, 403
        )
    assert {client.post(url, data=form).status_code for url, form in deeds.items()} == {303}
    found = desk.again(held)
    assert (found.state, found.became, desk.step(held).done_at) == (CommitmentState.PLANNED, "", None)
    assert session.scalar(select(func.count()).select_from(CommitmentUpdate)) == 0


def test_steps_are_added_and_done(client: FlaskClient, session: Session, desk: Desk) -> None:
    held = desk.promise()
    first, path = desk.step(held), f"/commitments/{held.id}"
    refused = desk.browser.post(f"{path}/steps/new", data={"step": "시공", "due_on": ""})
    assert (refused.status_code, "날짜를 적어 주십시오." in refused.text, 'value="시공"' in refused.text) == (
        422,
        True,
        True,
    )
    added = desk.browser.post(f"{path}/steps/new", data={"step": "보행등 세우기", "due_on": day(60).isoformat()})
    assert (added.status_code, added.location) == (303, path)
    assert "단계 2개 가운데 0개 마침" in client.get(path).text
    done = desk.browser.post(f"/commitments/steps/{first.id}/done", data={"done": "1"})
    assert (done.status_code, done.location) == (303, path)
    assert "단계 2개 가운데 1개 마침" in client.get(path).text
    assert "마친 날" in client.get(path).text
    session.expire_all()
    assert session.get_one(Milestone, first.id).done_at is not None
    desk.browser.post(f"/commitments/steps/{first.id}/done", data={"done": "0"})
    assert "단계 2개 가운데 0개 마침" in client.get(path).text
    assert desk.browser.post(f"/commitments/steps/{uuid4()}/done").status_code == 404


def test_a_moved_day_keeps_the_first_one_in_sight(client: FlaskClient, desk: Desk) -> None:
    with time_machine.travel(clock.now() - 3 * timedelta(days=1), tick=False):
        held = desk.promise(days=0)
    path, url = f"/commitments/{held.id}", f"/commitments/steps/{desk.step(held).id}/move"
    assert "늦어짐" in client.get(path).text
    assert "늦어짐" in client.get("/commitments").text
    refused = desk.browser.post(url, data={"due_on": day(20).isoformat(), "note": ""})
    assert (refused.status_code, "이유를 써 주십시오." in refused.text) == (422, True)
    assert f'value="{day(20).isoformat()}"' in refused.text
    moved = desk.browser.post(url, data={"due_on": day(20).isoformat(), "note": "자재가 늦게 들어옵니다."})
    assert (moved.status_code, moved.location) == (303, path)
    page = client.get(path).text
    for words in (f"마칠 날 {shown(day(20))}", f"처음 약속한 날 {shown(day(-3))}", "자재가 늦게 들어옵니다."):
        assert words in page, words
    assert "늦어짐" not in page
    step = desk.step(held)
    assert (step.due_on, step.first_due_on) == (day(20), day(-3))


def test_a_report_sent_twice_is_told_once(client: FlaskClient, session: Session, desk: Desk) -> None:
    held, reader = desk.promise(), factories.user(session)
    watching.watch(session, factories.actor(reader), desk.proposal.id)
    path, key = f"/commitments/{held.id}", str(uuid4())
    assert "아직 올라온 진행 상황이 없습니다." in client.get(path).text
    refused = desk.browser.post(f"{path}/report", data={"text": "", "form_key": key})
    assert (refused.status_code, "내용을 써 주십시오." in refused.text) == (422, True)
    assert f'name="form_key" value="{key}"' in refused.text
    for _ in range(2):
        sent = desk.browser.post(f"{path}/report", data={"text": "설치할 곳 열두 곳을 정했습니다.", "form_key": key})
        assert (sent.status_code, sent.location) == (303, path)
    assert client.get(path).text.count("설치할 곳 열두 곳을 정했습니다.") == 1
    assert session.scalar(select(func.count()).select_from(CommitmentUpdate)) == 1
    assert told(session, reader) == 1


def test_it_is_begun_dropped_resumed_and_completed(client: FlaskClient, desk: Desk) -> None:
    held = desk.promise()
    path = f"/commitments/{held.id}"
    story = (
        ("begin", "공사를 시작합니다.", CommitmentState.UNDER_WAY),
        ("drop", "예산이 줄어 멈춥니다.", CommitmentState.DROPPED),
        ("resume", "예산을 다시 세웠습니다.", CommitmentState.UNDER_WAY),
        ("complete", "열두 개를 모두 세웠습니다.", CommitmentState.DONE),
    )
    for name, words, state in story:
        assert f"{path}/moves/{name}" in desk.browser.get(path).text
        assert desk.browser.get(f"{path}/moves/{name}").status_code == 200
        assert desk.browser.post(f"{path}/moves/{name}", data={"text": ""}).status_code == 422
        if name == "complete":
            early = desk.browser.post(f"{path}/moves/{name}", data={"text": words})
            assert (early.status_code, "마치지 않은 단계가 1개 있습니다." in early.text, words in early.text) == (
                422,
                True,
                True,
            )
            desk.browser.post(f"/commitments/steps/{desk.step(held).id}/done", data={"done": "1"})
        moved = desk.browser.post(f"{path}/moves/{name}", data={"text": words})
        assert (moved.status_code, moved.location) == (303, path)
        assert desk.again(held).state is state
        page = client.get(path).text
        assert words in page
        assert ("중단한 이유: 예산이 줄어 멈춥니다." in page) is (name == "drop")
    for name, status in (("begin", 409), ("vanish", 404)):
        assert desk.browser.get(f"{path}/moves/{name}").status_code == status
        assert desk.browser.post(f"{path}/moves/{name}", data={"text": "한 번 더 합니다."}).status_code == status
    assert desk.again(held).state is CommitmentState.DONE
    assert FORM["title"] in client.get("/commitments?state=done").text
    assert FORM["title"] not in client.get("/commitments?state=planned").text


def test_it_leads_to_what_it_became_on_this_site(client: FlaskClient, desk: Desk) -> None:
    held = desk.promise()
    path = f"/commitments/{held.id}"
    for wrong in ("https://evil.example", "//evil.example", "javascript:alert(1)", "/a b"):
        refused = desk.browser.post(f"{path}/became", data={"path": wrong})
        assert refused.status_code == 422, wrong
        assert "이 누리집의 주소를 ‘/’부터 적어 주십시오." in refused.text
        assert f'value="{wrong}"' in refused.text
    assert desk.browser.post(f"{path}/became", data={"path": "/forums/"}).status_code == 303
    assert 'href="/forums/"' in client.get(path).text.split("이어진 곳")[1]
    assert 'value="/forums/"' in desk.browser.get(f"{path}/became").text
    assert desk.again(held).became == "/forums/"
    assert desk.browser.post(f"{path}/became", data={"path": ""}).status_code == 303
    assert "이어진 곳" not in client.get(path).text


def test_lists_narrow_by_department_and_take_odd_addresses(client: FlaskClient, session: Session, desk: Desk) -> None:
    desk.promise()
    other = factories.department(session)
    page = client.get(f"/commitments?department={desk.unit}").text
    assert FORM["title"] in page
    assert FORM["title"] not in client.get(f"/commitments?department={other.id}").text
    assert client.get("/commitments?state=nonsense&department=x&cursor=").status_code == 200
    assert client.get("/commitments?cursor=broken").status_code == 422
    assert client.get(f"/commitments/{uuid4()}").status_code == 404


def test_a_hidden_proposals_promise_is_out_of_sight(client: FlaskClient, session: Session, desk: Desk) -> None:
    held = desk.promise()
    desk.proposal.hidden_at, desk.proposal.hidden_code = clock.now(), HideReason.OTHER
    desk.proposal.hidden_reason = "숨긴 까닭입니다."
    session.flush()
    assert client.get(f"/commitments/{held.id}").status_code == 404
    assert FORM["title"] not in client.get("/commitments").text
