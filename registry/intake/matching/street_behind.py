"""New streets called as another one of the commune, and more: `Quán Thánh kéo dài`, `… cũ`.

Some are streets of their own and some are a clerk's words for a stretch of the other one. Nothing
in the file tells, so that such a row is published and told.
"""

from typing import Final

from sqlalchemy import text

from registry.intake.staged.staging import Staging

_BEHIND: Final = " (kéo dài|nối dài|cũ|mới|keo dai|noi dai)$"
_STRETCHED: Final = f"""
    SELECT DISTINCT d.unit_id, d.street_at, concat_ws(' ', s.street_kind, s.street_name) AS shown,
        regexp_replace(s.street_key, ' (keo dai|noi dai|cu|moi)$', '') AS key
    FROM named_street d JOIN street s ON s.at = d.street_at
    WHERE lower(s.street_name) ~ '{_BEHIND}' AND NOT EXISTS (
        SELECT FROM thoroughfare t WHERE t.unit_id = d.unit_id AND t.own_key = s.street_key)
"""
# The other street as the register calls it, else as the file does.
_LIKE: Final = """
    SELECT n.unit_id, n.street_at, n.shown,
        coalesce(min(concat_ws(' ', t.kind, t.name)) FILTER (WHERE t.id IS NOT NULL),
            min(o.shown)) AS other
    FROM stretched n
    LEFT JOIN thoroughfare t ON t.unit_id = n.unit_id AND t.key = n.key
        AND t.merged_into_id IS NULL
    LEFT JOIN (
        SELECT d.unit_id, s.street_key, concat_ws(' ', s.street_kind, s.street_name) AS shown
        FROM named_street d JOIN street s ON s.at = d.street_at
        WHERE s.street_key IN (SELECT key FROM stretched)
    ) o ON o.unit_id = n.unit_id AND o.street_key = n.key
    GROUP BY n.unit_id, n.street_at, n.shown
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
    if staging.select("stretched", _STRETCHED, stats="unit_id, key"):
        staging.select("street_behind", _LIKE)
        staging.connection.execute(text(_WARN), {"import_id": staging.import_id})
