"""The tables of an import between its file and the register, and the file's way into them.

They live and die in the import's own transaction, so that a killed import leaves nothing behind.
They are unlogged rather than temporary because PostgreSQL's parallel workers read no temporary
table; a temporary view gives each a name without the import's number.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

from sqlalchemy import Connection, text

from registry.database import driver_connection
from registry.intake.reader import SourceFile, cells_of, rows_of
from registry.intake.resolve import (
    FIELDS_READ,
    KEPT,
    PART_COLUMNS,
    RESOLVED,
    Resolver,
    Row,
    escaped,
)

RULES_VERSION: Final = "4"
"""Part of each row's hash: raise it when the same row would be understood differently."""

_NUMBER: Final = r"^[+-]?[0-9]{1,3}([.,][0-9]{1,15})?$"
_COUNT: Final = "^[1-9][0-9]{0,5}$"
_METRES: Final = r"^[0-9]{1,6}([.,][0-9]{1,9})?$"

# Numbers are read by the server while the program reads the next rows; null for what is none.
_READ_BY_SERVER: Final = ", ".join(
    f"{name} {kind} GENERATED ALWAYS AS"
    f" (CASE WHEN {field} ~ '{pattern}' THEN replace({field}, ',', '.')::{kind} END) STORED"
    for name, field, kind, pattern in (
        ("lon", "longitude", "float8", _NUMBER),
        ("lat", "latitude", "float8", _NUMBER),
        ("households", "households_count", "int", _COUNT),
        ("accuracy_m", "position_accuracy_m", "float8", _METRES),
    )
)
_DELIVERED: Final = ", ".join(
    [
        "row_number bigint, row_hash uuid",
        *(f"{name} text" for name in FIELDS_READ[:KEPT]),
        *(f"{name} {'text' if name == 'hint' else 'int'}" for name in RESOLVED),
        _READ_BY_SERVER,
    ]
)
_COPIED: Final = ", ".join(["row_number, row_hash", *FIELDS_READ[:KEPT], *RESOLVED])
_WRITTEN_AT_ONCE: Final = 1_000
# Rows between two looks at what was newly numbered.
_BLOCK: Final = 100_000

Progress = Callable[[int], None]


