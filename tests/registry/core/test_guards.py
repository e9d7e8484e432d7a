"""What the database refuses of writers of households: no event, wrong places, illegal states."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from registry.core.database import OWNER_ROLE, make_engine, session_scope
from registry.core.events import Cause, open_event, write_scope
from tests.support.factories import (
    TEST,
    make_building,
    make_event,
    make_household,
    make_locality,
    make_street,
    make_unit,
    next_code,
)
from tests.support.refusal import check_refusal, refused
from tests.support.rivals import start_and_wait, thread
from tests.support.tables import AdminUnit, Event, EventPending, Household, Place

REFERENCES = "household_references"
STATUSES = ("reserved", "proposed", "active", "retired")
LEGAL = {
    ("reserved", "proposed"),
    ("reserved", "active"),
    ("reserved", "retired"),
    ("proposed", "active"),
    ("proposed", "retired"),
    ("active", "retired"),
    ("retired", "active"),
}
NO_EVENT = "under an event of the same transaction"


@dataclass(frozen=True)
class Village:
    """A commune with a street, a locality, a building with two flats; and another commune."""

    unit: int
    other: int
    street: int
    other_street: int
    locality: int
    other_locality: int
    building: str
    other_building: str
    flats: tuple[str, str]
    house: str


def build_village(session: Session) -> Village:
    unit, other = make_unit(session), make_unit(session)
    street, locality = make_street(session, unit_id=unit), make_locality(session, unit_id=unit)
    building = make_building(session, unit_id=unit)
    return Village(
        unit=unit,
        other=other,
        street=street,
        other_street=make_street(session, unit_id=other),
        locality=locality,
        other_locality=make_locality(session, unit_id=other),
        building=building,
        other_building=make_building(session, unit_id=other),
        flats=(
            make_household(session, unit_id=unit, parent_code=building),
            make_household(session, unit_id=unit, parent_code=building),
        ),
        house=make_household(session, unit_id=unit, street_id=street, locality_id=locality),
    )


@pytest.fixture
def village(session: Session) -> Village:
    return build_village(session)


@pytest.fixture
def owner_session(database_url: str) -> Iterator[Session]:
    """The owner's session on the shared database, rolled back."""
    engine = make_engine(database_url, role=OWNER_ROLE)
    with Session(engine) as owner:
        yield owner
    engine.dispose()


@pytest.fixture
def own_engine(fresh_database: Callable[[], str]) -> Iterator[Engine]:
    """The application's engine on a database of the test's own."""
    engine = make_engine(fresh_database(), pool_size=8)
    yield engine
    engine.dispose()


def change(session: Session, household: str, /, **columns: object) -> int:
    """Update one household; the number of rows changed."""
    result = session.execute(update(Household).where(Household.code == household).values(columns))
    return int(result.rowcount)


def forge_event(session: Session, event_id: int | str, *, local: bool = True) -> None:
    session.execute(
        text("SELECT set_config('diachiso.event_id', :id, :local)"),
        {"id": str(event_id), "local": local},
    )


# --- status and code -----------------------------------------------------------------------------


@pytest.mark.parametrize("new", STATUSES)
@pytest.mark.parametrize("old", STATUSES)
def test_status_changes_when_and_only_when_the_transition_is_legal(
    session: Session, old: str, new: str
) -> None:
    code = make_household(session, unit_id=make_unit(session), status=old)
    if old == new or (old, new) in LEGAL:
        assert change(session, code, status=new) == 1
        assert session.scalar(select(Household.status).where(Household.code == code)) == new
    else:
        with refused(session, by="household_status_transition", message=f"from {old} to {new}"):
            change(session, code, status=new)


def test_status_of_every_row_is_guarded_when_one_of_many_is_illegal(session: Session) -> None:
    unit = make_unit(session)
    fine = make_household(session, unit_id=unit, status="reserved")
    wrong = make_household(session, unit_id=unit, status="active")
    with refused(session, by="household_status_transition", message=f"{wrong} cannot go"):
        session.execute(
            update(Household).where(Household.code.in_([fine, wrong])).values(status="proposed")
        )


