"""Forms of a budget cycle: windows, ballot and count, pools, holds, the ballot list."""

from dataclasses import fields
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from civicvote.domain import districts
from civicvote.domain.cycle_plan import Plan, PoolPlan
from civicvote.domain.cycles import BallotType, TallyRule
from civicvote.domain.korean import in_seoul
from civicvote.forms.base import BaseForm
from civicvote.forms.fields import SeoulDateTimeField, WholeField, WonField, clean_input, clean_line, options
from civicvote.models.cycles import Cycle, Pool
from civicvote.services import clock
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
    ballot_type = SelectField(
        _l("투표 방식"),
        choices=options(
            [
                (BallotType.APPROVAL.value, _l("여러 사업 고르기 (개수 제한)")),
                (BallotType.KNAPSACK.value, _l("예산 담기 (분야 예산 안에서 고르기)")),
            ]
        ),
    )
    min_picks = WholeField(_l("최소 선택 수"), [InputRequired(_NEEDED)], default=1)
    max_picks = WholeField(
        _l("최대 선택 수"),
        [_need()],
        default=10,
        description=_l("‘여러 사업 고르기’에서만 씁니다. 분야별 제한은 분야에서 정합니다."),
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
    tally_rule = SelectField(
        _l("개표 방식"),
        choices=options(
            [(TallyRule.EQUAL_SHARES.value, _l("균등분배 방식")), (TallyRule.GREEDY.value, _l("득표순 방식"))]
        ),
    )
    utility = SelectField(
        _l("만족도를 세는 방법"),
        choices=options(
            [
                ("cost", _l("사업비: 큰 사업이 뽑히면 더 만족")),
                ("cardinality", _l("건수: 사업 하나가 뽑히면 하나만큼 만족")),
            ]
        ),
        description=_l("균등분배 방식에서만 씁니다."),
    )
    completion = SelectField(
        _l("남은 예산을 채우는 방법"),
        choices=options([("add1", _l("몫을 조금씩 늘려 다시 셈하기")), ("none", _l("채우지 않음"))]),
        description=_l("균등분배 방식에서만 씁니다."),
    )
    step_won = WholeField(_l("한 번에 늘리는 몫"), [_need()], default=1000)
    exhaustive_stop = BooleanField(_l("더 살 수 있는 사업이 없으면 멈추기"), default=True)
    tie = SelectField(
        _l("동률일 때"),
        choices=options(
            [
                ("votes", _l("득표가 많은 사업 먼저")),
                ("cost", _l("사업비가 적은 사업 먼저")),
                ("id", _l("사업 번호 순서")),
            ]
        ),
    )
    min_support = WholeField(
        _l("최소 득표수"),
        [InputRequired(_NEEDED)],
        default=0,
        description=_l("이보다 적게 얻은 사업은 뽑지 않습니다. 0이면 제한이 없습니다."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.district.choices = options([("", _l("서울시 전체")), *districts.choices(language())])

    def plan(self) -> Plan:
        """The filled-in form as a plan."""
        values = {item.name: self[item.name].data for item in fields(Plan)}
        values["ballot_type"] = BallotType(values["ballot_type"])
        values["tally_rule"] = TallyRule(values["tally_rule"])
        values["min_level"] = int(values["min_level"])
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
        _l("이 분야의 최대 선택 수"), [Optional()], description=_l("비워 두면 전체 제한만 따릅니다.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.district.choices = options([("", _l("서울시 전체")), *districts.choices(language())])

    def plan(self) -> PoolPlan:
        """The filled-in form as a plan."""
        return PoolPlan(
            name=self.name.data or "",
            amount_won=self.amount_won.data or 0,
            theme=self.theme.data or "",
            district=self.district.data or None,
            max_picks=self.max_picks.data,
        )

    @classmethod
    def of(cls, pool: Pool, version: int) -> "PoolForm":
        """A form showing `pool`."""
        form = cls(obj=pool, prefix="")
        if not form.is_submitted():
            form.district.data = pool.district or ""
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
