"""What people write is shown on every page and run on none."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from civicvote.models.accounts import LoginSession, User
from civicvote.models.cycles import Cycle, Pool
from civicvote.models.departments import Department
from civicvote.models.projects import Comment, Project
from civicvote.models.reviews import Review
from civicvote.settings import Settings
from tests.trust.test_fuzz import DESKS, Fuzzer, fuzzer, rules, scene_of

__all__ = ["fuzzer"]

#: Leaves a text, an attribute in either quote, a comment, a script and a style; short enough for every column.
HOSTILE = "'\"--></script></style><img src=x onerror=alert(1)>"
LINK = f"[x](javascript:alert(1)) [y](data:text/html,x) ![z](x) <javascript:alert(2)> {HOSTILE}"

FIELDS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (User, ("name",)),
    (LoginSession, ("device",)),
    (Cycle, ("title", "summary")),
    (Pool, ("name", "theme")),
    (Department, ("name", "name_en")),
    (Project, ("title", "problem", "idea", "place", "category", "state_reason")),
    (Comment, ("body",)),
    (Review, ("reason",)),
)
LONG = {"problem", "idea", "body", "summary", "reason", "state_reason"}


def _spoil(session: Session) -> None:
    for model, names in FIELDS:
        for number, row in enumerate(session.query(model).all()):
            for name in names:
                unique = str(number) if (model, name) in {(Pool, "name"), (Department, "name")} else ""
                limit = getattr(model.__table__.c[name].type, "length", None) or 10_000
                value = LINK if name in LONG else HOSTILE
                session.execute(
                    update(model).where(model.id == row.id).values({name: (unique + value)[:limit]}),
                    execution_options={"synchronize_session": False},
                )
    session.flush()
    session.expire_all()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # the database doesn't matter here
def test_no_text_becomes_markup_anywhere(app: Flask, session: Session, settings: Settings, fuzzer: Fuzzer) -> None:
    scene = scene_of(app, session, settings.keystore)
    _spoil(session)
    wrong, seen = set(), 0
    for role in DESKS:
        for endpoint in rules(app, "GET"):
            path = scene.paths[endpoint][0]
            status, text = fuzzer.send(scene.clients[role], path)
            seen += status == 200 and "onerror=alert(1)" in text
            live = [bad for bad in ("<img src=x", "<img src=&#34;x", 'href="javascript:', 'href="data:') if bad in text]
            if live:
                wrong.add((endpoint, *live))
    assert wrong == set()
    assert fuzzer.broken == set()
    assert seen > 30, "the pages do show it"
