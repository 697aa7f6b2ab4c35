"""What commands say, in Korean or in English: the pages' own catalogue, read without the web framework."""

from collections.abc import Callable
from gettext import NullTranslations, translation
from pathlib import Path

import civicvote
from civicvote.domain.messages import Message

LANGUAGES = ("ko", "en")

Words = Callable[[Message], str]


def words(language: str) -> Words:
    """A speaker of `language`; what the catalogue lacks stays Korean."""
    catalogue = NullTranslations()
    if language != "ko":
        place = Path(civicvote.__file__).parent / "translations"
        catalogue = translation("messages", place, [language], fallback=True)

    def say(message: Message) -> str:
        params = {name: say(value) if isinstance(value, Message) else value for name, value in message.params.items()}
        text = catalogue.gettext(message.text)
        return text % params if params else text

    return say
