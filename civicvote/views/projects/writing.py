"""An author's pages: the form with its draft, its preview and what is similar."""

from uuid import UUID

from flask import flash, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.lifecycles import ProjectState
from civicvote.forms.projects import ProjectForm, key_of
from civicvote.models.base import new_id
from civicvote.models.projects import Project
from civicvote.services import search
from civicvote.services.projects import reading, writing
from civicvote.views.projects.blueprint import bp
from civicvote.web.access import current_actor
from civicvote.web.render import done, page


def _edit(
    form: ProjectForm, found: reading.Detail | None = None, *, status: int = 200, preview: bool = False
) -> ResponseReturnValue:
    pools = writing.open_pools(session())
    own = found.project if found else None
    form.key.data = str(form.form_key)  # whatever was sent: the page saves under it as one types
    form.offer(pools, own, found.pool.name if found else "")
    return page(
        "projects/edit.html",
        status=status,
        form=form,
        own=own,
        pools=pools,
        preview=preview,
        similar=_similar_to(form.title.data or "", own.id if own else None) if preview or status == 422 else [],
        endorsable=reading.ENDORSABLE,
        autosave=own is None or own.state is ProjectState.DRAFT,
    )


def _similar_to(title: str, but: UUID | None) -> list[search.Similar]:
    return search.similar(session(), title, viewer_id=current_actor().id, but=but)


@bp.get("/projects/new")
def new() -> ResponseReturnValue:
    """An empty proposal; `?cycle=` and `?pool=` choose for the author."""
    form = ProjectForm(formdata=None)
    pools = writing.open_pools(session())
    form.key.data = str(new_id())
    chosen = [p for p in pools if str(p.id) == request.args.get("pool")]
    chosen = chosen or [p for p in pools if p.cycle_slug == request.args.get("cycle")]
    form.pool.data = str(chosen[0].id) if chosen else None
    return _edit(form)


@bp.post("/projects/new")
def create() -> ResponseReturnValue:
    """Keep, preview or submit a new proposal."""
    form = ProjectForm()
    action = request.form.get("action", "save")
    if form.validate():
        if action == "preview":
            return _edit(form, preview=True)
        with form.refusing() as ok:
            project = writing.save(
                session(), current_actor(), form.form_key, form.content(), version=None, final=action == "submit"
            )
        if ok:
            return _saved(project)
    return _edit(form, status=422)


def _saved(project: Project) -> ResponseReturnValue:
    if project.state is ProjectState.DRAFT:
        flash(_("초안을 저장했습니다. 제출하기 전에는 나만 볼 수 있습니다."), "success")
        return done(url_for("projects.edit", project_id=project.id))
    flash(
        _(
            "제안이 접수되어 있습니다(접수번호 %(number)s). 검토가 시작되면 이메일로 알려 드립니다.",
            number=project.number,
        ),
        "success",
    )
    return done(url_for("projects.detail", project_id=project.id))


@bp.get("/projects/<uuid:project_id>/edit")
def edit(project_id: UUID) -> ResponseReturnValue:
    """The author's form."""
    found = reading.editable(session(), current_actor(), project_id)
    form = ProjectForm(formdata=None)
    form.show(found.project)
    return _edit(form, found)


@bp.post("/projects/<uuid:project_id>/edit")
def save(project_id: UUID) -> ResponseReturnValue:
    """Keep, preview or submit what the author changed."""
    found = reading.editable(session(), current_actor(), project_id)
    form = ProjectForm()
    action = request.form.get("action", "save")
    if form.validate():
        if action == "preview":
            return _edit(form, found, preview=True)
        with form.refusing() as ok:
            project = writing.save(
                session(),
                current_actor(),
                project_id,
                form.content(),
                version=form.based_on,
                final=action == "submit",
            )
        if ok:
            return _saved(project)
        found = reading.editable(session(), current_actor(), project_id)
    return _edit(form, found, status=422)


@bp.post("/projects/<uuid:project_id>/autosave")
def autosave(project_id: UUID) -> ResponseReturnValue:
    """Keep what is being typed; the script calls this."""
    form = ProjectForm()
    if form.validate():
        with form.refusing() as ok:
            writing.autosave(session(), current_actor(), project_id, form.content(), version=form.based_on)
        if ok:
            return jsonify(saved=True, page=url_for("projects.edit", project_id=project_id))
    return jsonify(errors=form.errors), 422


@bp.get("/projects/similar")
def similar() -> ResponseReturnValue:
    """Projects like the title being typed."""
    title = request.args.get("title", "")[:200]
    found = _similar_to(title, key_of(request.args.get("but", "")))
    return page("projects/_similar.html", similar=found, interactive=True, endorsable=reading.ENDORSABLE)
