"""The copy of all units in memory: when it is loaded, checked, shared, and out of reach."""

import datetime
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, event, make_url, text
from sqlalchemy.orm import Session

from registry.core import watch
from registry.core.database import OWNER_ROLE, make_engine, session_scope
from registry.core.errors import DatabaseUnavailableError
from registry.core.messages import Text
from registry.units.gazetteer import Gazetteer
from registry.units.gazetteer_cache import RECHECK_S, GazetteerCache
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.factories import make_unit
from tests.support.thorough import gate_takes_first
from tests.support.units import unit_named

OLD_MAP = datetime.date(2025, 6, 30)


@dataclass
class Clock:
    """A clock that only the test advances."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(watch.time, "monotonic", made.monotonic)
    return made


@pytest.fixture
def own_engine(fresh_database: Callable[[], str]) -> Iterator[Engine]:
    """A register with a unit of its own, so that its units are in no cache."""
    made = make_engine(fresh_database())
    change_units(made, "Từ Trước")
    yield made
    made.dispose()


def count_statements(engine: Engine) -> dict[str, int]:
    seen = {"loads": 0, "checks": 0}

    @event.listens_for(engine, "before_cursor_execute")
    def count(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen["loads"] += "FROM admin_unit u" in statement
        seen["checks"] += "FROM gazetteer_state" in statement

    return seen


def change_units(engine: Engine, name: str = "Mới Tinh") -> None:
    with as_owner(engine) as owner, session_scope(owner) as session:
        make_unit(session, name=name)


@contextmanager
def as_owner(engine: Engine) -> Iterator[Engine]:
    owner = make_engine(engine.url.render_as_string(hide_password=False), role=OWNER_ROLE)
    yield owner
    owner.dispose()


def loaded(engine: Engine) -> Gazetteer:
    with session_scope(engine) as session:
        return load_gazetteer(session)


def test_units_are_reloaded_only_after_changes(own_engine: Engine) -> None:
    first = loaded(own_engine)
    seen = count_statements(own_engine)
    assert loaded(own_engine) is first
    assert seen["loads"] == 0
    change_units(own_engine)
    second = loaded(own_engine)
    assert seen["loads"] == 1
    assert (first.named("moi tinh"), len(second.named("moi tinh"))) == ([], 1)


@pytest.mark.thorough
def test_units_of_two_copies_of_a_register_are_distinguished(
    fresh_database: Callable[[], str],
) -> None:
    """Each changed once, so that their versions are the same."""
    engines = [make_engine(fresh_database()) for _ in range(2)]
    versions, found = set(), []
    for engine, name in zip(engines, ("Mới Một", "Mới Hai"), strict=True):
        change_units(engine, name)
    for engine in (*engines, *engines):
        known = loaded(engine)
        versions.add(known.version)
        found.append((len(known.named("moi mot")), len(known.named("moi hai"))))
        engine.dispose()
    assert len(versions) == 1
    assert found == [(1, 0), (0, 1)] * 2


@pytest.mark.parametrize("savepoint", gate_takes_first(1, [True, False]))
def test_rolled_back_units_are_not_returned(own_engine: Engine, savepoint: bool) -> None:
    """Nor instead of those that another change makes of the same version."""
    with as_owner(own_engine) as owner, Session(owner) as session:
        found, versions = [], set()
        for name in ("Mới Một", "Mới Hai"):
            undone = session.begin_nested() if savepoint else session
            make_unit(session, name=name)
            known = load_gazetteer(session)
            undone.rollback()
            versions.add(known.version)
            found.append((len(known.named("moi mot")), len(known.named("moi hai"))))
        last = load_gazetteer(session)
    assert found == [(1, 0), (0, 1)]
    assert versions == {last.version + 2}, last.version
    assert last.named("moi hai") == []


@pytest.mark.thorough
def test_many_threads_share_one_load(own_engine: Engine) -> None:
    seen = count_statements(own_engine)
    cache = GazetteerCache(own_engine)
    start = threading.Barrier(16)

    def get(_: int) -> Gazetteer:
        start.wait()
        return cache.get()

    with ThreadPoolExecutor(16) as pool:
        copies = list(pool.map(get, range(16)))
    assert len({id(copy) for copy in copies}) == 1
    assert seen["loads"] == 1


def test_version_is_checked_at_most_once_a_second(own_engine: Engine, clock: Clock) -> None:
    cache = GazetteerCache(own_engine)
    first = cache.get()
    seen = count_statements(own_engine)
    clock.now += RECHECK_S * 0.99
    assert all(cache.get() is first for _ in range(50))
    assert seen == {"loads": 0, "checks": 0}
    clock.now += RECHECK_S * 0.02
    assert all(cache.get() is first for _ in range(50))
    assert seen == {"loads": 0, "checks": 1}


def test_change_by_another_connection_is_visible_after_a_second(
    own_engine: Engine, clock: Clock
) -> None:
    cache = GazetteerCache(own_engine)
    old = cache.get()
    change_units(own_engine)
    assert cache.get() is old
    clock.now += RECHECK_S
    new = cache.get()
    assert new.version > old.version
    assert len(new.units) == len(old.units) + 1
    assert [hit.name for hit in new.named("moi tinh")] == ["Mới Tinh"]
    assert old.named("moi tinh") == []


def test_requests_do_not_load_units_with_background_loading(
    own_engine: Engine, clock: Clock
) -> None:
    cache = GazetteerCache(own_engine)
    old, ready, go_on = cache.get(), [], threading.Event()

    def made_ready(newest: Gazetteer) -> None:
        assert go_on.wait(30)
        ready.append(newest)

    cache.load_in_background(made_ready)
    change_units(own_engine)
    for _ in range(2):
        clock.now += RECHECK_S
        assert cache.get() is old
    go_on.set()
    assert cache._loader is not None
    cache._loader.join(30)
    clock.now += RECHECK_S
    assert [cache.get()] == ready
    assert cache.get().version > old.version


def refuse_connections(admin_url: str, engine: Engine, *, refuse: bool) -> None:
    name = make_url(str(engine.url)).database or ""
    with psycopg.connect(admin_url, autocommit=True) as admin:
        admin.execute(
            sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(
                sql.Identifier(name), sql.SQL("false" if refuse else "true")
            )
        )
        if refuse:
            admin.execute(
                "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = %s",
                [name],
            )


def test_stopped_database_is_reported_and_reconnected(
    own_engine: Engine, clock: Clock, admin_url: str
) -> None:
    cache = GazetteerCache(own_engine)
    first = cache.get()
    refuse_connections(admin_url, own_engine, refuse=True)
    clock.now += RECHECK_S
    for _ in range(3):
        with pytest.raises(DatabaseUnavailableError):
            cache.get()
    refuse_connections(admin_url, own_engine, refuse=False)
    assert cache.get() is first


def test_all_callers_waiting_for_a_failed_load_fail(
    own_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One by one they would each wait for the connection's two seconds."""
    cache = GazetteerCache(own_engine)
    asked, go_on = threading.Semaphore(0), threading.Event()
    real_monotonic = watch.time.monotonic
    attempts = []

    def monotonic() -> float:
        asked.release()
        return real_monotonic()

    def fail(_current: Gazetteer | None) -> Gazetteer:
        attempts.append(1)
        assert go_on.wait(30)
        raise DatabaseUnavailableError(Text("stopped"))

    monkeypatch.setattr(watch.time, "monotonic", monotonic)
    monkeypatch.setattr(cache, "_newest", fail)
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(cache.get) for _ in range(8)]
        for _ in waiting:
            assert asked.acquire(timeout=30)
        go_on.set()
        errors = [future.exception(timeout=30) for future in waiting]
    assert [type(error) for error in errors] == [DatabaseUnavailableError] * 8
    assert len(attempts) == 1


