"""Row-level security: the application writes only in the actor's units, whatever Python does."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from registry.core.actors import ANONYMOUS, Actor, acting, acting_as, restrict_to_units
from registry.core.database import session_scope
from registry.core.errors import OutsideUnitsError
from tests.support.factories import (
    make_event,
    make_household,
    make_locality,
    make_unit,
    next_code,
)
from tests.support.refusal import refused

WRITTEN = {
    "certificate",
    "household",
    "household_former_number",
    "household_use",
    "place",
    "plate",
    "succession_link",
}


class Neighbours:
    """Two communes with a street, a locality and a door each; the session writes in the first."""

    def __init__(self, session: Session) -> None:
        make_event(session)
        self.here, self.there = make_unit(session), make_unit(session)
        self.localities = {u: make_locality(session, unit_id=u) for u in (self.here, self.there)}
        self.doors = {u: make_household(session, unit_id=u) for u in (self.here, self.there)}
        clerk = Actor("xã này", "editor", frozenset({self.here}))
        restrict_to_units(session, clerk)


@pytest.fixture
def neighbours(session: Session) -> Neighbours:
    return Neighbours(session)


def count(session: Session, statement: str, **parameters: object) -> int:
    """How many rows a statement wrote."""
    return session.execute(text(statement), parameters).rowcount  # type: ignore[attr-defined]


INSERTS = {
    "certificate": "INSERT INTO certificate (number, code, unit_id, issued_on, label, event_id)"
    " SELECT :new, :code, :unit, current_date, 'x', max(id) FROM event",
    "household": "INSERT INTO household (code, kind, status, unit_id)"
    " VALUES (:new, 'household', 'active', :unit)",
    "household_former_number": "INSERT INTO household_former_number"
    " (code, house_number, house_number_key) VALUES (:code, '1', '1')",
    "household_use": "INSERT INTO household_use (code, use) VALUES (:code, 'office')",
    "place": "INSERT INTO place (class, unit_id, key, name, kind)"
    " VALUES ('locality', :unit, 'k', 'K', 'thôn')",
    "plate": "INSERT INTO plate (code, issued_on) VALUES (:code, current_date)",
    "succession_link": "INSERT INTO succession_link (old_code, new_code, kind)"
    " VALUES (:code, :other, 'merge')",
}
UPDATES = {
    "certificate": "UPDATE certificate SET document_number = 'x' WHERE code = :code",
    "household": "UPDATE household SET delivery_hint = 'x' WHERE code = :code",
    "place": "UPDATE place SET name = 'X' WHERE id = :locality",
    "plate": "UPDATE plate SET mounted_on = current_date WHERE code = :code",
}


def parameters_of(neighbours: Neighbours, unit: int) -> dict[str, object]:
    other = neighbours.there if unit == neighbours.here else neighbours.here
    return {
        "unit": unit,
        "new": next_code(),
        "code": neighbours.doors[unit],
        "other": neighbours.doors[other],
        "locality": neighbours.localities[unit],
    }


def test_tables_written_by_operations_have_row_level_security(session: Session) -> None:
    secured = session.scalars(
        text("SELECT relname FROM pg_class WHERE relrowsecurity AND relkind = 'r'")
    )
    assert set(secured) == WRITTEN
    assert set(INSERTS) == WRITTEN


@pytest.mark.parametrize("table", sorted(INSERTS))
def test_row_in_another_commune_is_refused(
    session: Session, neighbours: Neighbours, table: str
) -> None:
    statement = text(INSERTS[table])
    session.execute(statement, parameters_of(neighbours, neighbours.here))
    with refused(session, sqlstate="42501", message="row-level security"):
        session.execute(statement, parameters_of(neighbours, neighbours.there))


@pytest.mark.parametrize("table", sorted(UPDATES))
def test_row_in_another_commune_is_not_changed(
    session: Session, neighbours: Neighbours, table: str
) -> None:
    if table in ("plate", "certificate"):
        session.execute(text("SELECT set_config('diachiso.writable_units', '', true)"))
        for unit in (neighbours.here, neighbours.there):
            session.execute(text(INSERTS[table]), parameters_of(neighbours, unit))
        restrict_to_units(session, Actor("t", "editor", frozenset({neighbours.here})))
    assert count(session, UPDATES[table], **parameters_of(neighbours, neighbours.here)) == 1
    assert count(session, UPDATES[table], **parameters_of(neighbours, neighbours.there)) == 0


def test_no_row_leaves_its_commune(session: Session, neighbours: Neighbours) -> None:
    parameters = {"code": neighbours.doors[neighbours.here], "unit": neighbours.there}
    with refused(session, sqlstate="42501", message="row-level security"):
        session.execute(text("UPDATE household SET unit_id = :unit WHERE code = :code"), parameters)


def test_no_row_in_another_commune_is_removed(session: Session, neighbours: Neighbours) -> None:
    statement = "DELETE FROM household WHERE code = :code"
    assert count(session, statement, code=neighbours.doors[neighbours.there]) == 0
    assert count(session, statement, code=neighbours.doors[neighbours.here]) == 1


def test_all_rows_are_readable_by_every_role(session: Session, neighbours: Neighbours) -> None:
    found = session.scalars(
        text("SELECT code FROM household WHERE unit_id = ANY (:units)"),
        {"units": [neighbours.here, neighbours.there]},
    )
    assert set(found) == set(neighbours.doors.values())


def test_code_reserved_without_a_commune_can_only_be_bound(
    session: Session, neighbours: Neighbours
) -> None:
    session.execute(text("SELECT set_config('diachiso.writable_units', '', true)"))
    one = make_household(session, unit_id=None, status="reserved")
    restrict_to_units(session, Actor("t", "editor", frozenset({neighbours.here})))
    with refused(session, sqlstate="42501", message="row-level security"):
        count(session, "UPDATE household SET status = 'retired' WHERE code = :code", code=one)
    bind = "UPDATE household SET status = 'active', unit_id = :unit WHERE code = :code"
    assert count(session, bind, code=one, unit=neighbours.here) == 1


def test_actor_without_units_cannot_write(session: Session, neighbours: Neighbours) -> None:
    restrict_to_units(session, ANONYMOUS)
    for table, statement in UPDATES.items():
        if table != "plate":
            assert count(session, statement, **parameters_of(neighbours, neighbours.here)) == 0
    for statement in INSERTS.values():
        with refused(session, sqlstate="42501", message="row-level security"):
            session.execute(text(statement), parameters_of(neighbours, neighbours.here))


def test_each_transaction_is_limited_to_the_units_of_its_actor(engine: Engine) -> None:
    asked = text("SELECT writable_units()")
    with session_scope(engine) as session:
        assert session.scalar(asked) is None
    with acting_as(Actor("t", "editor", frozenset({7, 3}))):
        with session_scope(engine) as session:
            assert session.scalar(asked) == [3, 7]
        with acting_as(Actor("t", "admin")), session_scope(engine) as session:
            assert session.scalar(asked) is None
    assert acting() is None
    with session_scope(engine) as session:
        assert session.scalar(asked) is None


def test_session_may_still_choose_its_isolation(engine: Engine) -> None:
    with acting_as(ANONYMOUS), session_scope(engine) as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        assert session.scalar(text("SELECT writable_units()")) == []
        assert session.scalar(text("SHOW transaction_isolation")) == "repeatable read"


def test_database_refusal_is_raised_as_a_register_error(engine: Engine) -> None:
    with (
        acting_as(Actor("t", "editor", frozenset({1}))),
        pytest.raises(OutsideUnitsError),
        session_scope(engine) as session,
    ):
        session.execute(
            text(
                "INSERT INTO place (class, unit_id, key, name, kind)"
                " VALUES ('street', 2, 'k', 'K', 'phố')"
            )
        )
