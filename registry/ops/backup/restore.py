"""A register from its backup: proved against the manifest before anybody may write into it.

The schema's revision is written last, in the transaction that moves the ordinals of codes on and
renames the register. A restore that ends before that leaves a database which no program serves and
`database prepare` refuses, so no code of the lost tail can be issued by it.
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
"""Table whose one row ends a restore."""
# Made before, as an administrator may have to; or there from the start.
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
    """The manifest of a backup whose files are as they were written.

    Raises UnreadableFileError for one that is missing, cut short or damaged.
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
    """Make the empty database of `url` the register that `source` holds, ready to be served.

    Its sums are compared with the manifest's; then the ordinals of codes are moved on, the register
    gets another uuid, the schema is brought up to date, and pending events are moved into the feed.
    Raises UnreadableFileError for a backup that is none, ConflictError when the database is not
    empty, NotPreparedError for another version, ClusterError for what PostgreSQL refused.
    """
    report(Message("checking_backup"))
    manifest = check_backup(source)
    _load(url, source, manifest, jobs=jobs, report=report)
    _compare(url, manifest, report)
    _finish(url, manifest)
    bring_up(url, report)
    _gather_statistics(url, report)
    return manifest


def bring_up(url: str, report: Report) -> None:
    """Bring what was restored up to date: schema and seeds of today, events that waited moved;
    large batches, whose files no backup has, are forgotten.
    """
    try:
        prepare_database(url, report)
    except UnitsInUseError as error:
        report(error.detail)  # the register is as it was saved, and the next start says so again
    with connected(url, role=OWNER_ROLE) as connection:
        connection.execute("DELETE FROM batch")
    _move_waiting(url, report)


def start_anew(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Make what was restored another register: ordinals moved on, another uuid, silent webhooks."""
    connection.execute("SELECT register_restored()")
    # A copy that is only looked at must not speak to the receivers of the original.
    connection.execute("UPDATE webhook SET state = 'paused' WHERE state = 'active'")


def register_promoted(url: str, report: Report) -> UUID:
    """Make a promoted standby a register of its own: new ordinals, new uuid, pending events moved.

    Returns the uuid. Raises NotPreparedError where there is no register, ConflictError while the
    server is still a standby.
    """
    with connected(url, role=OWNER_ROLE) as connection:
        if connection.execute("SELECT pg_is_in_recovery()").fetchone() == (True,):
            raise ConflictError(Message("server_is_standby"))
        try:
            ((made,),) = connection.execute("SELECT register_restored()").fetchall()
        except psycopg.errors.UndefinedFunction:
            raise NotPreparedError(Message("no_register")) from None
    _move_waiting(url, report)
    _gather_statistics(url, report)
    return UUID(str(made))


@contextmanager
def throwaway_register(
    source: Path, folder: Path, *, report: Report
) -> Iterator[tuple[str, Manifest]]:
    """The backup restored into a cluster of its own in `folder`, which goes at the end.

    Yields the URL and the manifest; raises as restore_backup does.
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
        found = login.execute(SQL.driver("something"), {}).fetchone()
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
            f"--role={OWNER_ROLE}",  # everything is the owner's, whoever restores it
            "--enable-row-security",  # a job may check a foreign key behind a policy of another's
            *(("--single-transaction",) if jobs == 1 else (f"--jobs={jobs}", "--exit-on-error")),
            "--verbose",
            source,
            heard=_telling(manifest, report),
        )


def _telling(manifest: Manifest, report: Report) -> Callable[[str], None]:
    told: set[str] = set()

    def heard(line: str) -> None:
        name = line.partition('processing data for table "public.')[2].rstrip('"')
        if name in manifest.tables and manifest.tables[name].rows >= 100_000:
            report(Message("loading_table", name=name, rows=manifest.tables[name].rows))
        elif " creating INDEX " in f" {line}" and "index" not in told:
            told.add("index")
            report(Message("building_indexes"))

    return heard


def _compare(url: str, manifest: Manifest, report: Report) -> None:
    """Raise ClusterError unless every table is as the manifest has it."""
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
        start_anew(connection)
        connection.execute(
            "INSERT INTO alembic_version (version_num) VALUES (%s)", [manifest.revision]
        )


def _move_waiting(url: str, report: Report) -> None:
    engine = make_engine(url, pool_size=1)
    try:
        moved = move_pending_events(engine)
    finally:
        engine.dispose()
    if moved:
        report(Message("pending_events_moved", moved=moved))


def _gather_statistics(url: str, report: Report) -> None:
    """What a server does in its own time, done now."""
    report(Message("gathering_statistics"))
    with connected(url, role=OWNER_ROLE) as connection:
        connection.execute("SET client_min_messages = error")  # not of what others own
        connection.execute("VACUUM (ANALYZE)")
