"""Find cells of an .xlsx with errors such as `#REF!`, which calamine reads as blank."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final
from xml.etree import ElementTree

_BOOK: Final = "xl/workbook.xml"
_PARTS: Final = "xl/_rels/workbook.xml.rels"
_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_OF_DOCUMENT: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
# Bounded parts keep the time linear for malformed input such as `<c <c <c`.
_ERROR: Final = re.compile(
    rb'<c (?=[^<>]{0,99}?\bt="e")[^<>]{0,99}?\br="([A-Z]{1,3})(\d{1,7})"[^<>]{0,99}>'
    rb".{0,400}?<v>([^<]{1,20})</v>"
)
_LONGEST: Final = 1 << 10
"""Most bytes of a match."""
_MARK: Final = b't="e"'
_BLOCK: Final = 1 << 20
_LARGEST_BOOK: Final = 1 << 22
"""Most bytes of a list of sheets; one of thousands of sheets is smaller."""


def error_cells(path: Path, sheet: str) -> dict[int, dict[int, str]]:
    """Errors of the sheet by row and column, both from 0; {} for other formats."""
    if not zipfile.is_zipfile(path):
        return {}
    with zipfile.ZipFile(path) as book:
        part = _part_of(book, sheet)
        if part not in book.namelist():
            return {}
        found: dict[int, dict[int, str]] = {}
        with book.open(part) as cells:
            for letters, row, error in _errors(cells):
                found.setdefault(int(row) - 1, {})[column_of(letters)] = error.decode()
        return found


def _part_of(book: zipfile.ZipFile, sheet: str) -> str:
    """The member of the archive that contains the sheet; '' if absent."""
    names = {each.filename: each.file_size for each in book.infolist()}
    if not all(names.get(name, _LARGEST_BOOK) < _LARGEST_BOOK for name in (_BOOK, _PARTS)):
        return ""
    # Expat rejects exponential entity expansion and does not load external entities.
    listed = ElementTree.fromstring(book.read(_BOOK)).iter(f"{_MAIN}sheet")  # noqa: S314
    part = next((s.get(f"{_OF_DOCUMENT}id") for s in listed if s.get("name") == sheet), None)
    for each in ElementTree.fromstring(book.read(_PARTS)):  # noqa: S314
        if part is not None and each.get("Id") == part:
            target = each.get("Target", "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return ""


def _errors(cells: IO[bytes]) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Letters of the column, number of the row, and the error of each cell with one."""
    left = b""
    while block := cells.read(_BLOCK):
        left += block
        end = left.rfind(b"<c ")
        if len(left) - end > 2 * _LONGEST:
            end = len(left) - _LONGEST  # the last cell ends before it
        if _MARK in left:
            yield from _ERROR.findall(left, 0, end)
        left = left[max(end, 0) :]
    yield from _ERROR.findall(left)


def column_of(letters: bytes) -> int:
    """Index of a column by its letters, from 0.

    >>> column_of(b"A"), column_of(b"Z"), column_of(b"AA")
    (0, 25, 26)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1
