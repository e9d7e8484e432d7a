"""The columns of an exported file: schema and data dictionary."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column as SqlColumn
from sqlalchemy.dialects.postgresql import JSONB

from registry.core.messages import in_vietnamese
from registry.core.tables.records import Goes, described, going
from registry.lifecycle.words import FIELDS
from registry.records.uses import flat


@dataclass(frozen=True, slots=True)
class Column:
    """One column of every format."""

    name: str
    type: str
    """string | int | float | date | time | bool."""
    vietnamese: str
    english: str


_SPECIAL: Final = (
    Column("code", "string", "Mã địa chỉ số, không dấu nối", "Permanent code, canonical"),
    Column("code_display", "string", "Mã như in trên biển", "The code as it is written"),
    Column("kind", "string", "household: chỗ ở; building: toà nhà", "household | building"),
    Column(
        "status",
        "string",
        "active: đang dùng; proposed: đề nghị; retired: đã ngừng",
        "active | proposed | retired",
    ),
    Column(
        "address",
        "string",
        "Địa chỉ một dòng, theo tên gọi hiện nay",
        "The address in one line, in the names of today",
    ),
    Column("house_number", "string", "Số nhà như ghi", "House number as it was written"),
    Column("number_path", "string", "Số nhà chuẩn: ngõ/ngách/số", "Canonical path: 12/34/5A"),
    Column("street", "string", "Đường, phố", "Street with its kind"),
    Column(
        "locality",
        "string",
        "Thôn, ấp, tổ, khu phố; nhỏ trước lớn sau",
        "Localities, the smallest first",
    ),
    Column("building", "string", "Toà nhà, chung cư", "Building, block"),
    Column("floor", "string", "Tầng", "Floor"),
    Column("unit_number", "string", "Căn hộ, phòng", "Flat or room"),
    Column("parent_code", "string", "Mã của toà nhà", "Code of its building"),
    Column("commune_code", "string", "Mã xã, phường hiện nay", "Code of the commune"),
    Column("commune", "string", "Xã, phường, đặc khu", "Name of the commune"),
    Column("province_code", "string", "Mã tỉnh, thành phố", "Code of the province"),
    Column("province", "string", "Tỉnh, thành phố", "Name of the province"),
    Column("former_commune_code", "string", "Mã xã cũ", "Code of the commune of an earlier map"),
    Column("former_commune", "string", "Xã cũ", "Name of the commune of an earlier map"),
    Column("households", "int", "Số hộ chung chỗ ở; toà nhà là 0", "Hộ that share it; 0: building"),
    Column("lon", "float", "Kinh độ, WGS 84", "Degrees east, EPSG:4326"),
    Column("lat", "float", "Vĩ độ, WGS 84", "Degrees north, EPSG:4326"),
    Column(
        "position_method",
        "string",
        in_vietnamese(FIELDS["position_method"]),
        "survey, gps, imagery, parcel, geocoded, interpolated, centroid, unknown",
    ),
    Column(
        "position_accuracy_m",
        "float",
        in_vietnamese(FIELDS["position_accuracy_m"]),
        "Radius in metres within which the entrance lies",
    ),
    Column("verified_on", "date", "Ngày xác minh gần nhất", "Day it was last seen to exist"),
    Column("recorded_at", "time", "Ghi vào sổ lúc (UTC)", "Since when it is so on record, UTC"),
)
_RENAMED: Final = {"building_name": "building", "households_count": "households"}
"""Columns of a household that have another name in exports."""


def exported_as(column: "SqlColumn[Any]") -> str:
    """Return the name of a column of HOUSEHOLD in exports."""
    return _RENAMED.get(column.name, column.name)


def type_of(column: "SqlColumn[Any]") -> str:
    """Return the type of a column of HOUSEHOLD in exports."""
    if isinstance(column.type, JSONB):
        return "string"  # `cell_value`
    names = {str: "string", int: "int", float: "float", bool: "bool", datetime.date: "date"}
    return names[column.type.python_type]


def cell_value(column: "SqlColumn[Any]", value: Any) -> Any:
    """Return a value of HOUSEHOLD as exported: a list of uses as text."""
    return flat(value) if isinstance(column.type, JSONB) else value


def _with_plain() -> Iterator[Column]:
    """Yield _SPECIAL, with the other exported columns of HOUSEHOLD before its last."""
    known = {column.name for column in _SPECIAL}
    yield from _SPECIAL[:-1]
    for column in going(Goes.EXPORTED):
        name = exported_as(column)
        if name not in known:
            yield Column(
                name, type_of(column), in_vietnamese(described(column).label), column.comment or ""
            )
    yield _SPECIAL[-1]


COLUMNS: Final = tuple(_with_plain())
HEADINGS: Final = {column.name: column.vietnamese for column in COLUMNS} | {
    "code": "Mã địa chỉ số",
    "code_display": "Mã trên biển",
    "kind": "Loại",
    "status": "Trạng thái",
    "address": "Địa chỉ một dòng",
    "house_number": "Số nhà",
    "number_path": "Số nhà chuẩn",
    "street": "Đường",
    "locality": "Thôn/Tổ dân phố",
    "building": "Toà nhà",
    "floor": "Tầng",
    "unit_number": "Căn hộ",
    "parent_code": "Mã toà nhà",
    "commune_code": "Mã xã",
    "commune": "Xã, phường",
    "province_code": "Mã tỉnh",
    "province": "Tỉnh, thành phố",
    "former_commune_code": "Mã xã cũ",
    "former_commune": "Xã cũ",
    "households": "Số hộ",
    "lon": "Kinh độ",
    "lat": "Vĩ độ",
    "position_method": in_vietnamese(FIELDS["position_method"]),
    "position_accuracy_m": "Độ chính xác (m)",
    "verified_on": "Xác minh ngày",
    "recorded_at": "Ghi sổ lúc (UTC)",
    "address_on": "Địa chỉ của ngày đã nêu",
    "external_ids": "Mã khác",
    "uses": "Công năng, tên cơ quan",
}
"""Column headings of a workbook, for human readers; parts of a door have names that an import
recognises."""
GEOMETRY: Final = Column(
    "geometry", "point", "Điểm lối vào; trống khi chưa đo", "Point of the entrance, EPSG:4326"
)
"""Only in map layers; other formats have `lon` and `lat`."""
ADDRESS_ON: Final = Column(
    "address_on",
    "string",
    "Địa chỉ một dòng của ngày đã nêu; trống khi không rõ xã cũ",
    "The address as it was written on the day given; empty where its unit then is not known",
)
"""Only if the labels of a day are requested."""


EXTERNAL_IDS: Final = Column(
    "external_ids",
    "string",
    "Mã theo hệ khác còn hiệu lực, “hệ:giá trị”, cách nhau bằng dấu chấm phẩy",
    "What other schemes call it today, `scheme:value`, with semicolons between",
)
"""Only if requested."""


def columns_of(*, geometry: bool, on: bool, external: bool = False) -> tuple[Column, ...]:
    """Return the columns of a file, with the optional ones at the end."""
    more = ((ADDRESS_ON, on), (EXTERNAL_IDS, external), (GEOMETRY, geometry))
    return (*COLUMNS, *(column for column, wanted in more if wanted))


GEOMETRY_TYPE: Final = b"geometry_type"
"""Metadata key of a geometry field: its type, if not a point."""


def arrow_type(name: str) -> Any:
    """Return the Arrow type of a column; points are WKB."""
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "int": pa.int32(),
        "float": pa.float64(),
        "bool": pa.bool_(),
        "date": pa.date32(),
        "time": pa.timestamp("ms", tz="UTC"),
        "point": pa.binary(),
    }
    return types[name]


def schema(*, geometry: bool, on: bool = False, external: bool = False) -> Any:
    """Return the columns as an Arrow schema; points are WKB."""
    import pyarrow as pa

    columns = columns_of(geometry=geometry, on=on, external=external)
    return pa.schema([pa.field(each.name, arrow_type(each.type)) for each in columns])
