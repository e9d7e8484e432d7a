"""The queue and its worker: real processes over a real database."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from procrastinate.periodic import PeriodicRegistry, PeriodicTask
from procrastinate.schema import SchemaManager
from sqlalchemy import Engine, text

from registry.core.database import OWNER_ROLE, make_engine, session_scope
from registry.core.settings import Settings
from registry.jobs.queue import abandon, enqueue, state_of_queue
from registry.jobs.schema import prepare_jobs, wanted_version
from registry.jobs.table import JOBS, Job
from registry.jobs.worker import _ByTheClock
from registry.ops.doctor import run_probes
from registry.ops.perform import function_of
from tests.support.background import (
    FAILING,
    GREEDY,
    HELD,
    LAST,
    PUBLISHING,
    begun,
    gone,
    let_end,
    wait_for_begun,
    worker,
)
from tests.support.intake import rows
from tests.support.waiting import eventually

pytestmark = pytest.mark.thorough


@pytest.fixture
def url(fresh_database: Callable[[], str]) -> str:
    return fresh_database()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = make_engine(url)
    yield made
    made.dispose()


@pytest.fixture
def put(engine: Engine, tmp_path: Path) -> Callable[..., int]:
    """Put a job into the queue; a held one gets a name, and the pipe that lets it end."""

    def put(job: Job, lock: str | None = None, **arguments: str) -> int:
        if "name" in arguments:
            os.mkfifo(tmp_path / f"{arguments['name']}-go")
        with session_scope(engine) as session:
            return enqueue(session, job, lock=lock, folder=str(tmp_path), **arguments)

    return put


def status(engine: Engine, number: int) -> object:
    """What has become of a job."""
    ((found,),) = rows(engine, f"SELECT status FROM jobs.procrastinate_jobs WHERE id = {number}")
    return found


def is_done(engine: Engine, number: int) -> None:
    eventually(lambda: status(engine, number) == "succeeded", f"job {number} is done")


@pytest.mark.thorough
def test_jobs_with_one_lock_queue_while_others_run(
    url: str, engine: Engine, put: Callable[..., int], tmp_path: Path
) -> None:
    first, second = (put(HELD, lock="a", name=name) for name in ("first", "second"))
    other = put(HELD, lock="b", name="other")
    with worker(url):
        wait_for_begun(tmp_path, "first")
        wait_for_begun(tmp_path, "other")
        # There is room for no third, so only the lock of `first` keeps `second` out from now on.
        let_end(tmp_path, "other")
        is_done(engine, other)
        assert status(engine, second) == "todo"
        let_end(tmp_path, "first")
        wait_for_begun(tmp_path, "second")
        assert status(engine, first) == "succeeded"
        let_end(tmp_path, "second")
        is_done(engine, second)


def test_job_is_retried_when_its_process_is_killed(
    url: str, engine: Engine, put: Callable[..., int], tmp_path: Path
) -> None:
    number = put(HELD, name="killed")
    with worker(url):
        pid = wait_for_begun(tmp_path, "killed")
        os.kill(pid, signal.SIGKILL)
        wait_for_begun(tmp_path, "killed", {pid})
        let_end(tmp_path, "killed")
        is_done(engine, number)


def test_job_of_a_killed_worker_is_resumed_by_the_next(
    url: str, engine: Engine, put: Callable[..., int], tmp_path: Path
) -> None:
    number = put(HELD, name="job")
    with worker(url) as first:
        pid = wait_for_begun(tmp_path, "job")
        first.kill()
        first.wait()
        eventually(lambda: gone(pid), "the process of the job ends with its worker")
    assert status(engine, number) == "doing"
    with session_scope(engine) as session:  # its clock was ahead as well
        session.execute(
            text("UPDATE jobs.procrastinate_workers SET last_heartbeat = now() + interval '1 year'")
        )
    with worker(url):
        wait_for_begun(tmp_path, "job", {pid})
        let_end(tmp_path, "job")
        is_done(engine, number)
    with session_scope(engine) as session:
        assert state_of_queue(session).stuck == 0


@pytest.mark.thorough
def test_job_whose_end_was_not_recorded_is_resumed_by_its_worker(
    url: str, engine: Engine, put: Callable[..., int], tmp_path: Path
) -> None:
    before = put(HELD, name="before")
    with worker(url):
        wait_for_begun(tmp_path, "before")
        lost = put(HELD, lock="a", name="lost")
        pid = wait_for_begun(tmp_path, "lost")
        let_end(tmp_path, "lost")
        is_done(engine, lost)
        with psycopg.connect(url) as connection:
            connection.execute(
                "UPDATE jobs.procrastinate_jobs SET status = 'doing' WHERE id = %s", [lost]
            )
        wait_for_begun(tmp_path, "lost", {pid})
        for name, number in (("lost", lost), ("before", before)):
            let_end(tmp_path, name)
            is_done(engine, number)


def test_job_killed_in_its_last_attempt_is_abandoned_by_the_next_worker(
    url: str, engine: Engine, put: Callable[..., int], tmp_path: Path
) -> None:
    number = put(LAST, name="job")
    with worker(url) as first:
        wait_for_begun(tmp_path, "job")
        first.kill()
        first.wait()
    with worker(url):
        eventually(lambda: status(engine, number) == "failed", "it is given up")
    assert (tmp_path / "gave-up").exists()


def test_process_of_an_abandoned_job_is_ended_and_not_restarted(
    url: str, engine: Engine, put: Callable[..., int], tmp_path: Path
) -> None:
    doing, waiting = (put(HELD, lock="a", name=name) for name in ("doing", "waiting"))
    other = put(HELD, name="other")
    with worker(url):
        pid = wait_for_begun(tmp_path, "doing")
        with session_scope(engine) as session:
            abandon(session, name="doing")
            abandon(session, name="waiting")
        eventually(lambda: gone(pid), "its process ends")
        eventually(lambda: status(engine, doing) == "aborted", "it is marked")
        let_end(tmp_path, "other")
        is_done(engine, other)
    assert status(engine, waiting) == "cancelled"
    assert begun(tmp_path, "doing") == {pid}
    assert begun(tmp_path, "waiting") == set()


def test_publishing_does_not_wait_for_dry_runs(
    url: str, engine: Engine, put: Callable[..., int], tmp_path: Path
) -> None:
    tried = [put(HELD, name=f"tried-{n}") for n in range(3)]
    published = put(PUBLISHING, name="published")
    with worker(url):
        wait_for_begun(tmp_path, "published")
        let_end(tmp_path, "published")
        is_done(engine, published)
        assert {status(engine, number) for number in tried} <= {"doing", "todo"}


def test_doctor_reports_the_worker_and_stuck_jobs(
    url: str, put: Callable[..., int], tmp_path: Path
) -> None:
    def jobs() -> tuple[str, str]:
        found = {each.name: each for each in run_probes(Settings(database_url=url))}
        return found["background_jobs"].state, found["background_jobs"].english

    assert jobs() == ("warning", "no background worker")
    put(HELD, name="job")
    with worker(url) as first:
        wait_for_begun(tmp_path, "job")
        assert jobs()[0] == "ok"
        first.kill()
        first.wait()
    # Although its last heartbeat is recent.
    eventually(lambda: "no background worker" in jobs()[1], "the worker is missed")
    with psycopg.connect(url) as connection:
        connection.execute(
            "UPDATE jobs.procrastinate_workers SET last_heartbeat = now() - interval '1 minute'"
        )
    assert "of dead workers" in jobs()[1]


def test_job_of_a_stopping_worker_waits_for_the_next(
    url: str, engine: Engine, put: Callable[..., int], tmp_path: Path
) -> None:
    number = put(HELD, name="job")
    with worker(url) as first:
        pid = wait_for_begun(tmp_path, "job")
        first.terminate()
        assert first.wait(30) == 0
    assert gone(pid)
    assert status(engine, number) == "todo"


def test_permanently_failed_job_is_reported(
    url: str, engine: Engine, put: Callable[..., int], tmp_path: Path
) -> None:
    number = put(FAILING)
    with worker(url):
        eventually(lambda: (tmp_path / "gave-up").exists(), "it is given up")
        eventually(lambda: status(engine, number) == "failed", "it is marked")


def test_job_that_exhausts_memory_fails_alone(
    url: str, engine: Engine, put: Callable[..., int], tmp_path: Path
) -> None:
    greedy, after = put(GREEDY), put(HELD, name="after")
    with worker(url):
        eventually(lambda: status(engine, greedy) == "failed", "it is refused")
        wait_for_begun(tmp_path, "after")
        let_end(tmp_path, "after")
        is_done(engine, after)
    assert not (tmp_path / "given").exists()


def test_worker_continues_when_its_connections_are_lost(
    url: str, engine: Engine, put: Callable[..., int], tmp_path: Path
) -> None:
    with worker(url):
        eventually(lambda: _terminate_worker(url) > 1, "the worker is connected")
        number = put(HELD, name="after")
        wait_for_begun(tmp_path, "after")
        let_end(tmp_path, "after")
        is_done(engine, number)


def _terminate_worker(url: str) -> int:
    with psycopg.connect(url) as connection:
        ended = connection.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = 'diachiso-jobs' AND datname = current_database()"
        ).fetchone()
    assert ended
    return int(ended[0])


def test_missed_periodic_job_is_run_later(url: str, engine: Engine) -> None:
    missed = {"feed.move", "webhooks.clear_away"}  # one of each queue: every job is a process
    assert {job.queue for job in JOBS if job.name in missed} == {j.queue for j in JOBS if j.cron}
    with session_scope(engine) as session:
        session.execute(
            text("DELETE FROM jobs.procrastinate_periodic_defers WHERE task_name = ANY (:names)"),
            {"names": list(missed)},
        )
    done = "SELECT task_name FROM jobs.procrastinate_jobs WHERE status = 'succeeded'"
    with worker(url):
        eventually(lambda: {name for (name,) in rows(engine, done)} == missed, "both were done")


def test_periodic_job_follows_clock_changes() -> None:
    noon, task = 1_800_000_000, PeriodicTask(None, "*/5 * * * *", "", {})
    clock = _ByTheClock(PeriodicRegistry(), 86_400)
    for since, until, due in (
        (None, noon + 10, [noon]),
        (noon, noon + 299, []),
        (noon, noon + 300 + 1, [noon + 300]),
        (noon, noon + 31_536_000 + 10, [noon + 31_536_000]),
        (noon, noon - 3_600 + 10, [noon - 3_600]),
    ):
        assert clock.get_timestamps(task, since, until) == due


def test_every_periodic_job_can_be_run(engine: Engine, tmp_path: Path) -> None:
    for job in JOBS:
        if job.cron:
            function_of(job.run)(engine, Settings(var=tmp_path))


def test_nothing_is_enqueued_when_the_transaction_is_rolled_back(engine: Engine) -> None:
    with session_scope(engine) as session:
        enqueue(session, HELD)
        session.rollback()
    with session_scope(engine) as session:
        assert state_of_queue(session).waiting == 0


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_functions_of_the_job_table_exist(job: Job) -> None:
    assert callable(function_of(job.run))
    assert job.gave_up is None or callable(function_of(job.gave_up))


FUNCTIONS = "SELECT proname, proconfig FROM pg_proc WHERE pronamespace = 'jobs'::regnamespace"


@pytest.fixture
def owner(url: str) -> Iterator[Engine]:
    made = make_engine(url, role=OWNER_ROLE)
    yield made
    made.dispose()


def make_old_schema(url: str, owner: Engine, before: str, says: str) -> None:
    """The schema as an older library left it: all of its scripts before the one of that name."""
    with psycopg.connect(url) as admin:
        admin.execute("DROP SCHEMA jobs CASCADE")
        admin.execute(f"CREATE SCHEMA jobs AUTHORIZATION {OWNER_ROLE}")
    for file in sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql")):
        if file.name < before:
            with owner.begin() as connection:
                connection.exec_driver_sql("SET LOCAL search_path = jobs")
                connection.exec_driver_sql(file.read_text().replace("%", "%%"))
    with owner.begin() as connection:
        connection.exec_driver_sql(f"COMMENT ON SCHEMA jobs IS '{says}'")


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("03.02", "procrastinate 3.1.2"),
        # Scripts behind it add states, and make indexes of just these.
        ("02.06", "procrastinate 2.5.0"),
        # An upgrade that was ended between two scripts of one version.
        ("03.01.00_50", "procrastinate 3.1.0.1"),
    ],
)
def test_schema_of_an_older_library_is_upgraded(
    url: str, owner: Engine, before: str, expected: str
) -> None:
    fresh = sorted(rows(owner, FUNCTIONS))
    assert prepare_jobs(owner) is None
    make_old_schema(url, owner, before, expected)

    assert prepare_jobs(owner) == wanted_version()

    assert sorted(rows(owner, FUNCTIONS)) == fresh
    assert prepare_jobs(owner) is None
