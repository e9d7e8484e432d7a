"""Streets and localities as features: a point amid their doors, as on the map."""

import datetime
from typing import Final

from sqlalchemy.orm import Session

from geo.label import named
from registry.core.sql import Statements
from registry.publish.drawing.labels import LAST_ZOOM
from registry.publish.features.feature import Feature, Page, page_of
from registry.publish.features.query import FeatureQuery, day_of
from registry.publish.features.words import communes_in, unit_properties
from registry.units.gazetteer import VIET_NAM, Gazetteer

SQL: Final = Statements(__file__, "queries.sql", last_zoom=str(LAST_ZOOM))


def streets(session: Session, gazetteer: Gazetteer, query: FeatureQuery) -> Page:
    """Return a page of streets by id; raises InvalidInputError and NotFoundError."""
    return _places(session, gazetteer, query, "street")


def localities(session: Session, gazetteer: Gazetteer, query: FeatureQuery) -> Page:
    """Return a page of localities by id; raises InvalidInputError and NotFoundError."""
    return _places(session, gazetteer, query, "locality")


def _places(session: Session, gazetteer: Gazetteer, query: FeatureQuery, class_: str) -> Page:
    day = day_of(query)
    conditions = query.conditions(numbered=True)
    given = {"class": class_, **query.where}
    if query.unit is not None:
        conditions.append("of_units")
        given["units"] = communes_in(gazetteer, query.unit, day)
    name = "places"
    if query.at is not None and query.at < datetime.datetime.now(VIET_NAM):
        name = "places_then"
        given["at"] = query.at
    rows = session.execute(SQL.text(name, *conditions), given)
    return page_of([_feature(gazetteer, day, *row) for row in rows], query.limit)


def _feature(
    gazetteer: Gazetteer,
    day: datetime.date,
    place: int,
    point: bytes | None,
    kind: str | None,
    name: str,
    unit_id: int,
    former_id: int | None,
    parent: int | None,
) -> Feature:
    unit, former = gazetteer.units.get(unit_id), gazetteer.units.get(former_id or 0)
    province = unit and gazetteer.province_of(unit, day)
    return Feature(
        str(place),
        point,
        {
            "kind": kind,
            "name": name,
            "full_name": named(kind, name),
            "parent_id": parent,
            **unit_properties("commune", unit, day),
            **unit_properties("province", province, day),
            **unit_properties("former_commune", former, day),
        },
    )
