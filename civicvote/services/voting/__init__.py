"""Voting: the basket, the ballot box, the receipt.

Nothing here is logged or audited: whatever names a person and a ballot together would break the secret.
"""

from civicvote.services.voting.basket import Booth, Choice, Filters, Overview, Part, booth, overview
from civicvote.services.voting.casting import accepted_at, cast, new_form_key, receipt_file
from civicvote.services.voting.entrance import Refusal, Stop

__all__ = [
    "Booth",
    "Choice",
    "Filters",
    "Overview",
    "Part",
    "Refusal",
    "Stop",
    "accepted_at",
    "booth",
    "cast",
    "new_form_key",
    "overview",
    "receipt_file",
]
