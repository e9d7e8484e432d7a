"""`Table`, the common result of all readers, and the search for its header."""

import errno
import os
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, runtime_checkable

from geo.encoded_twice import fix_double_encoding
from geo.legacy_fonts import Font
from geo.mixed_fonts import CellsInFonts, to_unicode
from registry.core.errors import UnreadableFileError
from registry.core.messages import Message
from registry.files.spellings.headers import (
    LONGEST_NAME,
    field_of,
    fields_named,
    is_personal,
    is_vague,
)

if TYPE_CHECKING:
    import pyarrow as pa

Rows = Iterator[list[str]]

MOST_COLUMNS: Final = 16_384
"""Most columns of a table, as of a spreadsheet; more are not columns, and widen every row."""
TOO_FAR: Final = Message("sheet_cell_too_far_out")
LOOKED_AT: Final = 30
"""Rows at the top of a table in which its header is searched."""
_LOOKED_ALONG: Final = 300
"""Columns at the left of a table in which its header is searched."""
FONT_NOTES: Final[dict[Font, Message]] = {
    "tcvn3": Message("tcvn3_converted"),
    "vni": Message("vni_converted"),
}
# Vietnamese forms number the columns below the header: (1) (2) (3), or A B 1 2.
_NUMBERING: Final = re.compile(r"\(?([A-D]|\d{1,2})\)?")
_LEAST_NUMBERED: Final = 3
_LEAST_DOWN: Final = 3
"""Fewest fields that the names down a column must be."""
_FIRST_COLUMNS: Final = 2
_MOST_TIERS: Final = 3
"""Most rows of a header that together name the fields."""
_TIERS_ABOVE: Final = 2
"""Most rows of a header above those that name most fields."""
_LEAST_ABOVE: Final = 2
"""Fewest cells of such a row; a title has one."""
TURNED_NOTE: Final = Message("table_was_transposed")


@runtime_checkable
class InBlocks(Protocol):
    """`Table.rows` of tables that can also be read column by column."""

    def blocks(self) -> AbstractContextManager[Iterator["pa.Table | Rows"]]:
        """The same rows as Arrow tables of texts, as wide as the header, and as rows in between."""


_PLACE: Final = re.compile(r"(\d{1,9})(?: trang “(.*)”)?")


class SheetPlace(NamedTuple):
    """Where a spreadsheet shows a row."""

    row: int
    sheet: str = ""
    """Its name, in a workbook of several sheets."""

    def __str__(self) -> str:
        return f"{self.row} trang “{self.sheet}”" if self.sheet else str(self.row)

    @classmethod
    def parse(cls, text: str) -> "SheetPlace | None":
        """The place whose `str` is the text; None for other texts."""
        found = _PLACE.fullmatch(text)
        return cls(int(found[1]), found[2] or "") if found else None


class Part(NamedTuple):
    """The rows of a table that come from one sheet of a workbook."""

    sheet: str
    begins: int
    """Rows of the table before it, including blank ones."""
    first_row: int
    """The row of the sheet, from 1, that its first row is."""


class Numbering(NamedTuple):
    """Maps rows of a file to where a spreadsheet shows them."""

    parts: tuple[Part, ...]
    blank: tuple[tuple[int, int], ...]
    """Positions of blank rows: non-blank rows before them, and blank rows up to there."""

    @classmethod
    def of_json(cls, kept: Sequence[Any] | None) -> "Numbering | None":
        """The numbering stored as JSON."""
        if kept is None:
            return None
        parts, blank = kept
        return cls(tuple(Part(*part) for part in parts), tuple(map(tuple, blank)))

    def place(self, number: int) -> SheetPlace:
        """The place of a row, counted from 1 without blank rows."""
        before = bisect_left(self.blank, number, key=itemgetter(0))
        at = number - 1 + (self.blank[before - 1][1] if before else 0)
        part = self.parts[max(bisect_right(self.parts, at, key=attrgetter("begins")) - 1, 0)]
        return SheetPlace(part.first_row + at - part.begins, part.sheet)


