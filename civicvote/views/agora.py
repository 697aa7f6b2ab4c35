"""오늘의공론장, and the desk of its outside links."""

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain import districts
from civicvote.domain.agora import DEEDS, OPEN_KINDS, OpenKind
from civicvote.domain.permissions import Permission
from civicvote.forms.agora import LinkForm, filters_from
from civicvote.forms.projects import cursor_from
from civicvote.services import agora
from civicvote.web.access import current_actor, public, requires
from civicvote.web.i18n import language, say
from civicvote.web.render import done, page

bp = Blueprint("agora", __name__)


def way_to(row: agora.OpenRow) -> str:
    """Where one takes part."""
    if row.kind is OpenKind.OUTSIDE:
        return row.url
    if row.kind is OpenKind.VOTE:
        return url_for("voting.basket", slug=row.slug)
    if row.kind is OpenKind.CALL:
        return url_for("projects.new", cycle=row.slug)
    if row.kind is OpenKind.PROPOSAL:
        return url_for("proposals.detail", proposal_id=row.key)
    if row.kind is OpenKind.CAMPAIGN:
        return url_for("campaigns.detail", campaign_id=row.key)
    return url_for("forums.round", round_id=row.key)


@bp.get("/today")
@public
def today() -> ResponseReturnValue:
    """Everything that is open."""
    filters = filters_from(request.args)
    found = agora.today(session(), current_actor(), filters, cursor_from(request.args))
    more: dict[str, Any] = {**filters.args(), "cursor": found.next.encode()} if found.next else {}
    return page(
        "agora/today.html",
        partial="agora/_list.html",
        filters=filters,
        rows=[(row, way_to(row)) for row in found.rows],
        next_url=url_for("agora.today", **more) if more else "",
        kinds=[(kind.value, say(label)) for kind, label in OPEN_KINDS.items()],
        labels=OPEN_KINDS,
        deeds=DEEDS,
        districts=districts.choices(language()),
    )


@bp.get("/today/links")
@requires(Permission.AGORA_MANAGE)
def links() -> ResponseReturnValue:
    """The registered links."""
    return page("agora/links.html", links=agora.outside(session(), current_actor()))


def _edit(form: LinkForm, address: str, *, fresh: bool) -> ResponseReturnValue:
    form.offer()
    status = 422 if request.method == "POST" else 200
    return page("agora/link.html", status=status, form=form, address=address, fresh=fresh)


@bp.route("/today/links/new", methods=["GET", "POST"])
@requires(Permission.AGORA_MANAGE)
def new_link() -> ResponseReturnValue:
    """Register a link."""
    form = LinkForm()
    if request.method == "POST" and form.validate():
        with form.refusing() as ok:
            agora.add_link(session(), current_actor(), form.draft())
        if ok:
            flash(_("링크를 등록했습니다."), "success")
            return done(url_for("agora.links"))
    return _edit(form, url_for("agora.new_link"), fresh=True)


@bp.route("/today/links/<uuid:link_id>", methods=["GET", "POST"])
@requires(Permission.AGORA_MANAGE)
def edit_link(link_id: UUID) -> ResponseReturnValue:
    """Correct a link."""
    form = LinkForm()
    found = agora.link(session(), current_actor(), link_id)
    if request.method == "GET":
        form.show(found)
    elif form.validate():
        with form.refusing() as ok:
            agora.change_link(session(), current_actor(), link_id, form.draft())
        if ok:
            flash(_("링크를 고쳤습니다."), "success")
            return done(url_for("agora.links"))
    return _edit(form, url_for("agora.edit_link", link_id=link_id), fresh=False)


@bp.post("/today/links/<uuid:link_id>/remove")
@requires(Permission.AGORA_MANAGE)
def remove_link(link_id: UUID) -> ResponseReturnValue:
    """Take a link down."""
    agora.remove_link(session(), current_actor(), link_id)
    flash(_("링크를 내렸습니다."), "success")
    return done(url_for("agora.links"))
