"""Real elections through the whole machine: sealed, counted, published, exported, and counted again."""

from collections.abc import Callable
from itertools import repeat
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.demo import sample_election
from civicvote.domain import pabulib, tally
from civicvote.domain.cycles import TallyRule
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.domain.permissions import SYSTEM, Role
from civicvote.keystore import KeyStore
from civicvote.models.cycles import Cycle
from civicvote.models.projects import Project
from civicvote.models.votes import Ballot, Participation
from civicvote.services import pabulib as elections
from civicvote.services import results
from civicvote.services.counting import analysis
from tests import factories
from tests.conftest import DATABASES
from tests.shared_data import SHARED, pabulib_expected, pabulib_files
from tests.trust import FULL

#: Lines above which a file goes in once: on one database, by Equal Shares; its export is then counted by greedy too.
MID = 4_000
#: Above it sealing alone takes half a minute: only with CIVICVOTE_TEST_FULL.
BIG = 20_000
#: And up to which it goes in by further rules.
TINY = 1_100

SMALL = """META
key;value
description;Small
country;Nowhere
unit;Town
num_projects;3
num_votes;4
budget;100.50
vote_type;approval
rule;greedy
date_begin;01.01.2020
date_end;31.01.2020
currency;EUR
PROJECTS
project_id;cost;votes;name;category;selected
1;60.25;3;Trees;green;1
2;50;2;Bench;street;0
3;40;2;Lamp;street;1
VOTES
voter_id;vote;age
a;1,2;33
b;1,3;41
c;1,2,3;25
d;;60
"""


@pytest.fixture
def keys(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "keys")


def terms(file: pabulib.PabulibFile, rule: TallyRule | None) -> elections.Terms:
    """By that rule, or by the file's own."""
    if rule is None:
        return elections.Terms(declared=True)
    return elections.Terms(rule=rule, utility=tally.Utility.usual(pabulib.election(file)).value)


def round_trip(session: Session, file: pabulib.PabulibFile, rule: TallyRule | None, keys: KeyStore) -> None:
    """Import → count → export → count gives the winners of `tally` on the file, by the rule the export declares."""
    contest = pabulib.election(file)
    how = terms(file, rule)
    wanted = tally.tally(contest, how.applied(file))
    cycle = elections.import_file(session, SYSTEM, file, how, keys=keys)
    (shown,) = results.published(session, SYSTEM, cycle.slug).contests
    assert [winner.number for winner in shown.winners] == list(wanted.selected)
    assert shown.voters == contest.voters
    given = pabulib.parse(elections.export_file(session, cycle.slug))
    again = pabulib.election(given)
    assert (again.budget, again.voters) == (contest.budget, contest.voters)
    assert costs(again) == costs(contest)
    assert bag(again) == bag(contest), "the same ballots, order aside"
    assert set(given.winners or ()) == set(wanted.selected)
    if contest.voters <= MID:
        assert set(tally.tally(again, pabulib.declared_rule(given)).selected) == set(wanted.selected)


def costs(contest: tally.Election) -> dict[str, tuple[tally.Amount, str]]:
    return {project.id: (project.cost, project.name or project.id) for project in contest.projects}


def bag(contest: tally.Election) -> dict[tuple[tuple[str, int], ...], int]:
    """Ballots by what they say, empty ones aside."""
    return {
        tuple(
            sorted(zip((contest.projects[pick].id for pick in ballot.picks), ballot.points or repeat(1), strict=False))
        ): ballot.count
        for ballot in contest.ballots
        if ballot.picks
    }


