"""What is wrong with the page that is open: axe-core's findings and sideways scrolling, at the widths of a phone and a desk."""

from typing import Any

from playwright.sync_api import Page

from tests.journeys.site import ASSETS

WIDTHS = (390, 1280)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_SOURCE = (ASSETS / "axe.min.js").read_text("utf-8")
_RUN = """async (tags) => {
  const options = {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"], iframes: false};
  const found = (await axe.run(document, options)).violations;
  return found.map((v) => [v.id, v.nodes.map((n) => n.target.join(" ") + " " + n.html.slice(0, 160)).slice(0, 3)]);
}"""
_WIDE = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const out = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > root.clientWidth + 1);
  return ["wider than the window", ...out.slice(0, 3).map((e) => e.outerHTML.slice(0, 160))];
}"""


def too_wide(page: Page) -> list[str]:
    """What makes the page scroll sideways."""
    found: list[str] = page.evaluate(_WIDE)
    return found


def faults(page: Page, widths: tuple[int, ...] = WIDTHS) -> list[Any]:
    """Everything wrong, each with the width at which it is."""
    page.evaluate(_SOURCE)
    found: list[Any] = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        found += [(page.url, width, *violation) for violation in page.evaluate(_RUN, TAGS)]
        if wide := too_wide(page):
            found.append((page.url, width, wide))
    return found
