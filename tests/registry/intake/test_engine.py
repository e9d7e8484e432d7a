"""Rows between DuckDB and PostgreSQL: nothing is lost on the way, and nothing is left behind."""

import os
import re
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from registry.core.database import driver_connection, session_scope
from registry.core.errors import StorageFullError
from registry.files.plain import with_each_plain
from registry.intake import engine as engines
from registry.intake.engine import workbench
from registry.intake.staged.resolve import PARTS
from registry.intake.staged.stage import CONTENTS
from registry.intake.steps import STEPS

REGISTER = Path(engines.__file__).parent / "matching" / "register"
TYPES = {
    "text": "VARCHAR",
    "int8": "BIGINT",
    "int4": "INTEGER",
    "bool": "BOOLEAN",
    "float8": "DOUBLE",
    "uuid": "UUID",
    "text[]": "VARCHAR[]",
    "jsonb": "VARCHAR",
}

ODD = """
-- columns: number INTEGER, text VARCHAR, blank VARCHAR, list VARCHAR[], empty VARCHAR[],
--   numbers INTEGER[], lon DOUBLE, id UUID, yes BOOLEAN
    SELECT g AS number, 'a"b,' || chr(10) || chr(9) || %(text)s AS text,
        CASE g WHEN 1 THEN '' END AS blank, ARRAY['p', 'q"\\', '{}', '', 'a,b'] AS list,
        CASE WHEN g > 1 THEN ARRAY[]::text[] END AS empty, ARRAY[g, 2] AS numbers,
        100 + random() AS lon, gen_random_uuid() AS id, g = 1 AS yes
    FROM generate_series(1, 3) g;
"""
ODD_COLUMNS = ODD.partition("    SELECT")[0]
COLUMNS = (
    "number int, text text, blank text, list text[], empty text[], numbers int[], lon float8,"
    " id uuid, yes boolean"
)


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "scripts"
    folder.mkdir()
    (folder / "macros.sql").write_text(engines._script("macros.sql"))
    monkeypatch.setattr(engines, "_HERE", folder)
    engines._script.cache_clear()
    return folder


def test_values_round_trip_between_the_databases(
    engine: Engine, tmp_path: Path, scripts: Path
) -> None:
    (scripts / "odd.pg.sql").write_text(ODD)
    (scripts / "back.pg.sql").write_text(f"{ODD_COLUMNS}SELECT * FROM handed")
    with session_scope(engine) as session, workbench(session.connection(), 1, tmp_path) as bench:
        assert bench.bring("odd", "odd.pg.sql", text="Đ'é%\\") == 3
        assert bench.hand("handed", COLUMNS, "FROM odd") == 3
        assert bench.bring("back", "back.pg.sql") == 3
        assert bench.rows("FROM odd EXCEPT FROM back") == []
        assert bench.value("SELECT text FROM back WHERE number = 2") == "a\"b,\n\tĐ'é%\\"
        assert bench.rows("SELECT count(blank), count(empty) FROM back") == [(1, 2)]


def test_register_is_read_within_the_transaction(
    engine: Engine, tmp_path: Path, scripts: Path
) -> None:
    (scripts / "own.pg.sql").write_text("-- columns: a INTEGER\nSELECT a FROM own")
    with session_scope(engine) as session, workbench(session.connection(), 1, tmp_path) as bench:
        session.execute(text("CREATE TEMPORARY TABLE own ON COMMIT DROP AS SELECT 7 AS a"))
        bench.bring("own", "own.pg.sql")
        assert bench.rows("FROM own") == [(7,)]


def test_metres_are_those_of_the_ellipsoid(engine: Engine, tmp_path: Path) -> None:
    measured = text(
        "SELECT ST_Distance(ST_MakePoint(105.8, 21.03)::geography,"
        " ST_MakePoint(105.8 + :d, 21.03 - :d / 3)::geography)"
    )
    with session_scope(engine) as session, workbench(session.connection(), 1, tmp_path) as bench:
        for off in (0.0000001, 0.00001, 0.0001, 0.01, 0.1):
            metres = session.execute(measured, {"d": off}).scalar_one()
            assert bench.value(
                "SELECT metres(105.8, 21.03, 105.8 + $d, 21.03 - $d / 3)", d=off
            ) == pytest.approx(metres, rel=1e-6)


def test_spill_files_of_a_killed_import_are_removed(engine: Engine, tmp_path: Path) -> None:
    spill = tmp_path / "imports" / f"spill-{os.geteuid()}"
    (spill / "left").mkdir(parents=True)
    (spill / "left" / "block").write_text("x")
    with session_scope(engine) as session, workbench(session.connection(), 1, tmp_path):
        assert not (spill / "left").exists()
        with workbench(session.connection(), 2, tmp_path):
            assert len(list(spill.iterdir())) == 2
    assert list(spill.iterdir()) == []


def test_everything_stays_in_memory_without_a_writable_folder(
    engine: Engine, tmp_path: Path
) -> None:
    (tmp_path / "imports").write_text("in the way")
    with session_scope(engine) as session, workbench(session.connection(), 1, tmp_path) as bench:
        bench.duck.execute("CREATE TABLE a AS SELECT range AS n FROM range(1000000)")
        assert bench.value("SELECT count(*) FROM a") == 1_000_000
    with pytest.raises(StorageFullError):
        _fill(engine, tmp_path)


def _fill(engine: Engine, var: Path) -> None:
    with session_scope(engine) as session, workbench(session.connection(), 1, var) as bench:
        bench.duck.execute("SET memory_limit = '2MB'")
        bench.duck.execute("CREATE TABLE a AS SELECT md5(n::text) FROM range(1000000) r (n)")


def test_requirements_of_steps_are_made_by_other_steps() -> None:
    """A requirement that nothing creates would silently skip its step forever."""
    folder = Path(engines.__file__).parent
    written = {path: path.read_text(encoding="utf-8") for path in folder.rglob("*.sql")}
    program = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    needs = {each.needs for each in STEPS} | set(re.findall('needs="([^"]+)"', program))
    needs |= set(re.findall(r"-- needs: ([\w, ]+)\n", "".join([*written.values(), program])))
    made = set(re.findall(r"(?:CREATE (?:OR REPLACE )?TABLE|INSERT INTO) (\w+)", str(written)))
    made |= {path.name.removesuffix(".pg.sql") for path in folder.rglob("*.pg.sql")}
    made |= set(re.findall(r'(?:bring|table)\(\s*"(\w+)"', program)) | {*PARTS, *CONTENTS}
    found = set(re.findall(r"\b(\w+)=", str(re.findall(r"\.state\(.*?\n\n", program, re.DOTALL))))
    names = {name for each in needs for name in re.split(" or |, ", each) if name}
    assert len(names) > 40
    assert names - made - found == set()


@pytest.mark.parametrize("script", sorted(REGISTER.glob("*.pg.sql")), ids=lambda path: path.name)
def test_scripts_return_their_declared_columns(engine: Engine, script: Path) -> None:
    written = with_each_plain(script.read_text(encoding="utf-8"))
    given = {"units": [], "codes": [], "refs": [], "first": "", "last": "", "source": ""}
    given |= {"latest": 0, "once": []}
    flags = {"demo": False, "full": True}
    with session_scope(engine) as session:
        driver = driver_connection(session.connection())
        found = driver.execute(f"SELECT * FROM ({written}) q LIMIT 0", given | flags).description
    assert {each.name: TYPES[each.type_display] for each in found or ()} == engines._declared(
        written
    )
