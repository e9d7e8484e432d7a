"""Fill down columns whose value is only in the first row of each group.

A blank cell may also mean that there is no value, so columns are filled only on request: the notes
on such a file offer the option. Merged cells are always filled (`formats.sheets`), since the file
states their extent.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from geo.placeholders import is_ditto
from geo.text import fold
from registry.core.messages import Message
from registry.core.remedies import Remedy
from registry.files.fields import Columns
from registry.files.formats.table import Rows, Table

_FILL: Final = ":fill"
"""Suffix of a field in a mapping: blank cells take the value above them."""
_UNITS: Final = ("province", "district", "commune", "commune_code", "former_commune")
_OF_GROUPS: Final = (*_UNITS, "locality", "street", "building")
"""Fields that may have one value per group of rows, outermost first."""
_OF_DOORS: Final = frozenset({"house_number", "alley", "unit", "address"})
"""Fields that mark a row as a door, not a heading or a total."""
_PLACES: Final = ("street", "locality", "building")
_LEAST: Final = 5
_SHARE: Final = 0.3
_ALMOST_ALL: Final = 0.9


def split_fills(mapping: Mapping[str, str] | None) -> tuple[dict[str, str], frozenset[str]]:
    """The mapping of headers to fields, and the folded headers of columns to be filled.

    >>> split_fills({"Tên đường": "street:fill", "Ghi chú": ""})
    ({'Tên đường': 'street', 'Ghi chú': ''}, frozenset({'ten duong'}))
    """
    stated = dict(mapping or {})
    fills = frozenset(fold(header) for header, field in stated.items() if field.endswith(_FILL))
    return {header: field.removesuffix(_FILL) for header, field in stated.items()}, fills


def filled_down(table: Table, columns: Columns, headers: frozenset[str]) -> Table:
    """The table with blank cells of the columns with these folded headers filled from above.

    Only in rows of doors, and only while the units are those of the row above.
    """
    doors = _columns_of(columns, _OF_DOORS)
    units = [columns.positions[field] for field in _UNITS if field in columns.positions]
    others = [at for at in range(len(table.headers)) if at not in units]
    chosen = [at for at in (*units, *others) if fold(table.headers[at]) in headers]
    around = [(at, units[: units.index(at)] if at in units else units) for at in chosen]
    if not around:
        return table

    @contextmanager
    def rows() -> Iterator[Rows]:
        with table.rows() as below:
            yield _filled(below, around, doors)

    return replace(table, rows=rows)


def offers(
    headers: Sequence[str], rows: Iterable[Sequence[str]], columns: Columns
) -> list[Message]:
    """A note on columns that seem to have values only in the first row of each group."""
    doors = _columns_of(columns, _OF_DOORS)
    of_doors = [row for row in rows if any(_cell(row, at) for at in doors)]
    if len(of_doors) < _LEAST:
        return []
    seen: dict[str, str] = {}
    counts = []
    for field in _OF_GROUPS:
        at = columns.positions.get(field)
        if at is None or _is_blank(of_doors[0], at):
            continue
        blank = [row for row in of_doors if _is_blank(row, at)]
        if len(blank) >= len(of_doors) * _SHARE and _lack_place(field, blank, columns):
            seen[headers[at]] = field + _FILL
            counts.append(f"'{headers[at]}' ({len(blank)})")
    return (
        [
            Message(
                "column_blank_in_groups", columns=", ".join(counts), remedy=Remedy("mapping", seen)
            )
        ]
        if seen
        else []
    )


def _filled(rows: Rows, around: Sequence[tuple[int, Sequence[int]]], doors: set[int]) -> Rows:
    """`around`: the columns to be filled, units first, each with its outer units."""
    above: dict[int, tuple[str, list[str]]] = {}
    for row in rows:
        if any(_cell(row, at) for at in doors):
            for at, outer in around:
                units = [_cell(row, unit) for unit in outer]
                if not _is_blank(row, at):
                    above[at] = (_cell(row, at), units)
                elif at in above and above[at][1] == units:
                    row += [""] * (at + 1 - len(row))
                    row[at] = above[at][0]
        yield row


def _lack_place(field: str, blank: Sequence[Sequence[str]], columns: Columns) -> bool:
    """Whether nearly all blank rows name no other place instead."""
    if field not in _PLACES:
        return True
    places = _columns_of(columns, frozenset(_PLACES))
    lacking = sum(all(_is_blank(row, at) for at in places) for row in blank)
    return lacking >= len(blank) * _ALMOST_ALL


def _columns_of(columns: Columns, fields: frozenset[str]) -> set[int]:
    found = {at for field, at in columns.positions.items() if field in fields}
    for joined in columns.joined:
        found.update(at for field, at in joined.parts if field in fields)
    return found


def _cell(row: Sequence[str], at: int) -> str:
    return row[at].strip() if at < len(row) else ""


def _is_blank(row: Sequence[str], at: int) -> bool:
    cell = _cell(row, at)
    return not cell or is_ditto(cell)
