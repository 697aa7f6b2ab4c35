"""The bundle: built, loaded, and never built from parts that contradict each other."""

import dataclasses
import io
import json
import zipfile
from typing import Any

import pytest

from civicvote.domain.ballots import bundle
from civicvote.domain.errors import ConflictError, DomainError, InvalidError
from tests.domain.ballot_factory import a_vote, published


def test_a_bundle_comes_back_as_it_was_built() -> None:
    vote = a_vote(12)
    parts = vote.parts()
    loaded = bundle.load(bundle.build(**parts))
    assert loaded.notice == vote.notice
    assert list(loaded.board) == vote.entries
    assert list(loaded.heads) == vote.heads
    assert list(loaded.counted) == sorted(vote.counted())
    assert (loaded.opened, loaded.participants) == (parts["opened"], 12)
    assert (loaded.result, loaded.extra) == (parts["result"], parts["extra"])
    assert set(loaded.files) == {*bundle.OWN_FILES, bundle.MANIFEST, *parts["extra"]}


def test_equal_input_gives_equal_bytes() -> None:
    parts = a_vote(12).parts()
    turned = {**parts, "counted": parts["counted"][::-1], "extra": dict(reversed(parts["extra"].items()))}
    assert bundle.build(**parts) == bundle.build(**turned)


def test_nothing_in_a_bundle_links_a_ballot_to_a_person_or_time() -> None:
    loaded = bundle.load(published()[0])
    rows = json.loads(loaded.files["counted.json"])
    assert all(row.keys() == {"tracker", "sealed"} for row in rows)
    assert all(row.keys() == {"c", "r"} for row in json.loads(loaded.files["plaintexts.json"])["ballots"])
    with zipfile.ZipFile(io.BytesIO(published()[0])) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {bundle._EPOCH}


@pytest.mark.parametrize("name", ["../x", "notice.json", "manifest.json", "a/b", "", ".x", "a\n"])
def test_a_file_name_that_could_do_harm_is_refused(name: str) -> None:
    with pytest.raises(InvalidError):
        bundle.build(**{**a_vote(12).parts(), "extra": {name: b""}})


def _changed(parts: dict[str, Any], name: str) -> dict[str, Any]:
    lies = {
        "board": parts["board"][:-1],
        "heads": parts["heads"][:-1],
        "counted": parts["counted"][1:],
        "opened": dataclasses.replace(parts["opened"], ballots=parts["opened"].ballots[1:]),
        "participants": parts["participants"] + 1,
        "result": {**parts["result"], "contests": []},
        "notice": {**parts["notice"], "title": "다른 제목"},
    }
    return {**parts, name: lies[name]}


@pytest.mark.parametrize("name", ["board", "heads", "counted", "opened", "participants", "result", "notice"])
def test_parts_that_contradict_each_other_are_never_published(name: str) -> None:
    with pytest.raises(ConflictError):
        bundle.build(**_changed(a_vote(12).parts(), name))


def test_a_damaged_bundle_is_not_loaded() -> None:
    data = published()[0]
    for damaged in (b"", data[:-30], data[:3000] + bytes(40) + data[3040:], b"PK" + bytes(100)):
        with pytest.raises(DomainError):
            bundle.load(damaged)
    files = dict(bundle.load(data).files)
    for name, whole in files.items():
        for body in (whole + b" ", b"", b"[" * 5000, b"null"):
            with pytest.raises(DomainError):
                bundle.load(bundle._zip({**files, name: body}))
    with pytest.raises(InvalidError):
        bundle.load(bundle._zip({name: body for name, body in files.items() if name != "result.json"}))
    with pytest.raises(InvalidError):
        bundle.load(bundle._zip({**files, "more.txt": b""}))
