"""The list of a route: each line is a question for a door, and may have a parcel reference."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from geo.values import value
from registry.files.spellings.returned import clean_cell
from registry.publish.batch import RECHECK, Asked, CodeQuestion, read_fields
from registry.publish.batch.columns import is_reference
from registry.publish.batch.rows import InputRow, Table, read_row
from registry.search.geocode import Question
from registry.search.read.codes_in_text import whole_code

OPERATION: Final = RECHECK
"""Operation of a table of codes or addresses: by the same headers as an import."""
_LONGEST: Final = 40
_ADDRESS: Final = "validate"
_DOOR: Final = ("house_number", "street")
"""Columns joined by a space: `27 Láng`."""


@value(frozen=True, slots=True)
class Line:
    """One line of the list."""

    number: int
    """From 1, not counting the header."""
    row: InputRow
    ref: str | None
    """Reference of the parcel; None without such a column."""

    def asked(self) -> Asked:
        """Parse the question for its door. Raises RegistryError for an invalid line."""
        asked = read_row(OPERATION, self.row)
        if isinstance(asked, Question) and asked.text and whole_code(asked.text):
            return CodeQuestion(asked.text)
        rest = {name: cell for name, cell in self.row.asked.items() if name != "code"}
        if isinstance(asked, CodeQuestion) and any(rest.values()) and not whole_code(asked.code):
            # A column `Mã` beside an address may have other codes.
            return read_fields(_ADDRESS, rest)
        return asked

    @property
    def given(self) -> str:
        """The address or code as given, without other columns."""
        cells = {name: str(cell).strip() for name, cell in self.row.asked.items() if cell}
        door = " ".join(cells.pop(name) for name in _DOOR if name in cells)
        return clean_cell("address", ", ".join(filter(None, (door, *cells.values()))))


def unread_of(table: Table) -> tuple[str, ...]:
    """Return the headers of columns that are not read."""
    return tuple(header for header in table.unread if not is_reference(header))


def lines_of(table: Table) -> Iterator[Line]:
    """Yield the lines of a table, with their parcel references."""
    for number, row in enumerate(table.rows, 1):
        yield Line(number, row, _ref(row.returned))


def _ref(given: Mapping[str, Any]) -> str | None:
    for header, cell in given.items():
        if is_reference(header) and cell is not None:
            shown = "".join(filter(str.isprintable, " ".join(str(cell).split())))
            return shown[:_LONGEST] or None
    return None
