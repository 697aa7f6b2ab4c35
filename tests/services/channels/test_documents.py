"""Documents of somebody nobody has verified: one clerk alone gives neither paper nor code, and changes nobody's district."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from civicvote import jobs
from civicvote.domain.errors import ConflictError, ForbiddenError, InvalidError
from civicvote.domain.permissions import Actor, Role
from civicvote.keystore import KeyStore
from civicvote.models.audit import AuditEvent
from civicvote.models.channels import Ask, Channel, CheckIn, DeskRequest, ShownDocument
from civicvote.models.verification import Person, PersonalDataAccess
from civicvote.services import channels, clock
from civicvote.services.channels import reading
from civicvote.services.verification import Namesake
from civicvote.settings import Settings
from tests import factories
from tests.support.channels import Hall, document, hall, living
from tests.support.voting import voter


def _third(session: Session) -> Actor:
    return factories.actor(factories.user(session, Role.STAFF, name="박셋째"), Role.STAFF)


def _seen(place: Hall, clerk: Actor) -> reading.Papers | None:
    """What the clerk's page has to compare."""
    (row,) = reading.desk(place.session, clerk, place.slug, arrived=clock.now()).requests
    return row.papers


def test_no_paper_before_a_second_clerk_has_seen_the_documents(session: Session, place: Hall) -> None:
    claim = document(basis="", district="")
    found = channels.look_up(session, place.first, place.slug, claim, keys=place.keys, address="")
    assert (found.documents, found.facts.person, found.refusal) == (True, None, None)
    with pytest.raises(InvalidError, match="서류") as refused:
        place.check_in(claim)
    assert refused.value.field == "basis"
    made = place.check_in(document(phone=claim.phone))
    person = session.get_one(Person, made.person_id)
    assert (person.district, person.birth_year) == (None, None), "one clerk's word is nothing yet"
    with pytest.raises(ConflictError, match="다른 담당자가 서류를 보고"):
        place.hand_out(made)
    with pytest.raises(ForbiddenError, match="요청한 사람"):
        place.decide(made, place.first)
    place.decide(made, place.second)
    assert (made.documents_by, person.district, person.birth_year) == (place.second.id, "11110", 1981)
    assert place.hand_out(made).paper_district == "11110"
    again = channels.look_up(session, place.first, place.slug, document(phone=claim.phone), keys=place.keys, address="")
    assert again.living == made.id


def test_no_code_before_a_second_clerk_has_seen_the_documents(place: Hall) -> None:
    station = place.station()
    made = place.check_in(document(), Channel.STATION)
    with pytest.raises(ConflictError, match="다른 담당자가 서류를 보고"):
        place.code(made)
    place.decide(made, place.second)
    channels.redeem(place.session, station, place.code(made), keys=place.keys)
    place.cast(place.at(station).actor, "A1", "B1")


def test_the_second_clerk_sees_what_to_compare_and_nothing_of_it_stays(session: Session, place: Hall) -> None:
    made = place.check_in(document())
    theirs, own = _seen(place, place.second), _seen(place, place.first)
    assert theirs is not None
    assert own is not None
    assert theirs.birth_date is not None
    assert (theirs.name, theirs.birth_date.isoformat(), theirs.district) == ("강나루", "1981-03-02", "11110")
    assert (own.name, own.birth_date) == ("", None)
    view = reading.check_in(session, place.second, place.slug, made.id)
    assert (view.row.unseen, view.may_hand_out, view.may_take_back) == (True, False, True)
    place.decide(made, place.second)
    assert session.scalars(select(ShownDocument.name)).all() == []
    after = reading.check_in(session, place.second, place.slug, made.id)
    assert after.shown is not None
    assert (after.shown.name, after.seen_by, after.may_hand_out) == ("", "이확인", True)
    assert "강나루" not in str(session.scalars(select(AuditEvent.detail)).all())
    assert "강나루" not in str(session.scalars(select(DeskRequest.reason)).all())


