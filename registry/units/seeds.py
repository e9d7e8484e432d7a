"""Load the seeds, the committed CSVs of `registry/seed`, into the tables of units and targets.

A seed row is a fact of the public record. It never undoes what an operator recorded since: it may
end a unit but not prolong one, and for a unit that an operator ended or changed (the version's
source begins with `decision`), it applies only to the time before. A unit that
holds something ends by a reform, not by the seeds.

A version whose `date_basis` is `signed` is a change with an unknown effective date: it is stored
without days, and the version before it stays in force.

Identifiers in other schemes are those of the seeds until an operator loads a file of the scheme.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from registry.core.database import driver_connection
from registry.core.events import PUBLISH, Cause, open_event
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.units.held_units import no_unit_taken
from registry.units.seed_gazetteer import SEED_FOLDER

SQL: Final = Statements(__file__)

REFORMS: Final = "reforms"
"""Folder next to the seeds: files of the resolutions in a release."""
_PIECE: Final = 1 << 18
# File → its columns, in their order, read as text; the SQL below gives them their types.
FILES: Final = {
    "units": "level, code, born, ended, lon, lat, area_km2, source",
    "unit_versions": "level, code, born, valid_from, valid_to, kind, name, name_en, province_code,"
    " district_code, legal_basis, date_basis, source",
    "unit_successions": "pred_level, pred_code, pred_born, succ_level, succ_code, succ_born,"
    " extent, effective_on, source",
    "unit_aliases": "level, code, born, alias, kind, source",
    "unit_identifiers": "level, code, born, scheme, value, valid_from, source",
    "targets": "province_code, households, quality, source, reference_date",
}

_STEPS: Final = (
    *("end_units", "add_units", "date_versions", "key_units", "index_keys"),
    *(
        "analyse_keys",
        "remove_versions",
        "add_versions",
        "add_successions",
        "add_aliases",
        "remove_identifiers",
        "add_identifiers",
        "add_targets",
    ),
)


def load_seeds(connection: Connection, report: Callable[[Message | str], None]) -> None:
    """Load the seed files unless exactly these are loaded already; does not commit.

    The connection acts as the owner. `report` is called with what was loaded.
    Units that these seeds change in a register which had others are an event of their own.
    Raises UnitsInUseError if a unit with living records would end, move or lose a part; the caller
    must then not commit.
    """
    digest = seed_sha256()
    # Locks the row, so that concurrent starts load one after the other.
    loaded = connection.scalar(text("SELECT seed_sha256 FROM gazetteer_state FOR UPDATE"))
    if loaded == digest:
        return
    for name, columns in FILES.items():
        _stage(connection, name, columns)
    connection.execute(SQL.text("remember_units"))
    with no_unit_taken(connection, SEED_FOLDER / REFORMS):
        for step in _STEPS:
            connection.execute(SQL.text(step))
    changed = connection.scalars(SQL.text("changed_units")).all()
    if loaded is not None and changed:
        with Session(connection) as session:
            open_event(session, Cause("units", "upgrade", scope={"units": list(changed)}))
            session.execute(PUBLISH)
        report(f"units: {len(changed):,} of them changed by these seeds")
    connection.execute(text("UPDATE gazetteer_state SET seed_sha256 = :digest"), {"digest": digest})
    units = connection.scalar(text("SELECT count(*) FROM admin_unit"))
    report(f"units: {units:,} of every map loaded")


def seed_sha256() -> str:
    """Return the SHA-256 of the seed files of this checkout, hexadecimal."""
    digest = hashlib.sha256()
    for name in sorted(FILES):
        digest.update(seed_file(name).read_bytes())
    return digest.hexdigest()


def seed_file(name: str) -> Path:
    """Return the path of a seed file."""
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
