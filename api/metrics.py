"""`/metrics` for monitoring, in the text format of Prometheus."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from flask import Response, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, multiprocess
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from api.core.context import register
from api.core.endpoint import Resource, keyed
from api.core.hooks import After
from api.core.requests import Request
from api.core.shared_files import METRICS
from registry.core.database import session_scope
from registry.core.errors import RegistryError
from registry.core.release import release
from registry.core.revision import head_revision
from registry.ops.probes.alerts import Alert
from registry.ops.probes.figures import Figure, read_figures, read_primary_figures
from registry.register import Register

blueprint = Resource("metrics", tag="monitoring")

_OWN: Final = CollectorRegistry()
_REQUESTS: Final = Counter(
    "diachiso_requests",
    "Requests by endpoint and status; 'none' without an endpoint",
    ("endpoint", "status"),
    registry=_OWN,
)
_SECONDS: Final = Histogram(
    "diachiso_request_seconds",
    "Time from the complete request to its answer, by endpoint",
    ("endpoint",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
    registry=_OWN,
)
_CONNECTIONS: Final = Gauge(
    "diachiso_pool_connections",
    "Connections to the database by pool: open, used, and requests waiting for one",
    ("pool", "state"),
    registry=_OWN,
    multiprocess_mode="livesum",
)
_REFUSED: Final = Gauge(
    "diachiso_pool_refused",
    "Timeouts waiting for a connection, in the running processes",
    ("pool",),
    registry=_OWN,
    multiprocess_mode="livesum",
)
_SAMPLE_S: Final = 1.0
"""Least time between two samples of the pools of a process."""

ALERTS: Final = (
    Alert(
        "ServiceDown",
        'up{job="diachiso"} == 0',
        "page",
        "{{ $labels.instance }} does not answer",
        lasts="1m",
    ),
    Alert(
        "ManyFailures",
        'sum(rate(diachiso_requests_total{status=~"5.."}[5m]))\n'
        "/ sum(rate(diachiso_requests_total[5m])) > 0.01",
        "page",
        "{{ $value | humanizePercentage }} of the requests fail",
        lasts="5m",
    ),
    Alert(
        "SlowAnswers",
        "histogram_quantile(0.99, sum by (le) (rate(diachiso_request_seconds_bucket{\n"
        'endpoint=~"(addresses|autocomplete|geocode|reverse|validate)[.].*"}[5m]))) > 0.5',
        "warn",
        "one question in a hundred takes {{ $value | humanizeDuration }} or more",
        lasts="10m",
    ),
    Alert(
        "ConnectionsShort",
        'max by (instance, pool) (diachiso_pool_connections{state="waiting"}) > 0',
        "warn",
        "{{ $labels.instance }}: requests wait for a connection to the database",
        lasts="5m",
    ),
    Alert(
        "ManyLimited",
        'sum(rate(diachiso_requests_total{status="429"}[15m]))\n'
        "/ sum(rate(diachiso_requests_total[15m])) > 0.2",
        "warn",
        "{{ $value | humanizePercentage }} of the requests are over a limit",
        lasts="15m",
    ),
)
"""Alerts about requests; those about the register are with its probes."""


@blueprint.get("/metrics")
@keyed("viewer", takes_session=False, opened_by="open_metrics", media_types=("text/plain",))
def get_metrics() -> Response:
    """Metrics for Prometheus: requests, queues, age of the data.

    Without the database `diachiso_database_up` is 0.
    """
    _sample_pools(register())
    shown = CollectorRegistry()
    if folder := os.environ.get(METRICS):
        _forget_dead(Path(folder))
        multiprocess.MultiProcessCollector(shown)  # type: ignore[no-untyped-call]
    else:
        shown.register(_OWN)
    shown.register(_RegisterCollector(register()))
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(encode(shown), content_type=content_type)


def _forget_dead(folder: Path) -> None:
    """Drop the gauges of ended processes: they have no connections."""
    for path in folder.glob("gauge_live*.db"):
        pid = path.stem.rpartition("_")[2]
        if not Path("/proc", pid).exists():
            multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


def measure_requests() -> After:
    """Return a hook that counts and times requests, and samples the pools once a second at most."""
    sampled_at = -_SAMPLE_S

    def measure(asked: Request, response: Response) -> Response:
        nonlocal sampled_at
        now = time.perf_counter()
        requests, seconds = _counted(asked.endpoint or "none", response.status_code)
        requests.inc()
        seconds.observe(now - asked.started_at)
        if now - sampled_at >= _SAMPLE_S:
            sampled_at = now
            _sample_pools(register())
        return response

    return measure


def _sample_pools(register: Register) -> None:
    for pool, found in register.pools().items():
        for state in ("open", "used", "waiting"):
            _CONNECTIONS.labels(pool, state).set(getattr(found, state))
        _REFUSED.labels(pool).set(found.refused)


@cache
def _counted(endpoint: str, status: int) -> tuple[Counter, Histogram]:
    return _REQUESTS.labels(endpoint, status), _SECONDS.labels(endpoint)


class _RegisterCollector(Collector):
    """Figures of the register and of this program, read at each scrape."""

    def __init__(self, register: Register) -> None:
        self._register = register

    def collect(self) -> Iterator[Metric]:
        families: dict[str, Metric] = {}
        for figure in self._figures():
            new = Metric(figure.name, figure.line, figure.kind)
            family = families.setdefault(figure.name, new)
            suffix = "_total" if figure.kind == "counter" else ""
            family.add_sample(f"{figure.name}{suffix}", figure.labels, figure.value)
        yield from families.values()

    def _figures(self) -> Iterator[Figure]:
        python = ".".join(map(str, sys.version_info[:3]))
        build = {"release": release(), "schema": head_revision(), "python": python}
        yield Figure("diachiso_build_info", "Release, schema and Python", "gauge", 1.0, build)
        found = _read(self._register.read_engine, read_figures)
        up = float(bool(found))
        yield Figure("diachiso_database_up", "Whether the database answers", "gauge", up)
        yield from (*found, *_read(self._register.engine, read_primary_figures))
        line = "Age of the newest commit of DATABASE_READ_URL; infinite if it does not answer"
        replica = self._register.replica
        age_s = replica.age_s() if replica else 0.0
        yield Figure("diachiso_replica_age_seconds", line, "gauge", age_s)


def _read(engine: Engine, ask: Callable[[Connection], Iterator[Figure]]) -> list[Figure]:
    try:
        with session_scope(engine) as session:
            return list(ask(session.connection()))
    except (RegistryError, DBAPIError):
        return []
