"""The process behind `bin/run`: starts the database, the server and the worker, and ends all."""

import sys
import time
from pathlib import Path
from typing import Final

import click

from registry.core.errors import ClusterError, RegistryError
from registry.core.messages import Message
from registry.core.settings import Settings
from registry.ops import cluster
from registry.ops.cluster import PrivateCluster, host
from scripts import children
from scripts.background import BackgroundWorker, Pauses
from scripts.children import Child, Starter
from scripts.end_signal import EndSignal, SignalledError
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

METRICS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Folder in which the processes of a server add up their metrics (prometheus-client)."""
_FIRST_FREE_PORT: Final = 1024


class ServerEndedError(RegistryError):
    """The web server ended unexpectedly."""

    code = "server_ended"


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
        self._wants_worker = worker
        self._cluster: PrivateCluster | None = None
        self._postmaster: Child | None = None
        self._preparing: Child | None = None
        self._server: Child | None = None
        self._loader: DemoLoader | None = None
        self._worker: BackgroundWorker | None = None
        self._pauses = Pauses()
        self._database_due = self._database_started = time.monotonic()
        self._leaving: Path
        self._signal: EndSignal

    def run(self) -> None:
        """Serve until a signal; raises RegistryError if something ends unexpectedly."""
        with RunLock(self._settings.var / "run.lock") as lock:
            self._signal = EndSignal()
            try:
                self._start(lock)
                self._watch()
            except SignalledError:
                say("stopping")
                self._leave()
            finally:
                self._stop()

    def _start(self, lock: RunLock) -> None:
        account = host.web_account(self._settings.var)
        with reserve_port(
            self._host,
            self._port,
            account,
            patient=lock.left_behind,
            check=self._signal.check,
        ) as reserved:
            port: int = reserved.getsockname()[1]
            url = server_url(self._host, port)
            lock.publish(url)
            database_url = self._settings.database_url or self._start_cluster()
            starter = Starter.of(self._settings, database_url)
            if self._prepare:
                self._prepare_database(starter)
            self._server = self._start_server(port, starter)
            wait_until_ready(url, self._server, self._signal.check)
        self._check_server(self._server)
        if self._wants_worker:
            self._worker = BackgroundWorker(starter)
            self._worker.tend()
        say(f"serving on {url}", err=False)
        if self._demo:
            # Only now: the service answers queries of units meanwhile.
            self._loader = start_loading(starter)

    def _start_cluster(self) -> str:
        private = self._cluster = cluster.locate(self._settings)
        if not private.is_initialised():
            say(f"PostGIS cluster {private.data_dir}: making it")
            private.initialise()
        # A former one may be ending after its supervisor was killed; it would not end with this.
        private.stop()
        say(f"PostGIS cluster {private.data_dir}: starting")
        self._postmaster = private.start(self._signal.check)
        private.create_database()
        return private.url()

    def _prepare_database(self, starter: Starter) -> None:
        """Prepare in a short-lived process: it needs three times this one's memory."""
        command = (sys.executable, "-m", "scripts.main", "database", "prepare")
        self._preparing = starter.start(*command)
        children.wait_for_any([self._preparing], descriptor=self._signal.descriptor)
        self._signal.check()
        if status := self._preparing.wait():
            raise click.exceptions.Exit(status)  # it has printed the reason
        self._preparing = None

    def _start_server(self, port: int, starter: Starter) -> Child:
        command = [
            *web_server("api.wsgi:server", self._host, port, workers=self._workers),
            *("--respawn-failed-workers", "--workers-kill-timeout=12", "--log-level=warning"),
        ]
        self._leaving = starter.home / self._settings.leaving.name
        self._leaving.unlink(missing_ok=True)
        metrics = starter.home / "metrics"
        metrics.mkdir(mode=0o700, exist_ok=True)
        host.hand_over([metrics], starter.account)
        for left in metrics.glob("*.db"):  # of a former run
            left.unlink()
        environment = {METRICS_FOLDER: str(metrics)}
        alone = self._settings.database_url is None and not self._settings.proxies
        if self._settings.limits is None and alone and is_loopback(self._host):
            environment["DIACHISO_LIMITS"] = "off"
            say(Message("limits_off_locally"))
        elif self._settings.limits is False and not is_loopback(self._host):
            say(Message("limits_off_warning"))
        # Only root may listen on the ports below 1024.
        kept = ("net_bind_service",) if port < _FIRST_FREE_PORT else ()
        return starter.start(*command, environment=environment, capabilities=kept)

    def _watch(self) -> None:
        """Wait until the server ends. Restarts a database or worker that ends."""
        while True:
            due = [self._tend_database(), self._worker.tend() if self._worker else None]
            worker = self._worker.child if self._worker else None
            loading = self._loader.process if self._loader else None
            watched = (self._server, self._postmaster, worker, loading)
            children.wait_for_any(
                [child for child in watched if child is not None],
                descriptor=self._signal.descriptor,
                timeout_s=min((due_s for due_s in due if due_s is not None), default=None),
            )
            self._signal.check()
            if self._server is not None:
                self._check_server(self._server)
            if self._loader is not None and self._loader.has_ended():
                self._loader = None

    @staticmethod
    def _check_server(server: Child) -> None:
        if server.poll() is not None:
            raise ServerEndedError(Message("web_server_stopped", status=server.returncode))

    def _tend_database(self) -> float | None:
        """Restart it if it has ended and is due, without limit; meanwhile the web server reports it
        as missing. Returns the seconds until then, None while it runs.
        """
        if self._cluster is None:
            return None
        if self._postmaster is not None:
            if self._postmaster.poll() is None:
                return None
            self._postmaster = None
            self._pause_database("ended by itself")
        if time.monotonic() >= self._database_due:
            self._database_started = time.monotonic()
            try:
                self._postmaster = self._cluster.start(self._signal.check)
            except ClusterError as error:
                self._pause_database(str(error))
            else:
                return None
        return max(0.0, self._database_due - time.monotonic())

    def _pause_database(self, why: str) -> None:
        pause_s = self._pauses.next_s(time.monotonic() - self._database_started)
        self._database_due = time.monotonic() + pause_s
        say(f"PostGIS cluster: {why}; starting again in {pause_s:.0f} s")

    def _leave(self) -> None:
        """Continue to serve for a while, with `/readyz` reporting that no more should be sent.

        Ends with a second signal, or with the server.
        """
        if self._server is None or not self._settings.leave_s:
            return
        self._signal.await_another()
        self._leaving.touch()
        children.wait_for_any(
            [self._server], descriptor=self._signal.descriptor, timeout_s=self._settings.leave_s
        )

    def _stop(self) -> None:
        # In order, uninterrupted: a further signal is only recorded.
        if self._preparing is not None:
            children.end(self._preparing)
        if self._loader is not None:
            self._loader.end()
        if self._worker is not None:
            self._worker.end()
        if self._server is not None:
            children.end(self._server)
        if self._cluster is not None:
            self._cluster.stop()