class Staging:
    """The tables of one import; in SQL each is called by the name it was made under."""

    def __init__(self, connection: Connection, import_id: int) -> None:
        self.connection = connection
        self.import_id = import_id
        self._tables: dict[str, str] = {}

    def create(self, name: str, columns: str) -> None:
        """An empty table with the declared columns."""
        self._make(name, f"({columns})", {})

    def select(
        self, name: str, query: str, parameters: dict[str, object] | None = None, *, stats: str = ""
    ) -> int:
        """A table of what the query answers; how many rows. `stats` are columns to analyse."""
        count = self._make(name, f"AS {query}", parameters or {})
        if stats:
            self.connection.execute(text(f"ANALYZE {self._tables[name]} ({stats})"))
        return count

    def view(self, name: str, query: str) -> None:
        """A name for a query over the tables."""
        self.connection.execute(text(f"CREATE OR REPLACE TEMPORARY VIEW {name} AS {query}"))

    def key(self, name: str, columns: str) -> None:
        """Tell the planner, too, that the columns are unique in the table."""
        table = self._tables[name]
        self.connection.execute(text(f"ALTER TABLE {table} ADD PRIMARY KEY ({columns})"))

    def update(self, name: str, change: str, condition: str) -> None:
        """Change rows of a table."""
        table = self._tables[name]
        self.connection.execute(text(f"UPDATE {table} SET {change} WHERE {condition}"))

    def copy(self, name: str, rows: Iterable[Row]) -> None:
        """Append rows of values; a tuple is an array."""
        with (
            driver_connection(self.connection).cursor() as cursor,
            cursor.copy(f"COPY {self._tables[name]} FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row([list(v) if isinstance(v, tuple) else v for v in row])

    def copy_lines(self, name: str, columns: str, lines: Iterator[str]) -> int:
        """Append rows that are text as COPY reads it, '' for no value; how many."""
        count = 0
        with (
            driver_connection(self.connection).cursor() as cursor,
            cursor.copy(f"COPY {self._tables[name]} ({columns}) FROM STDIN (NULL '')") as copy,
        ):
            # The server reads one block while the program makes the next.
            while block := list(islice(lines, _WRITTEN_AT_ONCE)):
                copy.write("".join(block))
                count += len(block)
        return count

    def drop(self) -> None:
        """Remove the tables and the names over them."""
        for table in self._tables.values():
            self.connection.execute(text(f"DROP TABLE {table} CASCADE"))
        self._tables.clear()

    def _make(self, name: str, definition: str, parameters: dict[str, object]) -> int:
        table = self._tables[name] = f"staging.{name}_{self.import_id}"
        made = self.connection.execute(
            text(f"CREATE UNLOGGED TABLE {table} {definition}"), parameters
        )
        self.view(name, f"SELECT * FROM {table}")
        return made.rowcount


# Grouped by hash, which takes less memory than the references; equal hashes are looked at again.
_REPEATED: Final = """
    SELECT row_number
    FROM (
        SELECT d.row_number,
            row_number() OVER (PARTITION BY d.source_ref ORDER BY d.row_number) AS occurrence
        FROM delivered d
        WHERE hashtextextended(d.source_ref, 0) IN (
            SELECT hashtextextended(source_ref, 0) AS hash FROM delivered
            WHERE source_ref IS NOT NULL GROUP BY hash HAVING count(*) > 1)
    ) o
    WHERE occurrence > 1
"""


def stage(
    staging: Staging, file: SourceFile, resolver: Resolver, salt: str, progress: Progress
) -> None:
    """Bring the file into `delivered`, and what it names into the tables of parts.

    `overlong` and `repeated` hold the numbers of rows with more cells than headers, and with a
    reference that stood in a row before. `progress` hears the count now and then. `salt` is part of
    each row's hash. Raises UnreadableFileError when the text breaks further down.
    """
    staging.create("delivered", _DELIVERED)
    for name, columns in PART_COLUMNS.items():
        staging.create(name, f"at int, {columns}")
    count = 0
    with rows_of(file) as rows:
        lines = _Lines(file, rows, resolver, salt)
        remaining = iter(lines)
        while copied := staging.copy_lines("delivered", _COPIED, islice(remaining, _BLOCK)):
            for name, fresh in resolver.take_parts().items():
                staging.copy(name, fresh)
            count += copied
            progress(count)
    staging.copy("commune", resolver.take_communes())
    for name in PART_COLUMNS:
        staging.key(name, "at")
    staging.create("overlong", "row_number bigint")
    staging.copy("overlong", ((number,) for number in file.overlong))
    # References in order are most files', and save looking for equal ones.
    staging.select("repeated", _REPEATED if not lines.refs_ascend else f"{_REPEATED} LIMIT 0")
    for name in ("overlong", "repeated"):
        staging.key(name, "row_number")


class _Lines:
    """The rows of a file as lines of `delivered`, to be gone through once."""

    def __init__(
        self, file: SourceFile, rows: Iterator[list[str]], resolver: Resolver, salt: str
    ) -> None:
        self._rows = rows
        self._cells = cells_of(file, FIELDS_READ)
        self._resolver = resolver
        self._salt = salt
        self.refs_ascend = True
        """Whether every reference so far is greater than the one before it."""

    def __iter__(self) -> Iterator[str]:
        cells_of_row, resolve, md5 = self._cells, self._resolver.resolve, hashlib.md5
        before = ""
        for number, row in enumerate(self._rows, start=1):
            cells = cells_of_row(row)
            joined = "\x1f".join((self._salt, *cells))
            if "\0" in joined:  # which PostgreSQL's text cannot hold
                cells = tuple(cell.replace("\0", "") for cell in cells)
            if cells[0] <= before:
                self.refs_ascend = False
            before = cells[0]
            digest = md5(joined.encode(), usedforsecurity=False).hexdigest()
            kept = "\t".join(cells[:KEPT])
            if "\\" in kept or "\n" in kept or "\r" in kept or kept.count("\t") >= KEPT:
                kept = "\t".join(map(escaped, cells[:KEPT]))
            yield f"{number}\t{digest}\t{kept}\t{resolve(cells)}\n"
