"""The manifest of a backup: row counts and checksums, to verify a restore."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from registry.core.errors import UnreadableFileError
from registry.core.messages import Message
from registry.core.sql import Statements

FORM: Final = 1
"""Raised when older programs would misread a manifest."""
_BLOCK: Final = 1 << 20

SQL: Final = Statements(__file__, "queries.sql")

LEFT_OUT: Final = "backup_run"
"""The log of backups, left out because it would make every backup differ from the last."""
# The text of a row depends on these settings. The hash is that of hash partitions, which PostgreSQL
# keeps stable across versions.
_FIXED: Final = (
    "SET LOCAL datestyle = 'ISO, DMY'",
    "SET LOCAL intervalstyle = 'postgres'",
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL extra_float_digits = 1",
    "SET LOCAL bytea_output = 'hex'",
)
_SUM: Final = "SELECT count(*), coalesce(sum(hashtextextended(CAST(t AS text), 0)), 0) FROM {} t"


@dataclass(frozen=True, slots=True)
class TableSum:
    """Row count of a table, and a checksum that does not depend on their order."""

    rows: int
    checksum: str


@dataclass(frozen=True, slots=True)
class FileSum:
    """One file of the backup."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The contents of a backup."""

    form: int
    made_at: str
    """Moment of the snapshot, UTC."""
    register: str
    """`register_identity.uuid` of the saved register."""
    revision: str
    """Migration of its schema."""
    server_version: int
    tool_major: int
    """Version of pg_dump that wrote it: an older pg_restore may not read it."""
    code_ordinal: int
    """Ordinals of codes drawn by then."""
    tables: dict[str, TableSum]
    files: dict[str, FileSum]

    @property
    def checksum(self) -> str:
        """Checksum of the whole register: SHA-256 over those of its tables."""
        lines = "".join(f"{n} {t.rows} {t.checksum}\n" for n, t in sorted(self.tables.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    @property
    def bytes(self) -> int:
        """Size of the backup."""
        return sum(file.bytes for file in self.files.values())

    def write(self, path: Path) -> None:
        """Write it with access for its owner only, synced to disk."""
        body = json.dumps({**asdict(self), "checksum": self.checksum}, indent=1, sort_keys=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{body}\n")
            file.flush()
            os.fsync(file.fileno())


def read_manifest(path: Path) -> Manifest:
    """Read a manifest. Raises UnreadableFileError."""
    try:
        given: dict[str, Any] = json.loads(path.read_bytes())
        form = int(given["form"])
        stated = given.pop("checksum")
        tables = {name: TableSum(**each) for name, each in given.pop("tables").items()}
        files = {name: FileSum(**each) for name, each in given.pop("files").items()}
        made = Manifest(**given, tables=tables, files=files)
    except FileNotFoundError:
        raise UnreadableFileError(Message("manifest_missing", path=path)) from None
    except OSError as error:
        raise UnreadableFileError(
            Message("of_file", file=path, reason=error.strerror or error)
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UnreadableFileError(Message("not_backup_manifest", path=path)) from None
    if form > FORM:
        raise UnreadableFileError(Message("manifest_of_newer_version", path=path))
    if made.checksum != stated:
        raise UnreadableFileError(Message("manifest_changed", path=path))
    return made


def sum_tables(
    connection: psycopg.Connection[tuple[object, ...]],
) -> Iterator[tuple[str, TableSum]]:
    """Yield name and checksum of each table, in the open transaction."""
    for statement in _FIXED:
        connection.execute(statement)
    names = [
        str(row[0])
        for row in connection.execute(SQL.driver("tables"), {"left_out": LEFT_OUT}).fetchall()
    ]
    for name in names:
        query = sql.SQL(_SUM).format(sql.Identifier("public", name))
        (row,) = connection.execute(query).fetchall()
        yield name, TableSum(int(str(row[0])), f"{int(str(row[1])) % (1 << 64):016x}")


def sum_file(path: Path) -> FileSum:
    """Return size and hash of a file."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return FileSum(size, digest.hexdigest())
