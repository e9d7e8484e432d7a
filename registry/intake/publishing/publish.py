"""Step 4, publishing: write places, codes, buildings, households and references, in a transaction.

Rows are copied to the register by COPY, in the order of its indexes. They pass through a temporary
table, since row-level security forbids COPY into `household`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, TextClause, text
from sqlalchemy.orm import Session

from geo.code import LENGTH
from registry.core.actors import unbound
from registry.core.errors import ConflictError
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.files.plain import PLAIN
from registry.intake.engine import Workbench
from registry.intake.matching.match import PLACES
from registry.intake.publishing.first_load import keys_parked
from registry.records.codes import DEMO_SOURCE

IssueCodes = Callable[[int], bytes]
"""Returns as many codes as requested, concatenated."""
_ISSUED_AT_ONCE: Final = 1_000_000
"""Codes issued at a time; those of a nation would take a gigabyte."""


_PLACE: Final = (
    "unit_id, former_unit_id, street_id, locality_id, house_number, house_number_key,"
    " building_name, building_key"
)
_PLAIN: Final = "".join(f"{each.name}, " for each in PLAIN)
_ROW: Final = f"{_PLACE}, floor, unit_number, {_PLAIN}households_count"
_POSITION: Final = "position_method, position_accuracy_m, delivery_hint"
_COLUMNS: Final = (
    "code text, parent_code text, unit_id int, former_unit_id int, street_id bigint,"
    " locality_id bigint, house_number text, house_number_key text, building_name text,"
    " building_key text, floor text, unit_number text,"
    + "".join(f" {each.name} {each.pg}," for each in PLAIN)
    + " households_count int, lon float8, lat float8, position_method text,"
    " position_accuracy_m float8, delivery_hint text"
)
HANDED: Final = {
    "touched_record": "code text, event_id bigint",
    "wanted_place": (
        "class text, unit_id int, former_unit_id int, parent_id bigint, key text, marks text,"
        " name text, kind text"
    ),
    "revived": "code text",
    "new_building": (
        "code text, unit_id int, former_unit_id int, street_id bigint, locality_id bigint,"
        " house_number text, house_number_key text, building_name text, building_key text,"
        " lon float8, lat float8"
    ),
    "adopted": "code text, parent_code text",
    "new_row": _COLUMNS,
    "changed_row": _COLUMNS,
    "pointed": "code text, lon float8, lat float8, accuracy_m float8",
    "retired": "code text",
    "used": "code text, households int, uses jsonb",
    "counted": "code text, before int, now int, stated int",
    "changed_ref": (
        "source_ref text, linked boolean, shares boolean, row_hash uuid, vanished_import_id bigint"
    ),
}
"""Temporary table of PostgreSQL for the decisions → its columns."""
SQL: Final = Statements(
    __file__,
    place=_PLACE,
    row=_ROW,
    row_of_changed=", ".join(f"n.{name}" for name in _ROW.split(", ")),
    position=_POSITION,
    position_of_changed=", ".join(f"n.{name}" for name in _POSITION.split(", ")),
)
_REVIVED: Final = "SELECT DISTINCT code FROM returned WHERE revives"
_COUNTED: Final = "SELECT code, before, now, stated FROM shared WHERE code IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Published:
    """Counts of households and buildings written."""

    new: int
    changed: int
    buildings: int


def is_still_so(bench: Workbench) -> bool:
    """Whether records and places are unchanged since they were copied; locks the records."""
    connection = bench.connection
    moved = False
    if bench.has("found or retiring"):
        bench.hand("touched_record", HANDED["touched_record"], SQL.written("touched_records"))
        moved = connection.execute(SQL.text("count_moved_on")).scalar_one() > 0
        connection.execute(text("DROP TABLE touched_record"))
    for name in PLACES:
        bench.bring(f"{name}_now", f"matching/register/{name}.pg.sql")
        if bench.has(f"{name} or {name}_now"):
            moved = moved or bench.value(SQL.written("places_moved_on", name))
    return not moved


def publish(bench: Workbench, source: str, issue: IssueCodes) -> Published:
    """Write what was decided, under the event of the transaction; commits nothing."""
    connection = bench.connection
    _write(
        bench,
        "revived",
        _REVIVED,
        SQL.text("revive"),
        SQL.text("revive_buildings"),
        needs="returned",
    )
    _make_places(bench)
    bench.run("publishing/addressed.sql")
    new: int = bench.value("SELECT count(*) FROM fresh")
    _give_codes(bench, issue, new)
    bench.run("publishing/coded.sql")
    bench.run("publishing/buildings.sql")
    buildings = _name_buildings(bench, issue) if bench.has("building") else 0
    bench.run("publishing/refs.sql")
    with keys_parked(connection, new):
        _write(
            bench,
            "new_building",
            SQL.written("new_buildings"),
            SQL.text("insert_buildings"),
            needs="building",
        )
        _write(bench, "adopted", SQL.written("adopted"), SQL.text("adopt"), needs="neighbour")
        _write(bench, "new_row", "publishing/new_rows.sql", SQL.text("insert_rows"), needs="fresh")
        bench.copy(
            "household_ref (source, source_ref, code, import_id, linked, shares, row_hash)",
            SQL.written("new_refs"),
            source=source,
            import_id=bench.import_id,
        )
    changed = _write(
        bench, "changed_row", "publishing/changed_rows.sql", SQL.text("update_rows"), needs="reread"
    )
    _write(
        bench,
        "pointed",
        SQL.written("pointed"),
        SQL.text("point"),
        needs="points, found, household",
    )
    _write(
        bench,
        "retired",
        "FROM retiring",
        SQL.text("retire"),
        SQL.text("retire_buildings"),
        needs="retiring",
    )
    _write(bench, "used", SQL.written("used"), SQL.text("use"), needs="found, household")
    _write(bench, "counted", _COUNTED, SQL.text("count"), needs="shared")
    if bench.has("ref_changed"):
        bench.copy(
            "household_ref_before"
            " (import_id, source_ref, linked, shares, row_hash, vanished_import_id)",
            SQL.written("refs_before"),
            import_id=bench.import_id,
        )
    _write(
        bench,
        "changed_ref",
        SQL.written("changed_refs"),
        SQL.text("update_refs"),
        needs="ref_changed",
        source=source,
    )
    return Published(new, changed, buildings)


def _write(
    bench: Workbench,
    name: str,
    query: str,
    *statements: TextClause,
    needs: str,
    **parameters: object,
) -> int:
    """Copy the result of the query; unless empty, run the statements. Returns the count."""
    count = bench.hand(name, HANDED[name], query) if bench.has(needs) else 0
    for statement in statements if count else ():
        bench.connection.execute(statement, parameters)
    return count


def _make_places(bench: Workbench) -> None:
    """Create the missing streets and localities that rows name, and copy all places again."""
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
            bench.hand("wanted_place", HANDED["wanted_place"], SQL.written("wanted_in_order"))
            bench.connection.execute(SQL.text("insert_places"))
            bench.connection.execute(text("DROP TABLE wanted_place"))
            bench.bring(table, f"matching/register/{table}.pg.sql")
    bench.run("publishing/locality_path.sql")


def _give_codes(bench: Workbench, issue: IssueCodes, new: int) -> None:
    """Fill `issued`: the code for each turn of `fresh`."""
    bench.table("issued", "turn BIGINT, code VARCHAR")
    for at in range(0, new, _ISSUED_AT_ONCE):
        bench.append("issued", _codes(issue(min(_ISSUED_AT_ONCE, new - at)), at + 1))


def _name_buildings(bench: Workbench, issue: IssueCodes) -> int:
    """Issue codes for new buildings, and fill `housed`; returns their count."""
    count: int = bench.value("SELECT count(*) FROM building WHERE is_new")
    bench.table("issued_building", "turn BIGINT, code VARCHAR")
    bench.append("issued_building", _codes(issue(count), 1))
    bench.run("publishing/housed.sql")
    return count


def _codes(joined: bytes, first: int) -> pa.Table:
    """Concatenated codes as a table with their turns."""
    count = len(joined) // LENGTH
    ends = np.arange(0, len(joined) + 1, LENGTH, dtype=np.int32)
    codes = pa.StringArray.from_buffers(count, pa.py_buffer(ends), pa.py_buffer(joined))
    return pa.table({"turn": np.arange(first, first + count), "code": codes})


def refuse_demo_beside_real(session: Session) -> None:
    """Raises ConflictError if a source other than the demo has published."""
    source = session.scalar(
        text("SELECT source FROM import WHERE state = 'published' AND source <> :s LIMIT 1"),
        {"s": DEMO_SOURCE},
    )
    if source is not None:
        raise ConflictError(Message("demo_refused_real_register", source=source))


def remove_demo(connection: Connection) -> int:
    """Delete the demo, under the event of the transaction; returns the number of records."""
    connection.execute(text("DELETE FROM household_ref WHERE source = :s"), {"s": DEMO_SOURCE})
    with unbound(connection):  # for any sender of the first real household
        # Flats before buildings. Not LIKE '0%', which uses no index under row-level security.
        flats = connection.execute(
            text("DELETE FROM household WHERE code < '1' AND kind = 'household'")
        )
        blocks = connection.execute(text("DELETE FROM household WHERE code < '1'"))
        # Made-up streets and hamlets would still be found. Those of a clerk belong to other events.
        connection.execute(
            text("SELECT remove_places(published_event_id) FROM import WHERE source = :s"),
            {"s": DEMO_SOURCE},
        )
    return flats.rowcount + blocks.rowcount
