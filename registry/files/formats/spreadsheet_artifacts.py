"""Undo artifacts of programs in cells, where that is certain.

A table opened in the wrong encoding and saved has two or three other letters for each Vietnamese
one, web pages write `&aacute;`, and `="00199"` or `'00199` mark a cell as text for a spreadsheet.
"""

import html
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Final

from geo.encoded_twice import TWICE, fix_double_encoding
from registry.core.messages import Message
from registry.files.formats.table import Rows, Table

_ENTITY: Final = re.compile(r"&(?:[A-Za-z]{2,8}|#\d{2,6}|#x[0-9A-Fa-f]{2,5});")
_TEXT_FORMULA: Final = re.compile(r'="([^"]*)"')
_MARKED_TEXT: Final = re.compile(r"'(\w[^']*)'?")


def _without_entities(text: str) -> str:
    """
    >>> _without_entities("L&aacute;ng"), _without_entities("R&D; A&B")
    ('Láng', 'R&D; A&B')
    """
    return _ENTITY.sub(lambda found: html.unescape(found[0]), text) if "&" in text else text


def _without_mark(text: str) -> str:
    """The text of a cell that is marked as text for a spreadsheet.

    >>> _without_mark('="00199"'), _without_mark("'3/2"), _without_mark("'12'")
    ('00199', '3/2', '12')
    >>> _without_mark("'"), _without_mark("=A1"), _without_mark("M'Droh")
    ("'", '=A1', "M'Droh")
    """
    bare = text.strip()
    found = _TEXT_FORMULA.fullmatch(bare) or _MARKED_TEXT.fullmatch(bare)
    return found[1] if found else text


_UNDO: Final[tuple[tuple[Callable[[str], str], Message], ...]] = (
    (
        fix_double_encoding,
        Message("mojibake_repaired"),
    ),
    (
        _without_entities,
        Message("html_entities_decoded"),
    ),
    (
        _without_mark,
        Message("spreadsheet_marks_removed"),
    ),
)
_SIGNS: Final = re.compile(f"{TWICE.pattern}|&|=\"|\x1f'")
"""Present if anything is to be undone; \\x1f separates cells."""


def without_artifacts(table: Table, sample: list[list[str]]) -> tuple[Table, list[list[str]]]:
    """The table and its first rows without artifacts.

    Unchanged if the `sample`, the first rows, contains none.
    """
    first = [list(table.headers), *sample]
    if not _SIGNS.search("\x1f".join(cell for row in first for cell in ("", *row))):
        return table, sample
    cells = {cell for row in first for cell in row}
    undo = [(change, note) for change, note in _UNDO if any(change(c) != c for c in cells)]
    changes = [change for change, _ in undo]
    if not undo:
        return table, sample
    return replace(
        table,
        headers=tuple(_changed(name, changes) for name in table.headers),
        above=tuple(tuple(_changed(cell, changes) for cell in row) for row in table.above),
        rows=_Rows(table.rows, changes),
        notes=(*table.notes, *(note for _, note in undo)),
    ), [[_changed(cell, changes) for cell in row] for row in sample]


@dataclass(frozen=True, slots=True)
class _Rows:
    rows: Callable[[], AbstractContextManager[Rows]]
    changes: list[Callable[[str], str]]

    @contextmanager
    def __call__(self) -> Iterator[Rows]:
        with self.rows() as below:
            yield ([_changed(cell, self.changes) for cell in row] for row in below)


def _changed(cell: str, changes: list[Callable[[str], str]]) -> str:
    for change in changes:
        cell = change(cell)
    return cell
