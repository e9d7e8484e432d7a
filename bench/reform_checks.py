"""What became of a register that reforms were replayed on: the checks of `bench.reforms`."""

import json
import os
import random
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, text

from bench.http import ROOT
from geo import code as codes
from registry.core.database import driver_connection, session_scope
from registry.core.reads import Reads
from registry.coverage.measure import coverage_of_level
from registry.publish.changes.snapshot import export_snapshot
from registry.reform.work_file import MAP
from registry.search.answers import DOORS, Answer
from registry.search.geocode import MAX_LIMIT, Question, geocode
from registry.units.gazetteer import Gazetteer
from registry.units.gazetteer_loading import load_gazetteer
from scripts.follow import load_snapshot
from scripts.follow_copy import Copy

_SAMPLE: Final = 1_500

ASKED: Final = """
    SELECT code, ST_X(point), ST_Y(point) FROM household
    WHERE status = 'active' ORDER BY md5(code) LIMIT :asked
"""
_BEFORE: Final = (
    """
    CREATE TABLE bench_before AS
    SELECT h.code, h.unit_id, v.province_id, coalesce(s.parts > 1, false) AS splits
    FROM household h JOIN admin_unit_version v ON v.unit_id = h.unit_id AND upper_inf(v.valid)
    LEFT JOIN (SELECT old, count(*) AS parts FROM bench_line GROUP BY old) s ON s.old = h.unit_id
    """,
    "CREATE TABLE bench_key AS SELECT key_id, unit_id FROM api_key_unit",
    "CREATE TABLE bench_undecided (code text PRIMARY KEY)",
    "CREATE INDEX ON bench_before (code)",
    "ANALYZE bench_before, bench_key",
)
_REACHED: Final = """
    SELECT k.key_id, b.code FROM bench_key k JOIN bench_before b ON b.unit_id = k.unit_id
    UNION SELECT k.key_id, b.code FROM bench_key k JOIN bench_before b ON b.province_id = k.unit_id
"""
_REACHES: Final = """
    WITH now AS (
        SELECT h.code, h.unit_id, v.province_id FROM household h
        JOIN admin_unit_version v ON v.unit_id = h.unit_id AND v.valid @> current_date
    )
    SELECT k.key_id, n.code FROM api_key_unit k JOIN now n ON n.unit_id = k.unit_id
    UNION SELECT k.key_id, n.code FROM api_key_unit k JOIN now n ON n.province_id = k.unit_id
"""
# Of split communes, what was settled and has a point: in the polygon of its commune, or elsewhere.
_IN_POLYGON: Final = """
    SELECT count(*) FROM bench_before b JOIN household h USING (code)
    JOIN admin_unit u ON u.id = h.unit_id JOIN bench_polygon p ON p.code = u.code
    WHERE b.splits AND h.point IS NOT NULL AND {holds} ST_Covers(p.geom, h.point)
        AND NOT EXISTS (SELECT FROM bench_undecided o WHERE o.code = b.code)
"""
_COUNTS: Final = {
    "codes": "SELECT count(*) FROM household",
    "codes that are lost": "SELECT count(*) FROM bench_before b"
    " WHERE NOT EXISTS (SELECT FROM household h WHERE h.code = b.code)",
    "codes that are new": "SELECT count(*) FROM household h"
    " WHERE NOT EXISTS (SELECT FROM bench_before b WHERE b.code = h.code)",
    "codes in another commune than on the map of 2024": "SELECT count(*) FROM bench_before b"
    " JOIN household h USING (code) WHERE h.unit_id <> b.unit_id",
    "codes in no commune of today": "SELECT count(*) FROM household h"
    " JOIN admin_unit u ON u.id = h.unit_id WHERE NOT u.lifetime @> current_date",
    "doors on a street or in a hamlet of another commune": "SELECT count(*) FROM household h"
    " LEFT JOIN place t ON t.id = h.street_id"
    " LEFT JOIN place l ON l.id = h.locality_id"
    " WHERE t.unit_id <> h.unit_id OR l.unit_id <> h.unit_id",
    "undecided, all listed": "SELECT count(*) FROM bench_undecided",
    "of split communes, settled, with a point: in the polygon of their commune":
    _IN_POLYGON.format(holds=""),
    "   elsewhere": _IN_POLYGON.format(holds="NOT"),
    "communes that seeds of today do not have": "SELECT count(*) FROM admin_unit u"
    " WHERE level = 'commune' AND lifetime @> current_date"
    " AND NOT EXISTS (SELECT FROM bench_polygon p WHERE p.code = u.code)",
    "communes, provinces, districts of today": "SELECT concat_ws(', ',"
    " count(*) FILTER (WHERE level = 'commune'), count(*) FILTER (WHERE level = 'province'),"
    " count(*) FILTER (WHERE level = 'district')) FROM admin_unit WHERE lifetime @> current_date",
    "real polygons": "SELECT count(*) FROM boundary WHERE NOT approximate",
    "keys; bindings before, after, to ended units": "SELECT concat_ws(', ',"
    " (SELECT count(*) FROM api_key), (SELECT count(*) FROM bench_key), count(*),"
    " count(*) FILTER (WHERE NOT u.lifetime @> current_date))"
    " FROM api_key_unit k JOIN admin_unit u ON u.id = k.unit_id",
    "doors that keys reached": f"SELECT count(*) FROM ({_REACHED}) r",
    "   that they do not reach now": f"SELECT count(*) FROM (({_REACHED}) EXCEPT ({_REACHES})) r",
    "   that they reach now": f"SELECT count(*) FROM ({_REACHES}) r",
}  # fmt: skip
_ROWS_OF: Final = """
    SELECT r.source, r.source_ref, h.code, u.code, f.code, t.key, l.key, h.house_number_key,
        h.building_key, h.unit_number, h.point IS NULL
    FROM household_ref r JOIN household h USING (code) JOIN admin_unit u ON u.id = h.unit_id
    LEFT JOIN admin_unit f ON f.id = h.former_unit_id
    LEFT JOIN place t ON t.id = h.street_id
    LEFT JOIN place l ON l.id = h.locality_id
    WHERE r.vanished_import_id IS NULL
"""
_COLUMNS: Final = (
    "source text, ref text, code text, commune text, former text, street text, locality text,"
    " number text, building text, flat text, pointless boolean"
)
# What of a row differs between a register that was carried and one that it was imported into.
_DIFFERS: Final = {
    "rows in both": "true",
    "commune": "a.commune <> b.commune",
    "   of them without a point": "a.commune <> b.commune AND a.pointless",
    "former commune": "a.former IS DISTINCT FROM b.former",
    "   none in the one that was imported": "a.former IS NOT NULL AND b.former IS NULL",
    "   none in the one that was carried": "a.former IS NULL AND b.former IS NOT NULL",
    "street": "a.street IS DISTINCT FROM b.street",
    "hamlet": "a.locality IS DISTINCT FROM b.locality",
    "number, building or flat": "(a.number, a.building, a.flat)"
    " IS DISTINCT FROM (b.number, b.building, b.flat)",
}


