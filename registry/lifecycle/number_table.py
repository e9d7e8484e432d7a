"""A table of old and new house numbers, as an office pastes it or has it in a file.

Two columns, or three with the code of each door's commune; without a header the old number comes
first. A line with a blank new number changes nothing.
"""

import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from registry.core.errors import InvalidInputError
from registry.core.messages import Message, Several
from registry.files.kept import clean_name
from registry.files.table_file import TableFile, TableRow, TableRows, opened_table

MAX_LINES: Final = 20_000
_SEPARATORS: Final = ("\t", ";", "→", "->", "|", ",")
"""Column separators, the most certain first: a number may contain a comma."""
_SPACES: Final = re.compile(r"\s+")
_SHOWN: Final = 20
"""Wrong lines listed in an error."""
_SHEET: Final = "Đánh số"
_GIVEN: Final = ("old", "new", "commune")
TABLE: Final = TableFile("numbers", (("old",), ("new",)), ordered=_GIVEN)

Line = dict[str, str]
_Wrong = tuple[int, str]
"""Number of a line, and its error."""
_WORDS: Final = {
    "missing": "line_needs_both_numbers",
    "unknown_commune": "line_commune_code_invalid",
}


def read_pasted(pasted: str) -> list[Line]:
    """Return the lines of a pasted table. Raises InvalidInputError with the wrong lines."""
    lines = [line.strip("\r ") for line in pasted.split("\n")]
    filled = [line for line in lines if line.strip()]
    separator = next((s for s in _SEPARATORS if filled and all(s in line for line in filled)), None)
    rows = [line.split(separator) if separator else _SPACES.split(line.strip()) for line in lines]
    found = TABLE.find(rows)
    if filled and (fault := TABLE.fault(found)):
        raise InvalidInputError.of_field("numbers", "missing", fault)
    return _lines(found, MAX_LINES)


def pasted_lines(lines: Iterable[Line]) -> str:
    """Format a table for pasting."""
    return "\n".join("\t".join(line.values()) for line in lines)


def read_numbers(path: Path, most: int | None = None, *, in_request: bool = False) -> list[Line]:
    """Return the lines of a table in any file format that imports accept, at most `most`.

    Raises UnreadableFileError, and InvalidInputError with the wrong lines.
    """
    with TABLE.opened(path, opened_table(path, None, in_request=in_request)) as found:
        return _lines(found, most)


def read_numbers_file(body: bytes, name: str) -> list[Line]:
    """Return the lines of an uploaded file. Raises the errors of `read_numbers`."""
    with tempfile.TemporaryDirectory(prefix="diachiso-") as folder:
        path = Path(folder, clean_name(name))
        path.write_bytes(body)
        return read_numbers(path, MAX_LINES, in_request=True)


def numbers_form(records: Iterable[tuple[str, str]]) -> bytes:
    """Return a workbook to fill in with the current (number, address) of each door of a street."""
    rows = ({"old": number, "address": address} for number, address in records)
    with tempfile.TemporaryDirectory(prefix="diachiso-") as folder:
        path = Path(folder, "form.xlsx")
        TABLE.write(path, rows, fields=("old", "new", "address"), sheet=_SHEET)
        return path.read_bytes()


def _lines(found: TableRows, most: int | None) -> list[Line]:
    lines: list[Line] = []
    wrong: list[_Wrong] = []
    count = 0
    for count, row in enumerate(found.rows, 1):
        if most is not None and count > most:
            raise InvalidInputError.of_field(
                "numbers", "too_long", Message("too_many_lines", most=most)
            )
        read = _line(row, found.places["new"])
        if isinstance(read, tuple):
            wrong.append(read)
        elif read:
            lines.append(read)
    if wrong:
        raise _refused(wrong)
    if not lines:
        message = Message("no_new_numbers") if count else Message("table_has_no_lines")
        raise InvalidInputError.of_field("numbers", "missing", message)
    return lines


def _line(row: TableRow, new: int) -> Line | _Wrong:
    """Return the cells of a line, or its error, or None if its number stays."""
    if row.cells["old"] and not row.cells["new"] and len(row.written) > new:
        return {}
    cells, wrong = TABLE.read(row.cells)
    if wrong:
        return row.line, wrong[0][0]
    return {field: cells[field] for field in _GIVEN if cells[field]}


def _refused(wrong: list[_Wrong]) -> InvalidInputError:
    shown = [(line, code, Message(_WORDS[code], line=line)) for line, code in wrong[:_SHOWN]]
    return InvalidInputError(
        Message("field_says", field="numbers", detail=Several(message for *_, message in shown)),
        errors=[
            {"field": "numbers", "code": code, "detail": message, "line": line}
            for line, code, message in shown
        ],
    )
