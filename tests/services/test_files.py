"""What may be attached, what becomes of it, and who sees it."""

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pikepdf
import pytest
import time_machine
from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.files import MOST_BYTES, MOST_FILES
from civicvote.domain.lifecycles import ProposalState
from civicvote.domain.permissions import VISITOR, Actor
from civicvote.models.accounts import User
from civicvote.models.audit import AuditEvent
from civicvote.models.files import Attachment
from civicvote.models.proposals import Proposal
from civicvote.services import clock, files
from civicvote.uploads import Store
from tests import factories
from tests.support import files as samples


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "uploads")


def draft(session: Session, author: User) -> Proposal:
    made = Proposal(
        author_id=author.id, title="통학로", created_at=clock.now(), updated_at=clock.now(), shuffle=1, state_reason=""
    )
    session.add(made)
    session.flush()
    return made


class Desk:
    """Somebody with a draft."""

    def __init__(self, session: Session, store: Store) -> None:
        self.session, self.store = session, store
        author = factories.user(session)
        self.actor = factories.actor(author)
        self.proposal = draft(session, author)

    def attach(self, content: bytes, name: str = "사진.jpg", alt: str = "", *, by: Actor | None = None) -> Attachment:
        subject = ("proposal", self.proposal.id)
        return files.attach(self.session, by or self.actor, self.store, subject, content, name=name, alt=alt)

    def kept(self) -> int:
        return len([path for path in self.store.folder.rglob("*") if path.is_file()])


@pytest.fixture
def desk(session: Session, store: Store) -> Desk:
    return Desk(session, store)


@pytest.mark.parametrize("kind", samples.GOOD)
def test_good_files_are_kept_and_recorded(desk: Desk, kind: str) -> None:
    made = desk.attach(samples.GOOD[kind](), name=f"../../보행로 사진.{kind}", alt="어두운 길")
    assert made.name == ("보행로 사진.webp" if made.picture else f"보행로 사진.{kind}")
    content = files.content_of(desk.store, made)
    assert len(content) == made.size
    if made.picture:
        assert (made.width, made.height) == (64, 48)
        assert Image.open(io.BytesIO(content)).format == "WEBP"
        assert Image.open(io.BytesIO(files.content_of(desk.store, made, small=True))).format == "WEBP"
    assert desk.session.scalar(select(func.count()).where(AuditEvent.action == "file:attach")) == 1


def test_a_picture_forgets_where_it_was_taken(desk: Desk) -> None:
    sent = samples.picture_with_place()
    assert Image.open(io.BytesIO(sent)).getexif().get_ifd(0x8825)
    kept = files.content_of(desk.store, desk.attach(sent))
    assert not Image.open(io.BytesIO(kept)).getexif()
    assert b"Exif" not in kept


def test_a_document_loses_its_scripts(desk: Desk) -> None:
    kept = files.content_of(desk.store, desk.attach(samples.pdf(script=True), "a.pdf"))
    with pikepdf.open(io.BytesIO(kept)) as document:
        assert "/OpenAction" not in document.Root
        assert "/JavaScript" not in document.Root.get("/Names", {})
        assert not [thing for thing in document.objects if "alert" in repr(thing) or "/AA" in repr(thing)]
        assert [str(note.A.get("/URI", "")) for note in document.pages[0].Annots] == ["", "", "https://seoul.go.kr"]


def test_three_hundred_bad_files_leave_nothing(desk: Desk) -> None:
    refused = kept = 0
    for name, content in samples.bad():
        try:
            made = desk.attach(content, name)
        except InvalidError:
            refused += 1
            continue
        kept += 1  # a picture or document that is still whole after one changed byte is no bad file
        stored = files.content_of(desk.store, made)
        assert stored[8:12] == b"WEBP" if made.picture else stored[:2] in {b"%P", b"PK"}, name
        files.remove(desk.session, desk.actor, made.id)
    assert refused + kept >= 300
    assert refused >= 280, refused


