"""Ways to pass a page on: plain links to the services people use here; nothing is loaded from them before somebody clicks."""

from urllib.parse import urlencode

from flask_babel import gettext as _


def share_links(title: str, url: str) -> list[tuple[str, str]]:
    """Name and address of each service for a page with this title at this absolute address.

    KakaoTalk takes links only through its script or the phone's own sheet, so its sibling 카카오스토리 stands here.
    """
    return [
        (_("카카오스토리"), "https://story.kakao.com/share?" + urlencode({"url": url})),
        (_("X(트위터)"), "https://x.com/intent/post?" + urlencode({"url": url, "text": title})),
        (_("페이스북"), "https://www.facebook.com/sharer/sharer.php?" + urlencode({"u": url})),
        (_("밴드"), "https://band.us/plugin/share?" + urlencode({"body": f"{title}\n{url}", "route": url})),
    ]
