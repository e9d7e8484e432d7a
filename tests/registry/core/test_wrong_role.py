"""A pooler that drops the requested role of a session: nothing is done as another role."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from registry.core.actors import Actor, restrict_to_units
from registry.core.database import OWNER_ROLE, make_engine, session_scope
from registry.core.errors import WrongRoleError
from registry.core.reads import Reads
from registry.core.settings import Settings
from registry.ops.backup.restore import register_promoted
from registry.ops.doctor import State, run_probes
from registry.ops.prepare import prepare_database
from tests.support.factories import make_event, make_household, make_unit
from tests.support.refusal import refused
from tests.support.relay import Relay
from tests.support.units import open_app
from tests.support.waiting import eventually

SAID = "acts as postgres, not as diachiso_app"


@pytest.fixture
def pooler(database_url: str) -> Iterator[Relay]:
    """Between the program and the database; a socket's path must be short."""
    with (
        TemporaryDirectory(prefix="diachiso-") as folder,
        Relay(database_url, Path(folder), drops_options=True) as made,
    ):
        yield made


def test_nothing_is_read_or_written_as_the_login_role(pooler: Relay) -> None:
    engine = make_engine(pooler.url)
    for _ in range(2 * engine.pool.size()):  # type: ignore[attr-defined] # none stays taken
        with pytest.raises(WrongRoleError, match=SAID), session_scope(engine) as session:
            session.execute(text("SELECT 1"))
    reads = Reads(pooler.url, pool_size=1, statement_timeout_ms=300)
    try:
        with pytest.raises(WrongRoleError, match="connect to PostgreSQL directly"):
            reads.rows("SELECT 1", {})
        pooler.drops_options = False

        def answered() -> bool:
            try:
                return reads.rows("SELECT current_user::text", {}) == [("diachiso_app",)]
            except WrongRoleError:  # one that was opened before
                return False

        eventually(answered, "it serves as soon as it may")
        with session_scope(engine) as session:
            assert session.scalar(text("SELECT current_user")) == "diachiso_app"
    finally:
        reads.close()
        engine.dispose()


def test_nothing_is_prepared_or_restored_as_the_login_role(pooler: Relay) -> None:
    with pytest.raises(WrongRoleError, match="acts as postgres, not as diachiso_owner"):
        prepare_database(pooler.url, lambda _line: None)
    with pytest.raises(WrongRoleError, match="acts as postgres, not as diachiso_owner"):
        register_promoted(pooler.url, lambda _line: None)


def test_service_answers_503_with_the_remedy(pooler: Relay) -> None:
    with open_app(pooler.url) as app:
        for path in ("/readyz", "/v1/units/00004", "/v1/addresses/10000006", "/v1/geocode?q=12"):
            answer = app.test_client().get(path)
            assert (answer.status_code, answer.get_json()["code"]) == (503, "wrong_role"), path
            assert SAID in answer.get_json()["detail"]


def test_doctor_reports_the_wrong_role(pooler: Relay, database_url: str) -> None:
    found = {r.name: r for r in run_probes(Settings(database_url=pooler.url))}
    assert found["application_role_is_taken"].state == State.FAILURE
    assert SAID in found["application_role_is_taken"].english
    well = {r.name: r for r in run_probes(Settings(database_url=database_url))}
    assert well["application_role_is_taken"].state == State.OK


@pytest.fixture
def owner(database_url: str) -> Iterator[Engine]:
    made = make_engine(database_url, role=OWNER_ROLE)
    yield made
    made.dispose()


def test_owner_writes_only_in_the_units_of_the_actor(owner: Engine) -> None:
    with Session(owner) as session:  # rolled back
        make_event(session)
        here, there = make_unit(session), make_unit(session)
        doors = {unit: make_household(session, unit_id=unit) for unit in (here, there)}
        restrict_to_units(session, Actor("xã này", "editor", frozenset({here})))
        hint = text("UPDATE household SET delivery_hint = 'x' WHERE code = :code RETURNING code")
        assert session.scalars(hint, {"code": doors[here]}).all() == [doors[here]]
        assert session.scalars(hint, {"code": doors[there]}).all() == []
        with refused(session, sqlstate="42501", message="row-level security"):
            session.execute(
                text(
                    "INSERT INTO place (class, unit_id, key, name, kind)"
                    " VALUES ('street', :unit, 'k', 'K', 'phố')"
                ),
                {"unit": there},
            )


def test_owner_functions_are_not_limited_to_the_units_of_the_actor(engine: Engine) -> None:
    """They lock and write what belongs to a record, wherever it is."""
    with Session(engine) as session:  # rolled back
        session.execute(text("SET LOCAL ROLE diachiso_owner"))
        session.execute(
            text(
                "CREATE FUNCTION asked() RETURNS integer[] LANGUAGE sql SECURITY DEFINER"
                " RETURN writable_units()"
            )
        )
        session.execute(text("SET LOCAL ROLE diachiso_app"))
        restrict_to_units(session, Actor("xã này", "editor", frozenset({7})))
        assert session.execute(text("SELECT writable_units(), asked()")).one() == ([7], None)
