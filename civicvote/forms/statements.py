"""What a round of 의견수렴 takes: an answer to a statement, and a statement."""

from uuid import UUID

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired

from civicvote.domain.discussion import PostKind
from civicvote.forms.base import BaseForm
from civicvote.forms.fields import clean_line
from civicvote.forms.projects import PERSONAL, Measured, key_of
from civicvote.models.base import new_id
from civicvote.services.deliberation.statements import StatementSort
from civicvote.services.discussion.posting import BODY_MAX, BODY_MIN

#: What the buttons send; anything else is refused by the service.
VALUES = {"1": 1, "-1": -1, "0": 0, "": None}
NONSENSE = 9


class StatementForm(BaseForm):
    """One claim in one sentence."""

    form_key = HiddenField()
    body = TextAreaField(
        _l("의견 한 문장"),
        filters=[clean_line],
        validators=[
            DataRequired(_l("의견을 써 주십시오.")),
            Measured(BODY_MIN, BODY_MAX[PostKind.STATEMENT]),
            PERSONAL,
        ],
    )

    @property
    def key(self) -> UUID:
        """The form's own key: the same form sent twice is one statement."""
        return key_of(self.form_key.data) or new_id()


def value_from(form: MultiDict[str, str]) -> int | None:
    """The answer a button sent."""
    return VALUES.get(form.get("value", "?"), NONSENSE)


def sort_from(args: MultiDict[str, str]) -> StatementSort:
    """The order of the list."""
    wanted = args.get("sort", "")
    return StatementSort(wanted) if wanted in set(StatementSort) else StatementSort.VOTED
