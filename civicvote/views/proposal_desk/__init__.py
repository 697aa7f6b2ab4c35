"""The city's side of 시민제안."""

from civicvote.views.proposal_desk import answering, batches, sorting
from civicvote.views.proposal_desk.blueprint import bp

__all__ = ["answering", "batches", "bp", "sorting"]
