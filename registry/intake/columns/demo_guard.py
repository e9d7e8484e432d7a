"""Refuse files of made-up households as real ones."""

from itertools import islice
from typing import Final

from geo.text import fold
from registry.core.errors import UnreadableFileError
from registry.core.messages import Message
from registry.files.formats.table import unreadable
from registry.intake.columns.reader import SourceFile, rows_of

MARK: Final = ("demo", "yes")
"""Header and cell that mark a made-up row, as written by `diachiso demo --csv`."""
_LOOKED_AT: Final = 1_000


def refuse_made_up(file: SourceFile) -> None:
    """Raise UnreadableFileError if any of the first rows is marked as made up."""
    name, value = MARK
    columns = [at for at, header in enumerate(file.headers) if fold(header) == name]
    if not columns:
        return
    with rows_of(file) as rows:
        for row in islice(rows, _LOOKED_AT):
            if any(at < len(row) and fold(row[at]) == value for at in columns):
                raise _refusal(file)


def _refusal(file: SourceFile) -> UnreadableFileError:
    return unreadable(
        file.path,
        Message("rows_are_made_up", mark=MARK[0]),
    )
