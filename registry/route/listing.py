"""The list that a route is made of: each line asks for a door, and may name its parcel."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from geo.text import fold
from geo.values import value
from registry.batch import RECHECK, Asked, CodeAsked, read_fields
from registry.batch.rows import InputRow, Table, read_row
from registry.geocode import Question
from registry.search.codes_in_text import whole_code

OPERATION: Final = RECHECK
"""How a table of codes or addresses is read: by the headers that an import knows."""
_PARCEL: Final = frozenset(
    {
        *("ref", "source ref", "reference", "order", "order id", "order no", "order number"),
        *("tracking", "tracking id", "tracking no", "tracking number", "tracking code", "awb"),
        *("parcel", "parcel id", "waybill", "waybill no", "don hang", "so don", "so don hang"),
        *("ma don", "ma don hang", "ma van don", "van don", "so van don", "ma buu gui"),
        *("so hieu", "so hieu buu gui", "ma buu pham", "ma kien", "ma kien hang", "kien hang"),
    }
)
"""Headers, folded, of what a parcel is called by those who send it."""
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
        return ", ".join(filter(None, (door, *cells.values())))


def unread_of(table: Table) -> tuple[str, ...]:
    """Headers of the columns that are not read."""
    return tuple(header for header in table.unread if fold(header) not in _PARCEL)


def lines_of(table: Table) -> Iterator[Line]:
    """The lines of a table, with what its column of parcels says."""
    for number, row in enumerate(table.rows, 1):
        yield Line(number, row, _ref(row.given))


def _ref(given: Mapping[str, Any]) -> str | None:
    for header, cell in given.items():
        if fold(header) in _PARCEL and cell is not None:
            shown = "".join(filter(str.isprintable, " ".join(str(cell).split())))
            return shown[:_LONGEST] or None
    return None
