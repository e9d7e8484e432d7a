"""Tables of text: CSV and TSV in UTF-8, UTF-16, Windows-1258 or a legacy font."""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from geo.legacy_fonts import CONVERTERS, font_of, share_read, words_in_doubt
from registry.core.messages import Message
from registry.files.csv_cells import unguarded
from registry.files.formats.other_kinds import BLANK
from registry.files.formats.table import (
    FONT_NOTES,
    LOOKED_AT,
    TURNED_NOTE,
    Header,
    Rows,
    Table,
    find_header,
    unreadable,
)
from registry.files.spellings.headers import fields_named

if TYPE_CHECKING:
    import pyarrow as pa

SNIFFED_BYTES: Final = 65_536
_OF_RECORDS: Final = re.compile(rb'\[?\s*\{\s*"[^"]*"\s*:')
_DELIMITERS: Final = ",;\t|^\x1f"
_EXCEL_HINT: Final = "sep="
"""A first line that states the delimiter for a spreadsheet."""
_BYTE_ORDER: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_LATIN_1: Final = "latin-1"
"""Encoding to read a file in a legacy font with: one letter per byte (`geo.legacy_fonts`)."""
_NOTES: Final = {
    "utf-32": Message("text_utf_32"),
    "utf-16": Message("text_utf_16"),
    "utf-16-le": Message("text_utf_16"),
    "utf-16-be": Message("text_utf_16"),
    "cp1258": Message("text_windows_1258"),
}
_ENOUGH: Final = 0.7
"""Share of words that must be Vietnamese to accept an encoding."""
_NO_TEXT: Final = Message("not_text_file")
_MIXED: Final = Message("text_partly_not_utf8")
_OLD_LINES: Final = Message("text_has_mac_line_ends")
_TURNED: Final = Message("table_is_transposed")
_QUOTED_NOTE: Final = Message("quoted_lines_split")
_UNKNOWN: Final = Message("text_encoding_unknown")


def read_plain(path: Path) -> Table:
    """The table of a text file: JSON records, or lines of cells.

    Raises UnreadableFileError for a file in an unknown encoding or that is broken.
    """
    with path.open("rb") as stream:
        head = stream.read(SNIFFED_BYTES)
    if _OF_RECORDS.match(head.lstrip(BLANK)):
        from registry.files.formats.records import read_records

        return read_records(path)
    return _read_lines(path, head)


def _read_lines(path: Path, head: bytes) -> Table:
    encoding = _encoding(path, head)
    start = codecs.getincrementaldecoder(encoding)(errors="replace").decode(head)
    if "\r" in start.rstrip() and "\n" not in start:
        raise unreadable(path, _OLD_LINES)
    if len(head) >= SNIFFED_BYTES:
        # The last line of the block may be incomplete.
        start = start.rpartition("\n")[0] or start
    font = font_of([start]) if encoding == _LATIN_1 else None
    convert = CONVERTERS[font] if font else _nfc if encoding == "cp1258" else None
    text = convert(start) if convert else start
    delimiter, header = _header(path, text)
    inner, header = _inside_cells(path, text, header)

    rows = _TextRows(path, encoding, delimiter, header, convert, inner)
    turned = header.column is not None
    if turned and len(head) >= SNIFFED_BYTES:
        raise unreadable(path, _TURNED)
    note = FONT_NOTES[font] if font else _NOTES.get(encoding)
    notes = (note, TURNED_NOTE if turned else None, _QUOTED_NOTE if inner else None)
    return Table(
        header.names,
        rows,
        inner or delimiter,
        tuple(note for note in notes if note is not None),
        # A spreadsheet shows a row of several lines as one, and hides the line with the delimiter.
        first_row=None if turned else header.rows_before_data + 1,
        above=header.above,
    )


