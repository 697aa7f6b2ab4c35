"""What an auditor's address may say."""

from uuid import UUID

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg


def parse_id(text: str | None) -> UUID | None:
    """An id from an address; None where there is none, InvalidError for something else."""
    plain = (text or "").strip()
    if not plain:
        return None
    try:
        return UUID(plain)
    except ValueError:
        raise InvalidError(msg("번호를 알아볼 수 없습니다. 목록의 링크로 다시 골라 주십시오.")) from None
