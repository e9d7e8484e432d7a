"""A CSV file as rows of the fields that we read, personal columns left where they are.

What is wrong with a file as a whole is said in one line, in Vietnamese and English, with what to do
about it: whoever exported it is the one who reads it.
"""

import csv
import errno
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import Final

from registry.errors import UnreadableFileError
from registry.intake.columns import Columns, find_columns

MAX_CELL: Final = 2_000
"""Characters of a cell that are read; no address is longer."""
_SNIFF_BYTES: Final = 65_536
_DELIMITERS: Final = ",;\t|"
_EXCEL_HINT: Final = "sep="
"""A first line that only tells a spreadsheet the delimiter."""

_AS_CSV: Final = "lưu bảng thành CSV UTF-8 rồi nhập lại (save the table as CSV in UTF-8)"
_NOT_UTF8: Final = (
    "chữ không phải UTF-8 (the text is not UTF-8). Mở bằng Excel hoặc LibreOffice, lưu thành"
    " 'CSV UTF-8'; chữ TCVN3 (ABC) hay VNI thì chuyển sang Unicode trước"
)
_OTHER_FORMATS: Final = (
    (b"PK\x03\x04", "đây là tệp Excel .xlsx hoặc tệp nén"),
    (b"\xd0\xcf\x11\xe0", "đây là tệp Excel .xls"),
    (b"%PDF", "đây là tệp PDF"),
    (b"\xff\xfe", "chữ mã UTF-16"),
    (b"\xfe\xff", "chữ mã UTF-16"),
)
_REFUSALS: Final = {
    errno.ENOENT: "không có tệp này",
    errno.EACCES: "không có quyền đọc tệp này",
    errno.EISDIR: "đây là thư mục, không phải tệp",
}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that can be read: how, and what is in it."""

    path: Path
    delimiter: str
    headers: tuple[str, ...]
    columns: Columns
    sha256: str
    overlong: list[int] = field(default_factory=list)
    """Numbers of the rows with more cells than the header, as far as they were read."""


def open_file(path: Path) -> SourceFile:
    """Look into the file and find its columns.

    Raises UnreadableFileError, one line, for a file that is missing, empty, binary, not UTF-8,
    or without the columns that an address needs.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_SNIFF_BYTES)
            digest = hashlib.sha256(head)
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as error:
        reason = _REFUSALS.get(error.errno or 0, "không đọc được tệp")
        raise _unreadable(path, f"{reason} ({error.strerror or error})") from error
    text = _decoded(path, head)
    delimiter = _delimiter(text)
    with _readable(path):
        cells = next(csv.reader(_lines(io.StringIO(text, newline="")), delimiter=delimiter), [])
    headers = tuple(" ".join(cell.split()) for cell in cells)
    if not any(headers):
        raise _unreadable(path, "dòng đầu trống, cần tên các cột (the first line is blank)")
    with _naming(path):
        columns = find_columns(headers)
    return SourceFile(path, delimiter, headers, columns, digest.hexdigest())


@contextmanager
def rows_of(file: SourceFile) -> Iterator[Iterator[list[str]]]:
    """Every row of the file after its header, as cells; blank lines are no rows.

    Raises UnreadableFileError when the file turns out not to be UTF-8 further down, and at its end
    when a quotation mark is not closed where it should be: rows after it went into one cell.
    """
    with file.path.open(encoding="utf-8-sig", newline="") as stream, _readable(file.path):
        yield _whole_rows(file, stream)


def cells_of(file: SourceFile, fields: Iterable[str]) -> Callable[[list[str]], tuple[str, ...]]:
    """A function that takes the cells of `fields` out of a row, in that order; '' for none."""
    width = len(file.headers)
    # One cell more than there are headers: the blank one that absent columns are read from.
    chosen = itemgetter(*(file.columns.positions.get(name, width) for name in fields))

    def cells(row: list[str]) -> tuple[str, ...]:
        if len(row) != width:
            row = (row + [""] * width)[:width]
        taken = tuple(map(str.strip, chosen([*row, ""])))
        if len("".join(taken)) > MAX_CELL:
            return tuple(cell[:MAX_CELL] for cell in taken)
        return taken

    return cells


