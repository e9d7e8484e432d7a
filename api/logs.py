"""Structured logs: one JSON line a request, without anything about a person.

Neither the path with its values, nor the query, nor the body, nor the caller's address is logged:
an address asked for tells where somebody lives.
"""

import logging
import sys
import time

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


def log_requests(app: Flask) -> None:
    """Log every request of `app` by the rule that it matched."""

    @app.before_request
    def start() -> None:
        g.started_at = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        rule = request.url_rule.rule if request.url_rule else None
        elapsed = time.perf_counter() - g.get("started_at", time.perf_counter())
        log.info(
            "request",
            method=request.method,
            rule=rule,
            status=response.status_code,
            ms=round(elapsed * 1000, 2),
        )
        return response
