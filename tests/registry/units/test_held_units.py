"""Seeds that know of a resolution: what they may end, and what only a reform may."""

import datetime
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from registry.core.database import OWNER_ROLE, make_engine
from registry.core.errors import UnitsInUseError
from registry.core.events import write_scope
from registry.ops.backup import take_backup
from registry.ops.backup.restore import restore_backup
from registry.ops.prepare import prepare_database
from registry.units import seeds
from registry.units.gazetteer import today
from registry.units.seeds import load_seeds
from scripts.main import diachiso
from tests.registry.units.release import Release, release_of
from tests.support.factories import TEST, make_household, make_locality, make_street
from tests.support.postgis import database

pytestmark = pytest.mark.thorough

BA_DINH, NGOC_HA, LANG = "00004", "00008", "00199"
DAY = today() + datetime.timedelta(days=3)


@pytest.fixture
def release(
    fresh_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Release]:
    with release_of((BA_DINH, NGOC_HA, LANG), fresh_database(), tmp_path, monkeypatch) as made:
        yield made


def ship(release: Release, name: str, code: str, day: datetime.date) -> Path:
    folder = release.folder / seeds.REFORMS
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(
        f"resolution: {{number: 9/NQ-TEST, effective: {day}}}\n"
        f'changes: [{{merge: {{units: ["{code}"], into: "{LANG}"}}}}]\n'
    )
    return path


def everything_of_units(release: Release) -> list[int]:
    """Counts that any writing changes, and the version that every statement raises."""
    tables = ("admin_unit", "admin_unit_version", "admin_unit_succession", "target", "boundary")
    counts = [release.one(f"SELECT count(*) FROM {table}") for table in tables]
    return [*counts, release.one("SELECT version FROM gazetteer_state")]


@pytest.mark.gate
def test_unit_in_use_is_not_ended_by_the_seeds(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = release.unit(NGOC_HA)
    with write_scope(release.engine, TEST) as session:
        street = make_street(session, unit_id=unit)
        make_locality(session, unit_id=unit)
        tower = make_household(session, unit_id=unit, kind="building", households_count=0)
        make_household(session, unit_id=unit, street_id=street)
        make_household(session, unit_id=unit, parent_code=tower, unit_number="1")
        session.execute(
            text(
                "INSERT INTO target (unit_id, households, quality, source, reference_date)"
                " VALUES (:unit, 9, 'declared', 'tests', '2026-01-01')"
            ),
            {"unit": unit},
        )
    release.end(NGOC_HA, LANG, DAY)
    release.end(BA_DINH, LANG, DAY)  # holds nothing
    file = ship(release, "2026-test.yaml", NGOC_HA, DAY)
    ship(release, "2027-other.yaml", LANG, DAY + datetime.timedelta(days=365))
    before = everything_of_units(release)
    with pytest.raises(UnitsInUseError) as refused:
        release.load()
    assert refused.value.extra == {
        "units": [
            {
                "code": NGOC_HA,
                "name": "Ngọc Hà",
                "change": "ended",
                "day": DAY.isoformat(),
                "households": 2,
                "buildings": 1,
                "streets": 1,
                "localities": 1,
                "keys": 0,
                "targets": 1,
                "reform": str(file),
            }
        ],
        "reforms": [str(file)],
    }
    assert f"`bin/diachiso reform {file}`" in refused.value.detail
    monkeypatch.setenv("DATABASE_URL", release.url)
    found = CliRunner().invoke(diachiso, ["units", "load", "--dry-run", "--format", "json"])
    assert (found.exit_code, json.loads(found.stdout)) == (
        1,
        {"code": "units_in_use", **refused.value.extra},
    )
    listed = CliRunner().invoke(diachiso, ["units", "load"])
    assert (listed.exit_code, f"{NGOC_HA} Ngọc Hà: ended {DAY}" in listed.stdout) == (1, True)
    assert everything_of_units(release) == before


def test_startup_is_refused_and_changes_no_units(release: Release, admin_url: str) -> None:
    with write_scope(release.engine, TEST) as session:
        make_household(session, unit_id=release.unit(NGOC_HA))
        session.execute(text("UPDATE gazetteer_state SET key_rules = NULL"))
    release.end(NGOC_HA, LANG, DAY)
    before = everything_of_units(release)
    with pytest.raises(UnitsInUseError, match="bin/diachiso reform TỆP"):
        prepare_database(release.url, lambda _line: None)
    assert everything_of_units(release) == before
    assert release.one("SELECT count(key_rules) FROM gazetteer_state") == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda r: r.end(NGOC_HA, LANG, DAY), "ended"),
        (lambda r: r.move(NGOC_HA, "24", DAY), "moved"),
        (lambda r: r.edit("unit_successions", lambda rows: rows.append(part(rows))), "gives_part"),
    ],
)
def test_unused_units_are_loaded_as_before(
    release: Release, change: Callable[[Release], None], code: str
) -> None:
    """And the same seeds are refused where the unit holds a door."""
    change(release)
    with release.engine.connect() as connection:  # rolled back
        unit = release.unit(NGOC_HA)
        load_seeds(connection, lambda _line: None)
        assert connection.scalar(
            text(
                "SELECT count(*) FROM admin_unit_version v LEFT JOIN admin_unit_succession s"
                " ON s.predecessor_id = v.unit_id WHERE v.unit_id = :unit AND (upper(valid) = :day"
                " OR s.effective_on = :day)"
            ),
            {"unit": unit, "day": DAY},
        )
    with write_scope(release.engine, TEST) as session:
        make_household(session, unit_id=unit)
    with pytest.raises(UnitsInUseError) as refused:
        release.load()
    (found,) = refused.value.extra["units"]  # type: ignore[misc]
    assert (found["code"], found["change"], found["day"]) == (NGOC_HA, code, DAY.isoformat())


