"""What every format is read as, and where the header of a table stands."""

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
    says_little,
)

if TYPE_CHECKING:
    import pyarrow as pa

Rows = Iterator[list[str]]

MOST_COLUMNS: Final = 16_384
"""Of a table, as of a spreadsheet: more are no columns, and each row would be as wide."""
TOO_FAR: Final = Message("sheet_cell_too_far_out")
LOOKED_AT: Final = 30
"""Rows at the top of a table among which its header is looked for."""
_LOOKED_ALONG: Final = 300
"""Columns at the left of a table in which its header is looked for."""
FONT_NOTES: Final[dict[Font, Message]] = {
    "tcvn3": Message("tcvn3_converted"),
    "vni": Message("vni_converted"),
}
# Vietnamese forms number their columns below the header: (1) (2) (3), or A B 1 2.
_NUMBERING: Final = re.compile(r"\(?([A-D]|\d{1,2})\)?")
_LEAST_NUMBERED: Final = 3
_LEAST_DOWN: Final = 3
"""Fields that the names down a column have to be."""
_FIRST_COLUMNS: Final = 2
_MOST_TIERS: Final = 3
"""Rows of a header that together name the fields."""
_TIERS_ABOVE: Final = 2
"""Rows of a header above those that name most fields."""
_LEAST_ABOVE: Final = 2
"""Cells of such a row: a title has one."""
TURNED_NOTE: Final = Message("table_was_transposed")


@runtime_checkable
class InBlocks(Protocol):
    """What some tables have for `rows`: they can also be read column by column."""

    def blocks(self) -> AbstractContextManager[Iterator["pa.Table | Rows"]]:
        """The same rows, as tables of texts as wide as the header, and as rows between them."""


_PLACE: Final = re.compile(r"(\d{1,9})(?: trang “(.*)”)?")


class SheetPlace(NamedTuple):
    """Where a spreadsheet shows a row."""

    row: int
    sheet: str = ""
    """Its name, of a workbook of several."""

    def __str__(self) -> str:
        return f"{self.row} trang “{self.sheet}”" if self.sheet else str(self.row)

    @classmethod
    def written(cls, text: str) -> "SheetPlace | None":
        """The place that `str` wrote; None for another text."""
        found = _PLACE.fullmatch(text)
        return cls(int(found[1]), found[2] or "") if found else None


class Part(NamedTuple):
    """The rows of a table that come from one of the sheets of a workbook."""

    sheet: str
    begins: int
    """Rows of the table before it, blank ones counted."""
    first_row: int
    """Which row of the sheet its first one is, from 1."""


class Numbering(NamedTuple):
    """Where a spreadsheet shows each row of a file that was read."""

    parts: tuple[Part, ...]
    blank: tuple[tuple[int, int], ...]
    """Where blank rows stand: how many others went before them, and blank ones up to there."""

    @classmethod
    def of_json(cls, kept: Sequence[Any] | None) -> "Numbering | None":
        """What was kept as JSON."""
        if kept is None:
            return None
        parts, blank = kept
        return cls(tuple(Part(*part) for part in parts), tuple(map(tuple, blank)))

    def place(self, number: int) -> SheetPlace:
        """Of a row, counted from 1 without blank ones."""
        before = bisect_left(self.blank, number, key=itemgetter(0))
        at = number - 1 + (self.blank[before - 1][1] if before else 0)
        part = self.parts[max(bisect_right(self.parts, at, key=attrgetter("begins")) - 1, 0)]
        return SheetPlace(part.first_row + at - part.begins, part.sheet)


@dataclass(frozen=True, slots=True)
class Features:
    """Where the features of a layer come from, to be gone through again."""

    fields: tuple[str, ...]
    geometry: str | None
    """Its column in a batch; None for a layer without shapes."""
    batches: Callable[..., AbstractContextManager[Any]]
    """`batches(shapes=True)`: Arrow batches of the fields, and of the shapes as WKB."""
    crs: str | None
    """As the layer states it, for writing its shapes again."""
    geometry_type: str
    geo: bytes = b"{}"
    """What GeoParquet says of its columns."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that can be gone through several times."""

    headers: tuple[str, ...]
    rows: Callable[[], AbstractContextManager[Rows]]
    """The rows behind the header."""
    delimiter: str = ","
    """Between cells, where rows are handed back."""
    notes: tuple[Message, ...] = ()
    """What was found out about the file, for its sender."""
    crs: str | None = None
    """The system of the points, where the file states it: see `formats.declared`."""
    systems: tuple[str, ...] = ()
    """Those that the points speak for, where a dry run goes on in one that nobody confirmed."""
    form: str = "csv"
    """The name of the format (`formats.FORMATS`) in which rows are handed back."""
    features: Features | None = field(default=None, repr=False)
    """Of a map layer, what its features are read from."""
    codes_of_today: bool = False
    """Whether its codes of communes are certainly today's, as those of our own blank."""
    first_row: int | None = None
    """The row, from 1, in which a spreadsheet shows the first row behind the header; None where it
    shows none, as of layers and records."""
    parts: list[Part] = field(default_factory=list, repr=False)
    """Of a workbook of several sheets those that are read, as far as that has come."""
    sheet: str = ""
    """The name of the sheet that is read, or of the first one."""
    holds: object = field(default=None, repr=False)
    """What must live as long as the table, an unpacked copy say."""
    remarks: list[Message] = field(default_factory=list)
    """What was found out while its rows were read, as `notes`."""
    above: tuple[tuple[str, ...], ...] = ()
    """The rows before the data, for tables whose columns are not those of an import: what names
    most fields there need not be their header."""


