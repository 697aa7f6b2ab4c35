"""Texts of moderators and officials: cleaned, measured, and without resident numbers."""

from civicvote.domain.text import clean_line, clean_text, refuse_resident_number

REASON_MIN, REASON_MAX = 2, 500


def line(value: str, field: str, *, minimum: int = 1, maximum: int) -> str:
    """One line, or InvalidError beside `field`."""
    found = clean_line(value, minimum=minimum, maximum=maximum, field=field)
    refuse_resident_number(found, field=field)
    return found


def text(value: str, field: str, *, minimum: int = 1, maximum: int) -> str:
    """Several lines, or InvalidError beside `field`."""
    found = clean_text(value, minimum=minimum, maximum=maximum, field=field)
    refuse_resident_number(found, field=field)
    return found


def reason(value: str, field: str = "reason") -> str:
    """Why somebody did something; public, so it can't be empty."""
    return text(value, field, minimum=REASON_MIN, maximum=REASON_MAX)
