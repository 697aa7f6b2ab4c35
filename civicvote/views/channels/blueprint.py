"""Desk, paper and stations share one blueprint."""

from flask import Blueprint

bp = Blueprint("channels", __name__)
