"""Spreadsheets of questions, in and out; what was given comes back as it came."""

import datetime
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

from registry.batch.columns import PREFIX
from registry.batch.rows import Layout, Stated, Table, table_of
from registry.batch.words import in_words
from registry.csv_cells import Writer, read_rows
from registry.errors import UnreadableFileError
from registry.intake.formats.sandbox import read_sandboxed
from registry.intake.formats.sheets import ALL, Given, cells_of_sheet, read_sheet
from registry.intake.formats.writing import write_sheet
from registry.new_workbook import new_workbook

READ: Final = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
"""Suffixes of spreadsheets that can be read."""
WRITTEN: Final = ".xlsx"
_SHEET: Final = "Kết quả"
IN_WORDS: Final = f"{PREFIX}giải thích"
"""The column of a workbook that says in words what the codes in the others mean."""
_WIDTH: Final = 18
_FORMS: Final[dict[type, str]] = {
    str: "@",
    bool: "General",
    int: "General",
    float: "General",
    datetime.datetime: "dd/mm/yyyy hh:mm",
    datetime.date: "dd/mm/yyyy",
    datetime.time: "hh:mm:ss",
    datetime.timedelta: "[h]:mm:ss",
}
"""Kind of a cell → how it is shown."""
_MEASURED: Final = tuple(f"{PREFIX}{name}" for name in ("lon", "lat", "distance_m", "confidence"))


_ZIPPED: Final = b"PK\x03\x04"
_MAX_UNPACKED: Final = 40_000_000
"""Bytes of a workbook that came over HTTP, unpacked: some hundred rows have none of it."""
_BEGINNINGS: Final = {_ZIPPED: ".xlsx", b"\xd0\xcf\x11\xe0": ".xls"}


def workbook_suffix(body: bytes, name: str) -> str | None:
    """The suffix under which bytes can be read as a workbook, None for what is none."""
    known = next((s for first, s in _BEGINNINGS.items() if body.startswith(first)), None)
    given = Path(name).suffix.lower()
    return given if known and given in READ else known


def as_csv(body: bytes, suffix: str, most: int) -> str:
    """The table of a workbook as CSV, one row more than `most` at most.

    Raises UnreadableFileError, with a name that is none of the file's.
    """
    with NamedTemporaryFile(suffix=suffix) as file:
        file.write(body)
        file.flush()
        path = Path(file.name)
        try:
            _check_unpacked(path)
            found = read_sandboxed(path, "sheet", in_request=True)
            text = io.StringIO(newline="")
            with found.rows() as rows:
                Writer(text).writerows([found.headers, *islice(rows, most + 1)])
        except zipfile.BadZipFile as error:
            raise UnreadableFileError("bảng tính hỏng (the workbook is broken)") from error
        except UnreadableFileError as error:
            # Nobody knows the file by the name that it has here.
            detail = error.detail.removeprefix(f"{path.name}: ")
            raise type(error)(detail, **error.extra) from error
        return text.getvalue()


def _check_unpacked(path: Path) -> None:
    """Raise for a workbook that would fill the memory."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as book:
        size = sum(part.file_size for part in book.infolist())
    if size > _MAX_UNPACKED:
        raise UnreadableFileError("bảng tính quá lớn (the workbook is too large)")


@dataclass(frozen=True, slots=True)
class Original:
    """A sheet that is handed back as it came: titles above the header, numbers, dates."""

    path: Path
    sheet: str
    first: int
    """Rows above the first one of data."""
    headers: tuple[str, ...]


@contextmanager
def reading_workbook(
    path: Path, sheet: str | None, operation: str, say: Callable[[str], None], stated: Stated = ()
) -> Iterator[tuple[Table, Original | None]]:
    """The rows of a sheet, `sheet` or the one that looks like the table; `say` hears which.

    With it the sheet as it stands, None where its rows are not read one by one. Raises what
    `read_sheet` and `table_of` raise.
    """
    found = read_sheet(path, sheet)
    for note in found.notes:
        say(note)
    original = None
    if found.first_row is not None and sheet != ALL:
        original = Original(path, found.sheet, found.first_row - 1, found.headers)
    with found.rows() as rows:
        yield table_of(operation, found.headers, rows, stated=stated), original


def write_workbook(
    path: Path, layout: Layout, texts: Iterable[str], original: Original | None = None
) -> None:
    """Rows as `layout` writes them in CSV, as the cells of a workbook; behind them, in words.

    What the user gave stands there as in `original`.
    """
    lines = (line for text in texts for line in io.StringIO(text, newline=""))
    rows = read_rows(lines, delimiter=layout.delimiter)
    first = len(layout.headers)

    def told(row: list[str]) -> list[str]:
        found = dict(zip(layout.columns, row[first:], strict=False))
        return [*map(_readable, row), in_words(found)]

    names = [*layout.names, IN_WORDS]
    if original is None:
        write_sheet(path, names, map(told, rows), _SHEET, _MEASURED)
        return
    with cells_of_sheet(original.path, original.sheet) as given:
        answers = (told(row)[first:] for row in rows)
        _write_beside(path, original, given, names[first:], answers)


def _write_beside(
    path: Path,
    original: Original,
    given: Iterator[list[Given]],
    names: Sequence[str],
    answers: Iterable[list[str]],
) -> None:
    """The rows of a sheet and, behind each, its answers."""
    kept = [at for at, header in enumerate(original.headers) if not header.startswith(PREFIX)]
    above = [
        [row[at] if at < len(row) else "" for at in kept] for row in islice(given, original.first)
    ]
    headers = [original.headers[at] for at in kept]
    named = max(range(len(above)), key=lambda at: _alike(above[at], headers), default=0)
    with new_workbook(path, row_by_row=True) as book:
        styles = {kind: book.add_format({"num_format": form}) for kind, form in _FORMS.items()}
        heads = styles | {str: book.add_format({"bold": True})}
        sheet = book.add_worksheet(_SHEET)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        sheet.set_column(0, len(kept) + len(names) - 1, _WIDTH)
        sheet.freeze_panes(original.first, 0)
        for at, row in enumerate(above):
            cells = [*row, *names] if at == named else row
            for column, cell in enumerate(cells):
                _write(sheet, at, column, cell, heads if at == named else styles)
        for at, (row, answer) in enumerate(zip(given, answers, strict=False), original.first):
            cells = [row[place] if place < len(row) else "" for place in kept]
            for column, cell in enumerate(cells):
                _write(sheet, at, column, cell, styles)
            for column, (name, text) in enumerate(zip(names, answer, strict=True), len(kept)):
                measured = bool(text) and name in _MEASURED
                _write(sheet, at, column, float(text) if measured else text, styles)


def _alike(row: Sequence[Given], headers: Sequence[str]) -> int:
    return sum(bool(cell) and " ".join(str(cell).split()) in headers for cell in row)


def _write(sheet: Any, at: int, column: int, cell: Given, styles: Mapping[type, Any]) -> None:
    """A cell as what it is; a text as a text, so that `3/2` becomes no date."""
    style = styles[type(cell)]
    if isinstance(cell, str):
        if cell:
            sheet.write_string(at, column, cell, style)
    elif isinstance(cell, bool):
        sheet.write_boolean(at, column, cell, style)
    elif isinstance(cell, int | float):
        sheet.write_number(at, column, cell, style)
    else:
        sheet.write_datetime(at, column, cell, style)


def _readable(cell: str) -> str:
    """Bytes that were no UTF-8 cannot stand in a workbook."""
    return cell.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
