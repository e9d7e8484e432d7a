"""Apply edits to the cells of a delivered file while it is read."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from registry.core.messages import Message
from registry.files.formats.table import Rows, Table

Edits = Mapping[int, Mapping[int, str]]
"""Index of a row including blank ones → index of a column → new cell."""
NO_EDITS: Final[Edits] = MappingProxyType({})


def edited(table: Table, edits: Edits) -> Table:
    """The table with the edited cells, and a note with their number."""
    if not edits:
        return table

    @contextmanager
    def rows() -> Iterator[Rows]:
        with table.rows() as below:
            yield _edited(below, edits)

    note = Message("cells_edited", count=sum(map(len, edits.values())))
    return replace(table, rows=rows, notes=(*table.notes, note))


def _edited(rows: Rows, edits: Edits) -> Rows:
    for place, row in enumerate(rows):
        cells = edits.get(place)
        if cells is None:
            yield row
        else:
            width = max(len(row), max(cells) + 1)
            original = [*row, *[""] * (width - len(row))]
            yield [cells.get(at, cell) for at, cell in enumerate(original)]


def digest_of_edits(edits: Edits) -> str:
    """A hash of the edits; '' without edits."""
    if not edits:
        return ""
    ordered = [(place, sorted(cells.items())) for place, cells in sorted(edits.items())]
    return hashlib.sha256(repr(ordered).encode()).hexdigest()[:16]
