"""Rows that are not the deliverer's to write: outside of the units of the key that acts.

Row-level security holds the transaction to these units all the same; here each such row gets its
problem, and the rest of the file is written. For the operator everything is inside.
"""

from typing import Final

from sqlalchemy import text

from registry.access.actors import is_bound
from registry.access.jurisdiction import TOLERANCE_M
from registry.intake.engine import Workbench
from registry.intake.staged.staging import Staging

_WRITABLE: Final = "SELECT unnest(writable_units()) AS unit_id"
_CODES: Final = "SELECT id AS unit_id, code FROM admin_unit"
# A known reference whose record stands elsewhere by now: somebody moved it, or it is another's.
_OTHER_RECORD: Final = """
    SELECT f.row_number, 'source_ref' AS field, u.code AS value
    FROM found f
    JOIN household h ON h.code = f.code
    JOIN admin_unit u ON u.id = h.unit_id
    WHERE f.outcome IN ('changed', 'revived')
        AND h.unit_id <> ALL ((SELECT writable_units())::integer[])
"""
_WRITE: Final = """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value)
    SELECT :import_id, row_number, min(field), 'outside_your_units', 'error', min(value)
    FROM beyond GROUP BY row_number
"""
_REJECT: Final = """
    UPDATE entry e SET rejected = true FROM beyond b WHERE b.row_number = e.row_number
"""
_FORGET: Final = """
    WITH gone AS (DELETE FROM found f USING beyond b WHERE b.row_number = f.row_number)
    DELETE FROM returned r USING beyond b WHERE b.row_number = r.row_number
"""


def reject_beyond(bench: Workbench) -> None:
    """Reject rows of communes, and with points, in which who acts may not write.

    Needs `entry` and `outside` of `judge`.
    """
    if not is_bound():
        return
    bench.bring("writable", _WRITABLE)
    bench.bring("unit_code", _CODES)
    points = "row_number bigint, lon float8, lat float8"
    bench.hand("asked_point", points, "judging/asked_points.sql")
    bench.bring("other_place", "judging/other_places.pg.sql", tolerance_m=TOLERANCE_M)
    bench.run("judging/beyond.sql")


def reject_foreign(staging: Staging) -> None:
    """Reject rows that would change a record in a commune in which who acts may not write.

    Needs `found` and `returned` of `match`.
    """
    if not is_bound():
        return
    connection = staging.connection
    if staging.select("beyond", _OTHER_RECORD):
        connection.execute(text(_WRITE), {"import_id": staging.import_id})
        for statement in (_REJECT, _FORGET):
            connection.execute(text(statement))
