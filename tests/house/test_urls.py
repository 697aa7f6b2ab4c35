"""What every address promises."""

import re

from flask import Flask


def test_addresses_are_kebab_case_and_typed(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        plain = re.sub(r"<[^>]+>", "x", rule.rule)
        assert re.fullmatch(r"[a-z0-9./-]*", plain), rule.rule
        for argument in re.findall(r"<([^>]+)>", rule.rule):
            assert ":" in argument or argument in {"slug", "token", "name"}, rule.rule


def test_what_changes_something_is_a_post(app: Flask) -> None:
    methods = {method for rule in app.url_map.iter_rules() for method in rule.methods or ()}
    assert methods <= {"GET", "HEAD", "OPTIONS", "POST"}
