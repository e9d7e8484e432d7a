"""The register in figures, for whoever watches over it: what waits, how much there is, how old."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from sqlalchemy import Connection, text

from registry.jobs.queue import state_of_queue


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
_FIGURES: Final = text(
    """
    SELECT 'dwellings', jsonb_build_object('which', each.which), each.number
    FROM (
        SELECT sum(dwellings) AS d, sum(positioned) AS p, sum(verified) AS v,
            sum(deliverable) AS c, sum(plated) AS b
        FROM coverage_count WHERE NOT with_demo
    ) s, LATERAL (VALUES ('all', d), ('positioned', p), ('verified', v), ('deliverable', c),
        ('plated', b)) each (which, number)
    UNION ALL
    SELECT 'imports', jsonb_build_object('state', state), count(*) FROM import GROUP BY state
    UNION ALL
    SELECT 'reports_open', '{}', count(*) FROM field_report WHERE state = 'open'
    UNION ALL
    SELECT 'records_proposed', '{}', count(*) FROM household WHERE status = 'proposed'
    UNION ALL
    SELECT 'webhooks', jsonb_build_object('state', state), count(*) FROM webhook GROUP BY state
    UNION ALL
    SELECT 'reforms', jsonb_build_object('state', state), count(*) FROM reform GROUP BY state
    UNION ALL
    SELECT 'events_pending', '{}', count(*) FROM event_pending
    UNION ALL
    SELECT 'event_pending_age_seconds', '{}',
        extract(epoch FROM clock_timestamp() - min(e.occurred_at))
    FROM event_pending JOIN event e ON e.id = event_id
    UNION ALL
    SELECT 'feed_position', '{}', max(position) FROM feed
    UNION ALL
    SELECT 'last_event_timestamp_seconds', '{}', extract(epoch FROM occurred_at)
    FROM event WHERE id = (SELECT max(id) FROM event)
    UNION ALL
    SELECT 'answers', jsonb_build_object('kind', kind, 'outcome', outcome), sum(asked)
    FROM service_count GROUP BY kind, outcome
    UNION ALL
    SELECT 'backup_timestamp_seconds', jsonb_build_object('kind', kind),
        extract(epoch FROM max(done_at))
    FROM backup_run GROUP BY kind
    """
)


def read_figures(connection: Connection) -> Iterator[Figure]:
    """Every figure, in two round trips; raises what the database raises."""
    for name, labels, value in connection.execute(_FIGURES):
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
