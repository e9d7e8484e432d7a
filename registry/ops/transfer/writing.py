"""Writes a transfer file: one snapshot of a register, part by part, in canonical order."""

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
"""Options of COPY for raw lines: JSON never has these characters unescaped."""
_ROWS: Final = 5_000
"""Lines compressed at a time."""
_LEVEL: Final = 4
_NO_DATE: Final = (1980, 1, 1, 0, 0, 0)
_LEFT_OUT: Final = {
    "api_key": ("revoked_at IS NULL", Message("keys_and_accounts")),
    "webhook": ("true", "webhook (webhooks)"),
    "import": ("state IN ('staged', 'reported')", Message("imports_not_published")),
    "field_record": ("state = 'waiting'", Message("field_records")),
    "service_area": ("true", Message("service_areas")),
    "boundary": ("NOT approximate", Message("boundaries")),
}
"""Table → condition of rows left out of the file that may be missed, and their name."""


def write_transfer(
    url: str,
    target: Path,
    *,
    progress: Callable[[int], None],
    report: Callable[[Message | str], None],
) -> Manifest:
    """Write the register of `url` into `target`, accessible only to its owner.

    The file contains everything, including restricted places and the key of the codes. The register
    stays in use meanwhile; later writes are not included. `progress` receives the number of lines
    written, `report` what is left out. Raises NotPreparedError without a readable register,
    UnreadableFileError if the file cannot be written.
    """
    with (
        translated_errors(),
        connected(url, role=OWNER_ROLE) as connection,
        _snapshot(connection),
        _written(target) as archive,
    ):
        make_readable(connection)
        codes, made_at, register, rules = _identify(connection)
        connection.execute(script("outward/begin"))
        lines = 0
        parts: dict[str, PartSum] = {}
        for part in PARTS:
            parts[part.name] = _write_part(connection, archive, part)
            lines += parts[part.name].lines
            progress(lines)
        made = Manifest(FORMAT, VERSION, made_at, release(), register, rules, codes, parts)
        archive.writestr(_entry(NAME), made.to_json())
        _report_left_out(connection, report)
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
    """Make an archive member; undated, so that equal parts give equal bytes."""
    entry = zipfile.ZipInfo(name, _NO_DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


@contextmanager
def _snapshot(connection: Connection) -> Iterator[None]:
    """Open a transaction with a fixed snapshot that is rolled back."""
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
                if target.is_file() or not target.exists():  # leave the mode of a pipe alone
                    os.fchmod(file.fileno(), 0o600)
                yield archive
    except OSError as error:
        raise UnreadableFileError(not_written(target, error)) from error


def _identify(connection: Connection) -> tuple[Codes, str, str, str | None]:
    ((made_at, register, rules, key, drawn, demo),) = connection.execute(
        SQL.driver("about")
    ).fetchall()
    codes = Codes(str(key), int(str(drawn)), int(str(demo)))
    return codes, str(made_at), str(register), None if rules is None else str(rules)


def _report_left_out(connection: Connection, report: Callable[[Message | str], None]) -> None:
    for table, (missed, words) in _LEFT_OUT.items():
        if connection.execute("SELECT to_regclass(%s)", [table]).fetchone() == (None,):
            continue  # not in an earlier schema
        query = sql.SQL("SELECT count(*) FROM {} WHERE {}").format(
            sql.Identifier(table), sql.SQL(missed)
        )
        ((count,),) = connection.execute(query).fetchall()
        if count:
            report(Message("left_out_of_transfer", count=int(str(count)), what=words))
