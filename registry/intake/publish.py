"""Step 5, publishing: places, codes, households, references and buildings, in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from registry.errors import ConflictError
from registry.intake.staging import copy_rows

DEMO_SOURCE: Final = "demo"

_STREETS: Final = """
    INSERT INTO thoroughfare (unit_id, former_unit_id, key, name, kind)
    SELECT DISTINCT ON (d.unit_id, d.former_id, d.street_key)
        d.unit_id, d.former_id, d.street_key, d.street_name, d.street_kind
    FROM door d JOIN outcome o USING (row_number)
    WHERE o.outcome IN ('new', 'changed') AND d.street_key IS NOT NULL
    ORDER BY d.unit_id, d.former_id, d.street_key, d.row_number
    ON CONFLICT DO NOTHING
"""

# A nested place is (outermost … innermost); its parent is the same list without the innermost.
_PLACE_DEPTH: Final = "SELECT coalesce(max(cardinality(place_keys)), 0) FROM door"
_PLACES: Final = """
    CREATE TEMPORARY TABLE place (
        unit_id int, former_id int, keys text[], id bigint
    ) ON COMMIT DROP
"""
_PLACES_OF_DEPTH: Final = """
    WITH wanted AS (
        SELECT DISTINCT ON (d.unit_id, d.former_id, d.place_keys[n.at:])
            d.unit_id, d.former_id, d.place_keys[n.at:] AS keys, d.place_keys[n.at] AS key,
            d.place_names[n.at] AS name, d.place_kinds[n.at] AS kind, p.id AS parent_id
        FROM door d
        JOIN outcome o USING (row_number)
        CROSS JOIN LATERAL (SELECT cardinality(d.place_keys) - :depth + 1 AS at) n
        LEFT JOIN place p ON p.unit_id = d.unit_id
            AND p.former_id IS NOT DISTINCT FROM d.former_id AND p.keys = d.place_keys[n.at + 1:]
        WHERE o.outcome IN ('new', 'changed') AND cardinality(d.place_keys) >= :depth
    ), made AS (
        INSERT INTO locality (unit_id, former_unit_id, parent_id, key, name, kind)
        SELECT unit_id, former_id, parent_id, key, name, kind FROM wanted
        ON CONFLICT DO NOTHING
        RETURNING id, unit_id, former_unit_id, parent_id, key
    )
    INSERT INTO place (unit_id, former_id, keys, id)
    SELECT w.unit_id, w.former_id, w.keys, coalesce(m.id, l.id)
    FROM wanted w
    LEFT JOIN made m ON m.unit_id = w.unit_id AND m.key = w.key
        AND m.former_unit_id IS NOT DISTINCT FROM w.former_id
        AND m.parent_id IS NOT DISTINCT FROM w.parent_id
    LEFT JOIN locality l ON l.unit_id = w.unit_id AND l.key = w.key
        AND l.former_unit_id IS NOT DISTINCT FROM w.former_id
        AND l.parent_id IS NOT DISTINCT FROM w.parent_id
"""

# Sorted by street and number: neighbours lie on one page of the table.
_ADDRESSED: Final = """
    CREATE TEMPORARY TABLE addressed ON COMMIT DROP AS
    SELECT d.*, o.outcome, o.code, t.id AS thoroughfare_id, p.id AS locality_id,
        row_number() OVER (
            PARTITION BY o.outcome ORDER BY t.id, p.id, d.number_key, d.row_number
        ) AS place_in_order
    FROM door d
    JOIN outcome o USING (row_number)
    LEFT JOIN thoroughfare t ON t.unit_id = d.unit_id AND t.key = d.street_key
        AND t.former_unit_id IS NOT DISTINCT FROM d.former_id
    LEFT JOIN place p ON p.unit_id = d.unit_id AND p.former_id IS NOT DISTINCT FROM d.former_id
        AND p.keys = d.place_keys
    WHERE o.outcome IN ('new', 'changed')
"""

_COLUMNS: Final = """
    unit_id, former_unit_id, thoroughfare_id, locality_id, house_number, house_number_key,
    building_name, building_key, floor, unit_number, households_count, point, position_method,
    position_accuracy_m, delivery_hint
"""
_VALUES: Final = """
    a.unit_id, a.former_id, a.thoroughfare_id, a.locality_id,
    CASE WHEN a.number_key IS NOT NULL THEN coalesce(a.number, a.number_key) END, a.number_key,
    a.building_name, a.building_key, a.storey, a.flat, coalesce(a.households, 1), a.point,
    CASE WHEN a.point IS NOT NULL THEN 'unknown' END,
    CASE WHEN a.point IS NOT NULL THEN a.accuracy_m END, a.hint
