"""Several hộ at one door: rows of a file that name it under references of their own.

They have one record and one code, and its `households_count` counts each of them, or is what a row
says itself, where that is more. Only the source that brought a record says so, and only in a file
that holds the record's own row, or a full one without it: references that a source numbers anew are
no more hộ. Rows without a reference, and those that a succession led here, count nothing.
"""

from typing import Final

from sqlalchemy import text

from registry.intake.staged.staging import Staging

_ANY_LINKED: Final = """
    SELECT EXISTS (SELECT FROM found WHERE outcome = 'linked')
        OR EXISTS (SELECT FROM known WHERE linked)
        OR EXISTS (SELECT FROM household_ref WHERE source = :source AND shares)
"""
# Of each door the row that the others are told to be at, and these. A door that is there already
# is that of its own reference, or of the first row where a full delivery lacks that one.
_SHARING: Final = """
    SELECT f.row_number, f.head AS first, NULL COLLATE "C" AS code
    FROM found f
    JOIN entry e ON e.row_number = f.row_number AND e.source_ref IS NOT NULL
    JOIN entry h ON h.row_number = f.head AND h.source_ref IS NOT NULL
    WHERE f.code IS NULL
    UNION ALL
    SELECT row_number, first, code
    FROM (
        SELECT row_number, code, first_value(row_number) OVER w AS first,
            first_value(linked) OVER w AS without_own
        FROM (
            SELECT f.row_number, f.code, e.address_hash, coalesce(k.linked, true) AS linked
            FROM found f
            JOIN entry e ON e.row_number = f.row_number AND e.source_ref IS NOT NULL
            LEFT JOIN known k ON k.row_number = f.row_number
            WHERE f.code IN (SELECT code FROM found GROUP BY code HAVING count(*) > 1)
                AND NOT EXISTS (SELECT FROM succeeded s WHERE s.row_number = f.row_number)
        ) named
        WINDOW w AS (PARTITION BY code, address_hash ORDER BY linked, row_number)
    ) grouped
    WHERE row_number <> first AND (NOT without_own OR :full AND EXISTS (
            SELECT FROM household_ref r
            WHERE r.code = grouped.code AND r.source = :source AND NOT r.linked)
        AND NOT EXISTS (
            SELECT FROM household_ref r JOIN door d ON d.ref = r.source_ref
            WHERE r.code = grouped.code AND r.source = :source AND NOT r.linked))
"""
# Of a door that somebody shares, or shared: its row, how many hộ its references are, and were.
_SHARED: Final = """
    WITH concerned AS (
        SELECT code FROM sharing WHERE code IS NOT NULL
        UNION SELECT code FROM household_ref WHERE source = :source AND shares
    ), refs AS (
        SELECT r.code, r.source_ref, r.vanished_import_id IS NULL AS living
        FROM concerned c
        JOIN household_ref r ON r.code = c.code AND r.source = :source
            AND (NOT r.linked OR r.shares)
    ), named AS (
        SELECT r.code, r.source_ref, d.row_number
        FROM refs r LEFT JOIN door d ON d.ref = r.source_ref
        WHERE d.row_number IS NOT NULL OR r.living AND (NOT :full OR EXISTS (
            SELECT FROM judged j WHERE j.source_ref = r.source_ref))
        UNION
        SELECT s.code, d.ref, d.row_number
        FROM (
            SELECT code, row_number FROM sharing UNION SELECT code, first FROM sharing
        ) s JOIN door d ON d.row_number = s.row_number
        WHERE s.code IS NOT NULL
    )
    SELECT k.row_number, b.code, b.before, coalesce(n.now, 0) AS now, n.said
    FROM (
        SELECT code, count(*) FILTER (WHERE living)::int AS before FROM refs GROUP BY code
    ) b
    LEFT JOIN (
        SELECT n.code, count(*)::int AS now, max(e.households) AS said
        FROM named n LEFT JOIN entry e ON e.row_number = n.row_number
        GROUP BY n.code
    ) n ON n.code = b.code
    LEFT JOIN (
        SELECT code, min(row_number) AS row_number FROM known WHERE NOT linked GROUP BY code
    ) k ON k.code = b.code
    UNION ALL
    SELECT s.first, NULL, 0, count(*)::int + 1, greatest(max(e.households), min(h.households))
    FROM sharing s
    JOIN entry e ON e.row_number = s.row_number
    JOIN entry h ON h.row_number = s.first
    WHERE s.code IS NULL
    GROUP BY s.first
"""
_TELL: Final = """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value, proposed_fix)
    SELECT :import_id, s.row_number, 'address', 'shares_door', 'notice', NULL, s.first::text
    FROM sharing s
    WHERE NOT EXISTS (
        SELECT FROM door d JOIN household_ref r ON r.source = :source AND r.source_ref = d.ref
        WHERE d.row_number = s.row_number AND r.shares)
"""

NEWLY_SHARING: Final = """
    SELECT d.ref FROM sharing s JOIN door d ON d.row_number = s.row_number
    JOIN known k ON k.row_number = s.row_number
"""
"""In SQL, the references that are known and of which a file may say that they are another hộ."""
_MARK: Final = f"""
    UPDATE household_ref SET shares = true
    WHERE source = :source AND NOT shares AND source_ref IN ({NEWLY_SHARING})
"""
# What was said otherwise since stays: a count is lowered only where it was that of the references.
_COUNT: Final = """
    UPDATE household h SET households_count = greatest(s.now, s.said, 1)
    FROM shared s
    WHERE h.code = s.code AND h.status = 'active'
        AND (writable_units() IS NULL OR h.unit_id = ANY (writable_units()))
        AND (s.now > s.before AND h.households_count < greatest(s.now, s.said)
            OR s.now < s.before AND h.households_count = s.before
                AND greatest(s.now, s.said, 1) < s.before)
"""


def find_shared(staging: Staging, source: str, *, full: bool) -> None:
    """Leave `sharing`, rows of another hộ at a door, and `shared`, these doors with their hộ.

    Needs `found`, `known`, `door` and `succeeded`.
    """
    parameters: dict[str, object] = {"source": source, "full": full}
    if not staging.connection.execute(text(_ANY_LINKED), parameters).scalar_one():
        staging.create("sharing", "row_number bigint, first bigint, code text")
        staging.create("shared", "row_number bigint, code text, before int, now int, said int")
        return
    staging.select("sharing", _SHARING, parameters, stats="row_number, first, code")
    staging.select("shared", _SHARED, parameters, stats="row_number, code")
    parameters = {"source": source, "import_id": staging.import_id}
    staging.connection.execute(text(_TELL), parameters)


def count_shared(staging: Staging, source: str) -> None:
    """Write the hộ of doors whose own row is not written, and which references are such a hộ."""
    staging.connection.execute(text(_MARK), {"source": source})
    staging.connection.execute(text(_COUNT))