@dataclass(frozen=True, slots=True)
class Header:
    """A header, and how many rows go before the first row of data."""

    names: tuple[str, ...]
    rows_before_data: int
    column: int | None = None
    """The column that the names stand down, of a table that is turned: a household a column."""
    above: tuple[tuple[str, ...], ...] = ()
    """The rows before the data as they came, unless the table is turned."""

    def below(self, rows: Rows) -> Rows:
        """The rows of data of all the rows."""
        if self.column is None:
            yield from islice(rows, self.rows_before_data, None)
            return
        turned = list(zip_longest(*rows, fillvalue=""))
        yield from map(list, turned[self.column + 1 :])


def find_header(rows: Sequence[Sequence[str]]) -> Header:
    """The header among the first rows of a table: titles may stand above, names in several rows.

    It is the row, or the fewest rows one below the other, that names most fields; the first row
    where none does. What merged cells span is expected in each of them. `rows` that are
    all of a table may be turned.
    """
    best, most = Header(_names(rows[:1]), 1), 0
    narrow = [[cell[:LONGEST_NAME] for cell in row[:_LOOKED_ALONG]] for row in rows]
    for height in range(1, _MOST_TIERS + 1):
        for at in range(len(rows) - height + 1):
            names = _names(narrow[at : at + height])
            fields = fields_named(names_in_unicode(names))
            # Further down a street may be called like a field; more rows only where they name more.
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
    """The header with names that stand in the rows above it, in cells merged downwards.

    No column that is a field becomes another one; it may turn out to be about people.
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
    """The header of a table whose names stand down one of its first columns."""
    for column in range(_FIRST_COLUMNS):
        down = tuple(" ".join(row[column].split()) if column < len(row) else "" for row in rows)
        wide = any(len(row) > column + 1 for row in rows)
        if wide and len(fields_named(names_in_unicode(down))) >= _LEAST_DOWN:
            return Header(down, 0, column)
    return None


def names_in_unicode(
    names: tuple[str, ...], columns: Iterable[CellsInFonts] = ()
) -> tuple[str, ...]:
    """Names as they show: below a title in capitals, a font is seen by the names alone.

    What they do not say themselves, the `columns` below them do.
    """
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
    """What is wrong with a file as a whole, as one line that begins with its name."""
    return kind(Message("of_file", file=path.name or str(path), reason=reason), **members)


def said_of(path: Path, error: Exception) -> str:
    """What a library says of a file, without the folder where it lies here."""
    return str(error).replace(f"{path.parent}{os.sep}", "")


_REFUSALS: Final = {
    errno.ENOENT: Message("file_missing"),
    errno.EACCES: Message("file_forbidden"),
    errno.EISDIR: Message("file_is_folder"),
}


def not_opened(path: Path, error: OSError) -> UnreadableFileError:
    """That a file cannot be opened, as one line that says why."""
    reason = _REFUSALS.get(error.errno or 0)
    said = error.strerror or said_of(path, error)
    return unreadable(path, reason or Message("file_unreadable", reason=said))


def _names(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    width = max((len(row) for row in rows), default=0)
    cells = [[" ".join(cell.split()) for cell in row] + [""] * (width - len(row)) for row in rows]
    headings = [_spanned(row) for row in cells[:-1]]
    return tuple(
        _name([row[at] for row in cells], [row[at] for row in headings], at=at)
        for at in range(width)
    )


def _name(tiers: Sequence[str], above: Sequence[str], *, at: int) -> str:
    """The name of a column by the cells of a header in it, and by what spans those above."""
    # The lowest name says it: `Số nhà` below a `Địa chỉ` that spans it and others.
    lowest = max((tier for tier, cell in enumerate(tiers) if cell), default=0)
    name = tiers[lowest]
    spans = [cell for cell in above[:lowest] if cell] if at < _LOOKED_ALONG else []
    # Unless it is one only by what spans it: `Phút` below `Kinh độ`, `cũ` below `Xã`, or is too
    # short to say it alone: `Số` below `CCCD`.
    for span in reversed(spans):
        both = f"{span} {name}"
        if not field_of(name) and field_of(both):
            return both
        if says_little(name) and is_personal(span):
            return both
    return name


def _spanned(row: Sequence[str]) -> list[str]:
    """A row of headings, each of which stands over the blank cells behind it as well."""
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
