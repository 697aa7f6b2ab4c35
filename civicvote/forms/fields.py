"""Fields whose values mean more than text: moments on Seoul's clock, and won as people write them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from wtforms import DateTimeLocalField, IntegerField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from civicvote.domain.errors import InvalidError
from civicvote.domain.korean import in_seoul
from civicvote.domain.money import parse_won
from civicvote.domain.text import normalise
from civicvote.web.i18n import say

SEOUL = ZoneInfo("Asia/Seoul")
_DIGITS = 15


class SeoulDateTimeField(DateTimeLocalField):
    """Date and time as a clock in Seoul shows them; `data` is UTC-aware."""

    def __init__(self, label: Any = None, validators: Any = None, **kwargs: Any) -> None:
        super().__init__(label, validators, format=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **kwargs)

    def _value(self) -> str:
        if self.raw_data:
            return " ".join(str(part) for part in self.raw_data)
        return in_seoul(self.data).strftime("%Y-%m-%dT%H:%M") if self.data else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the wall-clock time; a year no calendar of ours knows is refused."""
        self.data = None
        if not valuelist or not str(valuelist[0]).strip():
            self.raw_data = []  # blanks alone are nothing: InputRequired looks at what was sent
            return
        for pattern in self.strptime_format:
            try:
                naive = datetime.strptime(str(valuelist[0]).strip(), pattern)  # noqa: DTZ007 — its zone is given below
            except ValueError:
                continue
            if 2000 <= naive.year <= 2100:
                self.data = naive.replace(tzinfo=SEOUL)
                return
        raise ValueError(_("날짜와 시각을 다시 적어 주십시오."))


class WholeField(IntegerField):
    """A whole number of at most 15 digits: validators of ranges go by floating point, which ends at 308."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the number; what is none, or too long, stays in the field with the reason beside it."""
        if valuelist and len(str(valuelist[0])) > _DIGITS:
            self.data = None
            raise ValueError(self.gettext("Not a valid integer value."))
        super().process_formdata(valuelist)


class WonField(StringField):
    """An amount such as `3억 2천만 원` or `320,000,000`; `data` is whole won, None where nothing was written."""

    data: Any

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return f"{self.data:,}" if isinstance(self.data, int) else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the amount; what can't be read stays in the field with the reason beside it."""
        self.data = None
        if not valuelist or not str(valuelist[0]).strip():
            self.raw_data = []
            return
        try:
            self.data = parse_won(str(valuelist[0]))
        except InvalidError as error:
            raise ValidationError(say(error.message)) from error


def clean_input(value: Any) -> Any:
    """Filter for texts of several lines: normalised. What holds a NUL stays, so that the rules can refuse it."""
    return normalise(value, multiline=True) if isinstance(value, str) and "\x00" not in value else value


def clean_line(value: Any) -> Any:
    """Filter for texts of one line."""
    return normalise(value) if isinstance(value, str) and "\x00" not in value else value


def options(pairs: Iterable[tuple[str, Any]]) -> list[Any]:
    """Choices of a select or radio field from (value, label)."""
    return [SelectChoice(value, label) for value, label in pairs]
