"""Step 4, matching: rows that are known, rows that name a door already there, and new ones."""

from typing import Final

from sqlalchemy import Connection, text

from registry.intake.publish import DEMO_SOURCE
from registry.intake.vanished import find_returned, mark_revived

SAME_DOOR_M: Final = 10
"""Metres within which two points with one address are one door."""
SAME_PLACE_M: Final = 1
"""The same for rows without a number, which only their point tells apart."""

# The reference of a row without one: its address and an ordinal, never the row's number.
_DOORS: Final = """
    CREATE TEMPORARY TABLE door ON COMMIT DROP AS
    SELECT a.*, coalesce(a.source_ref, a.address_key || '#' || row_number() OVER (
            PARTITION BY a.source_ref IS NULL, a.address_key ORDER BY a.row_number)) AS ref,
        (a.number_key IS NOT NULL OR a.flat IS NOT NULL) AS numbered
    FROM (
        SELECT c.*, concat_ws('|', c.unit_id, c.former_id, coalesce(c.street_key, ''),
            CASE WHEN c.street_key IS NULL THEN array_to_string(c.place_keys, ',') END,
            coalesce(c.number_key, ''), coalesce(c.building_key, ''), coalesce(c.storey, ''),
            coalesce(c.flat, '')) AS address_key
        FROM accepted c
    ) a
"""

_KNOWN: Final = """
    CREATE TEMPORARY TABLE known ON COMMIT DROP AS
    SELECT d.row_number, r.code, r.linked, r.row_hash IS NOT DISTINCT FROM d.row_hash AS same
    FROM door d
    JOIN household_ref r ON r.source = :source AND r.source_ref = d.ref
"""

_NEAR: Final = f"""
    CASE WHEN d.numbered
        THEN d.point IS NULL OR h.point IS NULL
            OR ST_DWithin(d.point::geography, h.point::geography, {SAME_DOOR_M})
        ELSE ST_DWithin(d.point::geography, h.point::geography, {SAME_PLACE_M})
    END
"""
_SAME_FLAT: Final = """
    h.kind = 'household' AND h.status IN ('active', 'proposed')
    AND h.house_number_key IS NOT DISTINCT FROM d.number_key
    AND h.building_key IS NOT DISTINCT FROM d.building_key
    AND h.floor IS NOT DISTINCT FROM d.storey
    AND h.unit_number IS NOT DISTINCT FROM d.flat
"""
_SAME_FORMER: Final = (
    "coalesce({place}.former_unit_id, d.former_id) IS NOT DISTINCT FROM"
    " coalesce(d.former_id, {place}.former_unit_id)"
)

# By street, else by the innermost locality, else by the commune alone.
_REGISTERED: Final = f"""
    CREATE TEMPORARY TABLE registered ON COMMIT DROP AS
    SELECT DISTINCT ON (row_number) row_number, code
    FROM (
        SELECT d.row_number, h.code, d.point <-> h.point AS degrees
        FROM door d
        JOIN thoroughfare t ON t.unit_id = d.unit_id AND t.key = d.street_key
            AND {_SAME_FORMER.format(place="t")}
        JOIN household h ON h.thoroughfare_id = t.id AND {_SAME_FLAT}
        WHERE {_NEAR}
        UNION ALL
        SELECT d.row_number, h.code, d.point <-> h.point
        FROM door d
        JOIN locality l ON l.unit_id = d.unit_id AND l.key = d.place_keys[1]
            AND {_SAME_FORMER.format(place="l")}
        JOIN household h ON h.locality_id = l.id AND h.thoroughfare_id IS NULL AND {_SAME_FLAT}
        WHERE d.street_key IS NULL AND {_NEAR}
        UNION ALL
        SELECT d.row_number, h.code, d.point <-> h.point
        FROM door d
        JOIN household h ON h.unit_id = d.unit_id AND h.thoroughfare_id IS NULL
            AND h.locality_id IS NULL AND {_SAME_FLAT}
        WHERE d.street_key IS NULL AND cardinality(d.place_keys) = 0 AND {_NEAR}
    ) found
    WHERE NOT EXISTS (SELECT FROM known k WHERE k.row_number = found.row_number)
        -- What is made up goes when the first real household comes: nothing is linked to it.
        AND (found.code NOT LIKE '0%' OR :source = '{DEMO_SOURCE}')
    ORDER BY row_number, degrees NULLS LAST, code
"""

