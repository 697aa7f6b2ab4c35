"""The city's pages about a proposal, from the queue to the published answer."""

from collections.abc import Callable

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import ProposalState
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from tests import factories
from tests.support import proposals as made

SignIn = Callable[[User], FlaskClient]
CANARY = "카나리아 공원에 그늘막을 설치하겠습니다."


def test_from_the_queue_to_the_answer(session: Session, signed_in: SignIn, client: FlaskClient) -> None:
    unit = factories.department(session, "공원여가과")
    clerk = factories.user(session, Role.STAFF)
    official = factories.user(session, Role.DEPARTMENT, department_id=unit.id)
    proposal = made.proposal(session, state=ProposalState.AWAITING_DEPARTMENT)
    here = f"/proposals/{proposal.id}"
    staff = signed_in(clerk)
    assert proposal.title in staff.get("/proposals/desk").text
    assert f"{here}/assign" in staff.get(here).text
    assert staff.post(f"{here}/assign", data={"department": ""}).status_code == 422
    assert staff.post(f"{here}/assign", data={"department": str(unit.id)}).status_code == 303
    department = signed_in(official)
    assert proposal.title in department.get("/proposals/desk").text
    draft = {"version": "0", "verdict": "elsewhere", "text": CANARY, "action": "ready"}
    refused = department.post(f"{here}/answer", data=draft)
    assert (refused.status_code, CANARY in refused.text) == (422, True)
    assert department.post(f"{here}/answer", data=draft | {"verdict": "partly"}).status_code == 303
    assert CANARY in department.get(f"{here}/answer").text
    overtaken = department.post(f"{here}/answer", data=draft | {"verdict": "partly"})
    assert (overtaken.status_code, CANARY in overtaken.text) == (409, True)
    late = department.post(f"{here}/extend", data={"until": "2020-01-01", "reason": "현장 조사"})
    assert late.status_code == 422
    for page in (here, "/proposals/", "/proposals/desk", "/"):
        assert CANARY not in client.get(page, follow_redirects=True).text
    staff = signed_in(clerk)
    assert CANARY in staff.get(f"{here}/publish-answer").text
    assert staff.post(f"{here}/publish-answer", data={"version": "1"}).status_code == 303
    public = client.get(here).text
    assert CANARY in public
    assert "부분수용" in public
