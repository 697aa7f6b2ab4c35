"""Forms of a review: assignment, criteria with cost lines, questions to the author, review again."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import (
    Field,
    FieldList,
    Form,
    FormField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional

from civicvote.domain.criteria import (
    ANSWERS,
    COST_CLASSES,
    MAX_LINES,
    QUESTIONS,
    VERDICTS,
    Answer,
    Cost,
    Criterion,
    Finding,
    Findings,
)
from civicvote.domain.korean import in_seoul
from civicvote.forms.base import BaseForm
from civicvote.forms.cycles import VersionForm
from civicvote.forms.fields import SeoulDateTimeField, WonField, clean_input, clean_line, options
from civicvote.services import clock
from civicvote.services.reviews import DEFAULT_DAYS, Choices, ReviewView
from civicvote.web.i18n import say

_NEEDED = _l("꼭 적어 주십시오.")
#: Empty rows offered under the filled ones.
SPARE_ROWS = 2
SUPPLEMENT_DAYS = 7


def evening(days: int) -> Any:
    """18:00 in Seoul, `days` from today."""
    day = in_seoul(clock.now()) + timedelta(days=days)
    return day.replace(hour=18, minute=0, second=0, microsecond=0)


def read_uuid(value: Any) -> UUID | None:
    """An id from a form or an address; None where there is none, or it is no id."""
    try:
        return UUID(str(value)) if value else None
    except ValueError:
        return None


class TargetForm(BaseForm):
    """To which department, to whom in it, until when."""

    department = SelectField(_l("담당 부서"), [InputRequired(_l("부서를 골라 주십시오."))])
    reviewer = SelectField(_l("담당자"), [Optional()], description=_l("고르지 않으면 부서의 누구나 맡을 수 있습니다."))
    due_at = SeoulDateTimeField(_l("검토 기한"), [InputRequired(_NEEDED)])

    def offer(self, choices: Choices) -> None:
        """Fill the lists."""
        self.department.choices = options(
            [("", _l("부서 고르기")), *((str(key), name) for key, name in choices.departments)]
        )
        self.reviewer.choices = options(
            [
                ("", _l("정하지 않음")),
                *((str(key), f"{department} · {name}") for key, name, department in choices.reviewers),
            ]
        )
        if not self.is_submitted():
            self.due_at.data = evening(DEFAULT_DAYS)

    def target(self) -> dict[str, Any]:
        """Keywords of `reviews.assign` and `reviews.reopen`."""
        return {
            "department_id": UUID(self.department.data),
            "reviewer_id": read_uuid(self.reviewer.data),
            "due_at": self.due_at.data,
        }


class AssignForm(TargetForm):
    """One or many projects to a department."""

    projects = SelectMultipleField(_l("제안"), validate_choice=False)
    replace = HiddenField()

    def chosen(self) -> list[UUID]:
        """The ticked projects; what is no id is left out."""
        return [key for key in map(read_uuid, self.projects.data or ()) if key is not None]


class ReopenForm(TargetForm):
    """재검토."""

    reason = TextAreaField(
        _l("재검토 이유"), [InputRequired(_NEEDED), Length(max=2000)], filters=[clean_input],
        description=_l("제안자와 시민에게 공개됩니다."),
    )  # fmt: skip


class CostRow(Form):
    """A line of the cost; left empty it doesn't count."""

    kind = SelectField(_l("구분"))
    label = StringField(_l("내용"), [Optional(), Length(max=120)], filters=[clean_line])
    amount_won = WonField(_l("금액"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = options((key, say(label)) for key, label in COST_CLASSES.items())

    @property
    def blank(self) -> bool:
        """Whether nothing was written."""
        return not (self.label.data or self.amount_won.data is not None or self.amount_won.errors)


def _complete(row: CostRow) -> bool:
    """Whether a row is empty or has both its parts; what is missing is noted beside it."""
    if row.blank:
        return True
    for field in (row.label, row.amount_won):
        if not field.errors and field.data in {None, ""}:
            field.errors = [str(_NEEDED)]
    return not (row.label.errors or row.amount_won.errors)


def _answer_fields() -> dict[str, Field]:
    made: dict[str, Field] = {}
    for criterion in Criterion:
        made[f"{criterion}_answer"] = RadioField(validate_choice=False, validators=[Optional()])
        made[f"{criterion}_note"] = TextAreaField(_l("의견"), [Optional(), Length(max=1000)], filters=[clean_input])
    return made


class _ReviewFields(VersionForm):
    costs = FieldList(FormField(CostRow), label=_l("사업비 내역"), max_entries=MAX_LINES)
    first_year_won = WonField(
        _l("첫해 사업비"),
        [Optional()],
        description=_l("예산연도에 드는 금액입니다. 적격으로 판정하려면 적어야 합니다."),
    )
    verdict = RadioField(_l("판정"), validate_choice=False, validators=[Optional()])
    reason = TextAreaField(
        _l("판정 이유"), [Optional(), Length(max=2000)], filters=[clean_input],
        description=_l("시민에게 공개됩니다. 법령 이름과 근거를 쉬운 말로 적어 주십시오."),
    )  # fmt: skip


ReviewFields = type("ReviewFields", (_ReviewFields,), _answer_fields())


class ReviewForm(ReviewFields):  # type: ignore[misc,valid-type]  # one pair of fields per criterion, made above
    """The criteria form: an answer and a note for each, the cost by class, and the verdict."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for criterion, question in QUESTIONS.items():
            answer = self[f"{criterion}_answer"]
            answer.choices = options((str(key), say(label)) for key, label in ANSWERS.items())
            answer.label.text = say(question.label)
        self.verdict.choices = options((key, say(label)) for key, label in VERDICTS.items())

    @classmethod
    def of(cls, view: ReviewView) -> "ReviewForm":
        """A form showing what is saved, with spare rows, whatever was sent."""
        kept = view.findings
        data: dict[str, Any] = {"version": view.review.version, "first_year_won": kept.first_year_won}
        for criterion, finding in kept.answers.items():
            data[f"{criterion}_answer"] = str(finding.answer) if finding.answer else None
            data[f"{criterion}_note"] = finding.note
        data["costs"] = [{"kind": c.kind, "label": c.label, "amount_won": c.amount_won} for c in kept.costs]
        form = cls(formdata=None, data=data)
        form.add_rows(SPARE_ROWS if kept.costs else SPARE_ROWS + 1)
        return form

    @classmethod
    def with_rows(cls, sent: MultiDict[str, str], wish: str) -> "ReviewForm":
        """What was sent, with more empty rows (`add`), or without the row of that number."""
        stem = f"costs-{wish}-"
        form = cls(formdata=MultiDict([pair for pair in sent.items(multi=True) if not pair[0].startswith(stem)]))
        if wish == "add":
            form.add_rows(SPARE_ROWS)
        return form

    def add_rows(self, count: int) -> None:
        """Offer more empty rows."""
        for _row in range(min(count, MAX_LINES - len(self.costs))):
            self.costs.append_entry()

    def validate(self, extra_validators: Any = None) -> bool:
        """Shape only. A row half filled in is named by its place; an empty one is ignored."""
        good = bool(super().validate(extra_validators))
        wrong = [place for place, entry in enumerate(self.costs.entries, 1) if not _complete(entry.form)]
        self.costs.errors = [_("%(n)s번째 줄의 내용과 금액을 확인해 주십시오.", n=place) for place in wrong]
        return good and not wrong

    def findings(self) -> Findings:
        """The filled-in form as the rules read it."""
        answers = {}
        for criterion in Criterion:
            chosen = self[f"{criterion}_answer"].data
            note = self[f"{criterion}_note"].data or ""
            answers[criterion] = Finding(Answer(chosen) if chosen in set(Answer) else None, note)
        rows = [entry.form for entry in self.costs.entries if not entry.form.blank]
        costs = tuple(Cost(row.kind.data, row.label.data or "", row.amount_won.data or 0) for row in rows)
        return Findings(answers, costs, self.first_year_won.data)


class SupplementForm(BaseForm):
    """보완요청: what is asked of the author, and until when."""

    question = TextAreaField(
        _l("보완할 내용"), [InputRequired(_NEEDED), Length(max=2000)], filters=[clean_input],
        description=_l("제안자에게 전달되고 제안 화면에 공개됩니다."),
    )  # fmt: skip
    due_at = SeoulDateTimeField(_l("답변 기한"), [InputRequired(_NEEDED)])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.due_at.data is None and not self.due_at.raw_data:
            self.due_at.data = evening(SUPPLEMENT_DAYS)

    def asked(self) -> dict[str, Any]:
        """Keywords of `reviews.request_supplement`."""
        return {"question": self.question.data, "due_at": self.due_at.data}
