"""Files people attach: looked at, made anew, stored under random names, and shown to whoever may see what they belong to."""

from civicvote.services.files.attaching import attach, remove, sweep
from civicvote.services.files.reading import Shown, content_of, of, open_to

__all__ = ["Shown", "attach", "content_of", "of", "open_to", "remove", "sweep"]
