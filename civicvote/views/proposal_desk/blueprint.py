"""The blueprint that the pages of the city's desk share."""

from flask import Blueprint

bp = Blueprint("proposal_desk", __name__, url_prefix="/proposals")
