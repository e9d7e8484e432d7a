"""A table of old and new house numbers, as an office pastes it or has it in a file.

Two columns, or three with the code of each door's commune. A header says which is which; without
one the old number stands first. A line whose new number is left blank changes nothing.
"""

import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from geo.text import fold
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.files.formats.any_file import read_file
from registry.files.formats.writing import write_sheet
from registry.files.kept import clean_name

MAX_LINES: Final = 20_000
_SEPARATORS: Final = ("\t", ";", "→", "->", "|", ",")
"""Between the columns of a line, the surest first: a number may hold a comma."""
_LOOKED_AT: Final = 10
_SPACES: Final = re.compile(r"\s+")
_COMMUNE: Final = re.compile(r"[0-9]{5}")
_HEADINGS: Final = {
    "old": ("cu", "old", "truoc"),
    "new": ("moi", "new", "sau"),
    "commune": ("xa", "phuong", "commune"),
}
"""Column → words of its header."""

_FORM: Final = ("Số cũ", "Số mới", "Địa chỉ bây giờ")
_SHEET: Final = "Đánh số"

Line = dict[str, str]


def read_pasted(pasted: str) -> list[Line]:
    """The lines of a table that was pasted. Raises InvalidInputError, with the number of a line."""
    lines = [line.strip("\r ") for line in pasted.split("\n")]
    filled = [line for line in lines if line.strip()]
    separator = next((s for s in _SEPARATORS if filled and all(s in line for line in filled)), None)
    rows = (line.split(separator) if separator else _SPACES.split(line.strip()) for line in lines)
    return _lines([[cell.strip() for cell in row] for row in rows])


def read_numbers_file(body: bytes, name: str) -> list[Line]:
    """The lines of a table in a file of any format that an import reads.

    Raises UnreadableFileError, and InvalidInputError with the number of a line.
    """
    with tempfile.TemporaryDirectory(prefix="diachiso-") as folder:
        path = Path(folder, clean_name(name))
        path.write_bytes(body)
        table = read_file(path, in_request=True)
        with table.rows() as rows:
            return _lines([list(table.headers), *rows])


def numbers_form(records: Iterable[tuple[str, str]]) -> bytes:
    """A workbook to fill in: the numbers of a street as they are, (number, address) of each."""
    rows = ((number, "", address) for number, address in records)
    with tempfile.TemporaryDirectory(prefix="diachiso-") as folder:
        path = Path(folder, "form.xlsx")
        write_sheet(path, _FORM, rows, _SHEET)
        return path.read_bytes()


def _lines(rows: Sequence[Sequence[str]]) -> list[Line]:
    given = [(at, list(row)) for at, row in enumerate(rows, 1) if any(row)]
    columns = {"old": 0, "new": 1, "commune": 2}
    for place, (_, row) in enumerate(given[:_LOOKED_AT]):
        if named := _named(row):
            columns, given = named, given[place + 1 :]  # titles may stand above
            break
    if not given:
        raise _wrong("missing", Message("table_has_no_lines"))
    if len(given) > MAX_LINES:
        raise _wrong("too_long", Message("too_many_lines", most=MAX_LINES))
    lines = [line for at, row in given if (line := _line(at, row, columns)) is not None]
    if not lines:
        raise _wrong("missing", Message("no_new_numbers"))
    return lines


def _named(row: Iterable[str]) -> dict[str, int] | None:
    """Where each column is by the words of a header; None for a row that is none."""
    words = [fold(cell).split() for cell in row]
    found: dict[str, int] = {}
    for column, said in _HEADINGS.items():
        for at, cell in enumerate(words):
            if at not in found.values() and any(word in cell for word in said):
                found[column] = at
                break
    return found if {"old", "new"} <= found.keys() else None


def _line(at: int, row: Sequence[str], columns: dict[str, int]) -> Line | None:
    cells = {name: row[i].strip() for name, i in columns.items() if i < len(row) and row[i].strip()}
    if "old" in cells and "new" not in cells and len(row) > columns["new"]:
        return None
    if not {"old", "new"} <= cells.keys():
        raise _wrong("missing", Message("line_needs_both_numbers", line=at))
    if "commune" in cells and not _COMMUNE.fullmatch(cells["commune"]):
        raise _wrong(
            "unknown_commune",
            Message("line_commune_code_invalid", line=at),
        )
    return cells


def _wrong(code: str, detail: Message) -> InvalidInputError:
    return InvalidInputError.of_field("numbers", code, detail)
