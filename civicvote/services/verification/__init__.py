"""Verification: who is a real person of Seoul, by the register, at the desk or (demo only) by saying so."""

from civicvote.services.verification.desk import DeskAccount, DeskCase, at_desk, look_up
from civicvote.services.verification.granting import VALID_FOR, Namesake
from civicvote.services.verification.online import IDENTITY, by_demo, by_register
from civicvote.services.verification.register import Imported, import_register
from civicvote.services.verification.standing import BASES, METHODS, Standing, standing

__all__ = [
    "BASES",
    "IDENTITY",
    "METHODS",
    "VALID_FOR",
    "DeskAccount",
    "DeskCase",
    "Imported",
    "Namesake",
    "Standing",
    "at_desk",
    "by_demo",
    "by_register",
    "import_register",
    "look_up",
    "standing",
]
