"""What anybody may check about proposals: how far they came, as a page and a file, and which answers are late."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.discussion import HideReason
from civicvote.domain.korean import format_date, from_seoul, seoul_date
from civicvote.domain.lifecycles import CommitmentState, ProposalState
from civicvote.domain.paging import Cursor
from civicvote.domain.permissions import Role
from civicvote.domain.proposals import Verdict
from civicvote.models.accounts import User
from civicvote.models.base import new_id
from civicvote.models.proposals import Commitment, DueExtension, Proposal, ProposalMove
from civicvote.services import clock
from civicvote.services.proposals import overdue
from tests import factories
from tests.conftest import Queries
from tests.support import agora

SignIn = Callable[[User], FlaskClient]
FUNNEL, FILE, LATE = "/proposals/funnel", "/proposals/funnel.csv", "/proposals/overdue"
HEAD = ["단계", "건수", "전체 대비", "앞 단계 대비", "뜻"]
STEPS = ("제안", "공감 기준 달성", "부서 검토", "답변", "수용", "이행 완료")
REASON = "현장을 조사하는 데 시간이 더 필요합니다."
DAY = factories.DAY


def hide(session: Session, proposal: Proposal) -> None:
    proposal.hidden_at, proposal.hidden_code = clock.now(), HideReason.OTHER
    proposal.hidden_reason = "숨긴 까닭입니다."
    session.flush()


def published(session: Session, *moves: str, at: datetime | None = None, verdict: Verdict | None = None) -> Proposal:
    """A proposal that made these moves; with a verdict it is answered."""
    answered = verdict is not None
    unit = factories.department(session).id if answered else None
    state = ProposalState.ANSWERED if answered else ProposalState.PUBLISHED
    made = agora.proposal(session, state, department_id=unit, **({"verdict": verdict} if answered else {}))
    made.published_at = at or clock.now()
    session.add_all(
        ProposalMove(id=new_id(), proposal_id=made.id, name=name, source="x", target="y", at=made.published_at)
        for name in moves
    )
    session.flush()
    return made


def kept(session: Session, proposal: Proposal) -> None:
    """The promise that follows from the proposal, done."""
    assert proposal.department_id is not None
    session.add(
        Commitment(
            proposal_id=proposal.id, department_id=proposal.department_id, title="보행등 열두 개 설치",
            state=CommitmentState.DONE, created_at=clock.now(), updated_at=clock.now(),
        )
    )  # fmt: skip
    session.flush()


def figures(text: str) -> list[list[str]]:
    """The file's lines without their definitions."""
    assert text.startswith("\ufeff")  # or a spreadsheet reads Korean as nonsense
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[0] == HEAD
    assert all(row[4].endswith(".") for row in rows[1:])
    return [row[:4] for row in rows[1:]]


def counts(client: FlaskClient, query: str = "") -> list[int]:
    return [int(row[1]) for row in figures(client.get(f"{FILE}?{query}").text)]


def cells(page: str, label: str) -> list[str]:
    """What the page's second table says of a step: its number, its shares and what it means."""
    row = page.split(f'<th scope="row" role="rowheader">{label}</th>')[1].split("</tr>", maxsplit=1)[0]
    return [cell.split(">", 1)[1].split("</td>")[0] for cell in row.split("<td")[1:]]


@pytest.fixture
def town(session: Session) -> list[Proposal]:
    """Four proposals: a new one, a refused one, an accepted one, and one that was done."""
    made = [
        published(session),
        published(session, "reach", "assign", verdict=Verdict.REFUSED),
        published(session, "reach", "assign", verdict=Verdict.PARTLY),
        published(session, "assign", verdict=Verdict.ACCEPTED),
    ]
    kept(session, made[3])
    return made