"""

_INSERT: Final = f"""
    INSERT INTO household (code, kind, status, {_COLUMNS})
    SELECT c.code, 'household', 'active', {_VALUES}
    FROM addressed a JOIN new_code c ON c.place_in_order = a.place_in_order
    WHERE a.outcome = 'new'
    ORDER BY a.place_in_order
"""

_UPDATE: Final = f"""
    UPDATE household h SET ({_COLUMNS}) = ROW (v.*)
    FROM (SELECT a.code, {_VALUES} FROM addressed a WHERE a.outcome = 'changed')
        v (code, {_COLUMNS})
    WHERE h.code = v.code
""".replace("ROW (v.*)", "ROW (" + ", ".join(f"v.{c.strip()}" for c in _COLUMNS.split(",")) + ")")

_REFS: Final = """
    INSERT INTO household_ref (source, source_ref, code, import_id, linked, row_hash)
    SELECT :source, d.ref, coalesce(o.code, own.code, head.code), :import_id,
        o.outcome = 'linked', d.row_hash
    FROM door d
    JOIN outcome o USING (row_number)
    LEFT JOIN fresh own ON own.row_number = d.row_number
    LEFT JOIN fresh head ON head.row_number = o.head
    WHERE o.outcome IN ('new', 'linked')
"""
_FRESH: Final = """
    CREATE TEMPORARY TABLE fresh ON COMMIT DROP AS
    SELECT a.row_number, c.code FROM addressed a
    JOIN new_code c ON c.place_in_order = a.place_in_order
    WHERE a.outcome = 'new'
"""
_REF_HASHES: Final = """
    UPDATE household_ref r SET row_hash = d.row_hash
    FROM door d JOIN known k USING (row_number)
    WHERE NOT k.same AND r.source = :source AND r.source_ref = d.ref
"""

# Several flats at one place: one building for them all, unless there is one already.
_PLACES_OF_FLATS: Final = """
    CREATE TEMPORARY TABLE block ON COMMIT DROP AS
    SELECT h.unit_id, h.former_unit_id, h.thoroughfare_id, h.locality_id, h.house_number_key,
        h.building_key, min(h.house_number) AS house_number, min(h.building_name) AS building_name,
        ST_Centroid(ST_Collect(h.point)) AS point, min(b.code) AS building,
        count(*) FILTER (WHERE h.parent_code IS NULL) AS orphans
    FROM (
        SELECT DISTINCT h.unit_id, h.thoroughfare_id, h.locality_id, h.house_number_key,
            h.building_key
        FROM household h
        WHERE h.event_id = current_event_id() AND h.kind = 'household'
            AND h.unit_number IS NOT NULL
    ) touched
    JOIN household h ON h.unit_id = touched.unit_id
        AND h.thoroughfare_id IS NOT DISTINCT FROM touched.thoroughfare_id
        AND h.locality_id IS NOT DISTINCT FROM touched.locality_id
        AND h.house_number_key IS NOT DISTINCT FROM touched.house_number_key
        AND h.building_key IS NOT DISTINCT FROM touched.building_key
        AND h.kind = 'household' AND h.status = 'active' AND h.unit_number IS NOT NULL
    LEFT JOIN household b ON b.code = h.parent_code
    GROUP BY h.unit_id, h.former_unit_id, h.thoroughfare_id, h.locality_id, h.house_number_key,
        h.building_key
    HAVING count(*) > 1 AND count(*) FILTER (WHERE h.parent_code IS NULL) > 0
"""
_BUILDINGS: Final = """
    INSERT INTO household (
        code, kind, status, households_count, unit_id, former_unit_id, thoroughfare_id, locality_id,
        house_number, house_number_key, building_name, building_key, point, position_method
    )
    SELECT c.code, 'building', 'active', 0, b.unit_id, b.former_unit_id, b.thoroughfare_id,
        b.locality_id, b.house_number, b.house_number_key, b.building_name, b.building_key, b.point,
        CASE WHEN b.point IS NOT NULL THEN 'centroid' END
    FROM (SELECT *, row_number() OVER () AS place_in_order FROM block WHERE building IS NULL) b
    JOIN building_code c USING (place_in_order)
    RETURNING code
