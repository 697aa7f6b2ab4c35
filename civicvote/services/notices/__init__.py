"""What people are told: the inbox, their wishes about mail, and the mail itself."""

from civicvote.services.notices.telling import tell

__all__ = ["tell"]