def test_everybody_reads_how_far_proposals_came(client: FlaskClient, town: list[Proposal]) -> None:
    answer = client.get(FUNNEL)
    assert answer.status_code == 200
    assert "<h1" in answer.text
    assert "시민제안 현황" in answer.text.split("<h1")[1].split("</h1>")[0]
    assert [cells(answer.text, label)[:3] for label in STEPS] == [
        ["4", "–", "–"], ["3", "75%", "75%"], ["3", "75%", "100%"], ["3", "75%", "100%"],
        ["2", "50%", "66.7%"], ["1", "25%", "50%"],
    ]  # fmt: skip
    assert cells(answer.text, "수용")[3] == "그 가운데 수용하거나 부분수용한 제안입니다."
    bars = answer.text.split('<table class="bars">')[1].split("</table>")[0]
    assert "3건 (75%)" in bars
    assert town[0].title not in answer.text


def test_the_file_holds_the_figures_of_its_page(client: FlaskClient, town: list[Proposal]) -> None:
    file = client.get(FILE)
    assert (file.status_code, file.content_type) == (200, "text/csv; charset=utf-8")
    assert file.headers["Content-Disposition"] == "attachment; filename=proposals.csv"
    assert figures(file.text) == [
        ["제안", "4", "", ""],
        ["공감 기준 달성", "3", "0.7500", "0.7500"],
        ["부서 검토", "3", "0.7500", "1.0000"],
        ["답변", "3", "0.7500", "1.0000"],
        ["수용", "2", "0.5000", "0.6667"],
        ["이행 완료", "1", "0.2500", "0.5000"],
    ]
    assert town[0].title not in file.text


def test_a_hidden_proposal_is_not_counted(client: FlaskClient, session: Session, town: list[Proposal]) -> None:
    hide(session, town[3])
    assert counts(client) == [3, 2, 2, 2, 1, 0]


def test_before_any_proposal_there_are_no_shares(client: FlaskClient) -> None:
    page = client.get(FUNNEL)
    assert page.status_code == 200
    assert {tuple(cells(page.text, label)[:3]) for label in STEPS} == {("0", "–", "–")}
    assert [row[1:] for row in figures(client.get(FILE).text)] == [["0", "", ""]] * 6


def test_a_period_is_chosen_by_a_tab_or_by_two_days(client: FlaskClient, session: Session) -> None:
    with time_machine.travel(datetime(2026, 6, 15, 3, tzinfo=UTC), tick=False):
        for day in ((2026, 3, 1), (2025, 7, 1), (2025, 2, 1), (2021, 5, 5)):
            published(session, at=datetime(*day, tzinfo=UTC))
        for query, count in (
            ("", 2), ("period=12-months", 2), ("period=this-year", 1), ("period=last-year", 2), ("period=all", 4),
            ("from=2021-05-05&to=2021-05-05", 1), ("from=2021-05-05&to=2025-07-01", 3),
        ):  # fmt: skip
            page = client.get(f"{FUNNEL}?{query}").text
            assert cells(page, "제안")[0] == str(count), query
            path = page.split(f'href="{FILE}')[1].split('"')[0].removeprefix("?").replace("&amp;", "&")
            assert counts(client, path)[0] == count, path
        page = client.get(f"{FUNNEL}?period=last-year").text
        assert f'<a href="{FUNNEL}?period=last-year" aria-current="page">작년</a>' in page
        page = client.get(f"{FUNNEL}?from=2021-05-05&to=2025-07-01").text
        assert 'aria-current="page"' not in page.split('<nav class="tabs"')[1].split("</nav>")[0]
        assert 'name="from" value="2021-05-05"' in page
        assert 'name="to" value="2025-07-01"' in page


def test_days_are_those_of_seoul(client: FlaskClient, session: Session) -> None:
    midnight = from_seoul(datetime(2026, 3, 2, tzinfo=UTC).date(), 0, 0)
    for shift in (-1, 0):
        published(session, at=midnight + timedelta(seconds=shift))
    for first, last, count in (("03-01", "03-01", 1), ("03-02", "03-02", 1), ("03-01", "03-02", 2)):
        assert counts(client, f"from=2026-{first}&to=2026-{last}")[0] == count


