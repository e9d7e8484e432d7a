"""Resolve the descriptions of parts: streets and hamlets of the register, polygons as shapes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import shapely
from sqlalchemy.orm import Session

from geo.locality import parse_locality
from geo.spelling import Spelling, spelling
from geo.street import parse_street
from registry.core.errors import InvalidInputError
from registry.core.messages import Message
from registry.core.sources import open_source
from registry.core.sql import Statements
from registry.records.named_places import holders, similar_names
from registry.reform.plan_values import Leg, Plan
from registry.reform.refusals import Refusal
from registry.reform.resolution import Selector, StreetPart
from registry.units.boundaries.geojson import read_features
from registry.units.boundaries.polygons import (
    AROUND_VIET_NAM,
    MalformedPolygonError,
    check_place,
    parse_polygons,
)
from registry.units.gazetteer import Unit

_TOLERANCE: Final = 0.01
"""Share of an area by which drawings of one line may differ."""
_NEAR: Final = 0.005
"""Degrees, some 500 m: the gap that drawings of adjacent units may leave."""
_FAR: Final = 1.0
"""Degrees, some 100 km: no commune extends farther from its seat."""
_PARITY: Final = {"odd": 1, "even": 0, "both": None}
SQL: Final = Statements(__file__)
Polygons = shapely.MultiPolygon


@dataclass(slots=True)
class Selections:
    """Descriptions of the parts, as rows of the temporary tables of `settling`."""

    streets: list[tuple[int, int, int | None, int | None, int | None]] = field(default_factory=list)
    localities: list[tuple[int, int]] = field(default_factory=list)
    formers: list[tuple[int, int]] = field(default_factory=list)
    areas: dict[int, Polygons] = field(default_factory=dict)
    by_area: list[tuple[int, int]] = field(default_factory=list)
    own_areas: dict[str, Polygons] = field(default_factory=dict)
    """Code of a unit of the new state → its polygon in the file of boundaries."""
    refusals: list[Refusal] = field(default_factory=list)


def read_boundaries(path: Path, codes: Iterable[str]) -> dict[str, Polygons]:
    """Read the polygons of these units. Raises RegistryError for a file without polygons."""
    wanted = set(codes)
    found: dict[str, list[shapely.Polygon]] = defaultdict(list)
    with open_source(str(path)) as file:
        for feature in read_features(file, path.name):
            code = str(feature.properties.get("code", ""))
            if code in wanted:
                try:
                    found[code] += parse_polygons(feature.geometry)
                except MalformedPolygonError as error:
                    raise InvalidInputError(
                        Message("polygon_of_code_invalid", code=code, reason=error)
                    ) from error
    shapes = {}
    for code, polygons in found.items():
        shape = drawn(polygons)
        if shape is not None:
            check_place(shape.bounds, code)
        shapes[code] = shapely.MultiPolygon() if shape is None else shape
    return shapes


def drawn(polygons: Sequence[shapely.Polygon]) -> Polygons | None:
    """Return the union of polygons, with slight errors repaired; None if it is not valid."""
    repaired = _multi(shapely.unary_union([shapely.make_valid(each) for each in polygons]))
    total = sum(abs(each.area) for each in polygons)
    is_drawn = abs(repaired.area - total) <= _TOLERANCE * repaired.area
    return repaired if is_drawn and not repaired.is_empty else None


def resolve_selections(session: Session, plan: Plan, own_areas: dict[str, Polygons]) -> Selections:
    """Resolve each leg of the plan; refuse what cannot be read or does not exist."""
    selections = Selections(own_areas=own_areas)
    resolver = _Resolver(session, plan, selections)
    for number, leg in enumerate(plan.legs):
        if leg.selector is not None:
            resolver.resolve_selections(number, leg, leg.selector)
    resolver.check_own_areas()
    resolver.check_areas()
    resolver.check_neighbours()
    resolver.check_streets()
    return selections


class _Resolver:
    def __init__(self, session: Session, plan: Plan, selections: Selections) -> None:
        self.session = session
        self.plan = plan
        self.selections = selections
        rows = session.execute(SQL.text("real_boundaries"), {"units": sorted(plan.touched)})
        self.real = {unit_id: shapely.from_wkb(bytes(shape)) for unit_id, shape in rows}
        self.parts: dict[int, list[tuple[Leg, Polygons]]] = defaultdict(list)
        """Split unit → its parts with a polygon, from the file of boundaries or inline."""
        self.streets: dict[int, str] = {}
        """Street → its name in the resolution."""

    def refuse(self, code: str, leg: Leg, about: str = "") -> None:
        self.selections.refusals.append(Refusal(code, leg.line, about))

    def resolve_selections(self, number: int, leg: Leg, selector: Selector) -> None:
        for part in selector.street_parts:
            self._street(number, leg, part)
        for name in selector.localities:
            self._locality(number, leg, name)
        for code in selector.former:
            self._former(number, leg, code)
        if selector.polygon is not None:
            self._polygon(number, leg, selector.polygon)
        if not selector.is_given:
            self._own_area(number, leg)

    def _street(self, number: int, leg: Leg, part: StreetPart) -> None:
        read = parse_street(part.street)
        if read is None or read.key.startswith("#"):
            return self.refuse("street_unreadable", leg, part.street)
        found = self._named("street", leg.source, (read.key, *read.alt_keys), read.name)
        if part.former is not None:
            former = {unit.id for unit in _with_code(self.plan, part.former)}
            found = [row for row in found if row.former_unit_id in former]
        if not found:
            return self.refuse(
                "street_unknown", leg, self._similar("street", leg, part.street, read.key)
            )
        self.streets |= dict.fromkeys((row.id for row in found), part.street)
        bounds = part.first, part.last, _PARITY[part.side]
        self.selections.streets += [(number, row.id, *bounds) for row in found]
        return None

    def _locality(self, number: int, leg: Leg, name: str) -> None:
        read = [parse_locality(word) for word in name.split(",")]
        named = [place for place in read if place is not None]
        if len(named) < len(read):
            return self.refuse("locality_unreadable", leg, name)
        inner, *outer = named
        found = self._named("locality", leg.source, (inner.key,), inner.name)
        outer_keys = {place.key for place in outer}
        if outer_keys:
            found = [
                row
                for row in found
                if outer_keys <= {key for _, key, _ in holders(self.session, row.id)}
            ]
        if not found:
            return self.refuse(
                "locality_unknown", leg, self._similar("locality", leg, name, inner.key)
            )
        self.selections.localities += [(number, row.id) for row in found]
        return None

    def _named(self, class_: str, unit: Unit, keys: tuple[str, ...], name: str) -> list[Any]:
        """Return the unit's places with these keys; names match with their marks or without."""
        parameters = {"class": class_, "units": [unit.id], "keys": list(keys)}
        rows = self.session.execute(SQL.text("places_named"), parameters).all()
        same = [row for row in rows if spelling(name, row.name) is Spelling.SAME]
        return same or [row for row in rows if spelling(name, row.name) is Spelling.BARE]

    def _similar(self, class_: str, leg: Leg, name: str, key: str) -> str:
        """Return the name, with those of the unit that resemble it: `Phố Độ Cấn (Phố Đội Cấn?)`."""
        near = similar_names(self.session, class_, leg.source.id, key)
        return f"{name} ({', '.join(near)}?)" if near else name

    def _former(self, number: int, leg: Leg, code: str) -> None:
        former = _with_code(self.plan, code)
        if not former:
            self.refuse("unit_unknown", leg, code)
        self.selections.formers += [(number, unit.id) for unit in former]

    def _polygon(self, number: int, leg: Leg, geometry: Mapping[str, Any]) -> None:
        try:
            polygons = parse_polygons(geometry)
        except MalformedPolygonError as error:
            return self.refuse("polygon_unreadable", leg, str(error))
        shape = drawn(polygons)
        if shape is None:
            return self.refuse("polygon_invalid", leg, leg.source.code)
        if not self._lies_in(shape, [leg.source]):
            return self.refuse("polygon_elsewhere", leg, leg.source.code)
        area = len(self.selections.areas)
        self.selections.areas[area] = shape
        self.selections.by_area.append((number, area))
        self.parts[leg.source.id].append((leg, shape))
        return None

    def _own_area(self, number: int, leg: Leg) -> None:
        """Describe the part by the polygon of its target unit."""
        shape = self.selections.own_areas.get(leg.successor.code)
        if shape is None:
            return self.refuse("part_untold", leg, f"{leg.source.code} → {leg.successor.code}")
        known = {id(each): area for area, each in self.selections.areas.items()}
        area = known.get(id(shape), len(self.selections.areas))
        self.selections.areas[area] = shape
        self.selections.by_area.append((number, area))
        self.parts[leg.source.id].append((leg, shape))
        return None

    def _lies_in(self, shape: Polygons, units: Sequence[Unit]) -> bool:
        """Whether a polygon lies in these units, as far as their positions are known."""
        known = [self.real[unit.id] for unit in units if unit.id in self.real]
        if len(known) == len(units):
            outside = shape.difference(shapely.unary_union(known))
            return bool(outside.area <= _TOLERANCE * shape.area)
        country = shapely.box(*AROUND_VIET_NAM)
        seats = [(u.lon, u.lat) for u in units if u.lon is not None and u.lat is not None]
        near = not seats or shape.distance(shapely.MultiPoint(seats)) <= _FAR
        return near and country.covers(shape)

    def check_own_areas(self) -> None:
        """Check that polygons of the file are valid, and lie in the units they are made of."""
        for code, shape in self.selections.own_areas.items():
            legs = [leg for leg in self.plan.legs if code in (leg.successor.code, leg.source.code)]
            given = [leg for leg in legs if leg.successor.code == code]
            if not legs:
                continue
            units = {leg.source.id: leg.source for leg in given}
            for one in (end for leg in legs for end in (leg.source, leg.successor)):
                if one.code == code and isinstance(one, Unit) and one.id not in self.plan.ended:
                    units[one.id] = one
            if shape.is_empty:
                self.refuse("polygon_invalid", legs[0], code)
            elif not self._lies_in(shape, list(units.values())):
                self.refuse("polygon_elsewhere", legs[0], code)

    def check_areas(self) -> None:
        """Check that polygons of one unit's parts do not overlap, and together leave no hole."""
        for source_id, parts in self.parts.items():
            source, last = self.real.get(source_id), parts[-1][0]
            drawings = [shape for _, shape in parts]
            shapes = drawings if source is None else [each & source for each in drawings]
            union = shapely.unary_union(shapes)
            if sum(shape.area for shape in shapes) - union.area > _TOLERANCE * union.area:
                self.refuse("parts_overlap", last, last.source.code)
            only = len(parts) == sum(leg.source.id == source_id for leg in self.plan.legs)
            if not only or source is None or source_id not in self.plan.ended:
                continue
            if source.difference(union).area > _TOLERANCE * source.area:
                self.refuse("polygons_leave_hole", last, last.source.code)

    def check_neighbours(self) -> None:
        """Check that units to be merged are adjacent, unless unknown or confirmed."""
        if "units_apart" in self.plan.document.resolution.resolution.confirm:
            return
        by_heir: dict[str, list[Leg]] = defaultdict(list)
        for leg in self.plan.legs:
            by_heir[leg.successor.code].append(leg)
        for legs in by_heir.values():
            units = {leg.source.id: leg.source for leg in legs}
            successor = legs[0].successor
            units |= {successor.id: successor} if isinstance(successor, Unit) else {}
            known = [self.real[unit_id] for unit_id in units if unit_id in self.real]
            if len(known) == len(units) > 1 and _are_apart(known):
                self.refuse("units_apart", legs[-1], ", ".join(u.code for u in units.values()))

    def check_streets(self) -> None:
        """Check that each number of a street goes to one part only."""
        by_street = defaultdict(list)
        for number, street, first, last, parity in self.selections.streets:
            by_street[street].append((first or 0, last or 10**9, parity, number))
        for parts in by_street.values():
            for at, (first, last, parity, number) in enumerate(parts):
                for other_first, other_last, other_parity, other in parts[:at]:
                    sides = None in (parity, other_parity) or parity == other_parity
                    if other != number and sides and first <= other_last and other_first <= last:
                        leg, beside = self.plan.legs[number], self.plan.legs[other]
                        codes = f"{beside.successor.code}, {leg.successor.code}"
                        self.refuse("parts_overlap", leg, f"{self.streets[street]}: {codes}")


def _with_code(plan: Plan, code: str) -> list[Unit]:
    """Return all units with the code on the day before the effective date or earlier."""
    return [unit for unit in plan.bearers(code) if unit.born is None or unit.born < plan.day]


def _are_apart(shapes: Sequence[shapely.Geometry]) -> bool:
    """Whether some shape is not connected with the first one."""
    reached, waiting = [shapes[0]], list(shapes[1:])
    for one in reached:
        near = [other for other in waiting if shapely.dwithin(one, other, _NEAR)]
        waiting = [other for other in waiting if not any(other is each for each in near)]
        reached += near
    return bool(waiting)


def _multi(shape: shapely.Geometry) -> Polygons:
    """Return only the polygons of a shape."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
    nested = [part for part in shapely.get_parts(shape) if part.geom_type == "MultiPolygon"]
    return shapely.MultiPolygon([*parts, *(p for each in nested for p in each.geoms)])
