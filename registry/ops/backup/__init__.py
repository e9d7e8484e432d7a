"""Takes a backup: a snapshot of the register in pg_dump's own format, and a manifest of it.

A file (custom format) with `FILE.manifest.json` beside it, or a folder (directory format, written
by several processes) with `manifest.json`. It appears under its name only when complete and on
disk. It contains the key of the codes, so only its owner may read it; staged imports are left out.
"""

import contextlib
import fcntl
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path
from typing import Final

import psycopg

from registry.core.database import OWNER_ROLE
from registry.core.errors import ClusterError, ConflictError, NotPreparedError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.jobs.schema import SCHEMA
from registry.ops.backup.manifest import (
    FORM,
    LEFT_OUT,
    FileSum,
    Manifest,
    TableSum,
    sum_file,
    sum_tables,
)
from registry.ops.backup.tools import (
    Report,
    ask_server,
    connected,
    find_tool,
    note_run,
    role_arguments,
    run_on_database,
)

SQL: Final = Statements(__file__, "queries.sql")

FOLDER_MANIFEST: Final = "manifest.json"
_MANIFEST_SUFFIX: Final = ".manifest.json"
_TABLE_LINE: Final = 'dumping contents of table "public.'
_LARGE_ROWS: Final = 100_000
"""Tables of at least this size are reported one by one."""
_TICK_S: Final = 10.0


def manifest_path(target: Path) -> Path:
    """Return the path of a backup's manifest: in the folder, or beside the file."""
    if target.is_dir():
        return target / FOLDER_MANIFEST
    return target.with_name(target.name + _MANIFEST_SUFFIX)


def take_backup(
    url: str, target: Path, *, as_folder: bool, jobs: int = 1, report: Report
) -> Manifest:
    """Save the register in the database of `url` as `target`, which must not exist.

    The register stays in use meanwhile; later writes are not in the backup. `jobs` processes write
    a folder, one a file. Raises ConflictError if the target exists or another backup to it is
    running, NotPreparedError without a register, ClusterError for failures of PostgreSQL or the
    disk.
    """
    target = target.resolve()
    if target.exists():
        raise ConflictError(Message("backup_target_exists", target=target))
    with _os_errors(target), _work_folder(target) as work:
        dump = work / "dump"
        made = _dump(url, dump, as_folder=as_folder, jobs=jobs, report=report)
        _put_in_place(made, dump, target)
    with connected(url, role=OWNER_ROLE) as connection:
        note_run(connection, "file", target.name)
    return made


def _dump(url: str, dump: Path, *, as_folder: bool, jobs: int, report: Report) -> Manifest:
    with connected(url) as login:
        server = ask_server(login)
    tool = find_tool("pg_dump", server.major)
    with connected(url, role=OWNER_ROLE) as connection, _snapshot(connection) as snapshot:
        known = _identify(connection)
        report(Message("counting_checksums"))
        tables = dict(sum_tables(connection))
        with _size_reports(dump, report):
            run_on_database(
                tool,
                url,
                f"--format={'directory' if as_folder else 'custom'}",
                *((f"--jobs={jobs}",) if as_folder else ()),
                f"--snapshot={snapshot}",
                "--no-unlogged-table-data",
                f"--exclude-table-data=public.{LEFT_OUT}",
                f"--exclude-schema={SCHEMA}",  # recreated; waiting jobs must not run twice
                *role_arguments(server),
                "--verbose",
                f"--file={dump}",
                on_line=_table_progress(tables, report),
            )
    made_at, register, revision, ordinal = known
    return Manifest(
        FORM,
        made_at,
        register,
        revision,
        server.version,
        tool.major,
        ordinal,
        tables,
        _files(dump),
    )


@contextlib.contextmanager
def _snapshot(connection: psycopg.Connection[tuple[object, ...]]) -> Iterator[str]:
    """Open a transaction with a fixed snapshot, and yield its name for pg_dump."""
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    ((name,),) = connection.execute("SELECT pg_export_snapshot()").fetchall()
    yield str(name)
    connection.execute("ROLLBACK")


def _identify(connection: psycopg.Connection[tuple[object, ...]]) -> tuple[str, str, str, int]:
    try:
        ((at, register, revision, ordinal),) = connection.execute(
            SQL.driver("register_saved")
        ).fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege, ValueError):
        raise NotPreparedError(Message("no_register")) from None
    moment = at.astimezone(UTC) if hasattr(at, "astimezone") else at
    return (f"{moment:%Y-%m-%dT%H:%M:%S}Z", str(register), str(revision), int(str(ordinal)))


def _table_progress(tables: dict[str, TableSum], report: Report) -> Callable[[str], None]:
    def on_line(line: str) -> None:
        name = line.partition(_TABLE_LINE)[2].rstrip('"')
        if name in tables and tables[name].rows >= _LARGE_ROWS:
            report(Message("saving_table", name=name, rows=tables[name].rows))

    return on_line


@contextlib.contextmanager
def _size_reports(dump: Path, report: Report) -> Iterator[None]:
    """Report the written size periodically: a large table takes minutes without output."""
    ended = threading.Event()

    def tick() -> None:
        while not ended.wait(_TICK_S):
            with contextlib.suppress(OSError):
                report(Message("dump_written", megabytes=_size(dump) / 1000000.0))

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _size(path: Path) -> int:
    parts = path.iterdir() if path.is_dir() else [path]
    return sum(part.stat().st_size for part in parts)


def _files(dump: Path) -> dict[str, FileSum]:
    parts = sorted(dump.iterdir()) if dump.is_dir() else [dump]
    for part in parts:
        part.chmod(0o600)
    # The single file of the custom format may have any name.
    return {part.name if dump.is_dir() else "": sum_file(part) for part in parts}


@contextlib.contextmanager
def _work_folder(target: Path) -> Iterator[Path]:
    """Yield a temporary folder beside the target, on the same disk, locked for this backup."""
    work = target.with_name(f"{target.name}.partial")
    work.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(work, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConflictError(Message("backup_to_target_running", target=target)) from None
        _clear(work)  # leftovers of a killed backup
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
    finally:
        os.close(descriptor)


def _clear(folder: Path) -> None:
    for entry in folder.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _put_in_place(made: Manifest, dump: Path, target: Path) -> None:
    """Give the finished backup its name; after a crash it is either complete or missing."""
    if dump.is_dir():
        made.write(dump / FOLDER_MANIFEST)
        for part in dump.iterdir():
            _sync(part)
        _sync(dump)
        dump.chmod(0o700)
    else:
        manifest = dump.with_name(FOLDER_MANIFEST)
        made.write(manifest)
        _sync(dump)
        # The manifest first, so that a visible file always has one.
        manifest.rename(manifest_path(target))
    dump.rename(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _os_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        # Not by `host.refusal`, whose advice is about the folder of the private cluster.
        reason = (error.strerror or str(error)).lower()
        raise ClusterError(
            Message("not_written", path=error.filename or target, reason=reason)
        ) from error