def keep_before(admin: Engine) -> None:
    """What is compared with afterwards."""
    with admin.begin() as connection:
        for statement in _BEFORE:
            connection.execute(text(statement))


def listed(admin: Engine, folder: Path, undecided: int) -> None:
    """The undecided of a reform stand in its work files."""
    found = []
    if (folder / MAP).exists():
        features = json.loads((folder / MAP).read_text(encoding="utf-8"))["features"]
        found = [codes.validate(each["properties"]["Mã địa chỉ số"]) for each in features]
    print(f"   listed: {len(found):,} of {undecided:,} undecided", flush=True)
    if found:
        with admin.begin() as connection:
            connection.execute(
                text("INSERT INTO bench_undecided VALUES (:code) ON CONFLICT DO NOTHING"),
                [{"code": code} for code in found],
            )


def keep_labels(copy: Copy, day: str) -> None:
    """Every label that a door bears from that day on, and bore before in other words."""
    with copy.db:
        copy.db.execute(
            "CREATE TABLE IF NOT EXISTS said (code TEXT, label TEXT, day TEXT,"
            " PRIMARY KEY (code, label)) WITHOUT ROWID"
        )
        copy.db.execute("INSERT OR IGNORE INTO said SELECT code, label, ? FROM label", [day])


def sums(engine: Engine) -> dict[str, int]:
    """Of the country: counts, and targets."""
    with session_scope(engine) as session:
        found = coverage_of_level(session, load_gazetteer(session), "commune")
        direct = session.scalar(
            text(
                "SELECT sum(households_count) FROM household"
                " WHERE status = 'active' AND kind = 'household' AND left(code, 1) <> '0'"
            )
        )
    counts = found.total.counts
    targets = [unit.target.households for unit in found.units if unit.target is not None]
    return {
        "hộ": counts.households,
        "hộ, counted by hand": int(direct or 0),
        "dwellings": counts.dwellings,
        "deliverable": counts.deliverable,
        "suspected": counts.suspected,
        "targets": sum(targets),
        "communes with a target": len(targets),
    }


