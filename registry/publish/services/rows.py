"""Reads a file of service areas, row by row: CSV and sheets, or GeoJSON with polygons and points.

A row is an area (of communes, of codes, or drawn), an office, or an area with its office. Columns
of a sheet and properties of a feature have the same names.
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
"""Vertices of an area: more slow down every query of a door in it."""
MOST_CODES: Final = 200_000
"""Codes in a file."""
TABLE: Final = TableFile(
    "services",
    (("service", "office"),),
    {"commune": "communes", "longitude": "lon", "latitude": "lat"},
    rules=(in_order("valid_from", "valid_to", "dates_swapped"),),
)


@dataclass(frozen=True, slots=True)
class FileRow:
    """An unparsed row of the file."""

    cells: Mapping[str, str]
    geometry: Any = None
    """GeoJSON geometry of a feature, not yet validated."""


@dataclass(frozen=True, slots=True)
class OfficeRow:
    """An office, as far as this row describes it."""

    name: str
    lon: float | None
    lat: float | None
    hours: str | None


@dataclass(frozen=True)
class AreaRow:
    """A parsed area."""

    service: str
    kind: Kind
    office: str | None
    unit_ids: tuple[int, ...]
    codes: tuple[str, ...]
    ewkb: str | None
    """Its polygons, hexadecimal."""
    first: datetime.date | None
    after: datetime.date | None
    """The day after the last one."""

    @cached_property
    def digest(self) -> bytes:
        """Equal for equal areas."""
        days = (self.first and self.first.isoformat(), self.after and self.after.isoformat())
        own = (self.service, self.kind, self.office, self.unit_ids, self.codes, self.ewkb, *days)
        return hashlib.sha256(json.dumps(own).encode()).digest()


@dataclass(frozen=True, slots=True)
class Read:
    """A parsed row, with its warnings."""

    office: OfficeRow | None
    area: AreaRow | None
    doubts: tuple[Wrong, ...] = ()


def rows_of(path: Path, sheet: str | None) -> Iterator[FileRow]:
    """Yield the rows of the file, without empty ones.

    Raises UnreadableFileError for a file that cannot be read, lacks columns or is too long.
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
    """Return the coordinate cells of a point feature."""
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return {}
    pair = geometry.get("coordinates")
    lon, lat = map(str, pair[:2]) if isinstance(pair, list) and len(pair) > 1 else ("?", "?")
    return {"lon": lon, "lat": lat}


def _text(value: object) -> str:
    """Return a property as the text of a cell."""
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
    """Cache of communes by name or code: files repeat them in many rows."""

    @classmethod
    def of(cls, operator: str, gazetteer: Gazetteer, rows: list[FileRow]) -> "Reader":
        """Make a reader for these rows, whose commune codes are all of one version of the list."""
        named = (TABLE.column("communes").parse(row.cells["communes"]) for row in rows)
        parts = ({"code": part} for parts in named for part in parts)
        return cls(operator, gazetteer, WrittenUnits.of(gazetteer, today(), parts))

    def read(self, row: FileRow) -> Read | list[Wrong]:
        """Parse the row, or return all its problems."""
        cells, problems = row.cells, _Problems()
        if cells["operator"] and fold(cells["operator"]) != fold(self.operator):
            problems.add("operator_differs", cells["operator"])
        values, faults = TABLE.read(cells)
        for code, value in faults:
            problems.add(code, value)
        if any(holds_personal(cells[name]) for name in ("service", "office")):
            problems.add(PERSONAL_DATA, "")
        office = _office(values, cells, problems)
        shape, doubts = _shape(row.geometry, cells, problems)
        unit_ids = self._unit_ids(values["communes"] or (), problems)
        if not (cells["communes"] or cells["codes"] or _is_drawn(row.geometry)):
            if office is None:
                problems.add("area_missing", cells["service"])
            return problems.all() or Read(office, None)
        if not cells["service"]:
            problems.add("service_missing", "")
        if values["kind"] not in KINDS:
            problems.add("kind_unknown", cells["kind"])
        if problems.values:
            return problems.all()
        area = AreaRow(
            service=cells["service"],
            kind=values["kind"],
            office=office.name if office else None,
            unit_ids=unit_ids,
            codes=values["codes"] or (),
            ewkb=shape,
            first=values["valid_from"],
            after=day_after(values["valid_to"]),
        )
        return Read(office, area, doubts)

    def _unit_ids(self, named: Sequence[str], problems: "_Problems") -> tuple[int, ...]:
        """Return ids of the current communes that a cell names, possibly as a whole province."""
        found: set[int] = set()
        for part in named:
            if part not in self.known:
                self.known[part] = self._communes(part)
            known = self.known[part]
            if isinstance(known, frozenset):
                found |= known
            else:
                problems.add(*known)
        return tuple(sorted(found))

    def _communes(self, part: str) -> frozenset[int] | Wrong:
        unit = self.units.written(part)
        if not isinstance(unit, Unit):
            return unit
        inside = [unit, *self.gazetteer.members(unit, self.units.day)]
        return frozenset(each.id for each in inside if each.level == "commune")


