"""Seeds: the committed CSVs of `registry/seed` into the tables of units and targets.

A seed row is a fact of the public record. It never undoes what an operator recorded since: it may
end a unit but not prolong one, and of a unit that an operator ended, or with a version that an
operator recorded (its source begins with `decision`), it says only what was before. A unit that
holds something ends by a reform, not by the seeds.

A version whose `date_basis` is `signed` is a change whose day of effect nobody knows yet: it is
kept without days, and the version before it stays in force.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from registry.database import driver_connection
from registry.events import PUBLISH, Cause, open_event
from registry.held_units import no_unit_taken
from registry.settings import ROOT

SEED_FOLDER: Final = ROOT / "registry" / "seed"
REFORMS: Final = "reforms"
"""Folder beside the seeds: files of the resolutions that a release ships."""
_PIECE: Final = 1 << 18
# File → its columns, in their order, read as text; the SQL below gives them their types.
FILES: Final = {
    "units": "level, code, born, ended, lon, lat, area_km2, source",
    "unit_versions": "level, code, born, valid_from, valid_to, kind, name, name_en, province_code,"
    " district_code, legal_basis, date_basis, source",
    "unit_successions": "pred_level, pred_code, pred_born, succ_level, succ_code, succ_born,"
    " extent, effective_on, source",
    "unit_aliases": "level, code, born, alias, kind, source",
    "targets": "province_code, households, quality, source, reference_date",
}

# An identity is (level, code, born). `seed_key` joins the files' rows to the ids in the database.
STEPS: Final = (
    # End first: a code that is used again must be free on the day its new bearer is born.
    """
    UPDATE admin_unit u
    SET lifetime = daterange(lower(u.lifetime), least(upper(u.lifetime), s.ended::date)),
        seat = ST_SetSRID(ST_MakePoint(s.lon::float8, s.lat::float8), 4326),
        area_km2 = s.area_km2::numeric,
        source = s.source
    FROM seed_units s
    WHERE u.level = s.level AND u.code = s.code
        AND lower(u.lifetime) IS NOT DISTINCT FROM s.born::date
    """,
    """
    INSERT INTO admin_unit (level, code, lifetime, seat, area_km2, source)
    SELECT s.level, s.code, daterange(s.born::date, s.ended::date),
        ST_SetSRID(ST_MakePoint(s.lon::float8, s.lat::float8), 4326), s.area_km2::numeric, s.source
    FROM seed_units s
    WHERE NOT EXISTS (
        SELECT FROM admin_unit u
        WHERE u.level = s.level AND u.code = s.code
            AND lower(u.lifetime) IS NOT DISTINCT FROM s.born::date
    )
    -- Codes of the demonstration follow these numbers, and the pages name some of them.
    ORDER BY s.level COLLATE "C", s.code COLLATE "C", s.born COLLATE "C"
    """,
    # A change that is only signed does not end what was before it.
    """
    CREATE TEMPORARY TABLE seed_dated ON COMMIT DROP AS
    SELECT v.level, v.code, v.born::date, v.kind, v.name, v.name_en, v.province_code,
        v.district_code, v.legal_basis, v.source, daterange(v.valid_from::date, coalesce(
            lead(v.valid_from::date) OVER life, s.ended::date)) AS valid,
        replace(v.date_basis, 'signed', 'effective') AS date_basis
    FROM seed_unit_versions v
    JOIN seed_units s ON s.level = v.level AND s.code = v.code
        AND s.born IS NOT DISTINCT FROM v.born
    WHERE v.date_basis <> 'signed' OR v.valid_from IS NULL
    WINDOW life AS (PARTITION BY v.level, v.code, v.born ORDER BY v.valid_from NULLS FIRST)
    UNION ALL
    SELECT level, code, born::date, kind, name, name_en, province_code, district_code, legal_basis,
        source, 'empty', date_basis
    FROM seed_unit_versions
    WHERE date_basis = 'signed' AND valid_from IS NOT NULL
    """,
    """
    CREATE TEMPORARY TABLE seed_key ON COMMIT DROP AS
    SELECT id, level, code, lower(lifetime) AS born, lifetime, lifetime * daterange(NULL, (
        SELECT min(lower(v.valid)) FROM admin_unit_version v
        WHERE v.unit_id = u.id AND v.source LIKE 'decision%'
    )) AS told_by_seeds
    FROM admin_unit u
    """,
    # The planner believes in one version, and would look through all keys for each one's province.
    "CREATE INDEX ON seed_key (level, code)",
    "ANALYZE seed_key",
    """
    DELETE FROM admin_unit_version v USING seed_key k, seed_units s
    WHERE v.unit_id = k.id AND s.level = k.level AND s.code = k.code
        AND s.born::date IS NOT DISTINCT FROM k.born AND v.source NOT LIKE 'decision%'
        AND (isempty(v.valid) OR v.valid && daterange(NULL, upper(k.told_by_seeds)))
    """,
    # A version's province and district are those of its last day, or of today, or of its first.
    """
    INSERT INTO admin_unit_version (
        unit_id, name, name_en, kind, province_id, district_id, valid, legal_basis, date_basis,
        source
    )
    SELECT k.id, v.name, v.name_en, v.kind, p.id, d.id, v.valid * k.told_by_seeds, v.legal_basis,
        v.date_basis, v.source
    FROM seed_dated v
    JOIN seed_key k ON k.level = v.level AND k.code = v.code AND k.born IS NOT DISTINCT FROM v.born
    LEFT JOIN seed_key p ON p.level = 'province' AND p.code = v.province_code
        AND p.lifetime @> coalesce(upper(v.valid) - 1, greatest(lower(v.valid), current_date))
    LEFT JOIN seed_key d ON d.level = 'district' AND d.code = v.district_code
        AND d.lifetime @> coalesce(upper(v.valid) - 1, greatest(lower(v.valid), current_date))
    WHERE v.date_basis = 'signed' OR v.valid && k.told_by_seeds
    """,
    """
    INSERT INTO admin_unit_succession (predecessor_id, successor_id, extent, effective_on, source)
    SELECT p.id, n.id, s.extent, s.effective_on::date, s.source
    FROM seed_unit_successions s
    JOIN seed_key p ON p.level = s.pred_level AND p.code = s.pred_code
        AND p.born IS NOT DISTINCT FROM s.pred_born::date
    JOIN seed_key n ON n.level = s.succ_level AND n.code = s.succ_code
        AND n.born IS NOT DISTINCT FROM s.succ_born::date
    ON CONFLICT (predecessor_id, successor_id) DO UPDATE
    SET extent = excluded.extent, effective_on = excluded.effective_on, source = excluded.source
    """,
    """
    INSERT INTO admin_unit_alias (unit_id, kind, alias)
    SELECT k.id, a.kind, a.alias
    FROM seed_unit_aliases a
    JOIN seed_key k ON k.level = a.level AND k.code = a.code
        AND k.born IS NOT DISTINCT FROM a.born::date
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO target (unit_id, households, quality, source, reference_date)
    SELECT k.id, t.households::int, t.quality, t.source, t.reference_date::date
    FROM seed_targets t
    JOIN seed_key k ON k.level = 'province' AND k.code = t.province_code
        AND k.lifetime @> current_date
    ON CONFLICT DO NOTHING
    """,
)


_UNITS: Final = """
    SELECT u.id, u.lifetime, v.name, v.kind, v.province_id, v.district_id, v.valid, v.legal_basis,
        v.date_basis
    FROM admin_unit u LEFT JOIN admin_unit_version v ON v.unit_id = u.id
