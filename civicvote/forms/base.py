"""What every form shares: a refusal of the rules stands beside its field, like one of shape."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_wtf import FlaskForm

from civicvote import db
from civicvote.domain.errors import ConflictError, InvalidError, TooManyError
from civicvote.web.i18n import say


class Outcome:
    """Whether the service took the input."""

    def __init__(self) -> None:
        self.refused = False
        #: Somebody else was faster, or the thing's state does not allow it (`refusing(conflicts=True)`).
        self.conflict = False
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
    def refusing(self, *, conflicts: bool = False, haste: bool = False) -> Iterator[Outcome]:
        """Run a service: `with form.refusing() as ok:` leaves `ok` false if the rules refused; what it wrote is undone.

        `conflicts`: a Conflict is shown above the form as well, for texts that took long to write (`ok.conflict`);
        `haste`: so is "too often", where people wait a little and send the same again.
        """
        outcome = Outcome()
        try:
            yield outcome
        except InvalidError as error:
            db.abandon()
            outcome.refused = True
            outcome.error = error
            self.refuse(error)
        except ConflictError as error:
            if not conflicts:
                raise
            db.abandon()
            outcome.refused = outcome.conflict = True
            self.form_errors.append(say(error.message))
        except TooManyError as error:
            if not haste:
                raise
            db.abandon()
            outcome.refused = True
            self.form_errors.append(say(error.message))
