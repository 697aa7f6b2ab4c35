"""Five thousand proposals as citizens write them: forty concerns in 125 places, each in one of several wordings.

No chance in it: which wording stands where follows from the two numbers. `again` is a wording nobody used: the same wish
as somebody else would title it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PLACES: dict[str, tuple[str, ...]] = {
    "11110": ("사직동", "삼청동", "부암동", "혜화동", "창신동"),
    "11140": ("명동", "필동", "장충동", "신당동", "중림동"),
    "11170": ("후암동", "이태원동", "한남동", "서빙고동", "보광동"),
    "11200": ("왕십리", "행당동", "금호동", "성수동", "마장동"),
    "11215": ("화양동", "자양동", "구의동", "군자동", "중곡동"),
    "11230": ("제기동", "전농동", "답십리동", "장안동", "이문동"),
    "11260": ("면목동", "상봉동", "중화동", "묵동", "신내동"),
    "11290": ("길음동", "정릉동", "안암동", "장위동", "석관동"),
    "11305": ("미아동", "번동", "수유동", "우이동", "삼양동"),
    "11320": ("쌍문동", "방학동", "창동", "도봉동", "초안산"),
    "11350": ("월계동", "공릉동", "하계동", "중계동", "상계동"),
    "11380": ("녹번동", "불광동", "갈현동", "응암동", "진관동"),
    "11410": ("충현동", "신촌동", "연희동", "홍제동", "북가좌동"),
    "11440": ("공덕동", "합정동", "망원동", "연남동", "상암동"),
    "11470": ("목동", "신월동", "신정동", "오목교", "신트리"),
    "11500": ("화곡동", "염창동", "등촌동", "가양동", "방화동"),
    "11530": ("구로동", "고척동", "개봉동", "오류동", "항동"),
    "11545": ("가산동", "독산동", "시흥동", "독산역", "금천구청역"),
    "11560": ("여의도동", "당산동", "문래동", "대림동", "신길동"),
    "11590": ("노량진동", "상도동", "흑석동", "사당동", "대방동"),
    "11620": ("봉천동", "신림동", "남현동", "낙성대동", "난곡동"),
    "11650": ("방배동", "반포동", "양재동", "잠원동", "내곡동"),
    "11680": ("역삼동", "대치동", "논현동", "개포동", "수서동"),
    "11710": ("잠실동", "가락동", "문정동", "거여동", "방이동"),
    "11740": ("천호동", "암사동", "명일동", "고덕동", "둔촌동"),
}
SPOTS = (
    "초등학교 앞",
    "전통시장 입구",
    "지하철역 2번 출구",
    "주민센터 옆",
    "근린공원",
    "아파트 단지 사이",
    "버스 종점",
)


@dataclass(frozen=True, slots=True)
class Concern:
    """What people ask for: titles and texts with `{p}` for the place and `{s}` for the spot."""

    category: str
    titles: tuple[str, ...]
    again: str
    problem: str
    idea: str


def _concerns() -> Iterator[Concern]:
    for line in Path(__file__).with_name("concerns.txt").read_text(encoding="utf-8").splitlines()[1:]:
        category, titles, again, problem, idea = line.split(" | ")
        yield Concern(category, tuple(titles.split(" / ")), again, problem, idea)


CONCERNS = tuple(_concerns())


@dataclass(frozen=True, slots=True)
class Written:
    """One proposal of the town; `again` is how somebody else would title it."""

    key: tuple[int, str]
    title: str
    again: str
    problem: str
    idea: str
    category: str
    district: str
    place: str


def written() -> Iterator[Written]:
    """All five thousand, concerns and places mixed, always in the same order."""
    places = [(place, district) for district, names in PLACES.items() for place in names]
    for at in range(len(CONCERNS) * len(places)):
        number, (place, district) = at % len(CONCERNS), places[(at // len(CONCERNS) + at) % len(places)]
        concern, spot = CONCERNS[number], SPOTS[at % len(SPOTS)]
        title = concern.titles[(at // 7) % len(concern.titles)]
        yield Written(
            key=(number, place),
            title=title.format(p=place),
            again=concern.again.format(p=place),
            problem=concern.problem.format(p=place, s=spot),
            idea=concern.idea.format(p=place, s=spot),
            category=concern.category,
            district=district,
            place=f"{place} {spot}",
        )


#: Queries as people type them, written by hand, each with the concern (its place in `CONCERNS`) and the place meant.
QUERIES: tuple[tuple[str, int, str], ...] = (
    ("합정동 밤길 가로등", 0, "합정동"),
    ("골목이 어두워요 상계동에 가로등 더", 0, "상계동"),
    ("잠실동스쿨존과속카메라", 1, "잠실동"),
    ("목동 어린이보호구역에서 차가 너무 빨라요 카메라", 1, "목동"),
    ("횡단보도 초록불 짧아요 천호동", 2, "천호동"),
    ("신림동에 보행신호를 길게", 2, "신림동"),
    ("킥보드 주차구역 성수동", 3, "성수동"),
    ("여의도동 자전거도로가 끊겨서 연결", 4, "여의도동"),
    ("정릉동마을버스 늘려주세요", 5, "정릉동"),
    ("버스정류장에 의자랑 그늘막 불광동", 6, "불광동"),
    ("수유동 지하철역 엘레베이터 엘리베이터 설치", 7, "수유동"),
    ("불법주차 단속 연남동 소방차 못들어옴", 8, "연남동"),
    ("보도블럭 깨진 곳 보도블록 보수 화곡동", 9, "화곡동"),
    ("국공립어린이집 대기 마장동", 10, "마장동"),
    ("방과후 돌봄을 저녁까지 구로동", 11, "구로동"),
    ("독거노인 안부확인 창신동", 12, "창신동"),
    ("경로당에어컨 면목동", 13, "면목동"),
    ("장애인콜택시 너무 오래 기다려요 봉천동", 14, "봉천동"),
    ("산후조리원을 공공으로 고덕동에", 15, "고덕동"),
    ("심야에 여는 약국 길음동", 16, "길음동"),
    ("황톳길 맨발걷기 방이동", 18, "방이동"),
    ("강아지놀이터 망원동", 19, "망원동"),
    ("하수구 악취 여름 개봉동", 20, "개봉동"),
    ("흡연부스를 노량진동에 담배연기", 22, "노량진동"),
    ("작은도서관 일요일 개방 쌍문동", 26, "쌍문동"),
    ("수영장 지어주세요 양재동", 27, "양재동"),
    ("키오스크 배우는 교실 어르신 문래동", 33, "문래동"),
    ("반지하 침수 물막이판 대림동", 36, "대림동"),
    ("여성안심귀가 논현동 늦은 밤", 37, "논현동"),
    ("시장에 주차장이 없어요 이문동 공영주차장", 38, "이문동"),
)