def part(rows: list[dict[str, str]]) -> dict[str, str]:
    """A part of a continuing commune moves to another one."""
    found = {"level": "commune", "born": "2025-07-01"}
    ends = {"pred": NGOC_HA, "succ": LANG}
    named = {f"{end}_{key}": value for end in ends for key, value in found.items()}
    codes = {f"{end}_code": code for end, code in ends.items()}
    more = {"extent": "partial", "effective_on": DAY.isoformat(), "source": "tests"}
    return dict.fromkeys(rows[0], "") | named | codes | more


def test_retired_records_do_not_keep_a_unit_in_use(release: Release) -> None:
    with write_scope(release.engine, TEST) as session:
        code = make_household(session, unit_id=release.unit(NGOC_HA))
    with write_scope(release.engine, TEST) as session:
        session.execute(
            text("UPDATE household SET status = 'retired' WHERE code = :code"), {"code": code}
        )
    release.end(NGOC_HA, LANG, DAY)
    release.load()
    assert release.one("SELECT count(*) FROM admin_unit WHERE upper(lifetime) = :day", day=DAY) == 1


def test_seeds_load_after_the_reform_is_carried_out(release: Release) -> None:
    """Units end on the day given by the seeds, and the recorded reform is kept."""
    unit, into = release.unit(NGOC_HA), release.unit(LANG)
    with write_scope(release.engine, TEST) as session:
        make_household(session, unit_id=unit)
    release.end(NGOC_HA, LANG, today())
    with pytest.raises(UnitsInUseError):
        release.load()
    end_by_decision(release, unit, into)
    release.load()
    assert release.one(_LOADED, sha=seeds.seed_sha256()) == 1
    assert release.one(_LAST_DAY, unit=unit) == 1


def test_register_is_restored_though_the_seeds_would_end_a_unit_in_use(
    release: Release, admin_url: str, worker_id: str, tmp_path: Path
) -> None:
    """It equals the saved register, and reports the same as its next startup."""
    unit = release.unit(NGOC_HA)
    with write_scope(release.engine, TEST) as session:
        make_household(session, unit_id=unit)
    took = take_backup(release.url, tmp_path / "saved", as_folder=False, report=lambda _line: None)
    release.end(NGOC_HA, LANG, today())
    found: list[str] = []
    with database(admin_url, f"held_{worker_id}") as url:
        made = restore_backup(url, tmp_path / "saved", report=found.append)
        again = Release(url, make_engine(url, role=OWNER_ROLE), release.folder)
        assert made.tables == took.tables
        assert again.one(_HOLDS, unit=unit) == 1
        with pytest.raises(UnitsInUseError) as refused:
            again.load()
        again.engine.dispose()
    assert refused.value.detail in found


def test_unit_ended_by_a_decision_stays_ended_despite_older_seeds(
    release: Release,
) -> None:
    unit, into = release.unit(NGOC_HA), release.unit(LANG)
    end_by_decision(release, unit, into)
    release.edit("units", lambda rows: rows[0].update(source="tests"))
    release.load()
    assert release.one(_LOADED, sha=seeds.seed_sha256()) == 1
    assert release.one(_LAST_DAY, unit=unit) == 1


_LOADED = "SELECT count(*) FROM gazetteer_state WHERE seed_sha256 = :sha"
_HOLDS = """
    SELECT count(*) FROM household h JOIN admin_unit u ON u.id = h.unit_id
    WHERE u.id = :unit AND upper_inf(u.lifetime)
"""
_LAST_DAY = """
    SELECT count(*) FROM admin_unit_version v JOIN admin_unit u ON u.id = v.unit_id
    WHERE u.id = :unit AND upper(v.valid) = current_date AND upper(u.lifetime) = current_date
"""


def end_by_decision(release: Release, unit: int, into: int) -> None:
    """As a reform leaves it: the unit that ends keeps the name that the seeds gave it."""
    with write_scope(release.engine, TEST) as session:
        for statement in (
            "UPDATE admin_unit SET lifetime = daterange(lower(lifetime), :day) WHERE id = :unit",
            "UPDATE admin_unit_version SET valid = daterange(lower(valid), :day)"
            " WHERE unit_id = :unit AND upper_inf(valid)",
            "INSERT INTO admin_unit_succession VALUES (:unit, :into, 'full', :day, 'decision 9')",
            "UPDATE household SET unit_id = :into WHERE unit_id = :unit",
        ):
            session.execute(text(statement), {"unit": unit, "into": into, "day": today()})
