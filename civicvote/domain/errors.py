"""What can be refused. Each carries words for the person concerned; `web/errors.py` turns kinds into HTTP."""

from civicvote.domain.messages import Message, msg


class DomainError(Exception):
    """A refusal with a sentence people may read."""

    default = msg("요청을 처리할 수 없습니다.")

    def __init__(self, message: Message | None = None) -> None:
        self.message = message or self.default
        super().__init__(str(self.message))


class NotFoundError(DomainError):
    """The thing does not exist, or is private to somebody else: the two look the same."""

    default = msg("찾으시는 내용이 없습니다.")


class ForbiddenError(DomainError):
    """The actor may not do this."""

    default = msg("이 일을 할 권한이 없습니다.")


class ConflictError(DomainError):
    """The state of the thing does not allow it (any more)."""

    default = msg("그사이에 내용이 바뀌었습니다. 새로 고침 후 다시 시도해 주십시오.")


class InvalidError(DomainError):
    """Input breaks a rule. `field` names the form field the message belongs beside, if any."""

    default = msg("입력한 내용을 확인해 주십시오.")

    def __init__(self, message: Message | None = None, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class TooManyError(DomainError):
    """Too many tries; `retry_after` seconds until the next is taken."""

    default = msg("시도가 너무 많습니다. 잠시 후 다시 시도해 주십시오.")

    def __init__(self, message: Message | None = None, *, retry_after: int = 60) -> None:
        super().__init__(message)
        self.retry_after = retry_after
