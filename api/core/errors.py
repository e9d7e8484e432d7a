"""Maps exceptions to HTTP statuses and RFC 9457 problem documents.

Titles and details are for people, in the language of `Accept-Language`; codes are stable.
"""

import re
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any, Final, cast

from flask import Flask, Response, g, has_request_context, json, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.http import HTTP_STATUS_CODES  # http.HTTPStatus words differ between Pythons

from api.core.parameter_names import is_longitude, suggest_parameter
from api.core.types import WORDING_PATTERN, Problem
from registry.core import errors
from registry.core.days import DAY_PATTERN
from registry.core.invalid import message_of
from registry.core.messages import Message, english_texts
from registry.core.remedies import offered, remedies_in
from registry.core.schemes import SCHEME
from registry.lifecycle.requests import LINE_PATTERN

MIMETYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 1
UNIT_CODE: Final = "^([0-9]{2,3}|[0-9]{5})$"
PROVINCE_CODE: Final = "^[0-9]{2}$"
CRS_CODE: Final = "^((EPSG|epsg):)?[0-9]{4,5}$"
# Documented patterns of these two: the endpoint accepts more, with error messages of its own.
BBOX: Final = r"^-?\d{1,3}(\.\d+)?(,-?\d{1,3}(\.\d+)?){3}$"
DATETIME: Final = r"^20(2[4-9]|[3-9]\d)-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$"
PATTERNS: Final = {
    BBOX: "malformed_bbox",
    DATETIME: "malformed_day",
    UNIT_CODE: "malformed_unit_code",
    PROVINCE_CODE: "malformed_province_code",
    CRS_CODE: "malformed_crs",
    DAY_PATTERN: "malformed_day",
    LINE_PATTERN: "malformed_line",
    SCHEME: "scheme_invalid",
    WORDING_PATTERN: "malformed_wording",
}
"""Pattern of a parameter → the message for values that do not match it."""
_SERVER_ERROR: Final = 500
_MAX_ERRORS: Final = 50
"""Invalid parameters reported for one request: a body may contain a hundred thousand."""

