"""HTML from what people wrote. The only place that makes markup safe: markdown-it (HTML off) → bleach → nh3."""

import re

import bleach
import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

MAX_BYTES = 20_000
MAX_DEPTH = 50
TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "blockquote", "code", "pre", "h3", "h4", "hr", "a", "s", "img"}
ATTRIBUTES = {"a": {"href", "title"}, "img": {"src", "alt"}}
#: Pictures are this site's own files: one from elsewhere would tell its server who reads what.
OWN_PICTURE = re.compile(r"^/files/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": 20}).disable(
    ["heading", "lheading"]
)


#: A picture whose address was not kept.
_EMPTY = re.compile(r"<img(?![^>]* src=)[^>]*>")


def _kept(tag: str, name: str, value: str) -> bool:
    """What bleach asks of each attribute."""
    return name in ATTRIBUTES.get(tag, ()) and (name != "src" or bool(OWN_PICTURE.match(value)))


def _filtered(_tag: str, name: str, value: str) -> str | None:
    """What nh3 asks of each attribute it would keep."""
    return value if name != "src" or OWN_PICTURE.match(value) else None


def _too_deep(text: str) -> bool:
    return any(line.lstrip(" ").count(">", 0, MAX_DEPTH + 1) > MAX_DEPTH for line in text.splitlines())


def markdown(text: str) -> Markup:
    """Markdown as safe HTML; what is too long or too deep is shown as plain paragraphs."""
    if len(text.encode()) > MAX_BYTES or _too_deep(text):
        return paragraphs(text)
    html = _markdown.render(text)
    html = bleach.clean(html, tags=TAGS, attributes=_kept, protocols=["https", "http", "mailto"], strip=True)
    html = _EMPTY.sub("", html)
    html = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_filtered,
        url_schemes={"https", "http", "mailto"},
        link_rel="nofollow ugc noopener",
    )
    return Markup(html)  # noqa: S704 — cleaned twice just above


def paragraphs(text: str) -> Markup:
    """Plain text with its line breaks."""
    blocks = [block for block in text.replace("\r\n", "\n").split("\n\n") if block.strip()]
    return Markup("").join(
        Markup("<p>{}</p>").format(Markup("<br>").join(escape(line) for line in block.split("\n"))) for block in blocks
    )