def kind_of(cells: Mapping[str, str]) -> Kind | None:
    """Return the kind of service of a row; None if unknown."""
    kind, _ = TABLE.column("kind").read(cells)
    return kind if kind in KINDS else None


@dataclass
class _Problems:
    """Problems of a row: values by problem code."""

    values: dict[str, list[str]] = field(default_factory=dict)

    def add(self, code: str, value: str) -> None:
        """Add a problem."""
        self.values.setdefault(code, []).append(value)

    def all(self) -> list[Wrong]:
        """Return each problem once, with all its values."""
        return [(code, "; ".join(dict.fromkeys(values))) for code, values in self.values.items()]


def _are_hours(written: str) -> bool:
    import opening_hours  # six megabytes, needed only to load a file

    return opening_hours.validate(written)


def _office(
    values: Mapping[str, Any], cells: Mapping[str, str], problems: _Problems
) -> OfficeRow | None:
    """Return the office of a row."""
    lon, lat, hours = values["lon"], values["lat"], cells["hours"]
    placed = lon is not None or lat is not None
    if not cells["office"] and (placed or hours):
        problems.add("office_missing", cells["service"])
    if hours and not _are_hours(hours):
        problems.add("hours_unreadable", hours)
    if placed:
        try:
            check_place((lon, lat, lon, lat), "point")
        except (TypeError, InvalidInputError):
            problems.add("point_unreadable", f"{cells['lon']}, {cells['lat']}")
    return OfficeRow(cells["office"], lon, lat, hours or None) if cells["office"] else None


def _is_drawn(geometry: Any) -> bool:
    return not (
        geometry is None or (isinstance(geometry, dict) and geometry.get("type") == "Point")
    )


def _shape(
    geometry: Any, cells: Mapping[str, str], problems: _Problems
) -> tuple[str | None, tuple[Wrong, ...]]:
    """Return the polygons of a feature, with a warning if they were repaired."""
    if not _is_drawn(geometry):
        return None, ()
    try:
        shape = shapely.MultiPolygon(parse_polygons(geometry))
    except MalformedPolygonError:
        shape = shapely.MultiPolygon()
    vertices = shapely.get_num_coordinates(shape)
    if vertices > MOST_VERTICES:
        problems.add("polygon_too_fine", f"{vertices:,}")
        return None, ()
    doubts: tuple[Wrong, ...] = ()
    if not shape.is_valid:
        parts = shapely.get_parts(shapely.get_parts(shapely.make_valid(shape)))
        shape = shapely.MultiPolygon([part for part in parts if part.geom_type == "Polygon"])
        doubts = (("polygon_repaired", cells["service"]),)
    if shape.is_empty:
        problems.add("polygon_unreadable", cells["service"])
        return None, ()
    try:
        check_place(shape.bounds, "polygon")
    except InvalidInputError as error:
        problems.add("polygon_outside", error.detail)
    return shapely.to_wkb(shapely.set_srid(shape, 4326), hex=True, include_srid=True), doubts
