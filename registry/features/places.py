"""Streets and localities as features: a point in the middle of their doors, as the map has it."""

import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.label import named
from registry.drawing.labels import LAST_ZOOM
from registry.features.asked import Asked, day_of
from registry.features.feature import Feature, Page, page_of
from registry.features.words import communes_in, unit_properties
from registry.gazetteer import VIET_NAM, Gazetteer
from registry.past import state_at

_READ: Final = f"""
    SELECT p.id, ST_AsBinary(ST_Transform(m.point, 4326)), s.kind, s.name, s.unit_id,
        s.former_unit_id, s.parent_id
    FROM place p
    JOIN LATERAL {{state}} s ON s.merged_into_id IS NULL
    LEFT JOIN map_label m
        ON m.kind = p.class AND m.place_id = p.id AND m.first_zoom <= {LAST_ZOOM}
    WHERE p.class = :class {{where}}
    ORDER BY p.id LIMIT :most
"""  # noqa: S608 - constants
_SHARED: Final = "unit_id, former_unit_id, kind, name, merged_into_id, parent_id"
# What no event made was always there.
_MADE: Final = """
    AND NOT EXISTS (SELECT FROM event e WHERE e.id = p.event_id AND e.occurred_at > :at)
"""


def streets(session: Session, gazetteer: Gazetteer, asked: Asked) -> Page:
    """A page of streets by their ids; raises InvalidInputError and NotFoundError."""
    return _places(session, gazetteer, asked, "street")


def localities(session: Session, gazetteer: Gazetteer, asked: Asked) -> Page:
    """A page of hamlets, quarters and groups; raises InvalidInputError and NotFoundError."""
    return _places(session, gazetteer, asked, "locality")


def _places(session: Session, gazetteer: Gazetteer, asked: Asked, class_: str) -> Page:
    day = day_of(asked)
    where = asked.behind("p.id", "bigint") + asked.within("m.point", srid=3857)
    given = {"class": class_, **asked.where}
    if asked.unit is not None:
        where += " AND s.unit_id = ANY (:units)"
        given["units"] = communes_in(gazetteer, asked.unit, day)
    if asked.at is None or asked.at >= datetime.datetime.now(VIET_NAM):
        state = f"(SELECT p.{_SHARED.replace(', ', ', p.')})"
    else:
        state = state_at("place", _SHARED, "id = p.id", ":at")
        where += _MADE
        given["at"] = asked.at
    rows = session.execute(text(_READ.format(state=state, where=where)), given)
    return page_of([_feature(gazetteer, day, *row) for row in rows], asked.limit)


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
