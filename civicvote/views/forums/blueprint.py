"""The blueprint that the pages of 공론장 share."""

from flask import Blueprint

bp = Blueprint("forums", __name__)
