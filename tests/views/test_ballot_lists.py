"""Pages of the ballot list: two hands, its terms, and what the public reads."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from civicvote.models.projects import Project
from civicvote.models.votes import Vote
from tests import factories as make

SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def staff(session: Session, signed_in: SignIn) -> FlaskClient:
    return signed_in(make.user(session, Role.STAFF, name="박주무관"))


def test_the_list_goes_through_two_hands(
    staff: FlaskClient, client: FlaskClient, session: Session, signed_in: SignIn
) -> None:
    second = signed_in(make.user(session, Role.STAFF, name="이승인"))
    made = make.cycle(session, opened="review")
    pool = make.pool(session, made)
    project = make.project(session, pool, state=ProjectState.ELIGIBLE, title="골목 쉼터 만들기")
    other = make.project(session, pool, state=ProjectState.ELIGIBLE)
    base = f"/budget/{made.slug}/ballot-list"
    assert client.get(base).status_code == 404
    assert "승인 요청하기" in staff.get(base).text
    assert staff.post(f"{base}/request").status_code == 303
    own = staff.get(base).text
    assert "직접 요청한 안건은 승인할 수 없습니다" in own
    assert "승인하고 공고하기" not in own
    refused = staff.post(f"{base}/approve")
    assert refused.status_code == 403
    assert "승인을 요청한 사람은 승인할 수 없습니다" in refused.text
    assert "승인하고 공고하기" in second.get(base).text
    other.cost_won = 60_000_000
    session.flush()
    changed = second.get(base).text
    assert "50,000,000원에서 60,000,000원으로" in changed
    assert "승인하고 공고하기" not in changed
    assert second.post(f"{base}/approve").status_code == 409
    assert second.post(f"{base}/return", data={"reason": ""}).status_code == 422
    assert second.post(f"{base}/return", data={"reason": "사업비가 바뀌었습니다."}).status_code == 303
    assert staff.post(f"{base}/request").status_code == 303
    assert second.post(f"{base}/approve").status_code == 303
    assert second.post(f"{base}/approve").status_code == 409
    assert "골목 쉼터 만들기" in client.get(base).text
    out = f"{base}/exclude/{project.id}"
    assert "되돌릴 수 없습니다" in staff.get(out).text
    assert staff.post(out, data={"reason": ""}).status_code == 422
    assert staff.post(out, data={"reason": "땅 주인이 반대합니다."}).status_code == 303
    assert "골목 쉼터 만들기" not in client.get(base).text
    session.expire_all()
    assert session.scalar(select(Project.state).where(Project.id == project.id)) is ProjectState.WITHDRAWN


def test_terms_of_a_list_are_chosen_locked_and_published(
    staff: FlaskClient, client: FlaskClient, session: Session, signed_in: SignIn
) -> None:
    second = signed_in(make.user(session, Role.STAFF, name="이승인"))
    made = make.cycle(session, opened="review")
    pool = make.pool(session, made, 200_000_000, name="안전")
    one, two, three, _four = (
        make.project(session, pool, state=ProjectState.ELIGIBLE, title=f"{n}번 사업", category="안전", number=f"N{n}")
        for n in range(1, 5)
    )
    base = f"/budget/{made.slug}/ballot-list"
    terms = f"{base}/terms"
    assert terms in staff.get(base).text
    short = staff.post(
        f"{terms}/alternatives", data={"alternatives-title": "두 자리", "alternatives-projects": [str(one.id)]}
    )
    assert short.status_code == 422
    assert "두 건 이상" in short.text
    assert 'value="두 자리"' in short.text
    pair = {"alternatives-title": "두 자리", "alternatives-projects": [str(one.id), str(two.id)]}
    assert staff.post(f"{terms}/alternatives", data=pair).status_code == 303
    assert "이미 다른 묶음" in staff.post(f"{terms}/alternatives", data=pair).text
    empty = staff.post(f"{terms}/caps", data={"cap-about": "category:안전"})
    assert "하나는 적어" in empty.text
    cap = {"cap-about": "category:안전", "cap-max_projects": "2", "cap-max_won": "1억 5천만 원"}
    assert staff.post(f"{terms}/caps", data=cap).status_code == 303
    assert staff.post(f"{terms}/caps", data=cap).status_code == 409
    settled = {"locked-project": str(three.id), "locked-reason": "지난해 협약으로 정한 사업입니다."}
    assert staff.post(f"{terms}/locked", data={"locked-project": "", "locked-reason": "이유입니다."}).status_code == 422
    assert staff.post(f"{terms}/locked", data=settled).status_code == 303
    page = staff.get(terms)
    for words in (
        "두 자리",
        "2건까지, 모두 더해 1억 5천만 원까지",
        "지난해 협약으로 정한 사업입니다.",
        "안건 4건이 해당합니다.",
    ):
        assert words in page.text
    extra = {"alternatives-title": "없앨 묶음", "alternatives-projects": [str(three.id), str(_four.id)]}
    assert staff.post(f"{terms}/alternatives", data=extra).status_code == 303
    address = re.findall(r'action="([^"]*/remove)"', staff.get(terms).text)[1]
    assert staff.post(address).status_code == 303
    assert staff.post(address).status_code == 404
    assert staff.post(f"{base}/request").status_code == 303
    assert staff.post(f"{terms}/locked", data=settled).status_code in {409, 422}
    assert "조건이 잠겨 있습니다" in staff.get(terms).text
    assert second.post(f"{base}/approve").status_code == 303
    public = client.get(base).text
    for words in ("이 안건의 조건", "대안: 두 자리", "지난해 협약으로 정한 사업입니다.", "2건까지"):
        assert words in public
    notice = session.scalars(select(Vote.notice).where(Vote.cycle_id == made.id)).one()
    (contest,) = notice["contests"]
    assert contest["exclusive"] == [["N1", "N2"]]
    assert contest["locked"] == ["N3"]
    assert contest["caps"] == [
        {"title": "안전", "projects": ["N1", "N2", "N3", "N4"], "max": 2, "max_cost": 150_000_000}
    ]
