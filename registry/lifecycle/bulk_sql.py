"""Statements of `bulk`: by class, where records have a column for each."""

from typing import Final

from sqlalchemy import text

MAKE: Final = text(
    "INSERT INTO place (class, unit_id, former_unit_id, parent_id, key, marks, name, kind)"
    " VALUES (:class, :unit, :former, :parent, :key, :marks, :name, :kind)"
    " ON CONFLICT DO NOTHING RETURNING id"
)
RENAME: Final = text(
    "UPDATE place SET key = :key, marks = :marks, name = :name, kind = :kind WHERE id = :id"
)
THERE: Final = text(
    "SELECT id, kind, name FROM place WHERE class = :class AND unit_id = :unit"
    " AND former_unit_id IS NOT DISTINCT FROM :former AND key = :key"
    " AND marks IS NOT DISTINCT FROM :marks AND id <> :id"
    " AND parent_id IS NOT DISTINCT FROM :parent"
)
ENDED: Final = text("UPDATE place SET merged_into_id = :into, key = '#' || id WHERE id = :id")

# Numbers count along the street, or in the locality where no street leads to the door.
_ALONE: Final = {"street": "", "locality": " AND h.street_id IS NULL"}
COUNTS: Final = {table: f"h.{table}_id = :id{alone}" for table, alone in _ALONE.items()}
REMEMBER: Final = {
    table: text(
        "INSERT INTO household_former_number"
        " (code, street_id, locality_id, house_number, house_number_key)"
        " SELECT h.code, h.street_id, h.locality_id, h.house_number, h.house_number_key"
        f" FROM household h WHERE {counts} AND h.house_number_key IS NOT NULL"
    )
    for table, counts in COUNTS.items()
}
REWRITE: Final = {
    table: text(f"UPDATE household SET {table}_id = :into WHERE {table}_id = :id")
    for table in COUNTS
}
MEETING: Final = {
    table: text(
        "SELECT h.house_number_key FROM household h"
        f" WHERE {counts} AND h.house_number_key IS NOT NULL"
        " AND h.status IN ('proposed', 'active') AND EXISTS ("
        f"SELECT FROM household o WHERE o.{table}_id = :into"
        " AND o.house_number_key = h.house_number_key AND o.status IN ('proposed', 'active')"
        f" {alone}) GROUP BY 1 ORDER BY 1 LIMIT :limit"
    )
    for table, counts, alone in (
        ("street", COUNTS["street"], ""),
        ("locality", COUNTS["locality"], "AND o.street_id IS NULL"),
    )
}

INNER_MEETING: Final = text(
    "SELECT a.name FROM place a JOIN place b ON b.parent_id = :into AND b.own_key = a.own_key"
    " AND b.former_unit_id IS NOT DISTINCT FROM a.former_unit_id"
    " WHERE a.parent_id = :id AND a.merged_into_id IS NULL ORDER BY 1 LIMIT :limit"
)
MOVE_INNER: Final = text("UPDATE place SET parent_id = :into WHERE parent_id = :id")

COMMUNES: Final = text("SELECT id, code FROM admin_unit WHERE id = ANY (:units)")
DOORS: Final = text(
    "SELECT street_id AS id, count(*) AS doors FROM household"
    " WHERE street_id = ANY (:ids) AND status IN ('proposed', 'active') GROUP BY 1"
)
IN_FORCE: Final = {
    "street": text(
        "SELECT count(*) FROM household WHERE street_id = ANY (:ids) AND status = 'active'"
    ),
    "locality": text(
        "SELECT count(*) FROM household h WHERE h.status = 'active' AND h.locality_id IN"
        " (SELECT id FROM place WHERE id = ANY (:ids)"
        " OR parent_id IS NOT NULL AND outer_ids && CAST(:ids AS bigint[]))"
    ),
}
"""Records in force whose address has the name of a place."""
TABLE: Final = (
    "unnest(CAST(:old AS text[]), CAST(:written AS text[]), CAST(:new AS text[]),"
    " CAST(:unit AS integer[])) AS n (old, written, new, unit)"
)
_BORNE: Final = {
    table: f"h.{table}_id = ANY (:ids){alone} AND h.status IN ('proposed', 'active')"
    ' AND h.house_number_key = n.old COLLATE "C" AND (n.unit IS NULL OR n.unit = h.unit_id)'
    for table, alone in _ALONE.items()
}
"""Doors `h` of a line `n`."""
UNKNOWN: Final = {
    table: text(
        f"SELECT n.old FROM {TABLE} WHERE NOT EXISTS (SELECT FROM household h WHERE {borne})"
        " LIMIT :limit"
    )
    for table, borne in _BORNE.items()
}
SEVERAL: Final = {
    table: text(
        f"SELECT n.old FROM {TABLE} JOIN household h ON {borne} WHERE n.unit IS NULL"
        f" GROUP BY 1 HAVING count(DISTINCT h.{table}_id) > 1 ORDER BY 1 LIMIT :limit"
    )
    for table, borne in _BORNE.items()
}
# A door of the table gives its own number up.
TAKEN: Final = {
    table: text(
        f"SELECT DISTINCT n.new FROM {TABLE} JOIN household h ON {borne}"
        f" JOIN household o ON o.{table}_id = h.{table}_id{_ALONE[table].replace('h.', 'o.')}"
        " AND o.status IN ('proposed', 'active')"
        ' AND o.house_number_key = n.new COLLATE "C"'
        f" WHERE NOT EXISTS (SELECT FROM {TABLE.replace('AS n', 'AS m')}"
        ' WHERE m.old COLLATE "C" = o.house_number_key AND (m.unit IS NULL OR m.unit = o.unit_id))'
        " LIMIT :limit"
    )
    for table, borne in _BORNE.items()
}
REMEMBER_TABLE: Final = {
    table: text(
        "INSERT INTO household_former_number"
        " (code, street_id, locality_id, house_number, house_number_key)"
        " SELECT h.code, h.street_id, h.locality_id, h.house_number, h.house_number_key"
        f" FROM {TABLE} JOIN household h ON {borne}"
    )
    for table, borne in _BORNE.items()
}
RENUMBER: Final = {
    table: text(
        "WITH done AS (UPDATE household h SET house_number = n.written, house_number_key = n.new"
        f" FROM {TABLE} WHERE {borne} RETURNING h.{table}_id AS id)"
        " SELECT id, count(*) AS rewritten FROM done GROUP BY 1"
    )
    for table, borne in _BORNE.items()
}
