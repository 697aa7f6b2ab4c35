"""The blueprint that the pages of 의견수렴 share."""

from flask import Blueprint

bp = Blueprint("statements", __name__)
