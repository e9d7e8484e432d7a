"""One throw-away PostGIS cluster for the whole test run, made when a test first asks for it.

The process that the user started owns it: with pytest-xdist the controller, which the workers ask
over a socket, else the single process. It dies with that process, however that ends.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Client, Listener
from pathlib import Path

import psycopg
from croniter import croniter
from psycopg import sql

from registry.jobs.table import JOBS
from registry.ops import cluster
from registry.ops.cluster.host import command_line
from registry.ops.prepare import prepare_database
from tests.support.folders import IN_MEMORY, ON_DISK, roomy

TEMPLATE = "template_diachiso"
_PREFIX = "diachiso-test-"
_PREPARED = "prepared"
_HOURS_S = 4 * 3_600


@dataclass
class TestCluster:
    """The cluster, started at the first `admin_url()`, ended and removed by `close()`."""

    __test__ = False

    _base: Path | None = None
    _cluster: cluster.PrivateCluster | None = None
    _server: subprocess.Popen[bytes] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admin_url(self, dbname: str = "postgres") -> str:
        with self._lock:
            if self._cluster is None:
                self._cluster = self._start()
            return self._cluster.admin_url(dbname)

    def _start(self) -> cluster.PrivateCluster:
        _sweep()
        self._base = new_folder()
        made = cluster.throwaway(self._base)
        made.initialise()
        self._server = made.start()
        made.create_database()
        _prepare(made.url())
        _leave_nothing_to_make_up(made.url())
        copy_cluster(made, self._base / _PREPARED)
        with psycopg.connect(made.admin_url("postgres"), autocommit=True) as connection:
            connection.execute(f"ALTER DATABASE {cluster.DATABASE} RENAME TO {TEMPLATE}")
            # A template in use cannot be cloned.
            connection.execute(f"ALTER DATABASE {TEMPLATE} ALLOW_CONNECTIONS false")
        return made

    def close(self) -> None:
        with self._lock:
            if self._server is not None:
                self._server.send_signal(signal.SIGINT)
                self._server.wait()
            if self._base is not None:
                shutil.rmtree(self._base, ignore_errors=True)
            self._cluster = self._base = self._server = None


def _prepare(url: str) -> None:
    """By this checkout, or by a later one of which a test asks whether this one works on its
    schema (tests/system/test_old_release.py).
    """
    later = os.environ.get("DIACHISO_PREPARED_BY")
    if later is None:
        prepare_database(url, lambda _line: None)
        return
    subprocess.run(
        [sys.executable, "-m", "scripts.main", "database", "prepare"],
        cwd=later,
        env={**os.environ, "PYTHONPATH": later, "DATABASE_URL": url},
        check=True,
    )


def _leave_nothing_to_make_up(url: str) -> None:
    """Note that each job of the clock was done, and will have been in the hours to come: else every
    worker that begins starts a process for each of them.
    """
    now = time.time()
    ticks = []
    for job in JOBS:
        if job.cron:
            clock = croniter(job.cron, now)
            ticks.append((job.name, round(clock.get_prev(float))))
            while (tick := clock.get_next(float)) < now + _HOURS_S:
                ticks.append((job.name, round(tick)))
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO jobs.procrastinate_periodic_defers (task_name, defer_timestamp)"
            " VALUES (%s, %s)",
            ticks,
        )


def new_folder() -> Path:
    """An empty folder for a cluster of this process; a later run removes it when this is killed."""
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=roomy()))


def _sweep() -> None:
    """Remove what test runs left that were killed."""
    for folder in (ON_DISK, IN_MEMORY):
        for left in folder.glob(f"{_PREFIX}*"):
            owner = left.name.removeprefix(_PREFIX).split("-")[0]
            if owner.isdecimal() and not command_line(int(owner)):
                shutil.rmtree(left, ignore_errors=True)


class Desk:
    """Where the xdist controller answers its workers: one thread, which starts the cluster.

    The cluster ends with the thread that started it, so the thread lives until the run is over.
    With `at_once` it is started while the workers collect their tests.
    """

    def __init__(self, owned: TestCluster, *, at_once: bool = False) -> None:
        self._owned = owned
        self._at_once = at_once
        self._folder = new_folder()
        self.address = str(self._folder / "desk")
        self._listener = Listener(self.address, family="AF_UNIX", backlog=16)
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def _answer(self) -> None:
        if self._at_once:
            with contextlib.suppress(Exception):  # the next caller tries again
                self._owned.admin_url()
        while True:
            with self._listener.accept() as connection, contextlib.suppress(EOFError):
                if connection.recv() == "close":
                    return
                try:
                    connection.send(("url", self._owned.admin_url()))
                except Exception as error:  # noqa: BLE001 - it is raised again, in the worker
                    connection.send(("error", str(error)))

    def close(self) -> None:
        with Client(self.address, family="AF_UNIX") as connection:
            connection.send("close")
        self._thread.join()
        self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def ask(address: str) -> str:
    """What the controller's desk answers: the superuser's URL, once the cluster is ready."""
    with Client(address, family="AF_UNIX") as connection:
        connection.send("admin_url")
        kind, answer = connection.recv()
    if kind == "error":
        raise RuntimeError(f"the test cluster did not start: {answer}")
    return str(answer)


def copy_cluster(made: cluster.PrivateCluster, data_dir: Path, *arguments: str) -> None:
    """Make `data_dir` a copy of a running cluster."""
    copied = made.account.run(
        made.bin_dir / "pg_basebackup",
        f"--pgdata={data_dir}",
        f"--dbname={made.admin_url('postgres')}",
        *("--checkpoint=fast", "--no-manifest", "--no-sync"),
        *arguments,
    )
    assert copied.returncode == 0, copied.stderr


def lay_prepared(admin_url: str, data_dir: Path) -> None:
    """Make `data_dir` a private cluster with schema and seeds, as its first start leaves it.

    Each has the system identifier and the key of codes of the others.
    """
    socket_dir = psycopg.conninfo.conninfo_to_dict(admin_url)["host"]
    prepared = Path(str(socket_dir)).parent / _PREPARED
    subprocess.run(["cp", "-a", prepared, data_dir], check=True)


@contextlib.contextmanager
def clone(admin_url: str, name: str, template: str = TEMPLATE) -> Iterator[str]:
    """The URL of a new database with schema and seeds, dropped at the end."""
    with database(admin_url, name, template) as url:
        yield url


def make_template(admin_url: str, name: str, fill: Callable[[str], None]) -> None:
    """A database with schema and seeds and what `fill` puts in, to be cloned: made by whichever
    test of the run is the first to ask for it.
    """
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [name])
        known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name])
        if known.fetchone() is not None:
            return
        with clone(admin_url, f"{name}_to_be") as url:
            fill(url)
            made = sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(f"{name}_to_be"), sql.Identifier(name)
            )
            connection.execute(made)


@contextlib.contextmanager
def database(admin_url: str, name: str, template: str = "template0") -> Iterator[str]:
    """The URL of a new database like the template, dropped at the end."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        # Files are copied in two thirds of the time that a copy through the log takes.
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    url = admin_url.replace("/postgres?", f"/{name}?")
    try:
        yield url
    finally:
        with psycopg.connect(admin_url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )
