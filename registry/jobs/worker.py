"""The worker: dequeues jobs and runs each in a process.

It is small and does no work itself, so it survives failing jobs. A job whose process is killed is
retried some seconds later. A worker keeps an advisory lock for each running job: a job without one
is lost, because its worker was killed or could not store its end, and another worker retries it. If
the database is unavailable the worker waits for it.
"""

import asyncio
import contextlib
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, Final

import procrastinate
import psycopg
from procrastinate.exceptions import ConnectorException, JobAborted
from procrastinate.job_context import AbortReason, JobContext
from procrastinate.jobs import Job as QueuedJob
from procrastinate.jobs import Status
from procrastinate.periodic import PeriodicDeferrer, PeriodicRegistry, PeriodicTask
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from registry.core.database import APP_ROLE, with_role, wrong_role
from registry.core.locks import LockClass
from registry.core.messages import Message
from registry.core.settings import ROOT
from registry.core.sql import Statements
from registry.jobs.queue import APPLICATION_NAME, HEARTBEAT_S, SILENT_AFTER_S
from registry.jobs.schema import SCHEMA
from registry.jobs.table import BATCHES, IMPORTS, JOBS, PUBLICATIONS, UPKEEP, WEBHOOKS, Job

SQL: Final = Statements(__file__, "queries.sql")

Say = Callable[[Message | str], None]

_DAY_S: Final = 86_400
_RECONNECT_S: Final = 1.0
_STOP_S: Final = 1.0
"""Grace period of running jobs when the worker is stopped; they are retried later."""
_UPKEEP_AT_ONCE: Final = 1
_PUBLICATIONS_AT_ONCE: Final = 2
_BATCHES_AT_ONCE: Final = 2
"""For two keys, so that a small batch does not wait for a million rows."""
_WEBHOOKS_AT_ONCE: Final = 2
"""So that slow receivers do not delay other ones."""
_TIMESTAMP: Final = "timestamp"
"""Argument that procrastinate adds to scheduled jobs."""


_OF_A_CLOCK_AHEAD: Final = ("workers_ahead", "jobs_ahead")
"""Rows written by a clock that was ahead: workers would count as alive, and jobs would wait, until
that time is reached."""
_NUMBERS: Final = 1 << 31
_HOLD: Final = "SELECT pg_advisory_lock_shared(%s, %s)"
_LET_GO: Final = "SELECT pg_advisory_unlock_shared(%s, %s)"


class JobFailedError(Exception):
    """The process of a job exited with this status; -9 is a kill."""


class Worker:
    """Processes the queue of the database at `url` until stopped."""

    def __init__(
        self,
        url: str,
        *,
        imports_at_once: int,
        say: Say,
        jobs: Sequence[Job] = JOBS,
        heartbeat_s: float = HEARTBEAT_S,
        silent_after_s: float = SILENT_AFTER_S,
    ) -> None:
        self._url = url
        self._imports_at_once = imports_at_once
        self._say = say
        self._heartbeat_s = heartbeat_s
        self._silent_after_s = silent_after_s
        self._jobs = {job.name: job for job in jobs}
        self._retry = _Retry(self._jobs)
        self._app = _application(url)
        self._periodic = PeriodicRegistry()  # type: ignore[no-untyped-call]
        self._ended: list[int] = []
        for job in jobs:
            self._register(job)

    def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        # Errors are logged here, in one line; the library's own logs quote arguments.
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL + 1)
        with contextlib.suppress(asyncio.CancelledError):
            asyncio.run(self._run())

    async def _run(self) -> None:
        if (own := asyncio.current_task()) is not None:
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, own.cancel)
        silent = False
        while True:
            try:
                async with self._app.open_async():
                    silent = False
                    await self._work()
            except (ConnectorException, psycopg.OperationalError, OSError):
                if not silent:
                    self._say(Message("jobs_waiting"))
                silent = True
            await asyncio.sleep(_RECONNECT_S)

    async def _work(self) -> None:
        """Process all queues concurrently, until one of them stops."""
        self._locks = await psycopg.AsyncConnection.connect(_conninfo(self._url), autocommit=True)
        async with self._locks:
            running = [
                asyncio.create_task(part)
                for part in (
                    self._go_through(IMPORTS, self._imports_at_once),
                    self._go_through(PUBLICATIONS, _PUBLICATIONS_AT_ONCE),
                    self._go_through(BATCHES, _BATCHES_AT_ONCE),
                    self._go_through(UPKEEP, _UPKEEP_AT_ONCE),
                    self._go_through(WEBHOOKS, _WEBHOOKS_AT_ONCE),
                    self._take_up_lost(),
                    _ByTheClock(self._periodic, _DAY_S).worker(),
                )
            ]
            try:
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)

    def _go_through(self, queue: str, at_once: int) -> Coroutine[Any, Any, None]:
        return self._app.run_worker_async(
            queues=[queue],
            name=queue,
            concurrency=at_once,
            install_signal_handlers=False,
            shutdown_graceful_timeout=_STOP_S,
            update_heartbeat_interval=self._heartbeat_s,
            stalled_worker_timeout=self._silent_after_s,
        )

    async def _take_up_lost(self) -> None:
        """Retry lost jobs, or give them up.

        A job must be seen as lost twice: it may just have been started, or have ended.
        """
        self._ended, seen, ended = [], set[tuple[int, int]](), list[int]()
        while True:
            for mend in _OF_A_CLOCK_AHEAD:
                await self._app.connector.execute_query_async(SQL.driver(mend))
            for number in ended:
                await self._locks.execute(_LET_GO, (int(LockClass.JOBS), number % _NUMBERS))
            ended, self._ended = self._ended, []
            found = await (
                await self._locks.execute(
                    SQL.driver("lost_jobs"), {"class": int(LockClass.JOBS), "numbers": _NUMBERS}
                )
            ).fetchall()
            lost = {(number, attempts) for number, attempts in found}
            for number, _ in lost & seen:
                await self._take_up(number)
            seen = lost - seen
            await asyncio.sleep(self._heartbeat_s)

    async def _take_up(self, number: int) -> None:
        manager = self._app.job_manager
        for queued in await manager.list_jobs_async(id=number, status=Status.DOING.value):
            # Another worker may have retried it concurrently; then this one is refused.
            with contextlib.suppress(ConnectorException):
                if self._retry.when(queued) is not None:
                    await manager.retry_job(queued)
                else:
                    await self._give_up(queued)
                    await manager.finish_job(queued, Status.FAILED, delete_job=False)

    @contextlib.asynccontextmanager
    async def _held(self, queued: QueuedJob) -> AsyncIterator[None]:
        """Keep the lock of a running job within the block, and shortly after."""
        number = int(queued.id or 0)
        await self._locks.execute(_HOLD, (int(LockClass.JOBS), number % _NUMBERS))
        try:
            yield
        finally:
            self._ended.append(number)  # unlocked once the library has stored its end

    def _register(self, job: Job) -> None:
        declare = self._app.task(
            name=job.name,
            queue=job.queue,
            pass_context=True,
            retry=self._retry,
            queueing_lock=job.name if job.cron else None,
        )

        @declare
        async def task(context: JobContext, /, **_arguments: object) -> None:
            await self._perform(context)

        if job.cron is not None:
            # Accepts the timestamp too.
            self._periodic.register_task(task, job.cron, "", {})  # type: ignore[arg-type]

    async def _perform(self, context: JobContext) -> None:
        queued = context.job
        async with self._held(queued):
            try:
                await _in_a_process(self._url, self._jobs[queued.task_name].run, queued)
            except asyncio.CancelledError as ended:
                if context.abort_reason() == AbortReason.USER_REQUEST:
                    raise JobAborted from ended
                raise
            except JobFailedError as error:
                name = f"{queued.task_name} #{queued.id}"
                self._say(Message("job_failed", name=name, reason=error))
                if self._retry.when(queued) is None:
                    await self._give_up(queued)
                raise

    async def _give_up(self, queued: QueuedJob) -> None:
        job = self._jobs.get(queued.task_name)
        if job is not None and job.gave_up is not None:
            with contextlib.suppress(JobFailedError):
                await _in_a_process(self._url, job.gave_up, queued)


