"""Services of carriers: who delivers to a door, who collects there, which counter it belongs to.

Several operators stand side by side, each with its own set of areas and offices (`loading`). For
one service of an operator the most specific area counts: a list of codes before a polygon, and that
before a commune. Two that are equally specific are both told, and reported (`checking`).
"""

import datetime
from dataclasses import dataclass
from typing import Final, Literal, get_args

from registry.access.actors import acting
from registry.access.reach import writable
from registry.errors import ForbiddenError, InvalidInputError
from registry.reads import Reads
from registry.records import OPEN, Record
from registry.restricted import tells_door
from registry.reverse import NEIGHBOUR_M, check_point

Kind = Literal["delivers", "collects", "counter"]
Basis = Literal["code", "polygon", "commune"]
"""What an area may be made of, the most specific first."""
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Office:
    """Where an operator does its work."""

    name: str
    lon: float | None
    lat: float | None
    hours: str | None


@dataclass(frozen=True, slots=True)
class Service:
    """What an operator does at a place, and from which office."""

    operator: str
    service: str
    kind: Kind
    basis: Basis
    valid_from: datetime.date | None
    valid_to: datetime.date | None
    office: Office | None
    distance_m: float | None
    """From the place to the office; None where one of them is not known."""


def operator_of(asked: str | None) -> str:
    """The operator for whom who acts writes: a carrier for itself, by the name of its key.

    Whoever runs the register, and an administrator of the whole country, may name another one.
    Raises ForbiddenError for everybody else, InvalidInputError where nobody is named.
    """
    actor = acting()
    if actor is None or (actor.role == "admin" and writable() is None):
        name = (asked or (actor.name if actor else "")).strip()
        if not name:
            raise InvalidInputError.of_field("operator", "missing", "cần tên hãng (whose areas)")
        return name
    if actor.role != "carrier":
        raise ForbiddenError(
            "vùng phục vụ do hãng vận chuyển tự khai: cần khoá carrier (only a carrier's key)"
        )
    if asked not in (None, "", actor.name):
        raise ForbiddenError(
            f"khoá này là của {actor.name}, không ghi cho hãng khác (another operator's areas)"
        )
    return actor.name


def services_of(reads: Reads, record: Record, day: datetime.date) -> list[Service]:
    """The services of a door on a day, by operator, service and kind.

    Of a door that who acts may not see, only what serves its commune as a whole is told.
    """
    seen = tells_door(record)
    return _read(
        reads,
        _OF_DOOR,
        {
            "codes": [code for code in (record.code, record.parent_code) if code and seen],
            "units": [record.unit_id] if record.unit_id is not None else [],
            "lon": record.lon if seen else None,
            "lat": record.lat if seen else None,
            "day": day,
        },
    )


def services_at(reads: Reads, day: datetime.date, *, lon: float, lat: float) -> list[Service]:
    """The services at a point: its commune is that of a real boundary, else of the nearest door.

    Degrees, WGS 84. Raises InvalidInputError for a point that is not on the earth.
    """
    check_point(lon=lon, lat=lat)
    return _read(reads, _AT_POINT, {"lon": lon, "lat": lat, "day": day})


def _read(reads: Reads, statement: str, given: dict[str, object]) -> list[Service]:
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
) -> Service:
    served_by = None if office is None else Office(office, lon, lat, hours)
    return Service(operator, service, kind, basis, first, last, served_by, distance_m)


_POINT: Final = "ST_SetSRID(ST_MakePoint(%(lon)s::float8, %(lat)s::float8), 4326)"
# The point is an uncorrelated sub-select: the index of polygons counts under a generic plan too.
_SERVICES: Final = f"""
    SELECT f.operator, f.service, f.kind, (ARRAY['code', 'polygon', 'commune'])[f.rank],
        lower(f.valid), upper(f.valid) - 1, o.name, ST_X(o.point), ST_Y(o.point), o.hours,
        round(ST_Distance(o.point::geography, (SELECT {_POINT})::geography)::numeric)::float8 AS far
    FROM (
        SELECT a.*, m.rank,
            m.rank = min(m.rank) OVER (PARTITION BY a.operator, a.service, a.kind) AS counts
        FROM (
            SELECT area_id, min(rank) AS rank FROM (
                SELECT c.area_id, 1 AS rank FROM service_area_code c WHERE c.code = ANY ({{codes}})
                UNION ALL
                SELECT p.id, 2 FROM service_area p WHERE ST_Covers(p.geom, (SELECT {_POINT}))
                UNION ALL
                SELECT u.area_id, 3 FROM service_area_unit u WHERE u.unit_id = ANY ({{units}})
            ) found GROUP BY area_id
        ) m JOIN service_area a ON a.id = m.area_id AND a.valid @> %(day)s::date
    ) f LEFT JOIN service_office o ON o.id = f.office_id
    WHERE f.counts
    ORDER BY f.operator, f.service, f.kind, far, o.name, f.id
"""  # noqa: S608 - constants; a value is a bind parameter
_OF_DOOR: Final = _SERVICES.format(codes="%(codes)s::text[]", units="%(units)s::int[]")
_COMMUNES: Final = f"""(SELECT coalesce(
    (SELECT array_agg(DISTINCT b.unit_id) FROM boundary_part b JOIN admin_unit u ON u.id = b.unit_id
    WHERE ST_Covers(b.geom, (SELECT {_POINT}))
        AND u.level = 'commune' AND u.lifetime @> current_date),
    (SELECT array_agg(n.unit_id) FROM (
        SELECT h.unit_id, h.point FROM household h WHERE {OPEN}
        ORDER BY h.point <-> (SELECT {_POINT}) LIMIT 1
    ) n WHERE ST_DWithin(n.point::geography, (SELECT {_POINT})::geography, {NEIGHBOUR_M}))
))::int[]"""  # noqa: S608 - constants
_AT_POINT: Final = _SERVICES.format(codes="'{}'::text[]", units=_COMMUNES)
