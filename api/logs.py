"""Structured logs: one JSON line a request, without anything about a person.

Neither the path with its values, nor the query, nor the body, nor the caller's address is logged:
an address asked for tells where somebody lives.
"""

import logging
import sys
import time
import traceback
from types import TracebackType

import structlog
from flask import Flask, Response, g, request

log = structlog.get_logger("diachiso")


def configure_logs() -> None:
    """JSON lines on stderr, for our own log and for that of the libraries."""
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
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


class LoggedFlask(Flask):
    """Flask, which by itself logs the path of a request that failed."""

    def log_exception(
        self,
        exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None],
    ) -> None:
        """Log where it failed and as what; an exception's message may quote the request."""
        log.error("failed", rule=_rule(), method=request.method, trace=_trace(exc_info[1]))


def _trace(error: BaseException | None) -> str:
    lines: list[str] = []
    while error is not None:
        lines += [*traceback.format_tb(error.__traceback__), f"{type(error).__qualname__}\n"]
        error = error.__cause__ or error.__context__
    return "".join(lines)


def _rule() -> str | None:
    return request.url_rule.rule if request.url_rule else None


def log_requests(app: Flask) -> None:
    """Log every request of `app` by the rule that it matched."""

    @app.before_request
    def start() -> None:
        g.started_at = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        elapsed = time.perf_counter() - g.get("started_at", time.perf_counter())
        log.info(
            "request",
            method=request.method,
            rule=_rule(),
            status=response.status_code,
            ms=round(elapsed * 1000, 2),
        )
        return response
