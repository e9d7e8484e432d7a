"""Spreadsheets: .xlsx, .xlsm, .xlsb, .xls and .ods, through calamine."""

import datetime
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    ZipError,
)

from geo.text import fold
from registry.core.errors import SheetNotChosenError
from registry.core.messages import Message, Several
from registry.files.csv_cells import unguarded
from registry.files.formats import xls_errors, xlsx_errors
from registry.files.formats.blank_form import COMMUNE_CODE, LISTS, code_on_lists, completed
from registry.files.formats.ods_cells import merged_over_rows
from registry.files.formats.table import (
    LOOKED_AT,
    TURNED_NOTE,
    Header,
    Part,
    Rows,
    Table,
    find_header,
    reason_of,
    unreadable,
)
from registry.files.spellings.headers import fields_named
from registry.files.spellings.heading_words import PLACE_HEADER, place_kinds

Given = int | float | str | bool | datetime.time | datetime.date | datetime.timedelta
"""A cell as calamine returns it."""

ALL: Final = "*"
"""Instead of a sheet's name: all sheets of one header, such as those of a commune's hamlets."""
_LOCKED: Final = Message("file_has_password")
_BROKEN: Final = Message("spreadsheet_damaged")
_EMPTY: Final = Message("spreadsheet_empty")

_LEAST_NAMED: Final = 2
"""Fewest fields in the header of another sheet that may be a table."""


def read_sheet(path: Path, sheet: str | None = None) -> Table:
    """The table of one sheet: `sheet`, or the one whose header names most fields.

    `ALL` reads all visible sheets whose header names as many fields; they must have the same
    header. A cell that a spreadsheet took for a date becomes its ISO form, which no house number
    has. Raises UnreadableFileError for a broken or locked file, an unknown sheet, and, with their
    names, if several sheets name as many fields.
    """
    with _readable(path):
        book = CalamineWorkbook.from_path(str(path))
        shown = [
            each.name
            for each in book.sheets_metadata
            if each.visible == SheetVisibleEnum.Visible and each.typ == SheetTypeEnum.WorkSheet
        ]
        named = None if sheet == ALL else sheet
        if named is not None and named not in book.sheet_names:
            raise unreadable(
                path, Message("sheet_unknown", sheet=repr(sheet), shown=", ".join(shown))
            )
        looked_at = {name: _header(path, book, name) for name in ([named] if named else shown)}
    headers = {name: header for name, header in looked_at.items() if header is not None}
    if not headers:
        raise unreadable(path, _EMPTY)
    best = max(len(fields_named(header.names)) for header in headers.values())
    chosen = [name for name, header in headers.items() if len(fields_named(header.names)) == best]
    if sheet == ALL:
        _check_one_header(path, {name: headers[name].names for name in chosen})
    elif len(chosen) > 1:
        raise unreadable(
            path,
            Message("sheet_not_chosen", chosen=", ".join(chosen), all=ALL),
            SheetNotChosenError,
            sheets=chosen,
            all_sheets=True,
        )
    header = headers[chosen[0]]
    places = _places(chosen, header) if sheet == ALL else []
    # A heading of another kind would be read as nested in the previous one.
    has_column = len({place_kinds(name) for name in places}) > 1
    names = (*header.names, PLACE_HEADER) if has_column else header.names
    code = code_on_lists(_rows(path, book, LISTS)) if LISTS in book.sheet_names else ""

    several = len(book.sheet_names) > 1
    parts: list[Part] = []

    @contextmanager
    def rows() -> Iterator[Rows]:
        with CalamineWorkbook.from_path(str(path)) as reading:
            below = (
                _named(
                    name if name in places else "",
                    _in_order(_below(path, reading, name, headers[name]), headers[name], header),
                    len(header.names) if has_column else None,
                )
                for name in chosen
            )
            # A heading with the sheet's name is inserted right below the header.
            heading = bool(places) and not has_column
            first = [headers[name].rows_before_data + 1 - heading for name in chosen]
            every = _joined(parts if several else [], zip(chosen, first, below, strict=True))
            yield completed(every, header.names, code)

    read, left = (
        ", ".join(map(repr, names))
        for names in (chosen, [name for name in headers if name not in chosen])
    )
    notes = [Message("sheet_read", read=read)]
    if sheet == ALL and left:
        notes.append(Message("sheets_of_other_columns", sheets=left))
    elif tables := [
        name
        for name, other in headers.items()
        if name not in chosen and len(fields_named(other.names)) >= _LEAST_NAMED
    ]:
        notes.append(Message("sheets_not_read", tables=", ".join(map(repr, tables))))
    turned = any(headers[name].column is not None for name in chosen)
    return Table(
        names,
        rows,
        notes=(
            *((Several(notes),) if several else ()),
            *((TURNED_NOTE,) if header.column is not None else ()),
        ),
        form="xlsx",
        first_row=None if turned else header.rows_before_data + 1,
        above=header.above,
        parts=parts,
        sheet=chosen[0],
        codes_of_today=bool(code) and COMMUNE_CODE in header.names,
    )


