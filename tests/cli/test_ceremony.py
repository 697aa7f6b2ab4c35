"""The whole way of a shared key: made offline, offered, ballots cast, counted offline from typed words, published, ended."""

from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.cli.count import count
from civicvote.cli.keys import keys as keys_command
from civicvote.domain.ballots import keys as vote_keys
from civicvote.domain.cycles import Phase
from civicvote.domain.lifecycles import CycleState, ProjectState
from civicvote.domain.permissions import SYSTEM, Role
from civicvote.keystore import KeyStore
from civicvote.models import Base
from civicvote.services import board, clock, counting, votes, voting
from civicvote.services.counting import custody
from civicvote.services.counting.custody import Key
from civicvote.settings import Settings
from tests import factories
from tests.support.voting import form_key, voter


def _run(command: object, *arguments: object, typed: str = "") -> Result:
    done = CliRunner().invoke(command, [str(one) for one in arguments], input=typed)  # type: ignore[arg-type]
    assert done.exit_code == 0, done.output
    return done


def _words(sheet: Path) -> str:
    words = vote_keys.read_share(sheet.read_text())
    return "\n".join(" ".join(words[at : at + 3]) for at in range(0, 33, 3)) + "\n"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("CIVICVOTE_INSTANCE", str(tmp_path / "instance"))
    made = Settings()
    made.instance.mkdir()
    return made


def test_a_shared_key_from_its_making_to_its_end(settings: Settings, tmp_path: Path) -> None:
    engine = db.make_engine(settings.url)
    Base.metadata.create_all(engine)
    keys, offline = settings.keystore, tmp_path / "offline"
    with Session(engine, expire_on_commit=False) as session:
        cycle = factories.cycle(session, CycleState.LISTED, opened="voting", slug="shared", max_picks=2)
        pool = factories.pool(session, cycle, 100_000_000, name="서울 전체")
        for n in (1, 2, 3):
            factories.project(session, pool, state=ProjectState.ON_BALLOT, number=f"A{n}", cost_won=40_000_000)
        number = votes.vote_id(cycle.id)
        _run(keys_command, "make", "--vote", number, "--shares", "3/5", "--out", offline)
        sheets = sorted(offline.glob("*.txt"))
        for sheet in sheets:
            _run(keys_command, "verify", "--ask", "--public", offline / f"{number}.public.json", typed=_words(sheet))
        offered = keys.folder / votes.OFFERED
        offered.mkdir(parents=True)
        (offline / f"{number}.public.json").rename(offered / f"{number}.public.json")
        vote = votes.open_vote(session, SYSTEM, cycle, keys=keys)
        assert (vote.key_mode, vote.notice["keys"]["shares"]) == ("shares", "3/5")
        for n in range(5):
            _user, actor = voter(session)
            picks = ["A1", "A2"] if n else ["A3"]
            voting.cast(session, actor, "shared", picks, key=form_key(), arrived=clock.now(), keys=keys)
        users = [factories.user(session, Role.STAFF, name=name) for name in ("김집계", "이검산")]
        first, second = (factories.actor(user, Role.STAFF) for user in users)
        session.commit()
        with time_machine.travel(vote.closes_at + timedelta(minutes=2), tick=False):
            counting.seal(session, first, "shared", keys=keys)
            (offline / "count.json").write_bytes(counting.export(session, first, "shared"))
            opened = offline / "opened.json"
            said = _run(
                count, offline / "count.json", "--ask", "--out", opened, typed="".join(map(_words, (sheets[4], sheets[0], sheets[2])))
            ).output  # fmt: skip
            assert "유효 5표, 무효 0표" in said
            entries = board.entries(session, vote.id)
            assert entries[-1].item["digest"] in said, "the list is the board's"
            counting.count(session, first, "shared", keys=keys, opened=opened.read_bytes())
            counting.release.choose(session, first, "shared", only_totals=False)
            counting.publish(session, second, "shared", keys=keys, opened=opened.read_bytes())
            entries = board.entries(session, vote.id)
            assert next(e for e in entries if e.kind == "plaintexts").item["digest"] in said
        session.commit()
        with time_machine.travel(vote.closes_at + timedelta(days=31), tick=False):
            copy = keys.read(f"roll-{vote.id}")
            for key in Key:
                for actor in (first, second):
                    custody.destroy(session, actor, "shared", key, how="입회인 앞에서 파쇄함", keys=keys)
            session.commit()
            _run(keys_command, "wipe", *sheets, "--yes")
        keys.write(f"roll-{vote.id}", copy)
    engine.dispose()
    assert "명부 열쇠 파일을 지웠습니다" in _run(keys_command, "destroy").output
    assert "지울 열쇠가 없습니다" in _run(keys_command, "destroy").output
    assert not KeyStore(keys.folder).exists(f"roll-{vote.id}")
    assert cycle.timetable(held=False).phase(clock.now()) is Phase.RESULT
