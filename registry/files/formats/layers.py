"""Map layers: GeoJSON, GeoPackage, Shapefile, KML, GPX, MapInfo (GDAL) and GeoParquet (Arrow).

Attributes become cells; the geometry becomes the columns `longitude` and `latitude`, unless the
layer has such columns.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from geo.coordinates import WGS_84
from registry.core.errors import FileLinksElsewhereError, SheetNotChosenError
from registry.core.messages import Message
from registry.files.formats.declared import UnsupportedSystemError, declared_system
from registry.files.formats.other_kinds import BLANK
from registry.files.formats.table import Features, Rows, Table, reason_of, unreadable
from registry.files.formats.undeclared import (
    encoding_of_shapes,
    is_truncated,
    kml_names,
    rows_of_mapinfo,
)
from registry.files.gdal import DataLayerError, DataSourceError, open_arrow, pyogrio
from registry.files.spellings.headers import fields_named, uncut

_PLACE: Final = ("longitude", "latitude")
_JSON: Final = ("GeoJSON", "GeoJSONSeq", "TopoJSON", "ESRIJSON")
_KML: Final = ("LIBKML", "KML")
# Style fields and element ids that GDAL adds to every KML.
_KML_OWN: Final = (
    *("timestamp", "begin", "end", "altitudeMode", "tessellate", "extrude", "visibility"),
    *("drawOrder", "icon", "id"),
)
_WAYPOINTS: Final = "waypoints"
"""The layer of GPX that may contain houses, beside tracks and routes."""
_MAPINFO: Final = "MapInfo File"
_SHAPES: Final = "ESRI Shapefile"
_LINKED: Final = re.compile(
    rb'"crs"\s*:\s*\{[^{}]{0,1000}(?:\{[^{}]{0,1000}\}[^{}]{0,1000})?"type"\s*:\s*"(?:link|url)"',
    re.IGNORECASE,
)
"""A linked coordinate system, as the 2008 GeoJSON allowed."""
_LONGEST_LINK: Final = 4_000
_LINKS: Final = Message("crs_is_link")
_BROKEN: Final = Message("map_layer_unreadable")
_CUT: Final = Message("layer_truncated")
_NO_LAYER: Final = Message("no_layers")
_LAYER_ERRORS: Final = (
    *(DataSourceError, DataLayerError, pa.ArrowException, KeyError, ValueError),
    OverflowError,  # a day beyond the year 9999
    OSError,  # Arrow raises it for errors of GDAL in the middle of a layer
)
_BLOCK: Final = 1 << 20
_BATCH: Final = 10_000
_LONGEST_CELL: Final = 1 << 17
"""Characters, as for CSV: a longer cell is no address, and compressed it may be in every row."""
# Decimals of a degree: 0.1 m.
_DECIMALS: Final = 6


def read_layer(path: Path, layer: str | None = None) -> Table:
    """The table of one layer of a file that GDAL reads.

    Points are in the layer's coordinate system. Raises UnreadableFileError for a broken file,
    several layers without a choice, and a system other than WGS 84 and VN-2000.
    """
    if is_truncated(path):
        raise unreadable(path, _CUT)
    if _has_linked_system(path):
        raise unreadable(path, _LINKS, FileLinksElsewhereError)
    encoding = encoding_of_shapes(path)
    with _readable(path):
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
        name = _chosen(path, names, layer)
        info = pyogrio.read_info(path, layer=name, encoding=encoding)
    given = [str(field) for field in info["fields"]]
    own = {}
    if info["driver"] == _SHAPES:
        own = _uncut(given)
    if info["driver"] in _KML:
        own = kml_names(path, given)
        given = [field for field in given if field not in _KML_OWN]
    fields = tuple(own.get(field, field) for field in given)
    placed = info["geometry_type"] is not None and not _has_place(fields)
    crs = _declared(path, info["crs"], info["driver"]) if placed else None

    @contextmanager
    def batches(*, shapes: bool) -> Iterator[Any]:
        with open_arrow(
            path,
            layer=name,
            encoding=encoding,
            read_geometry=shapes,
            batch_size=_BATCH,
            use_pyarrow=True,
            datetime_as_string=True,
        ) as (_, reader):
            yield (batch.rename_columns(own) for batch in reader) if own else reader

    shaped = info["geometry_type"] is not None
    features = Features(
        fields,
        (info["geometry_name"] or "wkb_geometry") if shaped else None,
        batches,
        info["crs"],
        info["geometry_type"] or "Unknown",
    )
    notes = (Message("layer_read", name=repr(name)),) if len(names) > 1 else ()
    form = "geojson" if info["driver"] in _JSON else "gpkg"
    least = rows_of_mapinfo(path) or 0
    return _table(path, features, placed=placed, notes=notes, crs=crs, form=form, least=least)


def read_parquet(path: Path) -> Table:
    """The table of a Parquet file, with the primary geometry of GeoParquet.

    Raises UnreadableFileError as `read_layer` does.
    """
    with _readable(path):
        file = pq.ParquetFile(path)
        # Of the file: not every writer repeats it in the Arrow schema.
        geo = json.loads((file.metadata.metadata or {}).get(b"geo", b"{}"))
        primary, columns = _geo_columns(path, geo)
        words = [f.name for f in file.schema_arrow if pa.types.is_string(f.type)]
    fields = tuple(name for name in file.schema_arrow.names if name not in columns)
    placed = primary is not None and not _has_place(fields)
    crs = _declared_by_parquet(path, columns[primary]) if primary and placed else None

    @contextmanager
    def batches(*, shapes: bool) -> Iterator[Any]:
        # Dictionary-encoded as stored: a megabyte of text repeated in every row is kept once.
        with pq.ParquetFile(path, read_dictionary=words) as reading:
            names = [*fields, *([primary] if shapes else ())]
            yield reading.iter_batches(batch_size=_BATCH, columns=names)

    features = Features(fields, primary, batches, None, "Unknown", json.dumps(geo).encode())
    return _table(path, features, placed=placed, notes=(), crs=crs, form="parquet")


def _table(
    path: Path,
    features: Features,
    *,
    placed: bool,
    notes: tuple[Message, ...],
    crs: str | None,
    form: str,
    least: int = 0,
) -> Table:
    """`least`: with fewer rows the file is truncated."""

    @contextmanager
    def rows() -> Iterator[Rows]:
        with features.batches(shapes=placed) as batches:
            geometry = features.geometry if placed else None
            yield _rows(path, batches, features.fields, geometry, least)

    headers = (*features.fields, *(_PLACE if placed else ()))
    return Table(headers, rows, notes=notes, crs=crs, form=form, features=features)


def _has_linked_system(path: Path) -> bool:
    """Whether a JSON file links its coordinate system, which GDAL would fetch."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        block = stream.read(_BLOCK)
        if not block.lstrip(BLANK).startswith(b"{"):
            return False
        while block:
            if _LINKED.search(block):
                return True
            more = stream.read(_BLOCK)
            block = block[-_LONGEST_LINK:] + more if more else b""
    return False


