"""New streets called as another one of the commune, and more: `Quán Thánh kéo dài`, `… cũ`.

Some are streets of their own and some are a clerk's words for a stretch of the other one. Nothing
in the file tells, so that such a row is published and told.
"""

from typing import Final

from sqlalchemy import text

from registry.intake.staged.staging import Staging

_BEHIND: Final = " (kéo dài|nối dài|cũ|mới|keo dai|noi dai)$"
_LIKE: Final = f"""
    SELECT n.unit_id, n.street_at, concat_ws(' ', s.street_kind, s.street_name) AS shown,
        coalesce(
            (SELECT concat_ws(' ', t.kind, t.name) FROM thoroughfare t
                WHERE t.unit_id = n.unit_id AND t.key = b.key AND t.merged_into_id IS NULL
                ORDER BY t.id LIMIT 1),
            (SELECT concat_ws(' ', o.street_kind, o.street_name)
                FROM street o JOIN entry e ON e.street_at = o.at AND e.unit_id = n.unit_id
                WHERE o.street_key = b.key AND NOT e.rejected LIMIT 1)) AS other
    FROM (SELECT DISTINCT unit_id, street_at FROM entry
        WHERE NOT rejected AND street_at IN (
            SELECT at FROM street WHERE lower(street_name) ~ '{_BEHIND}')) n
    JOIN street s ON s.at = n.street_at
    CROSS JOIN LATERAL (
        SELECT regexp_replace(s.street_key, ' (keo dai|noi dai|cu|moi)$', '') AS key) b
    WHERE NOT EXISTS (
        SELECT FROM thoroughfare t WHERE t.unit_id = n.unit_id AND t.own_key = s.street_key)
"""
_WARN: Final = """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value, proposed_fix)
    SELECT :import_id, d.row_number, 'street', 'street_stretched', 'warning', b.shown, b.other
    FROM street_behind b
    JOIN written d ON d.unit_id = b.unit_id AND d.street_at = b.street_at
    WHERE b.other IS NOT NULL
"""


def warn_of_stretches(staging: Staging) -> None:
    """Warn of each row whose street is new and another one with a word behind; needs `written`."""
    if staging.select("street_behind", _LIKE):
        staging.connection.execute(text(_WARN), {"import_id": staging.import_id})
