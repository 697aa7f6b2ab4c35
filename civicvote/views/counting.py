"""Counting: for staff, two of them."""

from typing import Any

from flask import Blueprint, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from civicvote.db import session
from civicvote.domain.permissions import Permission
from civicvote.forms.counting import CorrectionForm, DiscardForm, EndingForm, OpenedForm
from civicvote.forms.release import PublishForm, ReleaseForm, scope
from civicvote.services import counting
from civicvote.services.counting.custody import Key
from civicvote.web.access import current_actor, keys, requires, takes
from civicvote.web.render import anew, done, download, page, wants_part

bp = Blueprint("counting", __name__, url_prefix="/budget/<slug>/count")

#: Room for the opened ballots of two million people.
OPENED_BYTES = 256 * 1024 * 1024


def _show(slug: str, *, status: int = 200, **forms: object) -> ResponseReturnValue:
    stand = counting.stand(session(), current_actor(), slug)
    chosen = counting.release.shown(session(), current_actor(), slug)
    preset = {"pooled": scope(chosen.pooled if chosen else False)}
    context: dict[str, Any] = {
        "opened_form": OpenedForm(formdata=None),
        "approval_form": PublishForm(formdata=None, data=preset),
        "release_form": ReleaseForm(formdata=None, data=preset),
        "discard_form": DiscardForm(formdata=None),
        "stand": stand,
        "release": chosen,
    } | forms
    return page("counting/index.html", status=status, **context)


@bp.get("")
def index(slug: str) -> ResponseReturnValue:
    """Where the count stands and what may be done next; the script asks every few seconds whether it is over."""
    if not wants_part():
        return _show(slug)
    task = counting.under_way(session(), current_actor(), slug)
    return page("counting/_task.html", slug=slug, task=task) if task else anew()


@bp.post("/seal")
@requires(Permission.COUNT_RUN)
def seal(slug: str) -> ResponseReturnValue:
    """Close the box."""
    counting.seal(session(), current_actor(), slug, keys=keys())
    flash(_("투표함을 봉인했습니다. 집계 대상 목록의 해시를 게시판에 올렸습니다."), "success")
    return done(url_for("counting.index", slug=slug))


@bp.get("/export")
@requires(Permission.COUNT_RUN)
def export(slug: str) -> ResponseReturnValue:
    """The file for the offline machine."""
    content = counting.export(session(), current_actor(), slug)
    return download(content, f"{slug}-count.json", "application/json")


def _asked() -> None:
    flash(_("개표를 시작합니다. 이 화면을 닫아도 계속됩니다."), "info")


@bp.post("/run")
@requires(Permission.COUNT_RUN)
def run(slug: str) -> ResponseReturnValue:
    """Have the ballots opened with the key file and counted."""
    counting.request_count(session(), current_actor(), slug)
    _asked()
    return done(url_for("counting.index", slug=slug))


@bp.post("/opened")
@takes(OPENED_BYTES)
@requires(Permission.COUNT_RUN)
def opened(slug: str) -> ResponseReturnValue:
    """Have what the offline machine gave back counted."""
    form = OpenedForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            counting.request_count(session(), current_actor(), slug, opened=form.opened.data.read())
        if ok:
            _asked()
            return done(url_for("counting.index", slug=slug))
    return _show(slug, status=422, opened_form=form)


@bp.post("/publish")
@takes(OPENED_BYTES)
@requires(Permission.COUNT_APPROVE)
def publish(slug: str) -> ResponseReturnValue:
    """Have the ballots counted again and, if all is the same, published."""
    form = PublishForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            counting.request_publication(session(), current_actor(), slug, opened=form.content, pooled=form.only_totals)
        if ok:
            flash(_("다시 개표하고 있습니다. 같으면 바로 공표됩니다. 이 화면을 닫아도 계속됩니다."), "info")
            return done(url_for("counting.index", slug=slug))
    return _show(slug, status=422, approval_form=form)


