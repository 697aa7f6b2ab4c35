"""Forms of a budget cycle: windows, ballot and count, pools, holds, the ballot list."""

import re
from collections.abc import Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from civicvote.domain import districts
from civicvote.domain.ballot_list import Scope
from civicvote.domain.cycle_plan import Plan, PoolPlan
from civicvote.domain.cycles import BallotType, TallyRule
from civicvote.domain.korean import in_seoul
from civicvote.forms.base import BaseForm
from civicvote.forms.fields import SeoulDateTimeField, WholeField, WonField, clean_input, clean_line, options
from civicvote.models.cycles import Cycle, Pool
from civicvote.services import clock
from civicvote.services.cycles.terms import TermsView
from civicvote.web.i18n import language

_NEEDED = _l("꼭 적어 주십시오.")


def _need() -> InputRequired:
    return InputRequired(_NEEDED)


class VersionForm(BaseForm):
    """A deed on what somebody looked at: the version says what that was."""

    version = HiddenField(default="0")

    @property
    def seen(self) -> int:
        """The version the form was made from; 0, which nothing has, if it isn't a number."""
        text = str(self.version.data or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


BALLOT_TYPES = [
    (BallotType.APPROVAL.value, _l("여러 사업 고르기 (개수 제한)")),
    (BallotType.KNAPSACK.value, _l("예산 담기 (분야 예산 안에서 고르기)")),
    (BallotType.POINTS.value, _l("점수 나누기 (정해진 점수를 여러 사업에)")),
    (BallotType.SCORE.value, _l("점수 매기기 (사업마다 따로)")),
    (BallotType.RANKING.value, _l("순위 매기기 (1순위, 2순위 …)")),
]
RULES = [
    (TallyRule.EQUAL_SHARES.value, _l("균등분배 (기본): 모두에게 같은 몫을 주고 함께 낼 수 있는 사업부터")),
    (TallyRule.GREEDY.value, _l("득표순: 많이 받은 사업부터, 예산에 들지 않으면 건너뜀")),
    (TallyRule.GREEDY_NO_SKIP.value, _l("건너뛰지 않는 득표순: 예산에 들지 않는 사업이 나오면 끝냄")),
    (TallyRule.GREEDY_POZNAN.value, _l("80% 규칙: 건너뛰지 않되, 사업비의 80%가 남아 있으면 그 사업까지")),
    (TallyRule.GREEDY_PER_COST.value, _l("사업비 대비 득표순: 같은 돈으로 표를 많이 얻은 사업부터")),
    (TallyRule.PHRAGMEN.value, _l("프라그멘: 몫이 고르게 쌓이는 대로, 예산에 들지 않는 사업이 나오면 끝냄")),
    (TallyRule.PHRAGMEN_SKIP.value, _l("프라그멘 (건너뛰기): 예산에 들지 않는 사업은 빼고 계속")),
    (TallyRule.WELFARE.value, _l("최대 만족: 만족을 모두 더해 가장 큰 묶음")),
]


class ShareField(WholeField):
    """A share in per cent with at most one decimal; `data` is tenths of a per cent."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        whole, tenth = divmod(self.data or 0, 10)
        return f"{whole}.{tenth}" if tenth else str(whole)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the number; what is none stays in the field with the reason beside it."""
        self.data = None
        text = str(valuelist[0]).strip().removesuffix("%").strip() if valuelist else ""
        found = re.fullmatch(r"([0-9]{1,3})(?:[.]([0-9]))?", text)
        if found is None:
            raise ValueError(_("0부터 100까지의 수를 소수 첫째 자리까지 적어 주십시오."))
        self.data = 10 * int(found[1]) + int(found[2] or 0)


class CycleForm(VersionForm):
    """Everything a cycle's plan decides."""

    title = StringField(
        _l("예산 이름"), [_need(), Length(max=120)], filters=[clean_line], description=_l("예: 2027년 시민공감예산")
    )
    slug = StringField(
        _l("주소"),
        [_need(), Length(max=60)],
        filters=[lambda value: value.strip().lower() if isinstance(value, str) else value],
        description=_l("영문 소문자, 숫자, 붙임표. 예: 2027-budget. 공고한 뒤에는 바꿀 수 없습니다."),
    )
    year = WholeField(_l("예산연도"), [_need(), NumberRange(2000, 2100, _l("네 자리 연도를 적어 주십시오."))])
    summary = TextAreaField(_l("안내"), [Optional(), Length(max=2000)], filters=[clean_input])
    proposals_open_at = SeoulDateTimeField(_l("제안접수 시작"), [_need()])
    proposals_close_at = SeoulDateTimeField(_l("제안접수 마감"), [_need()])
    review_until = SeoulDateTimeField(_l("검토 기한"), [_need()])
    voting_open_at = SeoulDateTimeField(_l("투표 시작"), [_need()])
    voting_close_at = SeoulDateTimeField(_l("투표 마감"), [_need()])
    ballot_type = SelectField(_l("투표 방식"), choices=options(BALLOT_TYPES))
    min_picks = WholeField(_l("최소 선택 수"), [InputRequired(_NEEDED)], default=1)
    max_picks = WholeField(
        _l("최대 선택 수"),
        [_need()],
        default=10,
        description=_l(
            "점수 투표에서는 점수를 줄 수 있는 사업 수, 순위 투표에서는 매기는 순위의 수입니다. "
            "예산 담기에서는 쓰지 않습니다. 분야별 제한은 분야에서 정합니다."
        ),
    )
    point_sum = WholeField(
        _l("나누어 주는 점수의 합"),
        [Optional()],
        description=_l("‘점수 나누기’에서만 씁니다. 예: 10점을 여러 사업에 나누어 줍니다."),
    )
    point_max = WholeField(
        _l("사업 하나의 최고 점수"),
        [Optional()],
        description=_l("‘점수 매기기’에서는 꼭 적습니다. ‘점수 나누기’에서는 비워 두면 합계까지 줄 수 있습니다."),
    )
    min_level = SelectField(
        _l("본인확인 수준"),
        choices=options(
            [
                ("2", _l("서울에 살거나 일하거나 다니는 사람")),
                ("1", _l("본인확인을 마친 사람")),
                ("0", _l("회원 모두 (1인 1표를 보장하지 못함)")),
            ]
        ),
        default="2",
    )
    min_age = WholeField(_l("투표할 수 있는 나이"), [InputRequired(_NEEDED)], default=14)
    district = SelectField(
        _l("투표할 수 있는 지역"),
        filters=[lambda value: value or ""],
        description=_l("한 자치구를 고르면 그 자치구로 확인된 시민만 투표합니다."),
    )
    tally_rule = SelectField(_l("개표 방식"), choices=options(RULES), default=TallyRule.EQUAL_SHARES.value)
    utility = SelectField(
        _l("만족도를 세는 방법"),
        choices=options(
            [
                ("cost", _l("사업비: 큰 사업이 뽑히면 더 만족")),
                ("cardinality", _l("건수: 사업 하나가 뽑히면 하나만큼 만족")),
            ]
        ),
        description=_l("균등분배 방식에서만 씁니다. 점수·순위 투표는 ‘건수’에 점수를 곱합니다."),
    )
    completion = SelectField(
        _l("남은 예산을 채우는 방법"),
        choices=options(
            [
                ("add1", _l("몫을 조금씩 늘려 다시 셈하기")),
                ("add1u", _l("몫을 늘려 다시 셈한 뒤, 그래도 남으면 득표순으로 채우기")),
                ("utilitarian", _l("한 번만 셈하고 득표순으로 채우기")),
                ("none", _l("채우지 않음")),
            ]
        ),
        description=_l("균등분배 방식에서만 씁니다."),
    )
    step_won = WholeField(
        _l("한 번에 늘리는 몫"),
        [_need()],
        default=1000,
        description=_l("작을수록 정밀하고 오래 걸립니다. 1,000원이면 충분합니다."),
    )
    exhaustive_stop = BooleanField(_l("더 살 수 있는 사업이 없으면 멈추기"), default=True)
    comparison = BooleanField(
        _l("득표순 결과와 견주기"),
        description=_l(
            "균등분배 방식에서만 씁니다. 득표순으로 셌을 때 더 많은 사람이 더 많은 사업을 얻으면 그 결과를 따릅니다."
        ),
    )
    tie = SelectField(
        _l("동률일 때"),
        choices=options(
            [
                ("votes", _l("득표가 많은 사업 먼저")),
                ("cost", _l("사업비가 적은 사업 먼저")),
                ("cost-desc", _l("사업비가 많은 사업 먼저")),
                ("votes,cost", _l("득표가 많은 사업, 다음으로 사업비가 적은 사업")),
                ("votes,cost-desc", _l("득표가 많은 사업, 다음으로 사업비가 많은 사업")),
                ("id", _l("아래의 순서로만")),
            ]
        ),
    )
    tie_lot = SelectField(
        _l("그래도 같으면"),
        filters=[lambda value: "1" if value in {"1", "True"} else ""],
        choices=options([("", _l("사업 번호 순서")), ("1", _l("추첨 순서 (투표 전에 공고)"))]),
        description=_l(
            "추첨 순서는 다른 담당자가 투표안건을 승인하는 순간 뽑아 추첨값과 함께 공고문에 싣습니다. 투표가 시작된 뒤에는 바뀌지 않습니다."
        ),
    )
    min_support = WholeField(
        _l("최소 득표수"),
        [InputRequired(_NEEDED)],
        default=0,
        description=_l(
            "이보다 적게 얻은 사업은 뽑지 않습니다. 점수·순위 투표에서는 점수입니다. 0이면 제한이 없습니다."
        ),
    )
    min_share = ShareField(
        _l("최소 득표율"),
        [InputRequired(_NEEDED)],
        default=0,
        description=_l("그 분야에 투표한 사람 가운데 이보다 적은 비율이 고른 사업은 뽑지 않습니다. 예: 5, 2.5"),
    )
    quorum = WholeField(
        _l("개표에 필요한 최소 투표수"),
        [InputRequired(_NEEDED)],
        default=0,
        description=_l("한 분야의 투표가 이보다 적으면 그 분야는 아무 사업도 뽑지 않습니다. 0이면 제한이 없습니다."),
    )
    objection_days = WholeField(_l("이의 제기 기간"), [InputRequired(_NEEDED)], default=30)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.district.choices = options([("", _l("서울시 전체")), *districts.choices(language())])

    def plan(self) -> Plan:
        """The filled-in form as a plan."""
        values = {item.name: self[item.name].data for item in fields(Plan)}
        values["ballot_type"] = BallotType(values["ballot_type"])
        values["tally_rule"] = TallyRule(values["tally_rule"])
        values["min_level"] = int(values["min_level"])
        values["tie_lot"] = bool(values["tie_lot"])
        values["summary"] = values["summary"] or ""
        values["district"] = values["district"] or None
        return Plan(**values)

    @classmethod
    def of(cls, cycle: Cycle) -> "CycleForm":
        """A form showing `cycle`."""
        form = cls(obj=cycle)
        if not form.is_submitted():
            form.ballot_type.data = cycle.ballot_type.value
            form.tally_rule.data = cycle.tally_rule.value
            form.min_level.data = str(cycle.min_level)
            form.tie_lot.data = "1" if cycle.tie_lot else ""
            form.district.data = cycle.district or ""
        return form

    @classmethod
    def fresh(cls) -> "CycleForm":
        """An empty form with next year's number."""
        return cls(year=in_seoul(clock.now()).year + 1)


class PoolForm(VersionForm):
    """A pool of money."""

    name = StringField(_l("분야 이름"), [_need(), Length(max=80)], filters=[clean_line])
    amount_won = WonField(_l("금액"), [_need()], description=_l("예: 30억 원, 1억 2천만 원, 320,000,000"))
    district = SelectField(_l("지역"))
    theme = StringField(
        _l("주제"), [Optional(), Length(max=40)], filters=[clean_line], description=_l("예: 안전, 환경, 돌봄")
    )
    max_picks = WholeField(
        _l("이 분야의 최대 선택 수"),
        [Optional()],
        description=_l("비워 두면 전체 제한만 따릅니다. 모든 투표 방식에서 지켜집니다."),
    )
    leftover_to = SelectField(
        _l("남은 예산을 넘길 분야"),
        filters=[lambda value: value or ""],
        description=_l("이 분야보다 뒤에 개표하는 분야로만 넘길 수 있습니다. 넘긴 만큼 그 분야의 예산이 늘어납니다."),
    )

    def __init__(self, *args: Any, later: Sequence[Pool] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.district.choices = options([("", _l("서울시 전체")), *districts.choices(language())])
        self.leftover_to.choices = options([("", _l("넘기지 않음")), *((str(pool.id), pool.name) for pool in later)])

    def plan(self) -> PoolPlan:
        """The filled-in form as a plan."""
        return PoolPlan(
            name=self.name.data or "",
            amount_won=self.amount_won.data or 0,
            theme=self.theme.data or "",
            district=self.district.data or None,
            max_picks=self.max_picks.data,
            leftover_to=UUID(self.leftover_to.data) if self.leftover_to.data else None,
        )

    @classmethod
    def of(cls, cycle: Cycle, pool: Pool, version: int) -> "PoolForm":
        """A form showing `pool`."""
        form = cls(obj=pool, prefix="", later=[one for one in cycle.pools if one.position > pool.position])
        if not form.is_submitted():
            form.district.data = pool.district or ""
            form.leftover_to.data = str(pool.leftover_to or "")
            form.version.data = str(version)
        return form


class ReasonForm(BaseForm):
    """A reason that everybody concerned will read."""

    reason = TextAreaField(_l("이유"), [_need(), Length(max=2000)], filters=[clean_input])

    @property
    def words(self) -> str:
        """What was written."""
        return self.reason.data or ""


class HoldForm(ReasonForm):
    """Putting on hold, or lifting it."""

    reason = TextAreaField(
        _l("이유"), [_need(), Length(max=1000)], filters=[clean_input], description=_l("시민에게 그대로 공개됩니다.")
    )


class AlternativesForm(BaseForm):
    """Projects of which at most one is to be funded."""

    title = StringField(
        _l("묶음 이름"), [_need(), Length(max=80)], filters=[clean_line], description=_l("예: 도서관을 지을 두 자리")
    )
    projects = SelectMultipleField(
        _l("서로 대신하는 사업"),
        description=_l("두 건 이상 고릅니다. 같은 분야의 사업끼리만 묶을 수 있습니다."),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )

    def __init__(self, view: TermsView, **kwargs: Any) -> None:
        super().__init__(prefix="alternatives-", **kwargs)
        self.projects.choices = _listed(view)

    @property
    def ids(self) -> list[UUID]:
        """The ticked projects."""
        return [UUID(one) for one in self.projects.data or []]


class CapForm(BaseForm):
    """Most projects, or won, of a category or a district."""

    about = SelectField(_l("분류나 자치구"))
    max_projects = WholeField(_l("최대 건수"), [Optional()])
    max_won = WonField(
        _l("최대 금액"), [Optional()], description=_l("예: 5억 원. 건수와 금액 가운데 하나만 적어도 됩니다.")
    )

    def __init__(self, view: TermsView, **kwargs: Any) -> None:
        super().__init__(prefix="cap-", **kwargs)
        self.about.choices = options([("", _l("골라 주십시오")), *((f"{s}:{v}", _about(s, v)) for s, v in view.abouts)])

    @property
    def scope(self) -> Scope:
        """What the cap is about."""
        kind = (self.about.data or "").partition(":")[0]
        return Scope(kind) if kind else Scope.CATEGORY

    @property
    def value(self) -> str:
        """The category's name or the district's code."""
        return str(self.about.data or "").partition(":")[2]


class LockedForm(BaseForm):
    """A project that is settled before the vote."""

    project = SelectField(_l("확정할 사업"))
    reason = TextAreaField(
        _l("확정하는 이유"),
        [_need(), Length(max=1000)],
        filters=[clean_input],
        description=_l("시민에게 그대로 공개됩니다."),
    )

    def __init__(self, view: TermsView, **kwargs: Any) -> None:
        super().__init__(prefix="locked-", **kwargs)
        free = [pair for pair in _listed(view) if UUID(pair.value) not in view.terms.locked_ids]
        self.project.choices = [*options([("", _l("골라 주십시오"))]), *free]

    @property
    def chosen(self) -> UUID | None:
        """The project, if one was chosen."""
        return UUID(self.project.data) if self.project.data else None


def _listed(view: TermsView) -> list[Any]:
    return options((str(item.id), f"{item.number} {item.title}") for item in view.items)


def _about(scope: Scope, value: str) -> str:
    if scope is Scope.CATEGORY:
        return str(_("분류: %(name)s", name=value))
    return str(_("자치구: %(name)s", name=districts.name_of(value, language())))
