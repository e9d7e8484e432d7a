"""Errors over HTTP: one table from exception to status, and RFC 9457 problem documents.

Titles and details are for people, in Vietnamese with the English in brackets; codes are stable.
"""

import re
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, g, has_request_context, json, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.http import HTTP_STATUS_CODES  # http.HTTPStatus words differ between Pythons

from api.meant import is_longitude, parameter_meant
from registry import errors
from registry.days import DAY_PATTERN, HOW_TO_WRITE
from registry.lifecycle.requests import LINE_PATTERN
from registry.messages import number, vietnamese_first

MIMETYPE: Final = "application/problem+json"
RETRY_AFTER_S: Final = 1
UNIT_CODE: Final = "^([0-9]{2,3}|[0-9]{5})$"
PROVINCE_CODE: Final = "^[0-9]{2}$"
CRS_CODE: Final = "^((EPSG|epsg):)?[0-9]{4,5}$"
# What programs are told of these two; more is read, and the rest refused in words of its own.
BBOX: Final = r"^-?\d{1,3}(\.\d+)?(,-?\d{1,3}(\.\d+)?){3}$"
DATETIME: Final = r"^20(2[4-9]|[3-9]\d)-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])$"
PATTERNS: Final = {
    BBOX: "four numbers are needed: west,south,east,north",
    DATETIME: HOW_TO_WRITE,
    UNIT_CODE: "a unit's code has 2 digits (province), 3 (district) or 5 (commune)",
    PROVINCE_CODE: "a province's code has 2 digits",
    CRS_CODE: "a coordinate system is written EPSG:5897",
    DAY_PATTERN: HOW_TO_WRITE,
    LINE_PATTERN: "one line is needed, without control characters",
}
"""Pattern of a parameter → what it means, in words."""
_FAULT: Final = 500
_MOST_TOLD: Final = 50
"""Wrong parameters of one request: a body has room for a hundred thousand."""
_UNFIT: Final = "is not written as it should be; see the API page"
_LANGUAGES: Final = ("vi", "en")
"""Of titles; the first where the caller says nothing."""
_TITLES: Final = {
    400: "Yêu cầu không đọc được",
    401: "Cần khoá",
    403: "Không có quyền",
    404: "Không tìm thấy",
    405: "Không có cách gọi này",
    408: "Gửi quá chậm",
    409: "Không làm được lúc này",
    410: "Không còn nữa",
    411: "Cần Content-Length",
    412: "Đã được sửa sau lần xem",
    413: "Gửi quá nhiều",
    415: "Dạng dữ liệu chưa được hỗ trợ",
    422: "Tham số chưa đúng",
    428: "Cần If-Match",
    429: "Quá nhiều yêu cầu",
    500: "Lỗi của hệ thống",
    503: "Tạm thời không phục vụ được",
    507: "Hết chỗ chứa",
}
_MISFITS: Final = {
    "missing": "còn thiếu",
    "string_too_short": "cần ít nhất {min_length} ký tự",
    "string_too_long": "dài nhất {max_length} ký tự",
    "too_short": "cần ít nhất {min_length}",
    "too_long": "nhiều nhất {max_length}",
    "greater_than_equal": "phải từ {ge} trở lên",
    "greater_than": "phải lớn hơn {gt}",
    "less_than_equal": "nhiều nhất là {le}",
    "less_than": "phải nhỏ hơn {lt}",
    "multiple_of": "phải chia hết cho {multiple_of}",
    "literal_error": "phải là {expected}",
    "enum": "phải là {expected}",
    "int_parsing": "phải là số nguyên",
    "int_from_float": "phải là số nguyên",
    "int_type": "phải là số nguyên",
    "int_parsing_size": "số quá lớn",
    "float_parsing": "phải là số",
    "float_type": "phải là số",
    "finite_number": "phải là số hữu hạn",
    "bool_parsing": "phải là true hoặc false",
    "bool_type": "phải là true hoặc false",
    "string_type": "phải là chữ",
    "string_unicode": "có ký tự không đọc được",
    "list_type": "phải là một danh sách",
    "dict_type": "phải là một đối tượng JSON",
    "model_type": "phải là một đối tượng JSON",
    "date_type": "phải là ngày, dạng 31/12/2026 hoặc 2026-12-31",
    "date_parsing": "phải là ngày, dạng 31/12/2026 hoặc 2026-12-31",
    "date_from_datetime_parsing": "phải là ngày, dạng 31/12/2026 hoặc 2026-12-31",
}
"""Kind of a pydantic error → what does not fit, with its numbers."""

