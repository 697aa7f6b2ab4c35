"""What people do in a browser, in words: go, fill in, press, see."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Locator, Page, expect
from playwright.sync_api import Error as PlaywrightError

if TYPE_CHECKING:
    from tests.journeys.site import Site

PASSWORD = "물푸레-나무-그늘-7"


def turn(box: Locator, *, on: bool = True) -> None:
    """Switch a box by its key: the bar that stays in sight covers a box now and then and would catch a click."""
    if box.is_checked() is not on:
        box.press("Space")
    expect(box).to_be_checked(checked=on)


class Person:
    """One browser context with its page. Console errors and policy reports are collected in `troubles`."""

    def __init__(self, page: Page, site: "Site", *, javascript: bool) -> None:
        self.page = page
        self.site = site
        self.javascript = javascript
        self.address = ""
        self.troubles: list[str] = []
        self.checks: list[Callable[[Page], list[str]]] = []
        page.on("console", self._listen)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))

    def _listen(self, message: ConsoleMessage) -> None:
        expected = "Failed to load resource" in message.text  # a 4xx answer that the test asked for
        if message.type == "error" and not expected:
            self.troubles.append(message.text)

    @property
    def path(self) -> str:
        """Path of the page this person looks at."""
        return urlsplit(self.page.url).path

    def go(self, path: str) -> None:
        """Open an address."""
        self.page.goto(path)
        self.look()

    def look(self) -> None:
        """Look at the page that has come for what must not be on any."""
        self.troubles += [f"{self.page.url}: {fault}" for check in self.checks for fault in check(self.page)]

    def fill(self, **values: str) -> None:
        """Fill in fields by their names."""
        for name, value in values.items():
            self.page.locator(f"main [name='{name}']").first.fill(value)

    def choose(self, **values: str) -> None:
        """Choose options of selects by their names."""
        for name, value in values.items():
            self.page.locator(f"main select[name='{name}']").first.select_option(value)

    def tick(self, name: str, value: str = "") -> None:
        """Tick a checkbox or radio button."""
        selector = f"main [name='{name}']" + (f"[value='{value}']" if value else "")
        turn(self.page.locator(selector).first)

    def pick(self, number: str) -> None:
        """Tick a project of a ballot."""
        turn(self.page.locator(f"main [id='picks-{number}']"))

    def press(self, words: str) -> None:
        """Press the button called so, confirm the question if one is asked, and wait for the next page."""
        button = self.page.locator("main").get_by_role("button", name=words, exact=True).first
        form_asks = self.javascript and button.evaluate("b => !!b.closest('form[data-confirm]')")
        if form_asks:
            button.click()
            dialog = self.page.locator("dialog[open]")
            with self.page.expect_navigation():
                dialog.get_by_role("button", name=words, exact=True).click()
        else:
            with self.page.expect_navigation():
                button.click()
        self.look()

    def press_part(self, words: str) -> None:
        """Press the button called so, whose answer changes a part of the page with the script and is a page without."""
        button = self.page.locator("main").get_by_role("button", name=words, exact=True).first
        if self.javascript:
            button.click()
        else:
            with self.page.expect_navigation():
                button.click()

    def follow(self, words: str) -> None:
        """Follow the link called so."""
        with self.page.expect_navigation():
            self.page.locator("main").get_by_role("link", name=words, exact=True).first.click()
        self.look()

    def sees(self, words: str) -> None:
        """The page's main part says so."""
        expect(self.page.locator("main")).to_contain_text(words)

    def sees_not(self, words: str) -> None:
        """The page's main part doesn't say so."""
        expect(self.page.locator("main")).not_to_contain_text(words)

    def waits_for_the_count(self) -> None:
        """See that it counts, let the worker do it, and see that it is over: the page asks by itself, or one asks again."""
        self.sees("개표하고 있습니다")
        self.site.tick()
        if self.javascript:
            expect(self.page.locator("#count-task")).to_have_count(0, timeout=60_000)
        else:
            self.follow("새로 고침")
        self.look()

    def status(self, path: str) -> int:
        """The status of a GET with this person's cookies."""
        return self.page.request.get(path).status

    def view(self) -> str:
        """Where this person is and what the page says, for the report of a failed test."""
        try:
            return f"{self.page.url}\n{self.page.locator('main').inner_text(timeout=1000)[:3000]}\n{self.troubles}"
        except PlaywrightError as error:
            return str(error)

    def joins(self, address: str, name: str) -> None:
        """Sign up, and confirm by the link in the mail and the password, which signs in."""
        self.address = address
        self.go("/sign-up")
        self.fill(email=address, name=name, password=PASSWORD)
        self.tick("consent")
        self.press(self.words("가입하기", "Sign up"))
        self.site.tick()
        self.go(self.letter_link(address, "confirm-email"))
        self.fill(password=PASSWORD)
        self.press(self.words("확인하고 로그인", "Confirm and sign in"))
        expect(self.page).to_have_url(self.site.url + "/me")

    def letter_link(self, address: str, page: str) -> str:
        """The link to a page in the last letter to an address that has one."""
        letters = "\n".join(self.site.mail_to(address))
        link: str = re.findall(rf"http://\S+/{page}/\S+", letters)[-1]
        return link.removeprefix(self.site.url)

    def signs_in(self, address: str) -> None:
        """Sign in with the password everybody has here."""
        self.address = address
        self.go("/sign-in")
        self.fill(email=address, password=PASSWORD)
        self.press(self.words("로그인", "Sign in"))
        expect(self.page).to_have_url(self.site.url + "/me")

    def enters(self, address: str) -> None:
        """Be signed in, without the page."""
        self.address = address
        token = self.site.session_of(address)
        self.page.context.add_cookies([{"name": "cv", "value": token, "url": self.site.url}])

    def words(self, korean: str, english: str) -> str:
        """The words in the language of the page."""
        return english if self.page.locator("html").get_attribute("lang") == "en" else korean

    def verifies(self, district: str = "11110", birth_year: str = "1988") -> None:
        """Use the demo's verifier."""
        self.go("/verification/demo")
        self.choose(district=district)
        self.fill(birth_year=birth_year)
        self.press(self.words("이렇게 확인된 것으로 하기", "Treat me as confirmed like this"))
