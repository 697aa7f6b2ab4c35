"""의견수렴: answering statements, all of them, and the opinion map."""

from civicvote.views.statements import answering, charts
from civicvote.views.statements.blueprint import bp

__all__ = ["answering", "bp", "charts"]
