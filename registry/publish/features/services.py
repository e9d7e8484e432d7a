"""Carriers' offices and drawn service areas as features."""

from typing import Final

from sqlalchemy.orm import Session

from registry.core.sql import Statements
from registry.publish.features.feature import Feature, Page, page_of
from registry.publish.features.query import FeatureQuery, day_of
from registry.publish.features.words import communes_in
from registry.units.gazetteer import Gazetteer

SQL: Final = Statements(__file__, "queries.sql")


def offices(session: Session, gazetteer: Gazetteer, query: FeatureQuery) -> Page:
    """Return a page of offices; raises InvalidInputError and NotFoundError."""
    return _page(session, gazetteer, query, "offices")


def service_areas(session: Session, gazetteer: Gazetteer, query: FeatureQuery) -> Page:
    """Return a page of drawn areas; raises InvalidInputError and NotFoundError."""
    return _page(session, gazetteer, query, "service_areas")


def _page(session: Session, gazetteer: Gazetteer, query: FeatureQuery, statement: str) -> Page:
    day = day_of(query, announced=True)
    conditions = query.conditions(numbered=True)
    given = {**query.where, "day": day}
    if query.unit is not None:
        conditions.append("meets_units")
        given["units"] = communes_in(gazetteer, query.unit, day)
    rows = session.execute(SQL.text(statement, *conditions), given)
    names = list(rows.keys())[2:]
    features = [
        Feature(str(key), wkb, dict(zip(names, values, strict=True))) for key, wkb, *values in rows
    ]
    return page_of(features, query.limit)
