"""Rows that are not the deliverer's to write: outside of the units of the key that acts.

Row-level security holds the transaction to these units all the same; here each such row gets its
problem, and the rest of the file is written. For the operator everything is inside.
"""

from typing import Final

from sqlalchemy import text

from registry.access.actors import is_bound
from registry.access.jurisdiction import TOLERANCE_M
from registry.intake.staged.staging import Staging

_CODE: Final = "outside_your_units"
_ANY_REAL: Final = "SELECT EXISTS (SELECT FROM boundary WHERE NOT approximate)"

_OTHER_COMMUNE: Final = """
    SELECT e.row_number, 'commune' AS field, u.code AS value
    FROM entry e JOIN admin_unit u ON u.id = e.unit_id
    WHERE e.unit_id <> ALL ((SELECT writable_units())::integer[])
"""
# Points inside the commune that their rows name are most, and need no look. What is measured is as
# in registry.access.jurisdiction: not near the key's units, and certainly not in them.
_OTHER_PLACE: Final = f"""
    SELECT e.row_number, 'longitude' AS field, concat_ws(' ', e.longitude, e.latitude) AS value
    FROM entry e
    CROSS JOIN (
        SELECT NOT EXISTS (
            SELECT FROM unnest(writable_units()) w (id) WHERE NOT EXISTS (
                SELECT FROM boundary b WHERE b.unit_id = w.id AND NOT b.approximate)) AS all_real
    ) own
    WHERE e.point IS NOT NULL AND NOT e.shifted
        AND e.unit_id = ANY ((SELECT writable_units())::integer[])
        AND (
            EXISTS (SELECT FROM outside o WHERE o.row_number = e.row_number)
            OR NOT EXISTS (
                SELECT FROM boundary b WHERE b.unit_id = e.unit_id AND NOT b.approximate))
        AND NOT EXISTS (
            SELECT FROM boundary_part p JOIN boundary b ON b.unit_id = p.unit_id
            WHERE NOT b.approximate AND p.unit_id = ANY ((SELECT writable_units())::integer[])
                AND p.geom && ST_Expand(e.point, 0.002)
                AND ST_DWithin(p.geom::geography, e.point::geography, {TOLERANCE_M}))
        AND (own.all_real OR EXISTS (
            SELECT FROM boundary_part p JOIN boundary b ON b.unit_id = p.unit_id
            WHERE NOT b.approximate AND p.unit_id <> ALL ((SELECT writable_units())::integer[])
                AND ST_Covers(p.geom, e.point)
                AND NOT ST_DWithin(ST_Boundary(b.geom)::geography, e.point::geography,
                    {TOLERANCE_M})))
"""
# A known reference whose record stands elsewhere by now: somebody moved it, or it is another's.
_OTHER_RECORD: Final = """
    SELECT f.row_number, 'source_ref' AS field, u.code AS value
    FROM found f
    JOIN household h ON h.code = f.code
    JOIN admin_unit u ON u.id = h.unit_id
    WHERE f.outcome IN ('changed', 'revived')
        AND h.unit_id <> ALL ((SELECT writable_units())::integer[])
"""
_WRITE: Final = f"""
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value)
    SELECT :import_id, row_number, min(field), '{_CODE}', 'error', min(value)
    FROM beyond WHERE NOT written GROUP BY row_number
"""
_REJECT: Final = """
    UPDATE entry e SET rejected = true FROM beyond b WHERE b.row_number = e.row_number
"""
_FORGET: Final = """
    WITH gone AS (DELETE FROM found f USING beyond b WHERE b.row_number = f.row_number)
    DELETE FROM returned r USING beyond b WHERE b.row_number = r.row_number
"""


def reject_beyond(staging: Staging) -> None:
    """Reject rows of communes, and with points, in which who acts may not write.

    Needs `entry` and `outside` of `judge`.
    """
    if not is_bound():
        return
    real = staging.connection.execute(text(_ANY_REAL)).scalar_one()
    parts = [_OTHER_COMMUNE, _OTHER_PLACE] if real else [_OTHER_COMMUNE]
    union = " UNION ALL ".join(f"({part})" for part in parts)
    if staging.select("beyond", f"SELECT *, false AS written FROM ({union}) b"):
        _reject(staging)


def reject_foreign(staging: Staging) -> None:
    """Reject rows that would change a record in a commune in which who acts may not write.

    Needs `found` and `returned` of `match`.
    """
    if not is_bound():
        return
    connection = staging.connection
    connection.execute(text("UPDATE beyond SET written = true"))
    found = connection.execute(
        text(f"INSERT INTO beyond SELECT *, false AS written FROM ({_OTHER_RECORD}) b")
    )
    if found.rowcount:
        _reject(staging)
        connection.execute(text(_FORGET))


def _reject(staging: Staging) -> None:
    staging.connection.execute(text(_WRITE), {"import_id": staging.import_id})
    staging.connection.execute(text(_REJECT))
