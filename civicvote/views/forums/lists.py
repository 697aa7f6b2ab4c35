"""The hub of 공론장, the lists per kind, and the officials' desk."""

from dataclasses import dataclass
from typing import Any

from flask import current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from civicvote.db import session
from civicvote.domain import districts
from civicvote.domain.deliberation import FORUM_KINDS, ForumKind
from civicvote.domain.messages import Message, msg
from civicvote.domain.permissions import Permission as P
from civicvote.forms.forums import filters_from
from civicvote.forms.projects import cursor_from
from civicvote.services.deliberation import forums, making
from civicvote.services.deliberation.forums import STATUSES
from civicvote.views.forums.blueprint import bp
from civicvote.web.access import current_actor, public, requires
from civicvote.web.i18n import language, say
from civicvote.web.render import page


@dataclass(frozen=True, slots=True)
class Entry:
    """A way into 공론장. `kind`: whose open forums are counted beside it."""

    endpoint: str
    label: Message
    text: Message
    kind: ForumKind | None = None


#: What the hub leads to, in this order; an entry shows as soon as its page exists.
ENTRIES = [
    Entry(
        "forums.debates",
        msg("시민토론"),
        msg("시민이나 시가 꺼낸 주제를 함께 토론하고 찬성·반대·기타 의견을 남깁니다."),
        ForumKind.DEBATE,
    ),
    Entry(
        "forums.questions",
        msg("서울시가 묻습니다"),
        msg("부서가 결정하기 전에 시민에게 묻고, 반영했는지와 그 이유를 기한 안에 답합니다."),
        ForumKind.QUESTION,
    ),
    Entry(
        "themes.index",
        msg("테마토론"),
        msg("시민이 후보를 내고 투표로 주제를 골라 토론합니다."),
        ForumKind.THEME,
    ),
    Entry("campaigns.index", msg("실천캠페인"), msg("받아들여진 제안을 함께 실천하고 인증을 남깁니다.")),
    Entry("agora.today", msg("오늘의공론장"), msg("지금 참여할 수 있는 모든 것을 마감이 가까운 순서로 봅니다.")),
]


def _entries(found: forums.Hub) -> list[dict[str, Any]]:
    return [
        {
            "label": say(entry.label),
            "text": say(entry.text),
            "url": url_for(entry.endpoint),
            "open": found.open.get(entry.kind, 0) if entry.kind else None,
        }
        for entry in ENTRIES
        if entry.endpoint in current_app.view_functions
    ]


@bp.get("/forums/")
@public
def index() -> ResponseReturnValue:
    """The hub: what is open now, the ways in, what came of it."""
    found = forums.hub(session())
    actor = current_actor()
    makes = bool(making.kinds_for(actor))
    desk = makes or actor.can(P.FORUM_MODERATE)
    return page("forums/index.html", hub=found, entries=_entries(found), makes=makes, desk=desk)


#: Where the list of a kind stands, its heading and what it says first.
LISTS: dict[ForumKind | None, tuple[str, Message, Message]] = {
    None: (
        "forums.listing",
        msg("공론장 모두 보기"),
        msg("지금 참여할 수 있는 공론장을 먼저 보여 드립니다."),
    ),
    ForumKind.DEBATE: (
        "forums.debates",
        FORUM_KINDS[ForumKind.DEBATE],
        msg("한 주제를 두고 시민이 서로 묻고 답합니다. 생각이 바뀌면 열려 있는 동안 언제든 바꿀 수 있습니다."),
    ),
    ForumKind.QUESTION: (
        "forums.questions",
        FORUM_KINDS[ForumKind.QUESTION],
        msg("결정하기 전에 시민에게 묻습니다. 부서는 결론이 나온 뒤 기한 안에 반영 결과와 이유를 답해야 합니다."),
    ),
}


def _list(kind: ForumKind | None) -> ResponseReturnValue:
    endpoint, heading, lead = LISTS[kind]
    filters = filters_from(request.args, kind)
    found = forums.listing(session(), filters, cursor_from(request.args))
    args: dict[str, Any] = filters.args() | ({"kind": str(filters.kind)} if kind is None and filters.kind else {})
    labels: dict[str, str] = {}
    if filters.status:
        labels["status"] = say(STATUSES[filters.status])
    if filters.district:
        labels["district"] = districts.name_of(filters.district, language())
    if "kind" in args and filters.kind:
        labels["kind"] = say(FORUM_KINDS[filters.kind])
    active = [
        (label, url_for(endpoint, **{key: value for key, value in args.items() if key != name}))
        for name, label in labels.items()
    ]
    total = found.total or 0
    return page(
        "forums/list.html",
        partial="forums/_list.html",
        found=found,
        filters=filters,
        heading=say(heading),
        lead=say(lead),
        here=url_for(endpoint),
        active=active,
        total_text=_("모두 %(n)s건", n=f"{total:,}"),
        next_url=url_for(endpoint, **args, cursor=found.page.next.encode()) if found.page.next else "",
        kinds=[] if kind else [("", _("전체")), *((one.value, say(text)) for one, text in FORUM_KINDS.items())],
        statuses=[("", _("전체")), *((one.value, say(text)) for one, text in STATUSES.items())],
        districts=[("", _("전체")), *districts.choices(language())],
        makes=bool(making.kinds_for(current_actor())),
    )


@bp.get("/forums/all")
@public
def listing() -> ResponseReturnValue:
    """Every forum."""
    return _list(None)


@bp.get("/debates")
@public
def debates() -> ResponseReturnValue:
    """시민토론."""
    return _list(ForumKind.DEBATE)


@bp.get("/questions")
@public
def questions() -> ResponseReturnValue:
    """서울시가 묻습니다."""
    return _list(ForumKind.QUESTION)


@bp.get("/forums/desk")
@requires(P.FORUM_DRAFT, P.FORUM_MODERATE)
def desk() -> ResponseReturnValue:
    """What waits for this official."""
    actor = current_actor()
    return page("forums/desk.html", rows=forums.desk(session(), actor), makes=bool(making.kinds_for(actor)))
