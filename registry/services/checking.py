"""What is wrong with the areas of carriers: those that overlap, codes of no door, doors that nobody
serves.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.features.words import communes_in
from registry.gazetteer import Gazetteer, today
from registry.records import OPEN
from registry.services import Basis, Kind

MOST_TOLD: Final = 200
"""Overlaps that are told: whoever mends these looks again."""
MOST_CODES: Final = 10
"""Of a commune."""
_SLIVER_M2: Final = 100
"""Neighbours that are drawn by hand overlap by as much."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two areas that do the same at one place, on one day at least."""

    operator: str
    service: str
    kind: Kind
    basis: Basis
    office: str | None
    """That of the one area; None where it has none."""
    other_office: str | None
    where: str
    """A commune with its code, the size that both cover, or the number of codes that both list."""


@dataclass(frozen=True, slots=True)
class Unserved:
    """Doors of a commune that no area holds."""

    code: str
    name: str
    doors: int
    codes: tuple[str, ...]
    """The first of their codes, for who may list doors; none where the country is asked about."""


@dataclass(frozen=True, slots=True)
class Report:
    """What should be looked at."""

    overlaps: tuple[Overlap, ...]
    lost_codes: int
    """Listed codes that stand for no door any more."""
    unserved: tuple[Unserved, ...]
    """By commune, the most doors first."""

    @property
    def doors(self) -> int:
        """Doors that nobody serves."""
        return sum(each.doors for each in self.unserved)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"doors": self.doors}


def check_services(
    session: Session,
    gazetteer: Gazetteer,
    *,
    operator: str | None = None,
    unit: str | None = None,
    kind: Kind = "delivers",
    overlaps_in: str | None = None,
) -> Report:
    """Where the areas of an operator, or of all, overlap, in a unit or in the country; and the
    doors of a unit, or of the country, that it, or nobody, serves today. Doors of restricted places
    are not counted.

    Raises InvalidInputError and NotFoundError for what is no unit of today.
    """
    return Report(
        tuple(overlaps(session, gazetteer, operator, overlaps_in)),
        lost_codes(session, operator),
        tuple(unserved_doors(session, gazetteer, unit, operator=operator, kind=kind)),
    )


def overlaps(
    session: Session, gazetteer: Gazetteer, operator: str | None, unit: str | None = None
) -> list[Overlap]:
    """Areas of today or of days to come that do the same at one place of a unit, or of the country,
    at most MOST_TOLD.

    Raises InvalidInputError and NotFoundError for what is no unit of today.
    """
    day = today()
    units = None if unit is None else communes_in(gazetteer, unit, day)
    given: dict[str, object] = {"operator": operator, "units": units, "day": day}
    given |= {"most": MOST_TOLD, "sliver": _SLIVER_M2}
    found = []
    session.execute(_SEQUENTIAL, {"scans": "off"})
    for statement in (_SAME_CODES, _SAME_PLACE, _SAME_COMMUNES):
        for row in session.execute(statement, given):
            if row.basis == "commune":
                commune = gazetteer.units[int(row.much)]
                where = f"{commune.version_on(day).full_name} ({commune.code})"
            else:
                where = f"{row.much:.0f}" if row.basis == "code" else f"{row.much / 1e6:.4f} km²"
            offices = (row.one_office, row.other_office)
            found.append(Overlap(row.operator, row.service, row.kind, row.basis, *offices, where))
    session.execute(_SEQUENTIAL, {"scans": "on"})
    return found[:MOST_TOLD]


def lost_codes(session: Session, operator: str | None) -> int:
    """How many listed codes stand for no door any more."""
    found: int = session.execute(_LOST, {"operator": operator, "day": today()}).scalar_one()
    return found


def unserved_doors(
    session: Session,
    gazetteer: Gazetteer,
    unit: str | None,
    *,
    operator: str | None = None,
    kind: Kind = "delivers",
) -> list[Unserved]:
    """Doors of a unit, or of the country, that the operator, or nobody, serves today, by commune.

    Raises InvalidInputError and NotFoundError for what is no unit of today.
    """
    day = today()
    given: dict[str, object] = {"operator": operator, "kind": kind, "day": day}
    if unit is None:
        rows = session.execute(_UNSERVED, given)
    else:
        units = communes_in(gazetteer, unit, day)
        named = {"units": units, "named": MOST_CODES}
        rows = session.execute(_UNSERVED_INSIDE, given | named)
    return [
        Unserved(found.code, found.version_on(day).full_name, row.doors, tuple(row.codes))
        for row in rows
        for found in (gazetteer.units[row.unit_id],)
    ]


