"""The second factor: authenticator apps, passkeys, and codes for the day both are lost."""

from civicvote.services.factors import apps, codes, passkeys
from civicvote.services.factors.passkeys import Party
from civicvote.services.factors.state import State, recount, state

__all__ = ["Party", "State", "apps", "codes", "passkeys", "recount", "state"]
