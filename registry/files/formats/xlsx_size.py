"""How large an .xlsx is when it is read.

Calamine holds a sheet as one rectangle, from its first cell to its last one: a file of a kilobyte
with a cell far out takes all of the memory, and one beyond what a spreadsheet has ends the process.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from registry.files.formats.table import MOST_COLUMNS
from registry.files.formats.xlsx_errors import column_of

_MOST_ROWS: Final = 1_048_576
"""Of a spreadsheet, by its format."""
_MOST_CELLS: Final = 100_000_000
"""Three gigabytes of memory; the longest sheet has so many in 95 columns."""
_DATA: Final = b"sheetData"
"""What a sheet has, wherever it lies: the book says where its sheets are."""
_TEXTS: Final = "xl/sharedstrings.xml"
# Behind column Z or row 999,999; formats without anything in the cell may reach to the last column.
# Of a cell the first such place alone, so that each byte is looked at a few times, whatever it is.
_FAR: Final = re.compile(
    rb'<c\s(?>(?:[^<>]*?\s)??r="(?:([A-Z]{2,})\d+|[A-Z](\d{7,}))")[^<>]*+(?<!/)>'
)
_ROW_OF_CELL: Final = re.compile(rb'r\s*=\s*["\'][A-Z]+(\d+)')
# The same as nobody writes it, but anybody might.
_ODD: Final = (b"r='", b"r =", b"= ", b"r\n", b"r\r", b"r\t", b"=\n", b"=\r", b"=\t")
_FAR_ODDLY: Final = re.compile(
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
    """Whether a sheet of the book is larger than any that holds addresses, or says so of itself."""
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
        far = _FAR_ODDLY if any(odd in part for odd in _ODD) else _FAR
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
    # Few are so wide: only of them it is worth its time to know how long they are.
    for part in _parts(book, sheet):
        rows = max((rows, *map(int, _ROW_OF_CELL.findall(part))))
    return columns * rows > _MOST_CELLS


def _parts(book: zipfile.ZipFile, sheet: zipfile.ZipInfo) -> Iterator[bytes]:
    """The sheet in parts that end where a row does; a row too long for that is cut."""
    left = b""
    for block in _without_prefixes(book, sheet):
        left += block
        whole = left.rfind(_ROW)
        if whole > 0:
            yield left[:whole]
            left = left[whole:]
        elif len(left) > _LONGEST_ROW:
            break
    yield left


def _without_prefixes(book: zipfile.ZipFile, sheet: zipfile.ZipInfo) -> Iterator[bytes]:
    """Blocks of the sheet that end before a tag, with `<x:row>` as `<row>`, as it is read."""
    with book.open(sheet) as stream:
        left = b""
        while block := stream.read(_BLOCK):
            left += block
            whole = left.rfind(b"<")
            if whole <= 0 and len(left) > _LONGEST_ROW:
                whole = len(left)
            if whole > 0:
                yield _plain(left[:whole])
                left = left[whole:]
        yield _plain(left)


def _plain(block: bytes) -> bytes:
    prefixed = any(mark in block for mark in _PREFIXED)
    return _PREFIX.sub(b"<", block) if prefixed else block


def _claims_too_much(book: zipfile.ZipFile, texts: zipfile.ZipInfo) -> bool:
    """Whether it says that it has more texts than it has bytes: room is made for so many."""
    with book.open(texts) as stream:
        head = stream.read(_HEAD)
    return any(len(count) > 9 or int(count) > texts.file_size for count in _COUNT.findall(head))
