"""Search: Korean as people type it, one order on both databases, and an index that follows its projects."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from civicvote.domain.lifecycles import ProjectState
from civicvote.domain.permissions import VISITOR
from civicvote.models.cycles import Pool
from civicvote.models.projects import Project
from civicvote.services import clock, search
from civicvote.services.projects import listing
from civicvote.services.projects.listing import Filters, Sort
from tests import factories
from tests.conftest import Queries

PLACES = ("성내동", "합정동", "목동", "상계동", "봉천동", "성수동", "수유동", "신림동", "길음동", "화곡동")
THINGS = (
    ("통학로 보행등 설치", "아이들이 다니는 길이 어두워 위험합니다. 가로등 사이가 멀어 밤에는 앞이 보이지 않습니다."),
    ("공원 음수대 교체", "음수대가 낡아 물이 샙니다. 여름에 마실 물이 없어 불편합니다."),
    ("반려견 놀이터 조성", "반려견과 갈 곳이 없어 산책로에서 다툼이 생깁니다."),
    ("어르신 보행기 대여소", "무릎이 아픈 어르신이 장을 보러 가기 어렵습니다."),
    ("공유 자전거 거치대 확충", "따릉이를 세울 곳이 모자라 보도가 막힙니다."),
    ("골목 쓰레기 분리수거함", "골목에 쓰레기가 쌓여 냄새가 납니다."),
    ("도서관 야간 개방", "퇴근하고 책을 빌릴 곳이 없습니다."),
    ("청년 공유 주방", "혼자 사는 청년이 밥을 해 먹기 어렵습니다."),
    ("Free Wi-Fi at bus stops", "Visitors cannot read the timetable. 버스 정류장에서 지도를 볼 수 없습니다."),
    ("빗물 저금통 보급", "여름마다 화단이 마릅니다. 빗물을 모아 쓰면 좋겠습니다."),
)


def _town(session: Session) -> Pool:
    """A hundred proposals: ten things in ten places."""
    pool = factories.pool(session, factories.cycle(session))
    moment = clock.now()
    session.add_all(
        Project(
            cycle_id=pool.cycle_id, pool_id=pool.id, state=ProjectState.SUBMITTED, title=f"{place} {title}", problem=problem,
            idea=f"{place}부터 시작해 주십시오.", place=place, number=f"26-{place}-{number}", created_at=moment,
            updated_at=moment, submitted_at=moment,
        )
        for place in PLACES
        for number, (title, problem) in enumerate(THINGS)
    )  # fmt: skip
    session.flush()
    search.reindex(session)
    return pool


def _titles(session: Session, query: str, **filters: object) -> list[str]:
    found = listing.listing(session, VISITOR, Filters(q=query).but(**filters))
    return [row.title for row in found.page.rows]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("합정동 보행등", "합정동 통학로 보행등 설치"),
        ("합정동 보행등을 설치", "합정동 통학로 보행등 설치"),
        ("통학로보행등 상계동", "상계동 통학로 보행등 설치"),
        ("목동음수대", "목동 공원 음수대 교체"),
        ("성수동에 반려견 놀이터를", "성수동 반려견 놀이터 조성"),
        ("수유동 따릉이", "수유동 공유 자전거 거치대 확충"),
        ("wifi 신림동 bus", "신림동 Free Wi-Fi at bus stops"),
        ("FREE WI-FI 길음동", "길음동 Free Wi-Fi at bus stops"),
        ("화곡동 도서관 야간개방", "화곡동 도서관 야간 개방"),
    ],
)
def test_the_right_one_comes_first(session: Session, query: str, first: str) -> None:
    _town(session)
    assert _titles(session, query)[0] == first


def test_a_title_counts_more_than_the_text(session: Session) -> None:
    pool = factories.pool(session, factories.cycle(session))
    factories.project(session, pool, title="가로등 교체", problem="길이 어둡습니다")
    factories.project(session, pool, title="골목 정비", problem="가로등 교체도 함께 해 주십시오")
    search.reindex(session)
    assert _titles(session, "가로등") == ["가로등 교체", "골목 정비"]


def test_more_words_find_less(session: Session) -> None:
    _town(session)
    wide = listing.listing(session, VISITOR, Filters(q="보행등"))
    narrow = listing.listing(session, VISITOR, Filters(q="보행등 합정동"))
    assert wide.total == 10
    assert narrow.total is not None
    assert 1 <= narrow.total < 4  # 보행기 of the same place shares two pairs


@pytest.mark.parametrize(
    "query",
    [
        '"',
        "'; DROP TABLE project; --",
        "AND OR NOT",
        "*",
        "보행등*",
        'title:"보행등"',
        "NEAR(보행등)",
        "🙂",
        "-보행등",
        "()",
        "\u202e",
    ],
)
def test_no_query_breaks_the_index(session: Session, query: str) -> None:
    _town(session)
    listing.listing(session, VISITOR, Filters(q=query))


def test_a_query_without_letters_finds_everything_and_an_unknown_word_nothing(session: Session) -> None:
    _town(session)
    assert listing.listing(session, VISITOR, Filters(q="!?")).total == 100
    assert listing.listing(session, VISITOR, Filters(q="우주선")).total == 0


def test_a_long_query_is_cut_not_refused(session: Session) -> None:
    _town(session)
    assert _titles(session, "합정동 보행등 " * 200)[0] == "합정동 통학로 보행등 설치"


def test_pages_of_a_search_meet_without_gap(session: Session) -> None:
    _town(session)
    filters = Filters(q="동부터")
    seen: list[str] = []
    cursor = None
    for _ in range(10):
        found = listing.listing(session, VISITOR, filters, cursor)
        seen += [row.title for row in found.page.rows]
        cursor = found.page.next
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == listing.listing(session, VISITOR, filters).total


def test_a_chosen_sort_beats_relevance(session: Session) -> None:
    pool = factories.pool(session, factories.cycle(session))
    factories.project(session, pool, title="가로등 교체", endorsement_count=1)
    factories.project(session, pool, title="골목 정비", problem="가로등 교체도 해 주십시오", endorsement_count=9)
    search.reindex(session)
    assert _titles(session, "가로등", sort=Sort.ENDORSED) == ["골목 정비", "가로등 교체"]
    assert _titles(session, "가로등", sort=Sort.RELEVANCE) == ["가로등 교체", "골목 정비"]


def test_drafts_and_removed_documents_are_not_found(session: Session) -> None:
    pool = factories.pool(session, factories.cycle(session))
    draft = factories.project(session, pool, factories.user(session), ProjectState.DRAFT, title="비밀 보행등")
    search.index(session, draft)
    session.flush()
    assert _titles(session, "보행등") == []


def test_the_index_follows_insert_change_and_removal(session: Session) -> None:
    pool = factories.pool(session, factories.cycle(session))
    project = factories.project(session, pool, title="보행등")
    search.index(session, project)
    session.flush()
    assert _titles(session, "보행등") == ["보행등"]
    project.title, project.problem, project.idea = "음수대", "물이 샙니다", "바꿔 주십시오"
    search.index(session, project)
    session.flush()
    assert _titles(session, "보행등") == []
    assert _titles(session, "음수대") == ["음수대"]
    search.reindex(session)
    assert _titles(session, "음수대") == ["음수대"]
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("INSERT INTO search_index(search_index, rank) VALUES ('integrity-check', 1)"))


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("합정동 통학로에 보행등을 달아 주세요", "합정동 통학로 보행등 설치"),
        ("목동 공원 음수대가 낡았어요", "목동 공원 음수대 교체"),
        ("상계동에 반려견놀이터 만들어주세요", "상계동 반려견 놀이터 조성"),
        ("봉천동 도서관 밤에도 열어 주세요", "봉천동 도서관 야간 개방"),
    ],
)
def test_paraphrased_duplicates_are_among_the_similar(session: Session, typed: str, known: str) -> None:
    _town(session)
    assert known in [found.title for found in search.similar(session, typed)]


def test_similar_leaves_out_withdrawn_ones_and_itself(session: Session, queries: Queries) -> None:
    pool = factories.pool(session, factories.cycle(session))
    own = factories.project(session, pool, title="통학로 보행등 설치")
    factories.project(session, pool, title="통학로 보행등 설치", state=ProjectState.WITHDRAWN)
    search.reindex(session)
    session.flush()
    queries.clear()
    assert [found.id for found in search.similar(session, "통학로 보행등")] == [own.id]
    assert len(queries) == 2
    assert search.similar(session, "통학로 보행등", but=own.id) == []
    assert search.similar(session, "통") == []
