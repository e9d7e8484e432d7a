"""Layers of maps: GeoJSON, GeoPackage, Shapefile, KML, MapInfo TAB (GDAL) and GeoParquet (Arrow).

The attributes are the cells; the place becomes the columns `longitude` and `latitude`, unless the
layer has such columns itself.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyogrio.raw import open_arrow

from registry.intake.columns import fields_named
from registry.intake.formats.table import Rows, Table, unreadable

_PLACE: Final = ("longitude", "latitude")
_WGS_84: Final = frozenset({"EPSG:4326", "OGC:CRS84", "EPSG:4979"})
_BROKEN: Final = "không đọc được lớp bản đồ (the map layer cannot be read)"
_NO_LAYER: Final = "không có lớp nào (there is no layer in it)"
_NO_PLACE: Final = "lớp không có hình (no geometries): tọa độ lấy từ các cột"
_BATCH: Final = 10_000
# Decimals of a degree: 0.1 m.
_DECIMALS: Final = 6


def read_layer(path: Path, layer: str | None = None, *, encoding: str | None = None) -> Table:
    """The table of one layer of a file that GDAL reads.

    Raises UnreadableFileError for a broken file, several layers without a choice, and coordinates
    that are not in WGS 84.
    """
    with _readable(path):
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
        name = _chosen(path, names, layer)
        info = pyogrio.read_info(path, layer=name, encoding=encoding)
    _check_crs(path, info["crs"])
    fields = tuple(str(field) for field in info["fields"])
    placed = info["geometry_type"] is not None and not _has_place(fields)

    @contextmanager
    def rows() -> Iterator[Rows]:
        with (
            open_arrow(
                path,
                layer=name,
                encoding=encoding,
                read_geometry=placed,
                batch_size=_BATCH,
                use_pyarrow=True,
                datetime_as_string=True,
            ) as (meta, batches),
        ):
            geometry = meta["geometry_name"] or "wkb_geometry"
            yield _rows(path, batches, fields, geometry if placed else None)

    notes = (f"lớp {name!r} được đọc (the layer that was read)",) if len(names) > 1 else ()
    return Table((*fields, *(_PLACE if placed else ())), rows, notes=notes)


def read_parquet(path: Path) -> Table:
    """The table of a Parquet file, with its primary geometry when it is GeoParquet.

    Raises UnreadableFileError as `read_layer` does.
    """
    with _readable(path):
        file = pq.ParquetFile(path)
        geo = json.loads((file.schema_arrow.metadata or {}).get(b"geo", b"{}"))
        columns: dict[str, Any] = geo.get("columns", {})
        primary = geo.get("primary_column")
        if primary is not None:
            _check_parquet_crs(path, columns[primary])
    fields = tuple(name for name in file.schema_arrow.names if name not in columns)
    placed = primary is not None and not _has_place(fields)

    @contextmanager
    def rows() -> Iterator[Rows]:
        with pq.ParquetFile(path) as reading:
            names = [*fields, *([primary] if placed else ())]
            batches = reading.iter_batches(batch_size=_BATCH, columns=names)
            yield _rows(path, batches, fields, primary if placed else None)

    return Table((*fields, *(_PLACE if placed else ())), rows)


def _has_place(fields: tuple[str, ...]) -> bool:
    return fields_named((*fields, *_PLACE)) == fields_named(fields)


def _chosen(path: Path, names: list[str], layer: str | None) -> str:
    if not names:
        raise unreadable(path, _NO_LAYER)
    if layer is not None and layer not in names:
        raise unreadable(path, f"không có lớp {layer!r} (no such layer); có: {', '.join(names)}")
    if layer is None and len(names) > 1:
        raise unreadable(
            path,
            f"nhiều lớp (several layers): {', '.join(names)}; chọn một bằng --sheet",
        )
    return layer or names[0]


def _check_crs(path: Path, crs: str | None) -> None:
    # Without a statement they are taken as what a CSV's columns are.
    if crs is None or crs in _WGS_84:
        return
    name = crs if len(crs) < 40 else f"{crs[:40]}…"
    raise unreadable(
        path,
        f"tọa độ theo hệ {name}, không phải WGS 84 (the coordinates are not WGS 84): chuyển lớp"
        " sang EPSG:4326 rồi nhập lại",
    )


def _check_parquet_crs(path: Path, column: dict[str, Any]) -> None:
    crs = column.get("crs")
    if crs is None:  # the standard's default is OGC:CRS84
        return
    identity = crs.get("id") or {}
    _check_crs(path, f"{identity.get('authority')}:{identity.get('code')}")


def _rows(path: Path, batches: Any, fields: tuple[str, ...], geometry: str | None) -> Rows:
    # Only what is raised in here is the file's fault, not what whoever reads the rows does.
    with _readable(path):
        for batch in batches:
            columns = [_texts(batch.column(name)) for name in fields]
            if geometry is not None:
                columns += _places(batch.column(geometry))
            rows = list(map(list, zip(*columns, strict=True)))
            yield from rows


def _texts(column: pa.Array) -> list[str]:
    return ["" if value is None else _text(value) for value in column.to_pylist()]


def _text(value: object) -> str:
    if isinstance(value, float):
        return "" if value != value else str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, bytes):
        return ""
    return str(value).replace("\0", "")


def _places(column: pa.Array) -> list[list[str]]:
    """Longitudes and latitudes as text: of a point, or of a point inside a polygon; else none."""
    shapes = shapely.from_wkb(column.to_pylist(), on_invalid="ignore")
    kinds = shapely.get_type_id(shapes)
    usable = ((kinds == 0) | (kinds == 3) | (kinds == 4) | (kinds == 6)) & ~shapely.is_empty(shapes)
    shapes[~usable] = None
    points = shapely.point_on_surface(shapes)
    return [
        ["" if value != value else f"{value:.{_DECIMALS}f}" for value in axis]
        for axis in (shapely.get_x(points), shapely.get_y(points))
    ]


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (DataSourceError, DataLayerError, pa.ArrowException, KeyError, ValueError) as error:
        raise unreadable(path, f"{_BROKEN}: {str(error)[:200]}") from error
