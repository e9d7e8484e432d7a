"""Small tables kept as files: their columns, and the problems of their rows.

`table_headers.csv` describes the columns with their types and choices. Reading, problems of cells,
the template to fill in and the tables of the documentation follow from it. A wrong row is reported
by a stable code and does not affect other rows.
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
from registry.files.fields import safe_headers
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
    """A problem of a row."""

    row_number: int
    """From 1, below the header; for a feature, its position."""
    code: str
    value: str
    words: str
    severity: Severity
    """`error`: rejected; `warning`: accepted, to be checked; `notice`: reported only."""


@dataclass(frozen=True, slots=True)
class ProblemTable:
    """The possible problems of the rows of one kind of file."""

    words: Mapping[str, Message]
    """Code → message; an error unless listed in `warnings` or `notices`."""
    warnings: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    identifiers: frozenset[str] = frozenset()
    """Codes whose values are identifiers or numbers, shown as delivered."""

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
    """A row of a small table."""

    line: int
    """The row number that a spreadsheet or an editor shows, from 1."""
    cells: dict[str, str]
    """By field; '' for a blank cell."""
    written: list[str]
    """All cells, including those of unknown columns."""


@dataclass(frozen=True, slots=True)
class TableRows:
    """The header of a small table and the rows below it, without blank rows."""

    headers: Sequence[str]
    places: Mapping[str, int]
    """Field → index of its column."""
    rows: Iterator[TableRow]
    defaults: Mapping[str, str]
    """Field → default value that the headers state for cells without one."""


Rule = Callable[[Mapping[str, Any], Mapping[str, str]], Wrong | None]
"""Checks a row as a whole: takes its values and its cells, and returns a fault or None."""


def in_order(first: str, last: str, code: str) -> Rule:
    """A rule: the day in field `first` is not after the day in `last`."""

    def rule(values: Mapping[str, Any], _cells: Mapping[str, str]) -> Wrong | None:
        days = values[first], values[last]
        swapped = all(isinstance(day, datetime.date) for day in days) and days[1] < days[0]
        return (code, f"{days[0]} – {days[1]}") if swapped else None

    return rule


class MissingColumnsError(UnreadableFileError):
    """The header of a small table lacks required columns, or has unknown ones."""


@dataclass(frozen=True)
class TableFile:
    """A small table kept as a file, in any format that an import reads."""

    name: str
    needed: tuple[tuple[str, ...], ...]
    """One column of each group is required."""
    meant: Mapping[str, str] = MappingProxyType({})
    """Field of an import → field of this table, for headers such as `Tên xã/phường`."""
    ordered: tuple[str, ...] = ()
    """Fields in their order, for a table that may lack a header."""
    closed: bool = False
    """Whether unknown columns are refused: a misspelt optional one would otherwise be ignored."""
    rules: tuple[Rule, ...] = ()
    """Checks of a row as a whole."""

    @cached_property
    def columns(self) -> tuple[TableColumn, ...]:
        """The columns in their order."""
        with _HEADERS.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["table"] == self.name]
        return tuple(map(TableColumn.of, rows))

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of the columns."""
        return tuple(column.field for column in self.columns)

    def headers(self, fields: Collection[str] = ()) -> tuple[str, ...]:
        """The headers of the template; with `fields`, only theirs."""
        return tuple(each.header for each in self.columns if not fields or each.field in fields)

    def places(self, headers: Sequence[str]) -> dict[str, int]:
        """Field → index of its column, by its first spelling that is a header.

        Falls back on the field that an import reads from the header (`meant`).
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
        """The cells of a row by field; '' for a missing or blank cell."""
        return {
            field: row[at].strip() if at is not None and at < len(row) else ""
            for field, at in ((name, places.get(name)) for name in self.fields)
        }

    def read(self, cells: Mapping[str, str]) -> tuple[dict[str, Any], list[Wrong]]:
        """The values of a row by field (`TableColumn.read`), and all faults."""
        read = {column.field: column.read(cells) for column in self.columns}
        values = {field: value for field, (value, _) in read.items()}
        faults = (*(fault for _, fault in read.values()), *(r(values, cells) for r in self.rules))
        return values, [fault for fault in faults if fault]

    def column(self, field: str) -> TableColumn:
        """The column of a field."""
        return next(column for column in self.columns if column.field == field)

    def is_complete(self, places: Mapping[str, int]) -> bool:
        """Whether all required columns are present."""
        return all(any(field in places for field in group) for group in self.needed)

    def fault(self, found: TableRows) -> Message | None:
        """The fault of a header that lacks required columns or has unknown ones, if any."""
        if not self.is_complete(found.places):
            headers = safe_headers(found.headers)[:_SHOWN_HEADERS]
            return Message("table_columns_required", columns=self.required, headers=headers)
        known = found.places.values()
        unknown = [h for at, h in enumerate(found.headers) if h.strip() and at not in known]
        if self.closed and unknown:
            columns = list(map(self.shown, self.fields))
            return Message("column_unknown", unknown=safe_headers(unknown), columns=columns)
        return None

    @property
    def required(self) -> list[str]:
        """The required columns as displayed; alternatives are separated by ` / `."""
        return [" / ".join(map(self.shown, group)) for group in self.needed]

    def shown(self, field: str) -> str:
        """A field as displayed: its header in the template, and its name in the documentation."""
        return f"{self.column(field).header} ({field})"

    def find(self, rows: Iterable[Sequence[str]], line: int = 1) -> TableRows:
        """The header among the first rows, since titles may stand above it, and the rows below.

        `line` is the line of the first row. If no row has the required columns, the first one
        counts as the header; for an `ordered` table, as data unless it looks like a header.
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
        return TableRows(headers, places, filled, self._defaults(headers, places))

    def _defaults(self, headers: Sequence[str], places: Mapping[str, int]) -> dict[str, str]:
        return {
            column.default_for: column.spellings.get(_folded(headers[places[column.field]]), "")
            for column in self.columns
            if column.default_for and headers and column.field in places
        }

    def stated_by(self, headers: Sequence[str], field: str) -> dict[int, str]:
        """Column → default value that its header states (`TableColumn.spellings`), for all columns
        with headers of the field."""
        spellings = self.column(field).spellings
        folded = enumerate(map(_folded, headers))
        return {at: spellings[header] for at, header in folded if header in spellings}

    @contextmanager
    def opened(self, path: Path, table: Table) -> Iterator[TableRows]:
        """The header and rows of a table. Raises MissingColumnsError."""
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
        """Write a workbook of rows by field, or of some `fields`; those in `numbers` as numbers."""
        shown = [column for column in self.columns if not fields or column.field in fields]
        cells = ([row.get(column.field, "") for column in shown] for row in rows)
        hints = [column.hint for column in shown]
        counted = self.headers(numbers) if numbers else ()
        write_sheet(path, self.headers(fields), cells, sheet, counted, hints)

    def write_template(self, path: Path) -> None:
        """Write a workbook to fill in: the headers, and a row of examples to overwrite."""
        self.write(path, [{column.field: column.example for column in self.columns}])


def _folded(header: str) -> str:
    return fold(header).replace("_", " ")


def _looks_like_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first non-blank row has only words (`Số trước`), not numbers (`12A`, `B`)."""
    cells = next(([cell for cell in row if cell.strip()] for row in rows if any(row)), [])
    return all(
        len(cell.strip()) > _LONGEST_NUMBER_WITHOUT_DIGITS and not any(map(str.isdigit, cell))
        for cell in cells
    )


def opened_table(path: Path, sheet: str | None, *, in_request: bool = False) -> Table:
    """Open the table of a file. Raises UnreadableFileError."""
    try:
        return read_file(path, sheet, in_request=in_request)
    except OSError as error:
        raise not_opened(path, error) from error
