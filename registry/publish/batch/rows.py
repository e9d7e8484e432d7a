"""Reads and writes tables of questions and answers, CSV and NDJSON, row by row.

Returns only the columns that `spellings.returned` allows. Answers follow them: in CSV in columns
with the prefix `result_`, in NDJSON in the member `result`. Both replace those of an earlier
result.
"""

import csv
import datetime
import io
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count, islice
from typing import Any, Final, Self

from pydantic_core import to_jsonable_python

from geo.points import point_in
from geo.values import value
from registry.core.errors import (
    ColumnsNotRecognisedError,
    InvalidInputError,
    RegistryError,
    UnreadableFileError,
)
from registry.core.json_once import DuplicateMemberError, loads_once
from registry.core.messages import Message
from registry.files.csv_cells import Writer, read_rows
from registry.files.fields import safe_headers
from registry.files.formats.table import LOOKED_AT, find_header
from registry.files.spellings.footer_words import is_total
from registry.files.spellings.headers import fields_named
from registry.files.spellings.returned import ReturnedColumns
from registry.publish.batch import EMPTY, SURROGATES, TOTAL, Asked, read_fields
from registry.publish.batch.columns import POINT, PREFIX, AskedColumns, columns_of, returned_columns

FORMATS: Final = ("csv", "ndjson")
SUFFIXES: Final = {".csv": "csv", ".tsv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}
RESULT: Final = "result"
_DELIMITERS: Final = ",;\t|"
_MAX_CELL: Final = 1_000_000
_MAX_LINE: Final = 1_000_000
_MOST_MEMBERS: Final = 10_000
"""Distinct names in the rows of NDJSON: reading a name takes as long as reading a header."""
_LONE_SURROGATES: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_WORKBOOKS: Final = ("PK\x03\x04", "\udcd0\udccf\x11\udce0", "\xd0\xcf\x11\xe0")
"""Magic numbers of spreadsheets, new and old, decoded as text."""
_CONTROL_CHARACTERS: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_FIRST: Final = 100
"""Rows of NDJSON that determine the columns of a CSV; rows of a table searched for points."""

Stated = tuple[tuple[str, str], ...]
"""Pairs of header and field, as the caller states them; '' skips a column."""


@value(frozen=True, slots=True)
class InputRow:
    """One row: its question by field, and the cells to return."""

    asked: Mapping[str, Any]
    returned: Mapping[str, Any]
    """Cells returned to the sender with the answer."""
    number: int = 0
    """From 1, not counting the header."""
    given: Mapping[str, Any] | None = None
    """Members of a JSON object, some of them parameters; None for a row of cells."""
    error: RegistryError | None = None
    """Why it cannot be read."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of which the rows are read lazily."""

    rows: Iterator[InputRow]
    headers: tuple[str, ...]
    """Headers of the returned columns; for NDJSON the members of its first rows."""
    delimiter: str = ","
    above: int = 0
    """Rows of a CSV above its header."""
    unread: tuple[str, ...] = ()
    """Headers of columns that are not read."""
    of_lines: bool = False
    """Whether each line is a question, without a header."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the cells in `InputRow.returned`: the headers, made unique."""
        return unique_names(self.headers)


def unique_names(headers: Iterable[str]) -> tuple[str, ...]:
    """Number the repetitions of headers so that each name is unique.

    >>> unique_names(["Ghi chú", "", "Ghi chú", ""])
    ('Ghi chú', '', 'Ghi chú (2)', ' (2)')
    """
    counted = Counter[str]()
    keys = []
    for header in headers:
        counted[header] += 1
        keys.append(f"{header} ({counted[header]})" if counted[header] > 1 else header)
    return tuple(keys)


def read_table(form: str, operation: str, lines: Iterable[str], stated: Stated = ()) -> Table:
    """Read the rows of `lines`, which keep their line ends; a CSV row may span several lines.

    Raises UnreadableFileError for a CSV without a header, and as `columns_of` does.
    """
    if form == "csv":
        return _read_csv(operation, lines, stated)
    rows = _read_ndjson(operation, lines, stated)
    first = list(islice(rows, _FIRST))
    members = dict.fromkeys(name for row in first for name in row.returned)
    return Table(chain(first, rows), tuple(members))


def check_text(first: str) -> None:
    """Raise UnreadableFileError if `first`, the beginning of a file, is not of a text table."""
    if first.startswith(_WORKBOOKS):
        raise UnreadableFileError(Message("rows_are_workbook"))
    if _CONTROL_CHARACTERS.search(first):
        raise UnreadableFileError(Message("rows_not_utf8"))


def _read_csv(operation: str, lines: Iterable[str], stated: Stated) -> Table:
    source = iter(lines)
    first = next(source, "").removeprefix("\ufeff")
    check_text(first)
    looked_at = [first, *islice(source, LOOKED_AT - 1)]
    if not any(map(str.strip, looked_at)):
        raise UnreadableFileError(Message("first_line_not_header"))
    csv.field_size_limit(_MAX_CELL)
    delimiter = max(_DELIMITERS, key=lambda sign: (_named_by(looked_at, sign), first.count(sign)))
    reader = read_rows(chain(looked_at, source), delimiter=delimiter)
    try:
        top = list(islice(reader, _header_at(_parsed(looked_at, delimiter)) + 1))
    except csv.Error as error:
        raise UnreadableFileError(Message("first_line_unreadable", reason=error)) from error
    found = table_of(operation, top[-1], reader, delimiter, stated)
    return replace(found, above=len(top) - 1)


def _parsed(lines: Iterable[str], delimiter: str) -> list[list[str]]:
    """Return the rows of the first lines, as far as they can be read."""
    rows: list[list[str]] = []
    with suppress(csv.Error):
        rows.extend(read_rows(lines, delimiter=delimiter))
    return rows


def _named_by(lines: Sequence[str], delimiter: str) -> int:
    """Count the fields that the header names with this delimiter."""
    rows = _parsed(lines, delimiter)
    return len(fields_named(map(str.strip, rows[_header_at(rows)]))) if rows else 0


def _header_at(rows: list[list[str]]) -> int:
    """Return the index of the header among the first rows: titles may precede it."""
    header = find_header(rows)
    if header.column is not None:
        return 0
    names = frozenset(header.names)
    return max(
        range(min(header.rows_before_data, len(rows))),
        key=lambda at: sum(cell.strip() in names for cell in rows[at] if cell.strip()),
        default=0,
    )


def table_of(
    operation: str,
    headers: Iterable[str],
    rows: Iterator[list[str]],
    delimiter: str = ",",
    stated: Stated = (),
) -> Table:
    """Return the table of a header and rows of cells; raises as `columns_of` does."""
    headers = tuple(header.strip() for header in headers)
    try:
        columns = columns_of(operation, headers, stated)
    except ColumnsNotRecognisedError:
        first_rows = _looked_at(rows)
        rows = chain(first_rows, rows)
        at = _column_of_points(headers, first_rows) if operation == "reverse" else None
        if at is None:
            raise
        others = (*headers[:at], *headers[at + 1 :])
        columns = AskedColumns({POINT: (at,)}, others, ReturnedColumns.of(headers, [(at, POINT)]))
    read = _csv_rows(rows, len(headers), columns)
    unread = tuple(safe_headers(columns.unread))
    return Table(read, columns.returned.headers, delimiter, unread=unread)


def _looked_at(reader: Iterator[list[str]]) -> list[list[str]]:
    try:
        return list(islice(reader, _FIRST))
    except csv.Error as error:
        raise UnreadableFileError(Message("row_unreadable", reason=error)) from error


def _column_of_points(headers: Sequence[str], rows: list[list[str]]) -> int | None:
    """Return the only column in which every cell is a point, under any header: `Chỗ cần đến`."""
    found = [
        at
        for at in range(len(headers))
        if (cells := [row[at] for row in rows if at < len(row) and row[at].strip()])
        and all(map(point_in, cells))
    ]
    return found[0] if len(found) == 1 else None


def _csv_rows(reader: Iterator[list[str]], width: int, columns: AskedColumns) -> Iterator[InputRow]:
    keys = unique_names(columns.returned.headers)
    for number in count(1):
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            broken = InvalidInputError.of_field(
                "row", "malformed_row", Message("malformed_row", reason=str(error))
            )
            yield InputRow({}, {}, number, error=broken)
            continue
        returned = dict(zip(keys, columns.returned.cells(cells), strict=True))
        wrong = _row_error(cells, width)
        yield InputRow({} if wrong else columns.asked(cells), returned, number, error=wrong)


def _row_error(cells: list[str], width: int) -> InvalidInputError | None:
    """Return why a row is not a question; None if it is one."""
    if not any(cell.strip() for cell in cells):
        return InvalidInputError.of_field("row", EMPTY, Message("row_empty"))
    if is_total(cells):
        return InvalidInputError.of_field("row", TOTAL, Message("row_total"))
    if any(cells[width:]):
        detail = Message("more_cells_than_headers", cells=len(cells), headers=width)
        return InvalidInputError.of_field("row", "too_many_cells", detail)
    return None


def _read_ndjson(operation: str, lines: Iterable[str], stated: Stated) -> Iterator[InputRow]:
    known: set[str] = set()
    for number, line in enumerate(filter(str.strip, lines), 1):
        row = _json_object(line.removeprefix("\ufeff"))
        if isinstance(row, InvalidInputError):
            yield InputRow({}, {}, number, error=row)
            continue
        given = {name: value for name, value in row.items() if name != RESULT}
        if len(known) + len(given.keys() - known) > _MOST_MEMBERS:
            detail = Message("too_many_field_names", most=_MOST_MEMBERS)
            error = InvalidInputError.of_field("row", "too_many_cells", detail)
            yield InputRow({}, {}, number, error=error)
            continue
        known.update(given)
        names, values = tuple(given), list(given.values())
        columns = returned_columns(operation, names, stated)
        back = dict(zip(columns.headers, columns.values(values), strict=True))
        try:
            asked = columns_of(operation, names, stated).asked(values)
        except RegistryError as error:
            yield InputRow({}, back, number, given, error)
        else:
            yield InputRow(asked, back, number, given)


def _json_object(line: str) -> dict[str, Any] | InvalidInputError:
    """Parse a line, or return the error: raised, its traceback would keep the batch in memory."""
    row = None
    if len(line) <= _MAX_LINE:
        try:
            row = loads_once(line, finite=True)
        except DuplicateMemberError as error:
            detail = Message("parameter_repeated")
            return InvalidInputError.of_field(error.name, "given_twice", detail)
        except ValueError:
            pass
    if isinstance(row, dict):
        return row
    return InvalidInputError.of_field("row", "malformed_json", Message("not_json_object"))


def read_row(operation: str, row: InputRow, on: datetime.date | None = None) -> Asked:
    """Parse the question of a row, optionally with the label of a day.

    Raises InvalidInputError if it is not a valid question.
    """
    if row.error is not None:
        raise row.error
    asked = read_fields(operation, row.asked)
    return asked if on is None else replace(asked, on=on)


@dataclass(frozen=True, slots=True)
class Layout:
    """How rows are written with their results, in one process or in several."""

    form: str
    headers: tuple[str, ...]
    columns: tuple[str, ...]
    """Columns of the result, without the prefix."""
    delimiter: str
    keys: tuple[str, ...]

    @classmethod
    def of(cls, form: str, table: Table, columns: Iterable[str]) -> Self:
        """Return the layout for a table that was read."""
        return cls(form, table.headers, tuple(columns), table.delimiter, table.keys)

    @property
    def names(self) -> tuple[str, ...]:
        """All headers to write."""
        return (*self.headers, *(PREFIX + name for name in self.columns))

    def head(self) -> str:
        """Return the text before the rows."""
        return "" if self.form == "ndjson" else self._csv([self.names])

    def text(self, rows: Iterable[tuple[InputRow, Mapping[str, Any]]]) -> str:
        """Return rows with their flat results, in the order given."""
        if self.form == "ndjson":
            return "".join(json_line({**row.returned, RESULT: dict(found)}) for row, found in rows)
        return self._csv(self._cells(row, found) for row, found in rows)

    def _cells(self, row: InputRow, found: Mapping[str, Any]) -> list[str]:
        values = [*map(row.returned.get, self.keys), *map(found.get, self.columns)]
        cells = [value if type(value) is str else _cell(value) for value in values]
        if _LONE_SURROGATES.search("".join(cells)):
            # Undecodable bytes pass through unchanged; lone surrogates out of JSON cannot.
            return [_LONE_SURROGATES.sub("\ufffd", cell) for cell in cells]
        return cells

    def _csv(self, lines: Iterable[Sequence[str]]) -> str:
        out = io.StringIO(newline="")
        Writer(out, delimiter=self.delimiter, lineterminator="\n").writerows(lines)
        return out.getvalue()


def json_line(row: Mapping[str, Any]) -> str:
    """Return a line of NDJSON; characters that UTF-8 cannot encode are escaped."""
    text = _dump_compact(row, ensure_ascii=False)
    return (_dump_compact(row) if SURROGATES.search(text) else text) + "\n"


_dump_compact: Final = partial(json.dumps, separators=(",", ":"), default=to_jsonable_python)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if type(value) is float and math.isfinite(value):
        return repr(value)  # as in JSON
    return json.dumps(value, ensure_ascii=False, default=to_jsonable_python)
