"""Accounts: joining, signing in and out, one's own data, leaving."""

from civicvote.services.accounts.joining import (
    ask_reset,
    confirm,
    confirmable,
    normal_address,
    reset,
    resettable,
    sign_up,
)
from civicvote.services.accounts.leaving import ERASED_NAME, download, erase
from civicvote.services.accounts.own import (
    Profile,
    ask_change_email,
    change_email,
    change_profile,
    changeable,
    profile,
)
from civicvote.services.accounts.signing import (
    Known,
    Opened,
    change_password,
    check,
    check_own,
    enter,
    sign_in,
    sign_out,
)
from civicvote.services.accounts.sweeping import sweep

__all__ = [
    "ERASED_NAME",
    "Known",
    "Opened",
    "Profile",
    "ask_change_email",
    "ask_reset",
    "change_email",
    "change_password",
    "change_profile",
    "changeable",
    "check",
    "check_own",
    "confirm",
    "confirmable",
    "download",
    "enter",
    "erase",
    "normal_address",
    "profile",
    "reset",
    "resettable",
    "sign_in",
    "sign_out",
    "sign_up",
    "sweep",
]
