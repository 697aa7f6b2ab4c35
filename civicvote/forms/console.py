"""What a round's moderators write."""

from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired

from civicvote.forms.base import BaseForm
from civicvote.forms.projects import PERSONAL, Measured, key_of
from civicvote.models.base import new_id
from civicvote.services.moderation.console import SUMMARY_MAX, SUMMARY_MIN, WORD_MAX, WORD_MIN


class _Once(BaseForm):
    """A form that counts once."""

    form_key = HiddenField()

    @property
    def key(self) -> UUID:
        """The form's own key: the same form sent twice counts once."""
        return key_of(self.form_key.data) or new_id()


class SummaryForm(_Once):
    """An interim summary of the round."""

    text = TextAreaField(
        _l("내용"), validators=[DataRequired(_l("내용을 써 주십시오.")), Measured(SUMMARY_MIN, SUMMARY_MAX), PERSONAL]
    )


class WordForm(_Once):
    """A word to whoever took part."""

    text = TextAreaField(
        _l("내용"), validators=[DataRequired(_l("내용을 써 주십시오.")), Measured(WORD_MIN, WORD_MAX), PERSONAL]
    )