if SHARED:
    FILES = {path.name: path.read_bytes().count(b"\n") for path in pabulib_files()}
    SMALL_ONES = sorted(name for name, size in FILES.items() if size <= MID)
    UNDECLARED = {name for name, entry in pabulib_expected().items() if entry["official_rule"] == "unknown"}
    #: Each small file by its own rule, the smallest by two others, so that every rule is met; a giant once.
    CASES: list[tuple[str, str, TallyRule | None]] = [
        *((DATABASES[place % len(DATABASES)], name, None) for place, name in enumerate(SMALL_ONES) if name not in UNDECLARED),
        *(
            (kind, name, list(TallyRule)[(place + turn * 3) % len(TallyRule)])
            for place, name in enumerate(name for name in SMALL_ONES if FILES[name] <= TINY)
            for turn, kind in enumerate(DATABASES)
        ),
        *(
            (DATABASES[0], name, TallyRule.EQUAL_SHARES)
            for name, size in FILES.items()
            if name not in SMALL_ONES and (size <= BIG or FULL)
        ),
    ]  # fmt: skip

    @pytest.mark.parametrize(("kind", "name", "rule"), CASES)
    def test_a_real_election_comes_back_the_same(
        kind: str,
        name: str,
        rule: TallyRule | None,
        make_database: Callable[[str], Engine],
        keys: KeyStore,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        assert SHARED is not None
        monkeypatch.setattr(
            analysis, "ANEW_EACH", 0
        )  # tests/domain/test_why.py proves those figures; here they only take time
        file = pabulib.parse((SHARED / "data" / "pabulib" / name).read_bytes())
        engine = make_database(kind)
        with db.Database(engine).writer() as session:
            round_trip(session, file, rule, keys)
        engine.dispose()


@pytest.mark.parametrize("rule", [None, *TallyRule])
def test_an_election_with_decimals_and_empty_ballots(session: Session, keys: KeyStore, rule: TallyRule | None) -> None:
    file = pabulib.parse(SMALL)
    round_trip(session, file, rule, keys)
    cycle = session.scalars(select(Cycle)).one()
    assert (cycle.currency, cycle.origin, cycle.title) == ("EUR", "import", "Small")
    assert [project.title for project in session.scalars(select(Project).order_by(Project.number))] == [
        "Trees",
        "Bench",
        "Lamp",
    ]
    given = pabulib.parse(elections.export_file(session, cycle.slug))
    assert given.projects.column("category") == ["green", "street", "street"]
    assert given.projects.column("cost") == ["60.25", "50", "40"]
    assert given.meta["budget"] == "100.5"
    assert {"age", "voter"}.isdisjoint(given.votes.columns), "no demographics"
    assert given.meta["country"] == "Nowhere"


def test_the_demos_own_election(session: Session, keys: KeyStore) -> None:
    file = pabulib.parse(sample_election.text())
    round_trip(session, file, None, keys)  # by its own rule: steps of a thousand won


def test_one_participation_and_one_sealed_ballot_per_vote(session: Session, keys: KeyStore) -> None:
    elections.import_file(session, SYSTEM, pabulib.parse(SMALL), elections.Terms(), keys=keys)
    assert session.scalar(select(func.count()).select_from(Participation)) == 4
    sealed = session.scalars(select(Ballot.sealed)).all()
    assert len({len(one) for one in sealed}) == 1
    assert len(sealed) == 4


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("date_end;31.01.2020", "date_end;31.01.2099"), "아직 끝나지 않은"),
        (("1;60.25", "1" * 41 + ";60.25"), "너무 깁니다"),
        (("", ""), "주소에는"),
    ],
)
def test_what_cannot_be_imported_is_refused_whole(
    session: Session, keys: KeyStore, change: tuple[str, str], words: str
) -> None:
    given = elections.Terms(slug="" if change[0] else "Ünder score")
    text = SMALL.replace(*change) if change[0] else SMALL
    with pytest.raises(InvalidError, match=words), session.begin_nested():
        elections.import_file(session, SYSTEM, pabulib.parse(text), given, keys=keys)
    assert session.scalar(select(func.count()).select_from(Cycle)) == 0


def test_a_taken_address_and_a_stranger_are_refused(session: Session, keys: KeyStore) -> None:
    factories.cycle(session, slug="taken")
    with pytest.raises(ConflictError, match="taken"):
        elections.import_file(session, SYSTEM, pabulib.parse(SMALL), elections.Terms(slug="taken"), keys=keys)
    staff = factories.actor(factories.user(session, Role.AUDITOR), Role.AUDITOR)
    with pytest.raises(ForbiddenError):
        elections.import_file(session, staff, pabulib.parse(SMALL), elections.Terms(), keys=keys)


@pytest.mark.parametrize(
    ("line", "shown"), [("", "XXX"), ("currency;pln\n", "PLN"), ("currency;zł\n", "XXX"), ("currency;KRW\n", "KRW")]
)
def test_money_is_won_only_where_the_file_says_so(session: Session, keys: KeyStore, line: str, shown: str) -> None:
    text = SMALL.replace("currency;EUR\n", line)
    cycle = elections.import_file(session, SYSTEM, pabulib.parse(text), elections.Terms(), keys=keys)
    assert cycle.currency == shown


def test_homes_give_the_turnout(session: Session, keys: KeyStore) -> None:
    rows = "".join(f"v{n};1\n" for n in range(30))
    text = SMALL.replace("a;1,2;33\n", rows.replace("\n", ";\n")).replace("num_votes;4", "num_votes;33")
    homes = ["11110"] * 12 + ["11140"] * 21
    cycle = elections.import_file(session, SYSTEM, pabulib.parse(text), elections.Terms(), keys=keys, homes=homes)
    turnout = results.published(session, SYSTEM, cycle.slug).turnout
    assert (turnout.total, dict(turnout.districts)) == (33, {"11110": 12, "11140": 21})
