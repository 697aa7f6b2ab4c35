"""The blueprint that the pages of projects share."""

from flask import Blueprint

bp = Blueprint("projects", __name__)
