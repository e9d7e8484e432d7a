"""Read text in blocks of lines, column by column: a fifth of the time of reading rows.

Only regular blocks are read, in which every line is a row with as many cells as the header, so the
result equals that of reading rows. The stream stops before the first irregular block.
"""

import csv
from collections.abc import Iterator
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from registry.files.csv_cells import MARK, unguarded_column

_BLOCK: Final = 1 << 20
_MARK: Final = b"\xef\xbb\xbf"
"""Arrow removes it from the first cell, but in the middle of a file it is text."""
_ASCII: Final = 0x7F


def read_blocks(stream: BinaryIO, delimiter: str, width: int) -> Iterator[pa.Table]:
    """UTF-8 lines from the position of the stream, as tables of texts.

    Stops at the end of the stream, or positions it before the first irregular block.
    """
    start = stream.tell()
    while block := stream.read(_BLOCK):
        if len(block) == _BLOCK:
            block = block[: block.rfind(b"\n") + 1]
        rows = _table(block, delimiter, width)
        if rows is None:
            stream.seek(start)
            return
        yield rows
        start += len(block)
        stream.seek(start)


def _table(block: bytes, delimiter: str, width: int) -> pa.Table | None:
    """The rows of the block; None unless each line is a row of `width` cells."""
    # A lone CR ends a line too, and an open quotation continues on the next line.
    if not block or block.startswith(_MARK) or block.count(b"\r") != block.count(b"\r\n"):
        return None
    lines = block.count(b"\n") + (not block.endswith(b"\n"))
    names = [str(column) for column in range(width)]
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(block),
            pa_csv.ReadOptions(column_names=names, use_threads=False, block_size=len(block) + 1),
            pa_csv.ParseOptions(delimiter=delimiter, ignore_empty_lines=False),
            pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    last = block[block.rfind(b"\n", 0, -1) + 1 :]
    if table.num_rows != lines or not _closes(last, delimiter):
        return None
    table = table.combine_chunks()
    longest = max(pc.max(pc.binary_length(c)).as_py() for c in table.columns)
    if longest > csv.field_size_limit():
        return None
    if MARK.encode() in block:
        return pa.table([unguarded_column(c.chunk(0)) for c in table.columns], names)
    return table


def _closes(line: bytes, delimiter: str) -> bool:
    """Whether no quotation of the last line continues behind the block; Arrow does not say so."""
    if b'"' not in line:
        return True
    try:
        next(csv.reader([line.decode()], delimiter=delimiter, strict=True))
    except (csv.Error, UnicodeDecodeError):
        return False
    return True


def spellings(table: pa.Table) -> Iterator[str]:
    """The distinct texts of the columns, without columns of ASCII."""
    for column in table.columns:
        for chunk in column.chunks:
            data = chunk.buffers()[2]
            if data is not None and np.max(np.frombuffer(data, np.uint8), initial=0) > _ASCII:
                yield from chunk.unique().to_pylist()


def table_of(rows: list[list[str]], names: list[str]) -> pa.Table:
    """A table of texts made of rows."""
    columns = zip(*rows, strict=True)
    return pa.table([pa.array(column, pa.string()) for column in columns], names=names)
