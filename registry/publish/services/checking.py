"""Checks carriers' areas: overlaps, codes without a door, unserved doors."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.core.sql import Statements
from registry.publish.features.words import communes_in
from registry.publish.services import Basis, Kind
from registry.units.gazetteer import Gazetteer, today

SQL: Final = Statements(__file__, "queries.sql")

MOST_OVERLAPS: Final = 200
"""Overlaps returned; the others appear after these are fixed."""
MOST_CODES: Final = 10
"""Codes returned per commune."""
_SLIVER_M2: Final = 100
"""Ignored overlap, usual between neighbours drawn by hand."""


@dataclass(frozen=True, slots=True)
class ServiceOverlap:
    """Two areas of one operator that do the same at one place."""

    operator: str
    service: str
    kind: Kind
    basis: Basis
    office: str | None
    """Of the one area"""
    other_office: str | None
    """Of the other"""
    where: str
    """A commune, the size that both cover, or how many codes"""


@dataclass(frozen=True, slots=True)
class UnservedDoors:
    """Doors of a commune that the operator does not serve."""

    code: str
    name: str
    doors: int
    codes: tuple[str, ...]
    """The first of their codes"""


@dataclass(frozen=True, slots=True)
class ServicesCheck:
    """What should be looked at."""

    overlaps: tuple[ServiceOverlap, ...]
    lost_codes: int
    """Listed codes that stand for no door any more"""
    doors: int
    """Of the unit, that are not served; none of restricted places"""
    unserved: tuple[UnservedDoors, ...]
    """By commune, the most doors first"""


def check_services(
    session: Session,
    gazetteer: Gazetteer,
    *,
    operator: str | None = None,
    unit: str | None = None,
    kind: Kind = "delivers",
    overlaps_in: str | None = None,
) -> ServicesCheck:
    """Return the overlapping areas of an operator or of all, in a unit or in the country, and the
    doors of a unit or of the country that the operator, or nobody, serves today. Restricted doors
    are not counted.

    Raises InvalidInputError and NotFoundError for an invalid unit.
    """
    unserved = tuple(unserved_doors(session, gazetteer, unit, operator=operator, kind=kind))
    return ServicesCheck(
        overlaps=tuple(overlaps(session, gazetteer, operator, overlaps_in)),
        lost_codes=lost_codes(session, operator),
        doors=sum(each.doors for each in unserved),
        unserved=unserved,
    )


def overlaps(
    session: Session, gazetteer: Gazetteer, operator: str | None, unit: str | None = None
) -> list[ServiceOverlap]:
    """Return overlaps of current or future areas of the same service, in a unit or in the country.

    At most MOST_OVERLAPS. Raises InvalidInputError and NotFoundError for an invalid unit.
    """
    day = today()
    units = None if unit is None else communes_in(gazetteer, unit, day)
    given: dict[str, object] = {"operator": operator, "units": units, "day": day}
    given |= {"most": MOST_OVERLAPS, "sliver": _SLIVER_M2}
    found = []
    session.execute(_SEQUENTIAL, {"scans": "off"})
    for statement in ("overlaps_of_codes", "overlaps_of_places", "overlaps_of_communes"):
        for row in session.execute(SQL.text(statement), given):
            if row.basis == "commune":
                commune = gazetteer.units[int(row.much)]
                where = f"{commune.version_on(day).full_name} ({commune.code})"
            else:
                where = f"{row.much:.0f}" if row.basis == "code" else f"{row.much / 1e6:.4f} km²"
            offices = (row.one_office, row.other_office)
            found.append(
                ServiceOverlap(row.operator, row.service, row.kind, row.basis, *offices, where)
            )
    session.execute(_SEQUENTIAL, {"scans": "on"})
    return found[:MOST_OVERLAPS]


def lost_codes(session: Session, operator: str | None) -> int:
    """Count listed codes that no longer have a door."""
    found: int = session.execute(
        SQL.text("count_lost_codes"), {"operator": operator, "day": today()}
    ).scalar_one()
    return found


def unserved_doors(
    session: Session,
    gazetteer: Gazetteer,
    unit: str | None,
    *,
    operator: str | None = None,
    kind: Kind = "delivers",
) -> list[UnservedDoors]:
    """Return doors of a unit or of the country not served today, by commune.

    By `operator`, or by anybody. Raises InvalidInputError and NotFoundError for an invalid unit.
    """
    day = today()
    given: dict[str, object] = {"operator": operator, "kind": kind, "day": day}
    if unit is None:
        rows = session.execute(SQL.text("unserved_in_country"), given)
    else:
        units = communes_in(gazetteer, unit, day)
        named = {"units": units, "named": MOST_CODES}
        rows = session.execute(SQL.text("unserved_in_units"), given | named)
    return [
        UnservedDoors(found.code, found.version_on(day).full_name, row.doors, tuple(row.codes))
        for row in rows
        for found in (gazetteer.units[row.unit_id],)
    ]


_SEQUENTIAL: Final = text("SELECT set_config('enable_seqscan', :scans, true)")
