"""Select the cells of a delivered table that are returned to its sender, without personal data.

Lists contain names, telephone and identity numbers under any header, or none. So this is an allow
list, and the only way out: reports of imports, batches and the page /try write no delivered cell
that has not passed through here. In returned columns, personal numbers are removed by their form,
and names behind words for persons (`ông`, `chủ hộ`), but not behind a kind of place or a house
number: of 37,477 street names none in use is touched. The sender's own reference is returned
unchanged; remarks and prices do not return.

Before, all columns came back but those that looked like people's, and a list with merged headers
gave back names and numbers of 400 households. Rejected: stripping a file on arrival, since columns
are known only after questions.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple, Self

from geo.persons import is_full_name, may_be_name
from geo.points import point_in
from geo.redaction import REMOVED, redact_names
from geo.text import fold
from registry.core.personal import without_numbers
from registry.core.schemes import is_value_of
from registry.files.plain import PLAIN

NO_HOUSE: Final = frozenset({"khong co nha", "khong co nha nay", "dat trong", "no house"})
"""Folded values of `visit_result` for a place without a house; anything else is a remark."""
_IDENTIFIERS: Final = frozenset({"source_ref", "code"})
"""Identifiers of the sender or the register, in any form."""
_MEASURES: Final = frozenset(
    {
        *("longitude", "longitude_minutes", "longitude_seconds", "lon"),
        *("latitude", "latitude_minutes", "latitude_seconds", "lat", "point"),
        *("households_count", "position_accuracy_m"),
        *(each.name for each in PLAIN if each.pg not in ("text", "jsonb")),
    }
)
_PLACES: Final = frozenset(
    {
        *("street", "locality", "building", "commune", "district", "province"),
        *("former_commune", "former_district", "former_province"),
    }
)
_NUMBERS: Final = frozenset({"house_number", "alley", "floor", "unit"})
_DECIMAL: Final = r"[+-]?(?:0|[1-9]\d{0,7})(?:[.,]\d+)?"
# 2 326 491,25 are metres in groups of digits; nine digits in threes are an identity number.
_GROUPED: Final = r"(?:\d(?:[ .,]\d{3}){2}|\d{2,3}[ .,]\d{3})(?:[.,]\d+)?"
_MARKED: Final = r"\d{1,3}\s?[°d ]\s?\d{1,2}(?:\s?['’′ ]\s?\d{1,2}(?:[.,]\d+)?)?\s?['’′\"”″]{0,2}"
_MEASURE: Final = rf"(?:{_DECIMAL}|{_GROUPED}|{_MARKED})\s?(?:°|m|hộ)?\s?[NSEWBĐTnsewbđt]?"
_METRES: Final = r"[1-9]\d{2,6}[.,]\d+\s+[1-9]\d{2,6}[.,]\d+|[1-9]\d{5,6}\s+[1-9]\d{5,6}"
_IS_MEASURE: Final = re.compile(rf"\s*(?:{_MEASURE}(?:\s?[,;]\s?{_MEASURE})?|{_METRES})\s*")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_GAPS: Final = re.compile(rf"{REMOVED}(?:\s*{REMOVED})+")
_REMEMBERED: Final = 2_000


class ReturnedColumn(NamedTuple):
    """A returned column: its header has a field."""

    at: int
    """Index in a row."""
    header: str
    field: str


@dataclass(frozen=True, slots=True)
class ReturnedColumns:
    """The columns of a table that are returned."""

    columns: tuple[ReturnedColumn, ...]

    @classmethod
    def of(cls, headers: Sequence[str], fields: Iterable[tuple[int, str]]) -> Self:
        """Of pairs of column index and field of its header."""
        return cls(
            tuple(
                ReturnedColumn(at, clean_text(headers[at]), field)
                for at, field in sorted(fields)
                if at < len(headers)
            )
        )

    @property
    def headers(self) -> tuple[str, ...]:
        """Their headers as in the file."""
        return tuple(column.header for column in self.columns)

    def cells(self, row: Sequence[object]) -> list[str]:
        """The cells of a row that are returned; '' beyond its end.

        A row of nothing but personal names is not an address; all its cells are blank.
        """
        cells = [
            clean_cell(column.field, str(row[column.at])) if column.at < len(row) else ""
            for column in self.columns
        ]
        filled = [cell for cell in cells if cell.strip()]
        return [""] * len(cells) if filled and all(map(may_be_name, filled)) else cells

    def values(self, row: Sequence[object]) -> list[object]:
        """The same for JSON values: numbers stay numbers, nested values become None."""
        values = [None if isinstance(value, list | dict) else value for value in row]
        cells = self.cells(["" if value is None else value for value in values])
        return [
            value
            if value is None or value is True or value is False or str(value) == cell
            else cell
            for value, cell in zip((values[each.at] for each in self.columns), cells, strict=True)
        ]

    @property
    def blank(self) -> list[str]:
        """The cells of a row whose values are not returned."""
        return [""] * len(self.columns)


@lru_cache(_REMEMBERED)
def clean_cell(field: str, cell: str) -> str:
    """The cell of a field without personal data; unchanged if there is none.

    >>> clean_cell("address", "12 Láng, bà Hoa 0905 123 456")
    '12 Láng, … …'
    >>> clean_cell("source_ref", "001085012345")
    '001085012345'
    >>> clean_cell("dia_chi_so", "0352812345"), clean_cell("dia_chi_so", "0905 123 456")
    ('0352812345', '…')
    >>> clean_cell("street", "Bà Nữ"), clean_cell("house_number", "Trần Thị Mai")
    ('Bà Nữ', '')
    >>> clean_cell("latitude", "2326491.25"), clean_cell("latitude", "905 123 456")
    ('2326491.25', '…')
    """
    if field in _IDENTIFIERS or is_value_of(field, cell):
        return cell
    if field in _MEASURES:
        return _measure(cell)
    if field == "visit_result" and fold(cell) not in NO_HOUSE:
        return ""  # a remark
    if (field in _NUMBERS and may_be_name(cell)) or (field != "street" and is_full_name(cell)):
        return ""
    return clean_text(cell, of_place=field in _PLACES)


def clean_text(text: str, *, of_place: bool = False) -> str:
    """An address text without personal names and numbers."""
    return without_numbers(redact_names(text, of_place=of_place))


def _measure(cell: str) -> str:
    """Numbers unchanged, other text without words, a link to a map as its point."""
    if _IS_MEASURE.fullmatch(cell):
        return cell
    found = point_in(cell)
    if found:
        return f"{found[1]}, {found[0]}" if "/" in cell else cell
    return _GAPS.sub(REMOVED, _WORD.sub(REMOVED, clean_text(cell)))