def test_cached_copy_is_a_snapshot_despite_concurrent_changes(own_engine: Engine) -> None:
    once = iter([1])

    @event.listens_for(own_engine, "after_cursor_execute")
    def change_between(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM admin_unit_version" in statement and next(once, None):
            with own_engine.begin() as other:
                other.execute(
                    text(
                        "INSERT INTO admin_unit_alias (unit_id, kind, alias)"
                        " SELECT id, 'name', 'Kẻ Chợ' FROM admin_unit WHERE code = '01'"
                    )
                )

    copy = GazetteerCache(own_engine).get()
    with own_engine.connect() as connection:
        now = connection.scalar(text("SELECT version FROM gazetteer_state"))
    assert copy.version < now, "the next check must find this copy old"
    assert copy.named("ke cho") == []


def test_unit_without_a_name_is_skipped(own_engine: Engine) -> None:
    with own_engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO admin_unit (level, code, lifetime, source)"
                " VALUES ('commune', 'T9999', '(,)', 'tests')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO admin_unit_succession"
                " (predecessor_id, successor_id, extent, effective_on, source)"
                " SELECT o.id, n.id, 'full', '2026-01-01', 'tests' FROM admin_unit o, admin_unit n"
                " WHERE o.code = '28825' AND n.code = 'T9999'"
            )
        )
    known = GazetteerCache(own_engine).get()
    assert known.with_code("T9999") == []
    (lonely,) = known.with_code("28825")
    assert known.successors(lonely) == []