@pytest.mark.parametrize("query", [
    "period=nonsense", "from=2026-13-40&to=x", "from=2026-02-01&to=2026-01-01", "from=2026-01-01", "to=2026-01-01",
    "from=0001-01-01&to=9999-12-31", "from=%00&to=%F0%9F%98%80",
])  # fmt: skip
def test_a_broken_period_is_the_last_twelve_months(client: FlaskClient, town: list[Proposal], query: str) -> None:
    page = client.get(f"{FUNNEL}?{query}")
    assert page.status_code == 200
    assert f'<a href="{FUNNEL}?period=12-months" aria-current="page">' in page.text
    assert counts(client, query)[0] == len(town)


def test_many_proposals_take_the_statements_of_none(client: FlaskClient, session: Session, queries: Queries) -> None:
    seen = []
    for rows in (0, 5):
        for _ in range(rows):
            published(session, "reach")
        queries.clear()
        client.get(FUNNEL)
        seen.append(len(queries))
    assert seen[0] == seen[1]


def late(
    session: Session, days: int = 3, *, title: str = "어두운 골목에 보행등을", unit: UUID | None = None
) -> Proposal:
    """A proposal under review whose answer was due at the end of a day, so many days ago."""
    due = from_seoul(seoul_date(clock.now()) - timedelta(days=days), 23, 59)
    return agora.proposal(
        session, ProposalState.IN_REVIEW, title=title, due_at=due,
        department_id=unit or factories.department(session, "보행정책과").id,
    )  # fmt: skip


def rows(page: str) -> list[str]:
    """The list's entries."""
    return page.split('id="late-list"')[1].split('id="more-late"', maxsplit=1)[0].split('<li class="card"')[1:]


def test_everybody_reads_what_is_late_and_whose_it_is(client: FlaskClient, session: Session) -> None:
    held = late(session)
    answer = client.get(LATE)
    assert answer.status_code == 200
    (row,) = rows(answer.text)
    assert held.due_at is not None
    for words in (
        f'href="/proposals/{held.id}"', held.title, "3일 늦음", "보행정책과", f"<dd>{held.number}</dd>",
        format_date(seoul_date(held.due_at)),
    ):  # fmt: skip
        assert words in row, words
    assert "늦추었습니다" not in row


def test_what_is_late_since_a_while_ago_is_late_today(client: FlaskClient, session: Session) -> None:
    held = late(session)
    held.due_at = clock.now()
    session.flush()
    with time_machine.travel(clock.now(), tick=False):
        assert "오늘 늦음" in rows(client.get(LATE).text)[0]


def test_only_answers_that_are_late_stand_there(client: FlaskClient, session: Session) -> None:
    unit = factories.department(session).id
    hide(session, late(session, title="숨긴 제안입니다", unit=unit))
    late(session, -1, title="내일까지인 제안입니다", unit=unit)
    agora.proposal(
        session, ProposalState.ANSWERED, title="답변한 제안입니다", department_id=unit, due_at=clock.now() - DAY
    )
    page = client.get(LATE)
    assert page.status_code == 200
    assert "늦어진 답변이 없습니다" in page.text
    assert "모든 답변이 기한 안에 있습니다." in page.text
    for title in ("숨긴 제안입니다", "내일까지인 제안입니다", "답변한 제안입니다"):
        assert title not in page.text


def test_every_extension_stands_there_with_its_reason(client: FlaskClient, session: Session) -> None:
    held = late(session)
    assert held.due_at is not None
    days = [held.due_at - shift * DAY for shift in (14, 7, 0)]
    for old, new, reason in ((days[0], days[1], REASON), (days[1], days[2], "<b>전문가</b> 의견을 기다립니다.")):
        session.add(
            DueExtension(id=new_id(), proposal_id=held.id, old_due_at=old, new_due_at=new, reason=reason, at=old - DAY)
        )
    session.flush()
    (row,) = rows(client.get(LATE).text)
    said = [format_date(seoul_date(day)) for day in days]
    first, second = (f"{said[place]}에서 {said[place + 1]}로 늦추었습니다." for place in (0, 1))
    assert row.index(first) < row.index(REASON) < row.index(second)
    assert "이유: &lt;b&gt;전문가&lt;/b&gt; 의견을 기다립니다." in row


