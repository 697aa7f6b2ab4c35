"""The form of the rule simulator."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, SelectField, SelectMultipleField
from wtforms.validators import InputRequired
from wtforms.widgets import CheckboxInput, ListWidget

from civicvote.domain.tally import Completion, Method, Utility
from civicvote.forms.base import BaseForm
from civicvote.forms.cycles import RULES, CycleForm, ShareField
from civicvote.forms.fields import options
from civicvote.models.cycles import Cycle
from civicvote.services.simulator import Source, Trial

_FIRST = (Method.EQUAL_SHARES, Method.GREEDY, Method.GREEDY_PER_COST, Method.PHRAGMEN_SKIP)


def _choices(name: str) -> Any:
    """The same words as in the cycle's own form."""
    return getattr(CycleForm, name).kwargs["choices"]


class SimulatorForm(BaseForm):
    """What to count, and by which rules."""

    source = SelectField(_l("지난 투표"), filters=[lambda value: value or ""])
    file = FileField(
        _l("또는 투표 자료 파일"),
        description=_l("Pabulib 형식(.pb)이나 JSON 파일, 8 MB까지. 파일은 세고 나서 바로 버립니다."),
    )
    methods = SelectMultipleField(
        _l("견줄 개표 방식"),
        choices=options(RULES),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        description=_l("이 예산의 규칙을 맨 앞에 놓고 나머지와 견줍니다."),
    )
    utility = SelectField(_l("만족도를 세는 방법"), choices=_choices("utility"), description=_l("균등분배에서 씁니다."))
    completion = SelectField(
        _l("남은 예산을 채우는 방법"), choices=_choices("completion"), description=_l("균등분배에서 씁니다.")
    )
    exhaustive_stop = BooleanField(_l("더 살 수 있는 사업이 없으면 멈추기"))
    comparison = BooleanField(_l("득표순 결과와 견주기"))
    min_share = ShareField(
        _l("최소 득표율"), [InputRequired(_l("꼭 적어 주십시오."))], default=0, description=_l("예: 5, 2.5")
    )

    def __init__(self, cycle: Cycle, sources: Sequence[Source], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._cycle = cycle
        self.source.choices = options([("", _l("고르지 않음")), *((str(one.id), one.title) for one in sources)])
        if not self.is_submitted():
            self.methods.data = list(dict.fromkeys([cycle.tally_rule.value, *(method.value for method in _FIRST)]))
            self.utility.data, self.completion.data = cycle.utility, cycle.completion
            self.exhaustive_stop.data, self.comparison.data = cycle.exhaustive_stop, cycle.comparison
            self.min_share.data = cycle.min_share

    @property
    def picked(self) -> UUID | None:
        """The published contest that was chosen."""
        return UUID(self.source.data) if self.source.data else None

    @property
    def upload(self) -> bytes | None:
        """The file that was sent; None without one."""
        return self.file.data.read() if self.file.data else None

    def trial(self) -> Trial:
        """The rules asked for, the cycle's own first."""
        own = self._cycle.tally_rule.value
        asked = sorted(self.methods.data or [], key=lambda method: method != own)
        return Trial(
            [Method(method) for method in asked],
            Utility(self.utility.data),
            Completion(self.completion.data),
            self._cycle.step_won,
            exhaustive_stop=self.exhaustive_stop.data,
            comparison=self.comparison.data,
            min_share=self.min_share.data or 0,
        )