@dataclass(frozen=True, slots=True)
class _TextRows:
    """The rows of a text file behind its header; each call opens the file."""

    path: Path
    encoding: str
    delimiter: str
    header: Header
    convert: Callable[[str], str] | None
    """Converts a cell to Unicode, if the encoding alone does not."""
    inner: str = ""
    """The delimiter inside the only cell of each row, for lines quoted as a whole."""

    @contextmanager
    def __call__(self) -> Iterator[Rows]:
        with _readable(self.path):
            yield self._all_rows()

    @contextmanager
    def blocks(self) -> Iterator[Iterator["pa.Table | Rows"]]:
        """The same rows as Arrow tables of texts, or as rows where lines are irregular."""
        with _readable(self.path), self.path.open("rb") as stream:
            yield self._blocks(stream)

    def _blocks(self, stream: BinaryIO) -> Iterator["pa.Table | Rows"]:
        # Imported here: the server does not need Arrow, which takes 100 MB.
        from registry.files.formats.blocks import read_blocks

        turned = self.header.column is not None
        if (
            turned
            or self.inner
            or not self.encoding.startswith("utf-8")
            or self.convert is not None
        ):
            yield self._all_rows()
            return
        lines = self._skip_header(stream)
        if lines is not None:
            for table in read_blocks(stream, self.delimiter, len(self.header.names)):
                lines += table.num_rows
                yield table
            yield map(unguarded, self._checked_rows(stream.tell(), lines))
        else:
            yield self._all_rows()

    def _all_rows(self) -> Rows:
        read, convert = self._checked_rows(0, 0), self.convert
        rows = ([convert(cell) for cell in row] for row in read) if convert else read
        if self.inner:
            rows = (_split_cell(row, self.inner) for row in rows)
        return self.header.below(map(unguarded, rows))

    def _skip_header(self, stream: BinaryIO) -> int | None:
        """Move the stream to the first row of data; return the number of lines skipped.

        None if lines of the stream differ from those of the text, which may end in a lone CR.
        """
        lines = []

        def decoded() -> Iterator[str]:
            for line in stream:
                lines.append(line)
                yield line.decode(self.encoding)

        rows = csv.reader(_lines(decoded()), delimiter=self.delimiter)
        for _ in islice(rows, self.header.rows_before_data):
            pass
        return None if any(b"\r" in line.rstrip(b"\r\n") for line in lines) else len(lines)

    def _checked_rows(self, start: int, lines: int) -> Rows:
        """The rows from a byte and line on; raises at the end if a row swallowed others."""
        spans = []
        with self._text(start) as text:
            rows = csv.reader(text, delimiter=self.delimiter)
            last = (0, 0)
            first = 0
            for row in rows:
                last = (first, rows.line_num)
                if rows.line_num - first > 1:
                    spans.append(last)
                first = rows.line_num
                yield row
            # The last line of a file may open a quotation that is never closed.
        if last[1] and last not in spans:
            spans.append(last)
        self._check_spans(spans, start, lines)

    def _check_spans(self, spans: list[tuple[int, int]], start: int, lines: int) -> None:
        """Raise if a row of several lines is not quoted correctly, and so swallowed other rows."""
        with self._text(start) as text:
            at = 0
            for first, end in spans:
                span = list(islice(text, first - at, end - at))
                at = end
                try:
                    quoted = len(list(csv.reader(span, delimiter=self.delimiter, strict=True))) == 1
                except csv.Error:
                    quoted = False
                if not quoted:
                    raise unreadable(
                        self.path,
                        Message("quotation_mark_unclosed", line=lines + first + 1),
                    )

    @contextmanager
    def _text(self, start: int) -> Iterator[Iterator[str]]:
        """The lines of the file from a byte on, without a `sep=` line."""
        with self.path.open("rb") as stream:
            stream.seek(start)
            # A byte order mark in the middle of a file is part of the text.
            encoding = "utf-8" if start and self.encoding == "utf-8-sig" else self.encoding
            text = io.TextIOWrapper(stream, encoding, newline="")
            yield text if start else _lines(text)


