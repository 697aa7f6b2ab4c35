"""The list of proposals: what each filter and order shows, page by page, and figures that are always those of the list."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from civicvote import db
from civicvote.domain import districts
from civicvote.domain.discussion import HideReason
from civicvote.domain.errors import InvalidError
from civicvote.domain.lifecycles import ProposalState
from civicvote.domain.paging import Cursor
from civicvote.domain.proposals import Triage, Verdict
from civicvote.models.proposal_counts import ProposalCount, ProposalCountChange
from civicvote.models.proposals import Proposal
from civicvote.services import clock, search
from civicvote.services.proposals import counting, feeds, listing
from civicvote.services.proposals.listing import SEEDS, SHUFFLES, Filters, Period, Sort
from tests import factories
from tests.conftest import DATABASES, Queries
from tests.support.listed import proposal
from tests.support.races import attempt, together

S = ProposalState
DAY = timedelta(days=1)


def _hide(session: Session, key: UUID) -> None:
    values = {"hidden_at": clock.now(), "hidden_code": HideReason.INSULT, "hidden_reason": "욕설"}
    session.execute(update(Proposal).where(Proposal.id == key).values(values))


def _titles(session: Session, filters: Filters) -> list[str]:
    """Of all pages."""
    seen, cursor = [], None
    while True:
        page = listing.listing(session, filters, cursor).page
        seen += [row.title for row in page.rows]
        if page.next is None:
            return seen
        cursor = Cursor.decode(page.next.encode())


def _answered(session: Session, **values: Any) -> Proposal:
    office = values.pop("office", None) or factories.department(session)
    given: dict[str, Any] = {
        "department_id": office.id,
        "due_at": clock.now(),
        "verdict": Verdict.ACCEPTED,
        "answered_at": clock.now(),
    }
    return proposal(session, state=S.ANSWERED, **(given | values))


def test_drafts_and_hidden_ones_never_appear(session: Session) -> None:
    proposal(session, state=S.DRAFT, title="쓰는 중")
    hidden = proposal(session, title="숨은 제안")
    proposal(session, title="보이는 제안")
    _hide(session, hidden.id)
    search.reindex_proposals(session)
    for filters in (*(Filters(sort=sort) for sort in (*Sort,) if sort is not Sort.ANSWERED), Filters(q="제안")):
        assert _titles(session, filters) == ["보이는 제안"], filters
        assert listing.around(session, filters).total == 1
    assert [entry.title for entry in feeds.newest(session, Filters())] == ["보이는 제안"]
    assert len(feeds.addresses(session, 10)) == 1


def test_each_filter_shows_its_own(session: Session) -> None:
    office = factories.department(session)
    old = clock.now() - 400 * DAY
    proposal(session, title="가", category="환경·공원", district="11440", published_at=old)
    proposal(session, title="나", category="교통·안전", district="11110")
    proposal(session, title="다", state=S.CLOSED, category="교통·안전", closes_at=old)
    _answered(session, title="라", category="교통·안전", district="11440", office=office)
    assert _titles(session, Filters(state=S.CLOSED)) == ["다"]
    assert _titles(session, Filters(category="환경·공원")) == ["가"]
    assert _titles(session, Filters(district="11440")) == ["라", "가"]
    assert _titles(session, Filters(district=districts.SEOUL)) == ["다"]
    assert _titles(session, Filters(department=office.id)) == ["라"]
    assert _titles(session, Filters(district="11440", category="교통·안전")) == ["라"]
    assert _titles(session, Filters(period=Period.WEEK)) == ["라", "다", "나"]
    assert _titles(session, Filters(until=date(2000, 1, 1))) == []


def test_a_day_is_one_of_seoul_and_both_ends_belong_to_a_period(session: Session) -> None:
    at = datetime(2026, 3, 9, 15, 30, tzinfo=UTC)  # 10 March, half past midnight in Seoul
    proposal(session, title="그날", published_at=at)
    day = date(2026, 3, 10)
    assert _titles(session, Filters(since=day, until=day)) == ["그날"]
    assert _titles(session, Filters(until=day - DAY)) == []
    assert _titles(session, Filters(since=day + DAY)) == []
    today = date(2026, 5, 4)
    assert Filters(period=Period.WEEK).span(today) == (date(2026, 4, 28), None)
    assert Filters(period=Period.LAST_YEAR).span(today) == (date(2025, 1, 1), date(2025, 12, 31))
    assert Filters(period=Period.YEAR).span(today) == (date(2026, 1, 1), None)


def test_orders(session: Session) -> None:
    now = clock.now()
    proposal(session, title="먼저", published_at=now - 3 * DAY, endorsement_count=5, closes_at=now + 9 * DAY)
    proposal(session, title="나중", published_at=now - DAY, endorsement_count=1, closes_at=now + 2 * DAY)
    proposal(session, title="지난", published_at=now - 2 * DAY, endorsement_count=9, closes_at=now - DAY)
    _answered(session, title="옛 답", published_at=now - 9 * DAY, answered_at=now - 2 * DAY)
    _answered(session, title="새 답", published_at=now - 8 * DAY, answered_at=now - DAY)
    assert _titles(session, Filters()) == ["나중", "지난", "먼저", "새 답", "옛 답"]
    assert _titles(session, Filters(sort=Sort.ENDORSED))[:3] == ["지난", "먼저", "나중"]
    assert _titles(session, Filters(sort=Sort.CLOSING)) == ["나중", "먼저"]
    assert _titles(session, Filters(sort=Sort.ANSWERED)) == ["새 답", "옛 답"]


@pytest.mark.parametrize("seed", [0, 1, 40, 41, SEEDS - 1, SEEDS - 2, 2 * (SHUFFLES // 2)])
def test_a_random_order_goes_round_once_and_stays(session: Session, seed: int) -> None:
    places = [0, 3, 20, 20, 21, SHUFFLES // 2, SHUFFLES - 1]
    wanted = {proposal(session, title=f"제안 {n}", shuffle=places[n % len(places)]).title for n in range(65)}
    seen = _titles(session, Filters(sort=Sort.RANDOM, seed=seed))
    assert len(seen) == 65
    assert set(seen) == wanted
    assert _titles(session, Filters(sort=Sort.RANDOM, seed=seed)) == seen


def test_another_visitor_begins_elsewhere_or_goes_the_other_way(session: Session) -> None:
    for n in range(5):
        proposal(session, title=str(n), shuffle=n * 100)
    seen = {tuple(_titles(session, Filters(sort=Sort.RANDOM, seed=seed))) for seed in (0, 1, 300, 301, 601)}
    assert len(seen) == 5
    assert ("2", "3", "4", "0", "1") in seen  # from 150 upwards


@pytest.mark.parametrize("sort", [Sort.NEWEST, Sort.ENDORSED, Sort.CLOSING, Sort.ANSWERED])
def test_pages_meet_without_gap_where_values_are_alike(session: Session, sort: Sort) -> None:
    now = clock.now()
    for n in range(50):
        values: dict[str, Any] = {"title": str(n), "published_at": now, "endorsement_count": n % 2}
        if sort is Sort.ANSWERED:
            _answered(session, **values, answered_at=now)
        else:
            proposal(session, **values)
    seen = _titles(session, Filters(sort=sort))
    assert len(seen) == len(set(seen)) == 50


def test_what_a_search_finds_is_ordered_by_what_was_chosen(session: Session) -> None:
    proposal(session, title="가로등", problem="어둡습니다", idea="밝게")
    proposal(session, title="골목", problem="가로등이 없습니다", idea="밝게", endorsement_count=9)
    proposal(session, title="수영장", problem="없습니다", idea="지어 주십시오")
    search.reindex_proposals(session)
    assert _titles(session, Filters(q="가로등")) == ["가로등", "골목"]
    assert _titles(session, Filters(q="가로등", sort=Sort.ENDORSED)) == ["골목", "가로등"]
    assert _titles(session, Filters(q="가로등", sort=Sort.RANDOM, seed=0)) != []
    assert len(_titles(session, Filters(q="!?"))) == 3
    assert [entry.title for entry in feeds.newest(session, Filters(q="가로등"))] == ["골목", "가로등"]


def test_a_place_of_another_order_is_refused(session: Session) -> None:
    page = Cursor(factories.user(session).id, "2026-01-01T00:00:00+00:00")
    with pytest.raises(InvalidError):
        listing.listing(session, Filters(sort=Sort.ENDORSED), page)


# --- figures ---------------------------------------------------------------------------------------------------------


def _town(session: Session) -> list[Any]:
    offices = [factories.department(session) for _ in range(2)]
    for n in range(36):
        common: dict[str, Any] = {
            "category": ("교통·안전", "환경·공원", "")[n % 3],
            "district": ("11110", "11440", None)[n % 4 % 3],
        }
        if n % 5 == 0:
            _answered(session, office=offices[n % 2], **common)
        else:
            proposal(session, state=S.CLOSED if n % 2 else S.PUBLISHED, **common)
    return offices


def _by_hand(session: Session, filters: Filters, dimension: str) -> dict[str, int]:
    """The same figures from the list itself."""
    own: dict[str, Any] = {"state": None, "category": "", "district": "", "department": None}
    found: dict[str, int] = {}
    free = filters.but(**{dimension: own[dimension]})
    rows = session.scalars(
        select(Proposal).where(*listing._base(free, None, clock.now()), *listing._narrowing(free))
    ).all()
    for row in rows:
        value = {
            "state": row.state.value,
            "category": row.category,
            "district": row.district or "",
            "department": row.department_id.hex if row.department_id else "",
        }[dimension]
        found[value] = found.get(value, 0) + 1
    return found


@pytest.mark.parametrize("folded", [True, False])
def test_figures_are_those_of_the_list_for_every_combination(session: Session, folded: bool) -> None:  # noqa: FBT001
    offices = _town(session)
    if folded:
        assert counting.fold(session) == 36
    changed = session.scalars(select(Proposal).where(Proposal.state == S.PUBLISHED)).all()
    changed[0].category = "복지·돌봄"
    changed[1].district = "11740"
    session.flush()
    _hide(session, changed[2].id)
    for filters in (
        Filters(),
        Filters(state=S.CLOSED),
        Filters(category="교통·안전", district="11440"),
        Filters(district=districts.SEOUL),
        Filters(department=offices[0].id, state=S.ANSWERED),
        Filters(state=S.PUBLISHED, category="복지·돌봄", district="11110", department=offices[1].id),
        Filters(period=Period.WEEK, category="교통·안전"),
        Filters(sort=Sort.ANSWERED, category="교통·안전"),
    ):
        facets = listing.around(session, filters)
        assert facets.total == len(_titles(session, filters))
        assert not facets.capped
        for dimension in ("state", "category", "district", "department"):
            told = {value: n for value, n in facets.values[dimension].items() if n}
            assert told == _by_hand(session, filters, dimension), (filters, dimension)


def test_nothing_drifts_and_drift_is_found_and_repaired(session: Session) -> None:
    _town(session)
    assert counting.recount(session) == 0
    while counting.fold(session):
        pass
    assert session.scalars(select(ProposalCountChange)).all() == []
    assert counting.recount(session) == 0
    session.execute(update(ProposalCount).where(ProposalCount.state == "closed").values(n=ProposalCount.n + 1))
    assert counting.recount(session, repair=False) > 0
    assert counting.recount(session) > 0
    assert counting.recount(session) == 0


def test_many_changes_are_added_up_bit_by_bit(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "BATCH", 10)
    _town(session)
    assert [counting.fold(session) for _ in range(5)] == [10, 10, 10, 6, 0]
    assert listing.around(session, Filters()).total == 36


@pytest.mark.parametrize("kind", DATABASES)
def test_publications_at_one_moment_are_all_counted_and_added_up_once(
    kind: str, make_database: Callable[..., Engine]
) -> None:
    database = db.Database(make_database(kind))

    def deed(number: int) -> str:
        def work(session: Session) -> None:
            if number % 3 == 2:
                counting.fold(session)
            else:
                proposal(session, title=f"제안 {number}", number=number)

        return attempt(database, work)

    assert together(9, deed) == ["done"] * 9
    with database.transaction() as session:
        assert listing.around(session, Filters()).total == 6
        while counting.fold(session):
            pass
        assert listing.around(session, Filters()).total == 6
        assert counting.recount(session) == 0


def test_where_too_much_is_found_counting_stops_and_says_so(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "COUNT_LIMIT", 4)
    for _ in range(6):
        proposal(session, title="가로등")
    search.reindex_proposals(session)
    facets = listing.around(session, Filters(q="가로등"))
    assert (facets.total, facets.capped) == (4, True)
    assert listing.around(session, Filters()).total == 6  # kept sums are exact


def test_a_page_takes_two_statements_and_three_with_a_query(session: Session, queries: Queries) -> None:
    _town(session)
    search.reindex_proposals(session)
    for filters, expected in (
        (Filters(), 2),
        (Filters(q="가로등"), 3),
        (Filters(sort=Sort.RANDOM, seed=9), 2),
        (Filters(period=Period.MONTH), 2),
    ):
        queries.clear()
        listing.listing(session, filters)
        assert len(queries) == expected
        queries.clear()
        listing.listing(session, filters, counted=False)
        assert len(queries) == expected - 1


def test_a_forwarded_complaint_is_listed_as_such(session: Session) -> None:
    proposal(session, state=S.FORWARDED, triage=Triage.COMPLAINT, title="민원")
    assert _titles(session, Filters(state=S.FORWARDED)) == ["민원"]