def print_sums(before: dict[str, int], after: dict[str, int]) -> None:
    """Beside one another."""
    for what, count in before.items():
        print(f"{what}: {count:,} before, {after[what]:,} after")


def print_counts(admin: Engine) -> None:
    """What is counted by one statement each."""
    with admin.connect() as connection:
        for what, statement in _COUNTS.items():
            print(f"{what}: {connection.scalar(text(statement))}", flush=True)


def compare_copies(engine: Engine, copy: Copy, folder: Path) -> None:
    """A follower that was told of everything, beside the register as it is now."""
    export_snapshot(engine, folder / "after")
    with closing(Copy(folder / "anew")) as anew:
        load_snapshot(anew, folder / "after", None, demo=False)
    copy.db.execute("ATTACH ? AS anew", [str(folder / "anew/copy.sqlite")])
    used = "id IN (SELECT commune FROM address UNION SELECT former_commune FROM address)"
    for table, which in (
        *(("address", "true"), ("retired", "true"), ("succession", "true")),
        *(("unit", used), ("label", "true")),
    ):
        mine, theirs = (f"SELECT * FROM {side}.{table} WHERE {which}" for side in ("main", "anew"))
        rows = copy.db.execute(f"SELECT count(*) FROM anew.{table} WHERE {which}").fetchone()
        differ = [
            copy.db.execute(f"SELECT count(*) FROM ({one} EXCEPT {other})").fetchone()[0]
            for one, other in ((mine, theirs), (theirs, mine))
        ]
        print(
            f"follower, {table}: {rows[0]:,} rows, {differ[0]} and {differ[1]} differ", flush=True
        )


def ask_labels(engine: Engine, admin: Engine, url: str, copy: Copy) -> None:
    """Whether every label that a door ever bore leads to it, or to all that bore it."""
    copy.db.execute("CREATE INDEX IF NOT EXISTS said_label ON said (label)")
    copy.db.execute("CREATE INDEX IF NOT EXISTS said_code ON said (code)")
    with session_scope(engine) as session:
        known = load_gazetteer(session)
    reads = Reads(url, pool_size=1, statement_timeout_ms=60_000)
    for group, found in sample(admin).items():
        tallies: dict[str, Counter[str]] = {}
        shown: dict[str, list[str]] = {}
        for code in found:
            for label, day in copy.db.execute(
                "SELECT label, day FROM said WHERE code = ? ORDER BY day", [code]
            ).fetchall():
                bearers = {
                    each
                    for (each,) in copy.db.execute("SELECT code FROM said WHERE label = ?", [label])
                }
                outcome = asked(known, reads, label, code, bearers)
                tallies.setdefault(day, Counter())[outcome] += 1
                if outcome not in ("right", "question"):
                    shown.setdefault(f"{day} {outcome}", []).append(f"{code} {label}")
        for day, tally in sorted(tallies.items()):
            print(f"labels of {group} from {day} on: {sum(tally.values()):,} asked, {dict(tally)}")
        for what, some in shown.items():
            print(f"   {what}: " + "; ".join(random.Random(1).sample(some, min(3, len(some)))))
    reads.close()


