"""Tables of questions and answers: CSV and NDJSON, in and out, row by row.

What is no question of ours is passed through as it came, undecodable bytes included. Answers stand
behind it: in CSV in columns that begin with `result_`, in NDJSON in the member `result`. Both are
written anew where a row already has them.
"""

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final, Self

from geo.points import point_in
from geo.values import value
from registry.batch import EMPTY, HALVES, POINT, TOTAL, Asked, columns_of, read_fields
from registry.csv_cells import Writer, read_rows
from registry.errors import InvalidInputError, UnreadableFileError
from registry.intake.spellings.footer_words import is_total
from registry.json_once import GivenTwiceError, loads_once

FORMATS: Final = ("csv", "ndjson")
SUFFIXES: Final = {".csv": "csv", ".tsv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}
PREFIX: Final = "result_"
RESULT: Final = "result"
LINE: Final = "line"
"""Member in which a line of NDJSON that cannot be read comes back."""
_DELIMITERS: Final = ",;\t|"
_MAX_CELL: Final = 1_000_000
_MAX_LINE: Final = 1_000_000
_LONE_HALVES: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_WORKBOOKS: Final = ("PK\x03\x04", "\udcd0\udccf\x11\udce0", "\xd0\xcf\x11\xe0")
"""How files of spreadsheets begin, new and old, as text that is none."""
_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MAX_SHOWN: Final = 300
"""Signs of a header that nothing is known of."""
_LOOKED_AT: Final = 100
"""Rows of NDJSON in which the columns of a CSV are looked for."""


@value(frozen=True, slots=True)
class InputRow:
    """One row: what it asks, by field, and all of it, to be passed through."""

    asked: Mapping[str, Any]
    given: Mapping[str, Any]
    error: InvalidInputError | None = None
    """Why it cannot be read."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that are being read."""

    rows: Iterator[InputRow]
    headers: tuple[str, ...]
    """Without the columns of an earlier result; of NDJSON the members of its first rows."""
    delimiter: str = ","


def read_table(form: str, operation: str, lines: Iterable[str]) -> Table:
    """The rows of `lines`, which keep their ends; in CSV a row may be several lines.

    Raises UnreadableFileError for a CSV without a header or without a column of the operation.
    """
    if form == "csv":
        return _read_csv(operation, lines)
    rows = _read_ndjson(operation, lines)
    first = list(islice(rows, _LOOKED_AT))
    members = dict.fromkeys(name for row in first for name in row.given)
    return Table(chain(first, rows), tuple(members))


def check_text(first: str) -> None:
    """Return where a file that begins so may be a table in text; raises UnreadableFileError."""
    if first.startswith(_WORKBOOKS):
        raise UnreadableFileError(
            "đây là tệp bảng tính (Excel), không phải CSV; hãy lưu thành CSV (UTF-8) rồi gửi lại"
            " (this is a workbook and no CSV: save it as CSV UTF-8)"
        )
    if _NO_TEXT.search(first):
        raise UnreadableFileError(
            "tệp này không phải văn bản UTF-8; hãy lưu thành CSV (UTF-8) rồi gửi lại"
            " (this is no text in UTF-8: save it as CSV UTF-8)"
        )


def _read_csv(operation: str, lines: Iterable[str]) -> Table:
    source = iter(lines)
    first = next(source, "").removeprefix("\ufeff")
    check_text(first)
    if not first.strip():
        raise UnreadableFileError("the first line has to name the columns")
    delimiter = max(_DELIMITERS, key=first.count)
    csv.field_size_limit(_MAX_CELL)
    reader = read_rows(chain([first], source), delimiter=delimiter)
    try:
        headers = next(reader)
    except csv.Error as error:
        raise UnreadableFileError(f"dòng đầu không đọc được (the first line: {error})") from error
    return table_of(operation, headers, reader, delimiter)


def table_of(
    operation: str, headers: Iterable[str], rows: Iterator[list[str]], delimiter: str = ","
) -> Table:
    """The rows of cells below a header; raises UnreadableFileError without a column to ask by."""
    headers = [header.strip() for header in headers]
    columns = columns_of(operation, tuple(headers))
    if not columns and operation == "reverse":
        first_rows = _looked_at(rows)
        columns = _column_of_points(headers, first_rows)
        rows = chain(first_rows, rows)
    if not columns:
        needed = ", ".join(("code",) if operation == "lookup" else ("lon", "lat"))
        needed = "address" if operation in ("geocode", "validate") else needed
        seen = ", ".join(header for header in headers if header)[:_MAX_SHOWN]
        raise UnreadableFileError(
            f"không nhận ra cột nào / no column of the header is known: {seen}; "
            f"{operation} cần / needs {needed}"
        )
    kept = tuple(header for header in headers if not header.startswith(PREFIX))
    return Table(_csv_rows(rows, headers, columns), kept, delimiter)


def _looked_at(reader: Iterator[list[str]]) -> list[list[str]]:
    try:
        return list(islice(reader, _LOOKED_AT))
    except csv.Error as error:
        raise UnreadableFileError(f"không đọc được (not readable: {error})") from error


def _column_of_points(headers: list[str], rows: list[list[str]]) -> Mapping[str, str]:
    """The one column of points, whatever it is called: `Chỗ cần đến`. Each cell in it is one."""
    found = [
        header
        for at, header in enumerate(headers)
        if (cells := [row[at] for row in rows if at < len(row) and row[at].strip()])
        and all(map(point_in, cells))
    ]
    return {POINT: found[0]} if len(found) == 1 else {}


def _csv_rows(
    reader: Iterator[list[str]], headers: list[str], columns: Mapping[str, str]
) -> Iterator[InputRow]:
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield InputRow({}, {}, InvalidInputError.of_field("row", "malformed_row", str(error)))
            continue
        given = {
            header: cell
            for header, cell in zip(headers, cells, strict=False)
            if not header.startswith(PREFIX)
        }
        if not any(cell.strip() for cell in cells):
            yield InputRow(
                {}, given, InvalidInputError.of_field("row", EMPTY, "dòng trống / empty")
            )
        elif is_total(cells):
            yield InputRow(
                {}, given, InvalidInputError.of_field("row", TOTAL, "dòng tổng / a total")
            )
        elif any(cells[len(headers) :]):
            detail = f"{len(cells)} cells under {len(headers)} headers"
            yield InputRow({}, given, InvalidInputError.of_field("row", "too_many_cells", detail))
        else:
            asked = {name: given[header] for name, header in columns.items() if header in given}
            yield InputRow(asked, given)


def _read_ndjson(operation: str, lines: Iterable[str]) -> Iterator[InputRow]:
    for line in lines:
        if not line.strip():
            continue
        row = _json_object(line.removeprefix("\ufeff"))
        if isinstance(row, InvalidInputError):
            # It comes back as it was, so that its sender finds it.
            yield InputRow({}, {LINE: line.rstrip("\r\n")}, row)
            continue
        given = {name: value for name, value in row.items() if name != RESULT}
        columns = columns_of(operation, tuple(given))
        yield InputRow({name: given[header] for name, header in columns.items()}, given)


def _json_object(line: str) -> dict[str, Any] | InvalidInputError:
    """The object of a line, or why it is none: not raised, for a traceback would hold the batch."""
    row = None
    if len(line) <= _MAX_LINE:
        try:
            row = loads_once(line, finite=True)
        except GivenTwiceError as error:
            detail = "give this parameter once"
            return InvalidInputError.of_field(error.name, "given_twice", detail)
        except (ValueError, RecursionError):
            pass
    if isinstance(row, dict):
        return row
    return InvalidInputError.of_field("row", "malformed_json", "no JSON object")


def read_row(operation: str, row: InputRow) -> Asked:
    """What a row asks; raises InvalidInputError where it asks nothing that can be read."""
    if row.error is not None:
        raise row.error
    return read_fields(operation, row.asked)


@dataclass(frozen=True, slots=True)
class Layout:
    """How rows are written with their results, in one process or in several."""

    form: str
    headers: tuple[str, ...]
    columns: tuple[str, ...]
    """Those of the result, without the prefix."""
    delimiter: str

    @classmethod
    def of(cls, form: str, table: Table, columns: Iterable[str]) -> Self:
        """That of a table as it was read."""
        return cls(form, table.headers, tuple(columns), table.delimiter)

    def head(self) -> str:
        """What stands before the rows."""
        if self.form == "ndjson":
            return ""
        return self._csv([[*self.headers, *(PREFIX + name for name in self.columns)]])

    def text(self, rows: Iterable[tuple[InputRow, Mapping[str, Any]]]) -> str:
        """Rows with their flat results, in this order."""
        if self.form == "ndjson":
            return "".join(json_line({**row.given, RESULT: dict(found)}) for row, found in rows)
        return self._csv(self._cells(row, found) for row, found in rows)

    def _cells(self, row: InputRow, found: Mapping[str, Any]) -> list[str]:
        values = [*map(row.given.get, self.headers), *map(found.get, self.columns)]
        cells = [value if type(value) is str else _cell(value) for value in values]
        if _LONE_HALVES.search("".join(cells)):
            # Undecodable bytes go out as they came in; halves of a character out of JSON cannot.
            return [_LONE_HALVES.sub("\ufffd", cell) for cell in cells]
        return cells

    def _csv(self, lines: Iterable[list[str]]) -> str:
        out = io.StringIO(newline="")
        Writer(out, delimiter=self.delimiter, lineterminator="\n").writerows(lines)
        return out.getvalue()


def json_line(row: Mapping[str, Any]) -> str:
    """A row of NDJSON. What no UTF-8 can hold is escaped."""
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    if not HALVES.search(text):
        return text + "\n"
    return json.dumps(row, separators=(",", ":")) + "\n"


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if type(value) is float and math.isfinite(value):
        return repr(value)  # as JSON has it
    return json.dumps(value, ensure_ascii=False)
