"""What a known row leaves as the register has it: a file that says what it always said.

A street that was corrected, a point that was measured: the next delivery still bears the old ones,
for nobody told its source. What the source's own imports said last and something else has changed
since is kept as it is now. What a row says anew is taken, but for a place over one that was
measured at the door, with a warning. A row without a point takes none away.
"""

from typing import Final

from sqlalchemy import text

from registry.intake.staged.staging import Staging

_GROUPS: Final = {
    "address": (
        *("unit_id", "former_unit_id", "thoroughfare_id", "locality_id", "house_number"),
        *("house_number_key", "building_name", "building_key", "floor", "unit_number"),
    ),
    "position": ("point", "position_method", "position_accuracy_m"),
    "households": ("households_count",),
    "hint": ("delivery_hint",),
}
"""Columns that are kept or taken together."""
_TOLD_BY: Final = _GROUPS | {"position": ("point",)}
"""Columns of which a group's change is seen."""
_COLUMNS: Final = [name for names in _GROUPS.values() for name in names]

_OWN_EVENTS: Final = """
    SELECT published_event_id AS id FROM import WHERE source = :source AND state = 'published'
"""
_TOUCHED: Final = """
    SELECT k.row_number, k.code
    FROM known k JOIN household h ON h.code = k.code
    WHERE NOT k.same AND NOT k.linked AND (
        h.event_id NOT IN (SELECT id FROM own_event)
        OR h.code IN (
            SELECT code FROM household_version
            WHERE event_id NOT IN (SELECT id FROM own_event)))
"""
_PAST: Final = f"""
    SELECT t.row_number, v.*, v.event_id IN (SELECT id FROM own_event) AS own
    FROM touched t JOIN (
        SELECT code, event_id, valid_from, {", ".join(_COLUMNS)} FROM household_version
        UNION ALL
        SELECT code, event_id, recorded_at, {", ".join(_COLUMNS)} FROM household
    ) v ON v.code = t.code
"""
# Of each group, what the source's own imports brought last, and whether that is over.
_SAID: Final = """
    SELECT DISTINCT ON (row_number) row_number, {columns}, valid_from < last_change AS over
    FROM (
        SELECT *, max(valid_from) OVER (PARTITION BY row_number) AS last_change
        FROM (
            SELECT *, row_number() OVER w = 1 OR {differs} AS changes
            FROM past WINDOW w AS (PARTITION BY row_number ORDER BY valid_from)
        ) p
        WHERE changes
    ) c
    WHERE own
    ORDER BY row_number, valid_from DESC
"""
# A commune that was merged since is another one than the row names today.
_SAME_ADDRESS: Final = """
    (a.unit_id = d.unit_id OR h.unit_id = d.unit_id)
    AND (t.own_key, l.own_key, a.house_number_key, a.building_key, a.floor, a.unit_number)
        IS NOT DISTINCT FROM (d.street_key, d.place_keys[1], d.number_key, d.building_key,
            d.storey, d.flat)
"""
_KEPT: Final = f"""
    SELECT row_number, code, address, position OR measured AS position, households, hint,
        measured AND NOT position AS told
    FROM (
        SELECT d.row_number, h.code, coalesce(a.over AND {_SAME_ADDRESS}, false) AS address,
            coalesce(d.point IS NULL OR p.over AND d.point IS NOT DISTINCT FROM p.point, false)
                AS position,
            coalesce(p.over AND h.position_method IN ('survey', 'gps'), false)
                AND d.point IS DISTINCT FROM h.point AS measured,
            coalesce(n.over AND n.households_count = greatest(d.households, s.now, s.said, 1),
                false)
                AS households,
            coalesce(i.over AND d.hint IS NOT DISTINCT FROM i.delivery_hint, false) AS hint
        FROM known k
        JOIN door d ON d.row_number = k.row_number
        JOIN household h ON h.code = k.code
        LEFT JOIN shared s ON s.row_number = d.row_number
        LEFT JOIN said_address a ON a.row_number = k.row_number
        LEFT JOIN said_position p ON p.row_number = k.row_number
        LEFT JOIN said_households n ON n.row_number = k.row_number
        LEFT JOIN said_hint i ON i.row_number = k.row_number
        LEFT JOIN thoroughfare t ON t.id = a.thoroughfare_id
        LEFT JOIN locality l ON l.id = a.locality_id
        WHERE NOT k.same AND NOT k.linked
            AND (d.point IS NULL OR d.row_number IN (SELECT row_number FROM touched))
    ) compared
    WHERE address OR position OR measured OR households OR hint
"""
_ANY_REREAD: Final = "SELECT EXISTS (SELECT FROM known WHERE NOT same AND NOT linked)"
_TELL: Final = """
    INSERT INTO import_problem (import_id, row_number, field, code, severity, value, proposed_fix)
    SELECT :import_id, p.row_number, 'longitude', 'measured_position_kept', 'warning',
        concat_ws(' ', e.longitude, e.latitude),
        concat_ws(' ', round(ST_X(h.point)::numeric, 6), round(ST_Y(h.point)::numeric, 6))
    FROM kept p
    JOIN entry e ON e.row_number = p.row_number
    JOIN household h ON h.code = p.code
    WHERE p.told
"""

_MERGED_COLUMNS: Final = ", ".join(
    f"CASE WHEN p.{group} THEN o.{name} ELSE w.{name} END AS {name}"
    for group, names in _GROUPS.items()
    for name in names
)
_MERGED: Final = f"""
    SELECT w.row_number, w.row_hash, w.is_new, w.code, w.ref, {_MERGED_COLUMNS}
    FROM ({{written}}) w
    LEFT JOIN kept p ON p.row_number = w.row_number
    LEFT JOIN household o ON o.code = p.code
"""


def find_kept(staging: Staging, source: str) -> None:
    """Leave `kept`: of rows that are read anew, what of the record stays."""
    connection = staging.connection
    if not connection.execute(text(_ANY_REREAD)).scalar_one():
        columns = ", ".join(f"{name} boolean" for name in (*_GROUPS, "told"))
        staging.create("kept", f"row_number bigint, code text, {columns}")
        return
    staging.select("own_event", _OWN_EVENTS, {"source": source}, stats="id")
    staging.select("touched", _TOUCHED, stats="row_number, code")
    staging.select("past", _PAST, stats="row_number")
    for group, names in _TOLD_BY.items():
        differs = " OR ".join(f"{name} IS DISTINCT FROM lag({name}) OVER w" for name in names)
        said = _SAID.format(columns=", ".join(names), differs=differs)
        staging.select(f"said_{group}", said, stats="row_number")
    if staging.select("kept", _KEPT, stats="row_number"):
        connection.execute(text(_TELL), {"import_id": staging.import_id})


def merged(staging: Staging, written: str) -> str:
    """In SQL, rows as they are to be written, with what is kept of their records."""
    any_kept = staging.connection.execute(text("SELECT EXISTS (SELECT FROM kept)")).scalar_one()
    return _MERGED.format(written=written) if any_kept else written
