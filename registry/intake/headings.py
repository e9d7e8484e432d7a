"""Lists that are parted by hamlet: a row `Tổ dân phố 1` above the houses that lie there.

The hamlet becomes a column behind the others, and the heading is no row any more.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Final

from geo.address import parse_components
from geo.locality import Locality
from registry.intake.columns import Columns
from registry.intake.footer_words import is_footer, is_signed
from registry.intake.formats.table import Rows, Table

_HEADER: Final = "Thôn, tổ của nhóm"
_NUMBERING: Final = re.compile(r"^\s*(?:[IVXL]+|\d{1,3}|[A-ZĐ])\s*[.)/]\s+")
_BEHIND: Final = re.compile(r"\s*(?:\([^)]*\))?\s*:?\s*$")
_NOTE: Final = (
    "dòng chỉ ghi tên thôn, tổ ({seen}) là nơi của các dòng dưới nó"
    " (rows that name a hamlet alone hold for those below them)"
)

_Groups = tuple[Locality, ...]


def under_headings(
    table: Table, columns: Columns, sample: Iterable[list[str]]
) -> tuple[Table, Columns]:
    """The table with the hamlet of its headings as a column; `sample` are its first rows.

    The same where it has a column of hamlets, or addresses as one text, or no headings.
    """
    if columns.free_text or "locality" in columns.fields:
        return table, columns
    seen = next((cell for row in sample if (cell := _heading(row))), None)
    if seen is None:
        return table, columns
    width = len(table.headers)

    @contextmanager
    def below_headings() -> Iterator[Rows]:
        with table.rows() as below:
            yield _placed(below, width)

    return (
        replace(
            table,
            headers=(*table.headers, _HEADER),
            rows=below_headings,
            notes=(*table.notes, _NOTE.format(seen=seen)),
        ),
        replace(columns, positions={**columns.positions, "locality": width}),
    )


def _placed(rows: Rows, width: int) -> Rows:
    groups: _Groups = ()
    for row in rows:
        if heading := _heading(row):
            groups = _nested(groups, _named(heading))
            yield []
        elif is_footer(row):
            groups = () if is_signed(row) else groups
            yield row
        elif any(row):
            place = ", ".join(f"{group.kind} {group.name}" for group in groups)
            # What stands too far to the right stays there, for the row to be refused.
            yield [*row[:width], *[""] * (width - len(row)), place, *row[width:]]
        else:
            yield row


def _heading(row: list[str]) -> str | None:
    """What a row names that names localities and nothing else, and no sum or signature."""
    cells = [cell for cell in row if cell.strip()]
    return cells[0] if len(cells) == 1 and _named(cells[0]) and not is_footer(cells) else None


@lru_cache(1_000)
def _named(heading: str) -> _Groups:
    """The localities, the innermost first; none where anything else is named.

    >>> [(group.kind, group.name) for group in _named("II. Tổ 5, Khu phố 2 (35 hộ):")]
    [('tổ', '5'), ('khu phố', '2')]
    >>> _named("Nguyễn Văn Tổ"), _named("12 Tổ 5"), _named("Cầu Giấy")
    ((), (), ())
    """
    door = parse_components(locality=_BEHIND.sub("", _NUMBERING.sub("", heading)))
    if door.house_number is not None or door.street is not None or door.flat is not None:
        return ()
    return door.localities if all(group.kind for group in door.localities) else ()


def _nested(groups: _Groups, named: _Groups) -> _Groups:
    """The localities below a heading: it ends those of its kind, and all inside of them."""
    kinds = {group.kind for group in named}
    ended = [at for at, group in enumerate(groups) if group.kind in kinds]
    return (*named, *groups[max(ended) + 1 if ended else 0 :])
