"""The form a co-author is invited with."""

from flask_babel import lazy_gettext as _l
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from civicvote.forms.base import BaseForm


class InvitationForm(BaseForm):
    """An address to send a link to."""

    email = StringField(
        _l("초대할 분의 이메일"),
        validators=[
            DataRequired(_l("이메일 주소를 적어 주십시오.")),
            Length(max=254, message=_l("이메일 주소가 너무 깁니다.")),
        ],
    )
