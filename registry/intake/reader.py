"""A CSV file as rows of the fields that we read, personal columns left where they are."""

import csv
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from registry.errors import UnreadableFileError
from registry.intake.columns import Columns, find_columns

MAX_CELL: Final = 2_000
"""Characters of a cell that are read; no address is longer."""
_SNIFF_BYTES: Final = 65_536
_DELIMITERS: Final = ",;\t|"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that can be read: how, and what is in it."""

    path: Path
    delimiter: str
    headers: tuple[str, ...]
    columns: Columns
    sha256: str


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
        raise UnreadableFileError(f"{path}: {error.strerror or error}") from error
    text = _decoded(path, head)
    delimiter = _delimiter(text)
    headers = tuple(
        cell.strip() for cell in next(csv.reader([text.splitlines()[0]], delimiter=delimiter))
    )
    return SourceFile(path, delimiter, headers, find_columns(headers), digest.hexdigest())


@contextmanager
def rows_of(file: SourceFile) -> Iterator[Iterator[list[str]]]:
    """Every row of the file after its header, as cells; blank lines are no rows.

    Raises UnreadableFileError when the file turns out not to be UTF-8 further down.
    """
    with file.path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.reader(_without_nul(file.path, stream), delimiter=file.delimiter)
        next(rows)
        yield (row for row in rows if any(row))


def fields_of(file: SourceFile, row: list[str]) -> list[str | None]:
    """The cells of `row` that are fields, in the order of `columns.positions`, None when blank."""
    cells = []
    for index in file.columns.positions.values():
        cell = row[index].strip()[:MAX_CELL] if index < len(row) else ""
        cells.append(cell or None)
    return cells


def _decoded(path: Path, head: bytes) -> str:
    if not head.strip():
        raise UnreadableFileError(f"{path}: the file is empty")
    if b"\0" in head:
        raise UnreadableFileError(f"{path}: this is no text file; save the table as CSV in UTF-8")
    # The sniffed block may end inside a character.
    for cut in range(4):
        try:
            return head[: len(head) - cut].decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if error.start < len(head) - 4:
                break
    raise UnreadableFileError(f"{path}: the text is not UTF-8; save the table as CSV in UTF-8")


def _delimiter(text: str) -> str:
    header = text.splitlines()[0]
    return max(_DELIMITERS, key=header.count)


def _without_nul(path: Path, lines: Iterator[str]) -> Iterator[str]:
    try:
        for line in lines:
            # PostgreSQL's text holds no NUL, and csv stumbles over it.
            yield line.replace("\0", "") if "\0" in line else line
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"{path}: the text is not UTF-8 all through; save the table as CSV in UTF-8"
        ) from error
