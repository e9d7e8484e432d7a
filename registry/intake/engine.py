"""The workspace of an import: its rows in an in-process DuckDB, beside the register's transaction.

DuckDB uses at most half a gigabyte and spills the rest below `var/imports`. Data of the register is
copied over the connection that will publish, so that the snapshot, the locks and row-level security
are those of its transaction; results are copied back the same way. A step is one
`.sql` file, which can be pasted into a shell.

Most files are small, but DuckDB plans a statement for one row as for a million. So statements and
steps name what they need, and are skipped if that has no rows: see `Workbench.has`.

Reading, matching and publishing are one transaction, so that a killed import leaves the register as
it was; a dry run rolls it back. Steps through some 75 unlogged tables made a dry run of two million
rows take a minute and write gigabytes. Rejected: ADBC, a little faster (2.0 s for 1,700,000 doors),
but on another connection. Twenty rows take 147 statements of DuckDB and 42 of PostgreSQL, a quarter
of a second.
"""

import fcntl
import io
import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.csv as pc
from psycopg import ClientCursor, Copy, sql
from sqlalchemy import Connection, text

from registry.core.database import driver_connection
from registry.core.errors import StorageFullError
from registry.core.messages import Message
from registry.files.plain import with_each_plain

_HERE: Final = Path(__file__).parent
_INSIDE: Final = "USE import"
_MEMORY: Final = "512MB"
_THREADS: Final = 2
_PIECE: Final = 1 << 20
"""Bytes of a result parsed at a time: fits a processor's cache."""
_LINES: Final = 5_000
"""Rows of a result fetched at a time."""
_ROWS: Final = 50_000
"""Rows written at a time."""
MANY: Final = 100_000
"""Fewest rows worth compressing."""
# DuckDB type → Arrow type of the output of COPY. Lists are JSON.
_TYPES: Final[Mapping[str, pa.DataType]] = {
    "BOOLEAN": pa.bool_(),
    "BIGINT": pa.int64(),
    "INTEGER": pa.int32(),
    "VARCHAR": pa.string(),
    "DOUBLE": pa.float64(),
    "UUID": pa.string(),
}
_OUT: Final = re.compile(r"^-- columns: (.+(?:\n--   .+)*)$", re.MULTILINE)
_NEEDS: Final = re.compile(r"^-- needs: (.+)$", re.MULTILINE)
_FILLS: Final = re.compile(
    r"^(CREATE TABLE|CREATE OR REPLACE TABLE|INSERT INTO|TRUNCATE) (\w+)", re.MULTILINE
)