def sample(admin: Engine) -> dict[str, list[str]]:
    """Doors by chance: of all, of communes that were split, and of the real addresses."""
    by_chance = f"ORDER BY md5(code) LIMIT {_SAMPLE}"
    groups = {
        "all": f"SELECT code FROM bench_before {by_chance}",
        "split communes": f"SELECT code FROM bench_before WHERE splits {by_chance}",
        "real addresses": "SELECT DISTINCT code FROM household_ref WHERE source = 'real'",
    }
    with admin.connect() as connection:
        return {
            name: list(connection.scalars(text(statement))) for name, statement in groups.items()
        }


def asked(known: Gazetteer, reads: Reads, label: str, code: str, bearers: set[str]) -> str:
    """What a label leads to."""
    found = geocode(known, reads, Question(label, limit=MAX_LIMIT))
    if not found or found[0].level not in DOORS:
        return "no door"
    if "ambiguous" not in found[0].faults:
        return outcome_of_one(found[0], code, bearers)
    doors = {answer.record.code for answer in found if answer.record is not None}
    if code not in doors:
        return "a question without it"
    return "question" if bearers <= doors or len(found) == MAX_LIMIT else "a question without some"


def outcome_of_one(answer: Answer, code: str, bearers: set[str]) -> str:
    """Of an answer without a question."""
    if answer.record is None or answer.record.code != code:
        return "one of several" if answer.record and answer.record.code in bearers else "wrong"
    return "right" if bearers == {code} else "one of several, this"


def doctor(url: str) -> None:
    """What the doctor finds."""
    command = [sys.executable, "-m", "scripts.main", "doctor", "--format", "json"]
    environment = os.environ | {"DATABASE_URL": url}
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    print(f"doctor: exit status {done.returncode}")
    for check in json.loads(done.stdout):
        if check["state"] != "ok":
            print(f"   {check['state']}: {check['line']}: {check['detail']}")


def compare_registers(carried: Engine, imported: Engine) -> None:
    """Row by row of the files, and rows that only one of them has."""
    with imported.connect() as connection:
        theirs = connection.execute(text(_ROWS_OF)).all()
    with carried.begin() as connection:
        for table in ("bench_carried", "bench_imported"):
            connection.execute(
                text(f"CREATE TABLE {table} ({_COLUMNS}, PRIMARY KEY (source, ref))")
            )
        connection.execute(text(f"INSERT INTO bench_carried {_ROWS_OF}"))
        with (
            driver_connection(connection).cursor() as cursor,
            cursor.copy("COPY bench_imported FROM STDIN") as copying,
        ):
            for row in theirs:
                copying.write_row(row)
        both = "FROM bench_carried a {} JOIN bench_imported b USING (source, ref)"
        for side, kind, which in (("carried", "LEFT", "b"), ("imported", "RIGHT", "a")):
            only = f"SELECT count(*) {both.format(kind)} WHERE {which}.code IS NULL"
            print(f"rows only in the register that was {side}: {connection.scalar(text(only)):,}")
        counts = ", ".join(f"count(*) FILTER (WHERE {which})" for which in _DIFFERS.values())
        found = connection.execute(text(f"SELECT {counts} {both.format('')}")).one()
        for what, count in zip(_DIFFERS, found, strict=True):
            print(f"carried and imported: {what}: {count:,}", flush=True)
