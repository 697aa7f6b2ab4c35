"""Forms about what of a count is published."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField
from wtforms.validators import AnyOf, DataRequired

from civicvote.forms.base import BaseForm
from civicvote.forms.counting import ApprovalForm
from civicvote.forms.fields import options

BALLOTS, TOTALS = "ballots", "totals"


def scope(pooled: bool | None) -> str | None:  # noqa: FBT001 — the one thing it depends on
    """The choice that stands: None where there is none, and nothing is preset."""
    return None if pooled is None else TOTALS if pooled else BALLOTS


def _scope() -> RadioField:
    return RadioField(
        _l("공개 범위"),
        choices=options(
            [
                (BALLOTS, _l("투표지를 한 장씩 공개합니다. 누구나 합계와 선정 결과를 처음부터 다시 셀 수 있습니다.")),
                (TOTALS, _l("사업별 합계만 공개합니다. 투표지는 감사 담당만 확인할 수 있습니다.")),
            ]
        ),
        validators=[
            DataRequired(_l("공개 범위를 골라 주십시오.")),
            AnyOf((BALLOTS, TOTALS), message=_l("공개 범위를 골라 주십시오.")),
        ],
    )


class ReleaseForm(BaseForm):
    """What the person who counted wants published."""

    pooled = _scope()

    @property
    def only_totals(self) -> bool:
        """Whether single ballots stay unpublished."""
        return bool(self.pooled.data == TOTALS)


class PublishForm(ApprovalForm):
    """The second person's file, where the key is in shares, and their word on what is published."""

    pooled = _scope()

    @property
    def only_totals(self) -> bool:
        """Whether single ballots stay unpublished."""
        return bool(self.pooled.data == TOTALS)
