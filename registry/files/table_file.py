"""Small tables that somebody keeps as a file: their columns, and what is wrong with a row.

The columns stand in `table_headers.csv`: from it come reading, the template to fill in, and the
tables of the documentation. A wrong row is reported by a stable code and fails no other.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from geo.text import fold
from registry.core.messages import Message
from registry.files.fields import told_headers
from registry.files.formats.any_file import read_file
from registry.files.formats.table import Table, not_opened, unreadable
from registry.files.formats.writing import write_sheet
from registry.files.spellings.headers import field_of
from registry.files.spellings.returned import clean_text

Severity = Literal["error", "warning", "notice"]
Wrong = tuple[str, str]
"""Code of a problem, and the value that has it."""

_HEADERS: Final = Path(__file__).with_name("table_headers.csv")
_SHEET: Final = "Bảng"
SHOWN_VALUE: Final = 200
"""Characters of a value that a problem repeats."""


@dataclass(frozen=True, slots=True)
class RowProblem:
    """What is wrong with a row, or worth a look; rows are counted below the header."""

    row_number: int
    """Below the header, from 1; of a feature its place"""
    code: str
    value: str
    words: str
    severity: Severity
    """`error`: rejected; `warning`: taken, look at it; `notice`: reported only."""


@dataclass(frozen=True, slots=True)
class ProblemTable:
    """The problems that rows of one kind of file may have."""

    words: Mapping[str, Message]
    """Code → what is wrong, in words; an error where neither of the others has it."""
    warnings: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    identifiers: frozenset[str] = frozenset()
    """Codes whose values are identifiers or figures, and shown as they came."""

    def of(self, row_number: int, code: str, value: str) -> RowProblem:
        """The problem of a row."""
        severity: Severity = "error"
        if code in self.warnings:
            severity = "warning"
        elif code in self.notices:
            severity = "notice"
        shown = value if code in self.identifiers else clean_text(value)
        return RowProblem(row_number, code, shown[:SHOWN_VALUE], str(self.words[code]), severity)


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a small table, as `table_headers.csv` has it."""

    field: str
    header: str
    """In Vietnamese, of the template."""
    vietnamese: str
    """What stands in it."""
    english: str
    spellings: tuple[str, ...]
    """Headers that mean it, folded, the surest first."""
    example: str


@dataclass(frozen=True)
class TableFile:
    """A small table that somebody keeps as a file, of any format that an import reads."""

    name: str
    needed: tuple[tuple[str, ...], ...]
    """One column of each group has to be there."""
    missing: Callable[[Sequence[str]], Message]
    """What is said of a file that lacks one, which has these headers."""
    meant: Mapping[str, str] = MappingProxyType({})
    """Field of an import → the one that it is here: `Tên xã/phường`."""

    @cached_property
    def columns(self) -> tuple[TableColumn, ...]:
        """Its columns in their order."""
        with _HEADERS.open(encoding="utf-8", newline="") as file:
            return tuple(
                TableColumn(
                    row["field"],
                    row["header"],
                    row["vietnamese"],
                    row["english"],
                    tuple(dict.fromkeys((*row["spellings"].split("|"), fold(row["header"])))),
                    row["example"],
                )
                for row in csv.DictReader(file)
                if row["table"] == self.name
            )

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(column.field for column in self.columns)

    def places(self, headers: Sequence[str]) -> dict[str, int]:
        """Field → its place, by the first of its spellings that is a header; else by what an import
        takes the header for.
        """
        folded = [fold(header).replace("_", " ") for header in headers]
        found = {
            column.field: folded.index(name)
            for column in self.columns
            for name in [next((each for each in column.spellings if each in folded), None)]
            if name is not None
        }
        for at, header in enumerate(headers):
            field = self.meant.get(field_of(header) or "")
            if field is not None and field not in found and at not in found.values():
                found[field] = at
        return found

    def cells(self, row: Sequence[str], places: Mapping[str, int]) -> dict[str, str]:
        """The cells of a row by field, '' for none."""
        return {
            field: row[at].strip() if at is not None and at < len(row) else ""
            for field, at in ((name, places.get(name)) for name in self.fields)
        }

    def is_complete(self, places: Mapping[str, int]) -> bool:
        """Whether the columns are there that it needs."""
        return all(any(field in places for field in group) for group in self.needed)

    def check(self, path: Path, headers: Sequence[str], places: Mapping[str, int]) -> None:
        """Raises UnreadableFileError where a column is missing."""
        if not self.is_complete(places):
            raise unreadable(path, self.missing(told_headers(headers)[:12]))

    def rows(self, path: Path, table: Table) -> Iterator[dict[str, str]]:
        """The cells of each row by field; rows without any are passed over.

        Raises UnreadableFileError for a table that lacks columns.
        """
        places = self.places(table.headers)
        self.check(path, table.headers, places)
        with table.rows() as rows:
            for row in rows:
                cells = self.cells(row, places)
                if any(cells.values()):
                    yield cells

    def write_template(self, path: Path) -> None:
        """A workbook to fill in: its headers, and a row of examples to write over."""
        headers = [column.header for column in self.columns]
        write_sheet(path, headers, [[column.example for column in self.columns]], _SHEET)


def opened_table(path: Path, sheet: str | None, *, in_request: bool = False) -> Table:
    """The table of a file. Raises UnreadableFileError."""
    try:
        return read_file(path, sheet, in_request=in_request)
    except OSError as error:
        raise not_opened(path, error) from error
