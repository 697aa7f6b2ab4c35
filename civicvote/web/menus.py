"""What stands in the header: by permission, never by role name."""

from typing import Any

from flask import Flask, g, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from civicvote.domain.permissions import Permission as P
from civicvote.services.notices.inbox import MOST_UNREAD
from civicvote.settings import Settings
from civicvote.web.access import current_actor, unread
from civicvote.web.headers import csp_nonce
from civicvote.web.i18n import language

Entry = tuple[str, str, bool]


def _entry(label: str, endpoint: str, **values: Any) -> Entry:
    blueprint = endpoint.split(".", maxsplit=1)[0]
    return label, url_for(endpoint, **values), request.blueprint == blueprint


def nav() -> list[Entry]:
    """The main menu: what everybody may read, then the work of officials."""
    if g.get("station"):
        return []
    actor = current_actor()
    entries = [
        _entry(_("공론장"), "forums.index"),
        _entry(_("시민공감예산"), "cycles.index"),
        _entry(_("시민제안"), "proposals.index"),
        _entry(_("사업제안"), "projects.index"),
        _entry(_("투표·개표 검증"), "board.index"),
    ]
    if actor.can(P.REVIEW_QUEUE):
        entries.append(_entry(_("검토"), "reviews.index"))
    if actor.can(P.CYCLE_MANAGE) or actor.can(P.REVIEW_OVERSEE):
        entries.append(_entry(_("운영"), "staff.index"))
    if actor.can(P.POST_MODERATE):
        entries.append(_entry(_("글 관리"), "moderation.index"))
    if actor.can(P.AUDIT_READ):
        entries.append(_entry(_("감사"), "audit.index"))
    if actor.can(P.ACCOUNT_MANAGE):
        entries.append(_entry(_("관리"), "admin.index"))
    return entries


def account_menu() -> list[Entry]:
    """Behind the person's name."""
    if g.get("station"):
        return []
    if not current_actor().signed_in:
        return [_entry(_("로그인"), "accounts.sign_in"), _entry(_("회원가입"), "accounts.sign_up")]
    actor = current_actor()
    answering = actor.department_id is not None and actor.can(P.REVIEW_QUEUE) and not actor.can(P.PROPOSAL_ASSIGN)
    return [
        *([_entry(_("시민제안 처리"), "proposal_desk.index")] if answering else []),
        _entry(_("내 활동"), "home.mine"),
        _entry(_("알림함 (%(n)s)", n=unread_text()) if unread() else _("알림함"), "notices.index"),
        _entry(_("내 정보"), "accounts.profile"),
        _entry(_("본인확인"), "verification.index"),
        _entry(_("보안"), "factors.index"),
    ]


def footer_links() -> list[tuple[str, str]]:
    """What everybody can check about how the city keeps its word."""
    if g.get("station"):
        return []
    return [
        (_("오늘의공론장"), url_for("agora.today")),
        (_("이행과제"), url_for("commitments.index")),
        (_("실천캠페인"), url_for("campaigns.index")),
        (_("늦어진 답변"), url_for("proposal_desk.late")),
        (_("시민제안 현황"), url_for("proposals.funnel_page")),
        (_("글 관리 투명성 보고"), url_for("transparency.index")),
        (_("참여 기준"), url_for("dated_settings.index")),
    ]


def unread_text() -> str:
    """How many notices are unread, as the header says it; empty for none."""
    count = unread()
    return "" if not count else "99+" if count >= MOST_UNREAD else str(count)


def init_app(app: Flask, settings: Settings) -> None:
    """What every template may use."""

    @app.context_processor
    def _common() -> dict[str, Any]:
        return {
            "current_actor": current_actor(),
            "csp_nonce": csp_nonce,
            "csrf_token": generate_csrf,
            "locale": language(),
            "other_locale_url": url_for("home.language"),
            "settings": settings,
            "nav": nav(),
            "account_menu": account_menu(),
            "footer_links": footer_links(),
            "unread_notices": unread_text(),
            "P": P,
        }
