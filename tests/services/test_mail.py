"""Letters travel as they were written."""

import email
import io
from email import policy
from email.generator import BytesGenerator

import pytest

from civicvote.services import mail


@pytest.mark.parametrize(
    "subject",
    [
        "[civicvote] 제안을 보완해 주십시오: 통학로 보행등 열두 개",
        "[civicvote] Please finish signing up",
        " ".join(["가나다라 마바사"] * 15),
        "A long one that must be folded, " * 5 + "가",
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])  # in a file, and on the way to a mail server
def test_subjects_keep_their_spaces(subject: str, ends: str) -> None:
    letter = mail.compose(sender="no-reply@city.example", to="a@b.example", subject=subject, body="가", key="k")
    out = io.BytesIO()
    BytesGenerator(out).flatten(letter, linesep=ends)
    assert max(len(line) for line in out.getvalue().splitlines()) <= 78
    assert b"\r\r" not in out.getvalue()
    assert email.message_from_bytes(out.getvalue(), policy=policy.default)["Subject"] == subject.strip()
