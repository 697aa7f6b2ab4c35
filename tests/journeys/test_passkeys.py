"""Passkeys with Chromium's own virtual authenticator, on a site that asks officials for a second factor."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from civicvote.domain.permissions import Role
from civicvote.services.accounts import passwords
from tests import factories
from tests.journeys import axe
from tests.journeys.people import PASSWORD, Person
from tests.journeys.site import serve

pytestmark = pytest.mark.browser
ADDRESS = "staff@city.example"


def test_register_then_second_factor_then_no_password(tmp_path: Path, guests: Callable[..., Person]) -> None:
    with serve(tmp_path, host="localhost") as site:
        with site.database.transaction() as session:
            hashed = passwords.hashed(PASSWORD)
            factories.user(session, Role.STAFF, name="고운결", email=ADDRESS, password_hash=hashed)
        me = guests(site)
        authenticator = me.page.context.new_cdp_session(me.page)
        authenticator.send("WebAuthn.enable")
        made = authenticator.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                    "automaticPresenceSimulation": True,
                }
            },
        )["authenticatorId"]

        def know_owner(*, yes: bool) -> None:
            authenticator.send("WebAuthn.setUserVerified", {"authenticatorId": made, "isUserVerified": yes})

        me.signs_in(ADDRESS)
        me.go("/staff")
        expect(me.page).to_have_url(f"{site.url}/account/security?next=/staff")
        me.sees("맡은 업무를 하려면 2단계 인증이 필요합니다")
        me.fill(name="업무용 노트북")
        me.press("패스키 등록")
        me.sees("지금 한 번만 보입니다")
        expect(me.page.locator(".codes li")).to_have_count(10)
        assert axe.faults(me.page) == []
        me.follow("적어 두었습니다")
        expect(me.page).to_have_url(f"{site.url}/staff")
        me.go("/account/security")
        me.sees("업무용 노트북")
        assert axe.faults(me.page) == []

        _sign_out(me)
        me.go("/sign-in?next=/staff")
        me.fill(email=ADDRESS, password=PASSWORD)
        me.press("로그인")
        expect(me.page).to_have_url(f"{site.url}/second-factor?next=/staff")
        assert axe.faults(me.page) == []
        assert me.status("/me") == 200  # the sign-in page it is led to: nothing is open yet
        know_owner(yes=False)
        me.press_part("패스키로 확인")
        expect(me.page.locator("[data-passkey-said]")).to_contain_text("패스키를 쓰지 못했습니다.")
        know_owner(yes=True)
        me.press("패스키로 확인")
        expect(me.page).to_have_url(f"{site.url}/staff")

        _sign_out(me)
        me.go("/sign-in?next=/staff")
        me.press("패스키로 로그인")
        expect(me.page).to_have_url(f"{site.url}/staff")


def _sign_out(person: Person) -> None:
    person.page.locator("details.drop > summary").click()
    with person.page.expect_navigation():
        person.page.locator("details.drop").get_by_role("button", name="로그아웃").click()
    person.sees("로그아웃했습니다.")
