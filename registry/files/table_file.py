"""Small tables that somebody keeps as a file: their columns, and what is wrong with a row.

The columns are data, in `table_headers.csv`, with their types and choices: from it come reading,
the problems of cells, the template to fill in, and the tables of the documentation. A wrong row is
reported by a stable code and does not affect others.
"""

import csv
import datetime
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal

from geo.text import fold
from registry.core.errors import UnreadableFileError
from registry.core.messages import Message
from registry.files.fields import told_headers
from registry.files.formats.any_file import read_file
from registry.files.formats.table import (
    LOOKED_AT,
    Table,
    is_numbering,
    not_opened,
    unreadable,
)
from registry.files.formats.writing import write_sheet
from registry.files.spellings.headers import field_of
from registry.files.spellings.returned import clean_text
from registry.files.table_column import TableColumn, Wrong

Severity = Literal["error", "warning", "notice"]

_HEADERS: Final = Path(__file__).with_name("table_headers.csv")
_SHEET: Final = "Bảng"
_LONGEST_NUMBER_WITHOUT_DIGITS: Final = 2
_SHOWN_HEADERS: Final = 12
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
class TableRow:
    """A row of a small table, as it is written."""

    line: int
    """The row in which a spreadsheet or an editor shows it, from 1."""
    cells: dict[str, str]
    """By field; '' where there is nothing."""
    written: list[str]
    """All cells, those of unknown columns too."""


@dataclass(frozen=True, slots=True)
class TableRows:
    """The header of a small table, and the rows below it; blank rows are left out."""

    headers: Sequence[str]
    places: Mapping[str, int]
    """Field → its column."""
    rows: Iterator[TableRow]
    said: Mapping[str, str]
    """What the headers say of all cells that say nothing themselves, by field."""


Rule = Callable[[Mapping[str, Any], Mapping[str, str]], Wrong | None]
"""What is wrong with what the cells of a row say together; takes what they say, and the cells."""


def in_order(first: str, last: str, code: str) -> Rule:
    """That one day is not after another."""

    def rule(said: Mapping[str, Any], _cells: Mapping[str, str]) -> Wrong | None:
        days = said[first], said[last]
        swapped = all(isinstance(day, datetime.date) for day in days) and days[1] < days[0]
        return (code, f"{days[0]} – {days[1]}") if swapped else None

    return rule


class MissingColumnsError(UnreadableFileError):
    """The header of a small table lacks required columns, or has unknown ones."""