class _ByTheClock(PeriodicDeferrer):
    """Enqueues scheduled jobs, robust against changes of the clock.

    The library's own continues from its last run: if a clock is set forward by a year it would make
    up every five minutes of it, and if it is set back, do nothing until the former time is reached.
    """

    def get_timestamps(
        self, periodic_task: PeriodicTask[..., Any, Any], since: int | None, until: float
    ) -> Iterable[int]:
        """Return the last scheduled time before `until`, unless it was the last run."""
        last = super().get_timestamps(periodic_task, None, until)
        return [timestamp for timestamp in last if timestamp != since]


def _conninfo(url: str) -> str:
    parameters = with_role(
        url, APP_ROLE, search_path=f"{SCHEMA},pg_temp", application_name=APPLICATION_NAME
    )
    conninfo = parameters.set(drivername="postgresql").render_as_string(hide_password=False)
    # libpq, unlike a web form, does not decode a plus sign.
    return conninfo.replace("+", "%20")


def _application(url: str) -> procrastinate.App:
    return procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=_conninfo(url),
            min_size=1,
            max_size=4,
            timeout=_RECONNECT_S * 2,
            configure=_ask_role,
        ),
    )


async def _ask_role(connection: psycopg.AsyncConnection[Any]) -> None:
    # The pool treats it as a database that does not answer: the worker waits for the right one.
    if wrong := wrong_role(connection, APP_ROLE):
        raise wrong


class _Retry(BaseRetryStrategy):
    """Retries after a delay, up to the job's attempts; at once if only the worker ended."""

    def __init__(self, jobs: Mapping[str, Job]) -> None:
        self._jobs = jobs

    def when(self, queued: QueuedJob) -> int | None:
        """Return the seconds until the retry; None for no retry."""
        job = self._jobs.get(queued.task_name)
        if job is None or queued.attempts + 1 >= job.attempts:
            return None
        return job.wait_s * int(3**queued.attempts)

    def get_retry_decision(
        self, *, exception: BaseException, job: QueuedJob
    ) -> RetryDecision | None:
        """Implement the library's interface."""
        wait_s = 0 if isinstance(exception, asyncio.CancelledError) else self.when(job)
        return None if wait_s is None else RetryDecision(retry_in={"seconds": wait_s})


async def _in_a_process(url: str, function: str, queued: QueuedJob) -> None:
    """Run `function` in a process, which ends with this one. Raises JobFailedError."""
    arguments = {k: v for k, v in queued.task_kwargs.items() if k != _TIMESTAMP}
    # A killed process leaves its unpacked files.
    scratch = tempfile.mkdtemp(prefix="diachiso-job-")
    process = await asyncio.create_subprocess_exec(
        *("setpriv", "--pdeathsig=KILL", "--"),
        *(sys.executable, "-m", "registry.ops.perform", function, json.dumps(arguments)),
        stdin=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": url, "TMPDIR": scratch},
    )
    try:
        status = await process.wait()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    if status != 0:
        raise JobFailedError(f"{status}")
