"""Convert tables to Unicode whose cells, all or some, are encoded for a legacy font."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from geo.legacy_fonts import Font
from geo.mixed_fonts import CellsInFonts, has_legacy_font, to_unicode
from registry.core.messages import Message
from registry.files.formats.table import FONT_NOTES, InBlocks, Rows, Table, names_in_unicode

if TYPE_CHECKING:
    import pyarrow as pa

_TOGETHER: Final = 500
"""Rows checked at once: nearly always none contains such a word."""
_SOME_NOTE: Final = Message("old_font_rows_converted")

_Fonts = Sequence[Font | None]


def table_in_unicode(table: Table, sample: list[list[str]]) -> Table:
    """The table with cells that make sense only in a legacy font converted to Unicode.

    If the first rows, the `sample`, contain such a cell, the whole file is read once to determine
    the font of each column: a single word may be valid in both, as `Té` is `Tộ`. Text that is not a
    word in any font, or is beside words of another one, is unchanged.
    """
    has_font = _hold_font([list(table.headers)]) or any(map(_hold_font, _together(iter(sample))))
    columns = _columns(table) if has_font else []
    fonts = [column.font(columns) for column in columns]
    of_header = CellsInFonts(table.headers).font(columns)
    found = sorted({font for font in (*fonts, of_header) if font})
    notes = (*table.notes, *(FONT_NOTES[font] for font in found))
    headers, remarks = names_in_unicode(table.headers, columns), table.remarks
    above = tuple(names_in_unicode(row, columns) for row in table.above)

    def note_conversion() -> None:
        if not found and not remarks:
            remarks.append(_SOME_NOTE)

    kind = _BlocksInUnicode if isinstance(table.rows, InBlocks) else _RowsInUnicode
    rows = kind(table.rows, fonts, note_conversion)
    return replace(table, headers=headers, above=above, rows=rows, notes=notes)


def _columns(table: Table) -> list[CellsInFonts]:
    columns = [CellsInFonts() for _ in table.headers]
    with table.rows() as rows:
        for row in rows:
            for column, cell in zip(columns, row, strict=False):
                column.count(cell)
    return columns


@dataclass(frozen=True, slots=True)
class _RowsInUnicode:
    """The rows of a table; each call reads them again."""

    rows: Callable[[], AbstractContextManager[Rows]]
    fonts: _Fonts
    """Font of each column, or None."""
    on_change: Callable[[], None]
    """Called when rows are changed."""

    @contextmanager
    def __call__(self) -> Iterator[Rows]:
        with self.rows() as rows:
            yield self._converted(rows)

    def _converted(self, rows: Rows) -> Rows:
        for block in _together(rows):
            yield from self._block(block)

    def _block(self, block: list[list[str]]) -> list[list[str]]:
        if not any(self.fonts) and not _hold_font(block):
            return block
        read = [row if _is_ascii(row) else to_unicode(row, self.fonts) for row in block]
        if read != block:
            self.on_change()
        return read


class _BlocksInUnicode(_RowsInUnicode):
    """The same for a table that can also be read column by column."""

    @contextmanager
    def blocks(self) -> Iterator[Iterator["pa.Table | Rows"]]:
        """See `InBlocks.blocks`."""
        rows: object = self.rows
        if not isinstance(rows, InBlocks):
            raise TypeError("rows cannot be read in blocks")
        with rows.blocks() as pieces:
            yield self._pieces(pieces)

    def _pieces(self, pieces: Iterator["pa.Table | Rows"]) -> Iterator["pa.Table | Rows"]:
        # Not at the top: the server has no use for Arrow, which takes 100 MB.
        import pyarrow as pa

        from registry.files.formats.blocks import spellings, table_of

        for piece in pieces:
            if not isinstance(piece, pa.Table):
                yield self._converted(piece)
            elif any(self.fonts) or has_legacy_font(" ".join(spellings(piece))):
                rows = zip(*(column.to_pylist() for column in piece.columns), strict=True)
                yield table_of(self._block(list(map(list, rows))), piece.column_names)
            else:
                yield piece


def _together(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    while block := list(islice(rows, _TOGETHER)):
        yield block


def _hold_font(block: list[list[str]]) -> bool:
    text = " ".join(map(" ".join, block))
    return not text.isascii() and has_legacy_font(text)


def _is_ascii(row: Sequence[str]) -> bool:
    return all(map(str.isascii, row))