# Of two areas the later one is told, with one of those that it overlaps. OFFSET 0: what is at a
# place is found by the index of places, and not among all that an operator has, which would be
# millions of pairs; a set that was delivered just now has no statistics that would say so, and
# without them tables are small and are read from end to end.
_SEQUENTIAL: Final = text("SELECT set_config('enable_seqscan', :scans, true)")
_OTHER: Final = """
    o.operator = a.operator AND o.service = a.service AND o.kind = a.kind AND o.id < a.id
    AND o.valid * a.valid && daterange(:day, NULL)
"""
_CURRENT: Final = """
    a.operator = coalesce(:operator, a.operator) AND coalesce(upper(a.valid) > :day, true)
"""
_INSIDE: Final = "AND (CAST(:units AS int[]) IS NULL OR {inside})"
# Where nobody has drawn a unit it may be this one.
_DRAWN_INSIDE: Final = """coalesce((
    SELECT bool_or(b.unit_id = ANY (:units)) FROM boundary_part b
    WHERE ST_Intersects(b.geom, ST_Intersection(o.geom, a.geom))), true)
"""
_PAIR: Final = f"""
    SELECT a.operator, a.service, a.kind, '{{basis}}' AS basis, {{much}} AS much,
        (SELECT name FROM service_office WHERE id = o.office_id) AS one_office,
        (SELECT name FROM service_office WHERE id = a.office_id) AS other_office
    FROM {{of}}
    WHERE {_CURRENT} {{rest}} LIMIT :most
"""  # noqa: S608 - constants
_LISTED: Final = f"""
    service_area a JOIN service_area_{{basis}} m ON m.area_id = a.id
    CROSS JOIN LATERAL (
        SELECT o.id, o.office_id FROM (
            SELECT area_id FROM service_area_{{basis}} WHERE {{column}} = m.{{column}} OFFSET 0
        ) n CROSS JOIN LATERAL (SELECT * FROM service_area WHERE id = n.area_id OFFSET 0) o
        WHERE {_OTHER} LIMIT 1
    ) o
"""  # noqa: S608 - constants
_SAME_COMMUNES: Final = text(
    _PAIR.format(
        basis="commune",
        much="m.unit_id",
        of=_LISTED.format(basis="unit", column="unit_id"),
        rest=_INSIDE.format(inside="m.unit_id = ANY (:units)"),
    )
)
_SAME_CODES: Final = text(
    _PAIR.format(
        basis="code",
        much="count(*)",
        of=_LISTED.format(basis="code", column="code"),
        rest=_INSIDE.format(
            inside="EXISTS (SELECT FROM household h WHERE h.code = m.code"
            " AND h.unit_id = ANY (:units))"
        )
        + " GROUP BY a.id, o.id, o.office_id",
    )
)
_SAME_PLACE: Final = text(
    _PAIR.format(
        basis="polygon",
        much="s.size",
        of=f"""service_area a CROSS JOIN LATERAL (
            SELECT * FROM service_area p WHERE ST_Intersects(p.geom, a.geom) OFFSET 0
        ) o CROSS JOIN LATERAL (
            SELECT ST_Area(ST_Intersection(o.geom, a.geom)::geography) AS size
            WHERE {_OTHER}
        ) s""",  # noqa: S608 - constants
        rest="AND a.geom IS NOT NULL AND s.size > :sliver " + _INSIDE.format(inside=_DRAWN_INSIDE),
    )
)
_LOST: Final = text(
    f"""
    SELECT count(*) FROM service_area a JOIN service_area_code c ON c.area_id = a.id
    WHERE {_CURRENT} AND NOT EXISTS (
        SELECT FROM household h WHERE h.code = c.code AND h.status IN ('proposed', 'active'))
    """  # noqa: S608 - constants
)
_SERVES: Final = """
    s.operator = coalesce(:operator, s.operator) AND s.kind = :kind
    AND s.valid @> CAST(:day AS date)
"""
# Of communes that are served as a whole no door is looked at; nor is there a look for codes or
# polygons where nobody has any.
_NOBODY: Final = f"""
    FROM household h
    WHERE {OPEN} AND h.kind = 'household' AND h.unit_id = ANY (ARRAY(
            SELECT u.id FROM admin_unit u WHERE u.level = 'commune' {{inside}} AND u.id NOT IN (
                SELECT m.unit_id FROM service_area_unit m JOIN service_area s ON s.id = m.area_id
                WHERE {_SERVES})))
        AND NOT ((SELECT EXISTS (
            SELECT FROM service_area s JOIN service_area_code c ON c.area_id = s.id WHERE {_SERVES}
        )) AND EXISTS (
            SELECT FROM (
                SELECT area_id FROM service_area_code
                WHERE code IN (h.code, h.parent_code) OFFSET 0
            ) c JOIN service_area s ON s.id = c.area_id WHERE {_SERVES}))
        AND NOT ((SELECT EXISTS (
            SELECT FROM service_area s WHERE s.geom IS NOT NULL AND {_SERVES}
        )) AND EXISTS (
            SELECT FROM (
                SELECT * FROM service_area p WHERE ST_Covers(p.geom, h.point) OFFSET 0
            ) s WHERE {_SERVES}))
"""  # noqa: S608 - constants
_COUNTED: Final = f"""
    SELECT h.unit_id, count(*) AS doors, {{codes}} AS codes {_NOBODY}
    GROUP BY h.unit_id ORDER BY doors DESC, h.unit_id
"""
_UNSERVED: Final = text(_COUNTED.format(codes="CAST('{}' AS text[])", inside=""))
_UNSERVED_INSIDE: Final = text(
    _COUNTED.format(
        codes="(array_agg(h.code ORDER BY h.code))[1 : CAST(:named AS int)]",
        inside="AND u.id = ANY (CAST(:units AS int[]))",
    )
)