class Workbench:
    """The tables of one import, and the register's transaction beside them.

    Scripts are named by their path below `registry/intake`; those for PostgreSQL end in `.pg.sql`.
    Parameters are `$name` in DuckDB and `%(name)s` in PostgreSQL. A point is two columns, `lon` and
    `lat`, both null if absent, and copied without loss of precision.
    """

    def __init__(
        self, connection: Connection, import_id: int, duck: duckdb.DuckDBPyConnection
    ) -> None:
        self.connection = connection
        """Connection to the register, in the transaction of the import."""
        self.import_id = import_id
        self.duck = duck
        self._facts: dict[str, object] = {"import_id": import_id}
        self._filled: set[str] = set()

    def state(self, **facts: object) -> None:
        """Set facts about the import: parameters of its scripts, which `needs` may name too."""
        self._facts |= facts

    def has(self, needs: str) -> bool:
        """Whether all that is needed is there, for example `delivered, known or registered`.

        A name is a table that has rows, or a fact that is neither false nor empty.
        """
        return all(
            any(name in self._filled or self._facts.get(name) for name in each.split(" or "))
            for each in filter(None, needs.split(", "))
        )

    def run(self, script: str, **parameters: object) -> int:
        """Run the statements of the script; returns the rows made or changed by the last one.

        A statement whose needs are not met is skipped: `-- needs: known or registered`, above it.
        Each statement gets the parameters and facts that it names.
        """
        count = 0
        known = self._facts | parameters
        for statement in _statements(script):
            count = 0
            if not self.has(statement.needs):
                continue
            taken = {name: known[name] for name in statement.duck.named_parameters}
            answer = self.duck.execute(statement.duck, taken or None).fetchone()
            count = answer[0] if answer and isinstance(answer[0], int) else 0
            if statement.table:
                kept = 0 if statement.verb == "TRUNCATE" else count
                self._note(statement.table, kept, replaced=statement.verb != "INSERT INTO")
        return count

    def _note(self, table: str, count: int, *, replaced: bool = False) -> None:
        if count > 0:
            self._filled.add(table)
        elif replaced:
            self._filled.discard(table)

    def rows(self, query: str, **parameters: object) -> list[tuple[Any, ...]]:
        """The rows of a short query, given as text or as a script."""
        return self.duck.execute(_query(query), parameters or None).fetchall()

    def value(self, query: str, **parameters: object) -> Any:
        """The first column of the first row; None without rows."""
        found = self.rows(query, **parameters)
        return found[0][0] if found else None

    def stream(self, query: str) -> Iterator[pa.RecordBatch]:
        """The rows of a query in batches, unaffected by later changes to its tables."""
        with closing(self.duck.cursor()) as cursor:
            cursor.execute(_INSIDE)
            yield from cursor.sql(_query(query)).to_arrow_reader(_ROWS)

    def table(self, name: str, columns: str, rows: Sequence[Sequence[object]] = ()) -> None:
        """Create a table with the declared columns and rows; tuples become lists."""
        self.duck.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
        self._note(name, 0, replaced=True)
        self.add(name, rows)

    def add(self, name: str, rows: Sequence[Sequence[object]]) -> None:
        """Append rows of values to a table."""
        if rows:
            names = [each for each, _ in _columns(self.duck, f"FROM {name}")]
            values = [pa.array(column) for column in zip(*rows, strict=True)]
            self.append(name, pa.table(values, names))

    def make(self, name: str, rows: pa.Table) -> None:
        """Create a table of the rows."""
        self.duck.register("incoming", rows)
        self.duck.execute(f"CREATE OR REPLACE TABLE {name} AS FROM incoming")
        self.duck.unregister("incoming")
        self._note(name, len(rows), replaced=True)

    def append(
        self,
        name: str,
        rows: pa.Table | Iterator[pa.RecordBatch],
        query: str = "FROM incoming",
        **parameters: object,
    ) -> int:
        """Add rows, or the result of a query or script over them (`incoming`); returns the count.

        Raises the error of the iterator that makes the rows, if any.
        """
        source = rows if isinstance(rows, pa.Table) else _Source(rows)
        if isinstance(source, _Source) and source.reader is None:
            return 0
        self.duck.register("incoming", source.reader if isinstance(source, _Source) else source)
        try:
            added = self.duck.execute(
                f"INSERT INTO {name} BY NAME {_query(query)}", parameters or None
            ).fetchone()
        except duckdb.Error as error:
            raise (source.error if isinstance(source, _Source) else None) or error from None
        finally:
            self.duck.unregister("incoming")
        count = int(added[0]) if added else 0
        self._note(name, count)
        return count

    def bring(self, name: str, script: str, **parameters: object) -> int:
        """Create a table of the result of a PostgreSQL query or script; returns the row count.

        It runs in the transaction of the import. It declares its columns, `-- columns: code
        VARCHAR`; lists must not contain nulls. If its needs are not met, the table is empty.
        """
        written = _query(script)
        columns = _declared(written)
        declared = ", ".join(f'"{each}" {kind}' for each, kind in columns.items())
        self.duck.execute(f"CREATE OR REPLACE TABLE {name} ({declared})")
        self._note(name, 0, replaced=True)
        if not self.has(_needs(written)):
            return 0
        sent = ", ".join(
            f'to_json("{each}")' if kind.endswith("[]") else f'"{each}"'
            for each, kind in columns.items()
        )
        taken = ", ".join(
            f"""CAST(CAST("{each}" AS JSON) AS {kind}) AS "{each}\""""
            if kind.endswith("[]")
            else f'"{each}"'
            for each, kind in columns.items()
        )
        driver = driver_connection(self.connection)
        query = ClientCursor(driver).mogrify(written, self._facts | parameters)
        copy = _composed("COPY (SELECT {} FROM (\n{}\n) q) TO STDOUT (FORMAT csv)", sent, query)
        types = {each: _TYPES.get(kind, pa.string()) for each, kind in columns.items()}
        with (
            driver.cursor() as cursor,
            cursor.copy(copy) as answer,
            closing(_Lines(answer)) as lines,
        ):
            found = _parsed(lines, types)
            count = self.append(name, found, _composed("SELECT {} FROM incoming", taken))
        if count >= MANY:
            self.duck.execute("CHECKPOINT")
        return count

    def hand(self, name: str, columns: str, query: str, **parameters: object) -> int:
        """Create a PostgreSQL temporary table of a DuckDB query; returns the row count.

        It lasts until the transaction ends. `columns` are PostgreSQL declarations in the order of
        the query.
        """
        self.connection.execute(text(f"CREATE TEMPORARY TABLE {name} ({columns}) ON COMMIT DROP"))
        return self.copy(name, query, **parameters)

    def copy(self, target: str, query: str, **parameters: object) -> int:
        """Add the result of a DuckDB query or script to a PostgreSQL table; returns the row count.

        `target` is the table, followed by column names in brackets unless all are written.
        """
        query = _query(query)
        chosen = ", ".join(
            f'pg_array("{each}")' if kind.endswith("[]") else f'"{each}"'
            for each, kind in _columns(self.duck, query, parameters)
        )
        # The order is kept because the query has an ORDER BY of its own.
        answer = self.duck.sql(
            _composed("SELECT {} FROM (\n{}\n) q", chosen, query), params=parameters or None
        )
        count = 0
        with (
            driver_connection(self.connection).cursor() as cursor,
            cursor.copy(f"COPY {target} FROM STDIN (FORMAT csv)") as copy,
        ):
            for batch in answer.to_arrow_reader(_ROWS):
                count += len(batch)
                copy.write(as_csv(batch))
        return count


