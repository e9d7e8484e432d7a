"""Files of made-up households, which are never taken for real ones by mistake."""

from itertools import islice
from typing import Final

from geo.text import fold
from registry.core.errors import UnreadableFileError
from registry.core.messages import Message
from registry.files.formats.table import unreadable
from registry.intake.columns.reader import SourceFile, rows_of

MARK: Final = ("demo", "yes")
"""The column, and what stands in it, of a row that is made up: `diachiso demo --csv` writes it."""
_LOOKED_AT: Final = 1_000


def refuse_made_up(file: SourceFile) -> None:
    """Raise UnreadableFileError when any of the first rows says that it is made up."""
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
