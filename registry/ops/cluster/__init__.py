"""The private PostGIS cluster of this checkout, created, started and stopped by the program.

It listens only on a socket in a private folder, so it does not interfere with other PostgreSQL
servers of the machine.
"""

import contextlib
import hashlib
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from registry.core.errors import ClusterError
from registry.core.messages import Message
from registry.core.settings import Settings
from registry.ops.cluster import host
from registry.ops.cluster.archive import Archive, archive_of, beside, settings_text
from registry.ops.cluster.config import HOST_BASED_ACCESS, settings_file
from registry.ops.cluster.host import Account

DATABASE: Final = "diachiso"
PORT: Final = 54329
"""Only part of the socket's name: every cluster has its own folder, and none listens on TCP."""
FALLBACK: Final = Path("/var/lib/diachiso")
"""Data folder if the account cannot reach `var/`, as below /root."""

# A socket's path must fit in 107 bytes, so it lies neither under var/ nor under TMPDIR.
_SOCKETS: Final = Path("/tmp")  # noqa: S108 - the folder made there is checked to be private

_START_TIMEOUT_S: Final = 300.0
"""After a crash PostgreSQL first replays up to max_wal_size of changes."""
_STOP_TIMEOUT_S: Final = 60.0
_ORPHAN_TIMEOUT_S: Final = 15.0
_LEFT_BEHIND: Final = ": File exists"
"""Error of recovery when the file of an unlogged table already exists."""


