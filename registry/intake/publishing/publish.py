"""Step 4, publishing: places, codes, buildings, households and references, in one transaction.

What was decided goes to the register by COPY, in the order of its indexes. Not straight into
`household`, whose row-level security takes no COPY, but by a table that ends with the transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from geo.code import LENGTH
from registry.access.actors import unbound
from registry.demo import SOURCE as DEMO_SOURCE
from registry.errors import ConflictError
from registry.intake.engine import Workbench
from registry.intake.matching.match import PLACES
from registry.intake.plain import PLAIN
from registry.intake.publishing.first_load import keys_parked

IssueCodes = Callable[[int], bytes]
"""So many codes, end to end."""
_ISSUED_AT_ONCE: Final = 1_000_000
"""Codes of which the program makes so many; those of a nation would take it a gigabyte."""

_TOUCHED: Final = """
    SELECT h.code, h.event_id
    FROM household h
    WHERE h.code IN (
        SELECT code FROM found WHERE outcome <> 'unchanged'
        UNION SELECT code FROM retiring
        UNION SELECT code FROM shared)
    ORDER BY h.code
"""
# Locked first, and compared then: what another transaction is about to change is waited for.
_MOVED_ON: Final = """
    SELECT count(*) FILTER (WHERE now <> was) FROM (
        SELECT h.event_id AS now, t.event_id AS was
        FROM touched_record t JOIN household h ON h.code = t.code
        FOR NO KEY UPDATE OF h) locked
"""
_PLACES_MOVED_ON: Final = """
    SELECT EXISTS (FROM (FROM {0} EXCEPT FROM {0}_now UNION ALL (FROM {0}_now EXCEPT FROM {0})))
"""
_PLACES: Final = """
    INSERT INTO place (class, unit_id, former_unit_id, parent_id, key, marks, name, kind)
    SELECT class, unit_id, former_unit_id, parent_id, key, marks, name, kind FROM wanted_place
    ON CONFLICT DO NOTHING
"""
_WANTED: Final = (
    "class text, unit_id int, former_unit_id int, parent_id bigint, key text, marks text,"
    " name text, kind text"
)

_IN_ORDER: Final = """
    SELECT class, unit_id, former_id, parent_id, key, marks, name, kind FROM wanted
    ORDER BY unit_id, former_id, key, marks
"""

_PLACE: Final = (
    "unit_id, former_unit_id, street_id, locality_id, house_number, house_number_key,"
    " building_name, building_key"
)
_PLAIN: Final = "".join(f"{each.name}, " for each in PLAIN)
_ROW: Final = f"{_PLACE}, floor, unit_number, {_PLAIN}households_count"
_POSITION: Final = "position_method, position_accuracy_m, delivery_hint"
_HANDED: Final = (
    "code text, parent_code text, unit_id int, former_unit_id int, street_id bigint,"
    " locality_id bigint, house_number text, house_number_key text, building_name text,"
    " building_key text, floor text, unit_number text,"
    + "".join(f" {each.name} {each.pg}," for each in PLAIN)
    + " households_count int, lon float8, lat float8, position_method text,"
    " position_accuracy_m float8, delivery_hint text"
)
_POINT: Final = "ST_Point(lon, lat, 4326)"
_INSERT: Final = f"""
    INSERT INTO household (code, kind, status, parent_code, {_ROW}, point, {_POSITION})
    SELECT code, 'household', 'active', parent_code, {_ROW}, {_POINT}, {_POSITION} FROM new_row
"""
_UPDATE: Final = f"""
    UPDATE household o SET (parent_code, {_ROW}, point, {_POSITION}) = ROW (
        n.parent_code, {", ".join(f"n.{name}" for name in _ROW.split(", "))},
        {_POINT}, {", ".join(f"n.{name}" for name in _POSITION.split(", "))})
    FROM changed_row n WHERE o.code = n.code
"""
_BUILDINGS: Final = f"""
    INSERT INTO household (code, kind, status, households_count, {_PLACE}, point, position_method)
    SELECT code, 'building', 'active', 0, {_PLACE}, {_POINT},
        CASE WHEN lon IS NOT NULL THEN 'centroid' END
    FROM new_building
"""
_NEW_BUILDINGS: Final = f"SELECT code, {_PLACE}, lon, lat FROM building WHERE is_new"
_BUILDING: Final = (
    "code text, unit_id int, former_unit_id int, street_id bigint, locality_id bigint,"
    " house_number text, house_number_key text, building_name text, building_key text, lon float8,"
    " lat float8"
)
_ADOPT: Final = """
    UPDATE household o SET parent_code = a.parent_code FROM adopted a WHERE o.code = a.code
