"""Boundaries of units as rows of a file: communes or provinces of a day with their attributes."""

import datetime
from typing import Any, Final

import pyarrow as pa
from sqlalchemy.orm import Session

from registry.publish.export.columns import GEOMETRY_TYPE, Column
from registry.publish.features.collections import collection_named
from registry.publish.features.query import FeatureQuery
from registry.publish.features.systems import CRS84, geojson_geometries
from registry.units.gazetteer import Gazetteer

_MOST: Final = 100_000
"""More than the units of any day."""
COLUMNS: Final = (
    Column("code", "string", "Mã đơn vị", "Code of the unit"),
    Column("level", "string", "Cấp: province, commune", "province | commune"),
    Column("kind", "string", "Loại đơn vị", "tinh, thanh_pho, xa, phuong, dac_khu …"),
    Column("name", "string", "Tên, không có loại", "Name without its kind"),
    Column("full_name", "string", "Tên đầy đủ", "Name with its kind"),
    Column("full_name_en", "string", "Tên cho người đọc tiếng Anh", "For readers of English"),
    Column("district_code", "string", "Mã quận, huyện khi ấy", "Code of the district of then"),
    Column("district", "string", "Quận, huyện khi ấy", "District of then"),
    Column("province_code", "string", "Mã tỉnh, thành phố", "Code of the province"),
    Column("province", "string", "Tỉnh, thành phố", "Name of the province"),
    Column("valid_from", "date", "Ngày bắt đầu; trống: từ trước", "First day; empty: before"),
    Column("valid_to", "date", "Ngày thôi tồn tại", "Day from which on it is no more"),
    Column("area_km2", "float", "Diện tích công bố, km²", "Area as published, km²"),
    Column("seat_lon", "float", "Kinh độ trụ sở", "Seat, degrees east"),
    Column("seat_lat", "float", "Vĩ độ trụ sở", "Seat, degrees north"),
    Column(
        "approximate",
        "bool",
        "true: ô gần đúng quanh trụ sở, chưa nạp ranh giới",
        "Whether it is a rough cell around the seat: no boundary is loaded",
    ),
    Column("source", "string", "Nguồn của hình", "Where the drawing comes from"),
    Column(
        "geometry", "polygon", "Hình thống kê, WGS 84", "Drawn for statistics, EPSG:4326; no legal"
    ),
)
_TYPES: Final = {
    "string": pa.string(),
    "date": pa.date32(),
    "float": pa.float64(),
    "bool": pa.bool_(),
}


def read_boundaries(
    session: Session,
    gazetteer: Gazetteer,
    layer: str,
    unit: str | None,
    at: datetime.datetime | None,
    *,
    as_text: bool,
) -> Any:
    """Return one batch of all units of a layer; the geometry as WKB or, `as_text`, as GeoJSON.

    Raises InvalidInputError and NotFoundError for an unknown unit or day.
    """
    query = FeatureQuery(_MOST, at, unit=unit)
    found = collection_named(layer).read(session, gazetteer, query).features
    wkbs = [feature.wkb for feature in found]
    kind = pa.string() if as_text else pa.binary()
    columns = [
        pa.array([feature.properties[column.name] for feature in found], _TYPES[column.type])
        for column in COLUMNS[:-1]
    ]
    columns.append(pa.array(geojson_geometries(wkbs, CRS84) if as_text else wkbs, kind))
    fields = [pa.field(column.name, _TYPES[column.type]) for column in COLUMNS[:-1]]
    fields.append(pa.field("geometry", kind, metadata={GEOMETRY_TYPE: b"MultiPolygon"}))
    return pa.record_batch(columns, schema=pa.schema(fields))
