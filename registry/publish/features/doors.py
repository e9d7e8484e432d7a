"""Dwellings and buildings as features: what may be shown of them, now or as on record on a day."""

import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.code import format as code_display
from geo.label import named
from registry.core.sql import Statements
from registry.core.tables.records import Goes, going
from registry.publish.export.columns import exported_as, in_a_cell
from registry.publish.features.asked import Asked, day_of
from registry.publish.features.feature import Feature, Page, page_of
from registry.publish.features.words import communes_in, unit_properties
from registry.records.past import FRAGMENTS
from registry.records.record import Record, columns, record_wording
from registry.units.gazetteer import VIET_NAM, Gazetteer

SQL: Final = Statements(__file__, "queries.sql", columns=columns(successors="NULL"), **FRAGMENTS)
# No record names a restricted one: a flat does not say in which such building it is.
_HIDDEN: Final = text("SELECT code FROM household WHERE code = ANY (:codes) AND restricted")


def households(session: Session, gazetteer: Gazetteer, asked: Asked) -> Page:
    """A page of dwellings by their codes; raises InvalidInputError and NotFoundError."""
    return _doors(session, gazetteer, asked, "household")


def buildings(session: Session, gazetteer: Gazetteer, asked: Asked) -> Page:
    """A page of buildings by their codes; raises InvalidInputError and NotFoundError."""
    return _doors(session, gazetteer, asked, "building")


def _doors(session: Session, gazetteer: Gazetteer, asked: Asked, kind: str) -> Page:
    day = day_of(asked)
    conditions = asked.conditions()
    given = dict(asked.where)
    if asked.unit is not None:
        conditions.append("in_units")
        given["units"] = communes_in(gazetteer, asked.unit, day)
    if asked.use is not None:
        conditions.append("of_use")
        given |= {"use": asked.use, "day": day}
    if asked.at is not None and asked.at < datetime.datetime.now(VIET_NAM):
        statement = SQL.text("doors_then", kind, *conditions)
        given["at"] = asked.at
    elif asked.boxes or asked.unit is not None or asked.use is not None:
        statement = SQL.text("doors_inside", kind, *conditions)
    else:
        statement = SQL.text("doors", kind, *conditions)
    rows = session.execute(statement, given)
    found = [(point, Record(*row)) for point, *row in rows]
    hidden = _hidden(session, {record.parent_code for _, record in found})
    features = [_feature(gazetteer, day, point, record, hidden) for point, record in found]
    return page_of(features, asked.limit)


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
    """The columns that an export has, under the same names."""
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
                exported_as(each): in_a_cell(each, getattr(record, each.name))
                for each in going(Goes.EXPORTED)
            },
        },
    )
