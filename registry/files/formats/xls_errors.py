"""Find cells of an .xls with errors such as `#REF!`, which calamine reads as blank.

Implements only the parts needed of [MS-CFB] (the container) and [MS-XLS] (the records).
"""

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

_MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STREAMS: Final = ("Workbook", "Book")
_END_OF_CHAIN: Final = 0xFFFFFFFA
"""Numbers from here on are not sectors."""
_SECTORS, _SMALL_SECTORS = (9, 12), 6
"""Possible sizes, as powers of two."""
_LARGEST: Final = 1 << 28
"""Most bytes of a file that is searched; a sheet of this format has at most 65,536 rows."""
_SHEET, _BEGIN, _END, _FORMULA, _ERROR = 0x85, 0x809, 0x0A, 0x06, 0x205
_OF_FORMULA: Final = b"\xff\xff"
"""Ends a formula's result that is not a number; such a result begins with 2 for an error."""
_NAMES: Final = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
_HEADER: Final = struct.Struct("<30xHH10xI I 4xI II II")
_PART_OF_DIRECTORY: Final = 128


def error_cells(path: Path, sheet: str) -> dict[int, dict[int, str]]:
    """Errors of the sheet by row and column, both from 0; {} for other formats."""
    with path.open("rb") as stream:
        if stream.read(len(_MAGIC)) != _MAGIC or path.stat().st_size > _LARGEST:
            return {}
    try:
        book = _stream(path.read_bytes())
        found: dict[int, dict[int, str]] = {}
        for row, column, error in _errors(book, _offset(book, sheet)):
            found.setdefault(row, {})[column] = error
    except (struct.error, LookupError, ValueError, StopIteration):
        return {}  # calamine reports broken files
    return found


def _stream(data: bytes) -> bytes:
    """The workbook stream of the file."""
    shift, small_shift, _, directory, cutoff, small_first, _, more, _ = _HEADER.unpack_from(data)
    if shift not in _SECTORS or small_shift != _SMALL_SECTORS:
        raise ValueError
    size = 1 << shift

    def sector(number: int) -> bytes:
        return data[(number + 1) * size : (number + 2) * size]

    tables = [n for n in struct.unpack_from("<109I", data, 76) if n < _END_OF_CHAIN]
    for _ in range(len(data) // size):
        if more >= _END_OF_CHAIN:
            break
        *listed, more = struct.unpack(f"<{size // 4}I", sector(more))
        tables += [n for n in listed if n < _END_OF_CHAIN]
    following = [n for table in tables for n in struct.unpack(f"<{size // 4}I", sector(table))]

    def chain(first: int) -> bytes:
        return b"".join(map(sector, _links(first, following)))

    entries = chain(directory)
    parts = {
        _name(entries[at : at + 64], entries[at + 64]): struct.unpack_from("<II", entries, at + 116)
        for at in range(0, len(entries), _PART_OF_DIRECTORY)
    }
    first, length = next(parts[name] for name in _STREAMS if name in parts)
    if length >= cutoff:
        return chain(first)[:length]
    small = 1 << small_shift
    small_sectors, links = chain(parts["Root Entry"][0]), chain(small_first)
    order = _links(first, struct.unpack(f"<{len(links) // 4}I", links))
    return b"".join(small_sectors[n * small : (n + 1) * small] for n in order)[:length]


def _links(first: int, following: Sequence[int]) -> Iterator[int]:
    """The sectors of a chain; a cyclic chain ends."""
    for _ in range(len(following)):
        if first >= _END_OF_CHAIN:
            return
        yield first
        first = following[first]


def _name(text: bytes, length: int) -> str:
    return text[: max(length - 2, 0)].decode("utf-16-le", "replace")


def _records(book: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(book):
        kind, length = struct.unpack_from("<HH", book, at)
        yield kind, book[at + 4 : at + 4 + length]
        at += 4 + length


def _offset(book: bytes, sheet: str) -> int:
    """Offset of the sheet in the stream."""
    for kind, data in _records(book, 0):
        if kind == _SHEET:
            wide = data[7] & 1
            name = data[8 : 8 + data[6] * (1 + wide)].decode("utf-16-le" if wide else "latin-1")
            if name == sheet:
                offset: int = struct.unpack_from("<I", data)[0]
                return offset
    raise StopIteration


def _errors(book: bytes, at: int) -> Iterator[tuple[int, int, str]]:
    """Row, column and error of each such cell of the sheet, without charts embedded in it."""
    depth = 0
    for kind, data in _records(book, at):
        depth += (kind == _BEGIN) - (kind == _END)
        if not depth:
            return
        code = None
        if kind == _ERROR and data[7]:
            code = data[6]
        elif kind == _FORMULA and data[12:14] == _OF_FORMULA and data[6] == 2:
            code = data[8]
        if code is not None and depth == 1:
            row, column = struct.unpack_from("<HH", data)
            yield row, column, _NAMES.get(code, "#N/A")