@bp.post("/release")
@requires(Permission.COUNT_RUN)
def release(slug: str) -> ResponseReturnValue:
    """What the person who counted wants published: single ballots or totals only."""
    form = ReleaseForm()
    if form.validate_on_submit():
        counting.release.choose(session(), current_actor(), slug, only_totals=form.only_totals)
        flash(_("공개 범위를 저장했습니다. 다른 담당자가 같은 것을 골라야 공표됩니다."), "success")
        return done(url_for("counting.index", slug=slug))
    return _show(slug, status=422, release_form=form)


@bp.post("/whole-bundle")
@requires(Permission.AUDIT_READ)
def whole_bundle(slug: str) -> ResponseReturnValue:
    """The bundle with its single ballots, for auditors, where only totals were published."""
    content = counting.release.withheld(session(), current_actor(), slug)
    return download(content, f"{slug}-whole-bundle.zip", "application/zip")


@bp.post("/discard")
@requires(Permission.COUNT_APPROVE)
def discard(slug: str) -> ResponseReturnValue:
    """Send the count back."""
    form = DiscardForm()
    if form.validate_on_submit():
        counting.discard(session(), current_actor(), slug, reason=form.reason.data or "")
        flash(_("개표 결과를 반려했습니다. 다시 개표해야 합니다."), "info")
        return done(url_for("counting.index", slug=slug))
    return _show(slug, status=422, discard_form=form)


@bp.get("/ceremony")
def ceremony(slug: str) -> ResponseReturnValue:
    """The checklist of the key ceremony, to print."""
    return page("counting/ceremony.html", it=counting.ceremony(session(), current_actor(), slug, keys=keys()))


def _keys(slug: str, *, status: int = 200, form: EndingForm | None = None, key: str = "") -> ResponseReturnValue:
    return page(
        "counting/custody.html",
        status=status,
        it=counting.custody.custody(session(), current_actor(), slug, keys=keys()),
        form=form or EndingForm(formdata=None),
        wrong=key,
    )


@bp.get("/keys")
def custody(slug: str) -> ResponseReturnValue:
    """Where the vote's keys are, and who said that they are destroyed."""
    return _keys(slug)


@bp.post("/keys/<any(vote,roll):key>")
@requires(Permission.COUNT_APPROVE)
def destroy(slug: str, key: str) -> ResponseReturnValue:
    """One person's word that a key is destroyed; the second one's ends it."""
    form = EndingForm()
    if form.validate_on_submit():
        with form.refusing() as ok:
            ended = counting.custody.destroy(
                session(), current_actor(), slug, Key(key), how=form.how.data or "", keys=keys()
            )
        if ok:
            if ended:
                flash(_("두 사람이 확인하여 열쇠를 폐기했습니다. 게시판과 감사기록에 남겼습니다."), "success")
            else:
                flash(_("확인을 기록했습니다. 다른 담당자가 확인하면 폐기됩니다."), "info")
            return done(url_for("counting.custody", slug=slug))
    return _keys(slug, status=422, form=form, key=key)


def _changes(slug: str, *, status: int = 200, form: CorrectionForm | None = None) -> ResponseReturnValue:
    desk = counting.news.desk(session(), current_actor(), slug)
    form = form or CorrectionForm(formdata=None)
    form.project.choices = _projects(desk)
    return page("counting/changes.html", status=status, desk=desk, form=form)


def _projects(desk: counting.news.Desk) -> list[SelectChoice]:
    named = (SelectChoice(number, f"{number} · {title}") for number, title in desk.choices)
    return [SelectChoice("", _("사업을 고르십시오")), *named]


@bp.get("/changes")
def changes(slug: str) -> ResponseReturnValue:
    """What changed about the ballot since it was announced, and how far people have been told."""
    return _changes(slug)


@bp.post("/changes")
@requires(Permission.PROJECT_EXCLUDE)
def correct(slug: str) -> ResponseReturnValue:
    """Put something right, in public."""
    form = CorrectionForm()
    form.project.choices = _projects(counting.news.desk(session(), current_actor(), slug))
    if form.validate_on_submit():
        with form.refusing() as ok:
            counting.news.correct(
                session(), current_actor(), slug, project=form.project.data, text=form.text.data or "", keys=keys()
            )
        if ok:
            flash(_("정정을 게시판에 올렸습니다. 참여한 분들께 차례로 알립니다."), "success")
            return done(url_for("counting.changes", slug=slug))
    return _changes(slug, status=422, form=form)
