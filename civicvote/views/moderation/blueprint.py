"""The blueprint that the moderators' pages share."""

from flask import Blueprint

bp = Blueprint("moderation", __name__, url_prefix="/moderation")