def _decoded(path: Path, head: bytes) -> str:
    if not head.strip():
        raise _unreadable(path, "tệp rỗng (the file is empty)")
    for signature, what in _OTHER_FORMATS:
        if head.startswith(signature):
            raise _unreadable(path, f"{what} (no text file in UTF-8): {_AS_CSV}")
    if b"\0" in head:
        raise _unreadable(path, f"đây không phải tệp văn bản (no text file): {_AS_CSV}")
    # The sniffed block may end inside a character.
    for cut in range(4):
        try:
            return head[: len(head) - cut].decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if error.start < len(head) - 4:
                break
    raise _unreadable(path, _NOT_UTF8)


def _delimiter(text: str) -> str:
    first, _, rest = text.partition("\n")
    if hint := _hinted(first):
        return hint
    # A header cell in quotation marks may have lines of its own.
    while first.count('"') % 2 and rest:
        line, _, rest = rest.partition("\n")
        first += line
    return max(_DELIMITERS, key=first.count)


def _hinted(line: str) -> str | None:
    mark = line.strip("\r\n")
    return mark[-1] if mark.startswith(_EXCEL_HINT) and len(mark) == len(_EXCEL_HINT) + 1 else None


def _lines(stream: Iterator[str]) -> Iterator[str]:
    """The lines of a table, without a spreadsheet's hint before its header."""
    first = next(stream, "")
    for line in stream if _hinted(first) else chain((first,), stream):
        # PostgreSQL's text holds no NUL, and csv stumbles over it.
        yield line.replace("\0", "") if "\0" in line else line


def _whole_rows(file: SourceFile, stream: Iterator[str]) -> Iterator[list[str]]:
    rows = csv.reader(_lines(stream), delimiter=file.delimiter)
    next(rows)
    file.overlong.clear()
    width, number = len(file.headers), 0
    spans = []
    last = (0, 0)
    start = rows.line_num
    for row in rows:
        last = (start, rows.line_num)
        if rows.line_num - start > 1:
            spans.append(last)
        start = rows.line_num
        if any(row):
            number += 1
            if len(row) > width and any(row[width:]):
                file.overlong.append(number)
            yield row
    # The last line of a file may open a mark that nothing closes.
    if last[1] and last not in spans:
        spans.append(last)
    _check_spans(file, spans)


def _check_spans(file: SourceFile, spans: list[tuple[int, int]]) -> None:
    """Whether each row of several lines is quoted as it should be, or has swallowed others."""
    with file.path.open(encoding="utf-8-sig", newline="") as stream:
        lines, at = _lines(stream), 0
        for start, end in spans:
            span = list(islice(lines, start - at, end - at))
            at = end
            try:
                quoted = len(list(csv.reader(span, delimiter=file.delimiter, strict=True))) == 1
            except csv.Error:
                quoted = False
            if not quoted:
                raise _unreadable(
                    file.path,
                    f"dấu ngoặc kép mở ở dòng {start + 1:,} không được đóng đúng chỗ"
                    " (a quotation mark is not closed where it should be)",
                )


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise _unreadable(path, _NOT_UTF8) from error
    except csv.Error as error:
        raise _unreadable(
            path, f"bảng không đọc được, có thể do dấu ngoặc kép không được đóng ({error})"
        ) from error


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Put the file's name before what is wrong with its columns."""
    try:
        yield
    except UnreadableFileError as error:
        raise _unreadable(path, error.detail) from error


def _unreadable(path: Path, reason: str) -> UnreadableFileError:
    return UnreadableFileError(f"{path.name or path}: {reason}")
