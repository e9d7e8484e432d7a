"""A register that comes back from pg_dump: in another database, in another cluster."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, delete, func, select, text, update
from sqlalchemy.orm import Session

from registry.core.database import OWNER_ROLE, make_engine, session_scope
from registry.core.events import move_pending_events, open_event, write_scope
from registry.ops.cluster.host import LIBRARY
from registry.ops.prepare import make_roles_and_extensions, prepare_database
from tests.support.catalogue import schema_of
from tests.support.clusters import empty_cluster, running
from tests.support.factories import (
    TEST,
    make_building,
    make_event,
    make_household,
    make_street,
    make_unit,
)
from tests.support.feed import codes_of_event, feed_after
from tests.support.refusal import refused
from tests.support.tables import CodeKey, Event, EventPending, Household, HouseholdVersion
from tests.support.thorough import gate_takes

pytestmark = pytest.mark.thorough

JUMP = 1_000_000
LAST_ORDINAL = 846_825_857
ACROSS_CLUSTERS = ("same cluster", "fresh cluster")


@dataclass(frozen=True)
class Snapshot:
    """What must survive: every row of the past and present, every event, the key."""

    households: list[tuple[object, ...]]
    versions: list[tuple[object, ...]]
    events: set[int]
    feed: list[tuple[int, int]]
    pending: set[int]
    key: bytes
    uuid: UUID
    ordinal: int


def snapshot(engine: Engine) -> Snapshot:
    with Session(engine) as session:
        return Snapshot(
            households=rows(session, Household),
            versions=rows(session, HouseholdVersion),
            events=set(session.scalars(select(Event.id))),
            feed=[(e.position, e.event_id) for e in feed_after(session, 0, 10**6)],
            pending=set(session.scalars(select(EventPending.event_id))),
            key=session.scalars(select(CodeKey.key)).one(),
            uuid=session.execute(text("SELECT uuid FROM register_identity")).scalar_one(),
            ordinal=session.execute(text("SELECT last_value FROM code_ordinal")).scalar_one(),
        )


def rows(session: Session, table: type[Household] | type[HouseholdVersion]) -> list[tuple]:
    columns = [column for column in table.__table__.columns if column.name != "point"]
    statement = select(*columns, func.ST_AsEWKT(table.point)).order_by(*table.__table__.primary_key)
    return [tuple(row) for row in session.execute(statement)]


@pytest.fixture
def register(fresh_database: Callable[[], str]) -> str:
    """A register with households, versions, a removed row, moved and pending events."""
    url = fresh_database()
    engine = make_engine(url)
    with write_scope(engine, TEST) as session:
        unit = make_unit(session)
        # The index on entrances uses a function of the schema.
        building = make_building(
            session,
            unit_id=unit,
            point="POINT(105.8 21)",
            position_method="gps",
            entrances=[{"kind": "vehicles", "lon": 105.801, "lat": 21}],
        )
        flat = make_household(session, unit_id=unit, parent_code=building)
        make_household(session, unit_id=unit, street_id=make_street(session, unit_id=unit))
        gone = make_household(session, unit_id=unit)
        session.execute(text("SELECT draw_ordinals(10, false)"))
    with write_scope(engine, TEST) as session:
        session.execute(update(Household).where(Household.code == flat).values(floor="2"))
        session.execute(delete(Household).where(Household.code == gone))
    for floor in ("3", "4"):  # committed, and not moved
        with session_scope(engine) as session:
            make_event(session)
            session.execute(update(Household).where(Household.code == flat).values(floor=floor))
    engine.dispose()
    return url


@pytest.fixture(scope="module")
def other_cluster() -> Iterator[str]:
    """The superuser's URL of a cluster with both roles and no register in it."""
    with empty_cluster() as made:
        made.initialise()
        with running(made):
            make_roles_and_extensions(made.admin_url("postgres"))
            yield made.admin_url("postgres")


