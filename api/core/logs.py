"""Structured logs: one JSON line a request, without personal data.

Neither the path with its values, nor the query, nor the body, nor the caller's address is logged: a
requested address shows where somebody lives.
"""

import logging
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, BinaryIO, cast

import structlog
from flask import Flask, Response, request
from flask.globals import request_ctx
from pydantic_core import to_json

from api.core.requests import Request
from registry.core import tracing

log = structlog.get_logger("diachiso")


def configure_logs() -> None:
    """Log JSON lines to stderr, for this program and its libraries."""
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=_json_bytes)],
        logger_factory=structlog.BytesLoggerFactory(cast(BinaryIO, _Lines(sys.stderr.buffer))),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processor=structlog.processors.JSONRenderer(ensure_ascii=False),
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


class _Lines:
    """A sink that drops lines it cannot write, as on a full disk, so that no request fails."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = getattr(file, "raw", file)  # unbuffered: a failed write is not retried
        self._is_cut = False

    def write(self, line: bytes) -> None:
        """Write a line, starting a new one after a truncated line."""
        with suppress(OSError):
            line = b"\n" + line if self._is_cut else line
            self._is_cut = self._file.write(line) != len(line)

    def flush(self) -> None:
        """Do nothing: lines are not buffered."""


def _json_bytes(entry: dict[str, Any], **_: Any) -> bytes:
    return to_json(entry)


class LoggedFlask(Flask):
    """Flask that logs every request by the rule that it matched.

    Flask itself logs only failed requests, with their path. Requests have `started_at`
    (`api.core.requests.Request`).
    """

    def full_dispatch_request(self) -> Response:
        """Answer a request, in a span of its route if traces are exported."""
        if not tracing.is_enabled():
            return super().full_dispatch_request()
        route = _rule() or "none"
        with tracing.request_span(request.method, route, request.headers.items()) as answer:
            response = super().full_dispatch_request()
            answer["status"] = response.status_code
            return response

    def finalize_request(self, *arguments: Any, **named: Any) -> Response:
        """Log an answered request."""
        response: Response = super().finalize_request(*arguments, **named)
        asked = cast(Request, request_ctx.request)
        log.info(
            "request",
            method=asked.method,
            rule=asked.url_rule.rule if asked.url_rule else None,
            status=response.status_code,
            ms=round((time.perf_counter() - asked.started_at) * 1000, 2),
            id=asked.id,
        )
        response.headers["X-Request-Id"] = asked.id
        return response

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function: none is a coroutine, so skip Flask's check on every call."""
        return func

    def log_exception(
        self,
        exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None],
    ) -> None:
        """Log the stack and type of an exception; its message may quote the request."""
        log.error(
            "failed",
            rule=_rule(),
            method=request.method,
            id=cast(Request, request_ctx.request).id,
            trace=trace_of(exc_info[1]),
        )


def trace_of(error: BaseException | None) -> str:
    """Return the stack and type of an exception, without its message, which may quote the
    request.
    """
    lines: list[str] = []
    while error is not None:
        lines += [*traceback.format_tb(error.__traceback__), f"{type(error).__qualname__}\n"]
        error = error.__cause__ or error.__context__
    return "".join(lines)


def _rule() -> str | None:
    return request.url_rule.rule if request.url_rule else None
