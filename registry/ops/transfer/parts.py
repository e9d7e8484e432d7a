"""The parts of the file and the members of their lines, from `members.csv`."""

import csv
import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

from registry.core.sql import for_each_column
from registry.core.tables.records import HOUSEHOLD, STAMPED

HERE: Final = Path(__file__).parent
REFERENCES: Final = {
    "unit": "text",
    "code": "text",
    "event": "bigint",
    "import": "bigint",
    "place": "bigint",
    "street": "bigint",
    "locality": "bigint",
}
"""Kind of reference → its SQL type."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a line."""

    name: str
    type: str

    @property
    def sql_type(self) -> str:
        """Its type in PostgreSQL."""
        return REFERENCES.get(self.type, self.type)


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of object: a file of the archive with a line of JSON for each."""

    name: str
    members: tuple[Member, ...]

    @property
    def file_name(self) -> str:
        """Name of the archive's member."""
        return f"{self.name}.jsonl"

    def script(self, direction: str) -> str:
        """Return the SQL that reads it from a register (`outward`) or writes it (`inward`)."""
        return script(f"{direction}/{self.name}")


def script(name: str) -> str:
    """Return an SQL script of this package."""
    written = (HERE / f"{name}.sql").read_text(encoding="utf-8")
    return for_each_column(written, "plain", ({"name": each.name} for each in PLAIN))


_RENAMED: Final = (
    *("code", "unit_id", "former_unit_id", "street_id", "locality_id", "house_number_key"),
    *("building_name", "parent_code", "point", *STAMPED),
)
"""Columns of a household that scripts name explicitly: as references, or under other names."""
_TYPES: Final = {
    str: "text",
    int: "integer",
    float: "double precision",
    bool: "boolean",
    datetime.date: "date",
}
PLAIN: Final = [column for column in HOUSEHOLD.c if column.name not in _RENAMED]
"""The other columns, for which scripts have a template line."""


def _read() -> Iterator[Part]:
    with (HERE / "members.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    for name, members in groupby(rows, key=lambda row: row["part"]):
        known = {row["member"]: row["type"] for row in members}
        if name == "records":
            others = (each for each in PLAIN if each.name not in known)
            known |= {each.name: _TYPES[each.type.python_type] for each in others}
        yield Part(name, tuple(Member(*each) for each in known.items()))


PARTS: Final = tuple(_read())
"""In the order of writing and reading: referenced parts come first."""
