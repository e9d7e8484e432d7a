"""Dwellings and buildings as features: what may be shown of them, now or as on record on a day."""

import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo.code import format as code_display
from geo.label import named
from registry.core.tables.records import Goes, going
from registry.export.columns import exported_as
from registry.features.asked import Asked, day_of
from registry.features.feature import Feature, Page, page_of
from registry.features.words import communes_in, unit_properties
from registry.gazetteer import VIET_NAM, Gazetteer
from registry.past import SHARED, columns_at
from registry.records import JOINS, OPEN, Record, columns, record_wording

# The record is chosen first, and only then put into words: a page is a thousand of them.
_CHOSEN: Final = f"""
    SELECT * FROM household h
    WHERE {OPEN} AND h.kind = '{{kind}}' {{where}}
    ORDER BY h.code LIMIT :most
"""  # noqa: S608 - constants
# By the index of places or units those inside are found, and all of them sorted; by that of codes
# those behind the last code, until a page of them lies inside. Which is shorter depends on how many
# there are: at the root of what a page takes of the whole register both take as long.
_TURN: Final = """(
    SELECT 1 + ceil(sqrt(:most * greatest(reltuples, 0.0)))::bigint
    FROM pg_class WHERE oid = 'household'::regclass
)"""
_INSIDE: Final = f"""
    WITH near AS MATERIALIZED (
        SELECT h.code FROM household h
        WHERE {OPEN} AND h.kind = '{{kind}}' {{where}} LIMIT {_TURN}
    ), known AS MATERIALIZED (SELECT count(*) < {_TURN} AS whole FROM near)
    SELECT h.* FROM (
        (SELECT code FROM near WHERE (SELECT whole FROM known) ORDER BY code LIMIT :most)
        UNION ALL
        (SELECT h.code FROM household h
        WHERE NOT (SELECT whole FROM known) AND {OPEN} AND h.kind = '{{kind}}' {{where}}
        ORDER BY h.code LIMIT :most)
    ) c JOIN household h USING (code)
"""  # noqa: S608 - constants
_NOW: Final = f"""
    SELECT ST_AsBinary(h.point), {columns(successors="NULL")}
    FROM ({{chosen}}) h {JOINS} ORDER BY h.code
"""  # noqa: S608 - constants
# What is restricted today was open then and is no more.
_STATES: Final = f"""(
    SELECT DISTINCT ON (code) * FROM (
        SELECT h.code, h.recorded_at AS since, {SHARED} FROM household h
        WHERE h.recorded_at <= :at AND {OPEN} AND h.kind = '{{kind}}' {{where}}
        UNION ALL
        SELECT h.code, h.valid_from, {SHARED} FROM household_version h
        WHERE h.valid_from <= :at AND h.valid_to > :at AND {OPEN} AND h.kind = '{{kind}}' {{where}}
            AND NOT EXISTS (SELECT FROM household n WHERE n.code = h.code AND n.restricted)
    ) s ORDER BY code, since DESC LIMIT :most
)"""  # noqa: S608 - constants
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
    where = " ".join((asked.behind("h.code"), asked.within("h.point")))
    given = dict(asked.where)
    if asked.unit is not None:
        where += " AND h.unit_id = ANY (:units)"
        given["units"] = communes_in(gazetteer, asked.unit, day)
    if asked.at is None or asked.at >= datetime.datetime.now(VIET_NAM):
        chosen = _INSIDE if asked.boxes or asked.unit is not None else _CHOSEN
        statement = _NOW.format(chosen=chosen.format(kind=kind, where=where))
    else:
        statement = _then(_STATES.format(kind=kind, where=where))
        given["at"] = asked.at
    rows = session.execute(text(statement), given)
    found = [(point, Record(*row)) for point, *row in rows]
    hidden = _hidden(session, {record.parent_code for _, record in found})
    features = [_feature(gazetteer, day, point, record, hidden) for point, record in found]
    return page_of(features, asked.limit)


def _then(chosen: str) -> str:
    """The states of a moment, with the names that their places had."""
    read = columns_at(chosen, ":at")
    return read.format(before="ST_AsBinary(h.point),", moments="", on="") + " ORDER BY h.code"


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
            **{exported_as(each): getattr(record, each.name) for each in going(Goes.EXPORTED)},
        },
    )
