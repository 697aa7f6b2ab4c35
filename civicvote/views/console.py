"""A round's moderators at work."""

from uuid import UUID

from flask import Blueprint, flash, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain.permissions import Permission as P
from civicvote.forms.console import SummaryForm, WordForm
from civicvote.models.base import new_id
from civicvote.services.deliberation import rounds
from civicvote.services.moderation import console, queue
from civicvote.views.moderation.queue import WORDS
from civicvote.web.access import current_actor, requires
from civicvote.web.filters import district
from civicvote.web.render import done, page

bp = Blueprint("console", __name__)


def _shares(shares: list[console.Share], words: dict[str, str]) -> list[tuple[str, int]]:
    return [(words.get(share.name, share.name), share.people) for share in shares if share.people is not None]


def _page(round_id: UUID, *, summary: SummaryForm | None = None, word: WordForm | None = None) -> ResponseReturnValue:
    actor = current_actor()
    found, forum = console.desk(session(), actor, round_id)
    part = console.participation(session(), actor, round_id)
    bands = {"-19": _("10대 이하"), "70+": _("70대 이상")} | {f"{n}": _("%(n)s대", n=n) for n in range(20, 70, 10)}
    withheld = [
        share for shares in (part.by_age, part.by_sex, part.by_district) for share in shares if share.people is None
    ]
    return page(
        "console/index.html",
        status=422 if summary or word else 200,
        r=found,
        forum=forum,
        part=part,
        ages=_shares(list(part.by_age), bands),
        sexes=_shares(list(part.by_sex), {"f": _("여성"), "m": _("남성")}),
        places=_shares(list(part.by_district), {share.name: district(share.name) for share in part.by_district}),
        withheld=bool(withheld),
        waiting=queue.waiting(session(), actor, thread_id=round_id).rows,
        reports=queue.reports(session(), actor, thread_id=round_id),
        summaries=rounds.summaries(session(), round_id),
        summary=summary or SummaryForm(formdata=None, prefix="summary-"),
        word=word or WordForm(formdata=None, prefix="word-"),
        fresh=new_id,
        words=WORDS,
    )


@bp.get("/rounds/<uuid:round_id>/console")
@requires(P.FORUM_MODERATE)
def index(round_id: UUID) -> ResponseReturnValue:
    """Who has spoken, what waits, what was said."""
    return _page(round_id)


@bp.post("/rounds/<uuid:round_id>/console/summaries")
@requires(P.FORUM_MODERATE)
def summarise(round_id: UUID) -> ResponseReturnValue:
    """Publish an interim summary."""
    form = SummaryForm(prefix="summary-")
    if form.validate():
        with form.refusing() as ok:
            console.summarise(session(), current_actor(), round_id, text=form.text.data or "", form_key=form.key)
        if ok:
            flash(_("중간 정리를 공개했습니다."), "success")
            return done(url_for("console.index", round_id=round_id))
    return _page(round_id, summary=form)


@bp.post("/rounds/<uuid:round_id>/console/announcements")
@requires(P.FORUM_MODERATE)
def announce(round_id: UUID) -> ResponseReturnValue:
    """Tell everybody who took part something."""
    form = WordForm(prefix="word-")
    if form.validate():
        with form.refusing() as ok:
            told = console.announce(session(), current_actor(), round_id, text=form.text.data or "", form_key=form.key)
        if ok:
            flash(_("참여한 %(n)s명에게 알렸습니다.", n=f"{told:,}"), "success")
            return done(url_for("console.index", round_id=round_id))
    return _page(round_id, word=form)
