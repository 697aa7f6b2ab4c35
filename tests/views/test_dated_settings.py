"""The page of 기준: what holds, what held and will hold, and how staff change it from a moment on."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.dated_settings import SETTINGS
from civicvote.domain.korean import format_date, in_seoul, seoul_date
from civicvote.domain.permissions import Role
from civicvote.models.accounts import User
from civicvote.models.audit import AuditEvent
from civicvote.models.dated_settings import DatedSetting
from civicvote.services import clock, dated_settings
from tests import factories
from tests.conftest import Queries

SignIn = Callable[[User], FlaskClient]
NAME = "proposal.department_threshold"
DAY = factories.DAY


@pytest.fixture
def staff(session: Session, signed_in: SignIn) -> FlaskClient:
    """A browser of the office."""
    return signed_in(factories.user(session, Role.STAFF))


def at(moment: datetime) -> str:
    return in_seoul(moment).strftime("%Y-%m-%dT%H:%M")


def form(value: str = "60", *, days: float = 3, reason: str = "검토할 제안이 늘었습니다.") -> dict[str, str]:
    return {"value": value, "effective_at": at(clock.now() + days * DAY), "reason": reason}


def panel(page: str, name: str = NAME) -> str:
    """What the page says about one setting."""
    return page.split(f"<h3>{SETTINGS[name].label.text}</h3>")[1].split("</article>", maxsplit=1)[0]


def lines(session: Session) -> list[tuple[str, int]]:
    query = select(DatedSetting.name, DatedSetting.value).order_by(DatedSetting.id)
    return [(row.name, row.value) for row in session.execute(query)]


def test_everybody_reads_what_holds(client: FlaskClient) -> None:
    page = client.get("/settings/")
    assert page.status_code == 200
    for name, setting in SETTINGS.items():
        assert f"<strong>{setting.default:,}{setting.unit.text}</strong>" in panel(page.text, name), name
    assert "바뀐 내력" not in page.text.split("<h2")[1]
    assert f'href="/settings/{NAME}"' not in page.text


def test_a_change_holds_from_its_moment_on_and_stays_in_the_history(
    staff: FlaskClient, client: FlaskClient, session: Session
) -> None:
    assert f'href="/settings/{NAME}"' in staff.get("/settings/").text
    assert "지금 값은 50명입니다. 1부터 1,000,000까지 정할 수 있습니다." in staff.get(f"/settings/{NAME}").text
    changed = staff.post(f"/settings/{NAME}", data=form())
    assert (changed.status_code, changed.location) == (303, "/settings/")
    assert "기준을 바꾸었습니다. 정한 때부터 적용됩니다." in staff.get("/settings/").text
    before = panel(client.get("/settings/").text)
    announced, story = before.split("<details>")
    assert "<strong>50명</strong>" in announced
    assert (
        f"{format_date(seoul_date(clock.now() + 3 * DAY))}부터 60명 (예정)" in announced
    )  # also with its history shut
    for words in ("바뀐 내력 1건", "60명 (예정)", "검토할 제안이 늘었습니다.", "처음 값 50명"):
        assert words in story, words
    assert lines(session) == [(NAME, 60)]
    assert dated_settings.value(session, NAME) == 50
    recorded = session.scalars(select(AuditEvent).where(AuditEvent.action == "setting:change")).one()
    assert recorded.actor_id is not None
    with time_machine.travel(clock.now() + 4 * DAY, tick=False):
        after = panel(client.get("/settings/").text)
        assert dated_settings.value(session, NAME) == 60
    assert "<strong>60명</strong>" in after
    assert "(예정)" not in after
    assert "처음 값 50명" in after


def test_the_history_tells_the_latest_first(staff: FlaskClient, client: FlaskClient, session: Session) -> None:
    for value, days in (("60", 3), ("70", 5), ("65", 4)):
        assert staff.post(f"/settings/{NAME}", data=form(value, days=days)).status_code == 303
    story = panel(client.get("/settings/").text).split("<details>")[1]
    assert "바뀐 내력 3건" in story
    assert story.index("70명") < story.index("65명") < story.index("60명") < story.index("처음 값 50명")
    assert lines(session) == [(NAME, 60), (NAME, 70), (NAME, 65)]


def test_the_moment_is_one_of_seouls_clock(staff: FlaskClient, session: Session) -> None:
    sent = form() | {"effective_at": "2099-01-01T00:00"}
    assert staff.post(f"/settings/{NAME}", data=sent).status_code == 303
    moment = session.scalars(select(DatedSetting.effective_at)).one()
    assert (moment.isoformat(), at(moment)) == ("2098-12-31T15:00:00+00:00", "2099-01-01T00:00")


@pytest.mark.parametrize(("changes", "field", "words"), [
    ({"effective_at": "2020-01-01T00:00"}, "effective_at", "이미 지난 때부터 바꿀 수는 없습니다."),
    ({"effective_at": ""}, "effective_at", "언제부터 적용할지 적어 주십시오."),
    ({"effective_at": "내일"}, "effective_at", "날짜와 시각을 다시 적어 주십시오."),
    ({"value": ""}, "value", "새 값을 적어 주십시오."),
    ({"value": "0"}, "value", "1부터 1,000,000까지의 수를 적어 주십시오."),
    ({"value": "1000001"}, "value", "1부터 1,000,000까지의 수를 적어 주십시오."),
    ({"value": "쉰"}, "value", ""),
    ({"value": "9" * 400}, "value", ""),
    ({"reason": ""}, "reason", "이유를 써 주십시오."),
    ({"reason": "담당 900101-1234567"}, "reason", "주민등록번호"),
])  # fmt: skip
def test_what_cannot_hold_is_refused_beside_its_field(
    staff: FlaskClient, session: Session, changes: dict[str, str], field: str, words: str
) -> None:
    sent = form() | changes
    refused = staff.post(f"/settings/{NAME}", data=sent)
    assert refused.status_code == 422
    assert words in refused.text.split(f'id="{field}-error"')[1].split("</p>")[0]
    for value in sent.values():
        assert f'value="{value}"' in refused.text
    assert lines(session) == []


def test_a_minute_ago_is_the_past(staff: FlaskClient, session: Session) -> None:
    refused = staff.post(f"/settings/{NAME}", data=form() | {"effective_at": at(clock.now() - timedelta(minutes=1))})
    assert (refused.status_code, "지금 이후의 때를 골라 주십시오." in refused.text) == (422, True)
    assert lines(session) == []


def test_the_office_alone_changes_it(signed_in: SignIn, client: FlaskClient, session: Session) -> None:
    for roles in ((), (Role.MODERATOR,), (Role.DEPARTMENT,), (Role.AUDITOR,), (Role.ADMIN,)):
        browser = signed_in(factories.user(session, *roles, level=2))
        assert browser.get(f"/settings/{NAME}").status_code == 403, roles
        assert browser.post(f"/settings/{NAME}", data=form()).status_code == 403, roles
    assert client.post(f"/settings/{NAME}", data=form()).status_code == 303
    assert session.scalar(select(func.count()).select_from(DatedSetting)) == 0


def test_what_is_no_setting_is_not_there(staff: FlaskClient) -> None:
    for name in ("nothing", "proposal", "proposal.window_days.", "SECRET_KEY"):
        assert staff.get(f"/settings/{name}").status_code == 404
        assert staff.post(f"/settings/{name}", data=form()).status_code == 404


def test_a_long_history_takes_the_statements_of_a_short_one(
    staff: FlaskClient, client: FlaskClient, queries: Queries
) -> None:
    seen = []
    for rows in (1, 8):
        for place in range(rows):
            staff.post(f"/settings/{NAME}", data=form(str(60 + place)))
        queries.clear()
        assert client.get("/settings/").status_code == 200
        seen.append(len(queries))
    assert seen[0] == seen[1] <= 3
