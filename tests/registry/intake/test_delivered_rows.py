"""What an import makes of a row: the door that it publishes, or what it asks and why.

A row of `delivered_rows.csv` is `header=cell | header=cell`. Those that have one `delivery` come
as one file, so that a case costs no import of its own; they name doors of their own.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import Engine

from geo.label import label
from registry.core.reads import Reads
from registry.records.lookup import lookup
from registry.records.record import Record
from registry.units.gazetteer import Gazetteer
from tests.registry.intake.reused import Reused
from tests.support.intake import deliveries, rows, tables_that_hold
from tests.support.units import read_gazetteer
from tests.support.vectors import Row, read_vectors

ROWS: Final = read_vectors("delivered_rows")
PEOPLE: Final = (
    *("Thanh Hoa", "Minh Tâm", "Văn Bình", "Trần Thị Mai", "chị Hoa", "Văn Tý", "Văn Bé"),
    *("0912345678", "0903.123.456", "Văn Tèo", "Văn Nam", "anh Nam", "Lý Thông", "Thị Lan"),
)
"""Who is named in rows."""


MANY: Final = 12
"""Rows of the deliveries that the gate imports."""
_SIZES: Final = Counter(row["delivery"] for row in ROWS)


class Delivered:
    """What became of the rows, by place in the table; a delivery is imported when asked for."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.gazetteer = read_gazetteer(engine)
        self.problems: dict[int, set[str]] = {}
        self.records: dict[int, Record] = {}
        self._folder = folder

    def bring(self, delivery: str) -> None:
        """Import the rows of a delivery, and before a small one those that stand above it."""
        above = takewhile(lambda name: name != delivery, _SIZES) if _SIZES[delivery] < MANY else ()
        for name in (*above, delivery):
            self._import(name)

    def _import(self, delivery: str) -> None:
        given = {
            at: _cells(row["row"]) for at, row in enumerate(ROWS) if row["delivery"] == delivery
        }
        if given.keys() <= self.problems.keys():
            return
        lines = ({"source_ref": str(at)} | cells for at, cells in given.items())
        result = deliveries(self.engine, self._folder)(*lines, source=delivery)
        found = f"SELECT row_number, code FROM import_problem WHERE import_id = {result.import_id}"
        self.problems |= {at: set() for at in given}
        for number, code in rows(self.engine, found):
            self.problems[list(given)[int(str(number)) - 1]].add(str(code))
        url = self.engine.url.render_as_string(hide_password=False)
        reads = Reads(url, pool_size=1, statement_timeout_ms=5_000)
        for ref, code in rows(self.engine, "SELECT source_ref, code FROM household_ref"):
            if int(str(ref)) in given:
                self.records[int(str(ref))] = lookup(reads, str(code))
        reads.close()


@pytest.fixture(scope="module")
def delivered(reused: Reused, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Delivered]:
    with reused.lent() as engine:
        yield Delivered(engine, tmp_path_factory.mktemp("deliveries"))


def _cells(row: str) -> dict[str, str]:
    return dict(cell.split("=", 1) for cell in row.split(" | "))  # type: ignore[misc]


def door_of(record: Record) -> str:
    """The label of the record within its commune, and its attributes."""
    called = label(record.label_parts, ())
    return f"{called} ({record.delivery_hint})" if record.delivery_hint else called


def commune_of(gazetteer: Gazetteer, record: Record) -> str:
    """The code of its commune, and of the former one where that is known."""
    codes = (gazetteer.units[at].code for at in (record.unit_id, record.former_unit_id) if at)
    return " of ".join(str(code) for code in codes)


@pytest.mark.parametrize(
    ("at", "row"),
    [
        pytest.param(
            at,
            row,
            id=f"{at} {row['why']}",
            marks=() if _SIZES[row["delivery"]] >= MANY else pytest.mark.thorough,
        )
        for at, row in enumerate(ROWS)
    ],
)
def test_row_is_published_as_its_door_or_questioned(
    delivered: Delivered, at: int, row: Row
) -> None:
    delivered.bring(row["delivery"])
    record = delivered.records.get(at)
    assert delivered.problems[at] == set(row["problems"].split())
    assert (door_of(record) if record else "") == row["door"]
    assert (commune_of(delivered.gazetteer, record) if record else "") == row["commune"]


def test_rejected_rows_create_no_place_and_store_no_personal_data(delivered: Delivered) -> None:
    delivered.bring("cells")
    names = rows(delivered.engine, "SELECT DISTINCT name FROM place")
    doors = "\n".join(row["door"] for row in ROWS)
    assert [name for (name,) in names if str(name) not in doors] == []
    assert tables_that_hold(delivered.engine, *PEOPLE) == []
