"""The tables of an import between its file and the register, and the file's way into them.

They live and die in the import's own transaction, so that a killed import leaves nothing behind.
They are unlogged rather than temporary because PostgreSQL's parallel workers read no temporary
table; a temporary view gives each a name without the import's number.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from hashlib import md5
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, text

from geo.text import fold
from registry.database import driver_connection
from registry.intake.columns.ahead import ahead
from registry.intake.columns.cells import Cells, cells_in_blocks
from registry.intake.columns.fields import NO_HOUSE
from registry.intake.columns.reader import SourceFile
from registry.intake.staged.counts import counts_of
from registry.intake.staged.resolve import FIELDS_READ, KEPT, PART_COLUMNS, Resolver
from registry.intake.staged.resolved import RESOLVED, Resolved, Row, escaped

_NUMBER: Final = r"^[+-]?[0-9]{1,3}([.,][0-9]{1,15})?$"
_METRES: Final = r"^[0-9]{1,6}([.,][0-9]{1,9})?$"
_ACCURACY: Final = r"^\s*(?:±|[+]/-|~|<|≤)?\s*([0-9]{1,6}(?:[.,][0-9]{1,9})?)\s*(?:m|mét|met)?\s*$"
"""`5 m`, `±5`: what instruments write."""

# What of a cell is a number: (column, the field that it is read from, how it is read).
_NUMBERS: Final[tuple[tuple[str, str, Callable[[pa.StringArray], pa.StringArray]], ...]] = (
    ("lon float8", "longitude", lambda column: _as_number(column, _NUMBER)),
    ("lat float8", "latitude", lambda column: _as_number(column, _NUMBER)),
    ("households int", "households_count", counts_of),
    ("accuracy_m float8", "position_accuracy_m", lambda column: _as_metres(column)),
)
_DELIVERED: Final = ", ".join(
    [
        "row_hash uuid",
        *(f"{name} text" for name in FIELDS_READ[:KEPT]),
        *(column for column, _, _ in _NUMBERS),
        *(f"{name} {'text' if name == 'hint' else 'int'}" for name in RESOLVED),
        "row_number bigint",
    ]
)
MANY: Final = 20_000
"""Rows from which on it pays to make keys behind them, and to tell the planner of them."""
_WRITTEN_AT_ONCE: Final = 1 << 17

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

    def delete(self, name: str, condition: str, parameters: dict[str, object]) -> None:
        """Remove rows of a table."""
        table = self._tables[name]
        self.connection.execute(text(f"DELETE FROM {table} WHERE {condition}"), parameters)

    def copy(self, name: str, rows: Iterable[Row]) -> None:
        """Append rows of values; a tuple is an array."""
        with (
            driver_connection(self.connection).cursor() as cursor,
            cursor.copy(f"COPY {self._tables[name]} FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row([list(v) if isinstance(v, tuple) else v for v in row])

    def copy_lines(self, name: str, lines: pa.StringArray) -> None:
        """Append rows that are text as COPY reads it, with its ends of lines, '' for no value."""
        _, offsets, data = lines.buffers()
        ends = np.frombuffer(offsets, np.int32)[lines.offset : lines.offset + len(lines) + 1]
        whole = memoryview(data)[ends[0] : ends[-1]]
        with (
            driver_connection(self.connection).cursor() as cursor,
            cursor.copy(f"COPY {self._tables[name]} FROM STDIN (NULL '')") as copy,
        ):
            for at in range(0, len(whole), _WRITTEN_AT_ONCE):
                copy.write(whole[at : at + _WRITTEN_AT_ONCE])

    def empty(self, name: str) -> None:
        """Give back the space of a table that is needed no more; a nation's file needs it."""
        self.connection.execute(text(f"TRUNCATE {self._tables[name]}"))

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

    `overlong`, `no_house` and `repeated` hold the numbers of rows with more cells than headers,
    that say that no house is there, and with a reference that stood in a row before. `progress`
    hears the count now and then. `salt` is part of each row's hash. Raises UnreadableFileError when
    the text breaks further down.
    """
    staging.create("delivered", _DELIVERED)
    for name, columns in PART_COLUMNS.items():
        staging.create(name, f"at int, {columns}")
    lines = _Lines(resolver, salt)
    try:
        fields = (*FIELDS_READ, "visit_result")
        with cells_in_blocks(file, fields) as blocks, closing(ahead(lines.of(blocks))) as made:
            for block in made:
                staging.copy_lines("delivered", block.lines)
                for name, fresh in block.parts.items():
                    staging.copy(name, fresh)
                progress(block.count)
    finally:
        resolver.close()
    staging.copy("commune", resolver.take_communes())
    for name in PART_COLUMNS:
        staging.key(name, "at")
    staging.create("overlong", "row_number bigint")
    staging.copy("overlong", ((number,) for number in file.overlong))
    staging.create("no_house", "row_number bigint")
    staging.copy("no_house", ((number,) for number in lines.no_house))
    # References in order are most files', and save looking for equal ones.
    staging.select(
        "repeated",
        _REPEATED if not lines.refs_ascend else f"{_REPEATED} LIMIT 0",
        stats="row_number",
    )
    for name in ("overlong", "no_house", "repeated"):
        staging.key(name, "row_number")


@dataclass(frozen=True, slots=True)
class _Block:
    """Some rows of a file, as COPY takes them."""

    lines: pa.StringArray
    """Rows of `delivered`."""
    parts: dict[str, list[Row]]
    """Rows of the tables of parts that were not there before."""
    count: int
    """Rows of the file up to here."""


class _Lines:
    """The rows of a file as lines of `delivered`, block by block."""

    def __init__(self, resolver: Resolver, salt: str) -> None:
        self._resolver = resolver
        self._salt = pa.scalar(salt)
        self._salt_of_none = pa.scalar(f"{salt}-")
        self._last_ref = ""
        self.count = 0
        self.refs_ascend = True
        """Whether every reference so far is greater than the one before it."""
        self.no_house: list[int] = []
        """Numbers of the rows that say that no house is there."""

    def of(self, blocks: Iterable[Cells]) -> Iterator[_Block]:
        """The lines of a file's rows, the next of which are being read meanwhile."""
        reading: deque[Callable[[], _Block]] = deque()
        for *cells, visits in blocks:
            resolved = self._resolver.begin(cells)
            reading.append(partial(self._block, cells, _say_no_house(visits), resolved))
            if len(reading) > 1:
                yield reading.popleft()()
        yield from (block() for block in reading)

    def _block(
        self, cells: Cells, none: pa.BooleanArray, resolved: Callable[[], Resolved]
    ) -> _Block:
        lines = self._lines(cells, none, resolved)
        return _Block(lines, self._resolver.take_parts(), self.count)

    def _lines(
        self, cells: Cells, none: pa.BooleanArray, resolved: Callable[[], Resolved]
    ) -> pa.StringArray:
        first, self.count = self.count + 1, self.count + len(cells[0])
        self._compare(cells[0])
        self.no_house += (first + np.flatnonzero(none)).tolist()
        salt = pc.if_else(none, self._salt_of_none, self._salt)
        whole = pc.binary_join_element_wise(salt, *cells, "\x1f")
        numbers = pa.array(np.arange(first, self.count + 1)).cast(pa.string())
        return pc.binary_join_element_wise(
            _hashes(whole),
            *_escaped(cells[:KEPT], whole),
            *(read(cells[FIELDS_READ.index(field)]) for _, field, read in _NUMBERS),
            *(column.cast(pa.string()) for column in resolved().columns()),
            pc.binary_join_element_wise(numbers, "\n", ""),
            "\t",
            null_handling="replace",
            null_replacement="",
        )

    def _compare(self, refs: pa.StringArray) -> None:
        if self.refs_ascend and len(refs):
            self.refs_ascend = self._last_ref < refs[0].as_py() and bool(
                pc.all(pc.less(refs[:-1], refs[1:])).as_py()
            )
            self._last_ref = refs[-1].as_py()


