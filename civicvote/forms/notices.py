"""The inbox's address, and the choices of mail by kind."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as lazily
from wtforms import SelectField

from civicvote.domain.notices import GROUPS, MAIL_MODES, SORTS, MailMode, NoticeKind, choices
from civicvote.forms.base import BaseForm
from civicvote.forms.fields import options
from civicvote.web.i18n import say


class ChoiceForm(BaseForm):
    """One select for each kind: at once, gathered, or not at all."""

    def __init__(self, modes: Mapping[NoticeKind, MailMode] | None = None) -> None:
        known = dict(modes or {})
        super().__init__(data={kind.name.lower(): mode.value for kind, mode in known.items()})
        self.kinds = list(known)
        for kind in NoticeKind:
            if kind not in known:
                del self[kind.name.lower()]  # work that isn't theirs

    def groups(self) -> Iterable[tuple[str, list[Any]]]:
        """(heading, fields) as the page shows them."""
        for group, label in GROUPS.items():
            fields = [self[kind.name.lower()] for kind in self.kinds if SORTS[kind].group is group]
            if fields:
                yield say(label), fields

    def modes(self) -> dict[NoticeKind, MailMode]:
        """What was chosen."""
        return {kind: MailMode(self[kind.name.lower()].data) for kind in self.kinds}


for _kind in NoticeKind:
    _modes = [(mode.value, lazily(MAIL_MODES[mode].text)) for mode in choices(_kind)]
    setattr(ChoiceForm, _kind.name.lower(), SelectField(lazily(SORTS[_kind].label.text), choices=options(_modes)))


def unread_from(args: Mapping[str, str]) -> bool:
    """Whether only what is unread is asked for."""
    return args.get("unread") == "1"


def until_from(form: Mapping[str, str]) -> UUID | None:
    """The newest notice the person saw; None where the form names none."""
    try:
        return UUID(form.get("until", ""))
    except ValueError:
        return None
