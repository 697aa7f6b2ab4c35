"""Headers of every answer, and origins of every change."""

import re

import pytest
from flask import Flask, request
from flask.testing import FlaskClient

from civicvote.app import create_app
from civicvote.settings import Settings

PAGES = ("/", "/budget/", "/projects/", "/sign-in", "/no/such/page", "/board/")
OTHERS = ("/healthz", "/robots.txt", "/sitemap.xml", "/proposals/feed.atom")


@pytest.mark.parametrize("url", [*PAGES, *OTHERS])
def test_every_answer_is_guarded(client: FlaskClient, url: str) -> None:
    headers = client.get(url).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Strict-Transport-Security" not in headers, "plain http in this deployment"
    assert {"Cookie", "Accept-Language"} <= set(re.split(r",\s*", headers["Vary"]))


@pytest.mark.parametrize("url", PAGES)
def test_scripts_run_by_a_nonce_of_the_request(client: FlaskClient, url: str) -> None:
    nonces = set()
    for _ in range(2):
        answer = client.get(url)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        found = re.search(r"script-src 'nonce-([^']+)'", policy)
        assert found
        assert "unsafe" not in policy.replace(found[1], "")
        body = answer.get_data(as_text=True)
        assert set(re.findall(r'<script[^>]*nonce="([^"]+)"', body)) <= {found[1]}
        assert len(re.findall("<script", body)) == len(re.findall(r"<script[^>]*nonce=", body))
        assert not re.search(r"\son[a-z]+=|\sstyle=|<style", body)
        assert not re.search(r'(?:src|href)="(?:https?:)?//(?!localhost)', re.sub(r"<a [^>]+>", "", body)), (
            "no remote host"
        )
        nonces.add(found[1])
    assert len(nonces) == 2


def test_other_kinds_of_content_are_sandboxed(client: FlaskClient) -> None:
    assert "sandbox" in client.get("/healthz").headers["Content-Security-Policy"]


def test_over_tls_browsers_are_told_to_stay_there(settings: Settings) -> None:
    safe = Settings(instance=settings.instance, base_url="https://vote.example.org")
    client = create_app(safe, testing=True).test_client()
    headers = client.get("/healthz", base_url="https://vote.example.org").headers
    assert headers["Strict-Transport-Security"].startswith("max-age=63072000")


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://localhost.evil.example", "http://evil.example/localhost", "null", "", "localhost",
     "http://localhost:8000", "http://user@evil.example", "file://"],
)  # fmt: skip
def test_a_foreign_origin_changes_nothing(client: FlaskClient, origin: str) -> None:
    answer = client.post("/language", data={"lang": "en"}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert not [cookie for cookie in answer.headers.getlist("Set-Cookie") if cookie.startswith("cv_lang")]


@pytest.mark.parametrize("origin", ["http://localhost", None])
def test_our_own_forms_are_taken(client: FlaskClient, origin: str | None) -> None:
    headers = {"Origin": origin} if origin else {}
    assert client.post("/language", data={"lang": "en"}, headers=headers).status_code == 303


def test_a_form_without_its_token_is_refused(settings: Settings) -> None:
    answer = create_app(settings, testing=True).test_client().post("/language", data={"lang": "en"})
    assert answer.status_code == 400
    assert "화면이 오래되었습니다" in answer.get_data(as_text=True)


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[::1]x", "a b"])
def test_another_host_is_not_answered(client: FlaskClient, host: str) -> None:
    answer = client.get("/", headers={"Host": host})
    assert answer.status_code == 400
    assert "evil.example" not in answer.get_data(as_text=True), "a nonce has no dot"


def test_static_files_last_a_year_and_never_change_type(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/").get_data(as_text=True)
    for url in set(re.findall(r'"(/static/[^"]+)"', page)):
        answer = client.get(url, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200, url
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        if url.endswith((".css", ".js", ".svg")):
            assert answer.headers["Content-Encoding"] == "gzip"
        answer.close()


def test_the_first_view_is_light(app: Flask) -> None:
    client = app.test_client()
    page = client.get("/").get_data(as_text=True)
    total = 0
    for url in set(re.findall(r'"(/static/[^"]+\.(?:css|js))"', page)):
        answer = client.get(url, headers={"Accept-Encoding": "gzip"})
        total += len(answer.get_data())
        answer.close()
    assert 0 < total <= 60 * 1024


def test_a_part_of_a_form_without_a_name_is_nobodys(app: Flask) -> None:
    parts = ("form-data", 'form-data; name="q"', 'form-data; filename="x"')
    body = "".join(f"--a\r\nContent-Disposition: {part}\r\n\r\n보행등\r\n" for part in parts) + "--a--\r\n"
    with app.test_request_context(method="POST", data=body.encode(), content_type="multipart/form-data; boundary=a"):
        assert list(request.form.items(multi=True)) == [("q", "보행등")]
        assert list(request.files) == []
