"""Forms of 이행과제."""

from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Optional

from civicvote.forms.base import BaseForm
from civicvote.forms.projects import PERSONAL, Measured, key_of
from civicvote.models.base import new_id
from civicvote.services.proposals.commitments import TEXT_MAX, TITLE_MAX

_DAY = InputRequired(_l("날짜를 적어 주십시오."))


class PromiseForm(BaseForm):
    """A commitment with its first step."""

    title = StringField(
        _l("이행과제 이름"), [DataRequired(_l("이름을 써 주십시오.")), Measured(5, TITLE_MAX), PERSONAL]
    )
    step = StringField(_l("첫 단계"), [DataRequired(_l("첫 단계를 써 주십시오.")), Measured(5, TITLE_MAX), PERSONAL])
    due_on = DateField(_l("첫 단계를 마칠 날"), [_DAY])


class StepForm(BaseForm):
    """Another step."""

    step = StringField(_l("단계"), [DataRequired(_l("단계를 써 주십시오.")), Measured(5, TITLE_MAX), PERSONAL])
    due_on = DateField(_l("마칠 날"), [_DAY])


class MoveStepForm(BaseForm):
    """A step's new day, with the reason."""

    due_on = DateField(_l("새로 마칠 날"), [_DAY])
    note = TextAreaField(_l("바꾸는 이유"), [DataRequired(_l("이유를 써 주십시오.")), Measured(2, TEXT_MAX), PERSONAL])


class ReportForm(BaseForm):
    """How it goes, or why it moves on."""

    form_key = HiddenField()
    text = TextAreaField(_l("내용"), [DataRequired(_l("내용을 써 주십시오.")), Measured(2, TEXT_MAX), PERSONAL])

    @property
    def key(self) -> UUID:
        """The form's own key: the same form sent twice is one report."""
        return key_of(self.form_key.data) or new_id()


class BecameForm(BaseForm):
    """What it has become on this site."""

    path = StringField(_l("이어진 곳의 주소"), [Optional(), Measured(0, 200)])