def test_status_is_guarded_when_the_change_hides_in_an_upsert(session: Session) -> None:
    code = make_household(session, status="active")
    with refused(session, by="household_status_transition"):
        session.execute(
            text(
                "INSERT INTO household (code, kind, status) VALUES (:code, 'household', 'reserved')"
                " ON CONFLICT (code) DO UPDATE SET status = 'reserved'"
            ),
            {"code": code},
        )


@pytest.mark.parametrize("role", ["session", "owner_session"])
def test_code_is_immutable(request: pytest.FixtureRequest, role: str) -> None:
    writer: Session = request.getfixturevalue(role)
    code = make_household(writer)
    with refused(writer, by="household_code_permanent"):
        change(writer, code, code=next_code())


def test_event_and_time_are_stamped_when_a_writer_sets_them(session: Session) -> None:
    code = make_household(session)
    before = session.execute(
        select(Household.event_id, Household.recorded_at).where(Household.code == code)
    ).one()
    change(session, code, event_id=before.event_id - 1, recorded_at="2001-01-01 00:00Z")
    after = session.execute(
        select(Household.event_id, Household.recorded_at).where(Household.code == code)
    ).one()
    assert after.event_id == before.event_id == make_event(session)
    assert after.recorded_at > before.recorded_at


def test_owner_is_refused_when_a_row_names_another_event(owner_session: Session) -> None:
    unit, event_id = make_unit(owner_session), make_event(owner_session)
    row = {"kind": "household", "status": "active", "unit_id": unit, "event_id": event_id - 1}
    with refused(owner_session, message=NO_EVENT):
        owner_session.execute(insert(Household).values(row | {"code": next_code()}))


# --- the event of a transaction ------------------------------------------------------------------


def test_second_event_is_refused_in_one_transaction(session: Session) -> None:
    event_id = open_event(session, TEST)
    with refused(session, message=f"already has event {event_id}"):
        open_event(session, TEST)


def test_event_records_its_cause_and_waits_for_the_feed(session: Session) -> None:
    event_id = open_event(
        session, Cause("merge", "key 7", "why", "76/2025/QH15", {"units": [1, 2]})
    )
    event = session.get_one(Event, event_id)
    assert (event.kind, event.actor, event.reason) == ("merge", "key 7", "why")
    assert (event.decision_number, event.scope) == ("76/2025/QH15", {"units": [1, 2]})
    assert session.get(EventPending, event_id) is not None


def test_write_is_refused_when_no_event_is_open(own_engine: Engine) -> None:
    with write_scope(own_engine, TEST) as session:
        unit = make_unit(session)
        code = make_household(session, unit_id=unit)
    row = {"kind": "household", "status": "active", "unit_id": unit}
    with Session(own_engine) as session:
        with refused(session):
            session.execute(insert(Household).values(row | {"code": next_code()}))
        with refused(session):
            change(session, code, floor="2")
        with refused(session, message=NO_EVENT):
            session.execute(delete(Household).where(Household.code == code))
        with refused(session):
            session.execute(
                text(
                    "INSERT INTO household (code, kind, status, unit_id)"
                    " VALUES (:code, 'household', 'active', :unit)"
                    " ON CONFLICT (code) DO UPDATE SET floor = '2'"
                ),
                {"code": code, "unit": unit},
            )


@pytest.mark.parametrize("local", [True, False])
def test_write_is_refused_when_the_event_is_of_an_earlier_transaction(
    own_engine: Engine, local: bool
) -> None:
    with session_scope(own_engine) as session:
        unit, old_event = make_unit(session), make_event(session)
        code = make_household(session, unit_id=unit)
    with Session(own_engine) as session:
        forge_event(session, old_event, local=local)
        with refused(session, message=NO_EVENT):
            change(session, code, floor="2")
        with refused(session, message=NO_EVENT):
            session.execute(delete(Household).where(Household.code == code))
        with refused(session, message=NO_EVENT):
            make_household(session, unit_id=unit)


