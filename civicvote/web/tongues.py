"""Korean on English pages: what citizens and officials wrote says `lang="ko"`, so that a screen reader reads it in Korean.

The English catalogue is complete, so whatever is Korean on an English page is somebody's own words. They come from hundreds
of places in templates, inside sentences too; marking them where the page is sent misses none.
"""

import re
from typing import Final

_HANGUL: Final = r"\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3"
_ANY: Final = re.compile(rf"[{_HANGUL}]")
#: What stands between a "<" and the end of its tag; quoted values may hold a ">".
_TAG: Final = re.compile(r"(?:\"[^\"]*\"|'[^']*'|[^'\">])*>")
#: From the first Korean letter to the last with the figures before it, over signs and references such as &amp;, not over Latin words.
_WORDS: Final = re.compile(rf"(?:\d[\d.,]*)?[{_HANGUL}](?:(?:[^A-Za-z&{_HANGUL}]|&[#\w]+;)*[{_HANGUL}])*")
#: Elements whose text is text alone: a span in them would be shown or lost.
_PLAIN: Final = ("title", "textarea", "option", "text", "script", "style", "!--")


def marked(html: str) -> str:
    """The page with its Korean words in `<span lang="ko">`. It must be well formed, as templates write it: no bare "<"."""
    if not _ANY.search(html):
        return html
    first, *pieces = html.split("<")
    return "<".join([_text(first), *(_piece(piece) if _ANY.search(piece) else piece for piece in pieces)])


def _piece(piece: str) -> str:
    """A tag, without its "<", and the text behind it."""
    tag = _TAG.match(piece)
    if tag is None or piece.startswith(_PLAIN) or 'lang="ko"' in tag[0]:
        return piece
    return tag[0] + _text(piece[tag.end() :])


def _text(text: str) -> str:
    return _WORDS.sub(r'<span lang="ko">\g<0></span>', text)
