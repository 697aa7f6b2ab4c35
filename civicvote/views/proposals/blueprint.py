"""The blueprint that the pages of proposals share."""

from flask import Blueprint

bp = Blueprint("proposals", __name__)
