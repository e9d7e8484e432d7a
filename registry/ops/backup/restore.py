"""Restores a register from a backup, verified against the manifest before it can be used.

The schema's revision is written last, in the transaction that advances the ordinals of codes and
gives the register a new uuid. An interrupted restore leaves a database that no program serves and
`database prepare` refuses, so it can never issue codes again that were issued after the backup.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

import psycopg

from registry.core.database import OWNER_ROLE, make_engine
from registry.core.errors import (
    ClusterError,
    ConflictError,
    NotPreparedError,
    UnitsInUseError,
    UnreadableFileError,
)
from registry.core.events import move_pending_events
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.ops import cluster
from registry.ops.backup import manifest_path
from registry.ops.backup.manifest import Manifest, read_manifest, sum_file, sum_tables
from registry.ops.backup.tools import (
    Report,
    ask_server,
    connected,
    find_tool,
    output_of,
    run_on_database,
)
from registry.ops.prepare import knows_revision, make_roles_and_extensions, prepare_database

SQL: Final = Statements(__file__, "queries.sql")

_LAST: Final = "alembic_version"
"""Table whose single row completes a restore."""
# Created before, possibly by an administrator, or always present.
_NOT_RESTORED: Final = (
    " EXTENSION - ",
    " COMMENT - EXTENSION ",
    " SCHEMA - public ",
    " COMMENT - SCHEMA public ",
    " ACL - SCHEMA public ",
    f" TABLE DATA public {_LAST} ",
    " TABLE DATA public spatial_ref_sys ",
)


def check_backup(source: Path) -> Manifest:
    """Verify the files of a backup and return its manifest.

    Raises UnreadableFileError if it is missing, truncated or damaged.
    """
    if not source.exists():
        raise UnreadableFileError(Message("backup_unknown", source=source))
    manifest = read_manifest(manifest_path(source))
    for name, wanted in manifest.files.items():
        path = source / name if name else source
        try:
            size = path.stat().st_size
            found = sum_file(path) if size == wanted.bytes and path.is_file() else None
        except OSError as error:
            raise UnreadableFileError(
                Message("of_file", file=path, reason=error.strerror or error)
            ) from None
        if found is None:
            raise UnreadableFileError(
                Message("backup_file_wrong_size", path=path, size=size, expected=wanted.bytes)
            )
        if found != wanted:
            raise UnreadableFileError(Message("backup_checksum_wrong", path=path))
    return manifest


def restore_backup(url: str, source: Path, *, jobs: int = 1, report: Report) -> Manifest:
    """Restore the backup `source` into the empty database of `url`, ready to be served.

    Checksums are compared with the manifest; then the ordinals of codes are advanced, the register
    gets a new uuid, the schema is upgraded, and pending events are moved into the feed. Raises
    UnreadableFileError for an invalid backup, ConflictError if the database is not empty,
    NotPreparedError for another version, ClusterError for failures of PostgreSQL.
    """
    report(Message("checking_backup"))
    manifest = check_backup(source)
    _load(url, source, manifest, jobs=jobs, report=report)
    _compare(url, manifest, report)
    _finish(url, manifest)
    upgrade_restored(url, report)
    _gather_statistics(url, report)
    return manifest


def upgrade_restored(url: str, report: Report) -> None:
    """Bring a restored register up to date: current schema and seeds, pending events moved.

    Large batches are deleted, as backups do not include their files.
    """
    try:
        prepare_database(url, report)
    except UnitsInUseError as error:
        report(error.detail)  # the register is as saved; the next start reports it again
    with connected(url, role=OWNER_ROLE) as connection:
        connection.execute("DELETE FROM batch")
    _move_pending(url, report)


def make_independent(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Separate a restored register from its origin: later ordinals, new uuid, paused webhooks."""
    connection.execute("SELECT register_restored()")
    # A copy must not send messages to the receivers of the original.
    connection.execute("UPDATE webhook SET state = 'paused' WHERE state = 'active'")


def register_promoted(url: str, report: Report) -> UUID:
    """Make a promoted standby an independent register and return its new uuid.

    Advances ordinals and moves pending events. Raises NotPreparedError without a register,
    ConflictError while the server is still a standby.
    """
    with connected(url, role=OWNER_ROLE) as connection:
        if connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,):
            raise ConflictError(Message("server_is_standby"))
        try:
            ((made,),) = connection.execute("SELECT register_restored()").fetchall()
        except psycopg.errors.UndefinedFunction:
            raise NotPreparedError(Message("no_register")) from None
    _move_pending(url, report)
    _gather_statistics(url, report)
    return UUID(str(made))