def test_its_department_sets_a_later_day_and_it_leaves_the_list(
    signed_in: SignIn, client: FlaskClient, session: Session
) -> None:
    unit = factories.department(session, "공원여가과")
    held = late(session, unit=unit.id)
    path, today = f"/proposals/{held.id}/extend", seoul_date(clock.now())
    form = {"until": (today + timedelta(days=7)).isoformat(), "reason": REASON}
    elsewhere = factories.user(session, Role.DEPARTMENT, department_id=factories.department(session).id)
    for other in (elsewhere, factories.user(session, level=2)):
        assert signed_in(other).post(path, data=form).status_code == 403
    browser = signed_in(factories.user(session, Role.DEPARTMENT, department_id=unit.id))
    for field, value, words in (
        ("until", "", "날짜를 골라 주십시오."),
        ("until", today - timedelta(days=1), "지금 기한과 오늘보다 뒤의 날을 골라 주십시오."),
        ("until", today + timedelta(days=500), "기한은 1년 안으로 정해 주십시오."),
        ("reason", "", "이유를 적어 주십시오."),
        ("reason", "담당자 900101-1234567", "주민등록번호"),
    ):
        wrong = form | {field: str(value)}
        refused = browser.post(path, data=wrong)
        assert refused.status_code == 422, words
        assert words in refused.text.split(f'id="{field}-error"')[1].split("</p>")[0]
        assert f'value="{wrong["until"]}"' in refused.text or not wrong["until"]
        assert f"{wrong['reason']}</textarea>" in refused.text
    assert session.scalar(select(func.count()).select_from(DueExtension)) == 0
    assert len(rows(client.get(LATE).text)) == 1
    moved = browser.post(path, data=form)
    assert (moved.status_code, moved.location) == (303, f"/proposals/{held.id}")
    assert "늦어진 답변이 없습니다" in client.get(LATE).text
    assert REASON in client.get(f"/proposals/{held.id}").text
    line = session.scalars(select(DueExtension)).one()
    assert (seoul_date(line.old_due_at), seoul_date(line.new_due_at)) == (
        today - timedelta(days=3),
        today + timedelta(days=7),
    )


def test_the_longest_late_come_first_and_each_once(client: FlaskClient, session: Session) -> None:
    unit, count = factories.department(session).id, overdue.SIZE + 2
    # The page ends between answers that were due the same day: the place in the list holds a second key.
    made = [late(session, 1 + place // 3, title=f"늦은 제안 {place:02}번", unit=unit) for place in range(count)]
    first = client.get(LATE).text
    following = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    second = client.get(following).text
    assert 'rel="next"' not in second
    shown = rows(first) + rows(second)
    assert (len(rows(first)), len(shown)) == (overdue.SIZE, count)
    order = sorted(made, key=lambda one: (one.due_at, one.id))
    assert [one.title in row for one, row in zip(order, shown, strict=True)] == [True] * count


def test_an_odd_place_in_the_list_is_refused_in_words(client: FlaskClient, session: Session) -> None:
    late(session)
    odd = ["broken", *(Cursor(uuid4(), value).encode() for value in ("abc", "2026-01-01T00:00:00", 10**30, None))]
    odd += [Cursor(uuid4(), f"{moment}:00:00{zone}").encode() for moment, zone in (
        ("0001-01-01T00", "+14:00"), ("9999-12-31T23", "-12:00"),
    )]  # fmt: skip
    for cursor in odd:
        answer = client.get(f"{LATE}?cursor={cursor}")
        assert answer.status_code == 422, cursor
        assert "첫 쪽부터 다시 보십시오" in answer.text


def test_many_late_answers_take_the_statements_of_one(client: FlaskClient, session: Session, queries: Queries) -> None:
    seen = []
    for count in (1, 8):
        for _ in range(count):
            held = late(session, unit=factories.department(session).id)
            assert held.due_at is not None
            session.add(
                DueExtension(
                    id=new_id(), proposal_id=held.id, old_due_at=held.due_at - DAY, new_due_at=held.due_at,
                    reason=REASON, at=held.due_at - 2 * DAY,
                )
            )  # fmt: skip
        session.flush()
        queries.clear()
        assert client.get(LATE).status_code == 200
        seen.append(len(queries))
    assert seen[0] == seen[1]