@pytest.mark.parametrize("event_id", ["999999999", "-1"])
def test_write_is_refused_when_the_event_does_not_exist(session: Session, event_id: str) -> None:
    unit = make_unit(session)
    forge_event(session, event_id)
    with refused(session, message=NO_EVENT):
        session.execute(
            insert(Household).values(
                code=next_code(), kind="household", status="active", unit_id=unit
            )
        )


def test_write_is_refused_when_its_event_was_rolled_back(own_engine: Engine) -> None:
    with session_scope(own_engine) as session:
        code = make_household(session, unit_id=make_unit(session))
    with Session(own_engine) as session:
        savepoint = session.begin_nested()
        lost = open_event(session, TEST)
        savepoint.rollback()
        with refused(session):
            change(session, code, floor="2")
        forge_event(session, lost)
        with refused(session, message=NO_EVENT):
            change(session, code, floor="2")


def test_new_event_opens_when_the_first_was_rolled_back(own_engine: Engine) -> None:
    with session_scope(own_engine) as session:
        savepoint = session.begin_nested()
        lost = open_event(session, TEST)
        savepoint.rollback()
        kept = open_event(session, TEST)
        code = make_household(session)
    with Session(own_engine) as session:
        assert session.get_one(Household, code).event_id == kept
        assert session.scalars(select(Event.id).where(Event.id.in_([lost, kept]))).all() == [kept]


def test_write_outside_the_savepoint_passes_when_its_event_was_opened_inside(
    own_engine: Engine,
) -> None:
    with session_scope(own_engine) as session:
        with session.begin_nested():
            event_id = open_event(session, TEST)
        code = make_household(session)
    with Session(own_engine) as session:
        assert session.get_one(Household, code).event_id == event_id


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_event_does_not_leak_when_a_pooled_connection_is_used_again(
    fresh_database: Callable[[], str], end: str
) -> None:
    engine = make_engine(fresh_database(), pool_size=1)
    with Session(engine) as session:
        pid = session.scalar(text("SELECT pg_backend_pid()"))
        open_event(session, TEST)
        getattr(session, end)()
    with Session(engine) as session:
        assert session.scalar(text("SELECT pg_backend_pid()")) == pid
        assert session.scalar(text("SELECT current_event_id()")) is None
        with refused(session):
            make_household_bare(session)
        assert open_event(session, TEST)
    engine.dispose()


def make_household_bare(session: Session) -> None:
    """A household without the event that the factory would open."""
    session.execute(insert(Household).values(code=next_code(), kind="household", status="reserved"))


def test_statements_that_change_no_row_need_no_event(session: Session) -> None:
    assert change(session, "XXXXXXX8", floor="2") == 0
    session.execute(delete(Household).where(Household.code == "XXXXXXX8"))
    session.execute(
        text(
            "INSERT INTO household (code, kind, status)"
            " SELECT 'XXXXXXX8', 'household', 'reserved' WHERE false"
        )
    )


# --- references ----------------------------------------------------------------------------------

WRONG_REFERENCES: dict[str, Callable[[Village], dict[str, object]]] = {
    "unit_id is no commune": lambda v: {"unit_id": 10**8},
    "former_unit_id is no unit": lambda v: {"former_unit_id": 10**8},
    "the street is not in its commune": lambda v: {"street_id": v.other_street},
    "the street is not in its commune, absent": lambda v: {"street_id": 10**8},
    "the locality is not in its commune": lambda v: {"locality_id": v.other_locality},
    "the locality is not in its commune, absent": lambda v: {"locality_id": 10**8},
    "the parent is no building of its commune, a house": lambda v: {"parent_code": v.flats[0]},
    "the parent is no building of its commune, absent": lambda v: {"parent_code": "XXXXXXX8"},
    "the parent is no building of its commune, elsewhere": lambda v: {
        "parent_code": v.other_building
    },
}


