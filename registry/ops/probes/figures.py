"""Figures of the register for `/metrics`: queues, totals, ages.

Alerts on figures without a probe are defined here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from sqlalchemy import Connection, text

from registry.core.sql import Statements
from registry.jobs.queue import state_of_queue
from registry.ops.probes.alerts import Alert

SQL: Final = Statements(__file__, "queries.sql")

_SILENT_DAYS: Final = 7

ALERTS: Final = (
    Alert(
        "NothingWritten",
        f"time() - max(diachiso_last_event_timestamp_seconds) > {_SILENT_DAYS} * 86400",
        "warn",
        "nothing was written for {{ $value | humanizeDuration }}",
    ),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One sample of a metric; every web node exports the same."""

    name: str
    """Prometheus name with the unit last: `diachiso_event_pending_age_seconds`."""
    line: str
    kind: Literal["gauge", "counter"]
    value: float
    labels: dict[str, str] = field(default_factory=dict)


_LINES: Final[dict[str, str]] = {
    "dwellings": "Active records of dwellings, made-up ones left out, as counted last",
    "imports": "Deliveries by state",
    "reports_open": "Field reports that nobody has decided",
    "records_proposed": "Records that wait for an approver",
    "webhooks": "Webhooks by state; dead ones were given up",
    "reforms": "Resolutions by state",
    "events_pending": "Committed events that are not in the feed yet",
    "event_pending_age_seconds": "Age of the oldest of them",
    "feed_position": "The last position of the change feed",
    "last_event_timestamp_seconds": "When something was written last",
    "answers": "What the service answered, by kind and outcome, and its verdicts",
    "backup_timestamp_seconds": "When a backup was taken last, and seen to come back",
    "jobs": "Background jobs: that wait, of workers that died, given up",
    "job_waiting_seconds": "How long the job has waited that waits longest",
    "workers": "Workers that live",
    "archive_failures": "How often a part of the log could not be sent to the store of backups",
}
_COUNTERS: Final = frozenset({"answers", "archive_failures"})


def read_figures(connection: Connection) -> Iterator[Figure]:
    """Yield every figure, in two round trips; raises errors of the database."""
    for name, labels, value in connection.execute(SQL.text("figures")):
        yield _figure(name, value, **labels)
    queue = state_of_queue(connection)
    for state in ("waiting", "stuck", "failed"):
        yield _figure("jobs", getattr(queue, state), state=state)
    yield _figure("job_waiting_seconds", queue.oldest_s)
    yield _figure("workers", queue.workers)


def read_primary_figures(connection: Connection) -> Iterator[Figure]:
    """Yield the figures that only the primary has; raises errors of the database."""
    failed = connection.scalar(text("SELECT failed_count FROM pg_stat_archiver"))
    yield _figure("archive_failures", failed)


def _figure(name: str, value: float | None, **labels: str) -> Figure:
    kind: Literal["gauge", "counter"] = "counter" if name in _COUNTERS else "gauge"
    return Figure(f"diachiso_{name}", _LINES[name], kind, float(value or 0), labels)
