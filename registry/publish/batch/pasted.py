"""Reads pasted text or a dropped file: a table of questions, or one question a line."""

import io
from typing import Final

from registry.core.errors import ColumnsNotRecognisedError
from registry.files.spellings.headers import fields_named
from registry.files.spellings.returned import clean_cell
from registry.publish.batch.rows import InputRow, Stated, Table, check_text, read_table
from registry.publish.batch.workbooks import as_csv, workbook_suffix

_HEADER: Final = "address"
# As Vietnamese spreadsheets save text: UTF-8, UTF-16 with a byte order mark, or the code page.
_ENCODINGS: Final = ("utf-8-sig", "utf-16", "cp1258")
_BYTE_ORDER_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
"""Byte order marks of UTF-16, whose bytes otherwise look binary."""
_LOOKED_AT: Final = 1_000


def text_of(body: bytes, name: str, most: int) -> str:
    """Return the text of a file; a workbook as CSV with at most `most` + 1 rows.

    Raises UnreadableFileError if it is not a table.
    """
    if suffix := workbook_suffix(body, name):
        return as_csv(body, suffix, most)
    if not body.startswith(_BYTE_ORDER_MARKS):
        check_text(body[:_LOOKED_AT].decode("latin-1"))
    for encoding in _ENCODINGS:
        try:
            return body.decode(encoding)
        except UnicodeError:
            continue
    return body.decode("utf-8", "replace")


def read_pasted(operation: str, text: str, *, is_file: bool, stated: Stated = ()) -> Table:
    """Read a table, or else each line of pasted text as a question; one line is not a table.

    Raises UnreadableFileError, and ColumnsNotRecognisedError for a table without the needed column.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if is_file or len(lines) > 1:
        try:
            table = read_table("csv", operation, io.StringIO(text, newline=""), stated)
        except ColumnsNotRecognisedError as error:
            if is_file or fields_named(error.extra["columns"]):  # type: ignore[arg-type]
                raise
        else:
            # `Địa chỉ:` between addresses is not a header.
            if not table.above or len(table.headers) > 1:
                return table
    rows = (
        InputRow({_HEADER: line}, {_HEADER: clean_cell(_HEADER, line)}, number)
        for number, line in enumerate(lines, 1)
    )
    return Table(rows, (_HEADER,), of_lines=True)
