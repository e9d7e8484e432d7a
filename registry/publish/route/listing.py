"""The list that a route is made of: each line asks for a door, and may name its parcel."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from geo.values import value
from registry.files.spellings.returned import clean_cell
from registry.publish.batch import RECHECK, Asked, CodeAsked, read_fields
from registry.publish.batch.columns import is_reference
from registry.publish.batch.rows import InputRow, Table, read_row
from registry.search.geocode import Question
from registry.search.read.codes_in_text import whole_code

OPERATION: Final = RECHECK
"""How a table of codes or addresses is read: by the headers that an import knows."""
_LONGEST: Final = 40
_ADDRESS: Final = "validate"
_DOOR: Final = ("house_number", "street")
"""Columns that are written together: `27 Láng`."""


@value(frozen=True, slots=True)
class Line:
    """One line of the list."""

    number: int
    """From 1, below a header."""
    row: InputRow
    ref: str | None
    """What the parcel is called; None where no column says."""

    def asked(self) -> Asked:
        """The question for its door. Raises RegistryError for a line that asks nothing."""
        asked = read_row(OPERATION, self.row)
        if isinstance(asked, Question) and asked.text and whole_code(asked.text):
            return CodeAsked(asked.text)
        rest = {name: cell for name, cell in self.row.asked.items() if name != "code"}
        if isinstance(asked, CodeAsked) and any(rest.values()) and not whole_code(asked.code):
            # `Mã` beside an address may be anybody's.
            return read_fields(_ADDRESS, rest)
        return asked

    @property
    def given(self) -> str:
        """What was read as its address or code; nothing of the columns beside it."""
        cells = {name: str(cell).strip() for name, cell in self.row.asked.items() if cell}
        door = " ".join(cells.pop(name) for name in _DOOR if name in cells)
        return clean_cell("address", ", ".join(filter(None, (door, *cells.values()))))


def unread_of(table: Table) -> tuple[str, ...]:
    """Headers of the columns that are not read."""
    return tuple(header for header in table.unread if not is_reference(header))


def lines_of(table: Table) -> Iterator[Line]:
    """The lines of a table, with what its column of parcels says."""
    for number, row in enumerate(table.rows, 1):
        yield Line(number, row, _ref(row.returned))


def _ref(given: Mapping[str, Any]) -> str | None:
    for header, cell in given.items():
        if is_reference(header) and cell is not None:
            shown = "".join(filter(str.isprintable, " ".join(str(cell).split())))
            return shown[:_LONGEST] or None
    return None
