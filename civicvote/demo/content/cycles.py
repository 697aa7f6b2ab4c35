"""The three cycles of the demo: one counted, one being voted on, one that takes proposals."""

from datetime import date, datetime, timedelta
from typing import Final

from civicvote.demo.content.model import Cycle, Pool
from civicvote.domain.korean import from_seoul
from civicvote.domain.lifecycles import CycleState

#: What the city's plan of 2021–22 set for 시민참여예산, and what of it was programmed.
TARGET_WON: Final = 70_000_000_000
PROGRAMMED_WON: Final = 24_640_000_000

_EOK: Final = 100_000_000

CYCLE_2025: Final = Cycle(
    key="2025",
    year=2025,
    title="2025년 시민공감예산",
    title_en="Citizens' Budget 2025",
    summary="시민투표로 150억 원을 쓸 곳을 정했습니다. 선정된 사업은 지금 집행하고 있으며 진행 상황을 사업마다 공개합니다.",
    state=CycleState.PUBLISHED,
    proposals=(-560, -500),
    review_until=-430,
    voting=(-420, -392),
    pools=(Pool("seoul-2025", "시정 전체", "Whole city", "시정 전체", 150 * _EOK),),
)

CYCLE_2026: Final = Cycle(
    key="2026",
    year=2026,
    title="2026년 시민공감예산",
    title_en="Citizens' Budget 2026",
    summary=(
        "시민참여예산 목표 700억 원 가운데 246억 4천만 원의 쓰임을 시민투표로 정합니다. "
        "14세 이상으로 서울에 살거나 일하거나 공부하는 시민이면 누구나 투표할 수 있습니다."
    ),
    state=CycleState.LISTED,
    proposals=(-170, -110),
    review_until=-40,
    voting=(-9, 12),
    pools=(
        Pool("environment", "시정 · 환경·안전", "City · Environment and safety", "환경·안전", 55 * _EOK),
        Pool("care", "시정 · 복지·돌봄", "City · Welfare and care", "복지·돌봄", 5_740_000_000),
        Pool("culture", "시정 · 문화·여가", "City · Culture and leisure", "문화·여가", 40 * _EOK),
        Pool("traffic", "광역 · 교통·보행", "Metropolitan · Transport and walking", "교통·보행", 58 * _EOK),
        Pool("digital", "시정 · 디지털", "City · Digital", "디지털", 18 * _EOK),
        Pool("gangbuk", "자치구 · 강북구", "District · Gangbuk-gu", "자치구", 6 * _EOK, "11305", 2),
        Pool("gwanak", "자치구 · 관악구", "District · Gwanak-gu", "자치구", 6 * _EOK, "11620", 2),
        Pool("jungnang", "자치구 · 중랑구", "District · Jungnang-gu", "자치구", 6 * _EOK, "11260", 2),
    ),
)

CYCLE_2027: Final = Cycle(
    key="2027",
    year=2027,
    title="2027년 시민공감예산",
    title_en="Citizens' Budget 2027",
    summary="다음 해 시민공감예산에 담을 제안을 받고 있습니다. 접수한 제안은 기다리지 않고 차례로 담당 부서가 검토합니다.",
    state=CycleState.ANNOUNCED,
    proposals=(-40, 35),
    review_until=110,
    voting=(130, 158),
    pools=(
        Pool("living", "시정 · 생활", "City · Everyday life", "생활", 180 * _EOK),
        Pool("wide", "광역 · 두 곳 이상의 자치구", "Metropolitan · Several districts", "광역", 66 * _EOK),
    ),
)

CYCLES: Final = (CYCLE_2025, CYCLE_2026, CYCLE_2027)


def window(days: tuple[int, int], today: date) -> tuple[datetime, datetime]:
    """The half-open window, in UTC, of a pair of days counted from `today` in Seoul: 00:00 of the first to 24:00 of the last."""
    first, last = (today + timedelta(days=count) for count in days)
    return from_seoul(first), from_seoul(last + timedelta(days=1))
