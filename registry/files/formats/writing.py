"""Rows handed back: as CSV, as a workbook, or as the features of a map layer, shapes and all."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from registry.files.csv_cells import Writer
from registry.files.formats.table import Table
from registry.files.new_workbook import new_workbook
from registry.files.spellings.returned import ReturnedColumns

if TYPE_CHECKING:
    import pyarrow as pa

_LAYER: Final = "dia_chi_so"
_NUMBER: Final = re.compile(r"-?\d{1,15}(?:\.\d+)?")
_MOST_ROWS: Final = 1_048_575
"""Of a worksheet, below its header."""
_WIDTH: Final = 18
_PLAIN: Final = ("int", "uint", "float", "double", "bool")
"""Kinds of values that are written as they came; any other as text."""


@dataclass(frozen=True, slots=True)
class Returned:
    """Rows of a file that go back to its sender, with columns added."""

    table: Table
    columns: ReturnedColumns
    """Of its own columns those that go back."""
    added: Sequence[str]
    """Headers of the columns that are added."""
    rows: Iterator[tuple[int, Sequence[str], Sequence[str]]]
    """Place in the table, blank rows counted, in order; the cells; and what is added to them."""
    sheet: str
    """The name of the sheet of a workbook."""
    delimiter: str

    @property
    def headers(self) -> list[str]:
        """Of all columns."""
        return [*self.columns.headers, *self.added]

    @property
    def cells(self) -> Iterator[list[str]]:
        """The cells of each row, with what is added."""
        return ([*self.columns.cells(row), *added] for _, row, added in self.rows)


@dataclass(frozen=True, slots=True)
class Hint:
    """What a spreadsheet shows beside the cells of a column that is to be filled in."""

    title: str
    words: str
    choices: Sequence[str] = ()
    """Offered as a list; something else may be written."""

    @property
    def options(self) -> dict[str, Any]:
        """As a validation of cells takes it, within the lengths that spreadsheets allow."""
        shown = {"input_title": self.title[:32], "input_message": self.words[:255]}
        if not self.choices:
            return {"validate": "any", **shown}
        return {"validate": "list", "source": [*self.choices], "error_type": "warning", **shown}


def return_text(path: Path, returned: Returned) -> None:
    """Write rows that are handed back as CSV."""
    separator = "\t" if path.suffix == ".tsv" else returned.delimiter
    write_csv(path, returned.headers, returned.cells, separator)


def return_sheet(path: Path, returned: Returned) -> None:
    """Write rows that are handed back as a workbook."""
    write_sheet(path, returned.headers, returned.cells, returned.sheet)


def return_geojson(path: Path, returned: Returned) -> None:
    """Write features that are handed back, shapes and all."""
    _return_layer(path, returned, partial(_write_gdal, driver="GeoJSON"))


def return_geopackage(path: Path, returned: Returned) -> None:
    """Write features that are handed back, shapes and all."""
    _return_layer(path, returned, partial(_write_gdal, driver="GPKG"))


def return_parquet(path: Path, returned: Returned) -> None:
    """Write features that are handed back, shapes and all."""
    _return_layer(path, returned, _write_parquet)


def write_csv(path: Path, headers: Sequence[str], rows: Iterable[Sequence[str]], sep: str) -> None:
    """A table of text that spreadsheets open as UTF-8."""
    # With a BOM: spreadsheets take a CSV without one for another encoding.
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = Writer(out, delimiter=sep)
        writer.writerow(headers)
        writer.writerows(rows)


def write_sheet(
    path: Path,
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    name: str,
    numbers: Collection[str] = (),
    hints: Sequence[Hint] = (),
) -> None:
    """A workbook of one sheet, `name`, whose cells are text, so that `3/2` becomes no date.

    But for those below the headers in `numbers`. `hints`, one for each column, are shown at its
    cells. More rows than a worksheet holds go on in a second one.
    """
    # Row by row to the disk: a nation has millions.
    with new_workbook(path, row_by_row=True) as book:
        text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True})
        general = book.add_format()
        counted = {column for column, header in enumerate(headers) if header in numbers}
        remaining, number = iter(rows), 0
        while number == 0 or (block := list(islice(remaining, 1))):
            number += 1
            sheet = book.add_worksheet(name if number == 1 else f"{name} {number}")
            # They are meant as text: no green corner in each cell.
            sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{_MOST_ROWS + 1}"})
            sheet.set_column(0, max(len(headers) - 1, 0), _WIDTH, text)
            sheet.freeze_panes(1, 0)
            for column, header in enumerate(headers):
                sheet.write_string(0, column, header, bold)
            for column, hint in enumerate(hints):
                sheet.data_validation(1, column, _MOST_ROWS, column, hint.options)
            first = block if number > 1 else []
            for at, row in enumerate(chain(first, islice(remaining, _MOST_ROWS - len(first))), 1):
                for column, cell in enumerate(row):
                    if cell and column in counted and _NUMBER.fullmatch(cell):
                        sheet.write_number(at, column, float(cell), general)
                    elif cell:
                        sheet.write_string(at, column, cell, text)


def _return_layer(
    path: Path, returned: Returned, write: Callable[[Path, "pa.RecordBatchReader", Any], None]
) -> None:
    """Numbers stay numbers, and text is as the table reads it, in Unicode."""
    import pyarrow as pa

    features: Any = returned.table.features
    with (
        features.batches(shapes=features.geometry is not None) as batches,
        returned.table.rows() as rows,
    ):
        parts = _parts(batches, rows, features, returned)
        first = next(parts, None)
        if first is None:
            return
        path.unlink(missing_ok=True)
        write(
            path, pa.RecordBatchReader.from_batches(first.schema, chain([first], parts)), features
        )


def _parts(
    batches: Iterable[Any], rows: Iterator[list[str]], features: Any, returned: Returned
) -> "Iterator[pa.RecordBatch]":
    """The features that are handed back, batch by batch."""
    import pyarrow as pa

    columns_of, geometry = returned.columns.columns, features.geometry
    named = {
        place: features.fields[column.at]
        for place, column in enumerate(columns_of)
        if column.at < len(features.fields)
    }
    chosen = ((place, added) for place, _, added in returned.rows)
    start, wanted = 0, next(chosen, None)
    for batch in batches:
        read = list(islice(rows, batch.num_rows))
        taken, more = [], []
        while wanted is not None and wanted[0] < start + batch.num_rows:
            taken.append(wanted[0] - start)
            more.append(wanted[1])
            wanted = next(chosen, None)
        start += batch.num_rows
        if not taken and wanted is not None:
            continue
        chosen_rows = pa.array(taken, pa.int64())
        cells = [returned.columns.cells(read[n]) for n in taken]
        columns = {
            name: _column(
                batch.column(name).take(chosen_rows),
                [row[place] for row in cells],
                [read[n][columns_of[place].at] for n in taken],
            )
            for place, name in named.items()
        }
        for at, name in enumerate(returned.added):
            columns[name] = pa.array([reasons[at] for reasons in more], pa.string())
        if geometry is not None:
            columns[geometry] = batch.column(geometry).take(chosen_rows)
        yield pa.RecordBatch.from_pydict(columns)
        if wanted is None:
            return


def _column(values: "pa.Array", cells: Sequence[str], given: Sequence[str]) -> "pa.Array":
    """A column: its values where they are numbers of which nothing was taken out, else text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if str(values.type).startswith(_PLAIN):
        whole = pa.array([cell == each for cell, each in zip(cells, given, strict=True)])
        return pc.if_else(whole, values, pa.scalar(None, values.type))
    return pa.array([cell or None for cell in cells], pa.string())


def _write_gdal(path: Path, reader: "pa.RecordBatchReader", features: Any, *, driver: str) -> None:
    from registry.files.gdal import write_arrow

    write_arrow(
        reader,
        path,
        # GDAL would take it from the file's name, which is not always the one that it will have.
        layer=_LAYER,
        driver=driver,
        geometry_name=features.geometry,
        geometry_type=features.geometry_type if features.geometry else None,
        crs=features.crs if features.geometry else None,
    )


def _write_parquet(path: Path, reader: "pa.RecordBatchReader", features: Any) -> None:
    import pyarrow.parquet as pq

    schema = reader.schema.with_metadata({b"geo": features.geo})
    with pq.ParquetWriter(path, schema) as writer:
        for batch in reader:
            writer.write_batch(batch)
