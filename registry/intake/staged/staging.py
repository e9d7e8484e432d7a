"""The tables of an import in PostgreSQL, for the steps that match and publish there.

They live and die in the import's own transaction, so that a killed import leaves nothing behind.
They are unlogged rather than temporary because PostgreSQL's parallel workers read no temporary
table; a temporary view gives each a name without the import's number.
"""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, text

from registry.database import driver_connection
from registry.intake.engine import Workbench
from registry.intake.staged.resolved import Row

MANY: Final = 20_000
"""Rows from which on it pays to make keys behind them, and to tell the planner of them."""
# As the macro of DuckDB.
ADDRESS_HASH: Final = """
    (coalesce(pg_temp.text_hash('n', number_key
        || CASE WHEN number ~ '[0-9][Đđ]' THEN 'Đ' ELSE '' END), 0)
    # coalesce(pg_temp.text_hash('t', street_key),
        pg_temp.text_hash('p', array_to_string(place_keys, ',')), 0)
    # coalesce(pg_temp.text_hash('f', nullif(coalesce(building_key || '|', '')
        || coalesce(storey || '|', '') || coalesce(flat, ''), '')), 0)
    # ((unit_id::bigint << 32) + coalesce(former_id, 0)))
"""
COMPARED: Final = (
    "unit_id, number_at, street_at, place_at, flat_at, address_hash, point_hash, rejected"
)
"""Columns of `entry` that rows are compared by."""
_PARTS: Final = {
    "number": "number text, number_key text, alley_only boolean",
    "street": "street_kind text, street_name text, street_key text",
    "place": "place_kinds text[], place_names text[], place_keys text[]",
    "flat": "building_name text, building_key text, storey text, flat text",
    "commune": "commune_code text, candidates int[], former_id int, commune_problem text,"
    " commune_notice text, assumed_id int",
}
_ENTRY: Final = (
    "row_number bigint, row_hash uuid, source_ref text, longitude text, latitude text,"
    " households_count text, households int, accuracy_m float8, number_at int, street_at int,"
    " place_at int, flat_at int, commune_at int, hint text, unit_id int, former_id int,"
    " address_hash bigint, point_hash bigint, rejected boolean, shifted boolean, lon float8,"
    " lat float8"
)
_POINT: Final = ", point geometry GENERATED ALWAYS AS (ST_Point(lon, lat, 4326)) STORED"
_JUDGED: Final = """
    SELECT e.*, n.number, n.number_key, n.alley_only, t.street_kind, t.street_name,
        t.street_key, p.place_kinds, p.place_names, p.place_keys,
        f.building_name, f.building_key, f.storey, f.flat, c.commune_code,
        c.candidates, c.commune_problem, c.commune_notice
    FROM entry e
    JOIN commune c ON c.at = e.commune_at
    LEFT JOIN number n ON n.at = e.number_at
    LEFT JOIN street t ON t.at = e.street_at
    LEFT JOIN place p ON p.at = e.place_at
    LEFT JOIN flat f ON f.at = e.flat_at
"""
_TEXT_HASH: Final = """
    CREATE OR REPLACE FUNCTION pg_temp.text_hash(kind text, t text) RETURNS bigint LANGUAGE sql
    IMMUTABLE RETURN ('x' || substr(md5(kind || t), 1, 16))::bit(64)::bigint
"""


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

    def take(self, bench: Workbench, name: str, columns: str, more: str = "") -> None:
        """A table of the workbench, under the same name; with `more` that PostgreSQL makes."""
        self.create(name, columns + more)
        listed = ", ".join(column.split()[0] for column in columns.split(", "))
        chosen = listed.replace("at,", '"at",', 1) if listed.startswith("at,") else listed
        bench.copy(f"{self._tables[name]} ({listed})", f"SELECT {chosen} FROM {name}")

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


def hand_over(bench: Workbench, staging: Staging) -> None:
    """What was staged and judged, to PostgreSQL under the same names."""
    staging.connection.execute(text(_TEXT_HASH))
    for name, columns in _PARTS.items():
        staging.take(bench, name, f"at int, {columns}")
        staging.key(name, "at")
    staging.take(bench, "entry", _ENTRY, _POINT)
    staging.connection.execute(text(f"ANALYZE staging.entry_{staging.import_id} ({COMPARED})"))
    staging.take(bench, "skipped", "row_number bigint")
    staging.view("judged", _JUDGED)
    told = "row_number, field, code, severity, value, proposed_fix"
    bench.copy(
        f"import_problem (import_id, {told})",
        f"SELECT $import_id::BIGINT AS import_id, {told} FROM problem ORDER BY row_number, id",
        import_id=bench.import_id,
    )
