"""Visible dwellings and buildings as features, now or as recorded on a day."""

import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.code import format as code_display
from geo.label import named
from registry.core.sql import Statements
from registry.core.tables.records import Goes, going
from registry.publish.export.columns import cell_value, exported_as
from registry.publish.features.feature import Feature, Page, page_of
from registry.publish.features.query import FeatureQuery, day_of
from registry.publish.features.words import communes_in, unit_properties
from registry.records.past import FRAGMENTS
from registry.records.record import Record, columns, record_wording
from registry.units.gazetteer import VIET_NAM, Gazetteer

SQL: Final = Statements(__file__, "queries.sql", columns=columns(successors="NULL"), **FRAGMENTS)
# A flat does not name a restricted building.
_HIDDEN: Final = text("SELECT code FROM household WHERE code = ANY (:codes) AND restricted")


def households(session: Session, gazetteer: Gazetteer, query: FeatureQuery) -> Page:
    """Return a page of dwellings by code; raises InvalidInputError and NotFoundError."""
    return _doors(session, gazetteer, query, "household")


def buildings(session: Session, gazetteer: Gazetteer, query: FeatureQuery) -> Page:
    """Return a page of buildings by code; raises InvalidInputError and NotFoundError."""
    return _doors(session, gazetteer, query, "building")


def _doors(session: Session, gazetteer: Gazetteer, query: FeatureQuery, kind: str) -> Page:
    day = day_of(query)
    conditions = query.conditions()
    given = dict(query.where)
    if query.unit is not None:
        conditions.append("in_units")
        given["units"] = communes_in(gazetteer, query.unit, day)
    if query.use is not None:
        conditions.append("of_use")
        given |= {"use": query.use, "day": day}
    if query.at is not None and query.at < datetime.datetime.now(VIET_NAM):
        statement = SQL.text("doors_then", kind, *conditions)
        given["at"] = query.at
    elif query.boxes or query.unit is not None or query.use is not None:
        statement = SQL.text("doors_inside", kind, *conditions)
    else:
        statement = SQL.text("doors", kind, *conditions)
    rows = session.execute(statement, given)
    found = [(point, Record(*row)) for point, *row in rows]
    hidden = _hidden(session, {record.parent_code for _, record in found})
    features = [_feature(gazetteer, day, point, record, hidden) for point, record in found]
    return page_of(features, query.limit)


def _hidden(session: Session, parents: set[str | None]) -> frozenset[str]:
    codes = [code for code in parents if code is not None]
    return frozenset(session.scalars(_HIDDEN, {"codes": codes}) if codes else ())


def _feature(
    gazetteer: Gazetteer,
    day: datetime.date,
    point: bytes | None,
    record: Record,
    hidden: frozenset[str],
) -> Feature:
    """Return the columns of an export, under the same names."""
    words = record_wording(gazetteer, day, record)
    former = gazetteer.units.get(record.former_unit_id or 0)
    parent = None if record.parent_code in hidden else record.parent_code
    return Feature(
        record.code,
        point,
        {
            "code": record.code,
            "code_display": code_display(record.code),
            "demo": record.code.startswith("0"),
            "address": words.label,
            "address_before_2025_07": words.before_2025_07,
            "house_number": record.house_number,
            "number_path": record.house_number_key,
            "street": named(record.street_kind, record.street_name) if record.street_name else None,
            "locality": ", ".join(named(*each) for each in record.localities) or None,
            "parent_code": parent,
            **unit_properties("commune", words.commune, day),
            **unit_properties("province", words.province, day),
            **unit_properties("former_commune", former, day),
            **{
                exported_as(each): cell_value(each, getattr(record, each.name))
                for each in going(Goes.EXPORTED)
            },
        },
    )