def test_the_log_names_both(session: Session, place: Hall) -> None:
    made = place.check_in(document())
    place.decide(made, place.second)
    event = session.scalars(select(AuditEvent).where(AuditEvent.action == "check-in:approve")).one()
    assert (event.actor_id, event.detail["asked_by"]) == (place.second.id, str(place.first.id))
    assert event.detail["ask"] == "documents"
    first = session.scalars(select(AuditEvent).where(AuditEvent.action == "check-in:make")).one()
    assert (first.actor_id, first.detail["shown"]) == (place.first.id, "documents")
    looks = session.scalars(select(PersonalDataAccess.actor_id)).all()
    assert looks == [place.first.id, place.second.id]


def test_the_database_wants_two_clerks(session: Session, place: Hall) -> None:
    made = place.check_in(document())
    for values in (
        {"documents_by": place.first.id},
        {"paper_given_by": place.second.id, "paper_district": "11110"},
        {"basis": None},
    ):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(update(CheckIn).where(CheckIn.id == made.id).values(**values))
    verified = place.come(voter(session)[0])
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(CheckIn).where(CheckIn.id == verified.id).values(documents_by=place.second.id))
    asked = {"approved": True, "decided_by": place.first.id, "decided_at": clock.now()}
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(DeskRequest).values(**asked))


def test_a_refused_check_in_is_over(session: Session, place: Hall) -> None:
    phone = document().phone
    for clerk in (place.second, place.first):
        made = place.check_in(document(phone=phone))
        place.decide(made, clerk, approve=False)
        assert made.taken_back_at is not None
        assert session.scalars(select(ShownDocument.name)).all() == []
        with pytest.raises(ConflictError, match="기다리는 요청이 없습니다"):
            place.decide(made, place.second)
        with pytest.raises(ConflictError, match="취소되었습니다"):
            place.hand_out(made)
    assert living(session) == []
    assert session.scalars(select(Person.district).where(Person.person_key.is_not(None))).all().count("11110") == 0


def test_it_is_confirmed_once(place: Hall) -> None:
    made = place.check_in(document())
    place.decide(made, place.second)
    with pytest.raises(ConflictError, match="기다리는 요청이 없습니다"):
        place.decide(made, place.second)


def test_nobody_asks_for_documents_by_hand(session: Session, place: Hall) -> None:
    """Else a check-in that was confirmed could be asked about again, by the one who should have looked."""
    made = place.check_in(document())
    place.decide(made, place.second)
    with pytest.raises(ConflictError, match="처음부터 다시 접수"):
        channels.ask(session, place.first, place.slug, made.id, Ask.DOCUMENTS, reason="다시 확인", keys=place.keys)
    with pytest.raises(ConflictError, match="기다리는 요청이 없습니다"):
        place.decide(made, _third(session))


def test_yesterdays_entry_is_not_confirmed_today(session: Session, place: Hall) -> None:
    phone = document().phone
    with time_machine.travel(clock.now(), tick=False) as moving:
        made = place.check_in(document(phone=phone))
        moving.shift(timedelta(minutes=30))
        papers = _seen(place, place.second)
        assert papers is not None
        assert (papers.expired, papers.name) == (True, "")
        with pytest.raises(ConflictError, match="30분이 지나"), session.begin_nested():
            place.decide(made, place.second)
        session.refresh(made)
        assert made.documents_by is None
        place.check_in(document("나루강"))
        assert session.scalars(select(ShownDocument.name)).all() == ["나루강"], "the old name is forgotten"
        place.decide(made, place.second, approve=False)
        again = place.check_in(document(phone=phone))
        place.decide(again, place.second)
        assert place.hand_out(again).paper_given_by == place.first.id


def test_a_clerk_who_is_that_person_confirms_nothing(place: Hall) -> None:
    made = place.check_in(document())
    own = Actor(roles=place.second.roles, id=place.second.id, person_id=made.person_id)
    with pytest.raises(ForbiddenError, match="본인의 접수"):
        place.decide(made, own)


def test_a_namesake_is_pointed_out_to_the_second_clerk(session: Session, place: Hall) -> None:
    place.decide(place.check_in(document()), place.second)
    place.check_in(document(namesake=Namesake.OTHER))
    papers = _seen(place, place.second)
    assert papers is not None
    assert papers.namesake


