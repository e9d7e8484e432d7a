"""Strict parsing of requests: each part is validated once."""

import re
import secrets
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, wraps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast

import flask
from flask import jsonify, request
from flask.globals import request_ctx
from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from api.core.errors import Repeated, invalid_input
from registry.core.errors import InvalidInputError
from registry.core.json_once import DuplicateMemberError, loads_once
from registry.core.messages import Message
from registry.core.tracing import trace_id

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_BROKEN_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_REQUEST_ID: Final = re.compile(r"[0-9A-Fa-f-]{8,64}")
_REPLACEMENT: Final = "\ufffd"
"""What Werkzeug substitutes for bytes of a form that are not UTF-8."""
SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing."""
FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
"""Media types of a form; the OpenAPI document names the last one."""


class Request(flask.Request):
    """Flask's request, which rejects a query that is not valid UTF-8.

    Werkzeug would replace broken escapes and broken UTF-8.
    """

    def __init__(self, environ: "WSGIEnvironment", **named: Any) -> None:
        super().__init__(environ, **named)
        self.started_at = time.perf_counter()
        """Start of processing, for the log; in seconds of `time.perf_counter`."""

    @cached_property
    def id(self) -> str:
        """Id in the log: that of the trace if traces are exported, else `X-Request-Id` of the proxy
        if it is hexadecimal (and so discloses nothing), else a new one.
        """
        if trace := trace_id():
            return trace
        given = self.headers.get("X-Request-Id", "")
        return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(16)

    files_below: Path | None = None
    """Folder for the files of a form while it is parsed; None for memory, then /tmp."""

    @property
    def is_form(self) -> bool:
        """Whether the body is a form. Endpoints for files accept multipart only: an urlencoded body
        there is a file sent without its type, as by curl.
        """
        form_of_files = self.files_below is not None
        return self.mimetype in (FORMS[-1:] if form_of_files else FORMS)

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if self.files_below is not None:
            # Named, so that it can be kept by renaming, without another copy.
            return cast(IO[bytes], tempfile.NamedTemporaryFile("w+b", dir=self.files_below))
        return super()._get_file_stream(
            total_content_length, content_type, filename, content_length
        )

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """The query's parameters; raises BadRequest if it cannot be decoded."""
        query = self.query_string
        if _BROKEN_ESCAPE.search(query):
            raise BadRequest(str(Message("query_broken_escape")))
        if b"%00" in query or b"\0" in query:
            raise BadRequest(str(Message("query_has_nul")))
        try:
            query.decode()  # the unescaped part must be UTF-8 by itself
            return ImmutableMultiDict([_pair(part) for part in query.split(b"&") if part])
        except UnicodeDecodeError:
            raise BadRequest(str(Message("query_not_utf8"))) from None


def _pair(part: bytes) -> tuple[str, str]:
    name, _, value = part.replace(b"+", b" ").partition(b"=")
    return _unescaped(name), _unescaped(value)


def _unescaped(text: bytes) -> str:
    """Decode percent escapes, all of them complete; raises UnicodeDecodeError.

    Uses the C decoder of Python's own escapes: `urllib` loops over them in Python, and an address
    with diacritics has dozens.
    """
    if b"%" in text:
        escaped = text.replace(b"\\", rb"\x5c").replace(b"%", rb"\x")
        text = escaped.decode("unicode_escape").encode("latin-1")
    return text.decode()


def names_one_host(values: Sequence[str]) -> bool:
    """Whether the `Host` headers of a request are one host, optionally with a port.

    >>> names_one_host(["diachi.vn:8000"]), names_one_host(["[::1]"])
    (True, True)
    >>> names_one_host([]), names_one_host(["a.vn", "a.vn"]), names_one_host(["a.vn,b.vn"])
    (False, False, False)
    """
    return len(values) == 1 and _HOST.fullmatch(values[0]) is not None


def refuse_unreadable(asked: Request) -> None:
    """Before each request: reject an undecodable query, and not exactly one host (RFC 9112, 3.2).

    Pages contain the host in links and QR codes, and a proxy may have routed by another one.
    """
    # Servers join repeated headers with commas.
    if not names_one_host([asked.environ.get("HTTP_HOST", "")]):
        raise BadRequest(str(Message("one_host_required")))
    if asked.query_string:
        _ = asked.args


