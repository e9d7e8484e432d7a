"""Putting a job into the queue, in the transaction that makes it necessary; and looking at it."""

import datetime
import json
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from registry.core.events import current_request
from registry.core.sql import Statements
from registry.jobs.table import Job

SQL: Final = Statements(__file__, "queries.sql")

APPLICATION_NAME: Final = "diachiso-jobs"
"""What a worker's connections are called."""
HEARTBEAT_S: Final = 5.0
"""How often a worker says that it lives."""
SILENT_AFTER_S: Final = 20.0
"""A worker that said nothing for so long is dead, and its jobs are taken up again."""


REQUEST: Final = "request"
"""Argument of each job that a request asked for: its id, for the events that the job writes."""


@dataclass(frozen=True, slots=True)
class QueueState:
    """How the queue does."""

    workers: int
    """Those that have said lately that they live."""
    waiting: int
    """Jobs that could be done now."""
    oldest_s: float
    """How long the first of them has waited."""
    stuck: int
    """Jobs of workers that are dead."""
    failed: int
    """In the last seven days, jobs that were given up."""


def enqueue(
    session: Session | Connection, job: Job, *, lock: str | None = None, **arguments: object
) -> int:
    """Let `job` be done with these arguments, once the transaction is committed.

    Jobs with one `lock` are done one after the other, in the order in which they came. Returns the
    number that it has in the queue.
    """
    return _defer(session, job, lock, None, arguments)


def enqueue_at(session: Session, job: Job, at: datetime.datetime) -> int:
    """The same, without arguments, not before that time."""
    return _defer(session, job, None, at, {})


def enqueue_once(session: Session | Connection, job: Job) -> None:
    """The same, without arguments, unless it waits or is being done already."""
    if not session.scalar(SQL.text("is_queued"), {"task": job.name}):
        enqueue(session, job)


def abandon(session: Session | Connection, **arguments: object) -> None:
    """Let no job with these arguments be done any more: the process of one that is ends at once."""
    session.execute(SQL.text("abandon"), {"args": json.dumps(arguments)})


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
    """How the queue does."""
    row = connection.execute(SQL.text("queue_state"), {"silent": SILENT_AFTER_S}).one()
    return QueueState(*row)


def worker_lives(connection: Session | Connection) -> bool:
    """Whether a worker lives, on whichever machine: it is connected, and said so lately."""
    if not connection.scalar(_HAS_WORKERS):
        return False
    given = {"silent": SILENT_AFTER_S, "application": APPLICATION_NAME}
    return bool(connection.scalar(SQL.text("worker_lives"), given))


_HAS_WORKERS: Final = text("SELECT to_regclass('jobs.procrastinate_workers') IS NOT NULL")
