"""Forms of moderators."""

from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired

from civicvote.domain.discussion import HIDE_REASONS, HideReason
from civicvote.forms.base import BaseForm
from civicvote.forms.fields import options
from civicvote.forms.projects import PERSONAL, Measured, key_of
from civicvote.services.moderation.appeals import ANSWER_MAX, ANSWER_MIN
from civicvote.services.moderation.deciding import REASON_MAX, REASON_MIN
from civicvote.web.i18n import say


class HideForm(BaseForm):
    """Why something is hidden: a reason from the list, and words for whoever wrote it."""

    code = RadioField(_l("이유"), validators=[InputRequired(_l("이유를 골라 주십시오."))], validate_choice=False)
    reason = TextAreaField(
        _l("설명"),
        validators=[DataRequired(_l("설명을 써 주십시오.")), Measured(REASON_MIN, REASON_MAX), PERSONAL],
    )

    def offer(self) -> None:
        """Fill the choices."""
        self.code.choices = options((reason.value, say(label)) for reason, label in HIDE_REASONS.items())

    @property
    def chosen(self) -> HideReason:
        """The reason; 그 밖의 이유 for one that isn't there."""
        text = self.code.data or ""
        return HideReason(text) if text in set(HideReason) else HideReason.OTHER


class MergeForm(BaseForm):
    """The post this one is merged into."""

    target = StringField(_l("합칠 글의 주소나 번호"), validators=[DataRequired(_l("합칠 글을 적어 주십시오."))])

    @property
    def target_id(self) -> UUID | None:
        """The key at the end of an address such as …#post-<key>, or the key itself."""
        return key_of((self.target.data or "").strip().rsplit("post-", 1)[-1])


class DecideForm(BaseForm):
    """An appeal's outcome, with words for both sides."""

    upheld = RadioField(_l("판단"), validators=[InputRequired(_l("판단을 골라 주십시오."))], validate_choice=False)
    answer = TextAreaField(
        _l("판단한 이유"),
        validators=[DataRequired(_l("이유를 써 주십시오.")), Measured(ANSWER_MIN, ANSWER_MAX), PERSONAL],
    )

    def offer(self) -> None:
        """Fill the choices."""
        self.upheld.choices = options(
            (("1", _l("받아들여 다시 공개합니다")), ("0", _l("받아들이지 않고 숨김을 유지합니다")))
        )


class CloseForm(BaseForm):
    """Why a conversation is closed."""

    closing = TextAreaField(
        _l("이유"),
        validators=[DataRequired(_l("이유를 써 주십시오.")), Measured(REASON_MIN, REASON_MAX), PERSONAL],
    )
