"""Traces and metrics by OpenTelemetry, exported where `OTEL_EXPORTER_OTLP_ENDPOINT` is set.

Without it nothing of OpenTelemetry is imported, and a span costs one comparison. Spans have names,
counts and durations: no address, code, point, query, SQL parameter or message of an error.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, ParamSpec, TypeVar

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.metrics import Histogram
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, SpanKind, Tracer
    from sqlalchemy import Engine

P = ParamSpec("P")
T = TypeVar("T")
ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
_TRACE_ID: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class _Exporter:
    tracer: "Tracer"
    durations: "Histogram"
    provider: "TracerProvider"

    @contextmanager
    def span(
        self, name: str, parent: "Context | None" = None, kind: "SpanKind | None" = None
    ) -> "Iterator[Span]":
        """A span around a block; of an error it has the type alone."""
        from opentelemetry.trace import SpanKind, Status, StatusCode

        with self.tracer.start_as_current_span(
            name,
            parent,
            kind or SpanKind.INTERNAL,
            record_exception=False,
            set_status_on_exception=False,
        ) as recorded:
            try:
                yield recorded
            except BaseException as error:
                recorded.set_status(Status(StatusCode.ERROR))
                recorded.set_attribute("error.type", type(error).__qualname__)
                raise


_exporter: _Exporter | None = None


def enable() -> None:
    """Export the spans of this process from now on, if the environment names an endpoint.

    Call it before engines are made, and after a process has forked.
    """
    global _exporter
    if not os.environ.get(ENDPOINT):
        return
    from opentelemetry import metrics, trace
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    os.environ.setdefault("OTEL_SERVICE_NAME", "diachiso")
    resource = Resource.create()
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    reader = PeriodicExportingMetricReader(OTLPMetricExporter())
    metrics.set_meter_provider(MeterProvider([reader], resource=resource))
    durations = metrics.get_meter("diachiso").create_histogram(
        "http.server.request.duration", "s", "Duration of requests by route"
    )
    _exporter = _Exporter(trace.get_tracer("diachiso"), durations, provider)


def is_enabled() -> bool:
    """Whether spans are recorded."""
    return _exporter is not None


def traced(name: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """A decorator: each call in a span."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @wraps(function)
        def call(*arguments: P.args, **named: P.kwargs) -> T:
            if _exporter is None:
                return function(*arguments, **named)
            with _exporter.span(name):
                return function(*arguments, **named)

        return call

    return decorate


@contextmanager
def request_span(
    method: str, route: str, headers: Iterable[tuple[str, str]]
) -> Iterator[dict[str, int]]:
    """A span around a request, which continues the trace of a `traceparent` header.

    The caller puts the answer's `status` into what it gets.
    """
    answer: dict[str, int] = {}
    if (exporter := _exporter) is None:
        yield answer
        return
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier = {name.lower(): value for name, value in headers}
    parent = TraceContextTextMapPropagator().extract(carrier)
    started = time.perf_counter()
    with exporter.span(f"{method} {route}", parent, SpanKind.SERVER) as recorded:
        yield answer
        attributes: dict[str, str | int] = {"http.request.method": method, "http.route": route}
        attributes["http.response.status_code"] = answer.get("status", 500)
        recorded.set_attributes(attributes)
    exporter.durations.record(time.perf_counter() - started, attributes)


@contextmanager
def job_span(name: str, request_id: str | None) -> Iterator[None]:
    """A span around a job, in the trace of the request that asked for it; flushed after it."""
    if _exporter is None:
        yield
        return
    from opentelemetry import trace

    parent = None
    if request_id and _TRACE_ID.fullmatch(request_id):
        context = trace.SpanContext(
            int(request_id, 16),
            secrets.randbits(64) or 1,
            is_remote=True,
            trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED),
        )
        parent = trace.set_span_in_context(trace.NonRecordingSpan(context))
    try:
        with _exporter.span(f"job {name}", parent):
            yield
    finally:
        _exporter.provider.force_flush()


def trace_id() -> str | None:
    """The id of the current trace, 32 hexadecimal digits."""
    if _exporter is None:
        return None
    from opentelemetry import trace

    current = trace.get_current_span().get_span_context()
    return f"{current.trace_id:032x}" if current.is_valid else None


def watch(engine: "Engine") -> None:
    """A span around each statement of an engine."""
    if (exporter := _exporter) is None:
        return
    from sqlalchemy import event  # `diachiso parse` reads addresses without it

    def begin(*arguments: Any) -> None:
        context = arguments[4]
        context.trace_span = exporter.span("database")
        context.trace_span.__enter__()

    def end(*arguments: Any) -> None:
        arguments[4].trace_span.__exit__(None, None, None)

    def fail(context: Any) -> None:
        if recorded := getattr(context.execution_context, "trace_span", None):
            error = context.original_exception
            with suppress(type(error)):
                recorded.__exit__(type(error), error, error.__traceback__)

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)
    event.listen(engine, "handle_error", fail)
