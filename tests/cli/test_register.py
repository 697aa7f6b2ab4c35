"""`civicvote register import`: exit codes and where what is said."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from civicvote import db
from civicvote.cli import main
from civicvote.demo.content import register_csv, register_rows
from civicvote.models import Base
from civicvote.models.verification import RegisterEntry


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> db.Database:
    monkeypatch.setenv("CIVICVOTE_INSTANCE", str(tmp_path))
    engine = db.make_engine(f"sqlite:///{tmp_path / 'civicvote.sqlite'}")
    Base.metadata.create_all(engine)
    return db.Database(engine)


def count(database: db.Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(RegisterEntry)) or 0


def test_a_good_file_goes_in_twice(instance: db.Database, tmp_path: Path) -> None:
    file = tmp_path / "register.csv"
    file.write_text(register_csv(), encoding="cp949")
    n = len(register_rows())
    first, second = (CliRunner().invoke(main, ["register", "import", str(file)]) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert f"새로 {n}명" in first.stdout
    assert f"그대로 {n}명" in second.stdout
    assert count(instance) == n


def test_a_bad_file_leaves_nothing_behind(instance: db.Database, tmp_path: Path) -> None:
    file = tmp_path / "register.csv"
    file.write_text(register_csv() + "홍길동,2099-01-01,010,x,부산\n", encoding="utf-8")
    answer = CliRunner().invoke(main, ["register", "import", str(file)])
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert answer.stderr.count("register.csv: ") == 4
    assert "「생년월일」" in answer.stderr
    assert count(instance) == 0
