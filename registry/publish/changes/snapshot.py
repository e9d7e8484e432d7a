"""Exports the whole register as files, with the cursor from which to follow its changes."""

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import psycopg
from pydantic_core import to_json
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from registry.access import audit
from registry.core.database import driver_connection, session_scope
from registry.core.errors import ConflictError, DatabaseUnavailableError, UnreadableFileError
from registry.core.events import move_pending_events
from registry.core.messages import Message, not_written
from registry.core.revision import current_revision
from registry.core.sql import Statements
from registry.files.whole_file import whole_file
from registry.publish.changes import IDENTITY
from registry.publish.changes.cursor import Cursor, Read
from registry.publish.changes.entries import (
    RECORD_COLUMNS,
    Entry,
    Following,
    following,
    record_entry,
    unit_entries,
)
from registry.publish.changes.unit_serials import FeedUnits, note_units
from registry.units.gazetteer import VIET_NAM, today
from registry.units.gazetteer_loading import load_gazetteer

FORMAT: Final = "diachiso-snapshot-1"
MANIFEST: Final = "manifest.json"
LICENCE: Final = (
    "Chưa công bố: cơ quan vận hành cho biết ai được dùng và để làm gì (not stated yet: the"
    " operator says who may use it and for what). Nguồn của đơn vị hành chính: xem NOTICE."
)
_ROWS: Final = 2_000
_LEVEL: Final = 1
"""Level of gzip: higher ones take twice the time for a tenth of the size."""

_PROGRESS_EVERY: Final = 100_000

SQL: Final = Statements(__file__, columns=RECORD_COLUMNS)


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """One file of a snapshot, with its checksum."""

    name: str
    entries: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of a snapshot."""

    format: str
    register: str
    schema: str | None
    taken_at: str
    cursor: str
    """Changes after it are not in the snapshot, or come twice, which does no harm."""
    unit: str | None
    demo: bool
    counts: dict[str, int]
    """Entries by type."""
    files: list[SnapshotFile]
    licence: str


def export_snapshot(
    engine: Engine,
    folder: Path,
    *,
    unit: str | None = None,
    demo: bool = False,
    progress: Callable[[int], None] = lambda _records: None,
) -> Manifest:
    """Write the register, or a province or commune of it, into an empty or new folder.

    All files are of one moment; the export is recorded in the audit log. The manifest is written
    last: a folder without one is not a snapshot. `engine` must have no statement timeout;
    `progress` receives the number of records written. Raises ConflictError if the folder is not
    empty, UnreadableFileError if it cannot be written, and as `following` and session_scope do.
    """
    with suppress(DatabaseUnavailableError, OperationalError):
        move_pending_events(engine)  # so that the cursor is as new as can be
        with session_scope(engine) as session:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            known = load_gazetteer(session)
        note_units(engine, known)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if next(folder.iterdir(), None) is not None:
            raise ConflictError(Message("folder_not_empty", folder=folder))
        made = _export(engine, folder, unit, demo=demo, progress=progress)
    except OSError as error:
        raise UnreadableFileError(not_written(error.filename or folder, error)) from error
    with session_scope(engine) as session:
        records = sum(count for kind, count in made.counts.items() if kind != "unit")
        units = (unit,) if unit else ()
        audit.record(session, audit.Entry("operator", "admin", "export", units, records))
    return made


def _export(
    engine: Engine,
    folder: Path,
    unit: str | None,
    *,
    demo: bool,
    progress: Callable[[int], None],
) -> Manifest:
    with session_scope(engine) as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        below = driver_connection(session.connection())
        taken_at, day = datetime.now(VIET_NAM), today()
        identity, position, *fed = session.connection().exec_driver_sql(IDENTITY).one()
        known = load_gazetteer(session)
        wanted = following(known, unit, demo=demo)
        cursor = Cursor(identity, wanted.digest, FeedUnits(*fed).serial, None, Read(position))
        counts: Counter[str] = Counter()
        records = _records(below, wanted, progress)
        files = [
            _write(folder, "units.ndjson.gz", unit_entries(known, day), counts),
            _write(folder, "records.ndjson.gz", records, counts),
        ]
        manifest = Manifest(
            format=FORMAT,
            register=identity,
            schema=current_revision(session.connection()),
            taken_at=taken_at.isoformat(timespec="seconds"),
            cursor=str(cursor),
            unit=unit,
            demo=demo,
            counts=dict(sorted(counts.items())),
            files=files,
            licence=LICENCE,
        )
    written = json.dumps(asdict(manifest), ensure_ascii=False, indent=2) + "\n"
    _write_atomically(folder / MANIFEST, lambda out: out.write(written.encode()))
    return manifest


def _records(
    connection: psycopg.Connection[Any], wanted: Following, progress: Callable[[int], None]
) -> Iterator[Entry]:
    """Yield the entry of every followed record, in the order of codes."""
    statement, parameters = SQL.driver("records"), dict[str, list[int]]()
    if wanted.communes is not None:
        statement = SQL.driver("records", "in_communes")
        parameters = {"communes": sorted(wanted.communes)}
    connection.execute("SET LOCAL cursor_tuple_fraction = 1")  # all rows are read
    with connection.cursor("snapshot") as cursor:
        cursor.itersize = _ROWS
        cursor.execute(statement, parameters, binary=True)
        count = 0
        for row in cursor:
            code, _, status, restricted, unit_id = row[:5]
            if wanted.shows(code, unit_id, status, restricted):
                yield record_entry(row, None, None)
                count += 1
                if count % _PROGRESS_EVERY == 0:
                    progress(count)


def _write(folder: Path, name: str, entries: Iterable[Entry], counts: Counter[str]) -> SnapshotFile:
    """Write one entry a line, compressed; the file appears when it is complete."""
    written = 0

    def write(out: BinaryIO) -> None:
        nonlocal written
        # Without a timestamp the same entries give the same bytes.
        with gzip.GzipFile("", "wb", _LEVEL, out, mtime=0) as packed:
            lines: list[bytes] = []
            for entry in entries:
                written += 1
                counts[entry["type"]] += 1
                lines.append(to_json(entry))
                if len(lines) == _ROWS:
                    packed.write(b"\n".join(lines) + b"\n")
                    lines.clear()
            packed.writelines(line + b"\n" for line in lines)

    _write_atomically(folder / name, write)
    with (folder / name).open("rb") as made:
        digest = hashlib.file_digest(made, "sha256").hexdigest()
    return SnapshotFile(name, written, (folder / name).stat().st_size, digest)


def _write_atomically(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file that appears only when it is complete and on disk."""
    with whole_file(path) as partial, partial.open("wb") as out:
        write(out)
