"""Pages of budget cycles, for visitors and for staff."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.domain.cycles import BallotType, TallyRule
from civicvote.domain.korean import in_seoul
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from civicvote.models.cycles import Cycle, Hold, Pool
from civicvote.services import clock
from tests import factories as make
from tests.conftest import Queries

DAY = timedelta(days=1)
SignIn = Callable[[User], FlaskClient]


@pytest.fixture
def staff(session: Session, signed_in: SignIn) -> FlaskClient:
    return signed_in(make.user(session, Role.STAFF, name="박주무관"))


def form(**values: str) -> dict[str, str]:
    now = in_seoul(clock.now())

    def at(days: int) -> str:
        return (now + days * DAY).strftime("%Y-%m-%dT09:00")

    return {
        "title": "2027년 시민공감예산",
        "slug": "budget-2027",
        "year": "2027",
        "summary": "내년 예산을 함께 정합니다.",
        "proposals_open_at": at(1),
        "proposals_close_at": at(20),
        "review_until": at(40),
        "voting_open_at": at(45),
        "voting_close_at": at(60),
        "ballot_type": "approval",
        "min_picks": "1",
        "max_picks": "10",
        "min_level": "2",
        "min_age": "14",
        "tally_rule": "equal-shares",
        "utility": "cost",
        "completion": "add1",
        "step_won": "1000",
        "exhaustive_stop": "y",
        "tie": "votes",
        "min_support": "0",
        "min_share": "0",
        "quorum": "0",
        "objection_days": "14",
    } | values


def version(client: FlaskClient, path: str) -> str:
    found = re.search(r'name="version"[^>]*value="(\d+)"', client.get(path).text)
    assert found is not None
    return found[1]


def test_visitors_read_the_list_and_a_cycle(client: FlaskClient, session: Session, queries: Queries) -> None:
    made = make.cycle(session, CycleState.LISTED, opened="voting", title="2026년 시민공감예산", summary="올해 예산")
    pool = make.pool(session, made, 3_000_000_000, name="안전", max_picks=3)
    make.cycle(session, CycleState.DRAFT, title="아직 비밀인 예산")
    for _ in range(4):
        make.project(session, pool, state=ProjectState.ON_BALLOT)
    for path, words in (
        ("/budget/", ["2026년 시민공감예산", "30억 원"]),
        (f"/budget/{made.slug}", ["시민투표", "30억 원", "균등분배 방식", "14세 이상", "투표하기", "3개"]),
        (f"/budget/{made.slug}/ballot-list", ["투표안건", "통학로 보행등 설치"]),
    ):
        session.flush()
        session.expunge_all()
        queries.clear()
        page = client.get(path)
        assert page.status_code == 200
        assert len(queries) <= 6, queries.statements
        for word in words:
            assert word in page.text
        assert "비밀인" not in page.text
        assert page.text.count("<h1") == 1


@pytest.mark.parametrize(
    ("state", "opened", "words"),
    [
        (CycleState.ANNOUNCED, "before", "시작됩니다"),
        (CycleState.ANNOUNCED, "proposals", "사업 제안하기"),
        (CycleState.ANNOUNCED, "review", "검토 상황 보기"),
        (CycleState.LISTED, "review", "본인확인하기"),
        (CycleState.LISTED, "voting", "내 투표가 들어갔는지 확인"),
        (CycleState.LISTED, "closed", "두 사람이 따로 세어"),
        (CycleState.PUBLISHED, "closed", "결과 보기"),
    ],
)
def test_what_can_be_done_now(
    client: FlaskClient, session: Session, state: CycleState, opened: str, words: str
) -> None:
    made = make.cycle(session, state, opened=opened)
    page = client.get(f"/budget/{made.slug}")
    assert page.status_code == 200
    assert words in page.text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"ballot_type": BallotType.KNAPSACK}, "예산을 넘을 수 없습니다"),
        ({"tally_rule": TallyRule.GREEDY}, "득표순 방식"),
        ({"completion": "none"}, "남은 예산은 쓰지 않습니다"),
        ({"min_level": 1, "min_age": 19}, "본인확인을 마친 19세 이상"),
        ({"min_support": 50}, "50표보다 적게"),
        ({"min_share": 25}, "사람의 2.5%보다 적은"),
        ({"quorum": 100}, "100표보다 적으면"),
        ({"tie_lot": True}, "추첨 순서"),
        ({"comparison": True}, "견주어"),
        ({"completion": "utilitarian"}, "남은 예산은 득표순으로"),
        ({"completion": "add1u"}, "그래도 남으면 득표순"),
        ({"tally_rule": TallyRule.GREEDY_NO_SKIP}, "거기서 끝납니다"),
        ({"tally_rule": TallyRule.GREEDY_POZNAN}, "80% 규칙"),
        ({"tally_rule": TallyRule.GREEDY_PER_COST}, "1원마다"),
        ({"tally_rule": TallyRule.PHRAGMEN}, "들지 않으면 끝납니다"),
        ({"tally_rule": TallyRule.PHRAGMEN_SKIP}, "빼고 계속합니다"),
        ({"tally_rule": TallyRule.WELFARE}, "최대 만족 방식"),
        ({"ballot_type": BallotType.POINTS, "point_sum": 10}, "모두 10점을"),
        ({"ballot_type": BallotType.SCORE, "point_max": 5}, "0점부터 5점까지"),
        ({"ballot_type": BallotType.RANKING, "max_picks": 7}, "1순위는 7점"),
    ],
)
def test_rules_are_told_in_words(client: FlaskClient, session: Session, values: dict[str, object], words: str) -> None:
    made = make.cycle(session, **values)  # type: ignore[arg-type]  # columns by name
    assert words in client.get(f"/budget/{made.slug}").text


def test_a_hold_is_public_and_closes(client: FlaskClient, session: Session) -> None:
    made = make.cycle(session, CycleState.LISTED, opened="voting")
    session.add(Hold(cycle_id=made.id, reason="명부를 다시 확인합니다.", placed_at=clock.now()))
    session.flush()
    text = client.get(f"/budget/{made.slug}").text
    assert "명부를 다시 확인합니다." in text
    assert "투표하기" not in text


def test_pages_read_in_english(client: FlaskClient, session: Session) -> None:
    made = make.cycle(session)
    client.set_cookie("cv_lang", "en", domain="localhost")
    assert '<html lang="en"' in client.get(f"/budget/{made.slug}").text


def test_a_broken_place_in_the_list_is_told(client: FlaskClient) -> None:
    assert client.get("/budget/?after=broken").status_code == 422


def test_drafts_are_not_there_for_others(client: FlaskClient, session: Session, signed_in: SignIn) -> None:
    made = make.cycle(session, CycleState.DRAFT)
    for someone in (client, signed_in(make.user(session)), signed_in(make.user(session, Role.DEPARTMENT))):
        assert someone.get(f"/budget/{made.slug}").status_code == 404
        assert someone.get(f"/budget/{made.slug}/ballot-list").status_code == 404


@pytest.mark.parametrize("role", [None, Role.DEPARTMENT, Role.AUDITOR, Role.ADMIN, Role.MODERATOR])
def test_the_work_of_staff_is_closed_to_others(
    session: Session, signed_in: SignIn, client: FlaskClient, role: Role | None
) -> None:
    made = make.cycle(session)
    pool = make.pool(session, made)
    someone = signed_in(make.user(session, *([role] if role else [])))
    base = f"/budget/{made.slug}"
    for path in ("/budget/new", f"{base}/edit", f"{base}/pools", f"{base}/preview", f"{base}/hold"):
        assert someone.get(path).status_code == 403, path
        assert client.get(path).status_code == 303, path
    for path in ("announce", "hold", "lift", "ballot-list/request", "ballot-list/approve", "ballot-list/return",
                 f"pools/{pool.id}/remove"):  # fmt: skip
        assert someone.post(f"{base}/{path}").status_code == 403, path


def test_staff_make_fill_preview_and_announce_a_cycle(
    staff: FlaskClient, client: FlaskClient, session: Session
) -> None:
    answer = staff.post("/budget/new", data=form())
    assert (answer.status_code, answer.location) == (303, "/budget/budget-2027/pools")
    made = session.scalars(select(Cycle).where(Cycle.slug == "budget-2027")).one()
    assert in_seoul(made.proposals_open_at).hour == 9
    assert made.exhaustive_stop
    pools = "/budget/budget-2027/pools"
    wrong = staff.post(
        pools, data={"name": "안전", "amount_won": "많이", "district": "", "version": version(staff, pools)}
    )
    assert wrong.status_code == 422
    assert "많이" in wrong.text
    added = staff.post(
        pools,
        data={"name": "안전", "amount_won": "30억 5천만 원", "district": "11110", "theme": "안전", "max_picks": "3",
              "version": version(staff, pools)},
    )  # fmt: skip
    assert added.status_code == 303
    text = staff.get(pools).text
    assert "30억 5천만 원" in text
    assert "종로구" in text
    preview = staff.get("/budget/budget-2027/preview")
    assert "시민에게는 이렇게 보입니다" in preview.text
    assert client.get("/budget/budget-2027").status_code == 404
    answer = staff.post("/budget/budget-2027/announce", data={"version": version(staff, "/budget/budget-2027/preview")})
    assert answer.status_code == 303
    assert client.get("/budget/budget-2027").status_code == 200


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"title": ""}, "꼭 적어 주십시오"),
        ({"slug": "new"}, "영문 소문자"),
        ({"slug": "한글"}, "영문 소문자"),
        ({"voting_open_at": "어제"}, "날짜와 시각"),
        ({"voting_close_at": "1800-01-01T00:00"}, "날짜와 시각"),
        ({"proposals_close_at": "2020-01-01T00:00"}, "시작보다 뒤여야"),
        ({"max_picks": "0"}, "1부터"),
        ({"max_picks": "셋"}, ""),
        ({"min_picks": "11"}, "최대 선택 수보다"),
        ({"ballot_type": "dice"}, ""),
        ({"title": "\u202e뒤집힌 \x00 이름"}, "NUL"),
        ({"summary": "가" * 2001}, ""),
    ],
)
def test_a_wrong_form_stays_filled_in(staff: FlaskClient, session: Session, values: dict[str, str], words: str) -> None:
    answer = staff.post("/budget/new", data=form(**values))
    assert answer.status_code == 422
    assert words in unescape(answer.text)
    assert "내년 예산을 함께 정합니다." in answer.text or "summary" in values
    assert session.scalars(select(Cycle).where(Cycle.year == 2027)).all() == []


def test_somebody_elses_change_is_not_overwritten(staff: FlaskClient, session: Session) -> None:
    made = make.cycle(session, CycleState.DRAFT)
    path = f"/budget/{made.slug}/edit"
    seen = version(staff, path)
    assert staff.post(path, data=form(slug=made.slug, title="먼저 고친 예산", version=seen)).status_code == 303
    late = staff.post(path, data=form(slug=made.slug, title="나중에 고친 예산", version=seen))
    assert late.status_code == 409
    assert "먼저 고쳤습니다" in late.text
    assert "먼저 고친 예산" in staff.get(path).text


def test_few_picks_with_equal_shares_are_warned_of(staff: FlaskClient, session: Session) -> None:
    made = make.cycle(session, CycleState.DRAFT, max_picks=3)
    assert "균등분배와 프라그멘 방식은" in staff.get(f"/budget/{made.slug}/edit").text


def test_locked_rules_are_shown_but_not_changed(staff: FlaskClient, session: Session) -> None:
    made = make.cycle(session, CycleState.LISTED)
    pool = make.pool(session, made, name="안전")
    edit = f"/budget/{made.slug}/edit"
    assert "규칙이 잠겨 있습니다" in staff.get(edit).text
    assert staff.post(edit, data=form(slug=made.slug, version=str(made.version))).status_code == 409
    assert "분야 추가" not in staff.get(f"/budget/{made.slug}/pools").text
    changed = {"name": "환경", "amount_won": "1", "district": "", "version": str(made.version)}
    assert staff.post(f"/budget/{made.slug}/pools/{pool.id}", data=changed).status_code == 409


def test_a_pool_is_changed_and_removed(staff: FlaskClient, session: Session) -> None:
    made = make.cycle(session, CycleState.DRAFT)
    pool = make.pool(session, made, name="안전")
    path = f"/budget/{made.slug}/pools/{pool.id}"
    assert "1,000,000,000" in staff.get(path).text
    data = {"name": "환경", "amount_won": "2억", "district": "", "version": version(staff, path)}
    assert staff.post(path, data=data | {"name": ""}).status_code == 422
    assert staff.post(path, data=data).status_code == 303
    listing = f"/budget/{made.slug}/pools"
    assert "2억 원" in staff.get(listing).text
    assert staff.post(f"{path}/remove", data={"version": "1"}).status_code == 409
    assert staff.post(f"{path}/remove", data={"version": version(staff, listing)}).status_code == 303
    assert "등록한 분야가 없습니다" in staff.get(listing).text


def test_hold_and_lift(staff: FlaskClient, client: FlaskClient, session: Session) -> None:
    made = make.cycle(session, opened="proposals")
    base = f"/budget/{made.slug}"
    assert staff.post(f"{base}/hold", data={"reason": ""}).status_code == 422
    assert staff.post(f"{base}/hold", data={"reason": "짧"}).status_code == 422
    assert staff.post(f"{base}/hold", data={"reason": "예산 심의가 늦어졌습니다."}).status_code == 303
    assert "예산 심의가 늦어졌습니다." in client.get(base).text
    assert "보류 해제" in staff.get(f"{base}/hold").text
    assert staff.post(f"{base}/lift", data={"reason": ""}).status_code == 422
    assert staff.post(f"{base}/lift", data={"reason": "심의가 끝났습니다."}).status_code == 303
    text = client.get(base).text
    assert "보류 기록" in text
    assert "사업 제안하기" in text
    assert staff.post(f"{base}/lift", data={"reason": "심의가 끝났습니다."}).status_code == 409


def test_what_a_pool_leaves_goes_to_a_later_one(staff: FlaskClient, client: FlaskClient, session: Session) -> None:
    made = make.cycle(session)
    first = make.pool(session, made, name="안전", position=1)
    last = make.pool(session, made, name="환경", position=2)
    base = f"/budget/{made.slug}/pools"

    def save(pool: Pool, to: str) -> int:
        path = f"{base}/{pool.id}"
        data = {"name": pool.name, "amount_won": "2억", "district": "", "leftover_to": to}
        data |= {"version": version(staff, path)}
        return staff.post(path, data=data).status_code

    assert save(last, str(first.id)) == 422
    assert save(first, str(last.id)) == 303
    assert "「환경」 분야로 넘김" in staff.get(base).text
    assert "「안전」에서 남으면 「환경」 분야로 넘깁니다." in client.get(f"/budget/{made.slug}").text
    assert staff.post(f"{base}/{last.id}/remove", data={"version": version(staff, base)}).status_code == 303
    session.expire_all()
    assert session.get_one(Pool, first.id).leftover_to is None
