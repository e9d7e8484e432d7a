"""The tables in which operations take their rows as a file."""

from pathlib import Path
from typing import Final

from pydantic import BaseModel

from registry.files.table_file import TableFile, opened_table
from registry.lifecycle.number_table import TABLE as NUMBERS
from registry.lifecycle.number_table import read_numbers
from registry.lifecycle.requests import (
    GivenEntrance,
    GivenUse,
    NewNumber,
    NewStreetNumber,
    SplitPart,
)

PARTS: Final = TableFile("parts", (tuple(SplitPart.model_fields),), closed=True)
ENTRANCES: Final = TableFile("entrances", (("kind",), ("lon",), ("lat",)), closed=True)
USES: Final = TableFile("uses", (("use",),), closed=True)
TABLE_OF: Final[dict[type[BaseModel], TableFile]] = {
    NewNumber: NUMBERS,
    NewStreetNumber: NUMBERS,
    SplitPart: PARTS,
    GivenEntrance: ENTRANCES,
    GivenUse: USES,
}
"""Type of a row in a request → its table."""


def read_rows(path: Path, model: type[BaseModel]) -> list[dict[str, str]]:
    """The rows of a file by field, without blank cells, for a request.

    Raises UnreadableFileError, and InvalidInputError with the wrong lines.
    """
    table = TABLE_OF[model]
    if table is NUMBERS:
        return read_numbers(path)
    rows = (table.read(cells)[0] for cells in table.rows(path, opened_table(path, None)))
    # The request's model reports cells that could not be read.
    return [{name: str(value) for name, value in row.items() if value is not None} for row in rows]
