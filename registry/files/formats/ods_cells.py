"""Find the cells of an OpenDocument sheet merged across rows, which calamine does not report."""

import re
import zipfile
from pathlib import Path
from typing import IO, Final
from xml.etree import ElementTree

Merged = tuple[tuple[int, int], tuple[int, int]]
"""Row and column of the first and of the last cell, from 0."""

_CONTENT: Final = "content.xml"
_OVER_ROWS: Final = re.compile(rb'number-rows-spanned="(?!1")')
_NUMBER: Final = re.compile("[0-9]{1,9}")
_BLOCK: Final = 1 << 20
_OVERLAP: Final = 64
_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_CELLS: Final = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")


def merged_over_rows(path: Path, sheet: str) -> list[Merged]:
    """The merged cells of the sheet; empty for other formats."""
    if not zipfile.is_zipfile(path):
        return []
    with zipfile.ZipFile(path) as book:
        if _CONTENT not in book.namelist():
            return []
        # Few workbooks have any, and parsing the XML is slow.
        with book.open(_CONTENT) as content:
            if not _spans_rows(content):
                return []
        with book.open(_CONTENT) as content:
            return _merged(content, sheet)


def _spans_rows(content: IO[bytes]) -> bool:
    before = b""
    while block := content.read(_BLOCK):
        if _OVER_ROWS.search(before + block):
            return True
        before = block[-_OVERLAP:]
    return False


def _merged(content: IO[bytes], sheet: str) -> list[Merged]:
    merged: list[Merged] = []
    row, inside = 0, False
    # Expat rejects exponential entity expansion and does not load external entities.
    for event, element in ElementTree.iterparse(content, ("start", "end")):  # noqa: S314
        if element.tag == f"{_TABLE}table":
            if event == "start":
                row, inside = 0, element.get(f"{_TABLE}name") == sheet
            elif inside:
                return merged
            element.clear()
        elif event == "end" and element.tag == f"{_TABLE}table-row":
            if inside:
                merged += _of_row(element, row)
            row += _count(element, "rows-repeated")
            element.clear()
    return merged


def _of_row(element: ElementTree.Element, row: int) -> list[Merged]:
    merged: list[Merged] = []
    column = 0
    for cell in element:
        if cell.tag in _CELLS:
            rows = _count(cell, "rows-spanned")
            columns = _count(cell, "columns-spanned")
            if rows > 1:
                merged.append(((row, column), (row + rows - 1, column + columns - 1)))
            column += _count(cell, "columns-repeated")
    return merged


def _count(element: ElementTree.Element, of: str) -> int:
    written = element.get(f"{_TABLE}number-{of}", "1")
    return int(written) if _NUMBER.fullmatch(written) else 1
