"""Write returned rows as CSV, as a workbook, or as features of a map layer with their shapes."""

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
"""Rows of a worksheet below its header."""
_WIDTH: Final = 18
_PLAIN: Final = ("int", "uint", "float", "double", "bool")
"""Arrow types whose values are written unchanged; others as text."""


@dataclass(frozen=True, slots=True)
class Returned:
    """Rows of a file that are returned to its sender, with added columns."""

    table: Table
    columns: ReturnedColumns
    """The file's columns that are returned."""
    added: Sequence[str]
    """Headers of the added columns."""
    rows: Iterator[tuple[int, Sequence[str], Sequence[str]]]
    """In order: index in the table including blank rows, cells, added cells."""
    sheet: str
    """The name of the sheet of a workbook."""
    delimiter: str

    @property
    def headers(self) -> list[str]:
        """The headers of all columns."""
        return [*self.columns.headers, *self.added]

    @property
    def cells(self) -> Iterator[list[str]]:
        """The cells of each row, including the added ones."""
        return ([*self.columns.cells(row), *added] for _, row, added in self.rows)


@dataclass(frozen=True, slots=True)
class Hint:
    """The hint that a spreadsheet shows at the cells of a column to be filled in."""

    title: str
    words: str
    choices: Sequence[str] = ()
    """Offered as a list; other values are allowed."""

    @property
    def options(self) -> dict[str, Any]:
        """Options for a data validation, cut to the lengths that spreadsheets allow."""
        shown = {"input_title": self.title[:32], "input_message": self.words[:255]}
        if not self.choices:
            return {"validate": "any", **shown}
        return {"validate": "list", "source": [*self.choices], "error_type": "warning", **shown}


def return_text(path: Path, returned: Returned) -> None:
    """Write returned rows as CSV."""
    separator = "\t" if path.suffix == ".tsv" else returned.delimiter
    write_csv(path, returned.headers, returned.cells, separator)


def return_sheet(path: Path, returned: Returned) -> None:
    """Write returned rows as a workbook."""
    write_sheet(path, returned.headers, returned.cells, returned.sheet)


def return_geojson(path: Path, returned: Returned) -> None:
    """Write returned features as GeoJSON, with their shapes."""
    _return_layer(path, returned, partial(_write_gdal, driver="GeoJSON"))


def return_geopackage(path: Path, returned: Returned) -> None:
    """Write returned features as GeoPackage, with their shapes."""
    _return_layer(path, returned, partial(_write_gdal, driver="GPKG"))


def return_parquet(path: Path, returned: Returned) -> None:
    """Write returned features as GeoParquet, with their shapes."""
    _return_layer(path, returned, _write_parquet)


def write_csv(path: Path, headers: Sequence[str], rows: Iterable[Sequence[str]], sep: str) -> None:
    """Write a CSV that spreadsheets open as UTF-8."""
    # With a BOM: without one, spreadsheets assume another encoding.
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
    """Write a workbook of one sheet, `name`, with text cells, so that `3/2` is not read as a date.

    Cells below the headers in `numbers` are numbers. `hints`, one for each column, are shown at its
    cells. Rows beyond the limit of a worksheet continue on further sheets.
    """
    # Row by row to disk: a national register has millions.
    with new_workbook(path, row_by_row=True) as book:
        text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True})
        general = book.add_format()
        counted = {column for column, header in enumerate(headers) if header in numbers}
        remaining, number = iter(rows), 0
        while number == 0 or (block := list(islice(remaining, 1))):
            number += 1
            sheet = book.add_worksheet(name if number == 1 else f"{name} {number}")
            # Suppress the warning about numbers stored as text.
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
    """Write the returned features; numbers stay numbers, text is in Unicode as read."""
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
    """The returned features, batch by batch."""
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
    """A returned column: numbers unless removed, else text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if str(values.type).startswith(_PLAIN):
        unchanged = pa.array([cell == each for cell, each in zip(cells, given, strict=True)])
        return pc.if_else(unchanged, values, pa.scalar(None, values.type))
    return pa.array([cell or None for cell in cells], pa.string())


def _write_gdal(path: Path, reader: "pa.RecordBatchReader", features: Any, *, driver: str) -> None:
    from registry.files.gdal import write_arrow

    write_arrow(
        reader,
        path,
        # GDAL would derive it from the file's name, which may be temporary.
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