@contextmanager
def throwaway_register(
    source: Path, folder: Path, *, report: Report
) -> Iterator[tuple[str, Manifest]]:
    """Restore the backup into a temporary cluster in `folder`; yield its URL and the manifest.

    Raises as restore_backup does.
    """
    with tempfile.TemporaryDirectory(prefix="diachiso-verify-", dir=folder) as base:
        made = cluster.throwaway(Path(base))
        made.initialise()
        server = made.start()
        try:
            made.create_database()
            yield made.url(), restore_backup(made.url(), source, report=report)
        finally:
            made.stop()
            server.wait()


def _load(url: str, source: Path, manifest: Manifest, *, jobs: int, report: Report) -> None:
    with connected(url) as login:
        server = ask_server(login)
        found = login.execute(SQL.driver("any_object"), {}).fetchone()
    if server.major < manifest.server_version // 10_000:
        raise NotPreparedError(
            Message(
                "backup_of_newer_postgresql",
                backup_version=manifest.server_version // 10000,
                server_version=server.major,
            )
        )
    if not knows_revision(manifest.revision):
        raise NotPreparedError(Message("backup_schema_unknown", revision=manifest.revision))
    if found is not None:
        raise ConflictError(Message("restore_target_not_empty", found=found[0]))
    tool = find_tool("pg_restore", max(server.major, manifest.tool_major))
    make_roles_and_extensions(url)
    listed = output_of(tool, "--list", source).splitlines()
    wanted = [line for line in listed if not any(mark in f"{line} " for mark in _NOT_RESTORED)]
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", prefix="diachiso-") as contents:
        contents.write("\n".join(wanted) + "\n")
        contents.flush()
        run_on_database(
            tool,
            url,
            f"--use-list={contents.name}",
            "--no-owner",
            f"--role={OWNER_ROLE}",  # the owner of everything, whoever restores it
            "--enable-row-security",  # a job may check a foreign key under another table's policy
            *(("--single-transaction",) if jobs == 1 else (f"--jobs={jobs}", "--exit-on-error")),
            "--verbose",
            source,
            on_line=_progress(manifest, report),
        )


def _progress(manifest: Manifest, report: Report) -> Callable[[str], None]:
    reported: set[str] = set()

    def on_line(line: str) -> None:
        name = line.partition('processing data for table "public.')[2].rstrip('"')
        if name in manifest.tables and manifest.tables[name].rows >= 100_000:
            report(Message("loading_table", name=name, rows=manifest.tables[name].rows))
        elif " creating INDEX " in f" {line}" and "index" not in reported:
            reported.add("index")
            report(Message("building_indexes"))

    return on_line


def _compare(url: str, manifest: Manifest, report: Report) -> None:
    """Raise ClusterError unless every table matches the manifest."""
    report(Message("comparing_with_manifest"))
    with connected(url, role=OWNER_ROLE) as connection:
        connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found = dict(sum_tables(connection))
        connection.execute("ROLLBACK")
    differing = [
        name
        for name in sorted({*found, *manifest.tables} - {_LAST})
        if found.get(name) != manifest.tables.get(name)
    ]
    if differing:
        raise ClusterError(Message("restore_does_not_match", differing=", ".join(differing[:5])))


def _finish(url: str, manifest: Manifest) -> None:
    with connected(url, role=OWNER_ROLE) as connection, connection.transaction():
        make_independent(connection)
        connection.execute(
            "INSERT INTO alembic_version (version_num) VALUES (%s)", [manifest.revision]
        )


def _move_pending(url: str, report: Report) -> None:
    engine = make_engine(url, pool_size=1)
    try:
        moved = move_pending_events(engine)
    finally:
        engine.dispose()
    if moved:
        report(Message("pending_events_moved", moved=moved))


def _gather_statistics(url: str, report: Report) -> None:
    """Vacuum and analyze now instead of waiting for autovacuum."""
    report(Message("gathering_statistics"))
    with connected(url, role=OWNER_ROLE) as connection:
        connection.execute("SET client_min_messages = error")  # no warnings of others' tables
        connection.execute("VACUUM (ANALYZE)")
