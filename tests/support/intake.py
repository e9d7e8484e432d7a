"""Files of households, and what the register makes of them."""

import csv
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, text

from registry.core.database import session_scope
from registry.intake.result import ImportOptions, ImportResult
from registry.intake.run import import_file

BA_DINH, HONG_HA = "00004", "00097"
LON, LAT = "105.8380", "21.0386"

Deliver = Callable[..., ImportResult]
"""`deliver({"house_number": "12", …}, source="phuong", delivery="full")`"""


def write(path: Path, *rows: dict[str, str]) -> Path:
    """A CSV file of the rows, with the columns that any of them has."""
    headers = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, headers)
        writer.writeheader()
        writer.writerows(rows)
    return path


def door(number: str, ref: str | None = None, **fields: str) -> dict[str, str]:
    """A row of a house in Phố Quán Thánh, Phường Ba Đình."""
    row = {"house_number": number, "street": "Phố Quán Thánh", "commune_code": BA_DINH}
    return ({"source_ref": ref} if ref else {}) | row | fields


def deliveries(engine: Engine, folder: Path) -> Deliver:
    """A function that imports rows given as dictionaries; options by name."""

    def run(*rows: dict[str, str], source: str = "phuong", **options: object) -> ImportResult:
        path = write(folder / "households.csv", *rows)
        return import_file(
            engine,
            path,
            ImportOptions(source, **options),  # type: ignore[arg-type]
            lambda _count: None,
        )

    return run


def rows(engine: Engine, statement: str) -> list[tuple[object, ...]]:
    """What a statement answers."""
    with session_scope(engine) as session:
        return [tuple(row) for row in session.execute(text(statement))]


def tables_that_hold(engine: Engine, *words: str) -> list[tuple[object, ...]]:
    """Each table in which any of the words stands, and the row; but for units, which are called
    like people and come of the seeds alone.
    """
    text = " OR ".join(f"row LIKE '%{word}%'" for word in words)
    tables = rows(
        engine,
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname = 'public' AND tablename <> 'spatial_ref_sys'"
        " AND tablename NOT LIKE 'admin_unit%'",
    )
    # OFFSET: a row is made a text once, and not for each word.
    each = (
        f"(SELECT '{table}', row FROM (SELECT t::text AS row FROM {table} t OFFSET 0) t"
        f" WHERE {text} LIMIT 1)"
        for (table,) in tables
    )
    return rows(engine, " UNION ALL ".join(each))


def checksum(engine: Engine) -> dict[str, object]:
    """The register's doors, places, former names and references, without times and events.

    Computed in SQL, table by table, over every column but those that only say when a row was
    written: what a rollback has to bring back.
    """
    with session_scope(engine) as session:
        return {
            table: session.execute(
                text(
                    "SELECT md5(coalesce(string_agg(row::text, '' ORDER BY row::text), ''))"
                    f" FROM (SELECT to_jsonb(t) - 'recorded_at' - {event} AS row FROM {table} t) r"
                )
            ).scalar_one()
            for table, event in SUMMED.items()
        }


SUMMED = {
    "household": "'event_id'",
    "household_ref": "'-'",
    "household_former_number": "'-'",
    "place": "'-'",
    "place_alias": "'-'",
    "succession_link": "'-'",
    "external_id": "'-'",
    "plate": "'-'",
}
"""Table → the column that a rollback stamps anew."""
