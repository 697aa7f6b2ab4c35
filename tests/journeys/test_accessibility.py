"""Every page of every role, by axe-core, on a phone and on a desk: no violation, no sideways scrolling, no script error."""

from collections.abc import Callable

import pytest

from tests.journeys import axe
from tests.journeys.pages import ROLES, Atlas
from tests.journeys.people import Person
from tests.journeys.site import Site

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def atlas(planted: Site) -> Atlas:
    return Atlas(planted)


@pytest.mark.parametrize("role", ROLES)
def test_pages_of(role: str, atlas: Atlas, visitor: Callable[..., Person]) -> None:
    person = visitor()
    if role != "visitor":
        person.enters(f"{role}@demo.civicvote.example")
    faults = []
    for address in atlas.worth_a_look(role):
        person.go(address)
        faults += axe.faults(person.page)
    assert faults == []


def test_no_page_is_forgotten(atlas: Atlas) -> None:
    left = set(atlas.endpoints())
    for role in ("visitor", "citizen", "verified", "staff", "department", "admin", "auditor", "moderator", "expert"):
        left -= set(atlas.open_to(role, left))
    assert left == set()
