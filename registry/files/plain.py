"""Columns that a list brings as they are: of all of them an import does the same.

In the scripts a line `-- each plain column: …` stands once for each, with its pieces in braces.
"""

from typing import Final, NamedTuple

from sqlalchemy import Date, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB

from registry.core.sql import for_each_column
from registry.core.tables.records import Goes, described, going

_OTHERWISE: Final = ("floor", "unit_number", "households_count", "delivery_hint")
"""Columns that are read with others, or counted."""
_WHOLE: Final = r"TRY_CAST(regexp_extract({name}, '^\s*([0-9]{{1,9}})\s*$', 1) AS INTEGER)"
_KINDS: Final = {
    Integer: ("INTEGER", "int", _WHOLE),
    Text: ("VARCHAR", "text", "nullif(trim({name}), '')"),
    Date: ("DATE", "date", "TRY_CAST({name} AS DATE)"),
    # `registry.records.uses` makes the text that PostgreSQL would, and marks what it left out.
    JSONB: (
        "VARCHAR",
        "jsonb",
        "CASE WHEN {name} LIKE '[%' THEN replace({name}, ' ?person', '') END",
    ),
}


class PlainColumn(NamedTuple):
    """A column, and what becomes of its cells."""

    name: str
    duck: str
    """Its type in DuckDB."""
    pg: str
    """Its type in PostgreSQL."""
    value: str
    """SQL of the value of a cell; NULL where it cannot be read."""


def _plain() -> list[PlainColumn]:
    found = []
    for column in going(Goes.DELIVERED):
        if column.name not in _OTHERWISE:
            duck, pg, value = next(
                kind for of, kind in _KINDS.items() if isinstance(column.type, of)
            )
            value = value.format(name=column.name)
            if within := described(column).within:
                value = f"CASE WHEN {value} BETWEEN {within[0]} AND {within[1]} THEN {value} END"
            found.append(PlainColumn(column.name, duck, pg, value))
    return found


PLAIN: Final = tuple(_plain())


def with_each_plain(written: str) -> str:
    """A script with its lines for each plain column."""
    return for_each_column(written, "plain", (each._asdict() for each in PLAIN))