@pytest.mark.parametrize("verb", ["insert", "update", "upsert", "merge"])
@pytest.mark.parametrize("wrong", WRONG_REFERENCES)
def test_household_is_refused_when_it_refers_to_a_wrong_place(
    session: Session, village: Village, wrong: str, verb: str
) -> None:
    columns = WRONG_REFERENCES[wrong](village)
    column, value = next(iter(columns.items()))
    with refused(session, by=REFERENCES, message=wrong.split(",")[0]):
        if verb == "insert":
            make_household(session, **({"unit_id": village.unit} | columns))
        elif verb == "update":
            change(session, village.house, **_without_other_places(columns))
        elif verb == "upsert":
            session.execute(
                text(
                    "INSERT INTO household (code, kind, status, unit_id)"
                    " VALUES (:code, 'household', 'active', :unit)"
                    f" ON CONFLICT (code) DO UPDATE SET {column} = :value"
                ),
                {"code": village.flats[1], "unit": village.unit, "value": value},
            )
        else:
            session.execute(
                text(
                    "MERGE INTO household h USING (SELECT 1) s ON h.code = :code"
                    f" WHEN MATCHED THEN UPDATE SET {column} = :value"
                ),
                {"code": village.house, "value": value},
            )


@pytest.mark.parametrize("wrong", WRONG_REFERENCES)
def test_first_load_checks_places_after_all_households_are_loaded(
    session: Session, wrong: str
) -> None:
    assert session.scalar(text("SELECT park_keys()")) is True
    village = build_village(session)
    make_household(session, **({"unit_id": village.unit} | WRONG_REFERENCES[wrong](village)))
    with refused(session, by=REFERENCES, message=wrong.split(",")[0]):
        session.execute(text("SELECT unpark_keys()"))


def _without_other_places(columns: dict[str, object]) -> dict[str, object]:
    if "unit_id" in columns:
        return columns | {"street_id": None, "locality_id": None}
    return columns


@pytest.mark.parametrize("level", ["province", "district"])
def test_household_is_refused_when_its_unit_is_not_a_commune(session: Session, level: str) -> None:
    unit = make_unit(session, level=level, kind="tinh")
    with refused(session, by=REFERENCES, message="unit_id is no commune"):
        make_household(session, unit_id=unit)


def test_former_unit_may_be_of_any_level(session: Session) -> None:
    for level in ("commune", "district"):
        make_household(session, former_unit_id=make_unit(session, level=level))


def test_bulk_insert_is_refused_when_one_row_of_many_is_wrong(
    session: Session, village: Village
) -> None:
    rows: list[dict[str, object]] = [
        {
            "code": next_code(),
            "kind": "household",
            "status": "active",
            "unit_id": village.unit,
            "street_id": village.street,
        }
        for _ in range(500)
    ]
    rows[333]["street_id"] = village.other_street
    with refused(session, by=REFERENCES, message=str(rows[333]["code"])):
        session.execute(insert(Household).values(rows))


def test_building_is_refused_when_it_moves_without_its_flats(
    session: Session, village: Village
) -> None:
    with refused(session, by=REFERENCES, message="its building left without it"):
        change(session, village.building, unit_id=village.other)


def test_flat_is_refused_when_it_moves_without_its_building(
    session: Session, village: Village
) -> None:
    with refused(session, by=REFERENCES, message="no building of its commune"):
        change(session, village.flats[0], unit_id=village.other)


def test_building_moves_when_its_flats_move_in_the_same_statement(
    session: Session, village: Village
) -> None:
    moved = session.execute(
        update(Household)
        .where((Household.code == village.building) | (Household.parent_code == village.building))
        .values(unit_id=village.other)
    )
    assert moved.rowcount == 3


def test_building_with_flats_cannot_become_a_household(session: Session, village: Village) -> None:
    with refused(session, by=REFERENCES, message="its building left without it"):
        change(session, village.building, kind="household", households_count=1)


def test_building_with_flats_cannot_lose_its_commune(session: Session, village: Village) -> None:
    with refused(session, by=REFERENCES):
        change(session, village.building, status="retired", unit_id=None)


