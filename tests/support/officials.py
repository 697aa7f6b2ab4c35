"""Officials of a running site, each with an address and the password everybody has in journeys."""

from civicvote.domain.permissions import Role
from civicvote.services.accounts import passwords
from tests import factories
from tests.journeys.people import PASSWORD
from tests.journeys.site import Site


def settle(site: Site, *people: tuple[str, Role, str], department: str = "교통정책과") -> dict[str, str]:
    """Make accounts (key, role, name); returns the key of each account by its own. The department's people belong to it."""
    hashed = passwords.hashed(PASSWORD)
    made: dict[str, str] = {}
    with site.database.transaction() as session:
        unit = factories.department(session, department)
        for key, role, name in people:
            roles = () if role is Role.CITIZEN else (role,)
            user = factories.user(session, *roles, name=name, email=f"{key}@city.example", password_hash=hashed)
            user.department_id = unit.id if role is Role.DEPARTMENT else None
            user.created_at = user.created_at - 30 * factories.DAY
            made[key] = str(user.id)
    return made
