"""Several flats at one place: one building for them all, unless there is one already."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import text

from geo.code import LENGTH
from registry.intake.staged.staging import Staging

IssueCodes = Callable[[int], bytes]
"""So many codes, end to end."""
CODE: Final = f"encode(substr({{codes}}, (turn::int - 1) * {LENGTH} + 1, {LENGTH}), 'escape')"
"""In SQL, the code of the row whose `turn` it is, out of `codes`, end to end."""

SAME_PLACE: Final = """
    b.unit_id = h.unit_id
    AND coalesce(b.thoroughfare_id, 0) = coalesce(h.thoroughfare_id, 0)
    AND coalesce(b.house_number_key, '') = coalesce(h.house_number_key, '')
    AND b.former_unit_id IS NOT DISTINCT FROM h.former_unit_id
    AND b.locality_id IS NOT DISTINCT FROM h.locality_id
    AND b.building_key IS NOT DISTINCT FROM h.building_key
"""
"""Whether `b` and `h` stand at one place; filled in on both sides, as a hash join needs it."""
_PLACE: Final = (
    "unit_id, former_unit_id, thoroughfare_id, locality_id, house_number_key, building_key"
)

# A flat that moved has left its building.
_WRITTEN: Final = f"""
    SELECT h.code, {_PLACE}, house_number, building_name, point, NULL AS parent_code
    FROM fresh h WHERE unit_number IS NOT NULL
    UNION ALL
    SELECT h.code, h.unit_id, h.former_unit_id, h.thoroughfare_id, h.locality_id,
        h.house_number_key, h.building_key, h.house_number, h.building_name, h.point, b.code
    FROM addressed h
    JOIN household was ON was.code = h.code
    LEFT JOIN household b ON b.code = was.parent_code AND b.status = 'active' AND {SAME_PLACE}
    WHERE NOT h.is_new AND h.unit_number IS NOT NULL
"""
_NEIGHBOURS: Final = f"""
    SELECT h.code, h.unit_id, h.former_unit_id, h.thoroughfare_id, h.locality_id,
        h.house_number_key, h.building_key, h.house_number, h.building_name, h.point,
        p.code AS parent_code
    FROM household h
    LEFT JOIN household p ON p.code = h.parent_code AND p.status = 'active'
    WHERE h.kind = 'household' AND h.status = 'active' AND h.unit_number IS NOT NULL
        AND EXISTS (SELECT FROM written_flat b WHERE {SAME_PLACE})
        AND NOT EXISTS (SELECT FROM written_flat w WHERE w.code = h.code)
"""
_BLOCKS: Final = f"""
    SELECT *, row_number() OVER (PARTITION BY building ORDER BY {_PLACE}) AS turn
    FROM (
        SELECT {_PLACE}, min(house_number) AS house_number, min(building_name) AS building_name,
            ST_Centroid(ST_Collect(point)) AS point, min(parent_code) AS building
        FROM (SELECT * FROM written_flat UNION ALL SELECT * FROM neighbour) flat
        GROUP BY {_PLACE}
        HAVING count(*) > 1 OR min(parent_code) IS NOT NULL
    ) block
"""
_BUILDINGS: Final = f"""
    SELECT coalesce(building, {CODE.format(codes=":codes")}) COLLATE "C" AS code,
        building IS NULL AS is_new, {_PLACE}, house_number, building_name, point
    FROM block
"""
_INSERT: Final = f"""
    INSERT INTO household (code, kind, status, households_count, {_PLACE}, house_number,
        building_name, point, position_method)
    SELECT code, 'building', 'active', 0, {_PLACE}, house_number, building_name, point,
        CASE WHEN point IS NOT NULL THEN 'centroid' END
    FROM building WHERE is_new
"""
_ADOPT: Final = f"""
    UPDATE household o SET parent_code = b.code
    FROM neighbour h JOIN building b ON {SAME_PLACE}
    WHERE h.parent_code IS NULL AND o.code = h.code
"""


_ANY_FLAT: Final = "SELECT EXISTS (SELECT FROM flat WHERE flat IS NOT NULL)"
_PLANNED: Final = """
    WITH flat_row AS (
        SELECT d.unit_id, d.former_id, coalesce(d.street_key, '') AS street,
            coalesce(d.place_keys::text, '') AS place, coalesce(d.number_key, '') AS number,
            coalesce(d.building_key, '') AS building
        FROM door d JOIN outcome o ON o.row_number = d.row_number
        WHERE d.flat IS NOT NULL AND o.outcome = 'new'
    )
    SELECT count(*)
    FROM (
        SELECT unit_id, street, number, building, count(*) AS flats
        FROM flat_row GROUP BY unit_id, former_id, street, place, number, building
    ) place
    CROSS JOIN LATERAL (
        SELECT count(*) AS flats, count(h.parent_code) AS held
        FROM household h
        LEFT JOIN thoroughfare t ON t.id = h.thoroughfare_id
        WHERE h.unit_id = place.unit_id AND h.kind = 'household' AND h.status = 'active'
            AND h.unit_number IS NOT NULL AND (h.code < '1') = :demo
            AND coalesce(h.house_number_key, '') = place.number
            AND coalesce(h.building_key, '') = place.building
            AND coalesce(t.own_key, '') = place.street
    ) registered
    WHERE registered.held = 0 AND place.flats + registered.flats > 1
"""


def count_buildings(staging: Staging, *, demo: bool) -> int:
    """How many buildings `make_buildings` would make of what `match` decided, for a dry run.

    Flats that change their place are not counted.
    """
    if not staging.connection.execute(text(_ANY_FLAT)).scalar_one():
        return 0
    counted = staging.connection.execute(text(_PLANNED), {"demo": demo})
    return int(counted.scalar_one())


# Of the flats that are yet to be written, which are few: the others need no comparing of places.
_HOUSED: Final = f"""
    SELECT h.row_number, b.code AS parent_code
    FROM fresh h JOIN building b ON {SAME_PLACE}
    WHERE h.unit_number IS NOT NULL
"""


def make_buildings(staging: Staging, issue: IssueCodes) -> int:
    """Leave the table `building`: the one of each place with several flats; how many are new.

    `housed` has the building of each new flat. Needs `fresh` and `addressed` of `publish`, whose
    flats are yet to be written. Flats that were there alone before get their building here.
    """
    staging.select("written_flat", _WRITTEN)
    staging.select("neighbour", _NEIGHBOURS)
    staging.select("block", _BLOCKS)
    count = staging.connection.execute(
        text("SELECT count(*) FROM block WHERE building IS NULL")
    ).scalar_one()
    staging.select("building", _BUILDINGS, {"codes": issue(count)}, stats="unit_id")
    staging.select("housed", _HOUSED, stats="row_number")
    staging.key("housed", "row_number")
    staging.connection.execute(text(_INSERT))
    staging.connection.execute(text(_ADOPT))
    return int(count)
