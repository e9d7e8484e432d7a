"""Check how large an .xlsx becomes when it is read.

Calamine keeps a sheet as one rectangle from its first cell to its last: a file of a kilobyte with a
distant cell exhausts memory, and a cell outside the limits of a spreadsheet ends the process.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from registry.files.formats.table import MOST_COLUMNS
from registry.files.formats.xlsx_errors import column_of

_MOST_ROWS: Final = 1_048_576
"""Limit of the format."""
_MOST_CELLS: Final = 100_000_000
"""Three gigabytes of memory; the longest possible sheet has as many in 95 columns."""
_DATA: Final = b"sheetData"
"""Marks a sheet, wherever it is in the archive: the workbook states where its sheets are."""
_TEXTS: Final = "xl/sharedstrings.xml"
# Beyond column Z or row 999,999; empty formatted cells may reach to the last column.
# Only the first reference of a cell, so that the time stays linear for any input.
_FAR: Final = re.compile(
    rb'<c\s(?>(?:[^<>]*?\s)??r="(?:([A-Z]{2,})\d+|[A-Z](\d{7,}))")[^<>]*+(?<!/)>'
)
_ROW_OF_CELL: Final = re.compile(rb'r\s*=\s*["\'][A-Z]+(\d+)')
# The same with unusual but valid spacing and quotes.
_UNUSUAL: Final = (b"r='", b"r =", b"= ", b"r\n", b"r\r", b"r\t", b"=\n", b"=\r", b"=\t")
_FAR_UNUSUAL: Final = re.compile(
    rb'<c\s(?>(?:[^<>]*?\s)??r\s*+=\s*+["\'](?:([A-Z]{2,})\d+|[A-Z](\d{7,}))["\'])[^<>]*+(?<!/)>'
)
_COUNT: Final = re.compile(rb'\b(?:uniqueC|c)ount=["\'](\d+)["\']')
_PREFIX: Final = re.compile(rb"<[^\s<>:/]+:(?=row|c)")
_PREFIXED: Final = (b":row", b":c")
_ROW: Final = b"<row"
_CELL: Final = b"<c"
_BLOCK: Final = 1 << 20
_LONGEST_ROW: Final = 1 << 26
_HEAD: Final = 1 << 10


def is_too_large(book: zipfile.ZipFile) -> bool:
    """Whether a sheet is larger than any list of addresses, or declares such a size."""
    for member in book.infolist():
        name = PurePosixPath(member.filename)
        if str(name).casefold() == _TEXTS and _claims_too_much(book, member):
            return True
        if _is_sheet(book, member) and _is_too_large(book, member):
            return True
    return False


def _is_sheet(book: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    with book.open(member) as stream:
        before = b""
        while block := stream.read(_BLOCK):
            if _DATA in before + block:
                return True
            before = block[-len(_DATA) :]
    return False


def _is_too_large(book: zipfile.ZipFile, sheet: zipfile.ZipInfo) -> bool:
    columns = rows = 0
    for part in _parts(book, sheet):
        far = _FAR_UNUSUAL if any(mark in part for mark in _UNUSUAL) else _FAR
        for letters, number in far.findall(part):
            if len(letters) > 3 or len(number) > 7 or int(number or 0) > _MOST_ROWS:
                return True
            columns = max(columns, column_of(letters) + 1)
        by_row = [row.count(_CELL) for row in part.split(_ROW)]
        columns = max(columns, *by_row)
        rows += len(by_row) - 1
        if columns > MOST_COLUMNS or rows > _MOST_ROWS or len(part) > _LONGEST_ROW:
            return True
    if columns * _MOST_ROWS <= _MOST_CELLS:
        return False
    # Count the rows only of sheets this wide, which are few.
    for part in _parts(book, sheet):
        rows = max((rows, *map(int, _ROW_OF_CELL.findall(part))))
    return columns * rows > _MOST_CELLS


def _parts(book: zipfile.ZipFile, sheet: zipfile.ZipInfo) -> Iterator[bytes]:
    """The sheet in parts that end with a row; a row that is too long is cut."""
    left = b""
    for block in _without_prefixes(book, sheet):
        left += block
        end = left.rfind(_ROW)
        if end > 0:
            yield left[:end]
            left = left[end:]
        elif len(left) > _LONGEST_ROW:
            break
    yield left


def _without_prefixes(book: zipfile.ZipFile, sheet: zipfile.ZipInfo) -> Iterator[bytes]:
    """Blocks of the sheet that end before a tag, without prefixes: `<x:row>` becomes `<row>`."""
    with book.open(sheet) as stream:
        left = b""
        while block := stream.read(_BLOCK):
            left += block
            end = left.rfind(b"<")
            if end <= 0 and len(left) > _LONGEST_ROW:
                end = len(left)
            if end > 0:
                yield _strip_prefixes(left[:end])
                left = left[end:]
        yield _strip_prefixes(left)


def _strip_prefixes(block: bytes) -> bytes:
    prefixed = any(mark in block for mark in _PREFIXED)
    return _PREFIX.sub(b"<", block) if prefixed else block


def _claims_too_much(book: zipfile.ZipFile, texts: zipfile.ZipInfo) -> bool:
    """Whether it declares more texts than it has bytes: calamine allocates that many."""
    with book.open(texts) as stream:
        head = stream.read(_HEAD)
    return any(len(count) > 9 or int(count) > texts.file_size for count in _COUNT.findall(head))
