"""Signs of life for load balancers and monitoring."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from civicvote import db
from civicvote.app import create_app
from civicvote.settings import Settings
from tests.conftest import DATABASES, Queries


def test_the_process_lives_without_a_database(client: FlaskClient, queries: Queries) -> None:
    queries.clear()
    answer = client.get("/healthz")
    assert answer.get_json() == {"status": "ok"}
    assert len(queries) == 0


def test_it_is_ready_when_the_tables_answer(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


@pytest.mark.parametrize("kind", DATABASES)
def test_it_is_not_ready_without_tables(make_database: Callable[..., Engine], settings: Settings, kind: str) -> None:
    engine = make_database(kind, empty=True)
    app: Flask = create_app(settings, database=db.Database(engine))
    assert app.test_client().get("/readyz").status_code >= 500
    assert app.test_client().get("/healthz").status_code == 200
    engine.dispose()
