"""Step 4, publishing: places, codes, buildings, households and references, in one transaction."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from registry.access.actors import unbound
from registry.demo import SOURCE as DEMO_SOURCE
from registry.errors import ConflictError
from registry.intake.matching.named_places import SPOT, make_places
from registry.intake.matching.preserved import merged
from registry.intake.publishing.buildings import CODE, SAME_PLACE, IssueCodes, make_buildings
from registry.intake.publishing.first_load import keys_parked
from registry.intake.staged.staging import Staging

_ISSUED_AT_ONCE: Final = 1_000_000
"""Codes of which the program makes so many; those of a nation would take it a gigabyte."""
PUBLISH_LOCK: Final = 7238010022
"""Publications are decided one after the other: each sees the doors of the one before."""

_COLUMNS: Final = (
    *("unit_id", "former_unit_id", "thoroughfare_id", "locality_id", "house_number"),
    *("house_number_key", "building_name", "building_key", "floor", "unit_number"),
    *("households_count", "point", "position_method", "position_accuracy_m", "delivery_hint"),
)
_LISTED: Final = ", ".join(_COLUMNS)
_ADDRESSED: Final = f"""
    SELECT w.row_number, w.row_hash, w.is_new, w.code, w.unit_id, w.former_id AS former_unit_id,
        t.id AS thoroughfare_id, l.id AS locality_id, n.number AS house_number,
        n.number_key AS house_number_key, f.building_name, f.building_key, f.storey AS floor,
        f.flat AS unit_number, greatest(w.households, s.now, s.said, 1) AS households_count,
        w.point,
        CASE WHEN w.point IS NOT NULL THEN 'unknown' END AS position_method,
        CASE WHEN w.point IS NOT NULL THEN w.accuracy_m END AS position_accuracy_m,
        w.hint AS delivery_hint, coalesce(w.source_ref, o.ref) AS ref
    FROM written w
    LEFT JOIN own_ref o ON o.row_number = w.row_number
    LEFT JOIN shared s ON s.row_number = w.row_number
    LEFT JOIN number n ON n.at = w.number_at
    LEFT JOIN flat f ON f.at = w.flat_at
    LEFT JOIN street_id t ON t.spot = {SPOT.format(row="w", at="street_at")}
        AND t.unit_id = w.unit_id AND t.street_at = w.street_at
        AND t.former_id IS NOT DISTINCT FROM w.former_id
    LEFT JOIN locality_id l ON l.spot = {SPOT.format(row="w", at="place_at")}
        AND l.unit_id = w.unit_id AND l.place_at = w.place_at
        AND l.former_id IS NOT DISTINCT FROM w.former_id
"""

_ISSUED: Final = "(SELECT string_agg(codes, '' ORDER BY at) FROM issued)"
# Sorted by street and number: neighbours lie on one page of the table.
_FRESH: Final = f"""
    SELECT {CODE.format(codes=_ISSUED)} COLLATE "C" AS code, row_number, row_hash, ref, {_LISTED}
    FROM (
        SELECT *, row_number() OVER (
            ORDER BY thoroughfare_id, locality_id, house_number_key COLLATE "C", row_number) AS turn
        FROM addressed WHERE is_new
    ) a
"""
_INSERT: Final = f"""
    INSERT INTO household (code, kind, status, parent_code, {_LISTED})
    SELECT h.code, 'household', 'active', p.parent_code,
        {", ".join(f"h.{name}" for name in _COLUMNS)}
    FROM fresh h LEFT JOIN housed p ON p.row_number = h.row_number
"""
_UPDATE: Final = f"""
    UPDATE household o SET (parent_code, {_LISTED}) =
        ROW (b.code, {", ".join(f"h.{name}" for name in _COLUMNS)})
    FROM addressed h LEFT JOIN building b ON h.unit_number IS NOT NULL AND {SAME_PLACE}
    WHERE NOT h.is_new AND o.code = h.code
"""

_REFS: Final = """
    INSERT INTO household_ref (source, source_ref, code, import_id, linked, shares, row_hash)
    SELECT :source, ref, code, :import_id, linked, shares, row_hash
    FROM (
        SELECT ref, code, false AS linked, false AS shares, row_hash FROM fresh
        UNION ALL
        SELECT d.ref, coalesce(o.code, head.code), true, s.row_number IS NOT NULL, d.row_hash
        FROM found o
        JOIN door d ON d.row_number = o.row_number
        LEFT JOIN fresh head ON head.row_number = o.head
        LEFT JOIN sharing s ON s.row_number = o.row_number
        WHERE o.outcome = 'linked'
    ) named
