"""The doctor of a living register: orphans, doors that stand twice, leftovers, keys, replicas."""

from collections.abc import Callable, Iterator

import numpy as np
import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.code import from_serial
from geo.permutation import Permutation
from registry.core.database import make_engine
from registry.ops.doctor import State
from registry.ops.probes import upkeep
from tests.support.doctor import examined, found
from tests.support.factories import (
    make_building,
    make_event,
    make_household,
    make_locality,
    make_street,
)

LANG = "SELECT id FROM admin_unit WHERE code = '00199' AND lifetime @> current_date"


def execute(url: str, *statements: str) -> None:
    """As the superuser, and past every rule: what a fault of a disk or a hand would do."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def url(fresh_database: Callable[[], str]) -> str:
    return fresh_database()


@pytest.fixture
def app(url: str) -> Iterator[Engine]:
    made = make_engine(url, pool_size=1)
    yield made
    made.dispose()


@pytest.fixture
def codes(url: str, app: Engine) -> dict[str, str]:
    """Codes of a street with a house and a building with a flat, and of a hamlet with a house."""
    with Session(app) as session, session.begin():
        make_event(session)
        unit = session.scalar(text(LANG))
        street = make_street(session, unit_id=unit, name="Láng", key="lang")
        hamlet = make_locality(session, unit_id=unit, name="1", kind="thôn", key="thon 1")
        numbered = {"house_number": "5", "house_number_key": "5"}
        issued = iter(
            Permutation(session.scalars(text("SELECT key FROM code_key")).one())
            .code_serials(np.arange(2_000_000, 2_000_004))
            .tolist()
        )
        building = make_building(
            session, code=from_serial(next(issued)), unit_id=unit, street_id=street
        )
        made = {"building": building}
        for name, columns in (
            ("flat", {"parent_code": building, "unit_number": "12", "building_key": "a"}),
            ("hamlet", {"locality_id": hamlet, **numbered}),
            ("house", {"street_id": street, **numbered}),
        ):
            code = from_serial(next(issued))
            made[name] = make_household(session, code=code, unit_id=unit, **columns)
    execute(url, "SELECT setval('code_ordinal', 3000000)")
    return made


def test_healthy_register_with_doors_passes(url: str, codes: dict[str, str]) -> None:
    results = examined(url)
    for name in (
        "flats_have_their_building",
        "households_have_their_place",
        "references_have_their_household",
        "places_carry_their_holders",
        "places_have_households",
        "doors_stand_once",
        "communes_of_households_exist",
        "ended_units_hold_nothing",
        "keys_are_bound_to_living_units",
        "replication",
        "read_replica",
        "autovacuum",
        "keys_last",
        "data_disk",
    ):
        assert results[name].state == State.OK, results[name]


BREAKS = [
    (
        "flats_have_their_building",
        "UPDATE household SET parent_code = '99999999' WHERE code = '{flat}'",
        "1 flat has no building",
    ),
    (
        "flats_have_their_building",
        "UPDATE household SET status = 'retired' WHERE code = '{building}'",
        "1 flat has no building",
    ),
    (
        "places_carry_their_holders",
        "UPDATE place SET outer_ids = ARRAY[id] WHERE key = 'thon 1'",
        "1 place has the wrong holder recorded",
    ),
    (
        "households_have_their_place",
        "UPDATE household SET street_id = 10000000 WHERE code = '{house}'",
        "1 household has no street or hamlet",
    ),
    (
        "households_have_their_place",
        "UPDATE place SET merged_into_id = 1, key = '#1' WHERE key = 'thon 1'",
        "1 household has no street or hamlet",
    ),
    (
        "references_have_their_household",
        "INSERT INTO household_ref (source, source_ref, code) VALUES ('s', '1', '99999999')",
        "1 record reference",
    ),
    (
        "references_have_their_household",
        "INSERT INTO household_former_number (code, event_id, house_number, house_number_key)"
        " VALUES ('99999999', 1, '1', '1')",
        "1 former number",
    ),
    (
        "communes_of_households_exist",
        "UPDATE admin_unit SET lifetime = daterange(lower(lifetime), current_date)"
        f" WHERE id = ({LANG})",
        "4 households in 1 ended communes: 00199 (4)",
    ),
    (
        "code_ordinals",
        "UPDATE household SET code = '99999999' WHERE code = '{house}'",
        "1 of the newest codes have a wrong check symbol",
    ),
    (
        "code_ordinals",
        "SELECT setval('code_ordinal', 1999000)",
        "4 of the 4 newest",
    ),
]


@pytest.mark.parametrize(
    ("name", "statement", "expected"), BREAKS, ids=lambda value: str(value)[:40]
)
def test_broken_register_is_reported(
    url: str, codes: dict[str, str], name: str, statement: str, expected: str
) -> None:
    execute(url, statement.format(**codes))
    result = found(url, name)
    assert result.state == State.FAILURE, result
    assert expected in result.english
    assert result.hint


def test_sequence_below_existing_codes_is_reported(
    url: str, app: Engine, codes: dict[str, str]
) -> None:
    """Codes not revealed by the newest one: the sequence is just below one of them."""
    with Session(app) as session, session.begin():
        make_event(session)
        for demo in range(20):
            make_household(session, code=from_serial(demo))
    execute(
        url,
        "UPDATE household SET event_id = 0 WHERE code >= '1'",
        "SELECT setval('code_ordinal', 1990000)",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("registry.ops.probes.content._NEWEST", 10)
        result = found(url, "code_ordinals")
    assert (result.state, result.english) == (
        State.FAILURE,
        "4 of the next 20,000 codes have already been issued",
    )


WORTH_KNOWING = [
    (
        "doors_stand_once",
        "INSERT INTO household (code, kind, status, unit_id, street_id, locality_id,"
        " house_number, house_number_key, event_id) SELECT '99999999', kind, status, unit_id,"
        " street_id, locality_id, 'Số 5', house_number_key, 1 FROM household"
        " WHERE code IN ('{house}', '{hamlet}') ORDER BY code = '{hamlet}' LIMIT 1",
        "1 suspected",
    ),
    (
        "places_have_households",
        "INSERT INTO place (class, unit_id, key, name, kind)"
        " SELECT class, unit_id, 'thon 2', '2', 'thôn' FROM place WHERE class = 'locality'",
        "1 of 2 localities have no households",
    ),
    (
        "ended_units_hold_nothing",
        "UPDATE admin_unit SET lifetime = daterange(lower(lifetime), current_date)"
        f" WHERE id = ({LANG})",
        "1 street, 1 locality; households in 1 ended commune: 00199",
    ),
    (
        "keys_are_bound_to_living_units",
        "WITH k AS (INSERT INTO api_key (name, hash, role, ending) VALUES ('Cũ',"
        " decode(repeat('00', 32), 'hex'), 'editor', 'kkkk') RETURNING id)"
        " INSERT INTO api_key_unit (key_id, unit_id) SELECT k.id, u.id FROM k, admin_unit u"
        " WHERE u.code = '00001' AND NOT u.lifetime @> current_date",
        "1 key is bound to ended units: Cũ (00001 → 00097)",
    ),
    (
        "keys_are_bound_to_living_units",
        "WITH k AS (INSERT INTO api_key (name, hash, role, ending) VALUES ('Rộng',"
        " decode(repeat('00', 32), 'hex'), 'editor', 'kkkk') RETURNING id)"
        " INSERT INTO api_key_unit (key_id, unit_id, widened_by_event_id) SELECT k.id, u.id, 7"
        " FROM k, admin_unit u WHERE u.code IN ('00004', '00199') AND u.lifetime @> current_date",
        "1 key is bound to all parts of a split unit: Rộng (00004 00199)",
    ),
    (
        "services_are_of_living_units",
        "WITH e AS (SELECT open_event('services', 'tests') AS id), a AS (INSERT INTO service_area"
        " (operator, service, kind, digest, event_id) SELECT 'Hãng', 'A', 'delivers',"
        " decode(repeat('00', 32), 'hex'), id FROM e RETURNING id)"
        " INSERT INTO service_area_unit (area_id, unit_id) SELECT a.id, u.id FROM a, admin_unit u"
        " WHERE u.code = '00001' AND NOT u.lifetime @> current_date",
        "1 operator: Hãng (00001)",
    ),
    (
        "keys_last",
        "INSERT INTO api_key (name, hash, role, ending, expires_at) VALUES ('Bưu điện Láng',"
        " decode(repeat('00', 32), 'hex'), 'carrier', 'kkkk', now() + interval '5 days')",
        "1: Bưu điện Láng",
    ),
]


@pytest.mark.parametrize(
    ("name", "statement", "expected"), WORTH_KNOWING, ids=lambda value: str(value)[:40]
)
def test_noteworthy_state_is_a_warning(
    url: str, codes: dict[str, str], name: str, statement: str, expected: str
) -> None:
    execute(url, statement.format(**codes))
    result = found(url, name)
    assert result.state == State.WARNING, result
    assert expected in result.english
    assert result.hint


def test_same_number_in_a_street_and_a_hamlet_is_not_a_duplicate(
    url: str, codes: dict[str, str]
) -> None:
    assert found(url, "doors_stand_once").state == State.OK


def test_place_containing_a_used_place_is_not_empty(url: str, codes: dict[str, str]) -> None:
    execute(
        url,
        "INSERT INTO place (class, unit_id, key, name, kind)"
        " SELECT class, unit_id, 'khu 2', '2', 'khu' FROM place WHERE class = 'locality'",
        "UPDATE place p SET parent_id = o.id, outer_ids = ARRAY[o.id]"
        " FROM place o WHERE o.key = 'khu 2' AND p.key = 'thon 1'",
    )
    assert found(url, "places_have_households").state == State.OK


def test_old_transaction_ids_and_dead_rows_are_reported(
    url: str, codes: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_DEAD_ROWS", -1)
    monkeypatch.setattr(upkeep, "_DEAD_SHARE", -1)
    assert found(url, "autovacuum").state == State.WARNING
    monkeypatch.setattr(upkeep, "_OLD_XIDS", -1)
    result = found(url, "autovacuum")
    assert result.state == State.FAILURE
    assert "writing will soon be impossible" in result.english


def test_invalid_replica_is_reported(url: str, fresh_database: Callable[[], str]) -> None:
    assert found(url, "read_replica", database_read_url=url).state == State.OK
    other = fresh_database()
    execute(other, "UPDATE register_identity SET uuid = gen_random_uuid()")
    for replica, expected in (
        (other, "another register"),
        ("postgresql://postgres:geheim@127.0.0.1:1/x", "onnection refused"),
    ):
        result = found(url, "read_replica", database_read_url=replica)
        assert result.state == State.FAILURE
        assert expected in result.english
        assert "geheim" not in result.english


def test_lagging_replica_is_reported(url: str, app: Engine, fresh_database) -> None:
    """Behind by an event of an hour ago, like an abandoned copy of the register."""
    late = fresh_database()
    uuid = "UPDATE register_identity SET uuid = '00000000-0000-4000-8000-000000000000'"
    execute(late, uuid)
    execute(
        url,
        uuid,
        "INSERT INTO event (kind, actor, occurred_at) VALUES ('t', 't', now() - interval '1 hour')",
        "INSERT INTO feed (event_id) SELECT max(id) FROM event",
    )
    result = found(url, "read_replica", database_read_url=late)
    assert result.state == State.FAILURE
    assert result.english.startswith("3,6")
