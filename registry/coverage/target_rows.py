"""The rows of a file of targets: cells by field, for any headers of the columns."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from registry.coverage.figures import HOMES
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
_BESIDE: Final = ("code_level", "footer", "row")


def target_cells(**given: str) -> dict[str, str]:
    """Return the cells of a row that is not from a file."""
    return dict.fromkeys((*TABLE.fields, *_BESIDE), "") | given


def target_rows(path: Path, sheet: str | None) -> Iterator[dict[str, str]]:
    """Yield the cells of each row by field; '' for empty ones.

    `code_level` is the level of the codes by their header, `footer` is 'yes' for a total or a
    signature, `row` the number of the row. If the header of the numbers names what they count,
    `counted` has that; a row is yielded for each further column of doors with a use. Raises
    UnreadableFileError for a file that cannot be read, or lacks the columns.
    """
    with TABLE.opened(path, opened_table(path, sheet, in_request=True)) as found:
        uses = TABLE.stated_by(found.headers, "households")
        further = {at: use for at, use in uses.items() if use not in ("", *HOMES)}
        further.pop(found.places["households"], None)
        for number, row in enumerate(found.rows, 1):
            given = {
                field: row.cells.get(field) or value for field, value in found.defaults.items()
            }
            footer = "yes" if is_footer(row.written) else ""
            cells = row.cells | given | {"footer": footer, "row": str(number)}
            yield target_cells(**cells)
            for use, counts in _counts(row.written, further).items():
                # Household businesses and companies, in a column each, are one number.
                whole = [str(sum(map(int, counts)))] if all(map(str.isdecimal, counts)) else counts
                for count in whole:
                    yield target_cells(**cells | {"households": count, "counted": use})


def _counts(written: Sequence[str], columns: Mapping[int, str]) -> dict[str, list[str]]:
    """Return the non-empty cells of columns by what they count."""
    counts: dict[str, list[str]] = {}
    for at, use in columns.items():
        if at < len(written) and (count := written[at].strip()):
            counts.setdefault(use, []).append(count)
    return counts
