"""The parts of the file and the members of their lines, as `members.csv` has them."""

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
"""What a member may refer to → the type in which it does so."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a line."""

    name: str
    type: str

    @property
    def sql_type(self) -> str:
        """As PostgreSQL names it."""
        return REFERENCES.get(self.type, self.type)


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of thing, in a member of the archive: a line of JSON for each."""

    name: str
    members: tuple[Member, ...]

    @property
    def file_name(self) -> str:
        """Of the archive's member."""
        return f"{self.name}.jsonl"

    def script(self, direction: str) -> str:
        """The SQL that reads it from a register (`outward`) or writes it into one (`inward`)."""
        return script(f"{direction}/{self.name}")


def script(name: str) -> str:
    """A script of this room."""
    written = (HERE / f"{name}.sql").read_text(encoding="utf-8")
    return for_each_column(written, "plain", ({"name": each.name} for each in PLAIN))


_RENAMED: Final = (
    *("code", "unit_id", "former_unit_id", "street_id", "locality_id", "house_number_key"),
    *("building_name", "parent_code", "point", *STAMPED),
)
"""Columns of a household that scripts name: as references, or by other names."""
_TYPES: Final = {
    str: "text",
    int: "integer",
    float: "double precision",
    bool: "boolean",
    datetime.date: "date",
}
PLAIN: Final = [column for column in HOUSEHOLD.c if column.name not in _RENAMED]
"""The others, which scripts have by a line for each."""


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
"""In the order in which they are written and read: what is referred to comes first."""
