"""What a project's forms and addresses carry, and in which shape."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Optional, ValidationError

from civicvote.domain import districts
from civicvote.domain.errors import InvalidError
from civicvote.domain.lifecycles import PUBLIC_PROJECT_STATES, ProjectState
from civicvote.domain.money import format_won_exact, parse_won
from civicvote.domain.paging import Cursor
from civicvote.domain.text import clean_text, refuse_resident_number
from civicvote.forms.base import BaseForm
from civicvote.models.base import new_id
from civicvote.models.projects import Project
from civicvote.services.projects import steps, talking, writing
from civicvote.services.projects.listing import Filters, Sort
from civicvote.web.filters import won
from civicvote.web.i18n import language, say

COMPARED = 3


def ruled(rule: Callable[..., Any]) -> Callable[[BaseForm, Any], None]:
    """A rule of the domain as a validator: its words beside the field."""

    def validate(_form: BaseForm, field: Any) -> None:
        try:
            rule(field.data or "")
        except InvalidError as error:
            raise ValidationError(say(error.message)) from error

    return validate


class Measured:
    """Length as the services measure it, after cleaning; gives the counter its maximum."""

    def __init__(self, minimum: int, maximum: int) -> None:
        self.minimum, self.maximum = minimum, maximum
        self.field_flags = {"maxlength": maximum}

    def __call__(self, _form: BaseForm, field: Any) -> None:
        """Refuse what is too short or too long."""
        try:
            clean_text(field.data or "", minimum=self.minimum, maximum=self.maximum)
        except InvalidError as error:
            raise ValidationError(say(error.message)) from error


PERSONAL = ruled(refuse_resident_number)
WON = ruled(parse_won)


def key_of(text: object) -> UUID | None:
    """A UUID a form or address carries; None for anything else."""
    try:
        return UUID(str(text))
    except ValueError:
        return None


class ProjectForm(BaseForm):
    """A proposal. `key` makes the same form one draft; `version` is the one it was made from."""

    key = HiddenField()
    version = HiddenField()
    pool = SelectField(_l("예산 분야"), validators=[InputRequired(_l("분야를 골라 주십시오."))], validate_choice=False)
    title = StringField(
        _l("제목"), validators=[DataRequired(_l("제목을 써 주십시오.")), Measured(0, writing.TITLE_MAX), PERSONAL]
    )
    problem = TextAreaField(_l("무엇이 문제입니까"), validators=[Optional(), Measured(0, writing.TEXT_MAX), PERSONAL])
    idea = TextAreaField(_l("어떻게 하면 좋겠습니까"), validators=[Optional(), Measured(0, writing.TEXT_MAX), PERSONAL])
    category = SelectField(_l("분류"), validators=[Optional()], validate_choice=False)
    district = SelectField(_l("자치구"), validators=[Optional()], validate_choice=False)
    place = StringField(_l("위치"), validators=[Optional(), Measured(0, writing.PLACE_MAX), PERSONAL])
    requested = StringField(_l("필요한 예산"), validators=[Optional(), WON])

    def offer(self, pools: Sequence[writing.OpenPool], own: Project | None = None, own_pool: str = "") -> None:
        """Fill the selects; a draft's own pool stays on offer after its window closed."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for pool in pools:
            label = f"{pool.name} · {won(pool.amount_won)}"
            groups.setdefault(pool.cycle_title, []).append((str(pool.id), label))
        if own is not None and own.pool_id not in {pool.id for pool in pools}:
            groups.setdefault("", []).append((str(own.pool_id), own_pool))
        if own is not None and own.state is not ProjectState.DRAFT:
            groups = {"": [(str(own.pool_id), own_pool)]}
        single = len(groups) == 1
        self.pool.choices = next(iter(groups.values())) if single else groups
        self.category.choices = [
            ("", str(_l("고르지 않음"))),
            *((name, say(label)) for name, label in writing.CATEGORIES.items()),
        ]
        self.district.choices = [("", districts.name_of(None, language())), *districts.choices(language())]

    def show(self, project: Project) -> None:
        """Fill in what is stored."""
        self.key.data, self.version.data = str(project.id), str(project.version)
        self.pool.data, self.title.data = str(project.pool_id), project.title
        self.problem.data, self.idea.data = project.problem, project.idea
        self.category.data, self.district.data, self.place.data = (
            project.category,
            project.district or "",
            project.place,
        )
        self.requested.data = format_won_exact(project.requested_won) if project.requested_won else ""

    @property
    def form_key(self) -> UUID:
        """The draft's key; a fresh one for a form that came without."""
        return key_of(self.key.data) or new_id()

    @property
    def based_on(self) -> int:
        """The version the form was made from; 1 for a new one."""
        text = str(self.version.data or "")
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 1

    def content(self) -> writing.Content:
        """What the author wrote; call it after the form validated."""
        requested = str(self.requested.data or "").strip()
        return writing.Content(
            pool_id=key_of(self.pool.data) or UUID(int=0),
            title=self.title.data or "",
            problem=self.problem.data or "",
            idea=self.idea.data or "",
            category=self.category.data or "",
            district=self.district.data or "",
            place=self.place.data or "",
            requested_won=parse_won(requested) if requested else None,
        )


