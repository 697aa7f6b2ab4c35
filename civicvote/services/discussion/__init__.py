"""Talk, wherever it stands, and what moderators do about it."""
