"""Point-in-time recovery of a register, into a cluster of its own beside the running one.

pgBackRest restores the newest backup before the moment, and PostgreSQL replays the log up to it.
The result is another register, as after any restore: it issues codes beyond all that were drawn
since, its followers start again, its webhooks are paused, it has no jobs. Only then does it get the
name under which it can be started. Its ordinals begin a million beyond all that backups and running
register know, and it does not archive (`archive_mode` off).
"""

import datetime
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from registry.core.database import OWNER_ROLE
from registry.core.errors import (
    ClusterError,
    ConflictError,
    NotFoundError,
    NotPreparedError,
    RegistryError,
)
from registry.core.messages import Message
from registry.core.settings import Settings
from registry.core.sql import Statements
from registry.jobs.schema import SCHEMA
from registry.ops import cluster
from registry.ops.backup.moments import drawn_ordinals
from registry.ops.backup.restore import make_independent, upgrade_restored
from registry.ops.backup.store import Backup, Store, open_store
from registry.ops.backup.tools import Report, connected, note_run
from registry.ops.cluster import PrivateCluster, host
from registry.ops.cluster.config import HOST_BASED_ACCESS
from registry.ops.cluster.host import Account
from registry.ops.doctor import Result, State, run_probes
from registry.ops.prepare import knows_revision

SQL: Final = Statements(__file__, "queries.sql")

_PATIENCE_S: Final = 24 * 3_600.0
"""Replaying a week of a busy register's log takes hours."""
_ROOM: Final = 1.2
"""Free disk space, relative to the cluster: replaying makes it larger."""
_INCLUDE: Final = "include = 'diachiso.conf'"
_RECOVERY_SETTINGS: Final = ("restore_command", "recovery_target", "archive_mode")
"""Settings that pgBackRest writes into `postgresql.auto.conf`."""
_ENDED_EARLY: Final = "recovery ended before configured recovery target"
# A cluster promoted without an archive never sent its history files; later backups need them.
_SEND_HISTORY: Final = """
cd "$1/pg_wal" && for file in *.history; do
    [ ! -e "$file" ] || [ -e "archive_status/$file.done" ] || : >"archive_status/$file.ready"
done
"""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a register has got."""

    records: int
    events: int
    position: int
    """Last position of its feed."""
    last: datetime.datetime | None
    """Time of its newest event."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """A recovered register; its server is stopped."""

    cluster: PrivateCluster
    backup: Backup
    extent: Extent
    """Its extent right after recovery."""
    results: list[Result]
    """Results of the doctor's probes."""

    @property
    def is_well(self) -> bool:
        """Whether no probe failed."""
        return all(each.state != State.FAILURE for each in self.results)


def restore_moment(
    settings: Settings, moment: datetime.datetime | None, into: Path, *, report: Report
) -> Recovered:
    """Recover the register of `moment`, or the newest state, into the empty folder `into`.

    The folder can then serve as `DIACHISO_VAR`. Raises ConflictError if it is not empty,
    NotFoundError if no backup is old enough, ClusterError, NotPreparedError.
    """
    into = into.resolve()
    if into.exists() and any(into.iterdir()):
        raise ConflictError(Message("recovery_folder_not_empty", into=into))
    there = into.exists()
    try:
        found = _recover(settings, moment, into, report)
        _take_name(found.cluster)
    except BaseException:
        if not there:
            shutil.rmtree(into, ignore_errors=True)
        raise
    return found


def rehearse(settings: Settings, scratch: Path, *, report: Report) -> Recovered:
    """Recover the newest state into a temporary folder below `scratch`, and record the rehearsal.

    It is recorded if no probe of the doctor fails. Raises ClusterError if the result lacks events
    that the running register had at the start.
    """
    with connected(cluster.database_url(settings), role=OWNER_ROLE) as running:
        before = _extent(running)
        with tempfile.TemporaryDirectory(prefix="diachiso-rehearsal-", dir=scratch) as folder:
            Path(folder).chmod(0o711)  # the cluster's account has to traverse it
            found = _recover(settings, None, Path(folder) / "var", report)
        if found.extent.position < before.position:
            lost = before.position - found.extent.position
            raise ClusterError(Message("recovery_lacks_changes", lost=lost))
        if found.is_well:
            note_run(running, "rehearsal", found.backup.label)
    return found


def _recover(
    settings: Settings, moment: datetime.datetime | None, into: Path, report: Report
) -> Recovered:
    store = open_store(settings)
    ordinal = _flush(settings, store, report)
    backup = store.newest(moment)
    made = _cluster_in(into, backup, store.account)
    highest = max(ordinal, *(each.ordinal for each in store.backups()))
    report(Message("restoring_backup", label=backup.label))
    try:
        _restore_files(store, backup, moment, made)
        report(Message("replaying_log"))
        with _running(made, moment):
            _rename(made, settings)
            with connected(made.url(), role=OWNER_ROLE) as connection:
                extent = _extent(connection)
                _detach(connection, highest)
            upgrade_restored(made.url(), report)
            results = run_probes(Settings(var=into, database_url=made.url()))
    except BaseException:
        shutil.rmtree(made.data_dir, ignore_errors=True)
        raise
    return Recovered(made, backup, extent, results)


