"""Traces and metrics of OpenTelemetry, received as a collector would."""

import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from registry.core.settings import ROOT
from tests.support.search_world import World

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ASK = """
import json, sys
from contextlib import suppress
from registry.core import tracing
tracing.enable()
from api.app import create_app
from registry.core.settings import Settings
from registry.register import Register
from registry.ops.perform import perform
from opentelemetry import metrics, trace
register = Register.open(Settings(limits=False), sys.argv[1])
client = create_app(register).test_client()
found = client.get("/v1/geocode", query_string={"q": sys.argv[2]},
                   headers={"traceparent": f"00-{sys.argv[4]}-00f067aa0ba902b7-01"})
code = client.get(f"/v1/addresses/{sys.argv[3]}")
wrong = client.get("/v1/addresses/1000-0006")
with suppress(Exception):  # nothing can be written here
    perform("registry.jobs.upkeep:move_events", register.engine, register.settings,
            {"request": sys.argv[4]})
trace.get_tracer_provider().force_flush()
metrics.get_meter_provider().force_flush()
print(json.dumps([[a.status_code, a.headers["X-Request-Id"]] for a in (found, code, wrong)]))
"""


class Collector:
    """What was exported, as text and as spans by trace."""

    def __init__(self) -> None:
        self.traces: list[ExportTraceServiceRequest] = []
        self.metrics: list[ExportMetricsServiceRequest] = []

    def spans(self) -> list[Any]:
        return [
            span
            for request in self.traces
            for of_resource in request.resource_spans
            for of_scope in of_resource.scope_spans
            for span in of_scope.spans
        ]


@pytest.fixture
def collector() -> Iterator[tuple[Collector, str]]:
    kept = Collector()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if self.path == "/v1/traces":
                kept.traces.append(ExportTraceServiceRequest.FromString(body))
            else:
                kept.metrics.append(ExportMetricsServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the output of the tests clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield kept, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_spans_name_routes_and_no_address(
    world: World, collector: tuple[Collector, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, endpoint = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    code, address = world.codes["27 Láng"], "27 Láng, Phường Láng, Hà Nội"
    asked = subprocess.run(
        [sys.executable, "-c", ASK, world.url, address, code, TRACE],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    (found, looked_up, wrong) = json.loads(asked.stdout.splitlines()[-1])
    assert [found[0], looked_up[0], wrong[0]] == [200, 200, 404]

    spans = kept.spans()
    by_trace = {span.trace_id.hex(): span for span in spans if span.parent_span_id == b""}
    assert {looked_up[1], wrong[1]} <= by_trace.keys()
    assert found[1] == TRACE
    assert by_trace[looked_up[1]].name == "GET /v1/addresses/<address_code>"
    in_trace = {span.name for span in spans if span.trace_id.hex() == TRACE}
    assert in_trace >= {"GET /v1/geocode", "read", "find", "database", "job move_events"}
    assert any(a.key == "error.type" for span in spans for a in span.attributes)
    exported = "".join(map(str, kept.traces + kept.metrics))
    assert "http.server.request.duration" in exported
    for secret in ("Láng", r"L\303\241ng", code, "1000-0006", "SELECT"):
        assert secret not in exported


@pytest.mark.thorough
def test_nothing_is_imported_without_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    script = (
        "import sys, api.app; from registry.core import tracing; tracing.enable();"
        "assert not tracing.is_enabled();"
        "assert not [m for m in sys.modules if m.startswith('opentelemetry')]"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
