"""Streets and localities of the rows that are written: made where missing, and their ids."""

from typing import Final

from sqlalchemy import text

from registry.intake.staged.staging import Staging
from registry.own_keys import APART, FOLDED

# What rows name, each once in a commune, under the first row that names it.
_NAMED: Final = """
    SELECT unit_id, former_id, {at}, min(row_number) AS first_row
    FROM written WHERE {at} IS NOT NULL GROUP BY unit_id, former_id, {at}
"""

SPOT: Final = (
    "hashint4extended({row}.{at}, ({row}.unit_id::bigint << 32) + coalesce({row}.former_id, 0))"
)
"""In SQL, where a row names a part, in eight bytes. By one column that is as good as unique the
planner joins the rows by hash; by three it thinks them crowded, and sorts all rows. Not the eight
bytes as what is hashed: of those PostgreSQL takes one half XOR the other."""

# Key and marks of what parts call by its own key (`registry.intake.matching.name_variants`).
_KEY_AND_MARKS: Final = f"{FOLDED}, nullif(split_part({{own}}, '{APART}', 2), '')"
# A name with marks before one without, a kind that was written before đường, which stands for
# none: only they say which it is.
_FIRST: Final = "octet_length({name}) = length({name}), {kind} = 'đường', n.first_row"

_STREETS: Final = f"""
    INSERT INTO thoroughfare (unit_id, former_unit_id, key, marks, name, kind)
    SELECT DISTINCT ON (n.unit_id, n.former_id, t.street_key)
        n.unit_id, n.former_id, {_KEY_AND_MARKS.format(own="t.street_key")}, t.street_name,
        t.street_kind
    FROM named_street n JOIN street t ON t.at = n.street_at
    ORDER BY n.unit_id, n.former_id, t.street_key,
        {_FIRST.format(name="t.street_name", kind="t.street_kind")}
    ON CONFLICT DO NOTHING
"""
_STREET_IDS: Final = f"""
    SELECT n.unit_id, n.former_id, n.street_at, r.id, {SPOT.format(row="n", at="street_at")} AS spot
    FROM named_street n
    JOIN street t ON t.at = n.street_at
    JOIN thoroughfare r ON r.unit_id = n.unit_id AND r.own_key = t.street_key
        AND r.former_unit_id IS NOT DISTINCT FROM n.former_id
"""

# A nested place is (innermost … outermost); its parent is the same list without the innermost.
_DEPTH: Final = "SELECT coalesce(max(cardinality(place_keys)), 0) FROM place"
_LOCALITIES_OF_DEPTH: Final = f"""
    WITH wanted AS (
        SELECT DISTINCT ON (n.unit_id, n.former_id, p.place_keys[a.at:])
            n.unit_id, n.former_id, p.place_keys[a.at:] AS keys, p.place_keys[a.at] AS key,
            p.place_names[a.at] AS name, p.place_kinds[a.at] AS kind, o.id AS parent_id
        FROM named_place n
        JOIN place p ON p.at = n.place_at AND cardinality(p.place_keys) >= :depth
        CROSS JOIN LATERAL (SELECT cardinality(p.place_keys) - :depth + 1 AS at) a
        LEFT JOIN locality_path o ON o.unit_id = n.unit_id
            AND o.former_id IS NOT DISTINCT FROM n.former_id AND o.keys = p.place_keys[a.at + 1:]
        ORDER BY n.unit_id, n.former_id, p.place_keys[a.at:],
            {_FIRST.format(name="p.place_names[a.at]", kind="p.place_kinds[a.at]")}
    ), made AS (
        INSERT INTO locality (unit_id, former_unit_id, parent_id, key, marks, name, kind)
        SELECT unit_id, former_id, parent_id, {_KEY_AND_MARKS.format(own="key")}, name, kind
        FROM wanted
        ON CONFLICT DO NOTHING
        RETURNING id, unit_id, former_unit_id, parent_id, own_key
    )
    INSERT INTO locality_path (unit_id, former_id, keys, id)
    SELECT w.unit_id, w.former_id, w.keys, coalesce(m.id, l.id)
    FROM wanted w
    LEFT JOIN made m ON m.unit_id = w.unit_id AND m.own_key = w.key
        AND m.former_unit_id IS NOT DISTINCT FROM w.former_id
        AND m.parent_id IS NOT DISTINCT FROM w.parent_id
    LEFT JOIN locality l ON l.unit_id = w.unit_id AND l.own_key = w.key
        AND l.former_unit_id IS NOT DISTINCT FROM w.former_id
        AND l.parent_id IS NOT DISTINCT FROM w.parent_id
"""
_LOCALITY_IDS: Final = f"""
    SELECT n.unit_id, n.former_id, n.place_at, o.id, {SPOT.format(row="n", at="place_at")} AS spot
    FROM named_place n
    JOIN place p ON p.at = n.place_at
    JOIN locality_path o ON o.unit_id = n.unit_id AND o.keys = p.place_keys
        AND o.former_id IS NOT DISTINCT FROM n.former_id
"""


def name_places(staging: Staging) -> None:
    """Leave `named_street` and `named_place`: what rows of the view `written` name."""
    for part in ("street", "place"):
        named = _NAMED.format(at=f"{part}_at")
        staging.select(f"named_{part}", named, stats=f"unit_id, {part}_at")


def make_places(staging: Staging) -> None:
    """Leave `street_id` and `locality_id`: the ids by commune, former commune and number of part.

    Needs the view `written` of `match`, and what `name_places` leaves.
    """
    staging.connection.execute(text(_STREETS))
    staging.select("street_id", _STREET_IDS, stats="spot")
    staging.create("locality_path", "unit_id int, former_id int, keys text[], id bigint")
    for depth in range(1, staging.connection.execute(text(_DEPTH)).scalar_one() + 1):
        staging.connection.execute(text(_LOCALITIES_OF_DEPTH), {"depth": depth})
    staging.select("locality_id", _LOCALITY_IDS, stats="spot")
