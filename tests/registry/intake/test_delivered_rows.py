"""What an import makes of a row: the door that it publishes, or what it asks and why.

A row of `delivered_rows.csv` is `header=cell | header=cell`. Those that have one `delivery` come
as one file, so that a case costs no import of its own; they name doors of their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Engine

from geo.label import label
from registry.core.reads import Reads
from registry.records.lookup import lookup
from registry.records.record import Record
from registry.units.gazetteer import Gazetteer
from tests.support.intake import deliveries, rows, tables_that_hold
from tests.support.reused import Reused
from tests.support.units import read_gazetteer
from tests.support.vectors import Row, read_vectors

ROWS: Final = read_vectors("delivered_rows")
PEOPLE: Final = (
    *("Thanh Hoa", "Minh Tâm", "Văn Bình", "Trần Thị Mai", "chị Hoa", "Văn Tý", "Văn Bé"),
    *("0912345678", "0903.123.456", "Văn Tèo", "Văn Nam", "anh Nam", "Lý Thông", "Thị Lan"),
)
"""Who is named in rows."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of the rows, by their place in the table."""

    engine: Engine
    gazetteer: Gazetteer
    problems: dict[int, set[str]]
    records: dict[int, Record]


@pytest.fixture(scope="module")
def delivered(reused: Reused, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivered]:
    with reused.lent() as engine:
        problems = {}
        for name in dict.fromkeys(row["delivery"] for row in ROWS):
            problems |= _deliver(engine, tmp_path_factory.mktemp("delivery"), name)
        url = engine.url.render_as_string(hide_password=False)
        reads = Reads(url, pool_size=1, statement_timeout_ms=5_000)
        codes = rows(engine, "SELECT source_ref, code FROM household_ref")
        records = {int(str(ref)): lookup(reads, str(code)) for ref, code in codes}
        reads.close()
        yield Delivered(engine, read_gazetteer(engine), problems, records)


def _deliver(engine: Engine, folder: Path, delivery: str) -> dict[int, set[str]]:
    """Import the rows of a delivery; the problems of each."""
    given = {at: _cells(row["row"]) for at, row in enumerate(ROWS) if row["delivery"] == delivery}
    lines = ({"source_ref": str(at)} | cells for at, cells in given.items())
    result = deliveries(engine, folder)(*lines, source=delivery)
    told = f"SELECT row_number, code FROM import_problem WHERE import_id = {result.import_id}"
    found: dict[int, set[str]] = {at: set() for at in given}
    for number, code in rows(engine, told):
        found[list(given)[int(str(number)) - 1]].add(str(code))
    return found


def _cells(row: str) -> dict[str, str]:
    return dict(cell.split("=", 1) for cell in row.split(" | "))  # type: ignore[misc]


def door_of(record: Record) -> str:
    """How it is called within its commune, and what is said of it."""
    called = label(record.label_parts, ())
    return f"{called} ({record.delivery_hint})" if record.delivery_hint else called


def commune_of(gazetteer: Gazetteer, record: Record) -> str:
    """The code of its commune, and of the former one where that is known."""
    codes = (gazetteer.units[at].code for at in (record.unit_id, record.former_unit_id) if at)
    return " of ".join(str(code) for code in codes)


@pytest.mark.parametrize(
    ("at", "row"), [pytest.param(at, row, id=f"{at} {row['why']}") for at, row in enumerate(ROWS)]
)
def test_row_is_published_as_its_door_or_asked_about(
    delivered: Delivered, at: int, row: Row
) -> None:
    record = delivered.records.get(at)
    assert delivered.problems[at] == set(row["problems"].split())
    assert (door_of(record) if record else "") == row["door"]
    assert (commune_of(delivered.gazetteer, record) if record else "") == row["commune"]


def test_rejected_rows_make_no_place_and_people_are_nowhere(delivered: Delivered) -> None:
    names = rows(delivered.engine, "SELECT DISTINCT name FROM place")
    doors = "\n".join(row["door"] for row in ROWS)
    assert [name for (name,) in names if str(name) not in doors] == []
    assert tables_that_hold(delivered.engine, *PEOPLE) == []
