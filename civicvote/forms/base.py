"""What every form shares: a refusal of the rules stands beside its field, like one of shape."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_wtf import FlaskForm

from civicvote import db
from civicvote.domain.errors import InvalidError
from civicvote.web.i18n import say


class Outcome:
    """Whether the service took the input."""

    def __init__(self) -> None:
        self.refused = False
        self.error: InvalidError | None = None

    def __bool__(self) -> bool:
        return not self.refused


class BaseForm(FlaskForm):  # type: ignore[misc]  # flask-wtf has no types
    """A form whose errors come from its validators and from the rules alike."""

    def refuse(self, error: InvalidError) -> None:
        """Put the rule's message beside its field, or above the form."""
        target: Any = self._fields.get(error.field or "")
        message = say(error.message)
        if target is None:
            self.form_errors.append(message)
        else:
            target.errors = [*target.errors, message]

    @contextmanager
    def refusing(self) -> Iterator[Outcome]:
        """Run a service: `with form.refusing() as ok:` leaves `ok` false if the rules refused; what it wrote is undone."""
        outcome = Outcome()
        try:
            yield outcome
        except InvalidError as error:
            db.abandon()
            outcome.refused = True
            outcome.error = error
            self.refuse(error)
