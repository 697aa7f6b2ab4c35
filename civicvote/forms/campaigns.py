"""Forms of 실천캠페인: the campaign itself, its end, and a proof."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, NumberRange, Optional

from civicvote.domain import districts
from civicvote.domain.files import ACCEPT
from civicvote.forms.base import BaseForm
from civicvote.forms.fields import SeoulDateTimeField, WholeField
from civicvote.forms.files import AttachForm
from civicvote.forms.projects import PERSONAL, Measured, key_of
from civicvote.models.base import new_id
from civicvote.models.campaigns import Campaign
from civicvote.services.campaigns import making
from civicvote.services.campaigns.making import CampaignDraft
from civicvote.web.i18n import language

PROOF_MIN, PROOF_MAX = 2, 500


class CampaignForm(BaseForm):
    """A campaign for an accepted proposal."""

    proposal = SelectField(_l("연결할 제안"), validators=[Optional()], validate_choice=False)
    title = StringField(
        _l("캠페인 이름"), validators=[DataRequired(_l("이름을 써 주십시오.")), Measured(5, making.TITLE_MAX), PERSONAL]
    )
    guide = TextAreaField(
        _l("무엇을 하고 어떻게 인증합니까"),
        validators=[DataRequired(_l("실천 방법을 써 주십시오.")), Measured(10, making.GUIDE_MAX), PERSONAL],
    )
    goal = WholeField(
        _l("목표 인증 수"),
        validators=[
            InputRequired(_l("목표를 적어 주십시오.")),
            NumberRange(1, making.GOAL_MAX, _l("1부터 1,000,000까지의 수로 적어 주십시오.")),
        ],
    )
    district = SelectField(_l("자치구"), validators=[Optional()], validate_choice=False)
    opens_at = SeoulDateTimeField(_l("시작"), validators=[InputRequired(_l("시작하는 때를 적어 주십시오."))])
    closes_at = SeoulDateTimeField(_l("끝"), validators=[InputRequired(_l("끝나는 때를 적어 주십시오."))])

    def offer(self, proposals: Sequence[tuple[UUID, int, str]]) -> None:
        """Fill the selects."""
        self.proposal.choices = [(str(key), f"{number} · {title}") for key, number, title in proposals]
        self.district.choices = [("", districts.name_of(None, language())), *districts.choices(language())]

    def show(self, campaign: Campaign) -> None:
        """Fill in what is stored."""
        for name in ("title", "guide", "goal", "opens_at", "closes_at"):
            self[name].data = getattr(campaign, name)
        self.district.data = campaign.district or ""

    @property
    def proposal_id(self) -> UUID:
        """The chosen proposal; a key nothing has where none was chosen."""
        return key_of(self.proposal.data) or new_id()

    def draft(self) -> CampaignDraft:
        """What was written; call it after the form validated."""
        assert self.opens_at.data is not None
        assert self.closes_at.data is not None
        return CampaignDraft(
            title=self.title.data or "",
            guide=self.guide.data or "",
            goal=self.goal.data or 0,
            opens_at=self.opens_at.data,
            closes_at=self.closes_at.data,
            district=self.district.data or "",
        )


class EndForm(BaseForm):
    """What the campaign achieved."""

    result = TextAreaField(
        _l("캠페인 결과"),
        validators=[DataRequired(_l("결과를 써 주십시오.")), Measured(10, making.RESULT_MAX), PERSONAL],
    )


class ProofForm(BaseForm):
    """What somebody did: a text, a picture or a link if they like, and consent."""

    form_key = HiddenField()
    body = TextAreaField(
        _l("무엇을 실천하셨습니까"),
        validators=[DataRequired(_l("실천한 내용을 써 주십시오.")), Measured(PROOF_MIN, PROOF_MAX), PERSONAL],
    )
    file = FileField(_l("사진"), render_kw={"accept": ACCEPT})
    alt = StringField(_l("사진 설명"), validators=[Optional(), Measured(0, 200), PERSONAL])
    link = StringField(_l("링크"), validators=[Optional()])
    consent = BooleanField(_l("이 인증을 누리집과 홍보물에 공개하는 데 동의합니다."))

    upload: Any = AttachForm.upload

    @property
    def key(self) -> UUID:
        """The form's own key: the same form sent twice is one proof."""
        return key_of(self.form_key.data) or new_id()