"""
# Where the index of codes is there, each row goes to a page of its own in any other order.
_BY_CODE: Final = """ ORDER BY code COLLATE "C" """
# A door without a point takes that of another source, which its number and street led to it.
_POINTS: Final = """
    UPDATE household h SET point = d.point, position_method = 'unknown',
        position_accuracy_m = d.accuracy_m
    FROM (
        SELECT DISTINCT ON (o.code) o.code, e.point, e.accuracy_m
        FROM found o JOIN entry e ON e.row_number = o.row_number
        WHERE o.outcome = 'linked' AND o.code IS NOT NULL AND e.point IS NOT NULL
        ORDER BY o.code, o.row_number
    ) d
    WHERE h.code = d.code AND h.point IS NULL AND h.status = 'active'
"""
_ANY_REWRITTEN: Final = "SELECT EXISTS (SELECT FROM known WHERE NOT same)"
_REF_HASHES: Final = """
    UPDATE household_ref r SET row_hash = d.row_hash
    FROM door d JOIN known k ON k.row_number = d.row_number
    WHERE NOT k.same AND r.source = :source AND r.source_ref = d.ref
"""


@dataclass(frozen=True, slots=True)
class Published:
    """How many households and buildings were written."""

    new: int
    changed: int
    buildings: int


def publish(staging: Staging, source: str, issue: IssueCodes, new: int) -> Published:
    """Write what `match` decided, under the event of the transaction; commits nothing.

    `new` is how many rows are new.
    """
    connection = staging.connection
    parameters = {"import_id": staging.import_id, "source": source}
    make_places(staging)
    staging.view("addressed", merged(staging, _ADDRESSED))
    _give_codes(staging, issue, new)
    with keys_parked(connection, new) as parked:
        buildings = make_buildings(staging, issue)
        connection.execute(text(_INSERT))
        connection.execute(text(_REFS if parked else _REFS + _BY_CODE), parameters)
    changed = connection.execute(text(_UPDATE)).rowcount
    connection.execute(text(_POINTS))
    # Asked first: for none the planner may go through all rows with each reference of the source.
    if connection.execute(text(_ANY_REWRITTEN)).scalar_one():
        connection.execute(text(_REF_HASHES), parameters)
    return Published(new, changed, buildings)


def _give_codes(staging: Staging, issue: IssueCodes, new: int) -> None:
    """Leave `fresh`: the new rows in the order of the register, each with its code."""
    staging.create("issued", "at int, codes bytea")
    for at in range(0, new, _ISSUED_AT_ONCE):
        piece = {"at": at, "codes": issue(min(_ISSUED_AT_ONCE, new - at))}
        staging.connection.execute(text("INSERT INTO issued VALUES (:at, :codes)"), piece)
    staging.select("fresh", _FRESH, stats="row_number, unit_number")


def refuse_demo_beside_real(session: Session) -> None:
    """Raises ConflictError when another source than the demonstration has published."""
    source = session.scalar(
        text("SELECT source FROM import WHERE state = 'published' AND source <> :s LIMIT 1"),
        {"s": DEMO_SOURCE},
    )
    if source is not None:
        raise ConflictError(
            f"the register holds real households (source {source}): demo households"
            " can only be written to a file, --csv"
        )


def remove_demo(connection: Connection) -> int:
    """Take the demonstration out, under the event of the transaction; returns how many records."""
    connection.execute(text("DELETE FROM household_ref WHERE source = :s"), {"s": DEMO_SOURCE})
    with unbound(connection):  # whoever brings the first real household
        # Flats first: a building cannot go before them. Not LIKE '0%': under row-level security
        # that finds no index.
        flats = connection.execute(
            text("DELETE FROM household WHERE code < '1' AND kind = 'household'")
        )
        blocks = connection.execute(text("DELETE FROM household WHERE code < '1'"))
        # Made-up streets and hamlets would still answer. What a clerk named is another event's.
        connection.execute(
            text("SELECT remove_places(published_event_id) FROM import WHERE source = :s"),
            {"s": DEMO_SOURCE},
        )
    return flats.rowcount + blocks.rowcount
