"""A file of any format as rows of the fields that we read, personal columns left where they are.

What is wrong with a file as a whole is said in one line, in Vietnamese and English, with what to do
about it: whoever exported it is the one who reads it.
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
from registry.intake.columns.filled import filled_down, offers, parted
from registry.intake.columns.headings import under_headings
from registry.intake.columns.joined import widened
from registry.intake.columns.unread import look_through

MAX_CELL: Final = 2_000
"""Characters of a cell that are read; no address is longer."""
_BLOCK: Final = 1 << 20
_ZONE_NEXT: Final = Message("coordinates_in_metres")
_PLACED: Final = ("longitude", "latitude", "point")
_MOST_BLANK: Final = 10_000
"""Places of blank rows of which a file is kept."""
_SAMPLE: Final = 2_000
"""Rows at the top of a file that are looked at before it is read."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that can be read: how, and what is in it."""

    path: Path
    table: Table = field(repr=False)
    columns: Columns
    sha256: str
    width: int
    """Columns of the file itself; what was made of them stands behind."""
    unread: tuple[str, ...] = field(default=(), repr=False)
    """Headers of the columns that hold something, and are not read."""
    wards_behind: bool = False
    """Whether what stands behind a dash in the column of streets is a ward (`street_cells`)."""
    placed: bool = False
    """Whether any of its first rows has a coordinate."""
    overlong: list[int] = field(default_factory=list)
    """Numbers of the rows with more cells than the header, as far as they were read."""
    blank_after: list[int] = field(default_factory=list)
    """For each blank row of a sheet, in order, how many rows that are not went before it."""

    @property
    def headers(self) -> tuple[str, ...]:
        """The names of the columns, as they stand in the file."""
        return self.table.headers

    @property
    def returned(self) -> ReturnedColumns:
        """What of its rows goes back to whoever delivered it."""
        left = {*self.columns.own, *self.columns.about_people}
        known = ((at, name) for at, name in self.columns.known.items() if at not in left)
        return ReturnedColumns.of(self.headers, known)

    @property
    def delimiter(self) -> str:
        """Between cells, where rows are handed back as CSV."""
        return self.table.delimiter

    @property
    def notes(self) -> tuple[Message, ...]:
        """What was found out about the file so far, for whoever delivers it."""
        return (*self.table.notes, *self.table.remarks)

    def begin(self) -> None:
        """Forget what was noted of the rows: they are read from the first one."""
        self.overlong.clear()
        self.blank_after.clear()


def open_file(
    path: Path,
    sheet: str | None = None,
    mapping: Mapping[str, str] | None = None,
    commune: str | None = None,
    edits: Edits = NO_EDITS,
) -> SourceFile:
    """Look into the file and find its columns.

    `sheet` chooses a sheet or layer; `mapping` says which header is which field, with `:fill` of a
    column that is written in the first row of a group alone; `commune` is the code of today of the
    one that all rows lie in; `edits` stand in place of the cells that came. Raises
    UnreadableFileError, one line, for a file that is missing, empty, in no format or encoding that
    we know, or without the columns that an address needs.
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
    mapping, fills = parted(mapping)
    with _naming(path):
        try:
            columns = find_columns(table.headers, mapping, commune)
        except CommuneNotNamedError as error:
            zone = _of_metres(table, mapping)
            message = Several((error.message, zone), between=". ") if zone else error.message
            raise CommuneNotNamedError(message) from None
    table = filled_down(table, columns, fills)
    # Opened once for all who look at it: a workbook is parsed as a whole each time.
    with table.rows() as rows:
        sample = list(islice(rows, _SAMPLE))
    found = look_through(table.headers, sample, columns, mapping)
    told = [
        *weak_columns(found.columns, table.headers, mapping),
        *found.notes,
        *offers(table.headers, sample, found.columns),
    ]
    table, columns = widened(*under_headings(table, found.columns, sample))
    if commune is not None:
        table = replace(table, codes_of_today=True)
    table = replace(table, notes=(*table.notes, *told))
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
    """Every row of the file after its header, as cells; blank lines are no rows.

    Raises UnreadableFileError when the file turns out to be broken further down, and at its end
    when a quotation mark is not closed where it should be: rows after it went into one cell.
    """
    with file.table.rows() as rows:
        file.begin()
        yield full_rows(file, rows)


def cells_of(file: SourceFile, fields: Iterable[str]) -> Callable[[list[str]], tuple[str, ...]]:
    """A function that takes the cells of `fields` out of a row, in that order; '' for none."""
    # Absent columns are read from the blank cell behind a row.
    at = [file.columns.positions.get(name, -1) for name in fields]
    chosen, width = itemgetter(*at), max(at) + 1

    def cells(row: list[str]) -> tuple[str, ...]:
        if len(row) < width:  # as far as it is read: a header may be a hundred times as wide
            row = row + [""] * (width - len(row))
        taken = tuple(map(as_read, chosen([*row, ""])))
        if len("".join(taken)) > MAX_CELL:
            return tuple(cell[:MAX_CELL] for cell in taken)
        return taken

    return cells


def as_read(text: str) -> str:
    """The text without NUL, which no text of PostgreSQL holds, and without what nobody sees."""
    return visible(text.replace("\0", "") if "\0" in text else text).strip()


def numbering_of(file: SourceFile, *, as_delivered: bool = False) -> Numbering | None:
    """Where a spreadsheet shows the rows that were read; None for files of other kinds, and for one
    that has too many blank rows between them.

    With `as_delivered` where they stood in the file from which they were handed back.
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
    """By the column of row numbers of rows that were handed back."""
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
    """Those of the rows with anything in them; the ones that are too long, or blank, are noted.

    `before` are the rows of the file that went before them.
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
    """Put the file's name before what is wrong with its columns."""
    try:
        yield
    except UnreadableFileError as error:
        raise unreadable(path, error.message, type(error), **error.extra) from error


def _of_metres(table: Table, mapping: Mapping[str, str]) -> Message | None:
    """What else a file without its commune will be asked for: its zone, where it is in metres."""
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