# Inside the file: the first row with an address is the head, later ones near it are the same door.
_OUTCOMES: Final = f"""
    CREATE TEMPORARY TABLE outcome ON COMMIT DROP AS
    WITH unmatched AS (
        SELECT d.*, first_value(d.row_number) OVER (
                PARTITION BY d.address_key ORDER BY d.row_number) AS head
        FROM door d
        WHERE NOT EXISTS (SELECT FROM known k WHERE k.row_number = d.row_number)
            AND NOT EXISTS (SELECT FROM registered r WHERE r.row_number = d.row_number)
    )
    SELECT row_number, CASE WHEN same OR linked THEN 'unchanged' ELSE 'changed' END AS outcome,
        code, NULL::bigint AS head
    FROM known
    UNION ALL
    SELECT row_number, 'linked', code, NULL FROM registered
    UNION ALL
    SELECT d.row_number,
        CASE WHEN d.row_number <> d.head AND ({_NEAR}) THEN 'linked' ELSE 'new' END,
        NULL, CASE WHEN d.row_number <> d.head AND ({_NEAR}) THEN d.head END
    FROM unmatched d JOIN door h ON h.row_number = d.head
"""

# A row that says the same in other words has not changed the record.
_REALLY_CHANGED: Final = """
    UPDATE outcome o SET outcome = 'unchanged'
    FROM door d, household h
    LEFT JOIN thoroughfare t ON t.id = h.thoroughfare_id
    LEFT JOIN locality l ON l.id = h.locality_id
    WHERE o.outcome = 'changed' AND d.row_number = o.row_number AND h.code = o.code
        AND (
            (h.status = 'retired' AND NOT EXISTS (
                SELECT FROM returned b WHERE b.row_number = o.row_number AND b.revives))
            OR (
                (h.unit_id, t.key, l.key, h.house_number_key, h.building_key, h.floor,
                    h.unit_number, h.households_count)
                IS NOT DISTINCT FROM (d.unit_id, d.street_key, d.place_keys[1], d.number_key,
                    d.building_key, d.storey, d.flat, coalesce(d.households, 1))
                AND (d.point IS NULL OR d.point IS NOT DISTINCT FROM h.point)
            )
        )
"""

_DUPLICATES: Final = """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value)
    SELECT :import_id, o.row_number, 'address', 'duplicate_in_file', 'warning', o.head::text
    FROM outcome o WHERE o.head IS NOT NULL
    UNION ALL
    SELECT :import_id, o.row_number, 'source_ref', 'record_retired', 'warning', o.code
    FROM outcome o JOIN household h ON h.code = o.code AND h.status = 'retired'
    WHERE NOT EXISTS (SELECT FROM returned b WHERE b.row_number = o.row_number AND b.revives)
"""


def match(connection: Connection, import_id: int, source: str) -> None:
    """Leave the temporary table `outcome`: unchanged, changed, linked or new for each accepted row.

    Needs `accepted` of `judge`. `door` holds the accepted rows with their references.
    """
    parameters = {"import_id": import_id, "source": source}
    for table, statement in (("door", _DOORS), ("known", _KNOWN), ("registered", _REGISTERED)):
        connection.execute(text(statement), parameters)
        connection.execute(text(f"CREATE INDEX ON {table} (row_number)"))
        connection.execute(text(f"ANALYZE {table}"))
    connection.execute(text(_OUTCOMES))
    connection.execute(text("CREATE INDEX ON outcome (row_number)"))
    connection.execute(text("ANALYZE outcome"))
    find_returned(connection, source)
    connection.execute(text(_REALLY_CHANGED))
    mark_revived(connection)
    connection.execute(text(_DUPLICATES), parameters)
