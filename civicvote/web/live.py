"""Pages left open: an address that answers from one row, for whoever was shown the page."""

import hashlib
import hmac
from uuid import UUID

from civicvote.web.access import keys

_LENGTH = 32


def ticket(thread_id: UUID) -> str:
    """What lets a page ask for a thread's pulse without saying who asks: made where the page is."""
    secret = keys().derived("live")
    return hmac.new(secret, thread_id.bytes, hashlib.sha256).hexdigest()[:_LENGTH]


def valid(thread_id: UUID, given: str) -> bool:
    """Whether `given` was made here for this thread."""
    return hmac.compare_digest(ticket(thread_id).encode(), given.encode())