def _flush(settings: Settings, store: Store, report: Report) -> int:
    """Have the running register send its log to the store; return its drawn ordinals.

    A register that does not run or cannot send its log is the reason for a recovery: it is only
    reported.
    """
    try:
        with connected(cluster.database_url(settings), role=OWNER_ROLE) as connection:
            ordinal = drawn_ordinals(connection)
    except RegistryError as error:
        report(Message("register_not_running", detail=error.detail))
        return 0
    try:
        store.run("check")
    except ClusterError as error:
        report(error.detail)
    return ordinal


def _cluster_in(into: Path, backup: Backup, account: Account) -> PrivateCluster:
    """Prepare the cluster in `into`, under a name by which it cannot be started yet."""
    if backup.major not in host.installed_majors():
        raise NotPreparedError(Message("backup_postgresql_missing", major=backup.major))
    with host.refusals(into):
        host.make_open_folder(into)
        made = cluster.locate(Settings(var=into))
        fresh = made.data_dir.with_name(f"{made.data_dir.name}.new")
        if made.is_initialised() or fresh.exists():
            raise ConflictError(Message("recovery_folder_exists", folder=made.data_dir))
        host.make_open_folder(fresh.parent)
        free = shutil.disk_usage(fresh.parent).free
        if free < backup.bytes * _ROOM:
            raise ClusterError(
                Message(
                    "recovery_disk_too_small",
                    into=into,
                    needed=backup.bytes * _ROOM / 1000000000.0,
                    free=free / 1000000000.0,
                )
            )
        host.make_private_folder(fresh, account)
    programs = host.LIBRARY / str(backup.major) / "bin"
    return replace(made, data_dir=fresh, bin_dir=programs, account=account)


def _restore_files(
    store: Store, backup: Backup, moment: datetime.datetime | None, made: PrivateCluster
) -> None:
    until = ["--type=default"]
    if moment is not None:
        utc = moment.astimezone(datetime.UTC)
        target = f"--target={utc:%Y-%m-%d %H:%M:%S.%f}+00"
        until = ["--type=time", target, "--target-action=promote"]
    store.run(
        "restore",
        f"--pg1-path={made.data_dir}",
        f"--set={backup.label}",
        "--archive-mode=off",
        *until,
    )
    _adopt_settings(made)


def _adopt_settings(made: PrivateCluster) -> None:
    """Give it the settings of a private cluster: those of its origin may lie outside of it, or name
    ports, folders and programs of another machine.
    """
    folder, write = made.data_dir, made.account.write
    made.account.run("/bin/mkdir", "-p", folder / "log")
    main, altered = folder / "postgresql.conf", folder / "postgresql.auto.conf"
    lines = altered.read_text(encoding="utf-8").splitlines()
    if not main.exists() or _INCLUDE not in main.read_text(encoding="utf-8"):
        write(main, f"{_INCLUDE}\n")
        lines = [line for line in lines if line.startswith(_RECOVERY_SETTINGS)]
    # Without hot standby its limits need not be as large as on the original server.
    write(altered, "\n".join([*lines, "hot_standby = 'off'", ""]))
    write(folder / "pg_hba.conf", HOST_BASED_ACCESS)


@contextmanager
def _running(made: PrivateCluster, moment: datetime.datetime | None) -> Iterator[None]:
    """Run its server in the block, once recovery is finished."""
    try:
        server = made.start(patience_s=_PATIENCE_S)
    except ClusterError as error:
        if moment is None or _ENDED_EARLY not in error.message.words("en"):
            raise
        raise NotFoundError(Message("log_ends_before_moment")) from None
    try:
        yield
    finally:
        made.stop()
        server.wait()


def _rename(made: PrivateCluster, settings: Settings) -> None:
    """Rename its database to that of a private cluster, and reset the recovery settings."""
    with psycopg.connect(made.admin_url("postgres"), autocommit=True) as connection:
        named = make_url(settings.database_url).database if settings.database_url else None
        if named not in (None, cluster.DATABASE):
            connection.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(named), sql.Identifier(cluster.DATABASE)
                )
            )
        # archive_mode stays off: two registers in one store would mix their histories.
        for name in ("restore_command", "recovery_target_time", "recovery_target_action"):
            connection.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(name)))
        connection.execute("ALTER SYSTEM RESET hot_standby")


def _extent(connection: psycopg.Connection[tuple[object, ...]]) -> Extent:
    """Raise NotPreparedError if there is no register, or one of a newer program."""
    try:
        ((revision, *counts, last),) = connection.execute(SQL.driver("extent")).fetchall()
    except psycopg.errors.UndefinedTable:
        raise NotPreparedError(Message("no_register")) from None
    if not knows_revision(str(revision)):
        raise NotPreparedError(Message("backup_schema_unknown", revision=revision))
    records, events, position = (int(str(each)) for each in counts)
    return Extent(records, events, position, last if isinstance(last, datetime.datetime) else None)


def _detach(connection: psycopg.Connection[tuple[object, ...]], highest: int) -> None:
    """Make it another register: later codes, new followers, paused webhooks, no jobs."""
    with connection.transaction():
        connection.execute(
            "SELECT setval('code_ordinal', greatest(last_value, %s)) FROM code_ordinal", [highest]
        )
        make_independent(connection)
        connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(SCHEMA)))


def _take_name(made: PrivateCluster) -> None:
    made.account.run("/bin/sh", "-c", _SEND_HISTORY, "sh", made.data_dir)
    with host.refusals(made.data_dir):
        made.data_dir.rename(made.data_dir.with_suffix(""))
