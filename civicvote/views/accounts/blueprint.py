"""The blueprint its modules share."""

from flask import Blueprint

bp = Blueprint("accounts", __name__)
