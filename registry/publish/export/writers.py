"""Writers of each format, from a stream of record batches in constant memory.

Some yield their bytes in pieces; others need a file of their own.
"""

import datetime
import errno
import io
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as arrow_csv
from pydantic_core import to_json

from registry.files.csv_cells import guarded_column
from registry.files.new_workbook import new_workbook
from registry.publish.export.columns import GEOMETRY_TYPE, HEADINGS
from registry.publish.export.formats import Batches

_SHEET_ROWS: Final = 1_000_000
"""A worksheet has 1,048,576 rows at most."""
_ROWS: Final = 5_000
_GROUP_ROWS: Final = 50_000
_SHEET: Final = "Hộ"
_ZOOMS: Final = (10, 14)
"""First and last zoom: before, a dwelling is less than a pixel; after, tiles are enlarged."""
_GZIP: Final = 31
"""wbits of zlib for the gzip container."""


def csv(batches: Batches, schema: Any) -> Iterator[bytes]:
    """Write comma-separated UTF-8, guarded against formulas that a spreadsheet would run."""
    options = arrow_csv.WriteOptions(quoting_style="needed", quoting_header="needed")
    out = io.BytesIO()
    with arrow_csv.CSVWriter(out, schema, write_options=options) as writer:
        for batch in batches:
            writer.write_batch(_guarded(batch))
            yield _taken(out)
    yield _taken(out)


def _taken(out: io.BytesIO) -> bytes:
    """Return and clear what was written until now."""
    body = out.getvalue()
    out.seek(0)
    out.truncate()
    return body


def csv_gz(batches: Batches, schema: Any) -> Iterator[bytes]:
    """Write compressed CSV."""
    packer = zlib.compressobj(wbits=_GZIP)
    yield from map(packer.compress, csv(batches, schema))
    yield packer.flush()


def _guarded(batch: Any) -> Any:
    columns = [guarded_column(c) if c.type == pa.string() else c for c in batch.columns]
    return pa.record_batch(columns, schema=batch.schema)


def ndjson(batches: Batches, _schema: Any) -> Iterator[bytes]:
    """Write one JSON object a line."""
    for rows in _rows(batches):
        yield b"".join([to_json(row) + b"\n" for row in rows])


def geojson(batches: Batches, _schema: Any) -> Iterator[bytes]:
    """Write RFC 7946 in WGS 84; a record without a point has a null geometry."""
    separator = b'{"type":"FeatureCollection","features":[\n'
    for rows in _rows(batches):
        yield separator + b",\n".join(map(_feature, rows))
        separator = b",\n"
    yield b"\n]}\n"


def _feature(row: dict[str, Any]) -> bytes:
    if "geometry" in row:  # a polygon, already GeoJSON text
        geometry = (row.pop("geometry") or "null").encode()
    else:
        lon, lat = row.pop("lon"), row.pop("lat")
        point = None if lon is None else {"type": "Point", "coordinates": [lon, lat]}
        geometry = to_json(point)
    return b'{"type":"Feature","id":%b,"geometry":%b,"properties":%b}' % (
        to_json(row["code"]),
        geometry,
        to_json(row),
    )


def _rows(batches: Batches) -> Iterator[list[dict[str, Any]]]:
    """Yield rows, a few thousand at a time."""
    for batch in batches:
        for at in range(0, batch.num_rows, _ROWS):
            yield batch.slice(at, _ROWS).to_pylist()


def xlsx(path: Path, batches: Batches, schema: Any) -> None:
    """Write text as text, so that `3/2` does not become a date; a million rows a sheet."""
    with new_workbook(path, row_by_row=True) as book:
        head = book.add_format({"bold": True, "bg_color": "#E8EEF4", "bottom": 1})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet, at, sheets = None, _SHEET_ROWS, 0
        for row in chain.from_iterable(_rows(batches)):
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


def _layer(path: Path, batches: Batches, schema: Any, *, driver: str, **options: str) -> None:
    from registry.files.gdal import write_arrow

    kind = (schema.field("geometry").metadata or {}).get(GEOMETRY_TYPE, b"Point")
    with _gdal_as_os_error():
        write_arrow(
            pa.RecordBatchReader.from_batches(schema, iter(batches)),
            path,
            layer="dia_chi_so",
            driver=driver,
            geometry_name="geometry",
            geometry_type=kind.decode(),
            crs="EPSG:4326",
            **options,
        )


@contextmanager
def _gdal_as_os_error() -> Iterator[None]:
    """Raise errors of GDAL and SQLite while writing as OSError."""
    from registry.files.gdal import DataLayerError, DataSourceError

    try:
        yield
    except (DataLayerError, DataSourceError, sqlite3.Error) as error:
        raise OSError(errno.EIO, str(error)) from error


def _indexed(path: Path, batches: Batches, schema: Any, *, driver: str, ending: str) -> None:
    """Write a layer with a spatial index, and check it: on a full disk GDAL silently leaves out the
    index or the last rows.
    """
    from registry.files.gdal import open_arrow, pyogrio

    rows = 0

    def counted() -> Iterator[Any]:
        nonlocal rows
        for batch in batches:
            rows += batch.num_rows
            yield batch

    # With another suffix than its own a driver creates a folder.
    named = path.with_name(f"{path.name}{ending}")
    _layer(named, counted(), schema, driver=driver)
    with _gdal_as_os_error():
        has_index = pyogrio.read_info(named)["capabilities"]["fast_spatial_filter"]
        with open_arrow(named, columns=[], use_pyarrow=True) as (_, read):
            found = sum(batch.num_rows for batch in read)
    if found != rows or not has_index:
        raise OSError(errno.EIO, "the layer is incomplete")
    named.replace(path)


def geopackage(path: Path, batches: Batches, schema: Any) -> None:
    """Write a layer of a GeoPackage."""
    _indexed(path, batches, schema, driver="GPKG", ending=".gpkg")


def flatgeobuf(path: Path, batches: Batches, schema: Any) -> None:
    """Write a FlatGeobuf layer."""
    _indexed(path, batches, schema, driver="FlatGeobuf", ending=".fgb")


def pmtiles(path: Path, batches: Batches, schema: Any) -> None:
    """Write tiles by GDAL and pack them with the format's library: GDAL itself would use its SQLite
    driver, which is disabled here (`registry.files.gdal`).
    """
    from pmtiles.convert import mbtiles_to_pmtiles

    tiles = path.with_name(f"{path.name}.mbtiles")
    zooms = {"MINZOOM": f"{_ZOOMS[0]}", "MAXZOOM": f"{_ZOOMS[1]}"}
    _layer(tiles, batches, schema, driver="MVT", FORMAT="MBTILES", NAME="Địa chỉ số", **zooms)
    with _gdal_as_os_error():
        mbtiles_to_pmtiles(str(tiles), str(path), _ZOOMS[1])


def even_batches(batches: Batches, rows: int = _GROUP_ROWS) -> Iterator[Any]:
    """Regroup rows into batches of `rows`, the last ones evenly: no row group is tiny."""
    pending: list[Any] = []
    for batch in batches:
        pending.append(batch)
        if sum(each.num_rows for each in pending) >= 2 * rows:
            merged = pa.concat_batches(pending)
            pending = [merged.slice(rows)]
            yield merged.slice(0, rows)
    if pending:
        merged = pa.concat_batches(pending)
        parts = max(1, round(merged.num_rows / rows))
        size = -(-merged.num_rows // parts)
        yield from (merged.slice(at, size) for at in range(0, merged.num_rows, size))
