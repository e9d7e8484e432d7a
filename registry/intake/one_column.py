"""Tables with a point in one column, `21.0285, 105.8542`: read as a column for each coordinate."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from geo.points import point_in, two_numbers
from registry.intake.columns import Columns
from registry.intake.formats.table import Rows, Table

_APART: Final = ("longitude", "latitude")


def apart(table: Table, columns: Columns) -> tuple[Table, Columns]:
    """The two coordinates of points in columns of their own, behind the others.

    The same where no column holds points; where one of a coordinate is there, points are not read.
    What is no point stands in both, and is a problem of its row.
    """
    positions = dict(columns.positions)
    at = positions.pop("point", None)
    if at is None:
        return table, columns
    if not positions.keys().isdisjoint(_APART):
        unknown = (*columns.unknown, table.headers[at])
        return table, replace(columns, positions=positions, unknown=unknown)
    width = len(table.headers)
    positions |= {name: width + place for place, name in enumerate(_APART)}

    @contextmanager
    def rows() -> Iterator[Rows]:
        with table.rows() as below:
            yield (_with_point(row, at, width) for row in below)

    wider = replace(table, headers=(*table.headers, *_APART), rows=rows)
    return wider, replace(columns, positions=positions)


def _with_point(row: list[str], at: int, width: int) -> list[str]:
    if not any(row):
        return row
    written = row[at].strip() if at < len(row) else ""
    point: tuple[object, object] = point_in(written) or two_numbers(written) or (written, written)
    # What stands too far to the right stays there, for the row to be refused.
    return [*row[:width], *[""] * (width - len(row)), *map(str, point), *row[width:]]