STATUS: Final[dict[type[errors.RegistryError], HTTPStatus]] = {
    errors.InvalidInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.UnreadableFileError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ColumnsNotRecognisedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.CommuneNotNamedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.SheetNotChosenError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.FileLinksElsewhereError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.FileTooCostlyError: HTTPStatus.UNPROCESSABLE_ENTITY,
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
    """Make every error of `app` a problem document."""
    app.register_error_handler(errors.RegistryError, registry_problem)
    app.register_error_handler(HTTPException, http_problem)


def invalid_input(
    error: ValidationError, *models: type[BaseModel] | None
) -> errors.InvalidInputError:
    """A validation error as one of ours, which names every field.

    Of the one of `models` that it is about, it tells who gives another field which there are.
    """
    known = next((m.model_fields for m in models if m and m.__name__ == error.title), {})
    found = error.errors(include_url=False)
    problems = [_problem_of_field(item, known) for item in found[:_MOST_TOLD]]
    first, others = problems[0], len(found) - 1
    more = f"; và {others} lỗi khác trong errors (more in errors)" if others else ""
    return errors.InvalidInputError(f"{first['field']}: {first['detail']}{more}", errors=problems)


def problem(status: int, code: str, detail: str, **members: Any) -> Response:
    """A problem document (RFC 9457); `code` is the stable name of the problem."""
    body = _document(status, code, detail, members)
    response = Response(json.dumps(body), status=status, content_type=MIMETYPE)
    response.vary.add("Accept-Language")
    return response


def problem_body(error: errors.RegistryError) -> dict[str, Any]:
    """The problem document of an error, for an answer that holds several."""
    return _document(status_of(error), error.code, error.detail, error.extra)


def status_title(status: int) -> str:
    """A status in words: `Không tìm thấy (Not Found)`; to who prefers English, `Not Found`."""
    english = HTTP_STATUS_CODES[status]
    return english if status not in _TITLES or _in_english() else f"{_TITLES[status]} ({english})"


def _in_english() -> bool:
    return has_request_context() and request.accept_languages.best_match(_LANGUAGES) == "en"


def http_code(status: int) -> str:
    """The stable code of a problem that is no more than its status."""
    return re.sub(r"\W+", "_", HTTP_STATUS_CODES[status].lower())


def _document(status: int, code: str, detail: str, members: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": f"urn:diachiso:problem:{code}",
        "title": status_title(status),
        "status": status,
        "code": code,
        "detail": _writable(detail),
        **_instance(status),
        **{name: _writable(value) for name, value in members.items()},
    }


def _writable(value: Any) -> Any:
    """The same where it quotes bytes of a table that are no text: JSON cannot write them."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, Mapping):
        return {name: _writable(each) for name, each in value.items()}
    return [_writable(each) for each in value] if isinstance(value, list | tuple) else value


def _instance(status: int) -> dict[str, str]:
    """What tells the operator which line of the log is about a fault of the server."""
    if status < _FAULT or not has_request_context():
        return {}
    return {"instance": f"urn:diachiso:request:{request.id}"}  # type: ignore[attr-defined]


def status_of(error: errors.RegistryError) -> int:
    """The HTTP status of an error of ours."""
    # An unlisted class is a mistake of ours, and a test says that there is none.
    return next(STATUS[c] for c in type(error).__mro__ if c in STATUS)


def registry_problem(error: errors.RegistryError) -> Response:
    """The answer to an error of ours."""
    status = status_of(error)
    g.problem = error  # for the audit log
    response = problem(status, error.code, error.detail, **error.extra)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    if isinstance(error, errors.TooManyRequestsError):
        response.headers["Retry-After"] = str(error.extra["retry_after_s"])
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"  # RFC 9110 demands one
    return response


def http_problem(error: HTTPException) -> ResponseReturnValue:
    """The answer to an error of HTTP: a problem document, unless it leads elsewhere."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if status < HTTPStatus.BAD_REQUEST:
        return error  # a redirect is no problem
    # The framework's own words are those of the class; ours are given where it is raised.
    own = error.description if error.description != type(error).description else _led_on(error)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and not own:
        most = request.max_content_length
        own = f"nhiều nhất {number(most)} byte (at most {most:,} bytes)" if most else None
    detail = vietnamese_first(own, _TITLES.get(status, "")) if own else status_title(status)
    response = problem(status, http_code(status), detail)
    # What the exception knows beside its body: Allow of 405, Retry-After, Location of a redirect.
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def _led_on(error: HTTPException) -> str | None:
    """Where to look, for who asks for what there is not."""
    if isinstance(error, NotFound) and request.url_rule is None:
        return (
            "không có đường dẫn này; danh sách ở /docs và /openapi.json"
            " (no such route; /docs and /openapi.json list them)"
        )
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        methods = ", ".join(sorted(set(error.valid_methods) - {"HEAD", "OPTIONS"}))
        return f"đường dẫn này chỉ nhận {methods} (this route takes {methods})" if methods else None
    return None


def _problem_of_field(item: Any, known: Collection[str] = ()) -> dict[str, str]:
    field = ".".join(str(part) for part in item["loc"]) or "request"
    code, english = item["type"], item["msg"]
    if code == "extra_forbidden":
        code, english = "unknown_parameter", "this parameter is unknown"
    elif isinstance(item["input"], Repeated):
        code, english = "given_twice", "give this parameter once"
    elif code == "model_type":
        english = "a JSON object is needed"  # pydantic tells the name of a class of ours
    elif code == "string_pattern_mismatch":
        english = PATTERNS.get(item["ctx"]["pattern"], _UNFIT)
    if code in _MISFITS:
        numbers = {name: _shown(value) for name, value in item.get("ctx", {}).items()}
        misfit = _MISFITS[code].format_map(numbers)
        if field == "lat" and code == "less_than_equal" and is_longitude(item["input"]):
            misfit = f"{misfit}; có phải lon và lat đổi chỗ cho nhau?"
            english = f"{english}; are lon and lat swapped?"
        return {"field": field, "code": code, "detail": f"{misfit} ({english})"}
    detail = vietnamese_first(english, "chưa đúng")
    if code == "unknown_parameter" and known and len(item["loc"]) == 1:
        meant = parameter_meant(field, known)
        led_on = f"; có phải (did you mean) {meant}?" if meant else ""
        detail = f"{detail}{led_on}; có (known): {', '.join(known)}"
    return {"field": field, "code": code, "detail": detail}


def _shown(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value).replace(" or ", " hoặc ")