@dataclass(frozen=True, slots=True)
class Features:
    """Access to the features of a layer; they can be read repeatedly."""

    fields: tuple[str, ...]
    geometry: str | None
    """The column of geometries in a batch; None for a layer without shapes."""
    batches: Callable[..., AbstractContextManager[Any]]
    """`batches(shapes=True)` opens Arrow batches of the fields, with the shapes as WKB."""
    crs: str | None
    """As declared by the layer, for writing its shapes."""
    geometry_type: str
    geo: bytes = b"{}"
    """GeoParquet metadata."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that can be read repeatedly."""

    headers: tuple[str, ...]
    rows: Callable[[], AbstractContextManager[Rows]]
    """Opens the rows below the header."""
    delimiter: str = ","
    """Separates cells when rows are returned as CSV."""
    notes: tuple[Message, ...] = ()
    """Notes on the file for its sender."""
    crs: str | None = None
    """The coordinate system declared by the file, see `formats.declared`."""
    systems: tuple[str, ...] = ()
    """Systems that the points support, if a dry run uses one without confirmation."""
    form: str = "csv"
    """The format (`formats.FORMATS`) in which rows are returned."""
    features: Features | None = field(default=None, repr=False)
    """The features of a map layer."""
    codes_of_today: bool = False
    """Whether its commune codes are certainly current, as in the blank form of the register."""
    first_row: int | None = None
    """The row, from 1, at which a spreadsheet shows the first row below the header; None for
    formats without row numbers, such as layers and records."""
    parts: list[Part] = field(default_factory=list, repr=False)
    """The sheets read so far, of a workbook of several sheets."""
    sheet: str = ""
    """The name of the sheet, or of the first one read."""
    holds: object = field(default=None, repr=False)
    """Kept alive with the table, such as a folder with an unpacked copy."""
    remarks: list[Message] = field(default_factory=list)
    """Further `notes`, found while the rows are read."""
    above: tuple[tuple[str, ...], ...] = ()
    """The rows before the data, for tables with columns other than an import's, whose header need
    not be the row that names most fields."""


@dataclass(frozen=True, slots=True)
class Header:
    """A header, and the number of rows before the first row of data."""

    names: tuple[str, ...]
    rows_before_data: int
    column: int | None = None
    """The column of names of a transposed table, which has one household per column."""
    above: tuple[tuple[str, ...], ...] = ()
    """The rows before the data, unless the table is transposed."""

    def below(self, rows: Rows) -> Rows:
        """The rows of data among all rows."""
        if self.column is None:
            yield from islice(rows, self.rows_before_data, None)
            return
        turned = list(zip_longest(*rows, fillvalue=""))
        yield from map(list, turned[self.column + 1 :])


def find_header(rows: Sequence[Sequence[str]]) -> Header:
    """The header among the first rows of a table, below titles, in one or several rows.

    It is the row, or the fewest consecutive rows, that names most fields; the first row if none
    does. Merged cells are expected to be repeated in each row. A table is recognised as transposed
    only if `rows` are all its rows.
    """
    best, most = Header(_names(rows[:1]), 1), 0
    narrow = [[cell[:LONGEST_NAME] for cell in row[:_LOOKED_ALONG]] for row in rows]
    for height in range(1, _MOST_TIERS + 1):
        for at in range(len(rows) - height + 1):
            names = _names(narrow[at : at + height])
            fields = fields_named(names_in_unicode(names))
            # A street further down may be named like a field; use more rows only if they name more.
            sure = (at == 0 and height == 1) or len(fields) > 1 or "address" in fields
            if sure and len(fields) > most:
                best, most = Header(_names(rows[at : at + height]), at + height), len(fields)
    if most <= 1 and len(rows) < LOOKED_AT and (turned := _turned(rows)):
        return turned
    best = _completed(best, rows)
    after = rows[best.rows_before_data : best.rows_before_data + 1]
    count = best.rows_before_data + bool(after and is_numbering(after[0]))
    return Header(best.names, count, above=tuple(map(tuple, rows[:count])))


def _completed(header: Header, rows: Sequence[Sequence[str]]) -> Header:
    """The header with names from the rows above it, in cells merged downwards.

    Columns with a field keep it, unless they turn out to be about people.
    """
    bottom = header.rows_before_data
    first = next((at for at in range(bottom) if _names(rows[at:bottom]) == header.names), bottom)
    for top in range(first - 1, max(first - 1 - _TIERS_ABOVE, -1), -1):
        if sum(map(bool, map(str.strip, rows[top]))) < _LEAST_ABOVE:
            continue
        names = _names(rows[top:bottom])
        before = (*header.names, *[""] * (len(names) - len(header.names)))
        if all(
            old == new or is_personal(new) or field_of(old) is None
            for old, new in zip(names_in_unicode(before), names_in_unicode(names), strict=True)
        ):
            header = Header(names, bottom)
    return header


