"""The rows of a file of targets: cells by field, whatever the columns are called."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from geo.text import fold
from registry.core.messages import Message
from registry.files.fields import told_headers
from registry.files.formats.any_file import read_file
from registry.files.formats.table import LOOKED_AT, not_opened, unreadable
from registry.files.row_files import cells_of, columns_named
from registry.files.spellings.footer_words import is_footer

_OF_RESIDENTS: Final = ("so ho thuong tru", "ho thuong tru", "residents")
_OF_DWELLINGS: Final = ("so cho o", "tong so cho o", "cho o", "dwellings", "so can ho", "so nha o")
_OF_COMMUNES: Final = (
    *("ma xa", "ma phuong", "ma xa phuong", "ma phuong xa", "commune code", "ward code"),
)
_OF_PROVINCES: Final = ("ma tinh", "ma tinh thanh pho", "province code")
# Field → headers that mean it, folded.
_FIELDS: Final = {
    "code": (
        *_OF_COMMUNES,
        *("code", "unit", "unit code", "ma", "ma don vi", "ma dvhc"),
        *_OF_PROVINCES,
    ),
    "commune": (
        "commune",
        "xa",
        "phuong",
        "xa phuong",
        "phuong xa",
        "ten xa",
        "ten don vi",
        "ten",
        "don vi",
        "don vi hanh chinh",
        "dia phuong",
    ),
    "province": ("province", "tinh", "tinh thanh pho", "tinh thanh", "thanh pho", "ten tinh"),
    "locality": ("locality",),
    "households": (
        *("households", "households count", "so ho", "tong so ho", "ho", "so ho dan", "tong ho"),
        *("so ho gia dinh", *_OF_RESIDENTS, *_OF_DWELLINGS),
    ),
    "counted": ("counted", "dem gi", "loai dem", "don vi tinh", "don vi dem"),
    "quality": ("quality", "chat luong", "loai so lieu"),
    "source": ("source", "nguon", "nguon so lieu"),
    "reference_date": (
        *("reference date", "date", "ngay", "ngay so lieu", "thoi diem", "ngay thong ke"),
    ),
}

_MEANT: Final = {
    "commune_code": "code",
    "households_count": "households",
    **{name: name for name in ("commune", "province", "locality")},
}
"""Field of an import → the one that it is here: `Tên xã/phường`, `Thôn, xóm`."""


def target_cells(**given: str) -> dict[str, str]:
    """The cells of a row that no file holds."""
    return dict.fromkeys((*_FIELDS, "code_level", "footer"), "") | given


def target_rows(path: Path, sheet: str | None) -> Iterator[dict[str, str]]:
    """The cells of each row by field, '' for none.

    `code_level` is the level of the codes as their header says it, `footer` is 'yes' for a total or
    a signature. Where the header of the numbers says what they count, `counted` has that. Raises
    UnreadableFileError for a file that cannot be read, or lacks the columns.
    """
    try:
        table = read_file(path, sheet, in_request=True)
    except OSError as error:
        raise not_opened(path, error) from error
    with table.rows() as rows:
        headers: Sequence[str] = table.headers
        first = list(islice(rows, LOOKED_AT))
        positions = _positions(headers)
        # A header that an import does not know may stand among what it takes for rows.
        for at, row in enumerate(first):
            if not {"households"} <= positions.keys():
                positions = _positions(row)
                if "households" in positions:
                    first, headers = first[at + 1 :], row
                    break
        if "households" not in positions or not {"code", "commune"} & positions.keys():
            raise unreadable(
                path,
                Message("target_columns_required", headers=told_headers(headers)[:12]),
            )
        counted = _counted_by(headers, positions["households"])
        level = _level_by(headers, positions.get("code"))
        for row in (*first, *rows):
            cells = cells_of(row, positions, _FIELDS)
            if any(cells.values()):
                cells["counted"] = cells["counted"] or counted
                cells["code_level"] = level
                cells["footer"] = "yes" if is_footer(row) else ""
                yield cells


def _positions(headers: Sequence[str]) -> dict[str, int]:
    return columns_named(headers, _FIELDS, _MEANT)


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
