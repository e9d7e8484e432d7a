"""Reports of unregistered houses: their point and address, as somebody on the spot gives them.

Only the parts of the text that are understood are stored: number, street, locality, flat. Names of
people beside them are not, and a text with a telephone number is refused.
"""

import math
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.address import Door, names_dwelling
from geo.capitals import tidy
from geo.flat import block_key
from geo.label import label, named, number_label
from geo.points import is_about_viet_nam
from registry.core.errors import AddressTakenError, InvalidInputError
from registry.core.messages import Message
from registry.core.personal import LEAVE_OUT, PERSONAL_DATA, holds_personal
from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.core.text_work import QUESTIONS, STEPS, Work
from registry.records.lookup import code_forms
from registry.search.answers import Answer
from registry.search.find.areas import area_of
from registry.search.geocode import Question, locate
from registry.search.judge.wording import door_parts
from registry.search.read.door_with_units import ReadAddress
from registry.search.reverse import NEIGHBOUR_M, reverse
from registry.units.boundaries import communes_at
from registry.units.boundaries.reach import refuse_far
from registry.units.gazetteer import Gazetteer, Unit, today

SQL: Final = Statements(__file__, "queries.sql")

MAX_TEXT: Final = 300
_SURE: Final = 0.8
_NEAR_DEGREES: Final = 0.001
"""About 100 m: a point this far outside a commune's boundary may still belong to it."""

_DRAWN: Final = text("SELECT EXISTS (SELECT FROM boundary_part)")


@dataclass(frozen=True, slots=True)
class NewHouse:
    """A reported house, as understood."""

    unit: Unit
    """Its commune, or its province if the commune is uncertain."""
    address: str | None = None
    """Label up to the commune; None if only the point is known."""
    parts: dict[str, str] | None = None
    """Parts as the operation `propose` accepts them."""
    key: str | None = None
    """Equal for equal addresses of one commune."""
    similar: tuple[str, ...] = ()
    """Codes of doors that may be this house."""


def check_in_viet_nam(session: Session, *, lon: float, lat: float) -> list[int]:
    """Return ids of the communes with a boundary at a point, or else within 100 m; may be empty.

    Raises InvalidInputError for a point outside Viet Nam.
    """
    inside = is_about_viet_nam(lon=lon, lat=lat)
    found: list[int] = []
    if inside:
        point = {"lon": lon, "lat": lat, "degrees": _NEAR_DEGREES}
        found = communes_at(session, lon=lon, lat=lat) or list(
            session.scalars(SQL.text("communes_drawn_near"), point)
        )
        inside = bool(found) or not session.execute(_DRAWN).scalar_one()
    if not inside:
        raise InvalidInputError.of_field(
            "lon", "outside_viet_nam", Message("point_outside_country")
        )
    return found


def describe(
    session: Session,
    gazetteer: Gazetteer,
    reads: Reads,
    *,
    lon: float,
    lat: float,
    written: str | None,
) -> NewHouse:
    """Describe the house at a point, with the address as understood.

    Raises AddressTakenError, with its code, for a registered door; InvalidInputError for a point
    outside Viet Nam, and for a text that names no dwelling or another commune.
    """
    near = check_in_viet_nam(session, lon=lon, lat=lat)
    if not written:
        return NewHouse(_commune(session, gazetteer, reads, near, None, lon=lon, lat=lat))
    if holds_personal(written):
        raise InvalidInputError.of_field("address", PERSONAL_DATA, LEAVE_OUT)
    first = locate(gazetteer, reads, Question(text=written), _half())
    unit = _commune(session, gazetteer, reads, near, first.reading, lon=lon, lat=lat)
    here = locate(gazetteer, reads, Question(text=written, within=unit.code), _half())
    similar = _similar(here.answers, sure=unit.level == "commune")
    reading = here.reading or first.reading
    if reading is None or not names_dwelling(reading.door, has_point=True):
        raise InvalidInputError.of_field(
            "address",
            "address_names_no_dwelling",
            Message("report_house_required"),
        )
    door = reading.door
    return NewHouse(unit, label(door_parts(door), ()), _parts(door), _key(door), similar)