def _say_no_house(visits: pa.StringArray) -> pa.BooleanArray:
    encoded = visits.dictionary_encode()
    said = [fold(spelling) in NO_HOUSE for spelling in encoded.dictionary.to_pylist()]
    return pa.array(said, pa.bool_()).take(encoded.indices)


def _hashes(texts: pa.StringArray) -> pa.StringArray:
    """The MD5 of each text, as 32 digits."""
    hashed = (md5(text, usedforsecurity=False) for text in texts.cast(pa.binary()).to_pylist())
    digits = b"".join(each.digest() for each in hashed).hex().encode()
    ends = np.arange(0, len(digits) + 1, 32, dtype=np.int32)
    return pa.StringArray.from_buffers(len(texts), pa.py_buffer(ends), pa.py_buffer(digits))


def _escaped(columns: Cells, whole: pa.StringArray) -> Cells:
    """Cells as COPY reads them; `whole` holds all their text."""
    letters = np.frombuffer(whole.buffers()[2], np.uint8)
    if not np.any((letters == ord("\\")) | ((letters >= ord("\t")) & (letters <= ord("\r")))):
        return columns
    return [pa.array(map(escaped, column.to_pylist()), pa.string()) for column in columns]


def _as_number(column: pa.StringArray, form: str) -> pa.StringArray:
    """The cells that are written in this form, as the server reads numbers; null for others."""
    is_number = pc.match_substring_regex(column, form)
    return pc.if_else(is_number, pc.replace_substring(column, ",", "."), None)


def _as_metres(column: pa.StringArray) -> pa.StringArray:
    return _as_number(pc.replace_substring_regex(column, _ACCURACY, r"\1"), _METRES)
