"""The thread's part and its pulse, and saying something."""

from urllib.parse import urlencode
from uuid import UUID

from flask import flash, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from civicvote.db import reader, session
from civicvote.domain.lifecycles import PostState
from civicvote.forms.discussion import PostForm
from civicvote.models.discussion import Post, Thread
from civicvote.services.discussion import commenting, reading, threads
from civicvote.views.discussion.blueprint import bp
from civicvote.views.discussion.showing import shown
from civicvote.web import live
from civicvote.web.access import current_actor, public
from civicvote.web.render import done, page, wants_part


def _part(thread: Thread, form: PostForm | None = None, *, status: int = 200) -> ResponseReturnValue:
    return page(
        "discussion/write.html", partial="discussion/_thread.html", status=status, talk=shown(thread.id, form=form)
    )


@bp.get("/threads/<uuid:thread_id>")
@public
def thread(thread_id: UUID) -> ResponseReturnValue:
    """The thread as a part of its page; by itself it leads there."""
    found = reading.thread(session(), current_actor(), thread_id)
    if wants_part():
        return _part(found)
    place = {name: value for name in ("sort", "stance", "posts") if (value := request.args.get(name, "")[:300])}
    return redirect(f"{found.path}{'?' if place else ''}{urlencode(place)}#talk", 303)


@bp.get("/threads/<uuid:thread_id>/pulse")
@public
def pulse(thread_id: UUID) -> ResponseReturnValue:
    """How far the thread is, for a page left open: one row by its key, or nothing new."""
    if not live.valid(thread_id, request.args.get("ticket", "")[:64]):
        raise NotFound
    found = threads.pulse(reader(), thread_id)
    etag = f"p{found.pulse}"
    if etag in request.if_none_match:
        answer = Response(status=304)
        answer.set_etag(etag)
        return answer
    told = jsonify(pulse=found.pulse, posts=found.posts)
    told.set_etag(etag)
    return told


@bp.post("/threads/<uuid:thread_id>/posts")
def comment(thread_id: UUID) -> ResponseReturnValue:
    """Say something."""
    actor, form = current_actor(), PostForm()
    found = reading.thread(session(), actor, thread_id)
    form.offer()
    if form.validate():
        with form.refusing(haste=True) as ok:
            post = commenting.comment(
                session(),
                actor,
                thread_id,
                body=form.body.data or "",
                form_key=form.key,
                parent_id=form.parent_id,
                stance=form.chosen,
            )
        if ok:
            return _said(found, post)
    return _part(found, form, status=422)


def _said(thread: Thread, post: Post) -> ResponseReturnValue:
    if post.state is PostState.HELD:
        flash(_("글을 받았습니다. 담당자가 확인한 뒤 공개합니다."), "info")
    if wants_part():
        session().flush()
        return _part(thread)
    return done(f"{thread.path}#post-{post.id}")