def _joined(parts: list[Part], sheets: Iterable[tuple[str, int, Rows]]) -> Rows:
    """The rows of all sheets; the first reading records where each sheet begins."""
    count = 0
    for at, (name, first_row, rows) in enumerate(sheets):
        if at == len(parts):
            parts.append(Part(name, count, first_row))
        for row in rows:
            count += 1
            yield row


def _places(sheets: list[str], header: Header) -> list[str]:
    """The sheets if all are named like hamlets and no column holds these; else none."""
    if not fields_named(header.names).isdisjoint(("locality", "address")):
        return []
    return sheets if all(map(place_kinds, sheets)) else []


def _named(sheet: str, rows: Rows, width: int | None) -> Rows:
    """The rows with the name of their sheet.

    It is a heading above them or, with `width`, a cell behind the first `width` cells of each
    non-blank row.
    """
    if not sheet:
        return rows
    if width is None:
        return chain([[sheet]], rows)
    return (
        [*row[:width], *[""] * (width - len(row)), sheet, *row[width:]] if any(row) else row
        for row in rows
    )


def _check_one_header(path: Path, headers: dict[str, tuple[str, ...]]) -> None:
    """Raise if sheets to be read as one table have different columns."""
    (first, names), *others = headers.items()
    for other, their_names in others:
        ours, theirs = _columns(names), _columns(their_names)
        if ours != theirs and not _are_reordered(ours, theirs):
            raise unreadable(
                path,
                Message("sheets_have_other_columns", first=repr(first), other=repr(other)),
            )


def _columns(names: tuple[str, ...]) -> list[str]:
    folded = [fold(name) for name in names]
    while folded and not folded[-1]:
        folded.pop()
    return folded


def _are_reordered(ours: list[str], theirs: list[str]) -> bool:
    return len(set(ours)) == len(ours) and sorted(ours) == sorted(theirs)


def _in_order(rows: Rows, theirs: Header, ours: Header) -> Rows:
    """The rows of a sheet with its columns in the order of the first sheet's."""
    names, order = _columns(theirs.names), _columns(ours.names)
    if names == order:
        return rows
    at = [names.index(name) for name in order]
    return (
        [*(row[place] if place < len(row) else "" for place in at), *row[len(names) :]]
        for row in rows
    )


def _header(path: Path, book: CalamineWorkbook, name: str) -> Header | None:
    rows = list(islice(_rows(path, book, name), LOOKED_AT))
    return find_header(rows) if any(map(any, rows)) else None


def _rows(path: Path, book: CalamineWorkbook, name: str) -> Rows:
    # Only errors raised in here are the file's fault, not those of the consumer of the rows.
    with _readable(path):
        for row in book.get_sheet_by_name(name).iter_rows():
            # A CSV of this program may have been saved as a workbook.
            yield unguarded([_text(cell) for cell in row])


def _below(path: Path, book: CalamineWorkbook, name: str, header: Header) -> Rows:
    return header.below(_filled_down(path, book, name, header.rows_before_data))


def _filled_down(path: Path, book: CalamineWorkbook, name: str, first: int) -> Rows:
    """The rows with merged cells repeated in each non-blank row they span, and formula errors.

    Merged cells are repeated from row `first` on. An .xlsb reports neither.
    """
    sheet = book.get_sheet_by_name(name)
    _, left = sheet.start or (0, 0)  # rows begin at the first used column
    with _readable(path):
        spans = sheet.merged_cell_ranges or merged_over_rows(path, name)
        errors = xlsx_errors.error_cells(path, name) or xls_errors.error_cells(path, name)
    merged = {
        (top, column - left): bottom
        for (top, column), (bottom, _) in spans
        if first <= top < bottom
    }
    starts = sorted(merged, reverse=True)
    open_cells: dict[int, tuple[int, str]] = {}
    for at, row in enumerate(_rows(path, book, name)):
        while starts and starts[-1][0] == at:
            column = starts.pop()[1]
            if column < len(row):
                open_cells[column] = (merged[at, column], row[column])
        for column, error in errors.get(at, {}).items():
            if left <= column < left + len(row):
                row[column - left] = error
        if open_cells and any(row):
            for column, (bottom, text) in list(open_cells.items()):
                if at > bottom:
                    del open_cells[column]
                elif column < len(row):
                    row[column] = text
        yield row


def _text(cell: Given) -> str:
    """The text of a cell: 12.0 is 12, a date is YYYY-MM-DD."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat()
    return str(cell)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except PasswordError as error:
        raise unreadable(path, _LOCKED) from error
    except (CalamineError, ZipError, ElementTree.ParseError) as error:
        raise unreadable(
            path, Message("broken_as_said", broken=_BROKEN, reason=reason_of(path, error))
        ) from error
