"""Cells of a file that were edited after it had come: it is read as if they stood in it."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from registry.core.messages import Message
from registry.files.formats.table import Rows, Table

Edits = Mapping[int, Mapping[int, str]]
"""Place of a row in the file, blank ones counted → place of a column → what the cell holds now."""
NO_EDITS: Final[Edits] = MappingProxyType({})


def edited(table: Table, edits: Edits) -> Table:
    """The table with these cells in place of its own, and a note of how many they are."""
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
            as_it_came = [*row, *[""] * (width - len(row))]
            yield [cells.get(at, cell) for at, cell in enumerate(as_it_came)]


def digest_of_edits(edits: Edits) -> str:
    """What tells these edits from others; '' for none."""
    if not edits:
        return ""
    ordered = [(place, sorted(cells.items())) for place, cells in sorted(edits.items())]
    return hashlib.sha256(repr(ordered).encode()).hexdigest()[:16]
