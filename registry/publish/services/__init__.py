"""Services of carriers: who delivers to a door, who collects there, which counter serves it.

Each operator has its own set of areas and offices (`loading`). For one service of an operator the
most specific area counts: a list of codes before a polygon, and that before a commune. Equally
specific areas are all returned, and reported (`checking`).

A file is the operator's complete set, applied in one transaction with one event: each knows its own
network, and must not touch another's. The owner is the name of the key, never reused. Answers give
the number of codes; a list would be the cheapest enumeration. There are no calls for single areas
and no history: files have days (`valid_from`, `valid_to`).
"""

import datetime
from dataclasses import dataclass
from typing import Annotated, Final, Literal, get_args

from pydantic import Field

from registry.access.reach import writable
from registry.core.actors import acting
from registry.core.errors import ForbiddenError, InvalidInputError
from registry.core.messages import Message
from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.records.record import Record
from registry.records.restricted import discloses_door
from registry.search.reverse import NEIGHBOUR_M, check_point

SQL: Final = Statements(__file__, "queries.sql")

Kind = Literal["delivers", "collects", "counter"]
Basis = Literal["code", "polygon", "commune"]
"""How an area may be defined, the most specific first."""
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class ServiceOffice:
    """An office of an operator."""

    name: str
    lon: float | None
    lat: float | None
    hours: Annotated[str | None, Field(examples=["Mo-Sa 07:30-18:00"])]
    """As OpenStreetMap writes opening hours"""


@dataclass(frozen=True, slots=True)
class ServiceHere:
    """A service of an operator at a place."""

    operator: Annotated[str, Field(examples=["Bưu điện Việt Nam"])]
    service: Annotated[str, Field(examples=["Chuyển phát nhanh"])]
    """What the operator calls it"""
    kind: Kind
    """delivers: giao; collects: gom; counter: quầy"""
    basis: Basis
    """What of the operator's areas says so: the most specific one counts"""
    valid_from: datetime.date | None
    """First day; null from the beginning"""
    valid_to: datetime.date | None
    """Last day; null without end"""
    office: ServiceOffice | None
    distance_m: float | None
    """From the place to the office"""


def operator_of(asked: str | None) -> str:
    """Return the operator for whom the caller writes: a carrier, by the name of its key.

    The operator of the register, and an administrator of the whole country, may name another.
    Raises ForbiddenError for other callers, InvalidInputError without a name.
    """
    actor = acting()
    if actor is None or (actor.role == "admin" and writable() is None):
        name = (asked or (actor.name if actor else "")).strip()
        if not name:
            raise InvalidInputError.of_field(
                "operator", "missing", Message("operator_name_required")
            )
        return name
    if actor.role != "carrier":
        raise ForbiddenError(Message("carrier_key_required"))
    if asked not in (None, "", actor.name):
        raise ForbiddenError(Message("areas_of_other_operator", name=actor.name))
    return actor.name


def services_of(reads: Reads, record: Record, day: datetime.date) -> list[ServiceHere]:
    """Return the services of a door on a day, by operator, service and kind.

    If the caller may not see the door, returns only those of its whole commune.
    """
    seen = discloses_door(record)
    return _read(
        reads,
        SQL.driver("services_of_door"),
        {
            "codes": [code for code in (record.code, record.parent_code) if code and seen],
            "units": [record.unit_id] if record.unit_id is not None else [],
            "lon": record.lon if seen else None,
            "lat": record.lat if seen else None,
            "day": day,
        },
    )


def services_at(reads: Reads, day: datetime.date, *, lon: float, lat: float) -> list[ServiceHere]:
    """Return the services at a point in degrees, WGS 84.

    Its commune is that of a real boundary, else of the nearest door. Raises InvalidInputError for
    coordinates out of range.
    """
    check_point(lon=lon, lat=lat)
    given = {"lon": lon, "lat": lat, "day": day, "near_m": NEIGHBOUR_M}
    return _read(reads, SQL.driver("services_at"), given)


def _read(reads: Reads, statement: str, given: dict[str, object]) -> list[ServiceHere]:
    return [_service(*row) for row in reads.rows(statement, given)]


def _service(
    operator: str,
    service: str,
    kind: Kind,
    basis: Basis,
    first: datetime.date | None,
    last: datetime.date | None,
    office: str | None,
    lon: float | None,
    lat: float | None,
    hours: str | None,
    distance_m: float | None,
) -> ServiceHere:
    served_by = None if office is None else ServiceOffice(office, lon, lat, hours)
    return ServiceHere(operator, service, kind, basis, first, last, served_by, distance_m)