"""
_BEFORE: Final = f"CREATE TEMPORARY TABLE seed_before ON COMMIT DROP AS {_UNITS}"
_CHANGED: Final = f"""
    WITH now AS ({_UNITS})
    SELECT id FROM (TABLE now EXCEPT TABLE seed_before) n
    UNION
    SELECT id FROM (TABLE seed_before EXCEPT TABLE now) b
    ORDER BY id
"""  # noqa: S608 - no input


def load_seeds(connection: Connection, report: Callable[[str], None]) -> None:
    """Load the seed files unless exactly these are loaded already; commits nothing.

    The connection acts as the owner. Says what it loaded through `report`.
    Units that these seeds change in a register which had others are an event of their own.
    Raises UnitsInUseError where a unit that holds living records would end, move or lose a part;
    the caller then commits nothing.
    """
    digest = seed_sha256()
    # Locks the row, so that two starts at once load one after the other.
    loaded = connection.scalar(text("SELECT seed_sha256 FROM gazetteer_state FOR UPDATE"))
    if loaded == digest:
        return
    for name, columns in FILES.items():
        _stage(connection, name, columns)
    connection.execute(text(_BEFORE))
    with no_unit_taken(connection, SEED_FOLDER / REFORMS):
        for step in STEPS:
            connection.execute(text(step))
    changed = connection.scalars(text(_CHANGED)).all()
    if loaded is not None and changed:
        with Session(connection) as session:
            open_event(session, Cause("units", "upgrade", scope={"units": list(changed)}))
            session.execute(PUBLISH)
        report(f"units: {len(changed):,} of them changed by these seeds")
    connection.execute(text("UPDATE gazetteer_state SET seed_sha256 = :digest"), {"digest": digest})
    units = connection.scalar(text("SELECT count(*) FROM admin_unit"))
    report(f"units: {units:,} of every map loaded")


def seed_sha256() -> str:
    """Hash of the seed files of this checkout, hexadecimal."""
    digest = hashlib.sha256()
    for name in sorted(FILES):
        digest.update(seed_file(name).read_bytes())
    return digest.hexdigest()


def seed_file(name: str) -> Path:
    """Path of the seed file of that name."""
    return SEED_FOLDER / f"{name}.csv"


def _stage(connection: Connection, name: str, columns: str) -> None:
    declared = ", ".join(f"{column} text" for column in columns.split(", "))
    connection.execute(text(f"CREATE TEMPORARY TABLE seed_{name} ({declared}) ON COMMIT DROP"))
    copied = f"COPY seed_{name} FROM STDIN (FORMAT csv, HEADER match, FORCE_NULL ({columns}))"
    with (
        seed_file(name).open("rb") as file,
        driver_connection(connection).cursor() as cursor,
        cursor.copy(copied) as copy,
    ):
        while piece := file.read(_PIECE):
            copy.write(piece)
    connection.execute(text(f"ANALYZE seed_{name}"))
