"""The rows of a file of targets: cells by field, whatever the columns are called."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from geo.text import fold
from registry.files.spellings.footer_words import is_footer
from registry.files.table_file import TableFile, opened_table

_OF_RESIDENTS: Final = ("so ho thuong tru", "ho thuong tru", "residents")
_OF_DWELLINGS: Final = ("so cho o", "tong so cho o", "cho o", "dwellings", "so can ho", "so nha o")
_OF_COMMUNES: Final = (
    *("ma xa", "ma phuong", "ma xa phuong", "ma phuong xa", "commune code", "ward code"),
)
_OF_PROVINCES: Final = ("ma tinh", "ma tinh thanh pho", "province code")
TABLE: Final = TableFile(
    "targets",
    (("households",), ("code", "commune")),
    {
        "commune_code": "code",
        "households_count": "households",
        **{name: name for name in ("commune", "province", "locality")},
    },
)


def target_cells(**given: str) -> dict[str, str]:
    """The cells of a row that no file holds."""
    return dict.fromkeys((*TABLE.fields, "code_level", "footer"), "") | given


def target_rows(path: Path, sheet: str | None) -> Iterator[dict[str, str]]:
    """The cells of each row by field; '' where there is nothing.

    `code_level` is the level of the codes as their header says it, `footer` is 'yes' for a total or
    a signature. Where the header of the numbers says what they count, `counted` has that. Raises
    UnreadableFileError for a file that cannot be read, or lacks the columns.
    """
    with TABLE.opened(path, opened_table(path, sheet, in_request=True)) as found:
        counted = _counted_by(found.headers, found.places["households"])
        level = _level_by(found.headers, found.places.get("code"))
        for row in found.rows:
            footer = "yes" if is_footer(row.written) else ""
            said = {"counted": row.cells["counted"] or counted, "code_level": level}
            yield row.cells | said | {"footer": footer}


def _level_by(headers: Sequence[str], at: int | None) -> str:
    """The level of the units whose codes stand in a column, '' where its name does not say."""
    name = fold(headers[at]) if at is not None else ""
    if name in _OF_COMMUNES:
        return "commune"
    return "province" if name in _OF_PROVINCES else ""


def _counted_by(headers: Sequence[str], at: int) -> str:
    """What the column of numbers counts by its name, '' where that says no more than hộ."""
    name = fold(headers[at])
    if name in _OF_RESIDENTS:
        return "residents"
    return "dwellings" if name in _OF_DWELLINGS else ""
