"""The blueprint its modules share."""

from flask import Blueprint

from civicvote.web import login

bp = Blueprint("accounts", __name__)
bp.before_request(login.know_actor)