def _turned(rows: Sequence[Sequence[str]]) -> Header | None:
    """The header of a transposed table, with the names in one of its first columns."""
    for column in range(_FIRST_COLUMNS):
        down = tuple(" ".join(row[column].split()) if column < len(row) else "" for row in rows)
        wide = any(len(row) > column + 1 for row in rows)
        if wide and len(fields_named(names_in_unicode(down))) >= _LEAST_DOWN:
            return Header(down, 0, column)
    return None


def names_in_unicode(
    names: tuple[str, ...], columns: Iterable[CellsInFonts] = ()
) -> tuple[str, ...]:
    """The names in Unicode: the font is detected by the names, or by the `columns` below them."""
    names = tuple(map(fix_double_encoding, names))
    if all(map(str.isascii, names)):
        return names
    font = CellsInFonts(names).font(columns)
    return tuple(to_unicode(names, [font] * len(names)))


def unreadable(
    path: Path,
    reason: Message,
    kind: type[UnreadableFileError] = UnreadableFileError,
    **members: object,
) -> UnreadableFileError:
    """The error for a whole file, as one line that begins with its name."""
    return kind(Message("of_file", file=path.name or str(path), reason=reason), **members)


def reason_of(path: Path, error: Exception) -> str:
    """The message of a library's error, without the temporary folder of the file."""
    return str(error).replace(f"{path.parent}{os.sep}", "")


_REFUSALS: Final = {
    errno.ENOENT: Message("file_missing"),
    errno.EACCES: Message("file_forbidden"),
    errno.EISDIR: Message("file_is_folder"),
}


def not_opened(path: Path, error: OSError) -> UnreadableFileError:
    """The error for a file that cannot be opened, as one line with the reason."""
    reason = _REFUSALS.get(error.errno or 0)
    detail = error.strerror or reason_of(path, error)
    return unreadable(path, reason or Message("file_unreadable", reason=detail))


def _names(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    width = max((len(row) for row in rows), default=0)
    cells = [[" ".join(cell.split()) for cell in row] + [""] * (width - len(row)) for row in rows]
    headings = [_spanned(row) for row in cells[:-1]]
    return tuple(
        _name([row[at] for row in cells], [row[at] for row in headings], at=at)
        for at in range(width)
    )


def _name(tiers: Sequence[str], above: Sequence[str], *, at: int) -> str:
    """The name of a column by its cells in the header, and the headings that span it."""
    # The lowest name counts: `Số nhà` below a `Địa chỉ` that spans several columns.
    lowest = max((tier for tier, cell in enumerate(tiers) if cell), default=0)
    name = tiers[lowest]
    spans = [cell for cell in above[:lowest] if cell] if at < _LOOKED_ALONG else []
    # It needs its heading if it has no field of its own (`Phút` below `Kinh độ`, `cũ` below `Xã`),
    # or is vague (`Số` below `CCCD`).
    for span in reversed(spans):
        both = f"{span} {name}"
        if not field_of(name) and field_of(both):
            return both
        if is_vague(name) and is_personal(span):
            return both
    return name


def _spanned(row: Sequence[str]) -> list[str]:
    """A row of headings, each repeated in the blank cells behind it."""
    spanned, last = [], ""
    for cell in row:
        last = cell or last
        spanned.append(last)
    return spanned


def is_numbering(row: Sequence[str]) -> bool:
    """Whether a row numbers the columns: (1) (2) (3)."""
    cells = [cell.strip() for cell in row if cell.strip()]
    return (
        len(cells) >= _LEAST_NUMBERED
        and all(_NUMBERING.fullmatch(cell) for cell in cells)
        and len(set(cells)) == len(cells)
        and cells == sorted(cells, key=_place_in_numbering)
    )


def _place_in_numbering(cell: str) -> tuple[bool, int]:
    mark = cell.strip("()")
    return (mark.isdigit(), int(mark) if mark.isdigit() else ord(mark))