def test_seeds_give_every_map_completely(gazetteer: Gazetteer) -> None:
    counts = {
        day: [
            sum(1 for _ in gazetteer.alive(day, level=level))
            for level in ("province", "district", "commune")
        ]
        for day in (datetime.date(2024, 12, 31), OLD_MAP, datetime.date(2025, 7, 1))
    }
    assert list(counts.values()) == [[63, 705, 10_597], [63, 696, 10_035], [34, 0, 3_321]]


def test_code_of_two_units_returns_the_latest_first(gazetteer: Gazetteer) -> None:
    now, before = gazetteer.with_code("00004")
    assert [now.versions[-1].full_name, before.versions[-1].full_name] == [
        "Phường Ba Đình",
        "Phường Trúc Bạch",
    ]


def test_version_on_a_day_outside_the_lifetime_is_the_nearest(gazetteer: Gazetteer) -> None:
    unit = unit_named(gazetteer, "Phường Ba Đình", "00004")
    assert unit.version_on(datetime.date(1990, 1, 1)) is unit.versions[0]
    assert unit.version_on(datetime.date(2999, 1, 1)) is unit.versions[-1]


@pytest.mark.parametrize("key", ["cu m gar", "cu mgar"])
def test_name_with_an_apostrophe_is_found_without_it(gazetteer: Gazetteer, key: str) -> None:
    assert "Huyện Cư M'gar" in {hit.unit.versions[-1].full_name for hit in gazetteer.named(key)}


def test_members_are_those_of_the_given_day(gazetteer: Gazetteer) -> None:
    (ba_dinh,) = gazetteer.with_code("001")
    before = {unit.versions[-1].name for unit in gazetteer.members(ba_dinh, OLD_MAP)}
    assert len(before) == 13
    assert "Trúc Bạch" in before
    assert gazetteer.members(ba_dinh, datetime.date(2025, 7, 1)) == []


def test_holders_include_units_of_the_own_and_neighbouring_maps(gazetteer: Gazetteer) -> None:
    ward = unit_named(gazetteer, "Phường Ba Đình", "00004")
    (district,) = gazetteer.with_code("001")
    (province,) = gazetteer.with_code("01")
    assert gazetteer.holders(ward)[district.id] == 1
    assert gazetteer.holders(ward)[province.id] == 2
