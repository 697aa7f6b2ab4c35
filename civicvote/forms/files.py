"""The form that attaches a file."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import HiddenField, StringField
from wtforms.validators import Optional

from civicvote.domain.files import ACCEPT, MOST_BYTES
from civicvote.forms.base import BaseForm
from civicvote.forms.fields import clean_line


class AttachForm(BaseForm):
    """A file and what it shows. `back` is the page to return to."""

    file = FileField(_l("파일"), render_kw={"accept": ACCEPT})
    alt = StringField(_l("사진 설명"), filters=[clean_line], validators=[Optional()])
    back = HiddenField()

    @property
    def upload(self) -> tuple[bytes, str]:
        """Content and name of what was sent; at most one byte more than is taken is read."""
        sent: Any = self.file.data
        if not sent or not hasattr(sent, "read"):
            return b"", ""
        return sent.read(MOST_BYTES + 1), sent.filename or ""
