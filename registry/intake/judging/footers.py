"""Rows of a file that are no households: totals, headings, notes, signatures between them or below.

They are told from rows that lack something by their words, and only among rows that could not be
published: a door is never passed over. They are counted, and noted, and handed back to nobody.
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
"""Rejected rows that are looked at, from the end of the file."""
_NAME: Final = re.compile(r"[^\W\d_]+(?: [^\W\d_]+){1,5}")
_COUNT: Final = re.compile(r"[IVXL]+|[A-ZĐ]|[\d.,]+")
"""What a heading may have beside its name."""
_LEAST_REPEATED: Final = 2
"""Names of columns that a row must repeat to be the header again."""
_LEAST_NAMED: Final = 3
"""Fields that a row must name to be the header of another table."""
_OTHER_TABLE: Final = "second_table_found"


def skip_footers(bench: Workbench, file: SourceFile) -> None:
    """Take footers out of the problems, into the table `skipped`.

    Needs rejected rows; they stay so in `entry`, and are written nowhere.
    """
    numbers = sorted(number for (number,) in bench.rows("judging/rejected.sql", most=_LOOKED_AT))
    footers = _footers(file, numbers) if numbers else []
    bench.add("skipped", [(number,) for number in footers])


def _footers(file: SourceFile, numbers: list[int]) -> list[int]:
    """Those of the rows that are footers; raises UnreadableFileError where another table begins."""
    footers, at, signed = [], 0, False
    header = {fold(name) for name in file.headers if name.strip()}
    # What was put beside each row, as the commune of all, says nothing of a row.
    own = frozenset(file.columns.own)
    # What was noted of all rows stays.
    with rows_of(replace(file, overlong=[], blank_after=[])) as rows:
        for number in numbers:
            found = next(islice(rows, number - at - 1, None), [])
            row = [cell for place, cell in enumerate(found) if place not in own]
            # Only a row that follows at once: all others are doors, or were passed over.
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
    """Whether the row is a header whose columns stand elsewhere than the file's."""
    named = [(at, field_of(cell)) for at, cell in enumerate(row) if cell.strip()]
    fields = [(at, field) for at, field in named if field is not None]
    positions = file.columns.positions
    moved = [field for at, field in fields if positions.get(field, at) != at]
    return len(fields) >= _LEAST_NAMED and len(moved) >= _LEAST_REPEATED


def _is_header(row: list[str], header: set[str]) -> bool:
    """Whether the row is the header again, as each printed page has it."""
    names = [cell for cell in row if cell.strip()]
    return len(names) >= _LEAST_REPEATED and all(
        fold(name) in header or field_of(name) or is_personal(name) for name in names
    )


def _is_heading(row: list[str]) -> bool:
    """Whether the row names a hamlet, perhaps with its number and counts, and nothing else."""
    named = [cell.strip() for cell in row if cell.strip() and not _COUNT.fullmatch(cell.strip())]
    return len(named) == 1 and bool(place_kinds(named[0]))


def _is_signature(row: list[str]) -> bool:
    """Whether the row holds names and nothing else."""
    cells = [cell.strip() for cell in row if cell.strip()]
    return bool(cells) and all(_NAME.fullmatch(cell) and cell[0].isupper() for cell in cells)
