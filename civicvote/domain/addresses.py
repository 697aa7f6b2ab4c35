"""Addresses of other sites, as people and staff write them."""

from typing import Final
from urllib.parse import urlsplit

from civicvote.domain.errors import InvalidError
from civicvote.domain.messages import msg

LONGEST: Final = 500


def https(text: str, *, field: str) -> str:
    """An https address with a host name and nothing that misleads; InvalidError beside `field` for anything else."""
    url = text.strip()
    try:
        parts = urlsplit(url)
        named, _port = parts.hostname, parts.port
    except ValueError:  # such as an unclosed bracket
        parts, named = urlsplit(""), None
    plain = url.isprintable() and " " not in url and "\\" not in url and len(url) <= LONGEST
    if parts.scheme != "https" or not named or "." not in named or parts.username is not None or not plain:
        raise InvalidError(msg("https://로 시작하는 누리집 주소를 적어 주십시오."), field=field)
    return url