"""
_ADOPTED: Final = """
    SELECT n.code, b.code AS parent_code
    FROM neighbour n JOIN building b ON b.place = n.place WHERE n.building IS NULL
"""
# A door without a point takes that of another source, which its number and street led to it.
_POINTS: Final = f"""
    UPDATE household h SET point = {_POINT}, position_method = 'unknown',
        position_accuracy_m = d.accuracy_m
    FROM pointed d WHERE h.code = d.code AND h.point IS NULL AND h.status = 'active'
"""
_POINTED: Final = """
    SELECT f.code, e.lon, e.lat, e.accuracy_m
    FROM found f
    JOIN entry e ON e.row_number = f.row_number AND e.lon IS NOT NULL
    JOIN household h ON h.code = f.code AND h.lon IS NULL
    WHERE f.outcome = 'linked'
    QUALIFY row_number() OVER (PARTITION BY f.code ORDER BY f.row_number) = 1
"""
_REVIVED: Final = "SELECT DISTINCT code FROM returned WHERE revives"
_COUNTED: Final = "SELECT code, before, now, said FROM shared WHERE code IS NOT NULL"
_REVIVE: Final = """
    UPDATE household SET status = 'active'
    WHERE status = 'retired' AND code IN (SELECT code FROM revived)
"""
_REVIVE_BUILDINGS: Final = """
    UPDATE household b SET status = 'active'
    WHERE b.kind = 'building' AND b.status = 'retired' AND b.code IN (
        SELECT h.parent_code FROM household h JOIN revived r USING (code))
"""
_RETIRE: Final = """
    UPDATE household SET status = 'retired' WHERE code IN (SELECT code FROM retired)
"""
_RETIRE_BUILDINGS: Final = """
    UPDATE household b SET status = 'retired'
    WHERE b.kind = 'building' AND b.status = 'active'
        AND b.code IN (
            SELECT h.parent_code FROM household h JOIN retired r USING (code)
            WHERE h.parent_code IS NOT NULL)
        AND NOT EXISTS (
            SELECT FROM household h
            WHERE h.parent_code = b.code AND h.status IN ('active', 'proposed', 'reserved'))
"""
# What was said otherwise since stays: a count is lowered only where it was that of the references.
_COUNT: Final = """
    UPDATE household h SET households_count = greatest(s.now, s.said, 1)
    FROM counted s
    WHERE h.code = s.code AND h.status = 'active'
        AND (writable_units() IS NULL OR h.unit_id = ANY (writable_units()))
        AND (s.now > s.before AND h.households_count < greatest(s.now, s.said)
            OR s.now < s.before AND h.households_count = s.before
                AND greatest(s.now, s.said, 1) < s.before)
"""
_BEFORE: Final = """
    SELECT $import_id AS import_id, source_ref, was_linked, was_shares, was_row_hash,
        was_vanished_import_id
    FROM ref_changed
"""
_REF: Final = (
    "source_ref text, linked boolean, shares boolean, row_hash uuid, vanished_import_id bigint"
)
_CHANGED_REFS: Final = """
    SELECT source_ref, linked, shares, row_hash, vanished_import_id FROM ref_changed
    ORDER BY source_ref
"""
_UPDATE_REFS: Final = """
    UPDATE household_ref r SET linked = n.linked, shares = n.shares, row_hash = n.row_hash,
        vanished_import_id = n.vanished_import_id
    FROM changed_ref n WHERE r.source = :source AND r.source_ref = n.source_ref
"""
# Where the index of codes is there, each row goes to a page of its own in any other order.
_NEW_REFS: Final = """
    SELECT $source AS source, ref, code, $import_id AS import_id, linked, shares, row_hash
    FROM ref_new ORDER BY code