def test_building_is_refused_when_it_is_removed_without_its_flats(
    session: Session, village: Village
) -> None:
    with refused(session, by=REFERENCES, message="its building cannot be removed"):
        session.execute(delete(Household).where(Household.code == village.building))
    with refused(session, by=REFERENCES, message="its building cannot be removed"):
        session.execute(
            delete(Household).where(Household.code.in_([village.building, village.flats[0]]))
        )


def test_building_is_removed_when_its_flats_go_with_it_or_before(
    session: Session, village: Village
) -> None:
    with session.begin_nested() as together:
        gone = session.execute(
            delete(Household).where(
                (Household.code == village.building) | (Household.parent_code == village.building)
            )
        )
        assert gone.rowcount == 3
        together.rollback()
    session.execute(delete(Household).where(Household.parent_code == village.building))
    session.execute(delete(Household).where(Household.code == village.building))


@pytest.mark.parametrize("place", ["street", "locality"])
def test_place_is_refused_at_commit_when_it_moves_without_its_households(
    own_engine: Engine, place: str
) -> None:
    with session_scope(own_engine) as session:
        village = build_village(session)
    with (
        pytest.raises(DBAPIError, match=r"place .* left household .* behind") as caught,
        session_scope(own_engine) as session,
    ):
        move_place(session, place, village, village.other)
    check_refusal(caught.value, by=REFERENCES)


@pytest.mark.parametrize("place", ["street", "locality"])
def test_place_moves_when_its_households_follow_before_the_commit(
    own_engine: Engine, place: str
) -> None:
    with session_scope(own_engine) as session:
        village = build_village(session)
    with write_scope(own_engine, TEST) as session:
        for each in ("street", "locality"):
            move_place(session, each, village, village.other)
        change(session, village.house, unit_id=village.other)
    with Session(own_engine) as session:
        assert session.get_one(Household, village.house).unit_id == village.other


@pytest.mark.parametrize("place", ["street", "locality"])
def test_place_may_move_if_it_ends_where_its_households_are(
    session: Session, village: Village, place: str
) -> None:
    """Only the place's last commune counts, not each that it passed through."""
    move_place(session, place, village, village.other)
    move_place(session, place, village, village.unit)
    session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


def move_place(session: Session, place: str, village: Village, unit: int) -> None:
    # Renamed on the way: each commune of the village has a street of this name.
    moved = update(Place).where(Place.id == getattr(village, place))
    session.execute(moved.values(unit_id=unit, key=f"moved to {unit}"))


def test_locality_is_refused_at_commit_when_its_parent_is_elsewhere(
    session: Session, village: Village
) -> None:
    with refused(session, by="fk_place_parent_in_same_unit"):
        make_locality(session, unit_id=village.other, name="Tổ 1", parent_id=village.locality)
        session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


def test_locality_stores_the_ids_of_its_containing_places(
    session: Session, village: Village
) -> None:
    quarter = make_locality(session, unit_id=village.unit, name="Khu 1")
    group = make_locality(session, unit_id=village.unit, name="Tổ 1", parent_id=quarter)
    alley = make_locality(session, unit_id=village.unit, name="Xóm 1", parent_id=group)
    assert holders(session, alley) == [group, quarter]
    session.execute(update(Place).where(Place.id == quarter).values(parent_id=village.locality))
    assert holders(session, alley) == [group, quarter, village.locality]
    session.execute(update(Place).where(Place.id == group).values(parent_id=None))
    assert (holders(session, group), holders(session, alley)) == ([], [group])
    # Columns derived from another place do not create a version.
    states = text("SELECT id FROM place_version WHERE id = ANY (:ids) ORDER BY id")
    assert session.scalars(states, {"ids": [quarter, group, alley]}).all() == [quarter, group]


def holders(session: Session, locality: int) -> list[int]:
    return list(session.scalars(select(Place.outer_ids).where(Place.id == locality)).one())


def test_place_cannot_be_inside_a_street_or_itself(session: Session, village: Village) -> None:
    inner = make_locality(session, unit_id=village.unit, name="Tổ 1", parent_id=village.locality)
    for place, parent in (
        (inner, village.street),
        (inner, inner),
        (village.locality, inner),
        (inner, 10**9),
    ):
        with refused(session, by="place_held"):
            session.execute(update(Place).where(Place.id == place).values(parent_id=parent))


