"""Step 1, staging: the file's rows into an unlogged table, by COPY.

Columns of a file are staged as text. A free-text address is read right here and only what was
understood is staged: around an address stand names and phone numbers, which no table may hold.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, text

from registry.address_reader import read_address
from registry.database import driver_connection
from registry.gazetteer import Gazetteer
from registry.intake.columns import FIELDS
from registry.intake.communes import CommuneReader, CommuneReading
from registry.intake.doors import DOOR_COLUMNS, door_row
from registry.intake.reader import SourceFile, fields_of, rows_of

RULES_VERSION: Final = "2"
"""Part of each row's hash: raise it when the same row would be understood differently."""
TEXT_FIELDS: Final = tuple(name for name in FIELDS if name != "address")
COMMUNE_COLUMNS: Final = (
    "candidates int[], former_id int, commune_problem text, commune_notice text"
)

Progress = Callable[[int], None]


def staged(import_id: int) -> str:
    """The table of the rows as delivered."""
    return f"staging.import_{import_id}"


def resolved(import_id: int) -> str:
    """The table of the rows as understood."""
    return f"staging.rows_{import_id}"


def stage(
    connection: Connection,
    import_id: int,
    file: SourceFile,
    gazetteer: Gazetteer,
    communes: CommuneReader,
    progress: Progress,
) -> int:
    """COPY every row of the file and return how many; `progress` hears the count now and then.

    Raises UnreadableFileError when the text breaks further down; the caller's transaction then
    leaves nothing behind.
    """
    declared = ", ".join(f"{name} text" for name in TEXT_FIELDS)
    connection.execute(
        text(
            f"CREATE UNLOGGED TABLE {staged(import_id)} (row_number bigint, row_hash uuid,"
            f" {declared}, {DOOR_COLUMNS}, {COMMUNE_COLUMNS})"
        )
    )
    salt = f"{RULES_VERSION}\x1f{gazetteer.version}"
    number = 0
    with rows_of(file) as rows:
        prepared = (
            _free_text_rows(file, rows, salt, gazetteer, communes)
            if file.columns.free_text
            else _field_rows(file, rows, salt)
        )
        names, cells = prepared
        with (
            driver_connection(connection).cursor() as cursor,
            cursor.copy(f"COPY {staged(import_id)} ({', '.join(names)}) FROM STDIN") as copy,
        ):
            for number, row in enumerate(cells, start=1):
                copy.write_row((number, *row))
                if number % 1000 == 0:
                    progress(number)
    progress(number)
    connection.execute(text(f"ANALYZE {staged(import_id)}"))
    return number


def copy_rows(
    connection: Connection,
    table: str,
    columns: str,
    rows: Iterable[tuple[object, ...]],
    *,
    key: str,
) -> None:
    """Make the temporary `table` with the declared `columns`, fill it, and analyse it.

    `key` names the columns that tell its rows apart. Without a unique index on them the planner
    expects many matches for each row, and a join of 200,000 rows takes minutes instead of seconds.
    """
    connection.execute(text(f"CREATE TEMPORARY TABLE {table} ({columns}) ON COMMIT DROP"))
    with (
        driver_connection(connection).cursor() as cursor,
        cursor.copy(f"COPY {table} FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
    connection.execute(text(f"CREATE UNIQUE INDEX ON {table} ({key})"))
    connection.execute(text(f"ANALYZE {table}"))


def drop(connection: Connection, import_id: int) -> None:
    """Remove what an import staged."""
    connection.execute(text(f"DROP TABLE IF EXISTS {staged(import_id)}, {resolved(import_id)}"))


_Prepared = tuple[list[str], Iterator[tuple[object, ...]]]


def _field_rows(file: SourceFile, rows: Iterator[list[str]], salt: str) -> _Prepared:
    names = ["row_number", "row_hash", *file.columns.positions]

    def cells() -> Iterator[tuple[object, ...]]:
        for row in rows:
            fields = fields_of(file, row)
            yield (_row_hash(salt, fields), *fields)

    return names, cells()


def _free_text_rows(
    file: SourceFile,
    rows: Iterator[list[str]],
    salt: str,
    gazetteer: Gazetteer,
    communes: CommuneReader,
) -> _Prepared:
    fields = list(file.columns.positions)
    address_at = fields.index("address")
    kept = [name for name in fields if name != "address"]
    read = _address_columns(gazetteer, communes)
    names = ["row_number", "row_hash", *kept, *_names(DOOR_COLUMNS), *_names(COMMUNE_COLUMNS)]

    def cells() -> Iterator[tuple[object, ...]]:
        for row in rows:
            values = fields_of(file, row)
            address = values.pop(address_at)
            yield (_row_hash(salt, [*values, address]), *values, *read(address))

    return names, cells()


def _address_columns(
    gazetteer: Gazetteer, communes: CommuneReader
) -> Callable[[str | None], tuple[object, ...]]:
    @lru_cache(maxsize=100_000)
    def read(address: str | None) -> tuple[object, ...]:
        if address is None:
            return (*door_row(None), *commune_row(CommuneReading(problem="address_missing")))
        readings = read_address(gazetteer, address)
        if not readings:
            return (*door_row(None), *commune_row(CommuneReading(problem="address_missing")))
        best = readings[0]
        named = any(naming.commune is not None for naming in best.namings)
        reading = (
            communes.of_namings(best.namings)
            if named
            else CommuneReading(problem="commune_unknown")
        )
        return (*door_row(best.door), *commune_row(reading))

    return read


def commune_row(reading: CommuneReading) -> tuple[object, ...]:
    """The columns of `COMMUNE_COLUMNS`."""
    return (list(reading.candidates), reading.former_id, reading.problem, reading.notice)


def _names(columns: str) -> list[str]:
    return [column.split()[0] for column in columns.split(", ")]


def _row_hash(salt: str, cells: Iterable[str | None]) -> UUID:
    joined = "\x1f".join("\x1e" if cell is None else cell for cell in cells)
    digest = hashlib.md5(f"{salt}\x1f{joined}".encode(), usedforsecurity=False)
    return UUID(bytes=digest.digest())