class CommentForm(BaseForm):
    """A comment or an answer."""

    form_key = HiddenField()
    parent = HiddenField()
    body = TextAreaField(
        _l("댓글"),
        validators=[
            DataRequired(_l("내용을 써 주십시오.")), Measured(talking.BODY_MIN, talking.BODY_MAX), PERSONAL,
        ],
    )  # fmt: skip


class ReasonForm(BaseForm):
    """A reason that will be public."""

    reason = TextAreaField(
        _l("이유"), validators=[DataRequired(_l("이유를 써 주십시오.")), Measured(2, talking.REASON_MAX), PERSONAL]
    )


class AnswerForm(BaseForm):
    """The author's answer to the department."""

    answer = TextAreaField(
        _l("답변"), validators=[DataRequired(_l("답변을 써 주십시오.")), Measured(5, 4000), PERSONAL]
    )


class StatusForm(BaseForm):
    """A status line of a funded project."""

    form_key = HiddenField()
    progress = StringField(_l("진행률"), validators=[InputRequired(_l("진행률을 적어 주십시오."))])
    spent = StringField(
        _l("지금까지 집행한 금액"), validators=[InputRequired(_l("금액을 적어 주십시오. 없으면 0원")), WON]
    )
    text = TextAreaField(
        _l("진행 상황"),
        validators=[DataRequired(_l("무엇을 했는지 써 주십시오.")), Measured(5, steps.STATUS_MAX), PERSONAL],
    )

    def validate_progress(self, field: Any) -> None:
        """A whole number; its range is the service's business."""
        text = str(field.data or "").strip().removesuffix("%")
        if not (text.isascii() and text.isdecimal() and len(text) <= 3):
            raise ValidationError(str(_l("0에서 100 사이의 숫자로 적어 주십시오.")))

    @property
    def per_cent(self) -> int:
        """Progress; call it after the form validated."""
        return int(str(self.progress.data).strip().removesuffix("%"))

    @property
    def spent_won(self) -> int:
        """Won spent so far; call it after the form validated."""
        return parse_won(self.spent.data or "")


def filters_from(args: MultiDict[str, str]) -> Filters:
    """The list's filters as its address gives them; what isn't understood is left out."""
    state = args.get("state", "")
    sort = args.get("sort", "")
    district = args.get("district", "")
    return Filters(
        q=args.get("q", "").replace("\x00", "").strip()[:200],
        cycle=args.get("cycle", "").replace("\x00", "")[:60],
        pool=key_of(args.get("pool", "")),
        district=district if districts.is_district(district) else "",
        state=ProjectState(state) if state in {known.value for known in PUBLIC_PROJECT_STATES} else None,
        department=key_of(args.get("department", "")),
        sort=Sort(sort) if sort in set(Sort) else None,
    )


def cursor_from(args: MultiDict[str, str], name: str = "cursor") -> Cursor | None:
    """The place in a list."""
    return Cursor.decode(args.get(name, "")[:300])


def ids_from(args: MultiDict[str, str]) -> list[UUID]:
    """Projects to compare, each once, in order; also `?ids=a,b`."""
    texts = [part for text in args.getlist("ids")[:20] for part in text.split(",")[:20]]
    return list(dict.fromkeys(key for text in texts if (key := key_of(text.strip()))))
