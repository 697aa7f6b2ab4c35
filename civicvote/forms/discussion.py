"""What talk's forms and addresses carry."""

from uuid import UUID

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Optional

from civicvote.domain.deliberation import STANCES, Stance
from civicvote.domain.discussion import HIDE_REASONS, HideReason, PostKind, PostSort
from civicvote.forms.base import BaseForm
from civicvote.forms.fields import clean_input, options
from civicvote.forms.projects import PERSONAL, Measured, key_of
from civicvote.models.base import new_id
from civicvote.services.discussion.posting import BODY_MAX, BODY_MIN
from civicvote.services.discussion.reading import Wanted
from civicvote.web.i18n import say

NOTE_MAX = 300


class PostForm(BaseForm):
    """A comment, or an answer to one."""

    form_key = HiddenField()
    parent = HiddenField()
    stance = RadioField(_l("입장"), validators=[Optional()], validate_choice=False)
    body = TextAreaField(
        _l("댓글"),
        filters=[clean_input],
        validators=[
            DataRequired(_l("내용을 써 주십시오.")),
            Measured(BODY_MIN, BODY_MAX[PostKind.COMMENT]),
            PERSONAL,
        ],
    )

    def offer(self) -> None:
        """Fill the choices."""
        self.stance.choices = options((stance.value, say(label)) for stance, label in STANCES.items())

    @property
    def key(self) -> UUID:
        """The form's own key: the same form sent twice is one post."""
        return key_of(self.form_key.data) or new_id()

    @property
    def parent_id(self) -> UUID | None:
        """The post that is answered."""
        return key_of(self.parent.data)

    @property
    def chosen(self) -> Stance | None:
        """The stance; None without one."""
        text = self.stance.data or ""
        return Stance(text) if text in set(Stance) else None


class ReportForm(BaseForm):
    """Why something breaks the rules."""

    code = RadioField(
        _l("신고하는 이유"), validators=[InputRequired(_l("이유를 골라 주십시오."))], validate_choice=False
    )
    note = TextAreaField(_l("덧붙일 말"), validators=[Optional(), Measured(0, NOTE_MAX), PERSONAL])

    def offer(self) -> None:
        """Fill the choices."""
        self.code.choices = options((reason.value, say(label)) for reason, label in HIDE_REASONS.items())

    @property
    def reason(self) -> HideReason:
        """The chosen reason; 그 밖의 이유 for one that isn't there."""
        text = self.code.data or ""
        return HideReason(text) if text in set(HideReason) else HideReason.OTHER


class AppealForm(BaseForm):
    """Why a hidden thing should be shown again."""

    text = TextAreaField(
        _l("이의를 제기하는 이유"),
        validators=[DataRequired(_l("이유를 써 주십시오.")), Measured(5, 1000), PERSONAL],
    )


def wanted_from(args: MultiDict[str, str], kind: PostKind = PostKind.COMMENT) -> Wanted:
    """Order and stance of a thread as its address gives them."""
    sort, stance = args.get("sort", ""), args.get("stance", "")
    return Wanted(
        kind=kind,
        sort=PostSort(sort) if sort in set(PostSort) else PostSort.NEWEST,
        stance=Stance(stance) if stance in set(Stance) else None,
    )
