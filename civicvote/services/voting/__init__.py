"""Voting: the basket, the ballot box, the receipt.

Nothing here is logged or audited: whatever names a person and a ballot together would break the secret.
"""

from civicvote.services.voting.basket import Booth, Choice, Filters, Part, booth
from civicvote.services.voting.casting import accepted_at, cast, new_form_key, receipt_file
from civicvote.services.voting.entrance import Refusal, Stop
from civicvote.services.voting.looking import COMPARED, Beside, Overview, beside, ordering, overview
from civicvote.services.voting.reminders import begun, remind

__all__ = [
    "COMPARED",
    "Beside",
    "Booth",
    "Choice",
    "Filters",
    "Overview",
    "Part",
    "Refusal",
    "Stop",
    "accepted_at",
    "begun",
    "beside",
    "booth",
    "cast",
    "new_form_key",
    "ordering",
    "overview",
    "receipt_file",
    "remind",
]
