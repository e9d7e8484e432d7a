"""Plain columns: columns that an import copies from the file, all in the same way.

A line `-- each plain column: …` in a script is repeated for each of them, with the fields of
`PlainColumn` in braces.
"""

from typing import Final, NamedTuple

from sqlalchemy import Date, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB

from registry.core.sql import for_each_column
from registry.core.tables.records import Goes, described, going

_NOT_PLAIN: Final = ("floor", "unit_number", "households_count", "delivery_hint")
"""Columns that are read together with others, or counted."""
_INTEGER: Final = r"TRY_CAST(regexp_extract({name}, '^\s*([0-9]{{1,9}})\s*$', 1) AS INTEGER)"
_KINDS: Final = {
    Integer: ("INTEGER", "int", _INTEGER),
    Text: ("VARCHAR", "text", "nullif(trim({name}), '')"),
    Date: ("DATE", "date", "TRY_CAST({name} AS DATE)"),
    # `registry.records.uses` writes JSON as PostgreSQL would, and marks what it left out.
    JSONB: (
        "VARCHAR",
        "jsonb",
        "CASE WHEN {name} LIKE '[%' THEN replace({name}, ' ?person', '') END",
    ),
}


class PlainColumn(NamedTuple):
    """A plain column: its types and the expression that reads its cells."""

    name: str
    duck: str
    """Type in DuckDB."""
    pg: str
    """Type in PostgreSQL."""
    value: str
    """SQL expression for the value of a cell; NULL if it cannot be parsed."""


def _plain() -> list[PlainColumn]:
    found = []
    for column in going(Goes.DELIVERED):
        if column.name not in _NOT_PLAIN:
            duck, pg, value = next(
                kind for of, kind in _KINDS.items() if isinstance(column.type, of)
            )
            value = value.format(name=column.name)
            if within := described(column).within:
                measured = f"length({value})" if duck == "VARCHAR" else value
                value = f"CASE WHEN {measured} BETWEEN {within[0]} AND {within[1]} THEN {value} END"
            found.append(PlainColumn(column.name, duck, pg, value))
    return found


PLAIN: Final = tuple(_plain())


def with_each_plain(written: str) -> str:
    """The script with its `each plain column` lines repeated for each of them."""
    return for_each_column(written, "plain", (each._asdict() for each in PLAIN))
