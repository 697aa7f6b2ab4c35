"""More than five thousand texts that try to run, through the only filter that makes markup and through plain templates."""

from urllib.parse import urlsplit

from bleach._vendor import html5lib  # the parser that follows what browsers do
from flask import Flask

from tests.support.hostile import payloads

#: What people's Markdown may become.
TAGS = {
    *("p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote"),
    *("strong", "em", "a", "code", "pre", "del", "s"),
}
ATTRIBUTES = {"href", "rel", "title", "start", "class"}
#: Besides places on this site.
SCHEMES = {"", "http", "https", "mailto", "tel"}


def test_there_are_more_than_five_thousand() -> None:
    assert len(set(payloads())) == len(payloads()) > 5_000


def test_no_text_becomes_anything_that_runs(app: Flask) -> None:
    markdown = app.jinja_env.filters["markdown"]
    wrong = []
    with app.test_request_context():
        for text in payloads():
            for element in html5lib.parseFragment(
                markdown(text), treebuilder="etree", namespaceHTMLElements=False
            ).iter():
                if element.tag in {"DOCUMENT_FRAGMENT", "div"}:
                    continue
                names, target = set(element.attrib), element.attrib.get("href", "#")
                if element.tag not in TAGS or names - ATTRIBUTES or urlsplit(target).scheme not in SCHEMES:
                    wrong.append((text, element.tag, dict(element.attrib)))
    assert wrong[:5] == []


def test_text_outside_markdown_stays_text(app: Flask) -> None:
    shown = app.jinja_env.from_string("<p title='{{ text }}' lang=\"{{ text }}\">{{ text }}</p>")
    for text in payloads():
        tree = html5lib.parseFragment(shown.render(text=text), treebuilder="etree", namespaceHTMLElements=False)
        assert [(child.tag, sorted(child.attrib)) for child in tree] == [("p", ["lang", "title"])]
        assert len(tree[0]) == 0