def test_household_refers_to_a_street_and_a_locality_of_the_right_class(
    session: Session, village: Village
) -> None:
    for wrong in ({"street_id": village.locality}, {"locality_id": village.street}):
        with refused(session, by=REFERENCES, message="is not in its commune"):
            change(session, village.house, **wrong)


@pytest.mark.parametrize("values", [{"id": 10**8}, {"class": "street"}])
def test_identity_of_a_place_is_immutable(
    session: Session, village: Village, values: dict[str, object]
) -> None:
    """Households refer to it without a foreign key."""
    with refused(session, message="its identity is permanent"):
        session.execute(update(Place).where(Place.id == village.locality).values(values))


def test_identity_of_a_unit_is_immutable(session: Session, village: Village) -> None:
    """Households refer to it without a foreign key."""
    with refused(session, message="its identity is permanent"):
        session.execute(update(AdminUnit).where(AdminUnit.id == village.unit).values(id=10**8))


def test_level_of_a_unit_is_immutable(session: Session, village: Village) -> None:
    with refused(session, message="permanent"):
        session.execute(
            update(AdminUnit).where(AdminUnit.id == village.unit).values(level="province")
        )


@pytest.mark.parametrize("place", ["unit", "street", "locality"])
def test_owner_cannot_remove_a_place_with_households(owner_session: Session, place: str) -> None:
    village = build_village(owner_session)
    table: Any = AdminUnit if place == "unit" else Place
    if table is AdminUnit:  # its foreign keys would refuse first
        owner_session.execute(text("DELETE FROM admin_unit_version WHERE source = 'tests'"))
        change(owner_session, village.house, street_id=None, locality_id=None)
        owner_session.execute(delete(Place))
    with refused(owner_session, by=REFERENCES, message="behind"):
        owner_session.execute(delete(table).where(table.id == getattr(village, place)))
        owner_session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))


# --- references of sources -----------------------------------------------------------------------

PUT_REFS = text(
    "INSERT INTO household_ref (source, source_ref, code, import_id)"
    " SELECT 's', ref, code, import FROM unnest(CAST(:refs AS text[]), CAST(:codes AS text[]),"
    " CAST(:imports AS bigint[])) r (ref, code, import)"
)
REFERRED = "household_ref_references"


def put_refs(session: Session, *rows: tuple[str, int | None]) -> None:
    """References `0`, `1` … of a source, each to its code and of its import."""
    session.execute(
        PUT_REFS,
        {
            "refs": list(map(str, range(len(rows)))),
            "codes": [code for code, _ in rows],
            "imports": [number for _, number in rows],
        },
    )


def make_import(session: Session) -> int:
    return session.execute(
        text(
            "INSERT INTO import (source, file_name, state) VALUES ('s', 'a', 'staged') RETURNING id"
        )
    ).scalar_one()


@pytest.mark.parametrize("verb", ["insert", "update"])
@pytest.mark.parametrize("wrong", ["code", "import_id", "vanished_import_id"])
def test_reference_is_refused_when_its_record_or_import_is_missing(
    session: Session, village: Village, wrong: str, verb: str
) -> None:
    number = make_import(session)
    if verb == "insert" and wrong != "vanished_import_id":
        bad = (next_code(), number) if wrong == "code" else (village.house, 10**9)
        with refused(session, by=REFERRED):
            put_refs(session, *[(village.house, number)] * 3, bad)
        return
    put_refs(session, *[(village.house, number)] * 3)
    value = next_code() if wrong == "code" else 10**9
    change_one = f"UPDATE household_ref SET {wrong} = :value WHERE source_ref = '1'"
    with refused(session, by=REFERRED):
        session.execute(text(change_one), {"value": value})


