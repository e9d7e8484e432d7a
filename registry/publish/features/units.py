"""Communes and provinces as features, of any day with a known map."""

import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from registry.core.sql import Statements
from registry.publish.drawing.tiles import FIRST_ZOOM
from registry.publish.features.feature import Feature, Page, page_of
from registry.publish.features.query import FeatureQuery, day_of
from registry.publish.features.words import communes_in, unit_properties
from registry.units.gazetteer import Gazetteer, Unit

SQL: Final = Statements(__file__, "queries.sql")

FINEST: Final = max(FIRST_ZOOM)


def communes(session: Session, gazetteer: Gazetteer, query: FeatureQuery) -> Page:
    """Return a page of communes by code; raises InvalidInputError and NotFoundError."""
    return _units(session, gazetteer, query, "commune")


def provinces(session: Session, gazetteer: Gazetteer, query: FeatureQuery) -> Page:
    """Return a page of provinces by code; raises InvalidInputError and NotFoundError."""
    return _units(session, gazetteer, query, "province")


def _units(session: Session, gazetteer: Gazetteer, query: FeatureQuery, level: str) -> Page:
    day = day_of(query, announced=True)
    known = gazetteer.knowing(day)
    conditions = query.conditions()
    given = {**query.where, "day": day, "level": level, "finest": FINEST}
    if query.unit is not None:
        conditions.append("is_named")
        given["units"] = _named(known, query.unit, level, day)
    rows = session.execute(SQL.text("units", *conditions), given)
    features = [_feature(known, day, *row) for row in rows if row[0] in known.units]
    return page_of(features, query.limit)


def _named(gazetteer: Gazetteer, code: str, level: str, day: datetime.date) -> list[int]:
    """Return ids of the units of `level` that the unit of a code is or contains."""
    inside = communes_in(gazetteer, code, day)
    if level == "commune":
        return inside
    return [unit.id for unit in gazetteer.with_code(code) if unit.level == level]


def _feature(
    gazetteer: Gazetteer,
    day: datetime.date,
    unit_id: int,
    wkb: bytes | None,
    approximate: bool | None,
    source: str | None,
) -> Feature:
    unit = gazetteer.units[unit_id]
    return Feature(
        unit.code, wkb, unit_columns(gazetteer, unit, day, approximate=approximate, source=source)
    )


def unit_columns(
    gazetteer: Gazetteer,
    unit: Unit,
    day: datetime.date,
    *,
    approximate: bool | None,
    source: str | None,
) -> dict[str, Any]:
    """Return the properties of a unit on a day."""
    version = unit.version_on(day)
    return {
        "code": unit.code,
        "level": unit.level,
        "kind": version.kind,
        "name": version.name,
        "full_name": version.full_name,
        "full_name_en": version.full_name_en,
        **unit_properties("district", gazetteer.district_of(unit, day), day),
        **unit_properties("province", gazetteer.province_of(unit, day), day),
        "valid_from": unit.born,
        "valid_to": unit.ended,
        "area_km2": unit.area_km2,
        "seat_lon": unit.lon,
        "seat_lat": unit.lat,
        "approximate": approximate,
        "source": source,
    }
