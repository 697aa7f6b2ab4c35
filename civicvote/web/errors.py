"""The one table from errors to HTTP: a page, an htmx part, or a JSON problem. People read only messages written for them."""

from dataclasses import dataclass, field
from typing import Any

import structlog
from flask import Flask, Response, current_app, g, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from civicvote import db
from civicvote.domain.errors import (
    ConflictError,
    DomainError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    TooManyError,
)
from civicvote.domain.messages import Message, msg
from civicvote.web.access import SecondFactorNeededError
from civicvote.web.i18n import say

log = structlog.get_logger()

STATUS: dict[type[DomainError], int] = {
    NotFoundError: 404,
    ForbiddenError: 403,
    ConflictError: 409,
    InvalidError: 422,
    TooManyError: 429,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What an error page says."""

    status: int
    title: Message
    message: Message
    headers: dict[str, str] = field(default_factory=dict)


WORDS: dict[int, tuple[Message, Message]] = {
    400: (msg("요청을 이해할 수 없습니다"), msg("주소나 입력한 내용을 다시 확인해 주십시오.")),
    403: (msg("이 일을 할 권한이 없습니다"), msg("필요한 권한이 있는 계정으로 로그인했는지 확인해 주십시오.")),
    404: (
        msg("찾으시는 페이지가 없습니다"),
        msg("주소가 바뀌었거나 공개되지 않은 내용입니다. 처음 화면이나 검색에서 다시 찾아 주십시오."),
    ),
    405: (msg("이 주소에서는 할 수 없는 일입니다"), msg("앞 화면으로 돌아가 버튼을 다시 눌러 주십시오.")),
    409: (msg("그사이에 내용이 바뀌었습니다"), msg("새로 고침 후 바뀐 내용을 확인하고 다시 시도해 주십시오.")),
    413: (msg("보낸 내용이 너무 큽니다"), msg("글이나 파일의 크기를 줄여 다시 보내 주십시오.")),
    422: (msg("입력한 내용을 확인해 주십시오"), msg("앞 화면으로 돌아가 표시된 항목을 고쳐 주십시오.")),
    429: (msg("시도가 너무 많습니다"), msg("잠시 후 다시 시도해 주십시오.")),
    500: (
        msg("일시적인 문제가 생겼습니다"),
        msg("불편을 드려 죄송합니다. 입력하신 내용은 저장되지 않았습니다. 잠시 후 다시 시도해 주십시오."),
    ),
    503: (
        msg("지금은 이용이 몰리고 있습니다"),
        msg("입력하신 내용은 저장되지 않았습니다. 잠시 후 다시 시도해 주십시오."),
    ),
}


#: Over a conflict that says itself what is in the way: not every one is a change by somebody else.
NOT_NOW = msg("지금은 할 수 없습니다")


def _domain(error: DomainError) -> Problem:
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 400)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooManyError) else {}
    told = status == 409 and error.message != ConflictError.default  # too early, say, or by the wrong person
    return Problem(status, NOT_NOW if told else WORDS[status][0], error.message, headers)


def _http(error: HTTPException) -> Problem:
    status = error.code if error.code in WORDS else (400 if (error.code or 500) < 500 else 500)
    if isinstance(error, CSRFError):
        return Problem(400, msg("화면이 오래되었습니다"), msg("보안을 위해 화면을 새로 고친 뒤 다시 보내 주십시오."))
    return Problem(status, *WORDS[status], headers=_http_headers(error, status))


def _http_headers(error: HTTPException, status: int) -> dict[str, str]:
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        return {"Allow": ", ".join(sorted(error.valid_methods))}
    return {"Retry-After": "60"} if status == 429 else {}


def _busy(error: DBAPIError) -> Problem:
    if isinstance(error, IntegrityError):
        return Problem(409, *WORDS[409])
    log.error("database", error=type(error.orig).__name__)
    return Problem(503, *WORDS[503], headers={"Retry-After": "5"})


def _wants_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json", "application/problem+json"])
    return best in {"application/json", "application/problem+json"} and not request.headers.get("HX-Request")


def _page(problem: Problem, request_id: str) -> Response:
    """A page or an htmx part; bare words where even that can't be made, because what failed is needed for it too."""
    part = bool(request.headers.get("HX-Request")) and not request.headers.get("HX-Boosted")
    context: dict[str, Any] = {"status": problem.status, "request_id": request_id}
    try:
        context |= {"title": say(problem.title), "message": say(problem.message)}
        context["actions"] = [(_("처음 화면으로"), "/")]
        response = make_response(render_template("errors/_part.html" if part else "errors/page.html", **context))
    except Exception as error:
        log.error("error-page", error=type(error).__name__, exc_info=error)
        context |= {"title": str(problem.title), "message": str(problem.message)}
        # Straight from the environment: the context processors need what may be missing, such as a known host.
        response = make_response(current_app.jinja_env.get_template("errors/plain.html").render(context))
        part = False
    if part:
        response.headers["HX-Retarget"] = "#messages"
        response.headers["HX-Reswap"] = "innerHTML"
    return response


def show(problem: Problem) -> Response:
    """The problem in the form the client can use."""
    db.abandon()
    request_id = g.get("request_id", "")
    if _wants_json():
        response = jsonify(
            status=problem.status, title=say(problem.title), detail=say(problem.message), request_id=request_id
        )
        response.content_type = "application/problem+json"
    else:
        response = _page(problem, request_id)
    response.status_code = problem.status
    response.headers.update(problem.headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def _second_factor(_error: SecondFactorNeededError) -> ResponseReturnValue:
    return redirect(url_for("factors.index", next=request.path), 303)


def _unexpected(error: Exception) -> Response:
    log.error(
        "unexpected", error=type(error).__name__, path=request.url_rule.rule if request.url_rule else "", exc_info=error
    )
    return show(Problem(500, *WORDS[500]))


def init_app(app: Flask) -> None:
    """Register the table."""
    app.register_error_handler(DomainError, lambda error: show(_domain(error)))
    app.register_error_handler(HTTPException, lambda error: show(_http(error)))
    app.register_error_handler(StaleDataError, lambda _error: show(Problem(409, *WORDS[409])))
    # NUL in an address, a number past the column: PostgreSQL refuses what SQLite would simply not find, and past 64 bits
    # the driver itself gives up.
    app.register_error_handler(DataError, lambda _error: show(Problem(400, *WORDS[400])))
    app.register_error_handler(OverflowError, lambda _error: show(Problem(400, *WORDS[400])))
    app.register_error_handler(IntegrityError, lambda error: show(_busy(error)))
    app.register_error_handler(OperationalError, lambda error: show(_busy(error)))
    app.register_error_handler(SecondFactorNeededError, _second_factor)
    if not app.testing:
        app.register_error_handler(Exception, _unexpected)