def test_referenced_rows_cannot_be_removed_without_their_references(
    session: Session, village: Village
) -> None:
    brought, vanished = make_import(session), make_import(session)
    put_refs(session, (village.house, brought), (village.house, None))
    session.execute(
        text("UPDATE household_ref SET vanished_import_id = :id WHERE import_id IS NULL"),
        {"id": vanished},
    )
    with refused(session, by=REFERRED):
        session.execute(delete(Household).where(Household.code == village.house))
    for number in (brought, vanished):
        with refused(session, by=REFERRED):
            session.execute(text("DELETE FROM import WHERE id = :id"), {"id": number})
    session.execute(text("DELETE FROM household_ref"))
    session.execute(delete(Household).where(Household.code == village.house))
    session.execute(text("DELETE FROM import"))


@pytest.mark.parametrize("first", ["reference", "removal"])
def test_record_cannot_be_removed_while_a_reference_is_added(
    own_engine: Engine, first: str
) -> None:
    with session_scope(own_engine) as session:
        house = make_household(session, unit_id=make_unit(session))

    def refer(session: Session) -> None:
        put_refs(session, (house, None))

    def remove(session: Session) -> None:
        open_event(session, TEST)
        session.execute(delete(Household).where(Household.code == house))

    sooner, later = (refer, remove) if first == "reference" else (remove, refer)
    with thread() as pool, Session(own_engine) as one, Session(own_engine) as other:
        sooner(one)
        waiting = start_and_wait(pool, own_engine, other, later)
        assert not waiting.done()
        one.commit()
        with pytest.raises(DBAPIError) as caught:
            waiting.result()
        check_refusal(caught.value, by=REFERRED)


# --- two writers at once -------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["street", "locality"])
def test_place_cannot_move_while_a_household_is_added(own_engine: Engine, place: str) -> None:
    with session_scope(own_engine) as session:
        village = build_village(session)
        change(session, village.house, street_id=None, locality_id=None)
    column = f"{place}_id"
    place_id = getattr(village, place)

    def move(session: Session) -> None:
        move_place(session, place, village, village.other)
        session.commit()

    with thread() as pool, Session(own_engine) as writer, Session(own_engine) as mover:
        make_household(writer, unit_id=village.unit, **{column: place_id})
        moving = start_and_wait(pool, own_engine, mover, move)
        writer.commit()
        with pytest.raises(DBAPIError, match="left household") as caught:
            moving.result()
        check_refusal(caught.value, by=REFERENCES)
    assert_places_agree(own_engine)


@pytest.mark.parametrize("place", ["street", "locality"])
def test_household_is_refused_while_its_place_moves(own_engine: Engine, place: str) -> None:
    with session_scope(own_engine) as session:
        village = build_village(session)
        change(session, village.house, street_id=None, locality_id=None)
    column = f"{place}_id"
    place_id = getattr(village, place)

    def put(session: Session) -> None:
        make_household(session, unit_id=village.unit, **{column: place_id})
        session.commit()

    with thread() as pool, Session(own_engine) as writer, Session(own_engine) as mover:
        move_place(mover, place, village, village.other)
        putting = start_and_wait(pool, own_engine, writer, put)
        mover.commit()
        with pytest.raises(DBAPIError, match="is not in its commune") as caught:
            putting.result()
        check_refusal(caught.value, by=REFERENCES)
    assert_places_agree(own_engine)


@pytest.mark.parametrize("fate", ["moved", "removed", "made a household"])
def test_building_cannot_be_changed_while_a_flat_is_added(own_engine: Engine, fate: str) -> None:
    with session_scope(own_engine) as session:
        unit, other = make_unit(session), make_unit(session)
        building = make_building(session, unit_id=unit)

    def go(session: Session) -> None:
        change_building(session, building, fate, other)
        session.commit()

    with thread() as pool, Session(own_engine) as writer, Session(own_engine) as mover:
        make_household(writer, unit_id=unit, parent_code=building)
        going = start_and_wait(pool, own_engine, mover, go)
        writer.commit()
        with pytest.raises(DBAPIError) as caught:
            going.result()
        check_refusal(caught.value, by=REFERENCES)
    assert_places_agree(own_engine)