@dataclass(frozen=True, slots=True)
class PrivateCluster:
    """One cluster: its location and owner. Every failure is a ClusterError of one line."""

    name: str
    bin_dir: Path
    data_dir: Path
    socket_dir: Path
    account: Account
    guests: int
    """Group that may connect besides the account: that of the web server."""
    port: int = PORT
    throwaway: bool = False
    archive: Archive | None = None
    """Archive of its log for backups, if any."""

    @property
    def log_file(self) -> Path:
        """The newest log file."""
        logs = sorted(self._log_dir.glob("*.log"), key=lambda path: path.stat().st_mtime)
        return logs[-1] if logs else self._log_dir

    @property
    def _log_dir(self) -> Path:
        return self.data_dir / "log"

    @property
    def _pid_file(self) -> Path:
        return self.data_dir / "postmaster.pid"

    def admin_url(self, dbname: str = DATABASE) -> str:
        """Return the superuser's URL for a database of this cluster."""
        return f"postgresql://postgres@/{dbname}?host={self.socket_dir}&port={self.port}"

    def url(self) -> str:
        """Return the URL of the register's database; sessions set their role when they start."""
        return self.admin_url(DATABASE)

    def is_initialised(self) -> bool:
        """Whether the data directory is complete."""
        with host.refusals(self.data_dir):
            return (self.data_dir / "PG_VERSION").exists()

    def initialise(self) -> None:
        """Create the data directory unless it exists.

        It gets its name only when complete, so an interrupted attempt is never mistaken for it.
        """
        if self.is_initialised():
            return
        fresh = self.data_dir.with_name(f"{self.data_dir.name}.new")
        with host.refusals(fresh):
            host.make_open_folder(fresh.parent)
            if fresh.exists():
                shutil.rmtree(fresh)
            try:
                host.make_private_folder(fresh, self.account)
                self._initdb(fresh)
                fresh.rename(self.data_dir)
            except BaseException:
                shutil.rmtree(fresh, ignore_errors=True)
                raise

    def _initdb(self, target: Path) -> None:
        done = self.account.run(
            self.bin_dir / "initdb",
            f"--pgdata={target}",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale-provider=libc",
            "--locale=C.UTF-8",
            "--data-checksums",
            "--auth-local=trust",
            "--auth-host=reject",
            "--no-instructions",
            *(("--no-sync",) if self.throwaway else ()),
        )
        if done.returncode != 0:
            raise ClusterError(host.explain(done.stderr, self.data_dir))
        (target / "log").mkdir(mode=0o700)
        os.chown(target / "log", self.account.uid, self.account.gid)
        self.account.write(target / "pg_hba.conf", HOST_BASED_ACCESS)
        original = (target / "postgresql.conf").read_text(encoding="utf-8")
        self.account.write(target / "postgresql.conf", f"{original}\ninclude = 'diachiso.conf'\n")

    def start(
        self, check: Callable[[], None] = lambda: None, patience_s: float = _START_TIMEOUT_S
    ) -> subprocess.Popen[bytes]:
        """Start the server and return it, ready for connections.

        It is a child of this process, and shuts down when the calling thread ends, even by SIGKILL;
        also when `check`, called repeatedly until the server is ready, raises.
        """
        pid = self.running_pid()
        if pid is not None:
            raise ClusterError(Message("cluster_already_running", folder=self.data_dir, pid=pid))
        self._await_orphans()
        self._remove_stale_pid_file()
        host.make_private_folder(self.socket_dir, self.account, self.guests)
        self._write_settings()
        try:
            return self._spawn(check, patience_s)
        except ClusterError as error:
            if _LEFT_BEHIND not in error.message.words("en"):
                raise
        # A backend that outlived its killed server rolled back an import: it removed the init fork
        # of an unlogged table and left the main fork to the checkpointer, which was dead. Recovery
        # recreates the init fork and refuses to overwrite the main one. The next start sees both,
        # and resets the main fork as for every unlogged table.
        return self._spawn(check, patience_s)

    def _spawn(self, check: Callable[[], None], patience_s: float) -> subprocess.Popen[bytes]:
        server = self.account.spawn(
            self._log_dir / "start.log", self.bin_dir / "postgres", "-D", self.data_dir
        )
        try:
            self._await_ready(server, check, patience_s)
        except BaseException:
            server.send_signal(signal.SIGINT)
            server.wait()
            raise
        return server

    def _write_settings(self) -> None:
        path = self.data_dir / "diachiso.conf"
        wanted = settings_file(
            cluster_name=self.name,
            socket_dir=self.socket_dir,
            port=self.port,
            throwaway=self.throwaway,
            archive=self.archive,
        )
        with host.refusals(path):
            if not path.exists() or path.read_text(encoding="utf-8") != wanted:
                self.account.write(path, wanted)
        self.write_archive_settings()

    def write_archive_settings(self) -> None:
        """Write pgBackRest's settings, unless the operator does, and make its local folder."""
        if self.archive is None:
            return
        host.make_private_folder(beside(self.data_dir), self.account)
        if self.archive.folder is None:
            return
        wanted = settings_text(
            head="# Written by diachiso; to change it name a copy in DIACHISO_BACKUPS.",
            store=f"repo1-path={self.archive.folder}",
            data_dir=self.data_dir,
            socket_dir=self.socket_dir,
            port=self.port,
        )
        self.account.write(self.archive.config, wanted)

    def _await_ready(
        self, server: subprocess.Popen[bytes], check: Callable[[], None], patience_s: float
    ) -> None:
        deadline = time.monotonic() + patience_s
        while self._pid_file_lines()[7:8] != ["ready"] or self.running_pid() != server.pid:
            check()
            try:
                server.wait(timeout=0.05)
            except subprocess.TimeoutExpired:
                if time.monotonic() > deadline:
                    raise ClusterError(
                        Message(
                            "postgresql_not_ready",
                            patience_s=patience_s,
                            log_file=self.log_file,
                        )
                    ) from None
            else:
                raise ClusterError(host.explain(self.last_words(), self.data_dir))

    def last_words(self) -> str:
        """Return the end of the newest log."""
        with host.refusals(self._log_dir):
            log = self.log_file
            if not log.is_file():
                return ""
            with log.open("rb") as file:
                file.seek(max(0, log.stat().st_size - 8192))
                return file.read().decode(errors="replace")

    def stop(self) -> None:
        """Stop the server if it runs: closes connections, keeps committed data."""
        pid = self.running_pid()
        if pid is not None:
            self._end(pid)
            with contextlib.suppress(OSError):  # a foreign file in it does no harm
                self.socket_dir.rmdir()

    def _end(self, pid: int) -> None:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            for how in (
                signal.SIGINT,
                signal.SIGQUIT,
            ):  # fast shutdown; then immediate, with recovery at the next start
                signal.pidfd_send_signal(descriptor, how)
                if poll.poll(_STOP_TIMEOUT_S * 1000):
                    return
        except ProcessLookupError:
            return
        except PermissionError:
            raise ClusterError(Message("cluster_process_of_other_user", pid=pid)) from None
        finally:
            os.close(descriptor)
        raise ClusterError(Message("postgresql_does_not_stop", pid=pid, log_file=self.log_file))

    def is_running(self) -> bool:
        """Whether the server of this data directory is alive, whoever started it."""
        return self.running_pid() is not None

    def running_pid(self) -> int | None:
        """Return the process id of this data directory's server, ignoring a stale file."""
        lines = self._pid_file_lines()
        if not lines or not lines[0].isdecimal():
            return None
        pid = int(lines[0])
        return pid if f" -D {self.data_dir} " in host.command_line(pid) else None

    def _pid_file_lines(self) -> list[str]:
        try:
            return [line.strip() for line in self._pid_file.read_text().splitlines()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise ClusterError(host.refusal(error, self._pid_file)) from error

    def _await_orphans(self) -> None:
        """Wait for backends that outlived a killed server: they still use its shared memory."""
        if not self._pid_file_lines():
            return  # clean shutdown; by name alone, another container's backends could match
        deadline = time.monotonic() + _ORPHAN_TIMEOUT_S
        while orphans := host.processes(f"postgres: {self.name}: "):
            if time.monotonic() > deadline:
                raise ClusterError(
                    Message("orphaned_processes", processes=" ".join(map(str, sorted(orphans))))
                )
            time.sleep(0.1)

    def _remove_stale_pid_file(self) -> None:
        """Remove the pid file of a killed server if its pid is in use, by any process or a zombie.

        PostgreSQL removes other stale files itself, but here takes the process for a server.
        """
        lines = self._pid_file_lines()
        if lines and lines[0].isdecimal() and Path(f"/proc/{lines[0]}").exists():
            with host.refusals(self._pid_file):
                self._pid_file.unlink(missing_ok=True)

    def create_database(self, name: str = DATABASE, *, template: str = "template0") -> None:
        """Create a database unless it exists."""
        with psycopg.connect(self.admin_url("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT FROM pg_database WHERE datname = %s", [name])
            if known.fetchone() is None:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                        sql.Identifier(name), sql.Identifier(template)
                    )
                )


