"""Keys written by an older version: rewritten after an upgrade in one event, nothing merged."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from registry.core.database import OWNER_ROLE, make_engine
from registry.core.stored_keys import COLUMNS, stale_keys
from registry.ops.rekey import rekey
from tests.support.intake import BA_DINH, Deliver, deliveries, door, rows

ROWS = (
    door("1", "1", building="CC A1", unit="301"),
    door("1", "2", building="CC A1", unit="302"),
    door("2", "3", building="CT1", floor="trệt", unit="PH"),
    {"source_ref": "4", "house_number": "5", "locality": "Thôn Đông", "commune_code": BA_DINH},
)
FORMER = "SELECT key FROM place_alias"


@pytest.fixture
def url(fresh_database: Callable[[], str]) -> str:
    return fresh_database()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    made = make_engine(url)
    yield made
    made.dispose()


@pytest.fixture
def owner(url: str) -> Iterator[Engine]:
    made = make_engine(url, role=OWNER_ROLE, pool_size=1)
    yield made
    made.dispose()


@pytest.fixture
def deliver(engine: Engine, tmp_path: Path) -> Deliver:
    return deliveries(engine, tmp_path)


def write_with_old_rules(owner: Engine, *statements: str) -> None:
    """Write as an older version did."""
    with owner.begin() as connection:
        connection.execute(text("SELECT open_event('import', 'tests', NULL, NULL, '{}'::jsonb)"))
        for statement in (*statements, "UPDATE gazetteer_state SET key_rules = '1'"):
            connection.execute(text(statement))


def rekeyed(owner: Engine) -> list[str]:
    found: list[str] = []
    rekey(owner, found.append)
    return found


def stale(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        found = {one.name: len(list(stale_keys(connection, one))) for one in COLUMNS}
    return {name: count for name, count in found.items() if count}


@pytest.mark.thorough
def test_keys_of_earlier_rules_are_rewritten_in_one_event(
    engine: Engine, owner: Engine, deliver: Deliver
) -> None:
    named = door("9", "9", use="Công ty; nhà ở", use_name="Công ty cổ phần Sao Mai")
    deliver(*ROWS, named)
    today = rows(engine, "SELECT code, building_key, floor, uses FROM household ORDER BY code")
    places = rows(engine, "SELECT key FROM place ORDER BY id")
    assert stale(engine) == {}
    write_with_old_rules(
        owner,
        "UPDATE household SET building_key = 'cc a1' WHERE building_key = 'a1'",
        "UPDATE household SET floor = 'TRỆT' WHERE floor = 'TRET'",
        "UPDATE place SET key = 'pho ' || key WHERE class = 'street'",
        "UPDATE place SET key = 'thon ' || key WHERE class = 'locality'",
        """UPDATE household SET uses = replace(uses::text, 'cong ti', 'cty')::jsonb""",
        # What an upgrade before this one kept as former names.
        "DELETE FROM place_alias",
    )
    assert stale(engine) == {
        "place.key": 2,
        "household.building_key": 1,
        "household.floor": 1,
        "household_use.name_key": 1,
    }

    assert rekeyed(owner) == [
        "keys: 2 of place.key written anew",
        "keys: 3 of household.building_key written anew",
        "keys: 1 of household.floor written anew",
        "keys: 1 of household_use.name_key written anew",
    ]

    uses = "SELECT code, building_key, floor, uses FROM household ORDER BY code"
    assert rows(engine, uses) == today
    assert rows(engine, "SELECT key FROM place ORDER BY id") == places
    assert rows(engine, FORMER) == []
    assert stale(engine) == {}
    (event,) = rows(engine, "SELECT id FROM event WHERE kind = 'rekey'")
    assert rows(
        engine,
        "SELECT DISTINCT ended_by_event_id, building_key FROM household_version"
        f" WHERE ended_by_event_id = {event[0]} AND floor IS NULL AND uses IS NULL",
    ) == [(event[0], "cc a1")]
    assert (event[0],) in rows(engine, "SELECT event_id FROM feed")
    again = deliver(*ROWS, named)
    assert (again.new, again.changed, again.unchanged) == (0, 0, len(ROWS) + 1)


def test_rows_checked_by_the_current_rules_are_not_read_again(
    owner: Engine, deliver: Deliver, engine: Engine
) -> None:
    deliver(*ROWS)
    assert rekeyed(owner) == []
    write_with_old_rules(
        owner, "UPDATE household SET building_key = 'cc a1' WHERE building_key = 'a1'"
    )
    assert len(rekeyed(owner)) == 1
    events = rows(engine, "SELECT count(*) FROM event")
    with owner.begin() as connection:
        connection.execute(text("SELECT open_event('import', 'tests', NULL, NULL, '{}'::jsonb)"))
        connection.execute(text("UPDATE household SET building_key = 'cc a1'"))
    assert rekeyed(owner) == []
    assert rows(engine, "SELECT count(*) - 1 FROM event") == events


def test_colliding_places_and_doors_are_reported_and_not_merged(
    engine: Engine, owner: Engine, deliver: Deliver
) -> None:
    deliver(
        *ROWS,
        door("1", "5", building="CC B1", unit="301"),
        door("1", "6", street="Phố Hàng Than"),
        door("1", "7", street="Phố Hàng Bún"),
    )
    write_with_old_rules(
        owner,
        # Two streets with one key by today's rules, and one whose key is free once another moved.
        "UPDATE place SET key = 'x', name = 'Quán Thánh', kind = 'đường' WHERE key = 'hang than'",
        "UPDATE place SET key = 'hang than' WHERE key = 'hang bun'",
        "UPDATE household SET building_key = 'cc a1', building_name = 'CC A1'"
        " WHERE building_name = 'B1' OR building_key = 'b1'",
        "DELETE FROM place_alias",
    )
    doors = rows(engine, "SELECT count(*) FROM household")

    found = rekeyed(owner)

    assert found[:2] == [
        "keys: 1 of place.key written anew",
        f"keys: 1 of place.key would be another's: Đường Quán Thánh ({BA_DINH})",
    ]
    assert len([line for line in found if "bear the address of another one now" in line]) == 1
    assert rows(engine, "SELECT count(*) FROM household") == doors
    assert rows(engine, "SELECT key FROM place WHERE class = 'street' ORDER BY key") == [
        ("hang bun",),
        ("quan thanh",),
        ("x",),
    ]
    assert stale(engine) == {"place.key": 1}
    assert rekeyed(owner) == []