@pytest.mark.parametrize("fate", ["moved", "removed", "made a household"])
def test_flat_is_refused_while_its_building_is_changed(own_engine: Engine, fate: str) -> None:
    with session_scope(own_engine) as session:
        unit, other = make_unit(session), make_unit(session)
        building = make_building(session, unit_id=unit)
        flat = make_household(session, unit_id=unit)

    def put(session: Session) -> None:
        make_event(session)
        change(session, flat, parent_code=building)
        session.commit()

    with thread() as pool, Session(own_engine) as writer, Session(own_engine) as mover:
        change_building(mover, building, fate, other)
        putting = start_and_wait(pool, own_engine, writer, put)
        mover.commit()
        with pytest.raises(DBAPIError, match="no building of its commune") as caught:
            putting.result()
        check_refusal(caught.value, by=REFERENCES)
    assert_places_agree(own_engine)


def change_building(session: Session, building: str, fate: str, other_unit: int) -> None:
    make_event(session)
    if fate == "removed":
        session.execute(delete(Household).where(Household.code == building))
    elif fate == "moved":
        change(session, building, unit_id=other_unit)
    else:
        change(session, building, kind="household", households_count=1)


def assert_places_agree(engine: Engine) -> None:
    """No household is in another commune than its street, its locality and its building."""
    with engine.connect() as connection:
        assert (
            connection.scalars(
                text(
                    "SELECT h.code FROM household h"
                    " LEFT JOIN place t ON t.id = h.street_id"
                    " LEFT JOIN place l ON l.id = h.locality_id"
                    " LEFT JOIN household p ON p.code = h.parent_code AND p.kind = 'building'"
                    " WHERE (h.street_id IS NOT NULL"
                    "   AND t.unit_id IS DISTINCT FROM h.unit_id)"
                    " OR (h.locality_id IS NOT NULL AND l.unit_id IS DISTINCT FROM h.unit_id)"
                    " OR (h.parent_code IS NOT NULL AND p.unit_id IS DISTINCT FROM h.unit_id)"
                )
            ).all()
            == []
        )


def test_concurrent_writes_to_flats_of_one_building_do_not_wait(
    own_engine: Engine,
) -> None:
    with session_scope(own_engine) as session:
        unit = make_unit(session)
        building = make_building(session, unit_id=unit)
        street = make_street(session, unit_id=unit)
    with Session(own_engine) as one, Session(own_engine) as other:
        for writer in (one, other):
            writer.execute(text("SET LOCAL lock_timeout = '5s'"))
            make_household(writer, unit_id=unit, parent_code=building, street_id=street)
        one.commit()
        other.commit()
    with Session(own_engine) as session:
        assert len(session.scalars(select(Household).filter_by(parent_code=building)).all()) == 2


# --- a session that arranges its names -----------------------------------------------------------


def test_stamps_are_safe_from_functions_earlier_in_the_search_path(session: Session) -> None:
    """The application may create functions that end with its session."""
    code = make_household(session)
    before = session.execute(
        select(Household.event_id, Household.recorded_at).where(Household.code == code)
    ).one()
    session.execute(
        text(
            "CREATE FUNCTION pg_temp.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
            " AS $$ SELECT 'infinity'\\:\\:timestamptz $$"
        )
    )
    session.execute(
        text(
            "CREATE FUNCTION pg_temp.differs(text, text) RETURNS boolean LANGUAGE sql"
            " AS $$ SELECT false $$"
        )
    )
    session.execute(
        text(
            "CREATE OPERATOR pg_temp.<> (LEFTARG = text, RIGHTARG = text,"
            " FUNCTION = pg_temp.differs)"
        )
    )
    session.execute(text("SET LOCAL search_path = pg_temp, pg_catalog, public"))
    change(session, code, floor="2")
    after = session.execute(
        select(Household.event_id, Household.recorded_at).where(Household.code == code)
    ).one()
    assert after.recorded_at > before.recorded_at
    assert after.recorded_at.year < 9999
    with refused(session, message="a code is permanent"):
        change(session, code, code=next_code())