def _encoding(path: Path, head: bytes) -> str:
    for mark, name in _BYTE_ORDER:
        if head.startswith(mark):
            return name
    if unmarked := _unmarked_utf16(head):
        return unmarked
    if b"\0" in head:
        raise unreadable(path, _NO_TEXT)
    if _is_utf8(head):
        return "utf-8"
    # Bytes that are mostly UTF-8 come from two files joined.
    if _mostly_utf8(head):
        raise unreadable(path, _MIXED)
    latin = head.decode(_LATIN_1)
    if font_of([latin]):
        return _LATIN_1
    if share_read(words_in_doubt([latin]), _from_1258) >= _ENOUGH:
        return "cp1258"
    raise unreadable(path, _UNKNOWN)


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def nearly_utf8(head: bytes) -> bool:
    """Whether the beginning of a file is UTF-8 text, except for a few bytes."""
    return b"\0" not in head and (_is_utf8(head) or _mostly_utf8(head))


def _from_1258(latin: str) -> str:
    return unicodedata.normalize("NFC", latin.encode(_LATIN_1).decode("cp1258", "replace"))


def _unmarked_utf16(head: bytes) -> str | None:
    """UTF-16 without a byte order mark: about every second byte of a header is zero."""
    sample = head[:200]
    if len(sample) < 20:
        return None
    zeros = (sample[0::2].count(0), sample[1::2].count(0))
    half = len(sample) // 2
    if zeros[1] > half * 0.6 and not zeros[0]:
        return "utf-16-le"
    if zeros[0] > half * 0.6 and not zeros[1]:
        return "utf-16-be"
    return None


def _mostly_utf8(head: bytes) -> bool:
    wrong = head.decode("utf-8", "replace").count("\ufffd")
    return wrong * 10 < sum(byte >= 0xC3 for byte in head)


def _header(path: Path, text: str) -> tuple[str, Header]:
    """The delimiter by which the header names most fields, and the header."""
    first = text.partition("\n")[0]
    if hint := _hinted(first):
        return hint, find_header(_first_rows(path, text, hint))
    found = []
    uncut: Header | None = None
    for delimiter in _DELIMITERS:
        # Delimiters absent from the text all give the same rows.
        header = uncut if uncut and delimiter not in text else None
        header = header or find_header(_first_rows(path, text, delimiter))
        uncut = header if delimiter not in text else uncut
        found.append((len(fields_named(header.names)), first.count(delimiter), delimiter, header))
    *_, delimiter, header = max(found, key=itemgetter(0, 1))
    return delimiter, header


def _inside_cells(path: Path, text: str, header: Header) -> tuple[str, Header]:
    """The delimiter and the header inside quoted lines: `"Số nhà,Đường"`; '' for other files.

    Spreadsheets save files so that they opened as a single column.
    """
    best, inner = header, ""
    if len(header.names) > 1 or '"' not in text.partition("\n")[0]:
        return inner, best
    for delimiter in _DELIMITERS:
        rows = _first_rows(path, text, delimiter)
        if all(len(row) <= 1 for row in rows):
            for within in _DELIMITERS:
                found = find_header([_split_cell(row, within) for row in rows])
                if len(fields_named(found.names)) > max(1, len(fields_named(best.names))):
                    best, inner = found, within
    return inner, best


def _split_cell(row: list[str], delimiter: str) -> list[str]:
    """The cells inside the only cell of a row."""
    return next(csv.reader(row, delimiter=delimiter), row) if len(row) == 1 else row


def _hinted(line: str) -> str | None:
    mark = line.strip("\r\n")
    return mark[-1] if mark.startswith(_EXCEL_HINT) and len(mark) == len(_EXCEL_HINT) + 1 else None


def _first_rows(path: Path, text: str, delimiter: str) -> list[list[str]]:
    with _readable(path):
        stream = io.StringIO(text, newline="")
        # The text may end within a quotation.
        rows = map(unguarded, csv.reader(_lines(stream), delimiter=delimiter))
        return list(islice(rows, LOOKED_AT))


def _lines(stream: Iterator[str]) -> Iterator[str]:
    """The lines of a table without a `sep=` line."""
    first = next(stream, "")
    return stream if _hinted(first) else chain((first,), stream)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except UnicodeDecodeError as error:
        raise unreadable(path, _MIXED) from error
    except csv.Error as error:
        raise unreadable(path, Message("table_unreadable", reason=str(error))) from error
