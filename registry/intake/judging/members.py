"""Rows of the members of a household: lists of residents have one for each person, not each door.

The first row of a household names its address. Those below it name it again under the same
reference, or have nothing but a name, which is never read. They are no doors, and nothing of them
is lost; counted as `skipped` and noted, they hide no row that lacks something.
"""

from typing import Final

from sqlalchemy import text

from registry.intake.staged.staging import Staging

# The only thing wrong is that the reference was there before, with the same door.
_AGAIN: Final = """
    SELECT e.row_number
    FROM repeated r
    JOIN entry e ON e.row_number = r.row_number AND e.rejected
    JOIN (
        SELECT DISTINCT ON (source_ref) source_ref, address_hash, point_hash, rejected
        FROM entry
        WHERE source_ref IN (
            SELECT o.source_ref FROM repeated p JOIN entry o ON o.row_number = p.row_number)
        ORDER BY source_ref, row_number
    ) head ON head.source_ref = e.source_ref AND NOT head.rejected
        AND head.address_hash = e.address_hash
        AND coalesce(head.point_hash, e.point_hash) IS NOT DISTINCT FROM
            coalesce(e.point_hash, head.point_hash)
    WHERE e.row_number NOT IN (
        SELECT p.row_number FROM import_problem p
        WHERE p.import_id = :import_id AND p.severity = 'error' AND p.code <> 'duplicate_ref')
"""
# Nothing that is read, but for the commune where that of the file stands in every row.
_BLANK: Final = """
    SELECT row_number
    FROM judged
    WHERE rejected AND number_at IS NULL AND street_at IS NULL AND place_at IS NULL
        AND flat_at IS NULL AND longitude IS NULL AND latitude IS NULL
        AND households_count IS NULL
        AND (source_ref IS NULL OR row_number IN (SELECT row_number FROM repeated))
        AND (:of_one_commune OR commune_problem = 'commune_missing'
            OR commune_problem = 'address_missing' AND cardinality(candidates) = 0)
"""
_NOTE: Final = """
    WITH gone AS (
        DELETE FROM import_problem p USING person_row m
        WHERE p.import_id = :import_id AND p.row_number = m.row_number
    ), noted AS (
        INSERT INTO import_problem (import_id, row_number, code, severity)
        SELECT :import_id, row_number, 'row_of_member', 'notice' FROM person_row
    )
    INSERT INTO skipped SELECT row_number FROM person_row
"""


def skip_members(staging: Staging, *, personal: bool, of_one_commune: bool) -> int:
    """Take rows of members out of the problems, into the table `skipped`; how many there are.

    `personal`: whether the file has columns about people, which are all that a blank row may hold;
    `of_one_commune`: whether its commune was stated for all rows. Needs what `judge` and
    `skip_footers` leave.
    """
    parameters: dict[str, object] = {
        "import_id": staging.import_id,
        "of_one_commune": of_one_commune,
    }
    again = f"SELECT row_number FROM ({_AGAIN}) again"
    blank = f" UNION SELECT row_number FROM ({_BLANK}) blank" if personal else ""
    found = staging.select(
        "person_row", f"({again}{blank}) EXCEPT SELECT row_number FROM skipped", parameters
    )
    if found:
        staging.key("person_row", "row_number")
        staging.connection.execute(text(_NOTE), {"import_id": staging.import_id})
    return found
