"""Doors that are registered already: rows whose reference is new, found by what they name."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, text

from registry.intake.matching.ambiguous_doors import (
    refuse_of_several_formers,
    refuse_of_several_records,
)
from registry.intake.matching.former import SAME_FORMER
from registry.intake.matching.named_places import SPOT
from registry.intake.staged.staging import Staging

SAME_DOOR_M: Final = 10
"""Metres within which two points with one address are one door."""
SAME_PLACE_M: Final = 1
"""The same for rows without a number, which only their point tells apart."""
_NEARBY_DEGREES: Final = 0.0002
"""More than that everywhere in Viet Nam: what is farther needs no true distance."""
_SPOT_DEGREES: Final = 0.00001
"""A metre: measured once, and written down twice."""

NEAR: Final = f"""
    CASE WHEN d.numbered AND (d.point IS NULL OR {{point}} IS NULL) THEN true
        WHEN NOT ST_DWithin(d.point, {{point}}, {_NEARBY_DEGREES}) THEN false
        ELSE ST_DWithin(d.point::geography, {{point}}::geography,
            CASE WHEN d.numbered THEN {SAME_DOOR_M} ELSE {SAME_PLACE_M} END)
    END
"""
# Equal numbers as a hash join can find them, and the rest of the flat.
EQUAL_FLAT: Final = f"""
    h.kind = 'household' AND (h.code < '1') = :demo
    AND coalesce(h.house_number_key, '') = coalesce(d.number_key, '')
    AND (strpos(d.number_key, 'D') = 0 OR d.number_key IS NULL
        OR (coalesce(h.house_number, '') ~ '[0-9][Đđ]') = (d.number ~ '[0-9][Đđ]'))
    AND h.building_key IS NOT DISTINCT FROM d.building_key
    AND h.floor IS NOT DISTINCT FROM d.storey
    AND h.unit_number IS NOT DISTINCT FROM d.flat
    AND {NEAR.format(point="h.point")}
"""
# The same with its place: `t` and `l` are the street and the locality of the record.
EQUAL_DOOR: Final = f"""
    d.unit_id = h.unit_id AND {EQUAL_FLAT}
    AND coalesce(d.street_key, '') = coalesce(t.own_key, '')
    AND (t.id IS NOT NULL OR d.place_keys[1] IS NOT DISTINCT FROM l.own_key)
    AND coalesce(h.former_unit_id, d.former_id) IS NOT DISTINCT FROM
        coalesce(d.former_id, h.former_unit_id)
"""
_SAME_FLAT: Final = f"h.status IN ('active', 'proposed') AND {EQUAL_FLAT}"
MEASURED: Final = "d.point IS NOT NULL AND h.point IS NOT NULL"
_UNKNOWN: Final = "NOT EXISTS (SELECT FROM known k WHERE k.row_number = d.row_number)"

# Asked first: the rest would be worked out for rows that are all known, as in most deliveries, and
# for a register that holds nothing.
_ANY_REGISTERED: Final = """
    SELECT EXISTS (SELECT FROM household WHERE kind = 'household' AND (code < '1') = :demo)
"""
_ANY_UNKNOWN: Final = f"""
    SELECT EXISTS (SELECT FROM entry d WHERE NOT d.rejected AND {_UNKNOWN})
"""
# The streets and hamlets of the register that rows name, each name once.
_NAMED: Final = f"""
    SELECT n.unit_id, n.former_id, n.{{part}}_at, r.id, {{spot}} AS spot
    FROM (
        SELECT DISTINCT unit_id, former_id, {{part}}_at
        FROM entry d WHERE NOT rejected AND {{named}}
    ) n
    JOIN {{part}} s ON s.at = n.{{part}}_at
    JOIN {{table}} r ON r.unit_id = n.unit_id AND r.own_key = {{own_key}}
        AND {SAME_FORMER.format(place="r", row="n")}
    {{around}}
"""
# CASE keeps the planner from taking rows for few that only a collision of hashes would leave out.
_SAME_SPOT: Final = """
    CASE WHEN r.unit_id = d.unit_id AND r.{part}_at = d.{part}_at
        AND r.former_id IS NOT DISTINCT FROM d.former_id THEN true ELSE false END
"""
# By street, else by the innermost locality, else by the commune alone.
_AT_PLACE: Final = f"""
    SELECT d.row_number, h.code, d.point <-> h.point AS degrees
    FROM door d
    JOIN registered_{{part}} r ON r.spot = {{spot}} AND {{same_spot}}
    JOIN household h ON h.{{at}} = r.id AND {{number}} AND {_SAME_FLAT}
    WHERE {{named}} AND {_UNKNOWN}
