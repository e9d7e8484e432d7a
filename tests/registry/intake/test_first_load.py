"""The first load of a register: keys dropped, rows loaded, the same keys recreated."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from registry.core.database import session_scope
from registry.core.errors import DatabaseUnavailableError
from registry.intake.publishing.first_load import MANY, keys_parked
from registry.intake.result import ImportOptions, ImportResult
from registry.intake.run import import_file
from tests.support.intake import Deliver, door, rows, write

pytestmark = pytest.mark.thorough

KEYS = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
    UNION ALL
    SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) || convalidated
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT tgrelid::regclass || '.' || tgname, concat(tgenabled, pg_get_triggerdef(oid))
    FROM pg_trigger
    WHERE NOT tgisinternal
    ORDER BY 1, 2
"""
FLATS = [
    door("1", f"flat {unit}", building="CT1", floor="12", unit=str(unit))
    for unit in range(1201, 1205)
]


def load(engine: Engine, folder: Path, *, source: str = "phuong") -> ImportResult:
    """Import just as many houses as make a first load, and a few flats."""
    houses = [door(f"{number}A", f"house {number}") for number in range(2, MANY + 2)]
    path = write(folder / "many.csv", *FLATS, *houses)
    return import_file(engine, path, ImportOptions(source), lambda _count: None)


@pytest.fixture
def reader(engine: Engine) -> Iterator[None]:
    """An open transaction that has read households."""
    with engine.connect() as connection:
        connection.execute(text("SELECT count(*) FROM household"))
        yield


def test_first_load_leaves_the_keys_as_they_were(engine: Engine, tmp_path: Path) -> None:
    before = rows(engine, KEYS)

    result = load(engine, tmp_path)

    assert (result.new, result.buildings) == (MANY + 4, 1)
    assert rows(engine, KEYS) == before
    assert rows(engine, "SELECT count(*) FROM household WHERE parent_code IS NOT NULL") == [(4,)]
    assert not rows(engine, "SELECT FROM parked_key")
    # Only a superuser sees the statistics of a table with row-level security.
    analysed = "SELECT DISTINCT tablename FROM pg_stats WHERE tablename ~ '^household' ORDER BY 1"
    with engine.connect() as connection:
        connection.execute(text("SET LOCAL ROLE NONE"))
        known = connection.execute(text(analysed)).all()
    assert known == [("household",), ("household_ref",)]


def test_load_that_fails_leaves_the_keys_as_they_were(engine: Engine) -> None:
    def fail() -> None:
        with (
            session_scope(engine) as session,
            keys_parked(session.connection(), MANY),
        ):
            assert session.execute(text("SELECT FROM parked_key")).all()
            raise ZeroDivisionError

    before = rows(engine, KEYS)

    with pytest.raises(ZeroDivisionError):
        fail()

    assert rows(engine, KEYS) == before


def test_no_commit_while_keys_are_parked(engine: Engine) -> None:
    before = rows(engine, KEYS)

    with pytest.raises(DBAPIError, match="keys are parked"), session_scope(engine) as session:
        assert session.scalar(text("SELECT park_keys()")) is True

    assert rows(engine, KEYS) == before


def test_register_with_households_keeps_its_keys(engine: Engine, deliver: Deliver) -> None:
    deliver(door("12"))

    with session_scope(engine) as session:
        assert session.scalar(text("SELECT park_keys()")) is False
        assert not session.execute(text("SELECT FROM parked_key")).all()


@pytest.mark.usefixtures("reader")
def test_load_keeps_the_keys_when_the_table_is_being_read(engine: Engine, tmp_path: Path) -> None:
    assert load(engine, tmp_path).new == MANY + 4


def test_killed_import_leaves_the_register_as_it_was(
    engine: Engine, tmp_path: Path, admin_url: str
) -> None:
    def kill(_count: int) -> None:
        with psycopg.connect(admin_url, autocommit=True) as admin:
            killed = admin.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = %s AND state = 'idle in transaction'",
                [engine.url.database],
            )
            assert killed.fetchall() == [(True,)]

    path = write(tmp_path / "a.csv", *FLATS)
    with pytest.raises(DatabaseUnavailableError):
        import_file(engine, path, ImportOptions("phuong"), kill)

    assert not rows(engine, "SELECT FROM household UNION ALL SELECT FROM import")
