"""A resolution as a table, in any format that imports accept: a row for each part of a change.

Rows of one change are consecutive and have its number in the column `change`. The head of the
resolution is taken from the first row with each column (`number`, `title`, `date`, `effective`).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from geo.text import fold
from registry.files.table_file import MissingColumnsError, TableFile, opened_table
from registry.reform.members import TABLE
from registry.reform.refusals import Refusal, ResolutionRefusedError

_HEAD: Final = ("number", "title", "date", "effective")
Place = tuple[int | str, ...]
Row = Mapping[str, Any]


def read_table(path: Path) -> tuple[dict[str, Any], dict[Place, int]]:
    """Return the table in the structure of the YAML form, and the line of each place.

    Raises the errors of `lines_of`.
    """
    content: dict[str, Any] = {"resolution": {}, "changes": []}
    lines: dict[Place, int] = {(): 1, ("resolution",): 2, ("changes",): 2}
    before: tuple[str, str] | None = None
    for line, cells in lines_of(TABLE, path):
        row, _ = TABLE.read(cells)  # `resolution` reports invalid cells
        _head(content, lines, row, line)
        if not (what := row["what"]):
            continue
        key = (row["change"], what)
        if not row["change"] or key != before:
            lines["changes", len(content["changes"])] = line
            content["changes"].append({what: {}})
        before = key
        _part(content["changes"][-1][what], what, row, lines, (len(content["changes"]) - 1, line))
    return content, lines


def lines_of(table: TableFile, path: Path) -> Iterator[tuple[int, Row]]:
    """Yield the rows of a table with their lines.

    Raises ResolutionRefusedError for missing columns, UnreadableFileError for a file that is not a
    table.
    """
    read = opened_table(path, None)
    try:
        with table.opened(path, read) as found:
            yield from ((row.line, row.cells) for row in found.rows)
    except MissingColumnsError as error:
        refusal = Refusal("not_a_table", 1, ", ".join(table.required))
        raise ResolutionRefusedError([refusal]) from error


def _head(content: dict[str, Any], lines: dict[Place, int], row: Row, line: int) -> None:
    for field in _HEAD:
        if row[field]:
            content["resolution"].setdefault(field, str(row[field]))
            lines.setdefault(("resolution", field), line)
    if row["confirm"]:
        content["resolution"].setdefault("confirm", list(row["confirm"]))
        lines.setdefault(("resolution", "confirm"), line)
    if row["boundaries"]:
        content.setdefault("boundaries", row["boundaries"])


def _part(
    change: dict[str, Any], what: str, row: Row, lines: dict[Place, int], at: tuple[int, int]
) -> None:
    """Add a row to its change."""
    number, line = at
    here: Place = ("changes", number, what)
    lines.setdefault(here, line)
    unit = row["unit"] or ""
    if what == "merge":
        change.setdefault("units", []).append(unit)
        lines[*here, "units", len(change["units"]) - 1] = line
        change.setdefault("into", _target(row))
    elif what == "split":
        change["unit"] = unit
        change.setdefault("into", []).append({"into": _target(row)} | _part_of(row))
        lines[*here, "into", len(change["into"]) - 1] = line
    elif what == "move":
        change["part"] = {"unit": unit} | _part_of(row)
        change["into"] = _target(row)
    elif what == "new":
        change.setdefault("unit", _target(row))
        change.setdefault("parts", []).append({"unit": unit} | _part_of(row))
        lines[*here, "parts", len(change["parts"]) - 1] = line
    else:
        change["unit"] = unit
        fields = ("name", "kind", "province", "district")
        change |= {field: row[field] for field in fields if row[field]}


def _target(row: Row) -> Any:
    """Return the code of a continuing unit, or with a name a new unit."""
    if not row["name"]:
        return row["into"] or ""
    unit = {"code": row["into"] or "", "name": row["name"], "kind": row["kind"] or ""}
    return unit | ({"province": row["province"]} if row["province"] else {})


def _part_of(row: Row) -> dict[str, Any]:
    """Return the members of a row that describe the part of a unit."""
    part: dict[str, Any] = {}
    for field in ("streets", "localities", "former", "communes"):
        if row[field]:
            part[field] = list(map(_named, row[field]) if field == "streets" else row[field])
    for field in ("rest", "whole"):
        if row[field]:
            part[field] = row[field]  # of another word the resolution says what is wrong
    return part


def _named(written: str) -> Any:
    """`Phố Dài [1-99 lẻ]`: a street, or the numbers of one side of it."""
    street, bracket, rest = written.partition("[")
    if not bracket:
        return written
    words = fold(rest).split()
    part: dict[str, Any] = {"street": street.strip()}
    numbers = [word for word in words if word.isdigit()]
    open_end = rest.lstrip().startswith("-")
    if numbers and not open_end:
        part["first"] = numbers[0]
    if len(numbers) > 1 or (numbers and open_end):
        part["last"] = numbers[-1]
    if sides := {"le", "odd", "chan", "even"}.intersection(words):
        part["side"] = min(sides)
    return part
