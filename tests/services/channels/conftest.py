"""A polling place for each test."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from civicvote.keystore import KeyStore
from tests.support.channels import Hall, hall


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


@pytest.fixture
def place(session: Session, keys: KeyStore) -> Hall:
    return hall(session, keys)