"""


@dataclass(frozen=True, slots=True)
class Published:
    """How many households and buildings were written."""

    new: int
    changed: int
    buildings: int


def is_still_so(bench: Workbench) -> bool:
    """Whether records and places are as they were brought over; these records are locked then."""
    connection = bench.connection
    moved = False
    if bench.has("found or retiring"):
        bench.hand("touched_record", "code text, event_id bigint", _TOUCHED)
        moved = connection.execute(text(_MOVED_ON)).scalar_one() > 0
        connection.execute(text("DROP TABLE touched_record"))
    for name in PLACES:
        bench.bring(f"{name}_now", f"matching/register/{name}.pg.sql")
        if bench.has(f"{name} or {name}_now"):
            moved = moved or bench.value(_PLACES_MOVED_ON.format(name))
    return not moved


def publish(bench: Workbench, source: str, issue: IssueCodes) -> Published:
    """Write what was decided, under the event of the transaction; commits nothing."""
    connection = bench.connection
    _write(bench, "revived", "code text", _REVIVED, _REVIVE, _REVIVE_BUILDINGS, needs="returned")
    _make_places(bench)
    bench.run("publishing/addressed.sql")
    new: int = bench.value("SELECT count(*) FROM fresh")
    _give_codes(bench, issue, new)
    bench.run("publishing/coded.sql")
    bench.run("publishing/buildings.sql")
    buildings = _name_buildings(bench, issue) if bench.has("building") else 0
    bench.run("publishing/refs.sql")
    with keys_parked(connection, new):
        _write(bench, "new_building", _BUILDING, _NEW_BUILDINGS, _BUILDINGS, needs="building")
        _write(bench, "adopted", "code text, parent_code text", _ADOPTED, _ADOPT, needs="neighbour")
        _write(bench, "new_row", _HANDED, "publishing/new_rows.sql", _INSERT, needs="fresh")
        bench.copy(
            "household_ref (source, source_ref, code, import_id, linked, shares, row_hash)",
            _NEW_REFS,
            source=source,
            import_id=bench.import_id,
        )
    changed = _write(
        bench, "changed_row", _HANDED, "publishing/changed_rows.sql", _UPDATE, needs="reread"
    )
    points = "code text, lon float8, lat float8, accuracy_m float8"
    _write(bench, "pointed", points, _POINTED, _POINTS, needs="points, found, household")
    retired = "FROM retiring"
    _write(bench, "retired", "code text", retired, _RETIRE, _RETIRE_BUILDINGS, needs="retiring")
    counted = "code text, before int, now int, said int"
    _write(bench, "counted", counted, _COUNTED, _COUNT, needs="shared")
    if bench.has("ref_changed"):
        bench.copy(
            "household_ref_before"
            " (import_id, source_ref, linked, shares, row_hash, vanished_import_id)",
            _BEFORE,
            import_id=bench.import_id,
        )
    _write(
        bench,
        "changed_ref",
        _REF,
        _CHANGED_REFS,
        _UPDATE_REFS,
        needs="ref_changed",
        source=source,
    )
    return Published(new, changed, buildings)


def _write(
    bench: Workbench,
    name: str,
    columns: str,
    query: str,
    *statements: str,
    needs: str,
    **parameters: object,
) -> int:
    """Hand over what the query answers, and run the statements if that is anything; how many."""
    count = bench.hand(name, columns, query) if bench.has(needs) else 0
    for statement in statements if count else ():
        bench.connection.execute(text(statement), parameters)
    return count


def _make_places(bench: Workbench) -> None:
    """Make the streets and localities that rows name and that are not there, and bring them all."""
    levels = "SELECT coalesce(max(len(place_keys)), 0) FROM place"
    for script, table, named, depth in (
        ("wanted_streets", "registered_street", "named_street", "SELECT 1"),
        ("wanted_places", "registered_locality", "named_place", levels),
    ):
        for _ in range(bench.value(depth) if bench.has(named) else 0):
            bench.run("publishing/locality_path.sql")
            bench.run(f"publishing/{script}.sql")
            if not bench.has("wanted"):
                break
            bench.hand("wanted_place", _WANTED, _IN_ORDER)
            bench.connection.execute(text(_PLACES))
            bench.connection.execute(text("DROP TABLE wanted_place"))
            bench.bring(table, f"matching/register/{table}.pg.sql")
    bench.run("publishing/locality_path.sql")


def _give_codes(bench: Workbench, issue: IssueCodes, new: int) -> None:
    """Leave `issued`: the code of each turn of `fresh`."""
    bench.table("issued", "turn BIGINT, code VARCHAR")
    for at in range(0, new, _ISSUED_AT_ONCE):
        bench.append("issued", _codes(issue(min(_ISSUED_AT_ONCE, new - at)), at + 1))


def _name_buildings(bench: Workbench, issue: IssueCodes) -> int:
    """Give new buildings their codes, and leave `housed`; how many they are."""
    count: int = bench.value("SELECT count(*) FROM building WHERE is_new")
    bench.table("issued_building", "turn BIGINT, code VARCHAR")
    bench.append("issued_building", _codes(issue(count), 1))
    bench.run("publishing/housed.sql")
    return count


def _codes(joined: bytes, first: int) -> pa.Table:
    """Codes that are given end to end, with their turns."""
    count = len(joined) // LENGTH
    ends = np.arange(0, len(joined) + 1, LENGTH, dtype=np.int32)
    codes = pa.StringArray.from_buffers(count, pa.py_buffer(ends), pa.py_buffer(joined))
    return pa.table({"turn": np.arange(first, first + count), "code": codes})


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
