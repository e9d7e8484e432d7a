"""Doors that ended since: merged, split or given another code, and still delivered as they were.

Whoever delivers one is led to what continues it, whatever the reference or the source. A door that
became several is asked about.
"""

from typing import Final

from sqlalchemy import text

from registry.intake.matching.ambiguous_doors import refuse_of_several_heirs
from registry.intake.staged.staging import Staging

_ANY: Final = "SELECT EXISTS (SELECT FROM succession_link WHERE ended_by_event_id IS NULL)"
_HEIRS: Final = """
    WITH RECURSIVE onward AS (
        SELECT old_code, new_code FROM succession_link WHERE ended_by_event_id IS NULL
        UNION
        SELECT o.old_code, s.new_code
        FROM onward o
        JOIN succession_link s ON s.old_code = o.new_code AND s.ended_by_event_id IS NULL
    )
    SELECT o.old_code, array_agg(n.code ORDER BY n.code) AS heirs
    FROM onward o
    JOIN household h ON h.code = o.old_code AND h.status = 'retired'
    JOIN household n ON n.code = o.new_code AND n.status IN ('active', 'proposed')
    GROUP BY o.old_code
"""
# By a reference of their own, or by what they name.
_SUCCEEDED: Final = """
    SELECT k.row_number, k.code AS old_code, h.heirs, true AS known
    FROM known k JOIN heir h ON h.old_code = k.code
    WHERE cardinality(h.heirs) = 1
    UNION ALL
    SELECT row_number, min(old_code), array_agg(DISTINCT new_code), false
    FROM (
        SELECT d.row_number, o.old_code, unnest(o.heirs) AS new_code
        FROM heir o
        JOIN household h ON h.code = o.old_code
        LEFT JOIN thoroughfare t ON t.id = h.thoroughfare_id
        LEFT JOIN locality l ON l.id = h.locality_id
        JOIN door d ON {same_door}
        WHERE NOT EXISTS (SELECT FROM known k WHERE k.row_number = d.row_number)
            AND NOT EXISTS (SELECT FROM registered k WHERE k.row_number = d.row_number)
    ) named
    GROUP BY row_number
"""
_LEAD: Final = (
    """
    UPDATE known k SET code = s.heirs[1], linked = true
    FROM succeeded s WHERE s.row_number = k.row_number AND s.known
    """,
    """
    INSERT INTO registered (row_number, code)
    SELECT row_number, heirs[1] FROM succeeded WHERE NOT known
    """,
)


def lead_to_heirs(staging: Staging, same_door: str, *, demo: bool) -> None:
    """Give the rows of doors that ended the code that continues them, in `known` and `registered`.

    Leaves them in `succeeded`. `same_door` says in SQL whether a row `d` and a record `h` are one
    door, whatever its state.
    """
    connection = staging.connection
    if not connection.execute(text(_ANY)).scalar_one():
        staging.create("succeeded", "row_number bigint, old_code text, heirs text[], known boolean")
        return
    staging.select("heir", _HEIRS, stats="old_code")
    found = _SUCCEEDED.format(same_door=same_door)
    staging.select("succeeded", found, {"demo": demo}, stats="row_number")
    refuse_of_several_heirs(staging)
    for statement in _LEAD:
        connection.execute(text(statement))
