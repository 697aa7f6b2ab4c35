"""Attached files: shown or downloaded, added and removed."""

from uuid import UUID

from flask import Blueprint, Response, flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.files import MOST_BYTES, MOST_FILES
from civicvote.domain.permissions import Permission
from civicvote.forms.files import AttachForm
from civicvote.services import files
from civicvote.services.files import doors
from civicvote.web.access import current_actor, public, requires, safe_next, settings, takes
from civicvote.web.render import done, download, page

bp = Blueprint("files", __name__, url_prefix="/files")

#: Room for the largest file, and the form around it.
FORM_BYTES = MOST_BYTES + 64 * 1024


@bp.get("/<uuid:attachment_id>")
@public
def show(attachment_id: UUID) -> ResponseReturnValue:
    """A picture to look at (`?small=1`: its smaller copy), or a document to keep."""
    found = files.open_to(session(), current_actor(), attachment_id)
    small = request.args.get("small") == "1"
    etag = f"{found.sha256[:32]}{'-s' if small else ''}"
    if etag in request.if_none_match:
        answer = Response(status=304)
        answer.set_etag(etag)
        return answer
    content = files.content_of(settings().store, found, small=small)
    if not found.picture:
        return download(content, found.name, found.media_type)
    answer = Response(content, content_type=found.media_type)
    answer.headers["Content-Disposition"] = "inline"
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.set_etag(etag)
    return answer


@bp.route("/of/<any(proposal, forum, round, campaign):kind>/<uuid:subject_id>", methods=["GET", "POST"])
@takes(FORM_BYTES)
@requires(Permission.POST_WRITE)
def manage(kind: str, subject_id: UUID) -> ResponseReturnValue:
    """The files of a thing: add one, or go back."""
    actor, form = current_actor(), AttachForm()
    doors.require(session(), actor, kind, subject_id, change=True)
    back = safe_next(request.values.get("back")) or ""
    if request.method == "POST":
        content, name = form.upload
        with form.refusing() as ok:
            files.attach(
                session(),
                actor,
                settings().store,
                (kind, subject_id),
                content,
                name=name,
                alt=form.alt.data or "",
                scanner=settings().clamd,
            )
        if ok:
            flash(_("파일을 붙였습니다."), "success")
            return done(url_for("files.manage", kind=kind, subject_id=subject_id, back=back or None))
    form.back.data = back
    return page(
        "files/manage.html",
        status=422 if request.method == "POST" else 200,
        form=form,
        kind=kind,
        subject_id=subject_id,
        attached=files.of(session(), subject_id)[subject_id],
        back=back,
        most=MOST_FILES,
    )


@bp.post("/<uuid:attachment_id>/remove")
def remove(attachment_id: UUID) -> ResponseReturnValue:
    """Take a file off."""
    found = files.remove(session(), current_actor(), attachment_id)
    flash(_("파일을 뺐습니다."), "success")
    back = safe_next(request.form.get("back"))
    return done(url_for("files.manage", kind=found.subject_kind, subject_id=found.subject_id, back=back))