def _half() -> Work:
    """Return the budget of one of the two searches, more than any real address needs."""
    return Work(steps=STEPS // 2, questions=QUESTIONS * 3 // 4)


def _commune(
    session: Session,
    gazetteer: Gazetteer,
    reads: Reads,
    near: list[int],
    reading: ReadAddress | None,
    *,
    lon: float,
    lat: float,
) -> Unit:
    """Return the one commune that contains the point and fits the text, or else the province of the
    nearest.
    """
    named_units: set[int] | None = None
    if reading is not None and reading.namings:
        area = area_of(gazetteer, today(), reading.namings, None)
        named_units = set(area.communes) if area.communes is not None else None
    drawn = near or _neighbours(gazetteer, reads, lon=lon, lat=lat)
    fitting = [i for i in drawn if named_units is None or i in named_units]
    if drawn and not fitting:
        there = ", ".join(_name(gazetteer, i) for i in drawn)
        raise InvalidInputError.of_field(
            "address", "commune_contradicted", Message("point_in_other_unit", there=there)
        )
    if not drawn and named_units is not None and len(named_units) == 1:
        fitting = list(named_units)
    if not fitting:
        return _province(gazetteer, named_units, lon=lon, lat=lat)
    if not drawn:
        refuse_far(session, fitting[0], lon=lon, lat=lat)
    return gazetteer.units[fitting[0]]


def _province(gazetteer: Gazetteer, named: set[int] | None, *, lon: float, lat: float) -> Unit:
    """Return the province of the commune, of those named, whose seat is nearest to the point."""
    day = today()
    seats = [
        (math.hypot((unit.lon - lon) * math.cos(math.radians(lat)), unit.lat - lat), unit.id)
        for unit in gazetteer.alive(day, level="commune")
        if unit.lon is not None and unit.lat is not None and (not named or unit.id in named)
    ]
    nearest = gazetteer.units[min(seats)[1]] if seats else None
    found = nearest and gazetteer.province_of(nearest, day)
    if found is None:
        raise InvalidInputError.of_field(
            "address",
            "commune_undecided",
            Message("report_commune_unclear"),
        )
    return found


def _neighbours(gazetteer: Gazetteer, reads: Reads, *, lon: float, lat: float) -> list[int]:
    """Return the commune of the nearest door, for a register without boundaries."""
    found = reverse(gazetteer, reads, lon=lon, lat=lat, limit=1, radius_m=NEIGHBOUR_M)
    return [a.unit.id for a in found if a.record is not None and a.unit is not None]


def _name(gazetteer: Gazetteer, unit_id: int) -> str:
    return gazetteer.units[unit_id].version_on(today()).full_name


def _similar(answers: list[Answer], *, sure: bool) -> tuple[str, ...]:
    """Return codes of doors that may be the house; raises AddressTakenError if one certainly is,
    which requires a known commune (`sure`).
    """
    doors = [a for a in answers if a.level == "household" and a.record is not None]
    codes = [a.record.code for a in doors if a.record is not None]
    if sure and len(doors) == 1 and doors[0].confidence >= _SURE:
        forms = code_forms(codes[0])
        raise AddressTakenError(
            Message("address_has_code", code=forms["code_display"]),
            taken_by=forms,
        )
    return tuple(codes)


def _parts(door: Door) -> dict[str, str]:
    number, street, flat = door.house_number, door.street, door.flat
    found = {
        "house_number": number_label(number.key, number.written) if number else None,
        "street": named(street.kind, tidy(street.name)) if street else None,
        "locality": ", ".join(named(p.kind, tidy(p.name)) for p in door.localities),
        "building": flat.building if flat else None,
        "floor": flat.floor if flat else None,
        "unit_number": flat.unit if flat else None,
    }
    return {name: value for name, value in found.items() if value}


def _key(door: Door) -> str:
    number, street, flat = door.house_number, door.street, door.flat
    steps = (
        number.key if number else "",
        street.key if street else "",
        ",".join(place.key for place in door.localities),
        block_key(flat.building) if flat and flat.building else "",
        flat.floor if flat and flat.floor else "",
        flat.unit if flat and flat.unit else "",
    )
    return "|".join(steps)
