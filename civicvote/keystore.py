"""Keys that never enter the database: files with mode 0600 in one folder. A KMS would stand behind the same methods."""

import base64
import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from uuid import UUID

from cryptography.fernet import Fernet


class KeyMissingError(RuntimeError):
    """A key that must exist is not in the key folder."""


class KeyStore:
    """Secret key of the application, identity key, and per vote the roll key, the board key and (demo, small votes) the key file."""

    def __init__(self, folder: Path, secret_key: str = "") -> None:
        self.folder = folder
        self._given = secret_key

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def read(self, name: str) -> bytes:
        """The key called `name`; KeyMissingError if there is none, or nothing in its file."""
        try:
            value = self._path(name).read_bytes()
        except FileNotFoundError as error:
            raise KeyMissingError(name) from error
        if not value:
            raise KeyMissingError(name)
        return value

    def exists(self, name: str) -> bool:
        """Whether the key is in the folder."""
        return self._path(name).exists()

    def write(self, name: str, value: bytes) -> None:
        """Store a new key, readable by its owner only. An existing one is never replaced.

        It appears under its name whole or not at all: a key read while it is being written, or left empty by a crash,
        would be one that everybody knows.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self.folder / f".{name}.{secrets.token_hex(8)}.part"
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(value)
                file.flush()
                os.fsync(file.fileno())
            os.link(part, self._path(name))
        finally:
            part.unlink()

    def destroy(self, name: str) -> None:
        """Remove a key for good: overwritten, then unlinked, both through to the disk. Nothing happens if it is gone.

        Copies of the folder, in backups too, are for the operator to destroy.
        """
        path = self._path(name)
        try:
            handle = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return
        with os.fdopen(handle, "r+b", buffering=0) as file:
            file.write(bytes(os.fstat(handle).st_size))
            os.fsync(handle)
        path.unlink(missing_ok=True)
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _made_once(self, name: str) -> bytes:
        with suppress(FileExistsError):
            self.write(name, secrets.token_bytes(32))
        return self.read(name)

    @cached_property
    def application(self) -> bytes:
        """Signs cookies and forms; other purposes are derived from it by `derived`."""
        return self._given.encode() if self._given else self._made_once("application")

    @cached_property
    def person(self) -> bytes:
        """K_person: HMAC key of verified identities, for the platform's life."""
        return self._made_once("person")

    def derived(self, purpose: str) -> bytes:
        """32 bytes for one purpose."""
        return hmac.digest(self.application, f"civicvote|{purpose}".encode(), hashlib.sha256)

    @cached_property
    def box(self) -> Fernet:
        """Seals small secrets that must lie in the database, such as those of authenticator apps."""
        return Fernet(base64.urlsafe_b64encode(self.derived("box")))

    def roll(self, vote_id: UUID) -> bytes:
        """K_roll of a vote; destroyed after the objection period."""
        return self.read(f"roll-{vote_id}")

    def board(self, vote_id: UUID) -> bytes:
        """Ed25519 private key (32 bytes) that signs receipts and heads of a vote."""
        return self.read(f"board-{vote_id}")

    @cached_property
    def audit(self) -> bytes:
        """Ed25519 private key (32 bytes) that signs heads of the audit log."""
        return self._made_once("audit")
