"""One project and what people say to it."""

from typing import Any
from uuid import UUID

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.text import excerpt
from civicvote.forms.projects import CommentForm, ReasonForm, cursor_from, key_of
from civicvote.models.base import new_id
from civicvote.services.projects import reading, talking
from civicvote.views.projects.blueprint import bp
from civicvote.web.access import current_actor, public
from civicvote.web.render import done, page, wants_part


def _detail(project_id: UUID, status: int = 200, form: CommentForm | None = None) -> ResponseReturnValue:
    actor = current_actor()
    found = reading.detail(session(), actor, project_id)
    talk = talking.comments(session(), actor, found.project, cursor_from(request.args, "comments"))
    more = url_for("projects.detail", project_id=project_id, comments=talk.next.encode()) if talk.next else ""
    return page(
        "projects/detail.html",
        partial="projects/_comments.html",
        status=status,
        d=found,
        p=found.project,
        comments=talk.rows,
        more_comments=more,
        comment_form=form,
        fresh=new_id,
        steps=reading.STEPS,
        cost_kinds=reading.COST_KINDS,
        gone=reading.GONE,
        summary=excerpt(found.project.problem or found.project.idea),
        actions=_actions(found),
    )


@bp.get("/projects/<uuid:project_id>")
@public
def detail(project_id: UUID) -> ResponseReturnValue:
    """Everything about one project."""
    return _detail(project_id)


#: Where the move of a project is made, by its name; what isn't here is made on the project's page by a button of its own.
_DESKS = {
    "withdraw": ("projects.withdraw", "project_id"),
    "supplement": ("projects.supplement", "project_id"),
    "assign": ("reviews.assign", "project_id"),
    "reopen": ("reviews.reopen", "project_id"),
    "start-review": ("reviews.detail", "review_id"),
    "request-supplement": ("reviews.detail", "review_id"),
    "accept": ("reviews.detail", "review_id"),
    "refuse": ("reviews.detail", "review_id"),
    "list": ("cycles.ballot_list", "slug"),
    "unlist": ("cycles.ballot_list", "slug"),
    "exclude": ("cycles.ballot_list", "slug"),
    "select": ("counting.index", "slug"),
    "pass-over": ("counting.index", "slug"),
}


def _actions(found: reading.Detail) -> dict[str, Any]:
    """The buttons of the page from the table of moves: `links` lead to a desk, `posts` act at once."""
    review = found.open_review
    values = {"project_id": found.project.id, "slug": found.cycle.slug, "review_id": review.id if review else None}
    links: dict[str, tuple[Any, str]] = {}
    posts = []
    for move in found.moves:
        if move.name not in _DESKS:
            posts.append((move, url_for("projects.move", project_id=found.project.id, name=move.name)))
            continue
        endpoint, key = _DESKS[move.name]
        wanted: dict[str, Any] = {key: values[key]}
        if values[key] is not None:
            links.setdefault(url_for(endpoint, **wanted), (move.label, move.tone))
    report = url_for("projects.status", project_id=found.project.id) if found.reportable else ""
    return {"links": [(label, url, tone) for url, (label, tone) in links.items()], "posts": posts, "report": report}


@bp.post("/projects/<uuid:project_id>/endorsement")
def endorse(project_id: UUID) -> ResponseReturnValue:
    """공감, or take it back."""
    on = request.form.get("on") != "0"
    count = talking.endorse(session(), current_actor(), project_id, on=on)
    part = "projects/_similar_done.html" if request.form.get("as") == "similar" else "projects/_endorsement.html"
    here = url_for("projects.detail", project_id=project_id)
    return done(here, partial=part, project_id=project_id, count=count, endorsed=on, endorsable=True, swapped=True)


@bp.post("/projects/<uuid:project_id>/follow")
def follow(project_id: UUID) -> ResponseReturnValue:
    """소식 받기, or no longer."""
    on = request.form.get("on") != "0"
    talking.follow(session(), current_actor(), project_id, on=on)
    here = url_for("projects.detail", project_id=project_id)
    return done(here, partial="projects/_follow.html", project_id=project_id, following=on, swapped=True)


@bp.post("/projects/<uuid:project_id>/comments")
def comment(project_id: UUID) -> ResponseReturnValue:
    """Say something."""
    form = CommentForm()
    if form.validate():
        with form.refusing() as ok:
            talking.say(
                session(),
                current_actor(),
                project_id,
                body=form.body.data or "",
                form_key=key_of(form.form_key.data) or new_id(),
                parent_id=key_of(form.parent.data),
            )
        if ok:
            return _said(project_id)
    return _detail(project_id, 422, form)


def _said(project_id: UUID) -> ResponseReturnValue:
    if wants_part():
        session().flush()
        return _detail(project_id)
    return done(url_for("projects.detail", project_id=project_id) + "#comments")


@bp.route("/projects/comments/<uuid:comment_id>/hide", methods=["GET", "POST"])
def hide_comment(comment_id: UUID) -> ResponseReturnValue:
    """A moderator hides a comment with a reason."""
    form = ReasonForm()
    target = talking.hidable(session(), current_actor(), comment_id)
    if request.method == "POST" and form.validate():
        with form.refusing() as ok:
            talking.hide(session(), current_actor(), comment_id, reason=form.reason.data or "")
        if ok:
            flash(_("댓글을 숨겼습니다. 쓴 사람에게 이유를 알립니다."), "success")
            return done(url_for("projects.detail", project_id=target.project_id) + "#comments")
    status = 422 if request.method == "POST" else 200
    return page("projects/hide.html", status=status, form=form, target=target)
