"""What the documents say is what the source says."""

from tests import diagrams


def test_the_state_diagrams_are_current() -> None:
    document = diagrams.DOCUMENT.read_text(encoding="utf-8")
    assert diagrams.current(document) == document
