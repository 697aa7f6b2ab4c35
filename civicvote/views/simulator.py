"""Trying rules: for staff, while a cycle's rules are open."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from civicvote.db import reader
from civicvote.domain.permissions import Permission
from civicvote.forms.simulator import SimulatorForm
from civicvote.services import simulator
from civicvote.web.access import current_actor, requires, takes
from civicvote.web.render import page

bp = Blueprint("simulator", __name__, url_prefix="/budget/<slug>/simulator")

#: Room for a file of the largest size, and the form around it.
FILE_BYTES = simulator.MOST_BYTES + 64 * 1024


@bp.route("", methods=["GET", "POST"])
@takes(FILE_BYTES)
@requires(Permission.CYCLE_MANAGE)
def index(slug: str) -> ResponseReturnValue:
    """Choose an election and rules; see what each rule would have made of it. Nothing is written."""
    stage = simulator.stage(reader(), current_actor(), slug)
    form = SimulatorForm(stage.cycle, stage.sources)
    found = None
    if form.validate_on_submit():
        with form.refusing():
            found = simulator.simulate(
                reader(), current_actor(), slug, form.trial(), source=form.picked, upload=form.upload
            )
    status = 422 if form.is_submitted() and found is None else 200
    return page("simulator/index.html", status=status, stage=stage, cycle=stage.cycle, form=form, found=found)
