"""Offices of carriers, and the areas that they have drawn, as features."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.features.asked import Asked, day_of
from registry.features.feature import Feature, Page, page_of
from registry.features.words import communes_in
from registry.gazetteer import Gazetteer

_OFFICES: Final = """
    SELECT f.id, ST_AsBinary(f.point), f.operator, f.name, f.hours FROM service_office f
    WHERE true {where} ORDER BY f.id LIMIT :most
"""
_AREAS: Final = """
    SELECT f.id, ST_AsBinary(f.geom), f.operator, f.service, f.kind, o.name AS office,
        lower(f.valid) AS valid_from, upper(f.valid) - 1 AS valid_to
    FROM service_area f LEFT JOIN service_office o ON o.id = f.office_id
    WHERE f.geom IS NOT NULL AND f.valid @> CAST(:day AS date) {where} ORDER BY f.id LIMIT :most
"""
_IN_UNITS: Final = """
    AND EXISTS (SELECT FROM boundary_part b
        WHERE b.unit_id = ANY (:units) AND ST_Intersects(b.geom, {geometry}))
"""


def offices(session: Session, gazetteer: Gazetteer, asked: Asked) -> Page:
    """A page of offices; raises InvalidInputError and NotFoundError."""
    return _page(session, gazetteer, asked, _OFFICES, "f.point")


def service_areas(session: Session, gazetteer: Gazetteer, asked: Asked) -> Page:
    """A page of areas that are drawn; raises InvalidInputError and NotFoundError."""
    return _page(session, gazetteer, asked, _AREAS, "f.geom")


def _page(
    session: Session, gazetteer: Gazetteer, asked: Asked, statement: str, geometry: str
) -> Page:
    day = day_of(asked, announced=True)
    where = asked.behind("f.id", "bigint") + asked.within(geometry)
    given = {**asked.where, "day": day}
    if asked.unit is not None:
        where += _IN_UNITS.format(geometry=geometry)
        given["units"] = communes_in(gazetteer, asked.unit, day)
    rows = session.execute(text(statement.format(where=where)), given)
    names = list(rows.keys())[2:]
    features = [
        Feature(str(key), wkb, dict(zip(names, said, strict=True))) for key, wkb, *said in rows
    ]
    return page_of(features, asked.limit)