@pytest.fixture
def restore(
    request: pytest.FixtureRequest, admin_url: str, tmp_path: Path, worker_id: str
) -> Iterator[Callable[[str, str], str]]:
    """Dump a database and restore it: `url = restore(url, "fresh cluster")`."""
    made: list[tuple[str, str]] = []

    def run(url: str, where: str) -> str:
        target = admin_url if where == "same cluster" else request.getfixturevalue("other_cluster")
        name = f"restored_{worker_id}_{len(made)}"
        made.append((target, name))
        on_database(target, "CREATE DATABASE {} TEMPLATE template0", name)
        restored = target.replace("/postgres?", f"/{name}?")
        dump = tmp_path / "register.dump"
        tool("pg_dump", "--format=custom", f"--file={dump}", f"--dbname={url}")
        tool("pg_restore", "--exit-on-error", f"--dbname={restored}", str(dump))
        return restored

    yield run
    for target, name in made:
        on_database(target, "DROP DATABASE {} WITH (FORCE)", name)


def on_database(admin_url: str, statement: str, name: str) -> None:
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


def tool(name: str, *arguments: str) -> None:
    """Run a program of the newest PostgreSQL here; AssertionError with its output on failure."""
    newest = max(LIBRARY.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    done = subprocess.run([newest, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def engines() -> Iterator[Callable[..., Engine]]:
    """make_engine, whose engines end with the test."""
    made: list[Engine] = []

    def make(url: str, **parameters: str) -> Engine:
        made.append(make_engine(url, **parameters))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for engine in made:
        engine.dispose()


def call_restored(engine: Engine) -> UUID:
    with session_scope(engine) as session:
        return session.execute(text("SELECT register_restored()")).scalar_one()


@pytest.mark.gate
@pytest.mark.parametrize("where", gate_takes(ACROSS_CLUSTERS, "fresh cluster"))
def test_restored_register_is_complete_and_usable(
    register: str,
    restore: Callable[[str, str], str],
    engines: Callable[..., Engine],
    where: str,
) -> None:
    old = engines(register)
    before = snapshot(old)
    assert before.households
    assert before.versions
    assert len(before.pending) == 2
    assert before.events == before.pending | {event for _, event in before.feed}

    url = restore(register, where)
    new, owner = engines(url), engines(url, role=OWNER_ROLE)
    assert snapshot(new) == before
    uuid = call_restored(owner)

    # The old register may have issued codes in its lost transactions, unknown to this copy.
    after = snapshot(new)
    assert after.uuid == uuid != before.uuid
    assert after.key == before.key
    assert after.ordinal == before.ordinal + JUMP
    assert (after.households, after.versions) == (before.households, before.versions)

    # What was pending comes, once, above all positions that a reader may have seen.
    assert move_pending_events(new) == 2
    with write_scope(new, TEST) as session:
        own = make_event(session)
        code = make_household(session)
    added = snapshot(new).feed[len(before.feed) :]
    assert snapshot(new).feed[: len(before.feed)] == before.feed
    assert {event for _, event in added[:2]} == before.pending
    assert added[2][1] == own
    assert min(position for position, _ in added) > max(position for position, _ in before.feed)
    assert own > max(before.events)
    with Session(new) as session:
        assert codes_of_event(session, own) == [code]


@pytest.mark.parametrize("where", ACROSS_CLUSTERS)
def test_rules_and_rights_apply_when_restored(
    register: str,
    restore: Callable[[str, str], str],
    engines: Callable[..., Engine],
    where: str,
) -> None:
    url = restore(register, where)
    new, owner = engines(url), engines(url, role=OWNER_ROLE)
    with Session(new) as session:
        code = session.scalars(select(Household.code).filter_by(floor="4")).one()
        change = update(Household).where(Household.code == code)
        with refused(session):
            session.execute(change.values(floor="5"))
        open_event(session, TEST)
        with refused(session, by="household_status_transition"):
            session.execute(change.values(status="proposed"))
        with refused(session, by="household_references"):
            session.execute(change.values(unit_id=10**8))
        for forbidden in (
            "DELETE FROM household_version",
            "UPDATE event SET actor = 'x'",
            "SELECT register_restored()",
            "INSERT INTO feed (event_id) SELECT event_id FROM event_pending",
        ):
            with refused(session, sqlstate="42501"):
                session.execute(text(forbidden))
        session.execute(change.values(floor="5"))
        session.commit()
        kept = session.scalars(
            select(HouseholdVersion.floor).filter_by(code=code).order_by("valid_from")
        ).all()
        assert kept == [None, "2", "3", "4"]
    with Session(owner) as session, refused(session, message="append-only"):
        session.execute(text("DELETE FROM household_version"))


def test_schema_is_complete_when_restored(
    register: str, restore: Callable[[str, str], str], engines: Callable[..., Engine]
) -> None:
    """Also for the next start: nothing is left to do, and nothing differs."""
    url = restore(register, "fresh cluster")
    lines: list[str] = []
    prepare_database(url, lines.append)
    assert not [line for line in lines if line.startswith("schema")]
    with engines(url).connect() as restored, engines(register).connect() as original:
        assert schema_of(restored) == schema_of(original)


@pytest.mark.parametrize("pending", [True, False])
def test_old_transaction_ids_do_not_conflict_with_new_ones(
    register: str,
    restore: Callable[[str, str], str],
    engines: Callable[..., Engine],
    pending: bool,
) -> None:
    """A fresh cluster counts transactions from the start, so they meet those of old events."""
    url = restore(register, "fresh cluster")
    new, owner = engines(url), engines(url, role=OWNER_ROLE)
    with session_scope(owner) as session:
        # Events of the old cluster for each of the next transactions here.
        session.execute(
            text(
                "WITH old AS (INSERT INTO event (kind, actor, xact) SELECT 'old', 'old',"
                " CAST(CAST(pg_current_xact_id() AS text) AS bigint) + n"
                " FROM generate_series(1, 50) n RETURNING id)"
                " INSERT INTO event_pending (event_id) SELECT id FROM old WHERE :pending"
            ),
            {"pending": pending},
        )
    for _ in range(5):
        with write_scope(new, TEST) as session:
            own = make_event(session)
            code = make_household(session)
            xact = session.scalar(text("SELECT CAST(pg_current_xact_id() AS text)"))
        with Session(new) as session:
            same = session.scalars(select(Event.id).filter_by(xact=int(xact)).order_by("id")).all()
            assert same == [same[0], own]
            assert codes_of_event(session, own) == [code]
            assert codes_of_event(session, same[0]) == []
    events = [event for _, event in snapshot(new).feed]
    assert len(events) == len(set(events))


def test_ordinals_stay_in_range_when_few_are_left(
    register: str, engines: Callable[..., Engine]
) -> None:
    owner = engines(register, role=OWNER_ROLE)
    with session_scope(owner) as session:
        session.execute(text("SELECT setval('code_ordinal', :n)"), {"n": LAST_ORDINAL - 10})
    for _ in range(2):
        call_restored(owner)
        assert snapshot(owner).ordinal == LAST_ORDINAL
    with Session(engines(register)) as session, refused(session, message="reached maximum value"):
        session.execute(text("SELECT draw_ordinals(1, false)"))


def test_ordinals_jump_even_if_none_was_drawn(
    fresh_database: Callable[[], str], engines: Callable[..., Engine]
) -> None:
    url = fresh_database()
    call_restored(engines(url, role=OWNER_ROLE))
    with session_scope(engines(url)) as session:
        assert session.scalar(text("SELECT first FROM draw_ordinals(1, false)")) >= JUMP


def test_each_restore_gives_a_new_uuid_and_skips_a_million_ordinals(
    fresh_database: Callable[[], str], engines: Callable[..., Engine]
) -> None:
    owner = engines(fresh_database(), role=OWNER_ROLE)
    first = snapshot(owner)
    uuids = {first.uuid, call_restored(owner), call_restored(owner)}
    assert len(uuids) == 3
    assert snapshot(owner).ordinal == first.ordinal + 2 * JUMP
    with Session(owner) as session:
        assert session.scalar(text("SELECT note FROM register_identity")) == "restored"
