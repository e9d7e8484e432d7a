"""Each kind of file, written from a stream of record batches in constant memory."""

import datetime
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
from pydantic_core import to_json

from registry.csv_cells import guarded_column
from registry.export.columns import HEADINGS
from registry.new_workbook import new_workbook

Batches = Iterable[Any]
_SHEET_ROWS: Final = 1_000_000
"""A worksheet has 1,048,576 rows at most."""
_ROWS: Final = 5_000
_GROUP_ROWS: Final = 100_000
_SHEET: Final = "Hộ"


def _csv(path: Path, batches: Batches, schema: Any) -> None:
    options = arrow_csv.WriteOptions(quoting_style="needed", quoting_header="needed")
    with arrow_csv.CSVWriter(str(path), schema, write_options=options) as writer:
        for batch in batches:
            writer.write_batch(_guarded(batch))


def _guarded(batch: Any) -> Any:
    columns = [guarded_column(c) if c.type == pa.string() else c for c in batch.columns]
    return pa.record_batch(columns, schema=batch.schema)


def _ndjson(path: Path, batches: Batches, _schema: Any) -> None:
    with path.open("wb") as out:
        out.writelines(to_json(row) + b"\n" for row in _rows(batches))


def _geojson(path: Path, batches: Batches, _schema: Any) -> None:
    """RFC 7946: WGS 84, a record without a point has a null geometry."""
    separator = b'{"type":"FeatureCollection","features":[\n'
    with path.open("wb") as out:
        for row in _rows(batches):
            out.write(separator + to_json(_feature(row)))
            separator = b",\n"
        out.write(b"\n]}\n")


def _feature(row: dict[str, Any]) -> dict[str, Any]:
    lon, lat = row.pop("lon"), row.pop("lat")
    point = None if lon is None else {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "id": row["code"], "geometry": point, "properties": row}


def _rows(batches: Batches) -> Iterator[dict[str, Any]]:
    """Row by row; a few thousand at a time are Python's."""
    for batch in batches:
        for at in range(0, batch.num_rows, _ROWS):
            yield from batch.slice(at, _ROWS).to_pylist()


def _xlsx(path: Path, batches: Batches, schema: Any) -> None:
    """Texts as texts, so that no spreadsheet makes a date of `3/2`; a sheet a million rows."""
    with new_workbook(path, row_by_row=True) as book:
        head = book.add_format({"bold": True, "bg_color": "#E8EEF4", "bottom": 1})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet, at, sheets = None, _SHEET_ROWS, 0
        for row in _rows(batches):
            if sheet is None or at >= _SHEET_ROWS:
                at, sheets = 0, sheets + 1
                sheet = book.add_worksheet(_SHEET if sheets == 1 else f"{_SHEET} {sheets}")
                sheet.freeze_panes(1, 1)
                sheet.write_row(0, 0, map(HEADINGS.__getitem__, schema.names), head)
            at += 1
            row["recorded_at"] = row["recorded_at"].isoformat(timespec="seconds")
            for column, value in enumerate(row.values()):
                if isinstance(value, str):
                    sheet.write_string(at, column, value)
                elif isinstance(value, datetime.date):
                    sheet.write_datetime(at, column, value, day)
                elif value is not None:
                    sheet.write_number(at, column, value)


def _gpkg(path: Path, batches: Batches, schema: Any) -> None:
    from registry.gdal import write_arrow

    reader = pa.RecordBatchReader.from_batches(schema, iter(batches))
    write_arrow(
        reader,
        path,
        layer="dia_chi_so",
        driver="GPKG",
        geometry_name="geometry",
        geometry_type="Point",
        crs="EPSG:4326",
    )


def _geoparquet(path: Path, batches: Batches, schema: Any) -> None:
    """GeoParquet 1.1: WKB in OGC:CRS84, which is lon, lat in WGS 84."""
    west = south = float("inf")
    east = north = float("-inf")
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1) as writer:
        for batch in batches:
            writer.write_batch(batch, row_group_size=_GROUP_ROWS)
            lon, lat = (pc.min_max(batch[name]).as_py() for name in ("lon", "lat"))
            if lon["min"] is not None:
                west, east = min(west, lon["min"]), max(east, lon["max"])
                south, north = min(south, lat["min"]), max(north, lat["max"])
        about: dict[str, Any] = {"encoding": "WKB", "geometry_types": ["Point"]}
        if west <= east:
            about["bbox"] = [west, south, east, north]
        told = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": about}}
        writer.add_key_value_metadata({"geo": json.dumps(told)})


WRITERS: Final[dict[str, tuple[str, bool, Callable[[Path, Batches, Any], None]]]] = {
    "csv": (".csv", False, _csv),
    "xlsx": (".xlsx", False, _xlsx),
    "ndjson": (".ndjson", False, _ndjson),
    "geojson": (".geojson", False, _geojson),
    "gpkg": (".gpkg", True, _gpkg),
    "geoparquet": (".parquet", True, _geoparquet),
}
"""Format → how its file is called, whether it takes WKB points, and what writes it."""


def larger_batches(batches: Batches, rows: int = _GROUP_ROWS) -> Iterator[Any]:
    """The same rows in batches of at least so many, so that a row group is no crumb."""
    held: list[Any] = []
    for batch in batches:
        held.append(batch)
        if sum(each.num_rows for each in held) >= rows:
            yield pa.concat_batches(held)
            held.clear()
    if held:
        yield pa.concat_batches(held)
