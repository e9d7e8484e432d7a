"""Errors over HTTP: one table from exception to status, and RFC 9457 problem documents."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, json
from flask.typing import ResponseReturnValue
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES  # http.HTTPStatus words differ between Pythons

from registry import errors

MIMETYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 1
UNIT_CODE: Final = "^([0-9]{2,3}|[0-9]{5})$"
PROVINCE_CODE: Final = "^[0-9]{2}$"
PATTERNS: Final = {
    UNIT_CODE: "a unit's code has 2 digits (province), 3 (district) or 5 (commune)",
    PROVINCE_CODE: "a province's code has 2 digits",
}
"""Pattern of a parameter → what it means, in words."""
_UNFIT: Final = "is not written as it should be; see the API page"

STATUS: Final[dict[type[errors.RegistryError], HTTPStatus]] = {
    errors.InvalidInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UnreadableFileError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotFoundError: HTTPStatus.NOT_FOUND,
    errors.MistypedCodeError: HTTPStatus.NOT_FOUND,
    errors.GoneError: HTTPStatus.GONE,
    errors.ConflictError: HTTPStatus.CONFLICT,
    errors.IllegalTransitionError: HTTPStatus.CONFLICT,
    errors.AddressTakenError: HTTPStatus.CONFLICT,
    errors.StaleError: HTTPStatus.PRECONDITION_FAILED,
    errors.KeyRequiredError: HTTPStatus.UNAUTHORIZED,
    errors.ForbiddenError: HTTPStatus.FORBIDDEN,
    errors.TooManyVanishedError: HTTPStatus.CONFLICT,
    errors.DatabaseUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.NotPreparedError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ClusterError: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Repeated(list[str]):
    """The values of a parameter that was given more than once."""


def register_errors(app: Flask) -> None:
    """Make every error of `app` a problem document."""
    app.register_error_handler(errors.RegistryError, _registry_problem)
    app.register_error_handler(HTTPException, _http_problem)


def invalid_input(error: ValidationError) -> errors.InvalidInputError:
    """A validation error as one of ours, which names every field."""
    problems = [_problem_of_field(item) for item in error.errors(include_url=False)]
    first = problems[0]
    return errors.InvalidInputError(f"{first['field']}: {first['detail']}", errors=problems)


def problem(status: int, code: str, detail: str, **members: Any) -> Response:
    """A problem document (RFC 9457); `code` is the stable name of the problem."""
    body = _document(status, code, detail, members)
    return Response(json.dumps(body), status=status, content_type=MIMETYPE)


def problem_body(error: errors.RegistryError) -> dict[str, Any]:
    """The problem document of an error, for an answer that holds several."""
    return _document(_status(error), error.code, error.detail, error.extra)


def _document(status: int, code: str, detail: str, members: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": f"urn:diachiso:problem:{code}",
        "title": HTTP_STATUS_CODES[status],
        "status": status,
        "code": code,
        "detail": detail,
        **members,
    }


def _status(error: errors.RegistryError) -> int:
    # An unlisted class is a mistake of ours, and a test says that there is none.
    return next(STATUS[c] for c in type(error).__mro__ if c in STATUS)


def _registry_problem(error: errors.RegistryError) -> Response:
    status = _status(error)
    response = problem(status, error.code, error.detail, **error.extra)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"  # RFC 9110 demands one
    return response


def _http_problem(error: HTTPException) -> ResponseReturnValue:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if status < HTTPStatus.BAD_REQUEST:
        return error  # a redirect is no problem
    title = HTTP_STATUS_CODES[status]
    code = re.sub(r"\W+", "_", title.lower())
    response = problem(status, code, error.description or title)
    # What the exception knows beside its body: Allow of 405, Retry-After, Location of a redirect.
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _problem_of_field(item: Any) -> dict[str, str]:
    field = ".".join(str(part) for part in item["loc"]) or "request"
    if item["type"] == "extra_forbidden":
        return {"field": field, "code": "unknown_parameter", "detail": "this parameter is unknown"}
    if isinstance(item["input"], Repeated):
        return {"field": field, "code": "given_twice", "detail": "give this parameter once"}
    if item["type"] == "string_pattern_mismatch":
        pattern = item["ctx"]["pattern"]
        return {"field": field, "code": item["type"], "detail": PATTERNS.get(pattern, _UNFIT)}
    return {"field": field, "code": item["type"], "detail": item["msg"]}