@contextmanager
def workbench(connection: Connection, import_id: int, var: Path) -> Iterator[Workbench]:
    """A workbench with the macros; its spill files below `var` are removed after the block.

    If `var` is not writable, everything must fit into memory. Raises StorageFullError if there is
    no space left.
    """
    # A folder for each account: operators may import under another account than the server's.
    spill = var / "imports" / f"spill-{os.geteuid()}"
    with _folder(spill) as folder, closing(duckdb.connect()) as duck:
        for setting, value in (
            ("memory_limit", _MEMORY),
            ("threads", _THREADS),
            ("temp_directory", str(folder or "")),
            ("preserve_insertion_order", False),
            ("autoinstall_known_extensions", False),
        ):
            duck.execute(f"SET {setting} = $value", {"value": value})
        duck.execute("ATTACH ':memory:' AS import (COMPRESS)")
        duck.execute(_INSIDE)
        duck.execute("SET enable_external_access = false")
        made = Workbench(connection, import_id, duck)
        made.run("macros.sql")
        try:
            yield made
        except (duckdb.OutOfMemoryException, duckdb.IOException) as error:
            raise StorageFullError(Message("disk_full_for_file")) from error


@contextmanager
def _folder(parent: Path) -> Iterator[Path | None]:
    """A folder removed with the block; None if `parent` is not writable.

    Removes folders of killed processes first.
    """
    with ExitStack() as stack:
        folder = None
        with suppress(OSError):
            parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in parent.iterdir():
                _remove_if_left(left)
            folder = Path(tempfile.mkdtemp(dir=parent))
            held = os.open(folder, os.O_RDONLY)
            stack.callback(os.close, held)
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            fcntl.flock(held, fcntl.LOCK_EX)
        yield folder


