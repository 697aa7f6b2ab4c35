"""The blueprint that the pages of talk share."""

from flask import Blueprint

bp = Blueprint("discussion", __name__)
