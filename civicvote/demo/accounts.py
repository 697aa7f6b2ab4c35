"""The accounts to sign in with, as the demo prints them."""

from dataclasses import dataclass

from civicvote.demo.content import ACCOUNTS as PLANNED

PASSWORD = "서울-함께-2026"  # noqa: S105 — everybody's, printed at every start

_TITLES = {
    "citizen": ("시민 (본인확인 전)", "citizen, not yet verified"),
    "verified": ("시민 (본인확인 완료)", "citizen, verified: can vote"),
    "moderator": ("모더레이터", "moderator"),
    "moderator2": ("모더레이터 (이의를 판단하는 두 번째 사람)", "moderator, the second person who decides appeals"),
    "department": ("부서 담당 (시민참여과)", "department reviewer"),
    "department2": ("부서 담당 (갈등관리협치과)", "department reviewer"),
    "expert": ("전문가", "expert"),
    "staff": ("참여과 담당", "staff"),
    "staff2": ("참여과 담당 (승인하는 두 번째 사람)", "staff, the second person who approves"),
    "auditor": ("감사", "auditor"),
    "admin": ("관리자", "administrator"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """An address and what it may do."""

    email: str
    title: str
    title_en: str


ACCOUNTS = [Line(account.email, *_TITLES[account.key]) for account in PLANNED]
