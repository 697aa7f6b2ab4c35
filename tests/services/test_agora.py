"""오늘의공론장: everything open, by its clock, for whom it is open."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from civicvote.domain.agora import OpenKind
from civicvote.domain.deliberation import Audience, ForumKind
from civicvote.domain.errors import ForbiddenError, InvalidError, NotFoundError
from civicvote.domain.lifecycles import CampaignState, ForumState, ProposalState
from civicvote.domain.permissions import VISITOR, Role
from civicvote.models.audit import AuditEvent
from civicvote.models.deliberation import GroupMember, ParticipantGroup, RoundParticipant
from civicvote.models.proposals import ProposalEndorsement
from civicvote.services import agora, clock
from civicvote.services.agora import Filters, LinkDraft
from civicvote.settings import Settings
from tests import factories
from tests.conftest import Queries
from tests.support import agora as make
from tests.support.voting import polls

HOUR = make.HOUR


def everything(session: Session, settings: Settings) -> None:
    moment = clock.now()
    polls(session, settings.keystore)
    factories.pool(session, factories.cycle(session))
    make.proposal(session)
    for place, kind in enumerate(ForumKind, 3):
        make.round_of(session, kind, moment + place * HOUR)
    make.campaign(session)
    make.outside(session, moment + 9 * HOUR)


def test_all_kinds_stand_in_one_list_by_their_close(session: Session, settings: Settings, queries: Queries) -> None:
    everything(session, settings)
    session.flush()
    queries.clear()
    rows = agora.today(session, VISITOR, Filters()).rows
    assert len(queries) == 1
    assert {row.kind for row in rows} == set(OpenKind)
    assert [row.closes_at for row in rows] == sorted(row.closes_at for row in rows)
    assert not any(row.did for row in rows)


def test_what_is_not_open_is_not_there(session: Session) -> None:
    moment = clock.now()
    make.proposal(session, closes_at=moment + timedelta(days=20))  # in its last days only
    make.proposal(session, hidden_at=moment, hidden_code="insult", hidden_reason="욕설")
    make.proposal(session, ProposalState.ANSWERED)
    make.round_of(session, ForumKind.DEBATE, moment + 2 * HOUR, opens_at=moment + HOUR)
    make.round_of(session, ForumKind.DEBATE, moment + HOUR, state=ForumState.CANCELLED)
    make.round_of(session, ForumKind.DEBATE, moment + HOUR, held_at=moment, held_reason="점검")
    make.campaign(session, CampaignState.DRAFT)
    make.outside(session, moment + HOUR, removed_at=moment)
    make.outside(session, moment + 3 * HOUR, opens_at=moment + 2 * HOUR)
    assert agora.today(session, VISITOR, Filters()).rows == []


def test_a_window_ends_by_the_second(session: Session) -> None:
    closes = clock.now() + HOUR
    make.round_of(session, ForumKind.DEBATE, closes)
    with time_machine.travel(closes - timedelta(milliseconds=1), tick=False):
        assert len(agora.today(session, VISITOR, Filters()).rows) == 1
    with time_machine.travel(closes, tick=False):
        assert agora.today(session, VISITOR, Filters()).rows == []


def test_a_groups_round_is_its_members_alone(session: Session) -> None:
    member, other = factories.user(session), factories.user(session)
    group = ParticipantGroup(name="2026 시민회의", kind="season", created_at=clock.now())
    session.add(group)
    session.flush()
    session.add(GroupMember(group_id=group.id, user_id=member.id))
    make.round_of(session, ForumKind.ASSEMBLY, clock.now() + HOUR, audience=Audience.GROUP, group_id=group.id)
    seen = [
        len(agora.today(session, who, Filters()).rows)
        for who in (VISITOR, factories.actor(other), factories.actor(member))
    ]
    assert seen == [0, 0, 1]


def test_filters_narrow_by_kind_district_and_what_i_can_still_do(session: Session) -> None:
    person = factories.user(session)
    mine = make.round_of(session, ForumKind.DEBATE, clock.now() + HOUR, district="11110")
    session.add(RoundParticipant(round_id=mine.id, user_id=person.id, at=clock.now()))
    endorsed = make.proposal(session, district="11140")
    session.add(ProposalEndorsement(proposal_id=endorsed.id, user_id=person.id, at=clock.now()))
    make.outside(session, clock.now() + HOUR)
    session.flush()
    actor = factories.actor(person)

    def kinds(filters: Filters) -> set[OpenKind]:
        return {row.kind for row in agora.today(session, actor, filters).rows}

    assert kinds(Filters(kind=OpenKind.DEBATE)) == {OpenKind.DEBATE}
    assert kinds(Filters(district="11110")) == {OpenKind.DEBATE, OpenKind.OUTSIDE}  # the whole city is there too
    assert kinds(Filters(mine=True)) == {OpenKind.OUTSIDE}
    assert {row.kind for row in agora.today(session, actor, Filters()).rows if row.did} == {
        OpenKind.DEBATE,
        OpenKind.PROPOSAL,
    }


def test_pages_follow_each_other_without_gap(session: Session) -> None:
    closes = clock.now() + HOUR
    made = {make.outside(session, closes).id for _ in range(7)} | {make.outside(session, closes + HOUR).id}
    seen, cursor = [], None
    while True:
        found = agora.today(session, VISITOR, Filters(), cursor, size=3)
        seen += [row.key for row in found.rows]
        cursor = found.next
        if cursor is None:
            break
    assert len(seen) == 8
    assert set(seen) == made


def _draft(**values: object) -> LinkDraft:
    moment = clock.now()
    given: dict[str, object] = {
        "title": "메타버스시장실 의견함",
        "host": "메타버스시장실",
        "url": "https://meta.example.kr/a?b=1",
        "opens_at": moment,
        "closes_at": moment + HOUR,
    }
    return LinkDraft(**(given | values))  # type: ignore[arg-type]  # checked by the service


def test_staff_register_change_and_remove_links(session: Session) -> None:
    staff = factories.actor(factories.user(session, Role.STAFF), Role.STAFF)
    made = agora.add_link(session, staff, _draft())
    agora.change_link(session, staff, made.id, _draft(title="고친 이름"))
    assert [link.title for link in agora.outside(session, staff)] == ["고친 이름"]
    agora.remove_link(session, staff, made.id)
    assert agora.outside(session, staff) == []
    with pytest.raises(NotFoundError):
        agora.link(session, staff, made.id)
    assert session.scalar(select(func.count()).where(AuditEvent.action.startswith("outside-link:"))) == 3


def test_nobody_else_registers_links(session: Session) -> None:
    for actor in (VISITOR, factories.actor(factories.user(session, Role.MODERATOR), Role.MODERATOR)):
        for deed in (
            lambda a=actor: agora.outside(session, a),
            lambda a=actor: agora.add_link(session, a, _draft()),
            lambda a=actor: agora.remove_link(session, a, uuid4()),
        ):
            with pytest.raises(ForbiddenError):
                deed()


@pytest.mark.parametrize(
    "url",
    [
        "http://a.kr", "javascript:alert(1)", "https://", "https://localhost", "https://user@a.kr", "https://a.kr/ b",
        "//a.kr", "data:text/html,x", "https://a.kr\\@b.kr", "https://[", "https://a.kr:x/", "https://a.kr/" + "x" * 500,
    ],
)  # fmt: skip
def test_only_plain_https_addresses_are_taken(session: Session, url: str) -> None:
    staff = factories.actor(factories.user(session, Role.STAFF), Role.STAFF)
    with pytest.raises(InvalidError) as refused:
        agora.add_link(session, staff, _draft(url=url))
    assert refused.value.field == "url"


def test_a_window_has_its_order_and_a_district_exists(session: Session) -> None:
    staff = factories.actor(factories.user(session, Role.STAFF), Role.STAFF)
    for values, field in (({"closes_at": clock.now() - HOUR}, "closes_at"), ({"district": "99999"}, "district")):
        with pytest.raises(InvalidError) as refused:
            agora.add_link(session, staff, _draft(**values))
        assert refused.value.field == field
