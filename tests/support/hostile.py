"""Text that tries to run, and text that tries to break a page: made from parts, the same on every run."""

import html
import itertools
from collections.abc import Iterator
from urllib.parse import quote

#: What a payload does if it runs.
CALL = "xss(1)"
_CALLS = (
    CALL,
    "window['xss'](1)",
    "top.xss(1)",
    "xss`1`",
    "eval('x'+'ss(1)')",
    "[1].map(xss)",
    "setTimeout('xss(1)')",
    "import('data:text/javascript,xss(1)')",
    "Function('xss(1)')()",
    "\\u0078ss(1)",
)
_TAGS = (
    "img src=x onerror={q}{c}{q}",
    "svg onload={q}{c}{q}",
    "body onload={q}{c}{q}",
    "details open ontoggle={q}{c}{q}",
    "input autofocus onfocus={q}{c}{q}",
    "video src=x onerror={q}{c}{q}",
    "audio src=x onerror={q}{c}{q}",
    "marquee onstart={q}{c}{q}",
    "iframe srcdoc={q}<script>parent.{c}</script>{q}",
    "iframe src={q}javascript:{c}{q}",
    "object data={q}javascript:{c}{q}",
    "embed src={q}javascript:{c}{q}",
    "form action={q}javascript:{c}{q}><button autofocus",
    "a href={q}javascript:{c}{q}>여기</a",
    "math><mtext><img src=x onerror={q}{c}{q}",
    "svg><animate onbegin={q}{c}{q} attributeName=x dur=1s",
    "svg><script>{c}</script",
    "style>@import {q}javascript:{c}{q};</style",
    "link rel=stylesheet href={q}javascript:{c}{q}",
    "meta http-equiv=refresh content={q}0;url=javascript:{c}{q}",
    "base href={q}javascript:{c}//{q}",
    "script>{c}</script",
    "script src={q}data:text/javascript,{c}{q}></script",
    "textarea autofocus onfocus={q}{c}{q}",
    "select autofocus onfocus={q}{c}{q}",
    "div hx-on:load={q}{c}{q} hx-get=/ hx-trigger=load",
    "div hx-get={q}data:text/html,<script>{c}</script>{q} hx-trigger=load",
    "p style={q}background:url(javascript:{c}){q}",
    "table background={q}javascript:{c}{q}",
    "noscript><p title={q}</noscript><img src=x onerror={c}>{q}",
)
_QUOTES = ('"', "'", "")
_BREAKS = (
    "{t}",
    '"><{t}>',
    "'><{t}>",
    "</textarea><{t}>",
    "</title><{t}>",
    "</script><{t}>",
    "--><{t}>",
    "]]><{t}>",
    "{{{{{t}}}}}",
)
_LINKS = (
    "[여기]({u})",
    "![그림]({u})",
    "<{u}>",
    "[여기][a]\n\n[a]: {u}",
    '[여기]({u} "onmouseover={c}")',
    "[<img src=x onerror={c}>]({u})",
    '![" onerror={c} x="](/files/x)',
    "`<img src=x onerror={c}>`",
    "> <{u}>",
)
_SCHEMES = (
    "javascript:{c}",
    "JaVaScRiPt:{c}",
    "java\tscript:{c}",
    "java\nscript:{c}",
    "&#106;avascript:{c}",
    "&#x6A;avascript:{c}",
    "javascript&colon;{c}",
    "javascript://%0a{c}",
    "\x01javascript:{c}",
    " javascript:{c}",
    "vbscript:{c}",
    "data:text/html,<script>{c}</script>",
    "data:text/html;base64,PHNjcmlwdD54c3MoMSk8L3NjcmlwdD4=",
    "//javascript:{c}",
    'https://a.kr/" onmouseover="{c}',
)


def _encodings(text: str) -> Iterator[str]:
    yield text
    yield text.upper().replace("XSS(1)", CALL)
    yield html.escape(text)
    yield quote(text)
    yield text.replace("<", "\uff1c").replace(">", "\uff1e")
    yield text.replace(" ", "/")
    yield text.replace("<", "<\0") if "<" in text else text


def payloads() -> list[str]:
    """More than five thousand different texts that must never run. NULs are left out: every form refuses them."""
    found: dict[str, None] = {}
    for tag, call, quoted in itertools.product(_TAGS, _CALLS, _QUOTES):
        plain = tag.format(c=call, q=quoted)
        found[f"<{plain}>"] = None
        for around in _BREAKS[1:]:
            found[around.format(t=plain)] = None
    for link, scheme, call in itertools.product(_LINKS, _SCHEMES, _CALLS[:4]):
        found[link.format(u=scheme.format(c=call), c=call)] = None
    for tag in _TAGS:
        for encoded in _encodings(f"<{tag.format(c=CALL, q=chr(34))}>"):
            found[encoded] = None
    return [text for text in found if "\0" not in text]


#: Text that runs nothing and breaks layouts.
LONG_WORD = "가" * 1000
LONG_LATIN = "W" * 1000
RIGHT_TO_LEFT = "\u202eمرحبا بالعالم\u202c שלום \u2067עולם\u2069 " * 20
ZALGO = "".join(letter + "\u0300\u0316\u0317\u033e\u035b" * 8 for letter in "제안합니다")
EMOJI = "👩‍👩‍👧‍👦🏳️‍🌈👍🏽" * 1700
BREAKERS = {"long word": LONG_WORD, "long latin": LONG_LATIN, "rtl": RIGHT_TO_LEFT, "zalgo": ZALGO, "emoji": EMOJI}


def packed(limit: int, texts: list[str], *, between: str = "\n\n") -> list[str]:
    """The texts joined into pieces of at most `limit` characters; one that is longer by itself is left out."""
    pieces: list[str] = []
    piece = ""
    for text in texts:
        if len(text) > limit:
            continue
        joined = f"{piece}{between}{text}" if piece else text
        if len(joined) > limit:
            pieces.append(piece)
            joined = text
        piece = joined
    return [*pieces, piece] if piece else pieces
