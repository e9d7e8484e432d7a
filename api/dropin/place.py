"""A search result in the terms of OpenStreetMap's geocoders."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import blake2s
from math import cos, radians, sqrt
from typing import Any, Final, NamedTuple, cast

from api.core.context import gazetteer
from api.v1.features import GeocodingProperties, feature_of
from geo import code as codes
from geo.label import LabelParts
from registry.search.answers import Answer, Level
from registry.search.autocomplete.suggestion import Suggestion
from registry.search.faults import OTHER_COUNTRY, POINT_ESTIMATED
from registry.units.gazetteer import Gazetteer, Unit, today

COUNTRY: Final = "vn"
COUNTRY_NAME: Final = "Việt Nam"
_FIRST_OTHER_ID: Final = 1 << 40
"""Ids of places without a code start here, above the serials of all codes."""
_DEGREE_M: Final = 111_320.0
_ISO: Final = "iso_3166_2"


class Kind(NamedTuple):
    """OpenStreetMap's terms for places of a level."""

    key: str
    value: str
    rank: int
    addresstype: str
    member: str
    """Member of the address that contains its name."""
    reach_m: float
    """Estimate of half its width, in metres, without a recorded area."""


KINDS: Final = {
    "household": Kind("place", "house", 30, "place", "house_number", 15),
    "building": Kind("building", "yes", 30, "building", "house_number", 30),
    "alley": Kind("highway", "service", 27, "road", "road", 150),
    "street": Kind("highway", "residential", 26, "road", "road", 400),
    "locality": Kind("place", "hamlet", 20, "hamlet", "hamlet", 500),
    "commune": Kind("boundary", "administrative", 12, "city", "city", 3_000),
    "province": Kind("boundary", "administrative", 8, "state", "state", 60_000),
}
_OUTWARDS: Final = tuple(KINDS)
_MEMBERS: Final = (
    *(("house_number", "housenumber"), ("road", "street"), ("hamlet", "locality")),
    *(("city", "city"), ("county", "district"), ("state", "state"), ("postcode", "postcode")),
)
"""Member of Nominatim's address → of GeocodeJSON."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place with a point."""

    id: int
    """The serial of its code (`geo.code.to_serial`), by which it is looked up; without a code, a
    hash of level and label."""
    level: str
    name: str
    label: str
    lon: float
    lat: float
    reach_m: float
    importance: float
    address: dict[str, str]
    """Nominatim's members, the smallest first."""
    code: str | None = None
    estimated_m: float | None = None
    """Error, in metres, of a point estimated from neighbouring numbers."""

    @property
    def own(self) -> dict[str, Any]:
        """Members of this register that have no counterpart in OpenStreetMap."""
        answer = {} if self.code is None else {"code": self.code}
        if self.estimated_m is None:
            return answer
        return {**answer, "point_estimated": True, "accuracy_m": self.estimated_m}

    @property
    def kind(self) -> Kind:
        """OpenStreetMap's terms for its level."""
        return KINDS[self.level]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, south, east, north, in degrees."""
        north = self.reach_m / _DEGREE_M
        east = north / max(cos(radians(self.lat)), 0.01)
        return self.lon - east, self.lat - north, self.lon + east, self.lat + north


def places_of(answers: Iterable[Answer]) -> Iterator[Place]:
    """Yield the answers that have a point; units without one get that of their seat.

    Answers to an address in another country are left out: clients cannot see their fault.
    """
    here = (answer for answer in answers if OTHER_COUNTRY not in answer.faults)
    return filter(None, map(partial(_place_of, gazetteer(), today()), here))


def _place_of(known: Gazetteer, day: datetime.date, answer: Answer) -> Place | None:
    unit, record = answer.unit, answer.record
    lon, lat = answer.lon, answer.lat
    if (lon is None or lat is None) and unit is not None:
        lon, lat = unit.lon, unit.lat
    if lon is None or lat is None:
        return None
    properties = feature_of(known, answer)["properties"]
    address = _address(properties["geocoding"], known.province_of(unit, day) if unit else None, day)
    label = properties["label"]
    return Place(
        id=codes.to_serial(record.code) if record else _id_of(f"{answer.level} {label}"),
        level=answer.level,
        name=address.get(KINDS[answer.level].member, label.split(",")[0]),
        label=label,
        lon=lon,
        lat=lat,
        reach_m=_reach(answer, unit),
        importance=answer.confidence,
        address=address,
        code=record.code if record else None,
        estimated_m=answer.accuracy_m if POINT_ESTIMATED in answer.faults else None,
    )


def suggested(line: Suggestion) -> Iterator[Place]:
    """Yield the street, locality or unit of a suggestion if it has a point."""
    if line.lon is None or line.lat is None:
        return
    level = line.type if line.type in KINDS else "locality"
    day, name = today(), line.label.split(",")[0]
    units = {"city": line.commune, "state": line.province}
    address = {
        KINDS[level].member: name,
        **{key: unit.version_on(day).full_name for key, unit in units.items() if unit},
        "country": COUNTRY_NAME,
        "country_code": COUNTRY,
    }
    yield Place(
        *(_id_of(f"{level} {line.label}"), level, name, line.label, line.lon, line.lat),
        *(KINDS[level].reach_m, 0.5, address),
    )


def _address(
    geocoding: GeocodingProperties, province: Unit | None, day: datetime.date
) -> dict[str, str]:
    answer = {
        ours: str(geocoding[theirs])  # type: ignore[literal-required]
        for ours, theirs in _MEMBERS
        if theirs in geocoding
    }
    iso = province.identifier(_ISO, day) if province else None
    if iso is not None:
        answer["ISO3166-2-lvl4"] = iso
    return {**answer, "country": geocoding["country"], "country_code": COUNTRY}


def _reach(answer: Answer, unit: Unit | None) -> float:
    if answer.level in ("commune", "province") and unit is not None and unit.area_km2:
        return sqrt(unit.area_km2) * 500
    return max(KINDS[answer.level].reach_m, answer.accuracy_m or 0)


def _id_of(name: str) -> int:
    return _FIRST_OTHER_ID + int.from_bytes(blake2s(name.encode(), digest_size=5).digest())


def code_of(place_id: int) -> str | None:
    """Return the code of a place by its id; None if the place has no code."""
    return codes.from_serial(place_id) if 0 <= place_id < codes.PAYLOAD_END else None


def coarsened(answers: Iterable[Answer], level: str) -> Iterator[Place]:
    """Yield the places that contain the answers at a level or above it, such as a door's street.

    A unit has the point of its seat.
    """
    known, day = gazetteer(), today()
    for answer in answers:
        for place in places_of([answer]):
            outwards = _OUTWARDS[max(map(_OUTWARDS.index, (place.level, level))) :]
            outer = next((o for o in outwards if KINDS[o].member in place.address), place.level)
            unit = answer.unit
            if outer == "province" and unit is not None:
                unit = known.province_of(unit, day)
            if outer == place.level:
                yield place
            elif outer in ("commune", "province") and unit is not None:
                whole = Answer(level=cast(Level, outer), parts=LabelParts(), unit=unit)
                yield from places_of([whole])
            else:
                yield _around(place, outer)


def _around(place: Place, level: str) -> Place:
    """Return the street or locality that contains a place."""
    member = KINDS[level].member
    inner = {KINDS[one].member for one in _OUTWARDS[: _OUTWARDS.index(level)]} - {member}
    address = {key: value for key, value in place.address.items() if key not in inner}
    label = ", ".join(value for key, value in address.items() if key in _LABEL_MEMBERS)
    return Place(
        *(_id_of(f"{level} {label}"), level, address[member], label, place.lon, place.lat),
        *(KINDS[level].reach_m, place.importance, address),
    )


_LABEL_MEMBERS: Final = frozenset({"road", "hamlet", "city", "state"})


def inside(place: Place, box: tuple[float, float, float, float]) -> bool:
    """Whether the point of a place lies in a box: west, south, east, north."""
    west, south, east, north = box
    return west <= place.lon <= east and south <= place.lat <= north
