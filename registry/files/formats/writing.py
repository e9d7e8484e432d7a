"""Rows handed back: as CSV, as a workbook, or as the features of a map layer, shapes and all."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from registry.files.csv_cells import Writer
from registry.files.formats.table import Table
from registry.files.new_workbook import new_workbook
from registry.files.spellings.returned import ReturnedColumns

if TYPE_CHECKING:
    import pyarrow as pa

FORMS: Final = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), "csv"),
    ".xlsx": "xlsx",
    **dict.fromkeys((".geojson", ".json"), "geojson"),
    ".gpkg": "gpkg",
    ".parquet": "parquet",
}
"""Suffix → the form in which rows are handed back."""
LAYERS: Final = {"geojson": "GeoJSON", "gpkg": "GPKG", "parquet": ""}
"""Forms that hold shapes, and GDAL's name of each."""
_LAYER: Final = "dia_chi_so"
_NUMBER: Final = re.compile(r"-?\d{1,15}(?:\.\d+)?")
_MOST_ROWS: Final = 1_048_575
"""Of a worksheet, below its header."""
_WIDTH: Final = 18
_PLAIN: Final = ("int", "uint", "float", "double", "bool")
"""Kinds of values that are written as they came; any other as text."""

Chosen = Iterator[tuple[int, Sequence[str]]]
"""Places of rows in the table, blank ones counted, in order, and what is added to each."""


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
) -> None:
    """A workbook of one sheet, `name`, whose cells are text, so that `3/2` becomes no date.

    But for those below the headers in `numbers`. More rows than a worksheet holds go on in a
    second one.
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
            first = block if number > 1 else []
            for at, row in enumerate(chain(first, islice(remaining, _MOST_ROWS - len(first))), 1):
                for column, cell in enumerate(row):
                    if cell and column in counted and _NUMBER.fullmatch(cell):
                        sheet.write_number(at, column, float(cell), general)
                    elif cell:
                        sheet.write_string(at, column, cell, text)


def write_layer(
    path: Path,
    form: str,
    table: Table,
    returned: ReturnedColumns,
    added: Sequence[str],
    chosen: Chosen,
) -> None:
    """The features of a layer that are chosen, shapes and all, with the columns `added`.

    Of their own columns those that are `returned`. Numbers stay numbers, and text is as the table
    reads it, in Unicode.
    """
    import pyarrow as pa

    features: Any = table.features
    named = {
        place: features.fields[column.at]
        for place, column in enumerate(returned.columns)
        if column.at < len(features.fields)
    }
    with (
        features.batches(shapes=features.geometry is not None) as batches,
        table.rows() as rows,
    ):
        parts = _parts(batches, rows, features.geometry, returned, named, added, chosen)
        first = next(parts, None)
        if first is None:
            return
        path.unlink(missing_ok=True)
        reader = pa.RecordBatchReader.from_batches(first.schema, chain([first], parts))
        if form == "parquet":
            _write_parquet(path, reader, features.geo)
        else:
            _write_gdal(path, form, reader, features)


def _parts(
    batches: Iterable[Any],
    rows: Iterator[list[str]],
    geometry: str | None,
    returned: ReturnedColumns,
    named: Mapping[int, str],
    added: Sequence[str],
    chosen: Chosen,
) -> "Iterator[pa.RecordBatch]":
    """The chosen features, batch by batch; `named`: the layer's own columns of the returned."""
    import pyarrow as pa

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
        cells = [returned.cells(read[n]) for n in taken]
        columns = {
            name: _column(
                batch.column(name).take(chosen_rows),
                [row[place] for row in cells],
                [read[n][returned.columns[place].at] for n in taken],
            )
            for place, name in named.items()
        }
        for at, name in enumerate(added):
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


def _write_gdal(path: Path, form: str, reader: "pa.RecordBatchReader", features: Any) -> None:
    from registry.files.gdal import write_arrow

    write_arrow(
        reader,
        path,
        # GDAL would take it from the file's name, which is not always the one that it will have.
        layer=_LAYER,
        driver=LAYERS[form],
        geometry_name=features.geometry,
        geometry_type=features.geometry_type if features.geometry else None,
        crs=features.crs if features.geometry else None,
    )


def _write_parquet(path: Path, reader: "pa.RecordBatchReader", geo: bytes) -> None:
    import pyarrow.parquet as pq

    schema = reader.schema.with_metadata({b"geo": geo})
    with pq.ParquetWriter(path, schema) as writer:
        for batch in reader:
            writer.write_batch(batch)
