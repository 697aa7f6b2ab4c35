"""Languages: which one to speak, and messages of the rules in it."""

from datetime import date, datetime

from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel, get_locale, gettext

from civicvote.domain import korean
from civicvote.domain.districts import District
from civicvote.domain.messages import Message
from civicvote.web import tongues

LOCALES = ("ko", "en")
COOKIE = "cv_lang"
babel = Babel()


def pick() -> str:
    """The language of this request: the reader's own choice, else their account's, else what the browser prefers."""
    if not has_request_context():
        return "ko"
    if "locale" not in g:
        from civicvote.web.access import account_locale

        chosen = request.cookies.get(COOKIE)
        if chosen not in LOCALES:
            chosen = account_locale() or request.accept_languages.best_match(LOCALES, default="ko")
        g.locale = chosen
    return str(g.locale)


def language() -> str:
    """Ko or en."""
    return str(get_locale() or "ko")[:2]


def _place(value: object) -> object:
    """What stands in a place of a message: messages, districts and moments have words in both languages."""
    if isinstance(value, Message):
        return say(value)
    if isinstance(value, datetime):
        return korean.format_deadline(value, language())
    if isinstance(value, date):
        return korean.format_date(value, language())
    return value.called(language()) if isinstance(value, District) else value


def say(message: Message | str) -> str:
    """A message of the rules, in the reader's language; places that hold messages are translated too."""
    if isinstance(message, str):
        return str(gettext(message))
    params = {key: _place(value) for key, value in message.params.items()}
    return str(gettext(message.text, **params) if params else gettext(message.text))


def init_app(app: Flask) -> None:
    """Korean first; times are Seoul's."""
    babel.init_app(
        app,
        locale_selector=pick,
        default_locale="ko",
        default_timezone="Asia/Seoul",
        default_translation_directories="translations",
    )
    app.jinja_env.filters["say"] = say
    app.jinja_env.globals["locale_name"] = language

    @app.after_request
    def _mark(response: Response) -> Response:
        """Korean words on a page for readers of English say that they are Korean. No page asks for its language only here:
        the account may be what can't be read.
        """
        if response.mimetype == "text/html" and not response.is_streamed and g.get("locale") == "en":
            response.set_data(tongues.marked(response.get_data(as_text=True)))
        return response
