"""Errors as pages; the API answers with problem documents."""

from typing import Final

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from api.core.errors import http_problem, registry_problem
from api.pages.shell import page
from registry.core.errors import OutcomeUnknownError, RegistryError
from registry.core.messages import N_

_API: Final = ("/v1/", "/tiles/", "/static/")
_WORDS: Final[dict[int | str, tuple[str, str]]] = {
    400: (
        N_("This address is not well written"),
        N_("The request could not be read."),
    ),
    401: (
        N_("A key is needed here"),
        N_("The operator answers holders of a key only. Ask them, or use the API with your key."),
    ),
    403: (
        N_("The request was refused"),
        N_("A form has to be sent from this site itself."),
    ),
    404: (
        N_("No such page"),
        N_("Perhaps it has moved, or a letter is wrong."),
    ),
    405: (
        N_("This page is not opened that way"),
        N_("Open it from the address bar."),
    ),
    413: (
        N_("Too much at once"),
        N_("At most 500 addresses and 1 MB at a time. Send it in parts."),
    ),
    429: (
        N_("A little too fast"),
        N_("Too many requests in the last minutes. Wait a moment and try again."),
    ),
    503: (
        N_("The register is resting"),
        N_("The database does not answer. Nothing is lost; try again in a few seconds."),
    ),
    OutcomeUnknownError.code: (
        N_("It is not known whether this was written"),
        N_(
            "The connection to the database was lost during the commit."
            " Look before you send it again."
        ),
    ),
}
"""Heading and explanation by status, or by stable code for some."""
_REFUSED: Final = (
    N_("Something in the request is not right"),
    N_("Please look at it again. Nothing was written to the register."),
)
_OURS: Final = (
    N_("Something went wrong on our side"),
    N_("It was written down. Please try again later."),
)


def register_failures(app: Flask) -> None:
    """Answer unknown routes with a page if a browser requests them."""
    app.register_error_handler(404, _no_route)
    app.register_error_handler(405, _no_route)


def register_page(error: RegistryError) -> Response:
    """Return a RegistryError as a page."""
    answer = registry_problem(error)
    shown = _page(answer.status_code, error.code)
    if "Retry-After" in answer.headers:
        shown.headers["Retry-After"] = answer.headers["Retry-After"]
    return shown


def http_page(error: HTTPException) -> ResponseReturnValue:
    """Return an HTTPException as a page; redirects pass unchanged."""
    if error.code is not None and error.code < 400:
        return error
    return _page(error.code or 500)


def _no_route(error: HTTPException) -> ResponseReturnValue:
    """Answer browsers with a page, and programs with a problem document."""
    accepted = request.accept_mimetypes
    reads_pages = accepted.accept_html and accepted["text/html"] >= accepted["application/json"]
    if request.path.startswith(_API) or not reads_pages or "Accept" not in request.headers:
        return http_problem(error)
    if accepted.best == "*/*":
        return http_problem(error)
    return _page(error.code or 404)


def _page(status: int, code: str = "") -> Response:
    ours = _OURS if status >= 500 else _REFUSED
    heading, explanation = _WORDS.get(code) or _WORDS.get(status, ours)
    return page("error.html", status, number=status, heading=heading, explanation=explanation)