def test_an_account_verified_too_little_is_compared_by_its_document(session: Session, place: Hall) -> None:
    user = factories.user(session, level=1)
    assert user.email
    bare = channels.Claim(email=user.email)
    found = channels.look_up(session, place.first, place.slug, bare, keys=place.keys, address="")
    assert (found.documents, found.refusal) == (True, None)
    seen = channels.Claim(email=user.email, basis="work", district="11110")
    named = replace(seen, name="강나루")
    for claim, field in (
        (seen, "name"),
        (named, "birth_date"),
        (replace(named, birth_date="1931-03-02"), "birth_date"),
    ):
        with pytest.raises(InvalidError) as refused:
            place.check_in(claim)
        assert refused.value.field == field
    person = session.get_one(Person, user.person_id)
    made = place.check_in(replace(named, birth_date=f"{person.birth_year}-03-02"))
    place.decide(made, place.second)
    assert (made.level, made.person_id, user.level) == (2, user.person_id, 1)


def test_documents_never_change_a_known_district(session: Session, place: Hall) -> None:
    user = factories.user(session, level=1)
    verified, _actor = voter(session)
    for one in (user, verified):
        person = session.get_one(Person, one.person_id)
        assert (person.district, one.email is not None) == ("11110", True)
        claim = channels.Claim(
            email=one.email or "",
            name="강나루",
            birth_date=f"{person.birth_year}-03-02",
            basis="work",
            district="11140",
        )
        with pytest.raises(InvalidError, match=r"종로구로 확인된 분.*본인확인 창구") as refused:
            place.check_in(claim)
        assert refused.value.field == "district"
        assert person.district == "11110"
    assert living(session) == []


def test_who_moved_between_two_votes_is_believed_by_two(session: Session, keys: KeyStore, place: Hall) -> None:
    """Without an account there is nothing for the verification desk to correct; while another vote runs, nothing moves."""
    phone = document().phone
    before = place.check_in(document(phone=phone))
    place.decide(before, place.second)
    later = hall(session, keys)
    moved = document(phone=phone, district="11680")
    with pytest.raises(InvalidError, match="종로구로 확인된 분"):
        later.check_in(moved)
    place.made.vote.sealed_at = clock.now()
    session.flush()
    made = later.check_in(moved)
    papers = _seen(later, later.second)
    assert papers is not None
    assert (papers.known, papers.district) == ("11110", "11680")
    assert session.get_one(Person, made.person_id).district == "11110"
    later.decide(made, later.second)
    assert session.get_one(Person, made.person_id).district == "11680"


def test_known_otherwise_in_the_meantime(session: Session, place: Hall) -> None:
    """While the second clerk is on the way, the person verifies an account with another district."""
    made = place.check_in(document())
    user = factories.user(session)
    user.person_id = made.person_id
    session.get_one(Person, made.person_id).district = "11680"
    session.flush()
    with pytest.raises(ConflictError, match="강남구로 확인된 분"):
        place.decide(made, place.second)


def test_documents_and_then_the_void_of_an_online_ballot(session: Session, place: Hall) -> None:
    """Whose verification ran out after they had voted: the second clerk confirms and asks, the first decides the rest."""
    user, actor = voter(session)
    place.cast(actor, "A1")
    user.level_expires_at = clock.now() - timedelta(days=1)
    session.flush()
    person = session.get_one(Person, user.person_id)
    made = place.check_in(
        channels.Claim(
            email=user.email or "",
            name="강나루",
            birth_date=f"{person.birth_year}-03-02",
            basis="residence",
            district="11110",
        )
    )
    place.decide(made, place.second)
    with pytest.raises(ConflictError, match="무효 처리"):
        place.hand_out(made)
    with pytest.raises(ForbiddenError):
        place.decide(made, place.second)
    place.decide(made, place.first)
    assert place.hand_out(made).online_voided


def test_the_clock_forgets_names_nobody_came_to_compare(session: Session, place: Hall, settings: Settings) -> None:
    sweep = dict(jobs.steps(settings))["sweep"]
    made, shown = place.check_in(document()), select(ShownDocument.name)
    sweep(session)
    assert session.scalars(shown).all() == ["강나루"], "there is time to compare it"
    with time_machine.travel(made.checked_in_at + timedelta(minutes=61), tick=False):
        sweep(session)
    assert session.scalars(shown).all() == []
