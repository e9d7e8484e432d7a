"""The rows of a file of targets: cells by field, for any headers of the columns."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from registry.files.spellings.footer_words import is_footer
from registry.files.table_file import TableFile, opened_table

TABLE: Final = TableFile(
    "targets",
    (("households",), ("code", "commune")),
    {
        "commune_code": "code",
        "households_count": "households",
        **{name: name for name in ("commune", "province", "locality")},
    },
)
_BESIDE: Final = ("code_level", "footer")


def target_cells(**given: str) -> dict[str, str]:
    """Return the cells of a row that is not from a file."""
    return dict.fromkeys((*TABLE.fields, *_BESIDE), "") | given


def target_rows(path: Path, sheet: str | None) -> Iterator[dict[str, str]]:
    """Yield the cells of each row by field; '' for empty ones.

    `code_level` is the level of the codes by their header, `footer` is 'yes' for a total or a
    signature. If the header of the numbers names what they count, `counted` has that. Raises
    UnreadableFileError for a file that cannot be read, or lacks the columns.
    """
    with TABLE.opened(path, opened_table(path, sheet, in_request=True)) as found:
        for row in found.rows:
            said = {field: row.cells.get(field) or value for field, value in found.defaults.items()}
            footer = "yes" if is_footer(row.written) else ""
            yield target_cells(**row.cells | said | {"footer": footer})
