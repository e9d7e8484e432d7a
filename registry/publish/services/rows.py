"""A file of service areas, row by row: from CSV and sheets, or GeoJSON with polygons and points.

A row is an area (of communes, of codes, or drawn), an office, or an area with the office that
serves it. The columns of a sheet and the properties of a feature have the same names.
"""

import datetime
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import shapely

from geo.text import fold
from registry.core.days import day_after
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.core.personal import PERSONAL_DATA, holds_personal
from registry.core.sources import open_source
from registry.files.formats.table import not_opened, unreadable
from registry.files.table_column import Wrong
from registry.files.table_file import TableFile, in_order, opened_table
from registry.publish.services import KINDS, Kind
from registry.units.boundaries.geojson import read_features
from registry.units.boundaries.polygons import MalformedPolygonError, check_place, parse_polygons
from registry.units.gazetteer import Gazetteer, Unit, today
from registry.units.written_units import WrittenUnits

MOST_ROWS: Final = 50_000
MOST_VERTICES: Final = 20_000
"""Of an area: more make every question about a door in it slow."""
MOST_CODES: Final = 200_000
"""Of a file."""
TABLE: Final = TableFile(
    "services",
    (("service", "office"),),
    {"commune": "communes", "longitude": "lon", "latitude": "lat"},
    rules=(in_order("valid_from", "valid_to", "dates_swapped"),),
)


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row as it stands in the file."""

    cells: Mapping[str, str]
    geometry: Any = None
    """Of a feature: GeoJSON, not yet looked at."""


@dataclass(frozen=True, slots=True)
class OfficeRow:
    """An office, as far as this row says."""

    name: str
    lon: float | None
    lat: float | None
    hours: str | None


@dataclass(frozen=True)
class AreaRow:
    """An area, read."""

    service: str
    kind: Kind
    office: str | None
    unit_ids: tuple[int, ...]
    codes: tuple[str, ...]
    ewkb: str | None
    """Its polygons in hexadecimal."""
    first: datetime.date | None
    after: datetime.date | None
    """The day after the last one."""

    @cached_property
    def digest(self) -> bytes:
        """Equal for equal areas."""
        days = (self.first and self.first.isoformat(), self.after and self.after.isoformat())
        said = (self.service, self.kind, self.office, self.unit_ids, self.codes, self.ewkb, *days)
        return hashlib.sha256(json.dumps(said).encode()).digest()


@dataclass(frozen=True, slots=True)
class Read:
    """What a row says, and what should be looked at."""

    office: OfficeRow | None
    area: AreaRow | None
    doubts: tuple[Wrong, ...] = ()


def rows_of(path: Path, sheet: str | None) -> Iterator[FileRow]:
    """The rows of the file; those without anything are passed over.

    Raises UnreadableFileError for what cannot be read, has none of the columns, or is too long.
    """
    try:
        rows = _features(path) if _is_geojson(path) else _table(path, sheet)
        for number, row in enumerate(rows):
            if number == MOST_ROWS:
                raise unreadable(path, Message("too_many_rows", most=MOST_ROWS))
            yield row
    except OSError as error:
        raise not_opened(path, error) from error


def _is_geojson(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def _table(path: Path, sheet: str | None) -> Iterator[FileRow]:
    table = opened_table(path, sheet, in_request=True)
    if table.features is not None:
        raise unreadable(path, Message("save_layer_as_geojson"))
    yield from map(FileRow, TABLE.rows(path, table))


def _features(path: Path) -> Iterator[FileRow]:
    with open_source(str(path)) as file:
        for feature in read_features(file, path.name):
            names = {str(name): _text(value) for name, value in feature.properties.items()}
            cells = TABLE.cells(list(names.values()), TABLE.places(list(names)))
            if not cells["lon"] and not cells["lat"]:
                cells |= _point(feature.geometry)
            yield FileRow(cells, feature.geometry)


def _point(geometry: Any) -> dict[str, str]:
    """The cells of a feature that is a point."""
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return {}
    held = geometry.get("coordinates")
    lon, lat = map(str, held[:2]) if isinstance(held, list) and len(held) > 1 else ("?", "?")
    return {"lon": lon, "lat": lat}


def _text(value: object) -> str:
    """A property as a cell would have it."""
    if value is None or isinstance(value, dict | bool):
        return ""
    if isinstance(value, list):
        return ";".join(filter(None, map(_text, value)))
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


@dataclass(frozen=True)
class Reader:
    """Reads the rows of one file, for one operator."""

    operator: str
    gazetteer: Gazetteer
    units: WrittenUnits
    known: dict[str, frozenset[int] | Wrong] = field(default_factory=dict)
    """What names and codes of communes mean: files say the same in many rows."""

    @classmethod
    def of(cls, operator: str, gazetteer: Gazetteer, rows: list[FileRow]) -> "Reader":
        """For these rows, whose codes of communes are all of one list."""
        named = (TABLE.column("communes").parse(row.cells["communes"]) for row in rows)
        parts = ({"code": part} for parts in named for part in parts)
        return cls(operator, gazetteer, WrittenUnits.of(gazetteer, today(), parts))

    def read(self, row: FileRow) -> Read | list[Wrong]:
        """What the row says, or all that is wrong with it."""
        cells, wrong = row.cells, _Mistakes()
        if cells["operator"] and fold(cells["operator"]) != fold(self.operator):
            wrong.add("operator_differs", cells["operator"])
        said, faults = TABLE.read(cells)
        for code, value in faults:
            wrong.add(code, value)
        if any(holds_personal(cells[name]) for name in ("service", "office")):
            wrong.add(PERSONAL_DATA, "")
        office = _office(said, cells, wrong)
        shape, doubts = _shape(row.geometry, cells, wrong)
        unit_ids = self._unit_ids(said["communes"] or (), wrong)
        if not (cells["communes"] or cells["codes"] or _is_drawn(row.geometry)):
            if office is None:
                wrong.add("area_missing", cells["service"])
            return wrong.told or Read(office, None)
        if not cells["service"]:
            wrong.add("service_missing", "")
        if said["kind"] not in KINDS:
            wrong.add("kind_unknown", cells["kind"])
        if wrong.values:
            return wrong.told
        area = AreaRow(
            service=cells["service"],
            kind=said["kind"],
            office=office.name if office else None,
            unit_ids=unit_ids,
            codes=said["codes"] or (),
            ewkb=shape,
            first=said["valid_from"],
            after=day_after(said["valid_to"]),
        )
        return Read(office, area, doubts)

    def _unit_ids(self, named: Sequence[str], wrong: "_Mistakes") -> tuple[int, ...]:
        """Ids of the communes of today that a cell names; those of a province it may name whole."""
        found: set[int] = set()
        for part in named:
            if part not in self.known:
                self.known[part] = self._communes(part)
            known = self.known[part]
            if isinstance(known, frozenset):
                found |= known
            else:
                wrong.add(*known)
        return tuple(sorted(found))

    def _communes(self, part: str) -> frozenset[int] | Wrong:
        unit = self.units.written(part)
        if not isinstance(unit, Unit):
            return unit
        inside = [unit, *self.gazetteer.members(unit, self.units.day)]
        return frozenset(each.id for each in inside if each.level == "commune")


def kind_of(cells: Mapping[str, str]) -> Kind | None:
    """What a row says that the operator does; None for an unknown word."""
    said, _ = TABLE.column("kind").read(cells)
    return said if said in KINDS else None


@dataclass
class _Mistakes:
    """What is wrong with a row: values by the code of their problem."""

    values: dict[str, list[str]] = field(default_factory=dict)

    def add(self, code: str, value: str) -> None:
        """One more."""
        self.values.setdefault(code, []).append(value)

    @property
    def told(self) -> list[Wrong]:
        """Each problem once, with all that has it."""
        return [(code, "; ".join(dict.fromkeys(values))) for code, values in self.values.items()]


def _are_hours(written: str) -> bool:
    import opening_hours  # six megabytes, which only who loads a file needs

    return opening_hours.validate(written)


def _office(
    said: Mapping[str, Any], cells: Mapping[str, str], wrong: _Mistakes
) -> OfficeRow | None:
    """The office of a row, by its columns."""
    lon, lat, hours = said["lon"], said["lat"], cells["hours"]
    placed = lon is not None or lat is not None
    if not cells["office"] and (placed or hours):
        wrong.add("office_missing", cells["service"])
    if hours and not _are_hours(hours):
        wrong.add("hours_unreadable", hours)
    if placed:
        try:
            check_place((lon, lat, lon, lat), "point")
        except (TypeError, InvalidInputError):
            wrong.add("point_unreadable", f"{cells['lon']}, {cells['lat']}")
    return OfficeRow(cells["office"], lon, lat, hours or None) if cells["office"] else None


def _is_drawn(geometry: Any) -> bool:
    return not (
        geometry is None or (isinstance(geometry, dict) and geometry.get("type") == "Point")
    )


def _shape(
    geometry: Any, cells: Mapping[str, str], wrong: _Mistakes
) -> tuple[str | None, tuple[Wrong, ...]]:
    """The polygons of a feature, repaired where they need it, which is told."""
    if not _is_drawn(geometry):
        return None, ()
    try:
        shape = shapely.MultiPolygon(parse_polygons(geometry))
    except MalformedPolygonError:
        shape = shapely.MultiPolygon()
    vertices = shapely.get_num_coordinates(shape)
    if vertices > MOST_VERTICES:
        wrong.add("polygon_too_fine", f"{vertices:,}")
        return None, ()
    doubts: tuple[Wrong, ...] = ()
    if not shape.is_valid:
        parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(shape)))
        shape = shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon"])
        doubts = (("polygon_repaired", cells["service"]),)
    if shape.is_empty:
        wrong.add("polygon_unreadable", cells["service"])
        return None, ()
    try:
        check_place(shape.bounds, "polygon")
    except InvalidInputError as error:
        wrong.add("polygon_outside", error.detail)
    return shapely.to_wkb(shapely.set_srid(shape, 4326), hex=True, include_srid=True), doubts