def test_size_number_and_words_have_limits(desk: Desk) -> None:
    with pytest.raises(InvalidError, match="10MB"):
        desk.attach(b"x" * (MOST_BYTES + 1))
    with pytest.raises(InvalidError, match="골라"):
        desk.attach(b"")
    with pytest.raises(InvalidError) as refused:
        desk.attach(samples.picture(), alt="900101-1234567")
    assert refused.value.field == "alt"
    for place in range(MOST_FILES):
        desk.attach(samples.picture(size=(20 + place, 20)))
    with pytest.raises(InvalidError, match="5개"):
        desk.attach(samples.picture(size=(90, 90)))


def test_the_same_file_twice_is_one(desk: Desk) -> None:
    assert desk.attach(samples.picture()).id == desk.attach(samples.picture(), "다른 이름.jpg").id


def test_a_drafts_files_are_its_authors_alone(desk: Desk, session: Session) -> None:
    made = desk.attach(samples.picture())
    other = factories.actor(factories.user(session))
    for somebody in (other, VISITOR):
        with pytest.raises(NotFoundError):
            files.open_to(session, somebody, made.id)
    with pytest.raises(NotFoundError):
        desk.attach(samples.picture(), by=other)
    with pytest.raises(NotFoundError):
        files.open_to(session, desk.actor, uuid4())
    assert files.open_to(session, desk.actor, made.id).id == made.id


def test_others_see_a_public_things_files_and_change_none(desk: Desk, session: Session) -> None:
    made = desk.attach(samples.picture())
    desk.proposal.number, desk.proposal.published_at = 1, clock.now()
    desk.proposal.closes_at = clock.now() + timedelta(days=1)
    session.flush()
    session.execute(Proposal.__table__.update().values({"state": ProposalState.PUBLISHED}))  # type: ignore[attr-defined]
    session.expire_all()
    assert files.open_to(session, VISITOR, made.id).id == made.id
    other = factories.actor(factories.user(session))
    with pytest.raises(ForbiddenError):
        desk.attach(samples.picture("PNG"), by=other)
    with pytest.raises(ForbiddenError):
        files.remove(session, other, made.id)


def test_what_was_removed_goes_thirty_days_later(desk: Desk, session: Session) -> None:
    made = desk.attach(samples.picture())
    files.remove(session, desk.actor, made.id)
    assert files.of(session, desk.proposal.id)[desk.proposal.id] == []
    with pytest.raises(NotFoundError):
        files.open_to(session, desk.actor, made.id)
    files.sweep(session, desk.store)
    assert desk.kept() == 2
    with time_machine.travel(clock.now() + timedelta(days=31)):
        files.sweep(session, desk.store)
    assert desk.kept() == 0
    assert session.scalar(select(func.count()).select_from(Attachment)) == 0


def test_a_file_without_a_row_goes_after_a_day(desk: Desk, session: Session) -> None:
    desk.store.write(b"left over", None)
    desk.attach(samples.picture())
    files.sweep(session, desk.store)
    assert desk.kept() == 3
    with time_machine.travel(clock.now() + timedelta(days=2)):
        files.sweep(session, desk.store)
    assert desk.kept() == 2


@contextmanager
def scanner(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A clamd that says `answer`, and what it was sent."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with server.accept()[0] as client:
                got = b""
                while not got.endswith(b"\0\0\0\0"):
                    got += client.recv(65536)
                seen.append(got)
                client.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}", seen
        thread.join()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"stream: OK\0", None),
        (b"stream: Eicar FOUND\0", InvalidError),
        (b"INSTREAM size limit exceeded. ERROR\0", ConflictError),
    ],
)
def test_a_scanner_has_the_first_look(desk: Desk, answer: bytes, error: type[Exception] | None) -> None:
    subject = ("proposal", desk.proposal.id)
    with scanner(answer) as (address, seen):
        if error is None:
            files.attach(desk.session, desk.actor, desk.store, subject, samples.picture(), name="a", scanner=address)
        else:
            with pytest.raises(error):
                files.attach(
                    desk.session, desk.actor, desk.store, subject, samples.picture(), name="a", scanner=address
                )
    assert seen[0].startswith(b"zINSTREAM\0")
    assert desk.kept() == (2 if error is None else 0)


def test_without_an_answer_nothing_is_kept(desk: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    with pytest.raises(ConflictError, match="검사"):
        files.attach(
            desk.session,
            desk.actor,
            desk.store,
            ("proposal", desk.proposal.id),
            samples.picture(),
            name="a",
            scanner=address,
        )
    assert desk.kept() == 0