"""
_INTO_BUILDINGS: Final = """
    UPDATE household h SET parent_code = b.code
    FROM block k
    JOIN household b ON b.kind = 'building' AND b.status = 'active' AND b.unit_id = k.unit_id
        AND b.former_unit_id IS NOT DISTINCT FROM k.former_unit_id
        AND b.thoroughfare_id IS NOT DISTINCT FROM k.thoroughfare_id
        AND b.locality_id IS NOT DISTINCT FROM k.locality_id
        AND b.house_number_key IS NOT DISTINCT FROM k.house_number_key
        AND b.building_key IS NOT DISTINCT FROM k.building_key
    WHERE h.unit_id = k.unit_id AND h.kind = 'household' AND h.status = 'active'
        AND h.unit_number IS NOT NULL AND h.parent_code IS NULL
        AND h.former_unit_id IS NOT DISTINCT FROM k.former_unit_id
        AND h.thoroughfare_id IS NOT DISTINCT FROM k.thoroughfare_id
        AND h.locality_id IS NOT DISTINCT FROM k.locality_id
        AND h.house_number_key IS NOT DISTINCT FROM k.house_number_key
        AND h.building_key IS NOT DISTINCT FROM k.building_key
"""

IssueCodes = Callable[[Connection, int], list[str]]


@dataclass(frozen=True, slots=True)
class Published:
    """What a publication wrote."""

    new: int
    changed: int
    buildings: int


def publish(connection: Connection, import_id: int, source: str, issue: IssueCodes) -> Published:
    """Write what `match` decided, under the event of the transaction; commits nothing."""
    parameters = {"import_id": import_id, "source": source}
    connection.execute(text(_STREETS))
    _make_places(connection)
    connection.execute(text(_ADDRESSED))
    connection.execute(text("ANALYZE addressed"))
    count = _count(connection, "SELECT count(*) FROM addressed WHERE outcome = 'new'")
    _give_codes(connection, "new_code", issue(connection, count))
    connection.execute(text(_FRESH))
    connection.execute(text("CREATE INDEX ON fresh (row_number)"))
    new = connection.execute(text(_INSERT)).rowcount
    changed = connection.execute(text(_UPDATE)).rowcount
    connection.execute(text(_REFS), parameters)
    connection.execute(text(_REF_HASHES), parameters)
    return Published(new, changed, _make_buildings(connection, issue))


def refuse_demo_beside_real(session: Session) -> None:
    """Raises ConflictError when another source than the demonstration has published."""
    source = session.scalar(
        text("SELECT source FROM import WHERE state = 'published' AND source <> :s LIMIT 1"),
        {"s": DEMO_SOURCE},
    )
    if source is not None:
        raise ConflictError(
            f"the register holds real households (source {source}): demo households"
            " can only be written to a file, --csv"
        )


def remove_demo(connection: Connection) -> int:
    """Take the demonstration out, under the event of the transaction; returns how many records."""
    connection.execute(text("DELETE FROM household_ref WHERE source = :s"), {"s": DEMO_SOURCE})
    # Flats first: a building cannot go before them.
    flats = connection.execute(
        text("DELETE FROM household WHERE code LIKE '0%' AND kind = 'household'")
    )
    blocks = connection.execute(text("DELETE FROM household WHERE code LIKE '0%'"))
    return flats.rowcount + blocks.rowcount


def _make_places(connection: Connection) -> None:
    connection.execute(text(_PLACES))
    for depth in range(1, _count(connection, _PLACE_DEPTH) + 1):
        connection.execute(text(_PLACES_OF_DEPTH), {"depth": depth})
        connection.execute(text("ANALYZE place"))


def _make_buildings(connection: Connection, issue: IssueCodes) -> int:
    connection.execute(text(_PLACES_OF_FLATS))
    count = _count(connection, "SELECT count(*) FROM block WHERE building IS NULL")
    _give_codes(connection, "building_code", issue(connection, count))
    made = len(connection.execute(text(_BUILDINGS)).all())
    connection.execute(text(_INTO_BUILDINGS))
    return made


def _give_codes(connection: Connection, table: str, codes: list[str]) -> None:
    rows = ((number, code) for number, code in enumerate(codes, start=1))
    copy_rows(
        connection,
        table,
        'place_in_order bigint, code text COLLATE "C"',
        rows,
        key="place_in_order",
    )


def _count(connection: Connection, statement: str) -> int:
    counted: int = connection.execute(text(statement)).scalar_one()
    return counted
