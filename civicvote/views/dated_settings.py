"""기준: what holds today, what held and what will hold; staff change it from a day on."""

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.dated_settings import SETTINGS, Setting
from civicvote.domain.errors import NotFoundError
from civicvote.domain.permissions import Permission
from civicvote.forms.dated_settings import SettingForm
from civicvote.services import clock, dated_settings
from civicvote.web.access import current_actor, public, requires
from civicvote.web.render import done, page

bp = Blueprint("dated_settings", __name__, url_prefix="/settings")


@bp.get("/")
@public
def index() -> ResponseReturnValue:
    """Every setting by its group, with its history."""
    lines = dated_settings.history(session())
    groups: dict[str, list[Setting]] = {}
    for setting in SETTINGS.values():
        groups.setdefault(setting.group.text, []).append(setting)
    return page(
        "dated_settings/index.html",
        groups=groups,
        values=dated_settings.values(session(), *SETTINGS),
        history={name: [line for line in lines if line.name == name] for name in SETTINGS},
        now=clock.now(),
    )


def _setting(name: str) -> Setting:
    if name not in SETTINGS:
        raise NotFoundError
    return SETTINGS[name]


@bp.route("/<name>", methods=["GET", "POST"])
@requires(Permission.SETTING_CHANGE)
def change(name: str) -> ResponseReturnValue:
    """Change a setting from a moment on."""
    setting, form = _setting(name), SettingForm()
    if request.method == "POST" and form.validate():
        assert form.value.data is not None
        assert form.effective_at.data is not None
        with form.refusing() as ok:
            dated_settings.change(
                session(),
                current_actor(),
                name,
                form.value.data,
                effective_at=form.effective_at.data,
                reason=form.reason.data or "",
            )
        if ok:
            flash(_("기준을 바꾸었습니다. 정한 때부터 적용됩니다."), "success")
            return done(url_for("dated_settings.index"))
    return page(
        "dated_settings/change.html",
        status=422 if request.method == "POST" else 200,
        setting=setting,
        form=form,
        now_value=dated_settings.value(session(), name),
    )