"""
_AT_COMMUNE: Final = f"""
    SELECT d.row_number, h.code, d.point <-> h.point AS degrees
    FROM door d
    JOIN household h ON h.unit_id = d.unit_id AND h.thoroughfare_id IS NULL
        AND h.locality_id IS NULL AND {_SAME_FLAT}
    WHERE d.street_at IS NULL AND d.place_at IS NULL AND {_UNKNOWN}
"""
_PARTS: Final = (
    {
        "part": "street",
        "table": "thoroughfare",
        "own_key": "s.street_key",
        "at": "thoroughfare_id",
        "named": "d.street_at IS NOT NULL",
        "around": "",
    },
    {
        "part": "place",
        "table": "locality",
        "own_key": "s.place_keys[1]",
        "at": "thoroughfare_id IS NULL AND h.locality_id",
        "named": "d.street_at IS NULL AND d.place_at IS NOT NULL",
        # Tổ 1 of this hamlet is not that of the next one.
        "around": "LEFT JOIN locality o ON o.id = r.parent_id"
        " WHERE coalesce(o.own_key = s.place_keys[2], true)",
    },
)
# Apart, for each has its index. Without a number only flats are known by their place alone.
_NUMBERS: Final = (
    "h.house_number_key = d.number_key",
    "h.house_number_key IS NULL AND d.number_key IS NULL AND d.flat IS NOT NULL",
)
# Of houses without a number a hamlet may have thousands, which only their points tell apart: a row
# is compared with those in the squares around it, two metres wide, and not with all.
_SQUARES: Final = 50_000
"""Of them to a degree."""
_SQUARE: Final = "hashint4extended({y}, hashint4extended({x}, r.id))"
_NUMBER: Final = f"floor(({{degrees}}) * {_SQUARES})::int"
_IN_SQUARES: Final = f"""
    SELECT h.code, {
    _SQUARE.format(
        x=_NUMBER.format(degrees="ST_X(h.point)"), y=_NUMBER.format(degrees="ST_Y(h.point)")
    )
} AS square
    FROM (SELECT DISTINCT id FROM registered_{{part}}) r
    JOIN household h ON h.{{at}} = r.id
    WHERE h.house_number_key IS NULL AND h.unit_number IS NULL AND h.point IS NOT NULL
"""
# A table, for the planner takes rows that lack both a number and a flat for none.
_UNNUMBERED: Final = f"""
    SELECT d.row_number, d.unit_id, d.former_id, d.street_at, d.place_at, d.point
    FROM door d WHERE NOT d.numbered AND d.point IS NOT NULL AND {_UNKNOWN}
"""
_BOUNDS: Final = {
    sign + axis: _NUMBER.format(degrees=f"ST_{axis}(d.point) {sign} {_SPOT_DEGREES}")
    for axis in "XY"
    for sign in "-+"
}
_AROUND: Final = f"""
    SELECT d.row_number, {_SQUARE.format(x="x", y="y")} AS square
    FROM unnumbered d
    JOIN registered_{{part}} r ON r.spot = {{spot}} AND {{same_spot}}
    CROSS JOIN LATERAL generate_series({_BOUNDS["-X"]}, {_BOUNDS["+X"]}) x
    CROSS JOIN LATERAL generate_series({_BOUNDS["-Y"]}, {_BOUNDS["+Y"]}) y
    WHERE {{named}}
"""
_IN_REACH: Final = """
    SELECT DISTINCT a.row_number, q.code
    FROM {part}_around a JOIN {part}_square q ON q.square = a.square
"""
_AT_POINT: Final = f"""
    SELECT d.row_number, h.code, d.point <-> h.point AS degrees
    FROM {{part}}_in_reach b
    JOIN door d ON d.row_number = b.row_number
    JOIN household h ON h.code = b.code AND {_SAME_FLAT}
"""
# Where no point tells which of several is meant, `other` is another of them. To look at the next
# one of each row takes a while, which is for files of which rows lack points.
_ANY_WITHOUT_POINT: Final = "SELECT EXISTS (SELECT FROM entry WHERE point IS NULL AND NOT rejected)"
_NEXT: Final = """
    CASE WHEN degrees IS NULL THEN nullif(lead(code) OVER (
        PARTITION BY row_number ORDER BY degrees NULLS LAST, code), code) END
"""
_REGISTERED: Final = """
    SELECT DISTINCT ON (row_number) row_number, code, degrees IS NULL AS unplaced, {other} AS other
    FROM ({found}) found
    ORDER BY row_number, degrees NULLS LAST, code
