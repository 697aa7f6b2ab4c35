"""Figures for Prometheus: for the token's bearer or the machine itself, and without anything personal."""

import pytest
import time_machine
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.app import create_app
from civicvote.services import clock, health, outbox
from civicvote.settings import Settings


@pytest.fixture
def guarded(settings: Settings, database: db.Database) -> FlaskClient:
    """A browser of a deployment with a token."""
    own = settings.model_copy(update={"metrics_token": SecretStr("t" * 32)})
    return create_app(own, database=database, testing=True).test_client()


def test_the_machine_itself_may_ask_where_there_is_no_token(client: FlaskClient, session: Session) -> None:
    with time_machine.travel(clock.now(), tick=False):
        health.beat(session)
        outbox.put(session, "project-moved", about="1", address="canary@example.org", title="canary-title")
        session.flush()
        client.get("/projects/")
        client.get("/no/such/canary-address")
        answer = client.get("/metrics")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    for line in (
        'civicvote_requests_total{endpoint="projects.index",status="2xx"}',
        'civicvote_requests_total{endpoint="none",status="4xx"}',
        'civicvote_request_seconds_bucket{endpoint="projects.index"',
        "civicvote_outbox_waiting 1.0",
        "civicvote_outbox_given_up 0.0",
        "civicvote_outbox_oldest_seconds",
        "civicvote_worker_silent_seconds 0.0",
    ):
        assert line in text
    assert "canary" not in text


def test_without_a_worker_the_figure_says_so(client: FlaskClient) -> None:
    assert "civicvote_worker_silent_seconds -1.0" in client.get("/metrics").get_data(as_text=True)


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_nobody_asks_through_a_proxy(client: FlaskClient, header: str) -> None:
    assert client.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404


def test_nobody_asks_from_elsewhere(client: FlaskClient) -> None:
    assert client.get("/metrics", environ_overrides={"REMOTE_ADDR": "203.0.113.5"}).status_code == 404


@pytest.mark.parametrize(
    "given", ["", "Bearer ", "Bearer wrong", "Basic " + "t" * 32, "Bearer " + "t" * 31, "Bearer 열쇠"]
)
def test_a_token_must_be_right(guarded: FlaskClient, given: str) -> None:
    headers = {"Authorization": given.encode().decode("latin-1")} if given else {}
    assert guarded.get("/metrics", headers=headers).status_code == 404


def test_the_bearer_may_ask_from_anywhere(guarded: FlaskClient) -> None:
    headers = {"Authorization": "Bearer " + "t" * 32, "X-Forwarded-For": "203.0.113.5"}
    assert guarded.get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": "203.0.113.5"}).status_code == 200
