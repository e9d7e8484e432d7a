"""Whether the doors of a street or locality have numbers: only then is one asked for."""

from typing import Final

from geo.label import named
from geo.locality import parse_locality
from geo.street import parse_street
from registry.reads import Reads
from registry.records import OPEN, PLACES
from registry.search.answers import Answer

_STATEMENT: Final = f"""
    SELECT count(d.numbered), bool_or(d.numbered)
    FROM {{table}} p JOIN LATERAL (
        SELECT h.house_number_key IS NOT NULL AS numbered FROM household h
        WHERE h.{{table}}_id = p.id AND {OPEN}
        ORDER BY h.house_number_key LIMIT 1
    ) d ON true
    WHERE p.unit_id = %(unit)s AND p.key = %(key)s
"""  # noqa: S608 - constants
_STATEMENTS: Final = {t: _STATEMENT.format(table=t) for t in PLACES}


def has_numbers(reads: Reads, answer: Answer) -> bool | None:
    """Whether any door of the street or locality of `answer` has a number; None for no door."""
    parts, unit = answer.parts, answer.unit
    if unit is None:
        return None
    key, table = "", "thoroughfare"
    if parts.street_name:
        street = parse_street(named(parts.street_kind, parts.street_name))
        key = street.key if street else ""
    elif parts.localities:
        place = parse_locality(named(*parts.localities[0]))
        key, table = (place.key if place else ""), "locality"
    ((doors, numbered),) = reads.rows(_STATEMENTS[table], {"unit": unit.id, "key": key})
    return bool(numbered) if doors else None
