"""The process behind `bin/run`: starts the database, the server and the worker, and ends all."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections import deque
from types import FrameType
from typing import Final

import click

from registry import cluster
from registry.cluster import PrivateCluster
from registry.errors import ClusterError, RegistryError
from registry.settings import ROOT, Settings
from scripts.first_demo import DemoLoader, start_loading
from scripts.listening import (
    is_loopback,
    reserve_port,
    server_url,
    wait_until_ready,
    web_server,
)
from scripts.progress import say
from scripts.runlock import RunLock

_STOP_TIMEOUT_S: Final = 15.0
_RESTARTS: Final = 3
_RESTARTS_WITHIN_S: Final = 600.0


class SignalledError(BaseException):
    """Somebody asked this process to end. No Exception: no handler on the way may swallow it."""


class ServerEndedError(RegistryError):
    """The web server ended though nobody asked it to."""

    code = "server_ended"


class WorkerEndedError(RegistryError):
    """The worker ended though nobody asked it to, too often."""

    code = "worker_ended"


class _Restarts:
    """Counts how often something was started again, and says when that is too often."""

    def __init__(self) -> None:
        self._at: deque[float] = deque(maxlen=_RESTARTS)

    def allowed(self) -> bool:
        """Whether it may be started again now, which is counted."""
        now = time.monotonic()
        if len(self._at) == _RESTARTS and now - self._at[0] < _RESTARTS_WITHIN_S:
            return False
        self._at.append(now)
        return True


class Supervisor:
    """Runs the service: the private cluster unless DATABASE_URL is set, web server and worker."""

    def __init__(
        self,
        settings: Settings,
        *,
        host: str,
        port: int,
        workers: int,
        prepare: bool,
        demo: bool,
        worker: bool,
    ) -> None:
        self._settings = settings
        self._host = host
        self._port = port
        self._workers = workers
        self._prepare = prepare
        self._demo = demo
        self._cluster: PrivateCluster | None = None
        self._postmaster: subprocess.Popen[bytes] | None = None
        self._preparing: subprocess.Popen[bytes] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._loader: DemoLoader | None = None
        self._wants_worker = worker
        self._database_url = ""
        self._worker: subprocess.Popen[bytes] | None = None
        self._restarts = _Restarts()
        self._worker_restarts = _Restarts()

    def run(self) -> None:
        """Serve until a signal; RegistryError when something ends that should not."""
        with RunLock(self._settings.var / "run.lock") as lock:
            try:
                _listen_to_signals()
                self._start(lock)
                self._watch()
            except SignalledError:
                say("stopping")
            finally:
                # From here on nothing may interrupt: what was started must end.
                _ignore_signals()
                self._stop()

    def _start(self, lock: RunLock) -> None:
        with reserve_port(self._host, self._port, patient=lock.left_behind) as reserved:
            port: int = reserved.getsockname()[1]
            url = server_url(self._host, port)
            lock.publish(url)
            database_url = self._settings.database_url or self._start_cluster()
            if self._prepare:
                self._prepare_database(database_url)
            self._server = self._start_server(port, database_url)
            wait_until_ready(url, self._server)
        self._check_server(self._server)
        self._database_url = database_url
        if self._wants_worker:
            self._worker = self._start_worker()
        click.echo(f"serving on {url}")
        if self._demo:
            # Only now: the service answers questions about units meanwhile.
            self._loader = start_loading(database_url)

    def _start_cluster(self) -> str:
        private = self._cluster = cluster.locate(self._settings)
        if not private.is_initialised():
            say(f"PostGIS cluster {private.data_dir}: making it")
            private.initialise()
        # One may be ending, after its supervisor was killed; it would not end together with us.
        private.stop()
        say(f"PostGIS cluster {private.data_dir}: starting")
        self._postmaster = private.start()
        private.create_database()
        return private.url()

    def _prepare_database(self, database_url: str) -> None:
        """By a process that ends: what it reads is three times what this one needs for months."""
        command = [
            *("setpriv", "--pdeathsig=TERM", "--"),
            *(sys.executable, "-m", "scripts.main", "database", "prepare"),
        ]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": database_url}
        self._preparing = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, env=environment, start_new_session=True
        )
        if status := self._preparing.wait():
            raise click.exceptions.Exit(status)  # it has said why
        self._preparing = None

    def _start_server(self, port: int, database_url: str) -> subprocess.Popen[bytes]:
        command = [
            *("setpriv", "--pdeathsig=TERM", "--"),
            *web_server("api.wsgi:server", self._host, port, workers=self._workers),
            *("--respawn-failed-workers", "--workers-kill-timeout=5", "--log-level=warning"),
        ]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": database_url}
        alone = self._settings.database_url is None and not self._settings.proxies
        if self._settings.limits is None and alone and is_loopback(self._host):
            environment["DIACHISO_LIMITS"] = "off"
            say(
                "chỉ phục vụ máy này, không giới hạn số yêu cầu; DIACHISO_LIMITS=on thì có"
                " (no limits while it serves this machine alone)"
            )
        elif self._settings.limits is False and not is_loopback(self._host):
            say(
                "DIACHISO_LIMITS=off: ai cũng chép được sổ từ xa"
                " (anybody may copy the register over the network)"
            )
        # A session of its own: Ctrl-C reaches this process only, which ends things in order.
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, env=environment, start_new_session=True
        )

    def _start_worker(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [
                *("setpriv", "--pdeathsig=TERM", "--"),
                *(sys.executable, "-m", "scripts.main", "work"),
            ],
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": self._database_url},
            start_new_session=True,
        )

    def _watch(self) -> None:
        """Wait until the server ends. A database or worker that ends is started again."""
        while True:
            loading = self._loader.process if self._loader else None
            watched = (self._server, self._postmaster, self._worker, loading)
            _wait_for_any([child for child in watched if child is not None])
            if self._server is not None:
                self._check_server(self._server)
            if self._loader is not None and self._loader.has_ended():
                self._loader = None
            self._restart_cluster()
            self._restart_worker()

    @staticmethod
    def _check_server(server: subprocess.Popen[bytes]) -> None:
        if server.poll() is not None:
            raise ServerEndedError(
                f"the web server ended by itself (status {server.returncode}); "
                "what it said last stands above"
            )

    def _restart_cluster(self) -> None:
        if self._cluster is None or self._postmaster is None or self._postmaster.poll() is None:
            return
        if not self._restarts.allowed():
            raise ClusterError(f"PostGIS ended again and again; see {self._cluster.log_file}")
        say(f"PostGIS cluster {self._cluster.data_dir}: ended by itself, starting again")
        self._postmaster = self._cluster.start()

    def _restart_worker(self) -> None:
        if self._worker is None or self._worker.poll() is None:
            return
        _end_group(self._worker)
        if not self._worker_restarts.allowed():
            raise WorkerEndedError(
                "the worker ended again and again; what it said last stands above"
                " (--no-worker serves without it)"
            )
        say("việc nền: tự dừng, chạy lại (the worker ended by itself, starting again)")
        self._worker = self._start_worker()

    def _stop(self) -> None:
        if self._preparing is not None:
            _end_group(self._preparing)
        if self._loader is not None:
            self._loader.end()
        if self._worker is not None:
            _end_group(self._worker)
        if self._server is not None:
            _end_group(self._server)
        if self._cluster is not None:
            self._cluster.stop()


def _listen_to_signals() -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        _ignore_signals()  # one signal ends all of it; a second must not disturb the ending
        raise SignalledError

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # `nohup` asks to outlive the terminal.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, end)


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


def _wait_for_any(children: list[subprocess.Popen[bytes]]) -> None:
    """Sleep until one of the children has ended."""
    with contextlib.ExitStack() as stack:
        poll = select.poll()
        for child in children:
            if child.poll() is not None:
                return
            descriptor = os.pidfd_open(child.pid)
            stack.callback(os.close, descriptor)
            poll.register(descriptor, select.POLLIN)
        poll.poll()


def _end_group(leader: subprocess.Popen[bytes]) -> None:
    """End the server or worker, and whatever it started even if it is gone itself."""
    if leader.poll() is None:
        leader.terminate()
        try:
            leader.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            say(f"{leader.args[-1]!s} does not end; killing it")  # type: ignore[index]
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader.pid, signal.SIGKILL)
    leader.wait()
