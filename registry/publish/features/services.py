"""Offices of carriers, and the areas that they have drawn, as features."""

from typing import Final

from sqlalchemy.orm import Session

from registry.core.sql import Statements
from registry.publish.features.asked import Asked, day_of
from registry.publish.features.feature import Feature, Page, page_of
from registry.publish.features.words import communes_in
from registry.units.gazetteer import Gazetteer

SQL: Final = Statements(__file__, "queries.sql")


def offices(session: Session, gazetteer: Gazetteer, asked: Asked) -> Page:
    """A page of offices; raises InvalidInputError and NotFoundError."""
    return _page(session, gazetteer, asked, "offices")


def service_areas(session: Session, gazetteer: Gazetteer, asked: Asked) -> Page:
    """A page of areas that are drawn; raises InvalidInputError and NotFoundError."""
    return _page(session, gazetteer, asked, "service_areas")


def _page(session: Session, gazetteer: Gazetteer, asked: Asked, statement: str) -> Page:
    day = day_of(asked, announced=True)
    conditions = asked.conditions(numbered=True)
    given = {**asked.where, "day": day}
    if asked.unit is not None:
        conditions.append("meets_units")
        given["units"] = communes_in(gazetteer, asked.unit, day)
    rows = session.execute(SQL.text(statement, *conditions), given)
    names = list(rows.keys())[2:]
    features = [
        Feature(str(key), wkb, dict(zip(names, said, strict=True))) for key, wkb, *said in rows
    ]
    return page_of(features, asked.limit)
