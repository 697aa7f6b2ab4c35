"""A 시민제안 from its draft to the city's promise: written, endorsed and discussed without JavaScript."""

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import select

from civicvote.domain.permissions import Role
from civicvote.models.departments import Department
from civicvote.models.proposals import Proposal
from civicvote.services.proposals import endorsing
from tests import factories
from tests.journeys.people import Person
from tests.journeys.site import Site
from tests.support import officials

pytestmark = pytest.mark.browser


def _endorsed(site: Site, key: UUID, count: int) -> None:
    """So many citizens endorse, each by the service behind the button."""
    for _ in range(count):
        with site.database.transaction() as session:
            endorsing.endorse(session, factories.actor(factories.user(session)), key)


def test_from_a_draft_to_a_promise(site: Site, somebody: Callable[..., Person]) -> None:
    officials.settle(
        site,
        ("staff", Role.STAFF, "고운결"),
        ("department", Role.DEPARTMENT, "다온빛"),
        ("writer", Role.CITIZEN, "라온길"),
        ("reader", Role.CITIZEN, "마루한"),
    )
    writer, reader = somebody(javascript=False, width=390), somebody(javascript=False)
    staff, department = somebody(), somebody()
    for person, name in ((writer, "writer"), (reader, "reader"), (staff, "staff"), (department, "department")):
        person.enters(f"{name}@city.example")

    writer.go("/proposals/new")
    writer.fill(title="한강공원 산책로에 그늘막 쉼터를", problem="여름 한낮에 쉴 그늘이 없습니다.")
    writer.press("임시저장")
    writer.fill(idea="산책로 500미터마다 그늘막과 의자를 놓아 주십시오.")
    writer.page.locator("main select[name='category']").select_option(index=1)
    writer.press("공개하기")
    with site.database.reading() as session:
        key = session.scalars(select(Proposal.id)).one()
        unit = str(session.scalars(select(Department.id)).one())
    page = f"/proposals/{key}"

    reader.go(page)
    reader.sees("한강공원 산책로에 그늘막 쉼터를")
    reader.fill(body="어르신들께 꼭 필요합니다.")
    reader.press("등록")
    reader.sees("어르신들께 꼭 필요합니다.")
    _endorsed(site, key, 49)
    staff.go("/proposals/desk")
    staff.sees_not("한강공원 산책로에 그늘막 쉼터를")
    reader.go(page)
    reader.press("공감하기")
    reader.sees("50")

    staff.go("/proposals/desk?show=assign")
    staff.sees("한강공원 산책로에 그늘막 쉼터를")
    staff.go(f"{page}/assign")
    staff.choose(department=unit)
    staff.press("정하기")
    department.go(f"{page}/answer")
    department.tick("verdict", "accepted")
    department.fill(text="내년 여름까지 **그늘막 서른 곳**을 설치하겠습니다.")
    department.press("공개 준비 완료")
    reader.go(page)
    reader.sees_not("그늘막 서른 곳")
    staff.go(f"{page}/publish-answer")
    staff.press("공개하기")
    writer.go(page)
    writer.sees("수용")
    writer.sees("그늘막 서른 곳")
    writer.go("/notices")
    writer.sees("한강공원 산책로에 그늘막 쉼터를")

    department.go(f"{page}/commitments/new")
    department.fill(title="그늘막 서른 곳 설치", step="설치할 곳 정하기", due_on="2099-06-30")
    department.page.locator("main form button[type='submit']").last.click()
    department.sees("그늘막 서른 곳 설치")
    visitor = somebody(javascript=False)
    visitor.go("/commitments")
    visitor.sees("그늘막 서른 곳 설치")
    visitor.go("/proposals/funnel")
    visitor.sees("수용")