STATUS: Final[dict[type[errors.RegistryError], HTTPStatus]] = {
    errors.InvalidInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UndoBlockedError: HTTPStatus.CONFLICT,
    errors.UnreadableFileError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ColumnsNotRecognisedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.CommuneNotNamedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.SheetNotChosenError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.FileLinksElsewhereError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.FileTooCostlyError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooManyRowsError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.SystemNotConfirmedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.NotFoundError: HTTPStatus.NOT_FOUND,
    errors.MistypedCodeError: HTTPStatus.NOT_FOUND,
    errors.GoneError: HTTPStatus.GONE,
    errors.WithdrawnError: HTTPStatus.GONE,
    errors.CursorRefusedError: HTTPStatus.GONE,
    errors.ConflictError: HTTPStatus.CONFLICT,
    errors.UnitsInUseError: HTTPStatus.CONFLICT,
    errors.IllegalTransitionError: HTTPStatus.CONFLICT,
    errors.AddressTakenError: HTTPStatus.CONFLICT,
    errors.NameTakenError: HTTPStatus.CONFLICT,
    errors.AlreadyDoneError: HTTPStatus.CONFLICT,
    errors.SeveralRefusedError: HTTPStatus.CONFLICT,
    errors.ReportDecidedError: HTTPStatus.CONFLICT,
    errors.ReportStaleError: HTTPStatus.CONFLICT,
    errors.SecondPersonNeededError: HTTPStatus.CONFLICT,
    errors.PendingDecidedError: HTTPStatus.CONFLICT,
    errors.PendingStaleError: HTTPStatus.CONFLICT,
    errors.TooManyReportsError: HTTPStatus.TOO_MANY_REQUESTS,
    errors.RowEditedError: HTTPStatus.PRECONDITION_FAILED,
    errors.StaleError: HTTPStatus.PRECONDITION_FAILED,
    errors.IfMatchRequiredError: HTTPStatus.PRECONDITION_REQUIRED,
    errors.KeyRequiredError: HTTPStatus.UNAUTHORIZED,
    errors.KeyTruncatedError: HTTPStatus.UNAUTHORIZED,
    errors.KeyUnknownError: HTTPStatus.UNAUTHORIZED,
    errors.KeyExpiredError: HTTPStatus.UNAUTHORIZED,
    errors.KeyRevokedError: HTTPStatus.UNAUTHORIZED,
    errors.ForbiddenError: HTTPStatus.FORBIDDEN,
    errors.AccountRefusedError: HTTPStatus.FORBIDDEN,
    errors.OutsideUnitsError: HTTPStatus.FORBIDDEN,
    errors.OwnDeliveryError: HTTPStatus.FORBIDDEN,
    errors.OwnProposalError: HTTPStatus.FORBIDDEN,
    errors.FieldCodeError: HTTPStatus.FORBIDDEN,
    errors.FieldCodeEndedError: HTTPStatus.FORBIDDEN,
    errors.TooManyRequestsError: HTTPStatus.TOO_MANY_REQUESTS,
    errors.BudgetSpentError: HTTPStatus.TOO_MANY_REQUESTS,
    errors.TooManyVanishedError: HTTPStatus.CONFLICT,
    errors.ImportStateError: HTTPStatus.CONFLICT,
    errors.ReformStateError: HTTPStatus.CONFLICT,
    errors.BatchStateError: HTTPStatus.CONFLICT,
    errors.VerdictChangedError: HTTPStatus.CONFLICT,
    errors.KeyReusedError: HTTPStatus.CONFLICT,
    errors.BodyTimeoutError: HTTPStatus.REQUEST_TIMEOUT,
    errors.StorageFullError: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.StorageUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.SigningKeyError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.IssuerUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.DatabaseUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.OutcomeUnknownError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.LeavingError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.NotPreparedError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.WrongRoleError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.ClusterError: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Repeated(list[str]):
    """The values of a parameter that was given more than once."""


def register_errors(app: Flask) -> None:
    """Answer every error of `app` with a problem document."""
    app.register_error_handler(errors.RegistryError, registry_problem)
    app.register_error_handler(HTTPException, http_problem)


def invalid_input(
    error: ValidationError, *models: type[BaseModel] | None
) -> errors.InvalidInputError:
    """Return a validation error as an InvalidInputError that names every invalid field.

    For an unknown field, the message lists the fields of the model, if it is one of `models`.
    """
    known = next((m.model_fields for m in models if m and m.__name__ == error.title), {})
    found = error.errors(include_url=False)
    problems = [_problem_of_field(item, known) for item in found[:_MAX_ERRORS]]
    first, others = problems[0], len(found) - 1
    message = Message("field_says", field=first["field"], detail=first["detail"])
    if others:
        message = Message("field_and_others", **message.values, count=others)
    return errors.InvalidInputError(message, errors=problems)


def problem(status: int, code: str, detail: str, **members: Any) -> Response:
    """Return a problem document (RFC 9457); `code` is the stable name of the problem."""
    body = _document(status, code, detail, members)
    response = Response(json.dumps(body), status=status, content_type=MIMETYPE)
    response.vary.add("Accept-Language")
    return response


def problem_body(error: errors.RegistryError) -> Problem:
    """Return the problem document of an error as a member of a larger answer."""
    return cast(Problem, _document(status_of(error), error.code, error.detail, error.extra))


def status_title(status: int) -> str:
    """Return a status in words: `Không tìm thấy (Not Found)`, or `Not Found` in English."""
    code = f"http_{status}"
    return str(Message(code)) if code in english_texts() else HTTP_STATUS_CODES[status]


def http_code(status: int) -> str:
    """Return the stable code of a problem that has only a status."""
    return re.sub(r"\W+", "_", HTTP_STATUS_CODES[status].lower())


def _document(status: int, code: str, detail: str, members: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": f"urn:diachiso:problem:{code}",
        "title": status_title(status),
        "status": status,
        "code": code,
        "detail": _encodable(detail),
        **_instance(status),
        **{name: _encodable(value) for name, value in members.items()},
    }


def _encodable(value: Any) -> Any:
    """Replace lone surrogates, which JSON cannot encode; they are bytes of a table, not text."""
    if isinstance(value, str | Message):
        return str(value).encode(errors="replace").decode()
    if isinstance(value, Mapping):
        return {_encodable(name): _encodable(each) for name, each in value.items()}
    return [_encodable(each) for each in value] if isinstance(value, list | tuple) else value


def _instance(status: int) -> dict[str, str]:
    """Return the member `instance` of a server error: the request's id in the log."""
    if status < _SERVER_ERROR or not has_request_context():
        return {}
    return {"instance": f"urn:diachiso:request:{request.id}"}  # type: ignore[attr-defined]


def status_of(error: errors.RegistryError) -> int:
    """Return the HTTP status of a RegistryError."""
    # A test checks that every class is listed.
    return next(STATUS[c] for c in type(error).__mro__ if c in STATUS)


def raise_unless_row_error(error: errors.RegistryError | None) -> None:
    """Raise the error of a row, unless it is about the row's own values.

    Raised are, for example, a spent budget and an unavailable database.
    """
    if error is not None and status_of(error) not in _ROW_STATUSES:
        raise error


_ROW_STATUSES: Final = (404, 410, 422)


def registry_problem(error: errors.RegistryError) -> Response:
    """Return the problem document of a RegistryError."""
    status = status_of(error)
    g.problem = error  # for the audit log
    members = dict(error.extra)
    if remedies := offered(remedies_in(error.message)):
        members["remedies"] = remedies
    response = problem(status, error.code, error.detail, **members)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    if isinstance(error, errors.TooManyRequestsError):
        response.headers["Retry-After"] = str(error.extra["retry_after_s"])
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"  # required by RFC 9110
    return response


def http_problem(error: HTTPException) -> ResponseReturnValue:
    """Return the problem document of an HTTPException; redirects pass unchanged."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if status < HTTPStatus.BAD_REQUEST:
        return error  # a redirect
    # The class has the framework's description; another one is ours.
    own = error.description if error.description != type(error).description else _hint(error)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and not own:
        most = request.max_content_length
        own = str(Message("body_too_large", most=most)) if most else None
    detail = str(own or status_title(status))
    response = problem(status, http_code(status), detail)
    # Headers of the exception: Allow of 405, Retry-After.
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _hint(error: HTTPException) -> str | None:
    """Return what to request instead of an unknown route or method."""
    if isinstance(error, NotFound) and request.url_rule is None:
        return str(Message("route_unknown"))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        methods = ", ".join(sorted(set(error.valid_methods) - {"HEAD", "OPTIONS"}))
        return str(Message("methods_allowed", methods=methods)) if methods else None
    return None


def _problem_of_field(item: Any, known: Collection[str] = ()) -> dict[str, Any]:
    field = ".".join(str(part) for part in item["loc"]) or "request"
    code, detail = item["type"], message_of(item)
    if code == "extra_forbidden":
        code = "unknown_parameter"
        detail = _unknown_parameter(field, known if len(item["loc"]) == 1 else ())
    elif isinstance(item["input"], Repeated):
        code, detail = "given_twice", Message("parameter_repeated")
    elif code == "string_pattern_mismatch":
        detail = Message(PATTERNS.get(item["ctx"]["pattern"], "unfit_form"))
    elif field == "lat" and code == "less_than_equal" and is_longitude(item["input"]):
        detail = Message("coordinates_perhaps_swapped", detail=detail)
    return {"field": field, "code": code, "detail": detail}


def _unknown_parameter(field: str, known: Collection[str]) -> Message:
    if not known:
        return Message("parameter_unknown")
    named = ", ".join(known)
    if meant := suggest_parameter(field, known):
        return Message("parameter_unknown_meant", meant=meant, known=named)
    return Message("parameter_unknown_of", known=named)