def locate(
    settings: Settings, *, library: Path = host.LIBRARY, share: Path = host.SHARE
) -> PrivateCluster:
    """Return the private cluster of this checkout, whether or not it exists; writes nothing."""
    name = _name(settings.var)
    data_dir, account = _place(settings.var, FALLBACK / name)
    return PrivateCluster(
        name=name,
        bin_dir=_bin_dir(data_dir, library, share),
        data_dir=data_dir,
        socket_dir=_SOCKETS / name,
        account=account,
        guests=host.guests_of(account, settings.var),
        archive=archive_of(settings.backups, data_dir) if settings.backups else None,
    )


def _name(var: Path) -> str:
    return f"{DATABASE}-{hashlib.sha256(os.fsencode(var)).hexdigest()[:8]}"


def _place(var: Path, fallback: Path) -> tuple[Path, Account]:
    near = var / "cluster"
    account = host.account_for(near)
    if os.geteuid() == 0 and not near.exists():
        there = fallback.exists()
        if there or not account.can_enter(var):
            return fallback, host.account_for(fallback)
    return near, account


def _bin_dir(data_dir: Path, library: Path, share: Path) -> Path:
    majors = host.installed_majors(library, share)
    try:
        made_by = (data_dir / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        made_by = ""
    except OSError as error:
        raise ClusterError(host.refusal(error, data_dir)) from error
    if made_by:
        if not made_by.isdecimal() or int(made_by) not in majors:
            raise ClusterError(
                Message("cluster_postgresql_missing", folder=data_dir, version=made_by)
            )
        return library / made_by / "bin"
    if not majors:
        raise ClusterError(Message("postgresql_not_installed", minimum_major=host.MINIMUM_MAJOR))
    return library / str(majors[0]) / "bin"


def throwaway(base: Path) -> PrivateCluster:
    """Return a cluster for tests in the new, empty folder `base`, which its account then owns."""
    account = host.account_for(base / "data")
    guests = host.guests_of(account, base)
    os.chown(base, account.uid, guests)
    base.chmod(0o710)
    return PrivateCluster(
        name=base.name,
        bin_dir=_bin_dir(base / "data", host.LIBRARY, host.SHARE),
        data_dir=base / "data",
        socket_dir=base / "socket",
        account=account,
        guests=guests,
        throwaway=True,
    )


KEPT: Final = ("imports", "reforms", "batches", "open-data", "keys", "metrics")
"""Folders below `DIACHISO_VAR` that the service writes to, besides its counters."""


def prepare_files_folder(settings: Settings, account: Account) -> Path:
    """Return the folder of the service's files, owned by `account`.

    It is `var`, or one beside the data if the account cannot reach that. Files of a service that
    ran as root are moved and handed over.
    """
    if os.geteuid() != 0:
        return settings.var
    home = settings.var
    with host.refusals(home):
        if not account.can_enter(home):
            home = FALLBACK / f"{_name(settings.var)}-files"
        host.make_open_folder(home)
        folders, counters = [home / name for name in KEPT], home / "counters"
        for folder in folders:
            former = settings.var / folder.name
            if former.exists() and not folder.exists():
                shutil.move(former, folder)
        if home.stat().st_uid == 0:  # in its own folder the account creates them itself
            for folder in folders:
                folder.mkdir(mode=0o700, exist_ok=True)
            counters.touch(mode=0o600)
        host.hand_over([*folders, counters], account)
    return home


def database_url(settings: Settings) -> str:
    """Return the URL for commands: DATABASE_URL, or the running private cluster's."""
    if settings.database_url:
        return settings.database_url
    cluster = locate(settings)
    if not cluster.is_running():
        raise ClusterError(Message("cluster_not_running"))
    host.check_private_folder(cluster.socket_dir, cluster.account)
    return cluster.url()