def _uncut(fields: list[str]) -> dict[str, str]:
    """Truncated field → full name, if no other column has that name."""
    own = {field: name for field in fields if (name := uncut(field)) != field}
    names = [*own.values(), *fields]
    return {field: name for field, name in own.items() if names.count(name) == 1}


def _has_place(fields: tuple[str, ...]) -> bool:
    return fields_named((*fields, *_PLACE)) == fields_named(fields)


def _chosen(path: Path, names: list[str], layer: str | None) -> str:
    if not names:
        raise unreadable(path, _NO_LAYER)
    if layer is not None and layer not in names:
        raise unreadable(path, Message("layer_unknown", layer=repr(layer), names=", ".join(names)))
    if layer is None and _WAYPOINTS in names:
        return _WAYPOINTS
    if layer is None and len(names) > 1:
        raise unreadable(
            path,
            Message("layer_not_chosen", names=", ".join(names)),
            SheetNotChosenError,
            sheets=names,
            all_sheets=False,
        )
    return layer or names[0]


def _declared(path: Path, crs: str | None, driver: str = "") -> str | None:
    try:
        return declared_system(crs, without_vn2000=driver == _MAPINFO)
    except UnsupportedSystemError as error:
        raise unreadable(
            path,
            Message("system_not_supported", system=error),
        ) from error


def _geo_columns(path: Path, geo: Any) -> tuple[str | None, dict[str, dict[str, Any]]]:
    """The primary geometry and the metadata of each; raises for invalid GeoParquet metadata."""
    columns = geo.get("columns", {}) if isinstance(geo, dict) else None
    if not isinstance(columns, dict) or not all(isinstance(c, dict) for c in columns.values()):
        raise unreadable(path, Message("geoparquet_metadata_invalid", broken=_BROKEN))
    primary = geo.get("primary_column")
    if primary is not None and (not isinstance(primary, str) or primary not in columns):
        raise unreadable(path, Message("geoparquet_column_invalid", broken=_BROKEN))
    return primary, columns


def _declared_by_parquet(path: Path, column: dict[str, Any]) -> str | None:
    crs = column.get("crs", WGS_84)  # the standard's default is OGC:CRS84
    if crs is None or isinstance(crs, str):
        return _declared(path, crs)
    identity = crs.get("id") or {} if isinstance(crs, dict) else None
    if not isinstance(identity, dict):
        raise unreadable(path, Message("geoparquet_crs_invalid", broken=_BROKEN))
    named = f"{identity.get('authority')}:{identity.get('code')}" if identity else json.dumps(crs)
    return _declared(path, named)


def _rows(
    path: Path, batches: Any, fields: tuple[str, ...], geometry: str | None, least: int
) -> Rows:
    # Only errors raised in here are the file's fault, not those of the consumer of the rows.
    with _readable(path):
        count = 0
        for batch in batches:
            columns = [_texts(batch.column(name)) for name in fields]
            if geometry is not None:
                columns += _places(batch.column(geometry))
            rows = list(map(list, zip(*columns, strict=True)))
            count += len(rows)
            yield from rows
        if count < least:
            raise unreadable(path, _CUT)


def _texts(column: pa.Array) -> list[str]:
    if isinstance(column, pa.DictionaryArray):
        words = _texts(column.dictionary)
        return ["" if at is None else words[at] for at in column.indices.to_pylist()]
    if pa.types.is_timestamp(column.type) or pa.types.is_duration(column.type):
        # As values they may be finer than a datetime, and pyarrow would look for pandas.
        column = column.cast(pa.string())
    return ["" if value is None else _text(value) for value in column.to_pylist()]


def _text(value: object) -> str:
    if isinstance(value, float):
        return "" if value != value else str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, bytes):
        return ""
    return str(value)[:_LONGEST_CELL].replace("\0", "")


def _places(column: pa.Array) -> list[list[str]]:
    """Longitudes and latitudes as text: of a point, or of a point inside a polygon; else ''."""
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
    except _LAYER_ERRORS as error:
        raise unreadable(
            path, Message("broken_as_said", broken=_BROKEN, reason=reason_of(path, error)[:200])
        ) from error
