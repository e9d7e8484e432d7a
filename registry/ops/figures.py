"""The register in figures, for whoever watches over it: what waits, how much there is, how old."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from sqlalchemy import Connection, text

from registry.core.sql import Statements
from registry.jobs.queue import state_of_queue

SQL: Final = Statements(__file__)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, as a monitor keeps it: of all machines together, whichever tells it."""

    name: str
    """In the style of Prometheus, its unit last: `diachiso_event_pending_age_seconds`."""
    line: str
    kind: Literal["gauge", "counter"]
    value: float
    labels: dict[str, str] = field(default_factory=dict)


_LINES: Final[dict[str, tuple[Literal["gauge", "counter"], str]]] = {
    "dwellings": ("gauge", "Active records of dwellings, made-up ones left out, as counted last"),
    "imports": ("gauge", "Deliveries by state"),
    "reports_open": ("gauge", "Field reports that nobody has decided"),
    "records_proposed": ("gauge", "Records that wait for an approver"),
    "webhooks": ("gauge", "Webhooks by state; dead ones were given up"),
    "reforms": ("gauge", "Resolutions by state"),
    "events_pending": ("gauge", "Committed events that are not in the feed yet"),
    "event_pending_age_seconds": ("gauge", "Age of the oldest of them"),
    "feed_position": ("gauge", "The last position of the change feed"),
    "last_event_timestamp_seconds": ("gauge", "When something was written last"),
    "answers": ("counter", "What the service answered, by kind and outcome, and its verdicts"),
    "backup_timestamp_seconds": ("gauge", "When a backup was taken last, and seen to come back"),
}


def read_figures(connection: Connection) -> Iterator[Figure]:
    """Every figure, in two round trips; raises what the database raises."""
    for name, labels, value in connection.execute(SQL.text("figures")):
        kind, line = _LINES[name]
        yield Figure(f"diachiso_{name}", line, kind, float(value or 0), labels)
    queue = state_of_queue(connection)
    jobs = "Background jobs: that wait, of workers that died, given up"
    for state in ("waiting", "stuck", "failed"):
        yield Figure("diachiso_jobs", jobs, "gauge", getattr(queue, state), {"state": state})
    oldest = "How long the job has waited that waits longest"
    yield Figure("diachiso_job_waiting_seconds", oldest, "gauge", queue.oldest_s)
    yield Figure("diachiso_workers", "Workers that live", "gauge", queue.workers)


def read_primary_figures(connection: Connection) -> Iterator[Figure]:
    """What a replica does not know of its primary; raises what the database raises."""
    line = "How often a part of the log could not be sent to the store of backups"
    failed = connection.scalar(text("SELECT failed_count FROM pg_stat_archiver"))
    yield Figure("diachiso_archive_failures", line, "counter", float(failed or 0))