def refuse_nul(form: MultiDict[str, str]) -> None:
    """Reject a form with NUL, which PostgreSQL does not accept in text."""
    for name, value in form.items(multi=True):
        if "\0" in name or "\0" in value:
            shown = name.replace("\0", "")
            raise InvalidInputError.of_field(shown, "nul_character", Message("text_has_nul"))


PARTS: Final = ("query", "headers", "json", "form")
"""Parameters of an endpoint's function that receive a part of the request, by their type."""


class _NoParameters(BaseModel, extra="forbid"):
    """The query of an endpoint that declares none: unknown parameters are always rejected."""


def parts_of(view: Callable[..., Any]) -> dict[str, type[BaseModel]]:
    """Return part of the request → the type that an endpoint declares for it."""
    return {name: view.__annotations__[name] for name in PARTS if name in view.__annotations__}


def validated(view: Callable[..., Any], *, cache: str | None) -> Callable[..., Response]:
    """Wrap an endpoint to receive the parts of the request that it declares, validated.

    Its return value is sent as JSON with `cache` as `Cache-Control`, unless it is a response.
    Raises InvalidInputError, which names each invalid parameter.
    """
    read = _reader(parts_of(view))

    @wraps(view)
    def call(**arguments: Any) -> Response:
        answer = view(**arguments, **read(cast(Request, request_ctx.request)))
        if isinstance(answer, Response):
            return answer
        response = jsonify(answer)
        if cache is not None:
            response.headers["Cache-Control"] = cache
        return response

    return call


def _reader(parts: Mapping[str, type[BaseModel]]) -> Callable[[Request], dict[str, Any]]:
    """Return a function that validates the parts of a request."""
    query, headers, json, form = (parts.get(name) for name in PARTS)
    query_type = query or _NoParameters
    # The endpoint reads the body itself, and refuses unknown media types.
    reads_itself = getattr(json, "one_of_several", False)

    def read(asked: Request) -> dict[str, Any]:
        arguments: dict[str, Any] = {}
        try:
            found = query_type.model_validate(_parameters(asked.args))
            if query is not None:
                arguments["query"] = found
            if headers is not None:
                arguments["headers"] = headers.model_validate(dict(asked.headers))
            # An endpoint without a form rejects one like any other text that is not JSON.
            in_form = form is not None and asked.is_form
            if json is not None:
                left = in_form or (reads_itself and not asked.is_json)
                arguments["json"] = None if left else json.model_validate(_json())
            if form is not None:
                fields = _fields(asked.form, form) if in_form else {}
                arguments["form"] = form.model_validate(fields) if in_form else None
        except ValidationError as error:
            raise invalid_input(error, query_type, json, form) from None
        return arguments

    return read


def _parameters(given: MultiDict[str, str]) -> Mapping[str, Any]:
    """Return name → value; repeated parameters become `Repeated`, which no type accepts."""
    return {
        name: values[0] if len(values) == 1 else Repeated(values) for name, values in given.lists()
    }


def _fields(given: MultiDict[str, str], model: type[BaseModel]) -> Mapping[str, Any]:
    """Return the fields of a form without empty optional ones.

    Empty unknown and required fields remain, and are rejected.
    """
    refuse_nul(given)
    for name, value in given.items(multi=True):
        if _REPLACEMENT in name + value:
            shown = name.replace(_REPLACEMENT, "?")
            raise InvalidInputError.of_field(shown, "not_utf8", Message("not_utf8"))
    fields = model.model_fields
    optional = {f.alias or name for name, f in fields.items() if not f.is_required()}
    return {
        name: value
        for name, value in _parameters(given).items()
        if not (name in optional and isinstance(value, str) and not value.strip())
    }


def _json() -> Any:
    if not request.get_data():
        return {}
    body = request.get_json(force=request.mimetype == "", silent=True)
    if body is None:
        raise InvalidInputError.of_field("request", "malformed_json", Message("body_not_json"))
    check_members(request.get_data())
    return body


def check_members(body: bytes) -> None:
    """Raise InvalidInputError if a JSON object gives a member twice; malformed JSON passes."""
    try:
        loads_once(body)
    except DuplicateMemberError as error:
        raise InvalidInputError.of_field(
            error.name, "given_twice", Message("parameter_repeated")
        ) from None
    except ValueError:
        return
