"""The queue of jobs: enqueue within a transaction, cancel, and inspect."""

import datetime
import json
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from registry.core.actors import Actor
from registry.core.events import current_request
from registry.core.sql import Statements
from registry.jobs.table import Job

SQL: Final = Statements(__file__, "queries.sql")

APPLICATION_NAME: Final = "diachiso-jobs"
"""`application_name` of a worker's connections."""
HEARTBEAT_S: Final = 5.0
"""Interval of a worker's heartbeat."""
SILENT_AFTER_S: Final = 20.0
"""A worker without a heartbeat for this long is dead; its jobs are retried."""

REQUEST: Final = "request"
"""Argument of jobs that a request enqueued: its id, for the events that the job writes."""


@dataclass(frozen=True, slots=True)
class QueueState:
    """State of the queue."""

    workers: int
    """Those with a recent heartbeat."""
    waiting: int
    """Jobs that are due."""
    oldest_s: float
    """How long the first of them has been due."""
    stuck: int
    """Jobs of workers that are dead."""
    failed: int
    """Jobs given up in the last seven days."""


def enqueue(
    session: Session | Connection, job: Job, *, lock: str | None = None, **arguments: object
) -> int:
    """Enqueue `job` with these arguments; it runs once the transaction is committed.

    Jobs with the same `lock` run one after the other, in the order in which they were enqueued.
    Returns the job's number in the queue.
    """
    return _defer(session, job, lock, None, arguments)


def enqueue_at(session: Session, job: Job, at: datetime.datetime, **arguments: object) -> int:
    """Enqueue `job` with these arguments, to run no earlier than `at`."""
    return _defer(session, job, None, at, arguments)


def enqueue_once(session: Session | Connection, job: Job) -> None:
    """Enqueue `job` without arguments, unless it is waiting or running already."""
    if not session.scalar(SQL.text("is_queued"), {"task": job.name}):
        enqueue(session, job)


def abandon(session: Session | Connection, **arguments: object) -> None:
    """Cancel jobs with these arguments; the process of a running one ends at once."""
    session.execute(SQL.text("abandon"), {"args": json.dumps(arguments)})


def turn_of(actor: Actor, job: Job) -> str:
    """The lock of jobs that this caller asks for: one at a time in each queue."""
    return turn_of_key(actor.name, actor.key_id, job)


def turn_of_key(name: str, key_id: int | None, job: Job) -> str:
    """The same of the holder of a key."""
    return f"{job.queue}:{key_id or name}"


def _defer(
    session: Session | Connection,
    job: Job,
    lock: str | None,
    at: datetime.datetime | None,
    arguments: dict[str, object],
) -> int:
    if request := current_request():
        arguments = {**arguments, REQUEST: request}
    given = {"queue": job.queue, "task": job.name, "lock": lock, "args": json.dumps(arguments)}
    number: int = session.execute(SQL.text("enqueue"), {**given, "at": at}).scalar_one()
    return number


def state_of_queue(connection: Session | Connection) -> QueueState:
    """State of the queue."""
    row = connection.execute(SQL.text("queue_state"), {"silent": SILENT_AFTER_S}).one()
    return QueueState(*row)


def worker_lives(connection: Session | Connection) -> bool:
    """Whether a worker lives on any machine: it is connected and had a recent heartbeat."""
    if not connection.scalar(_HAS_WORKERS):
        return False
    given = {"silent": SILENT_AFTER_S, "application": APPLICATION_NAME}
    return bool(connection.scalar(SQL.text("worker_lives"), given))


_HAS_WORKERS: Final = text("SELECT to_regclass('jobs.procrastinate_workers') IS NOT NULL")
