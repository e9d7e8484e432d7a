"""Reads and writes spreadsheets of questions."""

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final, cast

from registry.core.errors import UnreadableFileError
from registry.core.messages import Message
from registry.files.csv_cells import Writer, read_rows
from registry.files.formats.formats import FORMATS, WORKBOOKS
from registry.files.formats.sandbox import read_sandboxed
from registry.files.formats.sheets import read_sheet
from registry.files.formats.writing import write_sheet
from registry.publish.batch.columns import PREFIX
from registry.publish.batch.rows import Layout, Stated, Table, table_of
from registry.publish.batch.words import in_words

WRITTEN: Final = FORMATS["xlsx"].suffix
_SHEET: Final = "Kết quả"
IN_WORDS: Final = f"{PREFIX}giải thích"
"""Column of a workbook that explains the codes in the other columns."""
_MEASURED: Final = tuple(f"{PREFIX}{name}" for name in ("lon", "lat", "distance_m", "confidence"))


_ZIPPED: Final = b"PK\x03\x04"
_MAX_UNPACKED: Final = 40_000_000
"""Unpacked bytes of a workbook that came over HTTP: some hundred rows need far less."""
_BEGINNINGS: Final = {_ZIPPED: WRITTEN, b"\xd0\xcf\x11\xe0": ".xls"}


def workbook_suffix(body: bytes, name: str) -> str | None:
    """Return the suffix under which bytes can be read as a workbook; None if they are not one."""
    known = next((s for first, s in _BEGINNINGS.items() if body.startswith(first)), None)
    given = Path(name).suffix.lower()
    return given if known and given in WORKBOOKS else known


def as_csv(body: bytes, suffix: str, most: int) -> str:
    """Return the table of a workbook as CSV, with at most `most` + 1 rows.

    Raises UnreadableFileError, without the name of the temporary file.
    """
    with NamedTemporaryFile(suffix=suffix) as file:
        file.write(body)
        file.flush()
        path = Path(file.name)
        try:
            _check_unpacked(path)
            found = read_sandboxed(path, "xlsx", in_request=True)
            text = io.StringIO(newline="")
            with found.rows() as rows:
                Writer(text).writerows([found.headers, *islice(rows, most + 1)])
        except zipfile.BadZipFile as error:
            raise UnreadableFileError(Message("workbook_damaged")) from error
        except UnreadableFileError as error:
            # The temporary name means nothing to the caller.
            message = error.message.values.get("reason", error.message)
            raise type(error)(cast(Message, message), **error.extra) from error
        return text.getvalue()


def _check_unpacked(path: Path) -> None:
    """Raise UnreadableFileError for a workbook that would fill the memory."""
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as book:
        size = sum(part.file_size for part in book.infolist())
    if size > _MAX_UNPACKED:
        raise UnreadableFileError(Message("workbook_too_large"))


@contextmanager
def reading_workbook(
    path: Path,
    sheet: str | None,
    operation: str,
    say: Callable[[Message | str], None],
    stated: Stated = (),
) -> Iterator[Table]:
    """Yield the rows of `sheet`, or of the sheet that looks like the table; `say` reports which.

    Raises as `read_sheet` and `table_of` do.
    """
    found = read_sheet(path, sheet)
    for note in found.notes:
        say(note)
    with found.rows() as rows:
        yield table_of(operation, found.headers, rows, stated=stated)


def write_workbook(path: Path, layout: Layout, texts: Iterable[str]) -> None:
    """Write rows of `layout`'s CSV into a workbook, with a column that explains the codes."""
    lines = (line for text in texts for line in io.StringIO(text, newline=""))
    rows = read_rows(lines, delimiter=layout.delimiter)
    first = len(layout.headers)

    def cells(row: list[str]) -> list[str]:
        found = dict(zip(layout.columns, row[first:], strict=False))
        return [*map(_readable, row), in_words(found)]

    write_sheet(path, [*layout.names, IN_WORDS], map(cells, rows), _SHEET, _MEASURED)


def _readable(cell: str) -> str:
    """Replace invalid UTF-8, which a workbook cannot contain."""
    return cell.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
