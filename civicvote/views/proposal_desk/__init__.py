"""The city's side of 시민제안."""

from civicvote.views.proposal_desk import answering
from civicvote.views.proposal_desk.blueprint import bp

__all__ = ["answering", "bp"]
