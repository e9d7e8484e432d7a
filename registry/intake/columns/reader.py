"""Read a file of any format as rows of known fields; personal columns are not read.

The error for a whole file is one line with a remedy, for the person who exported it.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import accumulate, islice
from operator import itemgetter
from pathlib import Path
from typing import Final

from geo.coordinates import metres
from geo.text import visible
from registry.core.errors import CommuneNotNamedError, UnreadableFileError
from registry.core.messages import Message, Several
from registry.files.fields import ROW_COLUMN, Columns, find_columns, weak_columns
from registry.files.formats.any_file import read_file
from registry.files.formats.table import (
    Numbering,
    Part,
    Rows,
    SheetPlace,
    Table,
    not_opened,
    unreadable,
)
from registry.files.spellings.returned import ReturnedColumns
from registry.files.spellings.street_cells import are_wards_behind
from registry.intake.columns.edited import NO_EDITS, Edits, edited
from registry.intake.columns.filled import filled_down, offers, split_fills
from registry.intake.columns.headings import under_headings
from registry.intake.columns.joined import widened
from registry.intake.columns.unread import look_through

MAX_CELL: Final = 2_000
"""Characters read of a row's cells; no address is longer."""
_BLOCK: Final = 1 << 20
_ZONE_NEXT: Final = Message("coordinates_in_metres")
_PLACED: Final = ("longitude", "latitude", "point")
_MOST_BLANK: Final = 10_000
"""Most positions of blank rows that are kept."""
_SAMPLE: Final = 2_000
"""First rows of a file, inspected before it is read."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """An opened file, its columns, and facts about its content."""

    path: Path
    table: Table = field(repr=False)
    columns: Columns
    sha256: str
    width: int
    """Number of the file's own columns; made ones follow."""
    unread: tuple[str, ...] = field(default=(), repr=False)
    """Headers of columns that are not blank and not read."""
    wards_behind: bool = False
    """Whether names behind a dash in street cells are wards (`street_cells`)."""
    placed: bool = False
    """Whether any of its first rows has a coordinate."""
    overlong: list[int] = field(default_factory=list)
    """Numbers of rows with more cells than the header, among the rows read so far."""
    blank_after: list[int] = field(default_factory=list)
    """For each blank row of a sheet, in order, the number of non-blank rows before it."""

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers as in the file."""
        return self.table.headers

    @property
    def returned(self) -> ReturnedColumns:
        """The columns that are returned to the sender."""
        left = self.columns.about_people
        known = ((at, name) for at, name in self.columns.known.items() if at not in left)
        return ReturnedColumns.of(self.headers, known)

    @property
    def delimiter(self) -> str:
        """Separates cells when rows are returned as CSV."""
        return self.table.delimiter

    @property
    def notes(self) -> tuple[Message, ...]:
        """Notes on the file so far, for its sender."""
        return (*self.table.notes, *self.table.remarks)

    def begin(self) -> None:
        """Clear what was recorded of the rows, before they are read again."""
        self.overlong.clear()
        self.blank_after.clear()


def open_file(
    path: Path,
    sheet: str | None = None,
    mapping: Mapping[str, str] | None = None,
    commune: str | None = None,
    edits: Edits = NO_EDITS,
) -> SourceFile:
    """Open the file and find its columns.

    `sheet` chooses a sheet or layer; `mapping` maps headers to fields, with `:fill` for a column
    with values only in the first row of each group; `commune` is the current code of the commune of
    all rows; `edits` replace delivered cells. Raises UnreadableFileError, one line, for a file that
    is missing, empty, in an unknown format or encoding, or without the columns of an address.
    """
    try:
        digest = hashlib.sha256()
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
        table = edited(read_file(path, sheet), edits)
    except OSError as error:
        raise not_opened(path, error) from error
    width = len(table.headers)
    if not any(table.headers):
        raise unreadable(path, Message("first_line_blank"))
    mapping, fills = split_fills(mapping)
    with _naming(path):
        try:
            columns = find_columns(table.headers, mapping, commune)
        except CommuneNotNamedError as error:
            zone = _of_metres(table, mapping)
            message = Several((error.message, zone), between=". ") if zone else error.message
            raise CommuneNotNamedError(message) from None
    table = filled_down(table, columns, fills)
    # Opened once: a workbook is parsed as a whole each time.
    with table.rows() as rows:
        sample = list(islice(rows, _SAMPLE))
    found = look_through(table.headers, sample, columns, mapping)
    notes = [
        *weak_columns(found.columns, table.headers, mapping),
        *found.notes,
        *offers(table.headers, sample, found.columns),
    ]
    table, columns = widened(*under_headings(table, found.columns, sample))
    if commune is not None:
        table = replace(table, codes_of_today=True)
    table = replace(table, notes=(*table.notes, *notes))
    at = found.columns.positions.get("street")
    streets = () if at is None else (row[at] for row in sample if at < len(row))
    axes = [at for name, at in found.columns.positions.items() if name in _PLACED]
    axes += [at for made in found.columns.joined if made.field in _PLACED for _, at in made.parts]
    return SourceFile(
        path,
        table,
        columns,
        digest.hexdigest(),
        width,
        unread=found.unread,
        placed=any(at < len(row) and row[at].strip() for row in sample for at in axes),
        wards_behind=are_wards_behind(streets),
    )


@contextmanager
def rows_of(file: SourceFile) -> Iterator[Iterator[list[str]]]:
    """All non-blank rows of the file below its header, as cells.

    Raises UnreadableFileError if the file is broken further down, and at its end if a quotation
    mark is not closed, so that rows after it went into one cell.
    """
    with file.table.rows() as rows:
        file.begin()
        yield full_rows(file, rows)


def cells_of(file: SourceFile, fields: Iterable[str]) -> Callable[[list[str]], tuple[str, ...]]:
    """A function that returns the cells of `fields` of a row, in that order; '' if absent."""
    # Absent columns are read from a blank cell appended to the row.
    at = [file.columns.positions.get(name, -1) for name in fields]
    chosen, width = itemgetter(*at), max(at) + 1

    def cells(row: list[str]) -> tuple[str, ...]:
        if len(row) < width:  # only as far as needed: a header may be a hundred times as wide
            row = row + [""] * (width - len(row))
        taken = tuple(map(as_read, chosen([*row, ""])))
        if len("".join(taken)) > MAX_CELL:
            return tuple(cell[:MAX_CELL] for cell in taken)
        return taken

    return cells


def as_read(text: str) -> str:
    """The text without NUL, which PostgreSQL rejects, and without invisible characters."""
    return visible(text.replace("\0", "") if "\0" in text else text).strip()


def numbering_of(file: SourceFile, *, as_delivered: bool = False) -> Numbering | None:
    """Where a spreadsheet shows the rows; None for other formats, or with too many blank rows.

    With `as_delivered`, the rows of the original file of returned rows.
    """
    if as_delivered and (numbering := _numbering_before(file)):
        return numbering
    if file.table.first_row is None:
        return None
    counted = Counter(file.blank_after)
    blank = tuple(zip(counted, accumulate(counted.values()), strict=True))
    parts = tuple(file.table.parts or [Part("", 0, file.table.first_row)])
    return Numbering(parts, blank) if len(blank) <= _MOST_BLANK else None


def _numbering_before(file: SourceFile) -> Numbering | None:
    """The numbering by the column of row numbers in returned rows."""
    at = next((at for at in file.columns.own if file.headers[at] == ROW_COLUMN), None)
    if at is None:
        return None
    parts: list[Part] = []
    with rows_of(file) as rows:
        for begins, row in enumerate(rows):
            place = SheetPlace.parse(row[at]) if at < len(row) else None
            if place is None or len(parts) > _MOST_BLANK:
                return None
            last = parts[-1] if parts else None
            row_follows = last and place == (last.first_row + begins - last.begins, last.sheet)
            if not row_follows:
                parts.append(Part(place.sheet, begins, place.row))
    return Numbering(tuple(parts), ()) if parts else None


def full_rows(file: SourceFile, rows: Rows, before: int = 0) -> Rows:
    """The non-blank rows; records blank rows and those with too many cells.

    `before` is the number of rows before them.
    """
    width, number = len(file.headers), before
    of_sheet = file.table.first_row is not None
    for row in rows:
        if any(row):
            number += 1
            if len(row) > width and any(row[width:]):
                file.overlong.append(number)
            yield row
        elif of_sheet:
            file.blank_after.append(number)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Prefix errors of columns with the name of the file."""
    try:
        yield
    except UnreadableFileError as error:
        raise unreadable(path, error.message, type(error), **error.extra) from error


def _of_metres(table: Table, mapping: Mapping[str, str]) -> Message | None:
    """A note that a file without a commune will also need its zone, if it is in metres."""
    at = find_columns(table.headers, mapping, "").positions
    if not at.keys() >= {"longitude", "latitude"}:
        return None
    with table.rows() as rows:
        pairs = [
            [metres(row[at[axis]]) for axis in ("longitude", "latitude") if at[axis] < len(row)]
            for row in islice(rows, _SAMPLE)
        ]
    surveyed = sum(len(pair) == 2 and None not in pair for pair in pairs)
    return _ZONE_NEXT if surveyed * 2 > len(pairs) else None
