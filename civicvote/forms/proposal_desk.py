"""Forms of the city's side of 시민제안: which department answers, the answer, more time for it."""

from uuid import UUID

from flask_babel import lazy_gettext as _l
from wtforms import DateField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Optional

from civicvote.domain.proposals import VERDICTS, Verdict
from civicvote.forms.base import BaseForm
from civicvote.forms.fields import WholeField, options
from civicvote.forms.projects import PERSONAL, Measured
from civicvote.forms.proposals.writing import whole
from civicvote.models.proposals import ProposalAnswer
from civicvote.services.proposals import answers, assigning, batches, triage
from civicvote.web.i18n import say


class AssignForm(BaseForm):
    """The department, and why where there was one already."""

    department = SelectField(_l("담당 부서"), validators=[DataRequired(_l("담당 부서를 골라 주십시오."))])
    reason = TextAreaField(
        _l("이유"),
        description=_l("담당 부서를 바꿀 때에는 꼭 적어 주십시오. 제안 화면에 공개됩니다."),
        validators=[Optional(), Measured(assigning.REASON_MIN, assigning.REASON_MAX), PERSONAL],
    )

    def offer(self, departments: list[tuple[UUID, str]]) -> None:
        """Fill the select."""
        self.department.choices = options([("", _l("고르기")), *((str(key), name) for key, name in departments)])

    @property
    def department_id(self) -> UUID:
        """The chosen one; call it after the form validated."""
        return UUID(str(self.department.data))


class AnswerForm(BaseForm):
    """An answer as its department drafts it. `version` is the one the form was made from."""

    version = HiddenField()
    verdict = RadioField(_l("검토 결과"), validators=[DataRequired(_l("검토 결과를 골라 주십시오."))])
    elsewhere = StringField(
        _l("넘길 기관"),
        description=_l("‘타기관이송’일 때만 적습니다."),
        validators=[Optional(), Measured(0, answers.ELSEWHERE_MAX), PERSONAL],
    )
    text = TextAreaField(
        _l("답변"),
        description=_l("그렇게 판단한 이유와 앞으로 할 일을 적어 주십시오. 마크다운으로 적을 수 있습니다."),
        validators=[
            DataRequired(_l("답변을 적어 주십시오.")),
            Measured(answers.TEXT_MIN, answers.TEXT_MAX),
            PERSONAL,
        ],
    )

    def offer(self) -> None:
        """Fill the choices."""
        self.verdict.choices = options((one.value, say(words)) for one, words in VERDICTS.items())

    def show(self, answer: ProposalAnswer | None) -> None:
        """Fill in what was drafted."""
        self.version.data = str(answer.version if answer else 0)
        if answer is not None:
            self.verdict.data, self.text.data, self.elsewhere.data = answer.verdict.value, answer.text, answer.elsewhere

    @property
    def seen(self) -> int:
        """The version the form was made from."""
        return whole(self.version.data) or 0

    def draft(self) -> answers.Draft:
        """What was written; call it after the form validated."""
        return answers.Draft(Verdict(self.verdict.data), self.text.data or "", self.elsewhere.data or "")


class ExtendForm(BaseForm):
    """A later day, with the reason."""

    until = DateField(_l("새 답변 기한"), validators=[DataRequired(_l("날짜를 골라 주십시오."))])
    reason = TextAreaField(
        _l("늦추는 이유"),
        description=_l("제안 화면에 원래 기한과 함께 공개됩니다."),
        validators=[
            DataRequired(_l("이유를 적어 주십시오.")),
            Measured(assigning.REASON_MIN, assigning.REASON_MAX),
            PERSONAL,
        ],
    )


class ForwardForm(BaseForm):
    """Where a complaint goes, and why."""

    to = StringField(
        _l("넘길 창구"),
        validators=[
            DataRequired(_l("넘길 창구를 적어 주십시오.")),
            Measured(triage.DESK_MIN, triage.DESK_MAX),
            PERSONAL,
        ],
    )
    note = TextAreaField(
        _l("이유와 안내"),
        description=_l("제안 화면에 공개되고 제안한 시민에게 전해집니다."),
        validators=[
            DataRequired(_l("이유를 적어 주십시오.")),
            Measured(assigning.REASON_MIN, assigning.REASON_MAX),
            PERSONAL,
        ],
    )


class MergeForm(BaseForm):
    """The number of the proposal that goes on, and why."""

    number = WholeField(_l("이어 갈 제안의 번호"), validators=[DataRequired(_l("번호를 숫자로 적어 주십시오."))])
    reason = TextAreaField(
        _l("합치는 이유"),
        description=_l("두 제안을 쓴 시민에게 전해지고 공개됩니다."),
        validators=[
            DataRequired(_l("이유를 적어 주십시오.")),
            Measured(assigning.REASON_MIN, assigning.REASON_MAX),
            PERSONAL,
        ],
    )


class BatchForm(BaseForm):
    """What answers that are published together are called."""

    title = StringField(
        _l("묶음 이름"), [DataRequired(_l("이름을 써 주십시오.")), Measured(2, batches.TITLE_MAX), PERSONAL]
    )
