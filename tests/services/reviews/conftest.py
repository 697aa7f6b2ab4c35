"""The case each of these tests begins with."""

import pytest
from sqlalchemy.orm import Session

from tests.support.reviews import Case, case_of


@pytest.fixture
def case(session: Session) -> Case:
    return case_of(session)
