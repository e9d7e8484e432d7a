"""Where an import works: its rows in DuckDB, in this process, beside the register's transaction.

DuckDB works on columns, takes half a gigabyte at most and spills the rest below `var/imports`. What
an import needs of the register is brought over by the connection that it will publish on, so that
the snapshot, the locks and row-level security are those of its transaction (decision 0026); what it
found goes back the same way. A step is one `.sql` file, which can be pasted into a shell.

Most files are small, and DuckDB plans a statement for one row as for a million. So a statement, and
a step, names what it needs, and is passed over where that has no rows: see `Workbench.has`.
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
"""Bytes of an answer that are parsed at a time, at most: what a processor's cache holds."""
_LINES: Final = 5_000
"""Rows of an answer that are taken at a time."""
_ROWS: Final = 50_000
"""Rows that are written at a time."""
MANY: Final = 100_000
"""Rows that are worth being compressed."""
# Of what COPY writes: Arrow's types by DuckDB's. Lists come as JSON.
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
    `lat`, both null where there is none, and the same to the last bit wherever it goes.
    """

    def __init__(
        self, connection: Connection, import_id: int, duck: duckdb.DuckDBPyConnection
    ) -> None:
        self.connection = connection
        """Of the register, in the transaction of the import."""
        self.import_id = import_id
        self.duck = duck
        self._said: dict[str, object] = {"import_id": import_id}
        self._filled: set[str] = set()

    def say(self, **said: object) -> None:
        """Tell what is so of the import: parameters of its scripts, and what `needs` may name."""
        self._said |= said

    def has(self, needs: str) -> bool:
        """Whether all that is needed is there, of `delivered, known or registered`.

        A name is a table that rows were put into, or what was said and is neither false nor empty.
        """
        return all(
            any(name in self._filled or self._said.get(name) for name in each.split(" or "))
            for each in filter(None, needs.split(", "))
        )

    def run(self, script: str, **parameters: object) -> int:
        """Run each statement of the script; how many rows the last one made or changed.

        One that needs what is not there is passed over: `-- needs: known or registered`, above it.
        Each is given what it names of the parameters, and of what was said.
        """
        count = 0
        known = self._said | parameters
        for statement in _statements(script):
            count = 0
            if not self.has(statement.needs):
                continue
            taken = {name: known[name] for name in statement.duck.named_parameters}
            answer = self.duck.execute(statement.duck, taken or None).fetchone()
            count = answer[0] if answer and isinstance(answer[0], int) else 0
            if statement.table:
                kept = 0 if statement.verb == "TRUNCATE" else count
                self._note(statement.table, kept, anew=statement.verb != "INSERT INTO")
        return count

    def _note(self, table: str, count: int, *, anew: bool = False) -> None:
        if count > 0:
            self._filled.add(table)
        elif anew:
            self._filled.discard(table)

    def rows(self, query: str, **parameters: object) -> list[tuple[Any, ...]]:
        """What a short query answers, or one of a script."""
        return self.duck.execute(_query(query), parameters or None).fetchall()

    def value(self, query: str, **parameters: object) -> Any:
        """The first column of the first row; None where there is none."""
        found = self.rows(query, **parameters)
        return found[0][0] if found else None

    def stream(self, query: str) -> Iterator[pa.RecordBatch]:
        """What a query answers, some thousands of rows at a time; the tables stay as they were."""
        with closing(self.duck.cursor()) as cursor:
            cursor.execute(_INSIDE)
            yield from cursor.sql(_query(query)).to_arrow_reader(_ROWS)

    def table(self, name: str, columns: str, rows: Sequence[Sequence[object]] = ()) -> None:
        """A table with the declared columns, of these rows; a tuple or list in one is a list."""
        self.duck.execute(f"CREATE OR REPLACE TABLE {name} ({columns})")
        self._note(name, 0, anew=True)
        self.add(name, rows)

    def add(self, name: str, rows: Sequence[Sequence[object]]) -> None:
        """Append rows of values to a table."""
        if rows:
            names = [each for each, _ in _columns(self.duck, f"FROM {name}")]
            values = [pa.array(column) for column in zip(*rows, strict=True)]
            self.append(name, pa.table(values, names))

    def make(self, name: str, rows: pa.Table) -> None:
        """A table of these rows."""
        self.duck.register("incoming", rows)
        self.duck.execute(f"CREATE OR REPLACE TABLE {name} AS FROM incoming")
        self.duck.unregister("incoming")
        self._note(name, len(rows), anew=True)

    def append(
        self,
        name: str,
        rows: pa.Table | Iterator[pa.RecordBatch],
        query: str = "FROM incoming",
        **parameters: object,
    ) -> int:
        """Add the rows, or what a query or script makes of them, `incoming`; how many.

        Raises what goes wrong where they are made.
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
        """Make a table of what PostgreSQL answers to a query or script; how many rows.

        Asked in the transaction of the import. It declares its columns, `-- columns: code VARCHAR`,
        of which a list must hold no nulls; where what it needs is not there, nothing is asked and
        the table is empty.
        """
        written = _query(script)
        columns = _declared(written)
        declared = ", ".join(f'"{each}" {kind}' for each, kind in columns.items())
        self.duck.execute(f"CREATE OR REPLACE TABLE {name} ({declared})")
        self._note(name, 0, anew=True)
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
        query = ClientCursor(driver).mogrify(written, self._said | parameters)
        copy = _written("COPY (SELECT {} FROM (\n{}\n) q) TO STDOUT (FORMAT csv)", sent, query)
        types = {each: _TYPES.get(kind, pa.string()) for each, kind in columns.items()}
        with (
            driver.cursor() as cursor,
            cursor.copy(copy) as answer,
            closing(_Lines(answer)) as lines,
        ):
            found = _parsed(lines, types)
            count = self.append(name, found, _written("SELECT {} FROM incoming", taken))
        if count >= MANY:
            self.duck.execute("CHECKPOINT")
        return count

    def hand(self, name: str, columns: str, query: str, **parameters: object) -> int:
        """Make a temporary table of PostgreSQL, until the transaction ends; how many rows.

        The columns are declared as PostgreSQL does, in the order of the query's.
        """
        self.connection.execute(text(f"CREATE TEMPORARY TABLE {name} ({columns}) ON COMMIT DROP"))
        return self.copy(name, query, **parameters)

    def copy(self, target: str, query: str, **parameters: object) -> int:
        """Add what the query, or a script's, answers to a table of PostgreSQL; how many rows.

        `target` is the table, with its columns in brackets where they are not all meant.
        """
        query = _query(query)
        chosen = ", ".join(
            f'pg_array("{each}")' if kind.endswith("[]") else f'"{each}"'
            for each, kind in _columns(self.duck, query, parameters)
        )
        # The order of the query is kept by its own ORDER BY alone.
        answer = self.duck.sql(
            _written("SELECT {} FROM (\n{}\n) q", chosen, query), params=parameters or None
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
    """A workbench with DuckDB's macros; what it wrote below `var` is gone after the block.

    Where nothing can be written there, all must fit into memory. Raises StorageFullError when there
    is no room left.
    """
    # A folder for each account: an operator's own imports may be another's than the server's.
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
    """A folder that goes with the block, None where nothing can be written.

    Those of processes that were killed go before it.
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
    """Remove the folder of an import unless a living one holds it."""
    with suppress(OSError):
        held = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(held)


class _Statement(NamedTuple):
    """A statement of a script, which belongs to no connection."""

    duck: duckdb.Statement
    needs: str
    verb: str
    table: str
    """What it does to the rows of which table; '' where it makes none."""


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
    """Names and types of the columns that a script for PostgreSQL declares at its head."""
    found = _OUT.search(written)
    columns = found[1].replace("\n--  ", "").split(", ") if found else ()
    return dict(each.split(" ", 1) for each in columns)


def _query(query: str) -> str:
    return _script(query).rstrip().rstrip(";") if query.endswith(".sql") else query


def _written(template: str, *pieces: str) -> str:
    """A statement put together from columns and queries that are written already."""
    return sql.SQL(template).format(*map(sql.SQL, pieces)).as_string()


def _columns(
    duck: duckdb.DuckDBPyConnection, query: str, parameters: Mapping[str, object] | None = None
) -> list[tuple[str, str]]:
    """Name and type of each column that a query answers."""
    described = duck.execute(f"DESCRIBE {query}", parameters or None).fetchall()
    return [(name, kind) for name, kind, *_ in described]


class _Source:
    """Batches that are made while DuckDB takes them, by a thread of its own."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self.error: Exception | None = None
        """What went wrong while they were made, of which DuckDB tells the words alone."""
        first = next(batches, None)
        self.reader: pa.RecordBatchReader | None = None
        """None where there is none."""
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
    """What COPY writes, as a file, which another thread reads ahead of who parses it."""

    def __init__(self, answer: Copy) -> None:
        self._rows = iter(answer)
        self._reading = threading.Lock()
        self._left = self._more()
        self.is_empty = not self._left

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        """Wait for the other thread: nobody reads of the connection afterwards."""
        with self._reading:
            super().close()

    def _more(self) -> bytes:
        return b"".join(islice(self._rows, _LINES))

    def read(self, size: int = -1) -> bytes:
        with self._reading:
            if self.closed:
                return b""
            whole = self._left or self._more()
            self._left = whole[size:]
            return whole[:size]


def _parsed(lines: _Lines, types: Mapping[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
    """What COPY writes as CSV: nothing is null, and `""` is ''."""
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
    """The rows as COPY reads CSV, and Python: nothing is null, and `""` is ''."""
    out = pa.BufferOutputStream()
    options = pc.WriteOptions(include_header=False, quoting_style="all_valid")
    pc.write_csv(batch, out, options)  # noqa: TID251 - for no spreadsheet
    return out.getvalue().to_pybytes()  # type: ignore[no-any-return]
