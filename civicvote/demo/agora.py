"""The demo's outside links and campaigns."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from civicvote.demo.people import Cast
from civicvote.domain.discussion import PostKind, ThreadKind
from civicvote.domain.lifecycles import CampaignState, PostState, ProposalState
from civicvote.domain.proposals import COMMITTING
from civicvote.models.agora import OutsideLink
from civicvote.models.base import new_id
from civicvote.models.campaigns import Campaign
from civicvote.models.discussion import Post
from civicvote.models.proposals import Proposal
from civicvote.services import clock
from civicvote.services.campaigns import proofs
from civicvote.services.discussion import threads
from civicvote.settings import Settings

#: Title, host, address, summary, district, days until the close.
LINKS = (
    (
        "한강공원 새 안내판, 어느 글꼴이 잘 보이나요?",
        "엠보팅",
        "https://mvoting.example.kr/hangang-signs",
        "시안 세 가지를 보고 하나를 골라 주십시오. 1분이면 됩니다.",
        None,
        3,
    ),
    (
        "메타버스 시장실: 청년 주거를 말하다",
        "메타버스시장실",
        "https://metaverse.example.kr/youth-housing",
        "가상 회의실에서 담당 과장과 이야기합니다. 신청하면 누구나 들어올 수 있습니다.",
        None,
        9,
    ),
    (
        "종로구 골목 이름 짓기",
        "종로구",
        "https://jongno.example.kr/alley-names",
        "이름 없는 골목 다섯 곳의 이름을 주민이 짓습니다.",
        "11110",
        16,
    ),
)

#: Title, guide, goal, state, window in days from now, what came of it, proofs as (person's place, text, confirmed).
CAMPAIGNS = (
    (
        "일회용 컵 없는 하루",
        """하루 동안 일회용 컵을 쓰지 않고 **다회용 컵**으로 마신 뒤 사진이나 글로 남겨 주십시오.

- 카페에서 개인 컵에 음료를 받은 사진
- 사무실에서 쓰는 내 컵
- 컵을 빌려 쓰고 돌려준 이야기""",
        300,
        CampaignState.OPEN,
        (-12, 18),
        "",
        (
            (0, "회사 앞 카페에서 텀블러에 커피를 받았습니다. 300원도 깎아 주네요.", True),
            (1, "아이와 함께 물병을 챙겨 공원에 다녀왔습니다.", True),
            (2, "동아리 모임에서 컵을 빌려 쓰고 모두 돌려주었습니다.", True),
            (3, "오늘부터 사무실 정수기 옆 종이컵을 치웠습니다.", True),
            (4, "시장에서 개인 컵으로 식혜를 샀습니다!", False),
            (5, "회의 때 다회용 컵을 돌려썼습니다.", False),
        ),
    ),
    (
        "우리 골목 보행로 치우기",
        """내 집 앞 보행로에 놓인 물건을 치우고, 지나가기 편해진 모습을 남겨 주십시오.

다른 사람의 물건은 옮기지 말고 120다산콜에 알려 주십시오.""",
        100,
        CampaignState.DRAFT,
        (5, 35),
        "",
        (),
    ),
    (
        "밤길 안심 산책",
        "이웃과 함께 어두운 골목을 걸으며 고장 난 보안등을 찾아 알려 주십시오.",
        4,
        CampaignState.ENDED,
        (-90, -30),
        "이웃 네 사람이 보안등 **27곳**의 고장을 알렸고, 자치구가 모두 고쳤습니다. 함께해 주셔서 고맙습니다.",
        (
            (1, "가로등 세 곳이 꺼져 있어 신고했습니다.", True),
            (2, "통학로를 따라 걸으며 두 곳을 찾았습니다.", True),
            (3, "신고한 다음 날 고쳐졌습니다.", True),
            (6, "저녁 산책길에 함께했습니다.", True),
        ),
    ),
)


def plant(session: Session, settings: Settings, cast: Cast) -> None:
    """Links to other sites, and a campaign in each state with proofs."""
    del settings
    _links(session, cast)
    _campaigns(session, cast)
    session.flush()
    proofs.recount(session)


def _links(session: Session, cast: Cast) -> None:
    moment, staff = clock.now(), cast.users["staff"]
    for title, host, url, summary, district, days in LINKS:
        session.add(
            OutsideLink(
                title=title,
                host=host,
                url=url,
                summary=summary,
                district=district,
                opens_at=moment - timedelta(days=2),
                closes_at=moment + timedelta(days=days),
                created_by=staff.id,
                created_at=moment - timedelta(days=2),
            )
        )


def _campaigns(session: Session, cast: Cast) -> None:
    moment, staff = clock.now(), cast.users["staff"]
    accepted = session.scalars(
        select(Proposal)
        .where(Proposal.state == ProposalState.ANSWERED, Proposal.verdict.in_(COMMITTING))
        .order_by(Proposal.number)
        .limit(len(CAMPAIGNS))
    ).all()
    people = [cast.users[key].id for key in sorted(cast.users) if key.startswith("p")]
    for place, planned in enumerate(CAMPAIGNS if accepted else ()):
        proposal = accepted[place % len(accepted)]
        title, guide, goal, state, (opens, closes), result, shown = planned
        campaign = Campaign(
            proposal_id=proposal.id,
            state=state,
            title=title,
            guide=guide,
            goal=goal,
            opens_at=moment + timedelta(days=opens),
            closes_at=moment + timedelta(days=closes),
            created_by=staff.id,
            created_at=moment + timedelta(days=min(opens, 0) - 7),
            state_reason=result,
        )
        session.add(campaign)
        session.flush()
        threads.open_thread(session, ThreadKind.CAMPAIGN, campaign.id, title=title, path=f"/campaigns/{campaign.id}")
        _prove(session, campaign, people, shown)


def _prove(
    session: Session, campaign: Campaign, people: Sequence[object], shown: Sequence[tuple[int, str, bool]]
) -> None:
    begun = max(campaign.opens_at, clock.now() - timedelta(days=60))
    for place, text, confirmed in shown:
        session.add(
            Post(
                thread_id=campaign.id,
                kind=PostKind.PROOF,
                state=PostState.SHOWN if confirmed else PostState.HELD,
                author_id=people[place % len(people)],
                body=text,
                extra={"link": "", "consent": True},
                created_at=begun + timedelta(hours=7 * place + 1),
                held_for="" if confirmed else "premoderated",
                form_key=new_id(),
            )
        )
    session.flush()
