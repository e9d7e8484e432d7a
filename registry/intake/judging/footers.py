"""Skip rows that are not households: totals, headings, notes, signatures.

They are recognised by their words, and only among rejected rows, so that a door is never skipped.
They are counted and noted, but not returned to the sender.
"""

import re
from dataclasses import replace
from itertools import islice
from typing import Final

from geo.text import fold
from registry.core.messages import Message
from registry.files.formats.table import unreadable
from registry.files.spellings.footer_words import is_footer, is_signed
from registry.files.spellings.headers import field_of, is_personal
from registry.files.spellings.heading_words import place_kinds
from registry.intake.columns.reader import SourceFile, rows_of
from registry.intake.engine import Workbench

_LOOKED_AT: Final = 1_000
"""Most rejected rows that are checked, from the end of the file."""
_NAME: Final = re.compile(r"[^\W\d_]+(?: [^\W\d_]+){1,5}")
_COUNT: Final = re.compile(r"[IVXL]+|[A-ZĐ]|[\d.,]+")
"""Cells beside the name of a heading."""
_LEAST_REPEATED: Final = 2
"""Fewest headers that a row must repeat to be a repeated header."""
_LEAST_NAMED: Final = 3
"""Fewest fields that a row must name to be the header of another table."""
_OTHER_TABLE: Final = "second_table_found"


def skip_footers(bench: Workbench, file: SourceFile) -> None:
    """Add the footers to the table `skipped`.

    Needs rejected rows; footers stay rejected in `entry`, and are not written anywhere.
    """
    numbers = sorted(number for (number,) in bench.rows("judging/rejected.sql", most=_LOOKED_AT))
    footers = _footers(file, numbers) if numbers else []
    bench.add("skipped", [(number,) for number in footers])


def _footers(file: SourceFile, numbers: list[int]) -> list[int]:
    """The footers among the rows; raises UnreadableFileError if another table begins."""
    footers, at, signed = [], 0, False
    header = {fold(name) for name in file.headers if name.strip()}
    # Columns made by the program, such as the commune of all rows, do not count.
    own = frozenset(file.columns.own)
    # Keep what was recorded of all rows.
    with rows_of(replace(file, overlong=[], blank_after=[])) as rows:
        for number in numbers:
            found = next(islice(rows, number - at - 1, None), [])
            row = [cell for place, cell in enumerate(found) if place not in own]
            # Only the next row of the file: rows in between are doors, or were skipped.
            signed = signed and number == at + 1
            at = number
            if _begins_other_table(row, file):
                raise unreadable(file.path, Message(_OTHER_TABLE, row=number))
            if (
                is_footer(row)
                or _is_header(row, header)
                or _is_heading(row)
                or (signed and _is_signature(row))
            ):
                footers.append(number)
                signed = signed or is_signed(row)
    return footers


def _begins_other_table(row: list[str], file: SourceFile) -> bool:
    """Whether the row is a header with other columns than the file's."""
    named = [(at, field_of(cell)) for at, cell in enumerate(row) if cell.strip()]
    fields = [(at, field) for at, field in named if field is not None]
    positions = file.columns.positions
    moved = [field for at, field in fields if positions.get(field, at) != at]
    return len(fields) >= _LEAST_NAMED and len(moved) >= _LEAST_REPEATED


def _is_header(row: list[str], header: set[str]) -> bool:
    """Whether the row repeats the header, as on each printed page."""
    names = [cell for cell in row if cell.strip()]
    return len(names) >= _LEAST_REPEATED and all(
        fold(name) in header or field_of(name) or is_personal(name) for name in names
    )


def _is_heading(row: list[str]) -> bool:
    """Whether the row only names a hamlet, with or without its number and counts."""
    named = [cell.strip() for cell in row if cell.strip() and not _COUNT.fullmatch(cell.strip())]
    return len(named) == 1 and bool(place_kinds(named[0]))


def _is_signature(row: list[str]) -> bool:
    """Whether the row consists of personal names."""
    cells = [cell.strip() for cell in row if cell.strip()]
    return bool(cells) and all(_NAME.fullmatch(cell) and cell[0].isupper() for cell in cells)
