"""The terms of a ballot list: what can't be funded together, and what nobody should be asked to vote for in vain."""

from uuid import UUID

import pytest

from civicvote.domain.ballot_list import Alternatives, Cap, Item, LockedIn, Scope, Terms

POOL, OTHER = UUID(int=1), UUID(int=2)
A, B, C, D = (UUID(int=n) for n in range(10, 14))
ITEMS = [
    Item(A, "1", "가로등", 40, POOL, "안전", "11110"),
    Item(B, "2", "건널목", 50, POOL, "안전", None),
    Item(C, "3", "도서관", 90, POOL, "문화", "11110"),
    Item(D, "4", "쉼터", 30, OTHER, "안전", None),
]
POOLS = {POOL: 100, OTHER: 100}


def _group(*projects: UUID) -> Alternatives:
    return Alternatives(UUID(int=20), "두 자리", frozenset(projects))


def _cap(value: str, *, most: int | None = None, won: int | None = None, scope: Scope = Scope.CATEGORY) -> Cap:
    return Cap(UUID(int=21), scope, value, most, won)


def _locked(*projects: UUID) -> tuple[LockedIn, ...]:
    return tuple(LockedIn(UUID(int=30 + n), project, "협약에 따라 시행") for n, project in enumerate(projects))


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (Terms(), None),
        (Terms((_group(A, B),), (_cap("안전", most=2),), _locked(C)), None),
        (Terms(locked=_locked(A, C)), "분야 예산을 넘습니다"),
        (Terms((_group(A, B),), (), _locked(A, B)), "함께 확정할 수 없습니다: 두 자리"),
        (Terms((), (_cap("안전", most=1),), _locked(A, B)), "확정 사업만으로 한도를 넘습니다"),
        (Terms((_group(A, B),), (), _locked(A)), "건널목"),
        (Terms((), (_cap("문화", won=80),)), "도서관"),
        (Terms((), (_cap("안전", won=60),), _locked(A)), "건널목"),
        (Terms((), (_cap("안전", most=1),), _locked(B)), "가로등"),
        (Terms((), (_cap("11110", most=1, scope=Scope.DISTRICT),), _locked(C)), "가로등"),
        (Terms((), (_cap("안전", won=40),), _locked(D)), "건널목"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_stands_in_the_way(terms: Terms, said: str | None) -> None:
    found = terms.obstacle(ITEMS, POOLS)
    assert (found is None) if said is None else (found is not None and said in str(found))


def test_a_locked_project_leaves_the_cap_of_another_pool_alone() -> None:
    assert Terms((), (_cap("안전", most=1),), _locked(D)).obstacle(ITEMS, POOLS) is None
