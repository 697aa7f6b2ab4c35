"""Real elections in and out: a file becomes a closed, counted cycle with a sealed ballot per vote, and a file again."""

from civicvote.services.pabulib.exporting import export_file
from civicvote.services.pabulib.importing import import_file
from civicvote.services.pabulib.terms import Terms

__all__ = ["Terms", "export_file", "import_file"]