def _remove_if_left(folder: Path) -> None:
    """Remove the folder of an import unless a running one has locked it."""
    with suppress(OSError):
        held = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(held)


class _Statement(NamedTuple):
    """A parsed statement of a script, independent of connections."""

    duck: duckdb.Statement
    needs: str
    verb: str
    table: str
    """The table whose rows it makes, and by which verb; '' for other statements."""


@lru_cache(1_000)
def _script(name: str) -> str:
    return with_each_plain((_HERE / name).read_text(encoding="utf-8"))


@lru_cache(1_000)
def _statements(script: str) -> list[_Statement]:
    """The statements of a script."""
    return [_of_script(each) for each in duckdb.extract_statements(_script(script))]


def _of_script(statement: duckdb.Statement) -> _Statement:
    found = _FILLS.search(statement.query)
    verb, table = found.groups() if found else ("", "")
    return _Statement(statement, _needs(statement.query), verb, table)


def _needs(written: str) -> str:
    found = _NEEDS.search(written)
    return found[1] if found else ""


def _declared(written: str) -> dict[str, str]:
    """Names and types of the columns that a PostgreSQL script declares."""
    found = _OUT.search(written)
    columns = found[1].replace("\n--  ", "").split(", ") if found else ()
    return dict(each.split(" ", 1) for each in columns)


def _query(query: str) -> str:
    return _script(query).rstrip().rstrip(";") if query.endswith(".sql") else query


def _composed(template: str, *pieces: str) -> str:
    """A statement composed of SQL for columns and queries."""
    return sql.SQL(template).format(*map(sql.SQL, pieces)).as_string()


def _columns(
    duck: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object] | None = None
) -> list[tuple[str, str]]:
    """Name and type of each column of a query."""
    described = duck.execute(f"DESCRIBE {query}", parameters or None).fetchall()
    return [(name, kind) for name, kind, *_ in described]


class _Source:
    """Batches made while DuckDB reads them in a thread of its own."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self.error: Exception | None = None
        """The error while making them, of which DuckDB only reports the text."""
        first = next(batches, None)
        self.reader: pa.RecordBatchReader | None = None
        """None without batches."""
        if first is not None:
            kept = self._kept(chain((first,), batches))
            self.reader = pa.RecordBatchReader.from_batches(first.schema, kept)

    def _kept(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        try:
            yield from batches
        except Exception as error:
            self.error = error
            raise


class _Lines(io.RawIOBase):
    """The output of COPY as a file, which another thread reads ahead of the parser."""

    def __init__(self, answer: Copy) -> None:
        self._rows = iter(answer)
        self._reading = threading.Lock()
        self._left = self._more()
        self.is_empty = not self._left

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        """Wait for the other thread, so that the connection is not read afterwards."""
        with self._reading:
            super().close()

    def _more(self) -> bytes:
        return b"".join(islice(self._rows, _LINES))

    def read(self, size: int = -1) -> bytes:
        with self._reading:
            if self.closed:
                return b""
            data = self._left or self._more()
            self._left = data[size:]
            return data[:size]


def _parsed(lines: _Lines, types: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
    """Batches of the CSV of COPY, where a blank cell is null and `""` is ''."""
    if lines.is_empty:
        return
    yield from pc.open_csv(
        lines,
        pc.ReadOptions(column_names=list(types), block_size=_PIECE),
        pc.ParseOptions(newlines_in_values=True),
        pc.ConvertOptions(
            column_types=types,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


def as_csv(batch: pa.RecordBatch) -> bytes:
    """The rows as CSV for COPY and Python, where a blank cell is null and `""` is ''."""
    out = pa.BufferOutputStream()
    options = pc.WriteOptions(include_header=False, quoting_style="all_valid")
    pc.write_csv(batch, out, options)  # noqa: TID251 - not for spreadsheets
    return out.getvalue().to_pybytes()  # type: ignore[no-any-return]
