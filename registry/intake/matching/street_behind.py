"""New streets called as another one of the commune, and more: `Quán Thánh kéo dài`, `… cũ`.

Some are streets of their own and some are a clerk's words for a stretch of the other one. Nothing
in the file tells, so that such a row is published and told.
"""

from typing import Final

from sqlalchemy import text

from registry.intake.staged.staging import Staging

_BEHIND: Final = " (kéo dài|nối dài|cũ|mới|keo dai|noi dai)$"
_LIKE: Final = f"""
    SELECT n.unit_id, n.street_at, n.shown, coalesce(r.shown, o.shown) AS other
    FROM (
        SELECT DISTINCT d.unit_id, d.street_at, s.street_key,
            concat_ws(' ', s.street_kind, s.street_name) AS shown,
            regexp_replace(s.street_key, ' (keo dai|noi dai|cu|moi)$', '') AS key
        FROM named_street d JOIN street s ON s.at = d.street_at
        WHERE lower(s.street_name) ~ '{_BEHIND}'
    ) n
    LEFT JOIN (
        SELECT d.unit_id, s.street_key, min(concat_ws(' ', s.street_kind, s.street_name)) AS shown
        FROM named_street d JOIN street s ON s.at = d.street_at
        GROUP BY d.unit_id, s.street_key
    ) o ON o.unit_id = n.unit_id AND o.street_key = n.key
    LEFT JOIN (
        SELECT unit_id, key, min(concat_ws(' ', kind, name)) AS shown FROM thoroughfare
        WHERE merged_into_id IS NULL AND unit_id IN (SELECT unit_id FROM named_street)
        GROUP BY unit_id, key
    ) r ON r.unit_id = n.unit_id AND r.key = n.key
    WHERE NOT EXISTS (
        SELECT FROM thoroughfare t WHERE t.unit_id = n.unit_id AND t.own_key = n.street_key)
"""
_WARN: Final = """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value, proposed_fix)
    SELECT :import_id, d.row_number, 'street', 'street_stretched', 'warning', b.shown, b.other
    FROM street_behind b
    JOIN written d ON d.unit_id = b.unit_id AND d.street_at = b.street_at
    WHERE b.other IS NOT NULL
"""


def warn_of_stretches(staging: Staging) -> None:
    """Warn of each row whose street is new and another one with a word behind.

    Needs what `match` and `name_places` leave.
    """
    if staging.select("street_behind", _LIKE):
        staging.connection.execute(text(_WARN), {"import_id": staging.import_id})
