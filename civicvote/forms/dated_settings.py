"""The form that changes a setting from a day on."""

from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import DataRequired, InputRequired

from civicvote.forms.base import BaseForm
from civicvote.forms.fields import SeoulDateTimeField, WholeField
from civicvote.forms.projects import PERSONAL, Measured
from civicvote.services.dated_settings import REASON_MAX, REASON_MIN


class SettingForm(BaseForm):
    """A new value, from when, and why."""

    value = WholeField(_l("새 값"), [InputRequired(_l("새 값을 적어 주십시오."))])
    effective_at = SeoulDateTimeField(_l("적용할 때"), [InputRequired(_l("언제부터 적용할지 적어 주십시오."))])
    reason = StringField(
        _l("바꾸는 이유"), [DataRequired(_l("이유를 써 주십시오.")), Measured(REASON_MIN, REASON_MAX), PERSONAL]
    )
