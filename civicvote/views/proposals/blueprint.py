"""The blueprint that the pages of 시민제안 share."""

from flask import Blueprint

bp = Blueprint("proposals", __name__)