@dataclass(frozen=True)
class TableFile:
    """A small table that somebody keeps as a file, of any format that an import reads."""

    name: str
    needed: tuple[tuple[str, ...], ...]
    """One column of each group is required."""
    meant: Mapping[str, str] = MappingProxyType({})
    """Field of an import → the one that it is here: `Tên xã/phường`."""
    ordered: tuple[str, ...] = ()
    """Fields in their order, of a table that may come without a header."""
    closed: bool = False
    """Whether unknown columns are refused: where no column is required, a misspelt one would
    otherwise be ignored."""
    rules: tuple[Rule, ...] = ()
    """What the cells of a row must be together."""

    @cached_property
    def columns(self) -> tuple[TableColumn, ...]:
        """Its columns in their order."""
        with _HEADERS.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["table"] == self.name]
        return tuple(map(TableColumn.of, rows))

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(column.field for column in self.columns)

    def headers(self, fields: Collection[str] = ()) -> tuple[str, ...]:
        """The headers of its template, or of some fields."""
        return tuple(each.header for each in self.columns if not fields or each.field in fields)

    def places(self, headers: Sequence[str]) -> dict[str, int]:
        """Field → its column, by the first of its spellings that is a header; else by what an
        import takes the header for.
        """
        folded = list(map(_folded, headers))
        found: dict[str, int] = {}
        for column in self.columns:
            at = column.place(folded)
            if at is not None and not (column.words and at in found.values()):
                found[column.field] = at
        for at, header in enumerate(headers if self.meant else ()):
            field = self.meant.get(field_of(header) or "")
            if field is not None and field not in found and at not in found.values():
                found[field] = at
        return found

    def cells(self, row: Sequence[str], places: Mapping[str, int]) -> dict[str, str]:
        """The cells of a row by field; '' where there is nothing."""
        return {
            field: row[at].strip() if at is not None and at < len(row) else ""
            for field, at in ((name, places.get(name)) for name in self.fields)
        }

    def read(self, cells: Mapping[str, str]) -> tuple[dict[str, Any], list[Wrong]]:
        """What the cells of a row say by field (`TableColumn.read`), and all that is wrong."""
        read = {column.field: column.read(cells) for column in self.columns}
        said = {field: value for field, (value, _) in read.items()}
        faults = (*(fault for _, fault in read.values()), *(r(said, cells) for r in self.rules))
        return said, [fault for fault in faults if fault]

    def column(self, field: str) -> TableColumn:
        """One of its columns."""
        return next(column for column in self.columns if column.field == field)

    def is_complete(self, places: Mapping[str, int]) -> bool:
        """Whether the required columns are there."""
        return all(any(field in places for field in group) for group in self.needed)

    def fault(self, found: TableRows) -> Message | None:
        """What is wrong with the header of a table, if anything."""
        if not self.is_complete(found.places):
            told = told_headers(found.headers)[:_SHOWN_HEADERS]
            return Message("table_columns_required", columns=self.required, headers=told)
        known = found.places.values()
        unknown = [h for at, h in enumerate(found.headers) if h.strip() and at not in known]
        if self.closed and unknown:
            columns = list(map(self.shown, self.fields))
            return Message("column_unknown", unknown=told_headers(unknown), columns=columns)
        return None

    @property
    def required(self) -> list[str]:
        """The required columns in words; any of a group."""
        return [" / ".join(map(self.shown, group)) for group in self.needed]

    def shown(self, field: str) -> str:
        """A field as the template and as the documentation name it."""
        return f"{self.column(field).header} ({field})"

    def find(self, rows: Iterable[Sequence[str]], line: int = 1) -> TableRows:
        """The header among the first rows, for titles may stand above it, and the rows below.

        `line` is that of the first row. Where no row is a header, the first is taken for one; of a
        table in order, for a row unless it looks like a header.
        """
        rest = iter(rows)
        first = list(islice(rest, LOOKED_AT + 1))
        found = ((at, self.places(row)) for at, row in enumerate(first))
        at, places = next((each for each in found if self.is_complete(each[1])), (0, {}))
        if not places and first and self.ordered and not _looks_like_header(first):
            at, places = -1, {field: n for n, field in enumerate(self.ordered)}
        headers = first[at] if first and at >= 0 else ()
        at += 1 + (at + 1 < len(first) and bool(headers) and is_numbering(first[at + 1]))
        below = enumerate(chain(first[at:], rest), line + at)
        read = (TableRow(number, self.cells(row, places), list(row)) for number, row in below)
        filled = (row for row in read if any(row.cells.values()))
        return TableRows(headers, places, filled, self._said(headers, places))

    def _said(self, headers: Sequence[str], places: Mapping[str, int]) -> dict[str, str]:
        return {
            column.says: column.spellings.get(_folded(headers[places[column.field]]), "")
            for column in self.columns
            if column.says and headers and column.field in places
        }

    @contextmanager
    def opened(self, path: Path, table: Table) -> Iterator[TableRows]:
        """The rows of a table of a file. Raises MissingColumnsError."""
        with table.rows() as rows:
            above: Sequence[Sequence[str]] = [table.headers]
            if not self.is_complete(self.places(table.headers)):
                above = table.above or above
            found = self.find(chain(above, rows), (table.first_row or 2) - len(above))
            if fault := self.fault(found):
                raise unreadable(path, fault, MissingColumnsError)
            yield found

    def rows(self, path: Path, table: Table) -> Iterator[dict[str, str]]:
        """The cells of each row by field. Raises MissingColumnsError."""
        with self.opened(path, table) as found:
            yield from (row.cells for row in found.rows)

    def write(
        self,
        path: Path,
        rows: Iterable[Mapping[str, str]],
        *,
        fields: Collection[str] = (),
        numbers: Collection[str] = (),
        sheet: str = _SHEET,
    ) -> None:
        """A workbook of rows by field, or of some `fields`; those of `numbers` as numbers."""
        shown = [column for column in self.columns if not fields or column.field in fields]
        cells = ([row.get(column.field, "") for column in shown] for row in rows)
        hints = [column.hint for column in shown]
        counted = self.headers(numbers) if numbers else ()
        write_sheet(path, self.headers(fields), cells, sheet, counted, hints)

    def write_template(self, path: Path) -> None:
        """A workbook to fill in: its headers, and a row of examples to write over."""
        self.write(path, [{column.field: column.example for column in self.columns}])


def _folded(header: str) -> str:
    return fold(header).replace("_", " ")


def _looks_like_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row that is not blank has only words, `Số trước`, and not `12A` or `B`."""
    cells = next(([cell for cell in row if cell.strip()] for row in rows if any(row)), [])
    return all(
        len(cell.strip()) > _LONGEST_NUMBER_WITHOUT_DIGITS and not any(map(str.isdigit, cell))
        for cell in cells
    )


def opened_table(path: Path, sheet: str | None, *, in_request: bool = False) -> Table:
    """The table of a file. Raises UnreadableFileError."""
    try:
        return read_file(path, sheet, in_request=in_request)
    except OSError as error:
        raise not_opened(path, error) from error
