"""Tables as files that no spreadsheet takes for formulas."""

from civicvote.domain.sheets import csv_bytes, safe_cell

__all__ = ["csv_bytes", "safe_cell"]
