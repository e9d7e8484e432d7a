"""Writing the file: one snapshot of a register, part by part, each in its canonical order."""

import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

import psycopg
from psycopg import IsolationLevel, sql

from registry.core.database import OWNER_ROLE, translated_errors
from registry.core.errors import UnreadableFileError
from registry.core.messages import Message, not_written
from registry.core.release import release
from registry.core.sql import Statements
from registry.files.whole_file import whole_file
from registry.ops.backup.tools import connected
from registry.ops.transfer.manifest import FORMAT, NAME, VERSION, Codes, Manifest, PartSum
from registry.ops.transfer.old_registers import make_readable
from registry.ops.transfer.parts import PARTS, Part, script

SQL: Final = Statements(__file__)

Connection = psycopg.Connection[tuple[object, ...]]
LINES: Final = "(FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')"
"""COPY's form for lines as they are: JSON has none of these signs unescaped."""
_ROWS: Final = 5_000
"""Lines that are compressed at a time."""
_LEVEL: Final = 4
_NO_DATE: Final = (1980, 1, 1, 0, 0, 0)
_LEFT_BEHIND: Final = {
    "api_key": ("revoked_at IS NULL", Message("keys_and_accounts")),
    "webhook": ("true", "webhook (webhooks)"),
    "import": ("state IN ('staged', 'reported')", Message("imports_not_published")),
    "field_record": ("state = 'waiting'", Message("field_records")),
    "service_area": ("true", Message("service_areas")),
    "boundary": ("NOT approximate", Message("boundaries")),
}
"""Table → rows of it that somebody may miss in the file, and what they are called."""


def write_transfer(
    url: str, target: Path, *, heard: Callable[[int], None], report: Callable[[Message | str], None]
) -> Manifest:
    """Write the register of `url` into `target`, readable for its owner alone; it holds everything,
    restricted places and the key of the codes too.

    Others go on reading and writing meanwhile; none of that is in it. `heard` is told how many
    lines are written, `report` what of this register is not in the file. Raises NotPreparedError
    where there is no register that can be read, UnreadableFileError where the file cannot be
    written.
    """
    with (
        translated_errors(),
        connected(url, role=OWNER_ROLE) as connection,
        _snapshot(connection),
        _written(target) as archive,
    ):
        make_readable(connection)
        codes, made_at, register, rules = _about(connection)
        connection.execute(script("outward/begin"))
        lines = 0
        parts: dict[str, PartSum] = {}
        for part in PARTS:
            parts[part.name] = _write_part(connection, archive, part)
            lines += parts[part.name].lines
            heard(lines)
        made = Manifest(FORMAT, VERSION, made_at, release(), register, rules, codes, parts)
        archive.writestr(_entry(NAME), made.to_json())
        _tell_left_behind(connection, report)
    return made


def _write_part(connection: Connection, archive: zipfile.ZipFile, part: Part) -> PartSum:
    query = sql.SQL("COPY (SELECT row_to_json(t) FROM ({}) t) TO STDOUT {}").format(
        sql.SQL(part.script("outward")), sql.SQL(LINES)
    )
    digest, lines = hashlib.sha256(), 0
    with (
        archive.open(_entry(part.file_name), "w", force_zip64=True) as file,
        connection.cursor().copy(query) as copy,
    ):
        ahead = iter(copy)
        while rows := list(islice(ahead, _ROWS)):
            block = b"".join(rows)
            digest.update(block)
            file.write(block)
            lines += len(rows)
    return PartSum([member.name for member in part.members], lines, digest.hexdigest())


def _entry(name: str) -> zipfile.ZipInfo:
    """A member of the archive; undated, so that equal parts are equal bytes."""
    entry = zipfile.ZipInfo(name, _NO_DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


@contextmanager
def _snapshot(connection: Connection) -> Iterator[None]:
    """A transaction that sees one moment, and of which nothing stays."""
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    with connection.transaction(force_rollback=True):
        yield


@contextmanager
def _written(target: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with whole_file(target) as partial:
            descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with (
                os.fdopen(descriptor, "wb") as file,
                zipfile.ZipFile(file, "w", compresslevel=_LEVEL) as archive,
            ):
                if target.is_file() or not target.exists():  # a pipe is not ours to close to others
                    os.fchmod(file.fileno(), 0o600)
                yield archive
    except OSError as error:
        raise UnreadableFileError(not_written(target, error)) from error


def _about(connection: Connection) -> tuple[Codes, str, str, str | None]:
    ((made_at, register, rules, key, drawn, demo),) = connection.execute(
        SQL.driver("about")
    ).fetchall()
    codes = Codes(str(key), int(str(drawn)), int(str(demo)))
    return codes, str(made_at), str(register), None if rules is None else str(rules)


def _tell_left_behind(connection: Connection, report: Callable[[Message | str], None]) -> None:
    for table, (missed, words) in _LEFT_BEHIND.items():
        if connection.execute("SELECT to_regclass(%s)", [table]).fetchone() == (None,):
            continue  # of an earlier schema
        query = sql.SQL("SELECT count(*) FROM {} WHERE {}").format(
            sql.Identifier(table), sql.SQL(missed)
        )
        ((count,),) = connection.execute(query).fetchall()
        if count:
            report(Message("left_out_of_transfer", count=int(str(count)), what=words))
