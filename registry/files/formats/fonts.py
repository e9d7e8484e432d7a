"""The rows of a table in Unicode, where some or all of its cells are in a font of before it."""

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
"""Rows that are looked at together: nearly always none of them holds such a word."""
_SOME_NOTE: Final = Message("old_font_rows_converted")

_Fonts = Sequence[Font | None]


def table_in_unicode(table: Table, sample: list[list[str]]) -> Table:
    """The table with every cell in Unicode that only makes sense in a font, whatever others are in.

    A file whose first rows, the `sample`, hold any such cell is gone through once, to know what its
    columns are in: a single word may be one in both, as `Té` is `Tộ`. What is no word in any font,
    or stands beside words of another, stays as it is.
    """
    begins_so = _hold_font([list(table.headers)]) or any(map(_hold_font, _together(iter(sample))))
    columns = _columns(table) if begins_so else []
    fonts = [column.font(columns) for column in columns]
    of_header = CellsInFonts(table.headers).font(columns)
    found = sorted({font for font in (*fonts, of_header) if font})
    notes = (*table.notes, *(FONT_NOTES[font] for font in found))
    headers, remarks = names_in_unicode(table.headers, columns), table.remarks
    above = tuple(names_in_unicode(row, columns) for row in table.above)

    def tell() -> None:
        if not found and not remarks:
            remarks.append(_SOME_NOTE)

    kind = _BlocksInUnicode if isinstance(table.rows, InBlocks) else _RowsInUnicode
    rows = kind(table.rows, fonts, tell)
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
    """The rows of a table, read anew at each call."""

    rows: Callable[[], AbstractContextManager[Rows]]
    fonts: _Fonts
    """Of the columns."""
    tell: Callable[[], None]
    """To be called when a row is changed."""

    @contextmanager
    def __call__(self) -> Iterator[Rows]:
        with self.rows() as rows:
            yield self._mended(rows)

    def _mended(self, rows: Rows) -> Rows:
        for block in _together(rows):
            yield from self._block(block)

    def _block(self, block: list[list[str]]) -> list[list[str]]:
        if not any(self.fonts) and not _hold_font(block):
            return block
        read = [row if _is_ascii(row) else to_unicode(row, self.fonts) for row in block]
        if read != block:
            self.tell()
        return read


class _BlocksInUnicode(_RowsInUnicode):
    """The same of a table that can also be read column by column."""

    @contextmanager
    def blocks(self) -> Iterator[Iterator["pa.Table | Rows"]]:
        """As of every `InBlocks`."""
        rows: object = self.rows
        if not isinstance(rows, InBlocks):
            raise TypeError("these rows come in no blocks")
        with rows.blocks() as pieces:
            yield self._pieces(pieces)

    def _pieces(self, pieces: Iterator["pa.Table | Rows"]) -> Iterator["pa.Table | Rows"]:
        # Not at the top: the server has no use for Arrow, which takes 100 MB.
        import pyarrow as pa

        from registry.files.formats.blocks import spellings, table_of

        for piece in pieces:
            if not isinstance(piece, pa.Table):
                yield self._mended(piece)
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