"""
_ANY_UNPLACED: Final = "SELECT EXISTS (SELECT FROM registered WHERE unplaced)"
_OTHERS: Final = """
    UPDATE registered r SET other = f.other
    FROM (
        SELECT f.row_number, max(f.code) AS other
        FROM ({found}) f JOIN registered u ON u.row_number = f.row_number AND u.unplaced
        GROUP BY f.row_number
    ) f
    WHERE f.row_number = r.row_number AND f.other <> r.code
"""
# Former communes tell doors of one name apart, unless both are measured: on a border of old, one
# door is called by either.
_REGISTERED_ELSEWHERE: Final = f"""
    INSERT INTO registered (row_number, code)
    SELECT DISTINCT ON (d.row_number) d.row_number, h.code
    FROM door d
    JOIN thoroughfare t ON t.unit_id = d.unit_id AND t.own_key = d.street_key
        AND t.former_unit_id <> d.former_id
    JOIN household h ON h.thoroughfare_id = t.id AND {MEASURED} AND {_SAME_FLAT}
        AND h.point && ST_Expand(d.point, {_NEARBY_DEGREES})
    WHERE d.former_id IS NOT NULL AND d.numbered AND {_UNKNOWN}
        AND NOT EXISTS (SELECT FROM registered r WHERE r.row_number = d.row_number)
    ORDER BY d.row_number, d.point <-> h.point, h.code
"""
# A row that names neither street nor place, though it has a number, says less of its door than the
# register does: it is the only one of this number that stands where its point is.
_REGISTERED_WITH_STREET: Final = f"""
    INSERT INTO registered (row_number, code)
    SELECT d.row_number, min(h.code)
    FROM door d
    JOIN household h ON h.point && ST_Expand(d.point, {_SPOT_DEGREES}) AND h.unit_id = d.unit_id
        AND {_SAME_FLAT}
    WHERE d.street_at IS NULL AND d.place_at IS NULL AND d.number_at IS NOT NULL
        AND NOT d.alley_only AND d.point IS NOT NULL AND {_UNKNOWN}
        AND NOT EXISTS (SELECT FROM registered r WHERE r.row_number = d.row_number)
    GROUP BY d.row_number
    HAVING count(*) = 1
"""


def is_any_registered(connection: Connection, *, demo: bool) -> bool:
    """Whether the register holds a dwelling, of the demonstration or a real one."""
    return bool(connection.execute(text(_ANY_REGISTERED), {"demo": demo}).scalar_one())


def find_registered(staging: Staging, parameters: Mapping[str, object], *, formers: bool) -> None:
    """Leave `registered`: the record of each row of `door` that is not in `known`, where one is.

    `formers` says whether rows name former communes.
    """
    connection = staging.connection
    if not (
        is_any_registered(connection, demo=bool(parameters["demo"]))
        and connection.execute(text(_ANY_UNKNOWN)).scalar_one()
    ):
        staging.create("registered", "row_number bigint, code text, unplaced boolean, other text")
        return
    unnumbered = staging.select("unnumbered", _UNNUMBERED, stats="street_at, place_at")
    found = [_AT_COMMUNE]
    for part in _PARTS:
        name, at = part["part"], f"{part['part']}_at"
        named = _NAMED.format(spot=SPOT.format(row="n", at=at), **part)
        if not staging.select(f"registered_{name}", named, stats="spot"):
            continue
        spot = {"spot": SPOT.format(row="d", at=at), "same_spot": _SAME_SPOT.format(**part)}
        found += (_AT_PLACE.format(number=each, **spot, **part) for each in _NUMBERS)
        if unnumbered:
            staging.select(f"{name}_square", _IN_SQUARES.format(**part), stats="square")
            staging.select(f"{name}_around", _AROUND.format(**spot, **part), stats="square")
            in_reach = _IN_REACH.format(**part)
            if staging.select(f"{name}_in_reach", in_reach, stats="row_number, code"):
                found.append(_AT_POINT.format(**part))
    every = " UNION ALL ".join(found)
    unplaced = connection.execute(text(_ANY_WITHOUT_POINT)).scalar_one()
    other = _NEXT if unplaced else "NULL::text"
    registered = _REGISTERED.format(found=every, other=other)
    staging.select("registered", registered, dict(parameters), stats="row_number")
    if not unplaced and connection.execute(text(_ANY_UNPLACED)).scalar_one():
        connection.execute(text(_OTHERS.format(found=every)), dict(parameters))
    refuse_of_several_records(staging)
    if formers:
        refuse_of_several_formers(staging)
        connection.execute(text(_REGISTERED_ELSEWHERE), parameters)
    connection.execute(text(_REGISTERED_WITH_STREET), parameters)
