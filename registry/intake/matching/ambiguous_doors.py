"""Rows that may be one of several doors, of which nothing tells which: they are asked about.

Streets of one name meet in a commune that joined several, and a row that names no former commune
may be number 12 of either.
"""

from typing import Final

from sqlalchemy import text

from registry.intake.staged.staging import Staging

_RECORDS: Final = """
    SELECT row_number, concat('mã ', left(code, 4), '-', substr(code, 5), '; mã ', left(other, 4),
        '-', substr(other, 5)) AS choices
    FROM registered WHERE other IS NOT NULL
"""
# A record that names no former commune is the door of rows of one; of two, it is one row's at most.
_FORMERS: Final = """
    SELECT r.row_number, concat('mã ', left(r.code, 4), '-', substr(r.code, 5),
        ' (trong sổ chưa ghi xã/phường cũ)') AS choices
    FROM registered r JOIN entry e ON e.row_number = r.row_number
    JOIN (
        SELECT r.code FROM registered r JOIN entry e ON e.row_number = r.row_number
        WHERE r.unplaced GROUP BY r.code HAVING count(DISTINCT e.former_id) > 1
    ) several ON several.code = r.code
    WHERE r.unplaced AND e.former_id IS NOT NULL
"""
# `keyed` are the rows of streets that some rows of the file name with a former commune.
_ROWS: Final = """
    SELECT d.row_number,
        string_agg(DISTINCT 'dòng ' || h.row_number, '; ' ORDER BY 'dòng ' || h.row_number)
            AS choices
    FROM keyed d
    JOIN keyed h ON h.key = d.key AND h.former_id IS NOT NULL AND {near}
    WHERE d.former_id IS NULL
        AND NOT EXISTS (SELECT FROM found f WHERE f.row_number = d.row_number)
    GROUP BY d.row_number
    HAVING count(DISTINCT h.former_id) > 1
"""
_HEIRS: Final = """
    SELECT row_number, (
        SELECT string_agg(concat('mã ', left(heir, 4), '-', substr(heir, 5)), '; ' ORDER BY heir)
        FROM unnest(heirs) heir) AS choices
    FROM succeeded WHERE cardinality(heirs) > 1
"""
_REFUSE: Final = (
    "UPDATE entry e SET rejected = true FROM {unclear} u WHERE u.row_number = e.row_number",
    "DELETE FROM registered r USING {unclear} u WHERE u.row_number = r.row_number",
    """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value, proposed_fix)
    SELECT :import_id, row_number, 'former_commune', 'door_ambiguous', 'error', NULL, choices
    FROM {unclear}
    """,
)


def refuse_of_several_records(staging: Staging) -> None:
    """Reject the rows of `registered` that have an `other` record as well."""
    _refuse(staging, "of_several_records", _RECORDS)


def refuse_of_several_formers(staging: Staging) -> None:
    """Reject the rows of `registered` that lead from several former communes to one record."""
    _refuse(staging, "of_several_formers", _FORMERS)


def refuse_of_several_heirs(staging: Staging) -> None:
    """Reject the rows of `succeeded` whose door became several, and forget them there."""
    _refuse(staging, "of_several_heirs", _HEIRS)
    staging.delete("succeeded", "cardinality(heirs) > 1", {})


def refuse_of_several_rows(staging: Staging, near: str) -> None:
    """Reject the rows of `keyed` without a former commune that are those of several with one.

    `near` says in SQL whether two rows may be at one place. Needs `found`.
    """
    _refuse(staging, "of_several_rows", _ROWS.format(near=near))


def _refuse(staging: Staging, unclear: str, query: str) -> None:
    if staging.select(unclear, query, stats="row_number"):
        for statement in _REFUSE:
            staging.connection.execute(
                text(statement.format(unclear=unclear)), {"import_id": staging.import_id}
            )
