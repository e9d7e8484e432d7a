"""A file of service areas, row by row: from CSV and sheets, or GeoJSON with polygons and points.

A row is an area (of communes, of codes, or drawn), an office, or an area with the office that
serves it. The columns of a sheet and the properties of a feature have the same names.
"""

import datetime
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import shapely

from geo import code as codes
from geo.code import CodeError
from geo.text import fold
from registry.core.days import day_after, parse_day
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.core.personal import PERSONAL_DATA, holds_personal
from registry.core.sources import open_source
from registry.coverage.target_units import TargetUnits
from registry.files.formats.table import not_opened, unreadable
from registry.files.table_file import TableFile, Wrong, opened_table
from registry.publish.services import KINDS, Kind
from registry.units.boundaries.geojson import read_features
from registry.units.boundaries.polygons import MalformedPolygonError, check_place, parse_polygons
from registry.units.gazetteer import Gazetteer, Unit, today

MOST_ROWS: Final = 50_000
MOST_VERTICES: Final = 20_000
"""Of an area: more make every question about a door in it slow."""
MOST_CODES: Final = 200_000
"""Of a file."""
_MOST_TEXT: Final = 100
_MOST_HOURS: Final = 255
TABLE: Final = TableFile(
    "services",
    (("service", "office"),),
    {"commune": "communes", "longitude": "lon", "latitude": "lat"},
)
_KIND_WORDS: Final[Mapping[str, Kind]] = {
    **{kind: kind for kind in KINDS},
    **dict.fromkeys(("deliver", "giao", "phat", "giao hang", "phat hang"), "delivers"),
    **dict.fromkeys(("collect", "gom", "thu gom", "lay hang", "nhan", "nhan hang"), "collects"),
    **dict.fromkeys(("quay", "giao dich", "tai quay", "quay giao dich"), "counter"),
}


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
            places = TABLE.places(list(names))
            yield FileRow(TABLE.cells(list(names.values()), places), feature.geometry)


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
    units: TargetUnits
    known: dict[str, frozenset[int] | Wrong] = field(default_factory=dict)
    """What names and codes of communes mean: files say the same in many rows."""

    @classmethod
    def of(cls, operator: str, gazetteer: Gazetteer, rows: list[FileRow]) -> "Reader":
        """For these rows, whose codes of communes are all of one list."""
        parts = ({"code": part} for row in rows for part in _listed(row.cells["communes"]))
        return cls(operator, gazetteer, TargetUnits.of(gazetteer, today(), parts))

    def read(self, row: FileRow) -> Read | list[Wrong]:
        """What the row says, or all that is wrong with it."""
        cells, wrong = row.cells, _Mistakes()
        if cells["operator"] and fold(cells["operator"]) != fold(self.operator):
            wrong.add("operator_differs", cells["operator"])
        for name in ("service", "office"):
            _check_text(cells[name], wrong)
        office = _office(cells, row.geometry, wrong)
        shape, doubts = _shape(row.geometry, cells, wrong)
        unit_ids = self._unit_ids(cells["communes"], wrong)
        listed = _codes(cells["codes"], wrong)
        first, after = _days(cells, wrong)
        if not (cells["communes"] or cells["codes"] or _is_drawn(row.geometry)):
            if office is None:
                wrong.add("area_missing", cells["service"])
            return wrong.told or Read(office, None)
        if not cells["service"]:
            wrong.add("service_missing", "")
        kind = kind_of(cells)
        if kind is None:
            wrong.add("kind_unknown", cells["kind"])
        if wrong.values or kind is None:
            return wrong.told
        served_by = office.name if office else None
        area = AreaRow(cells["service"], kind, served_by, unit_ids, listed, shape, first, after)
        return Read(office, area, doubts)

    def _unit_ids(self, written: str, wrong: "_Mistakes") -> tuple[int, ...]:
        """Ids of the communes of today that a cell names; those of a province it may name whole."""
        found: set[int] = set()
        for part in _listed(written):
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
    return _KIND_WORDS.get(fold(cells["kind"]))


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


def _listed(written: str) -> list[str]:
    """Parts of a cell: behind semicolons and lines; behind commas and blanks too, where all of them
    are codes.

    >>> _listed("00004, 00008"), _listed("Phường Láng, Hà Nội; 00004")
    (['00004', '00008'], ['Phường Láng, Hà Nội', '00004'])
    """
    words = re.split(r"[,;\s]+", written)
    if all(word.isdigit() for word in words if word):
        return [word for word in words if word]
    return [part.strip() for part in re.split(r"[;\n]", written) if part.strip()]


def _check_text(written: str, wrong: _Mistakes) -> None:
    if len(written) > _MOST_TEXT or not written.isprintable():
        wrong.add("text_unreadable", written)
    elif holds_personal(written):
        wrong.add(PERSONAL_DATA, "")


def _office(cells: Mapping[str, str], geometry: Any, wrong: _Mistakes) -> OfficeRow | None:
    """The office of a row, by its columns; of a feature that is a point, there."""
    lon, lat = cells["lon"], cells["lat"]
    if not lon and not lat and isinstance(geometry, dict) and geometry.get("type") == "Point":
        held = geometry.get("coordinates")
        lon, lat = map(str, held[:2]) if isinstance(held, list) and len(held) > 1 else ("?", "?")
    hours = cells["hours"]
    if not cells["office"] and (lon or lat or hours):
        wrong.add("office_missing", cells["service"])
    if hours and (len(hours) > _MOST_HOURS or not _are_hours(hours)):
        wrong.add("hours_unreadable", hours)
    x, y = _point(lon, lat, wrong) if lon or lat else (None, None)
    return OfficeRow(cells["office"], x, y, hours or None) if cells["office"] else None


def _point(lon: str, lat: str, wrong: _Mistakes) -> tuple[float, float] | tuple[None, None]:
    try:
        x, y = (float(written.replace(",", ".")) for written in (lon, lat))
        check_place((x, y, x, y), "point")
    except (ValueError, InvalidInputError):
        wrong.add("point_unreadable", f"{lon}, {lat}")
        return None, None
    return x, y


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


def _codes(written: str, wrong: _Mistakes) -> tuple[str, ...]:
    found: set[str] = set()
    for part in filter(str.strip, re.split(r"[,;\n]", written)):
        try:
            found.add(codes.validate(part))
        except CodeError:
            for each in part.split():  # several, with blanks between them
                try:
                    found.add(codes.validate(each))
                except CodeError:
                    wrong.add("code_unreadable", each)
    return tuple(sorted(found))


def _days(
    cells: Mapping[str, str], wrong: _Mistakes
) -> tuple[datetime.date | None, datetime.date | None]:
    """The first day of an area, and the day after its last one."""
    days: list[datetime.date | None] = []
    for name in ("valid_from", "valid_to"):
        try:
            days.append(parse_day(cells[name]) if cells[name] else None)
        except ValueError:
            wrong.add("date_unreadable", cells[name])
            days.append(None)
    first, last = days
    if first and last and last < first:
        wrong.add("dates_swapped", f"{first} – {last}")
    return first, day_after(last)
