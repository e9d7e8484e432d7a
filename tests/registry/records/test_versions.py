"""Versions of a household: every state is kept once, and the states of a code tile time."""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, Row, delete, insert, literal, select, text, update
from sqlalchemy.orm import Session

from registry.core.database import OWNER_ROLE, make_engine, session_scope
from registry.core.events import write_scope
from tests.support.factories import (
    TEST,
    make_event,
    make_household,
    make_street,
    make_unit,
    next_code,
)
from tests.support.rivals import start_and_wait, thread
from tests.support.tables import Household, HouseholdVersion
from tests.support.thorough import examples

Moment = datetime.datetime

STATES = text("""
    SELECT code, valid_from, valid_to, event_id, ended_by_event_id, floor, status, unit_id
    FROM household_version WHERE code = ANY (:codes)
    UNION ALL
    SELECT code, recorded_at, NULL, event_id, NULL, floor, status, unit_id
    FROM household WHERE code = ANY (:codes)
    ORDER BY code, valid_from
""")


@pytest.fixture
def own_engine(fresh_database: Callable[[], str]) -> Iterator[Engine]:
    """The application's engine on a database of the test's own."""
    engine = make_engine(fresh_database(), pool_size=4)
    yield engine
    engine.dispose()


def states(session: Session, *codes: str) -> list[Row]:
    """Every state of the codes, oldest first; the present one has no end."""
    return list(session.execute(STATES, {"codes": list(codes)}))


def floors(session: Session, code: str) -> list[str | None]:
    return [state.floor for state in states(session, code)]


def assert_tiles(session: Session, *codes: str, removed: bool = False) -> None:
    """Each state of a code ends when and by what the next begins; the last has not ended."""
    for code in codes:
        rows = states(session, code)
        assert rows, code
        for before, after in pairwise(rows):
            assert before.valid_from < before.valid_to == after.valid_from
            assert before.ended_by_event_id == after.event_id
        assert (rows[-1].valid_to is not None) is removed


def as_of(session: Session, code: str, moment: Moment) -> str | None:
    """The floor that was on record at a moment, or `absent`; fails when two states were."""
    found = [
        row.floor
        for row in states(session, code)
        if row.valid_from <= moment and (row.valid_to is None or moment < row.valid_to)
    ]
    assert len(found) <= 1, (code, moment, found)
    return found[0] if found else "absent"


def now(session: Session) -> Moment:
    return session.execute(text("SELECT clock_timestamp()")).scalar_one()


def set_floor(session: Session, code: str, floor: str) -> None:
    session.execute(update(Household).where(Household.code == code).values(floor=floor))


# --- one writer ----------------------------------------------------------------------------------


def test_superseded_states_are_kept_completely(session: Session) -> None:
    unit = make_unit(session)
    code = make_household(
        session,
        unit_id=unit,
        former_unit_id=make_unit(session),
        street_id=make_street(session, unit_id=unit),
        house_number="Số 5",
        house_number_key="5",
        building_name="A",
        floor="1",
        unit_number="101",
        households_count=3,
        point="POINT(105.8 21)",
        position_method="gps",
        position_accuracy_m=4.5,
        restricted=True,
        verified_on=datetime.date(2026, 7, 1),
        delivery_hint="gần chợ",
        entrances=[{"kind": "main", "lon": 105.8, "lat": 21}],
    )
    names = [c.name for c in HouseholdVersion.__table__.columns if c.name in Household.__table__.c]
    before = session.execute(
        select(*(Household.__table__.c[name] for name in names)).filter_by(code=code)
    ).one()
    assert set(Household.__table__.c.keys()) - set(names) == {"recorded_at"}

    session.execute(
        update(Household)
        .where(Household.code == code)
        .values(
            street_id=None,
            former_unit_id=None,
            house_number=None,
            house_number_key=None,
            building_name=None,
            floor=None,
            unit_number=None,
            households_count=1,
            point=None,
            position_method=None,
            position_accuracy_m=None,
            restricted=False,
            verified_on=None,
            delivery_hint=None,
            entrances=None,
            status="retired",
        )
    )
    kept = session.execute(
        select(*(HouseholdVersion.__table__.c[name] for name in names)).filter_by(code=code)
    ).one()
    assert [str(value) for value in kept] == [str(value) for value in before]
    assert None not in kept._mapping.values() or kept.parent_code is kept.locality_id is None
    assert_tiles(session, code)


def test_insert_creates_no_version(session: Session) -> None:
    code = make_household(session, floor="1")
    assert len(states(session, code)) == 1
    assert_tiles(session, code)


def test_update_without_changes_still_creates_a_version(session: Session) -> None:
    """The register cannot interpret a confirmation; a caller that must not write compares first."""
    code = make_household(session, floor="1")
    set_floor(session, code, "1")
    assert floors(session, code) == ["1", "1"]
    assert_tiles(session, code)


def test_row_updated_twice_in_one_transaction_keeps_both_states(session: Session) -> None:
    code = make_household(session, floor="1")
    for floor in ("2", "3", "4"):
        set_floor(session, code, floor)
    assert floors(session, code) == ["1", "2", "3", "4"]
    assert_tiles(session, code)


def test_bulk_update_versions_every_row_once(session: Session) -> None:
    unit = make_unit(session)
    make_event(session)
    codes = [next_code() for _ in range(1000)]
    row = {"kind": "household", "status": "active", "unit_id": unit}
    session.execute(
        insert(Household).values(
            [row | {"code": code, "floor": str(n)} for n, code in enumerate(codes)]
        )
    )
    session.execute(
        update(Household)
        .where(Household.unit_id == unit)
        .values(floor=literal("new ").concat(Household.floor))
    )
    assert_tiles(session, *codes)
    for number, code in enumerate(codes):
        assert floors(session, code) == [str(number), f"new {number}"]


@pytest.mark.thorough
def test_bulk_update_is_not_slowed_by_a_plan_kept_from_one_row(own_engine: Engine) -> None:
    """A nested loop over both transition tables takes ten minutes; the limit is no benchmark."""
    rows = 50_000
    with session_scope(own_engine) as session:
        make_event(session)
        unit = make_unit(session)
        one = make_household(session, unit_id=unit)
        set_floor(session, one, "1")
        session.execute(text("SET LOCAL statement_timeout = '60s'"))
        session.execute(
            text(
                "INSERT INTO household (code, kind, status, unit_id)"
                " SELECT 'FFF' || lpad(translate(to_hex(n), 'abcdef', 'HKMPRT'), 5, '0'),"
                " 'household', 'active', :unit FROM generate_series(1, :rows) n"
            ),
            {"unit": unit, "rows": rows},
        )
        session.execute(update(Household).values(floor="2"))
        session.execute(delete(Household).where(Household.code != one))
        kept = session.scalar(text("SELECT count(*) FROM household_version"))
    assert kept == 2 * rows + 2


def test_upsert_versions_updated_but_not_inserted_rows(session: Session) -> None:
    old, new = make_household(session, floor="1"), next_code()
    session.execute(
        text(
            "INSERT INTO household (code, kind, status, floor)"
            " VALUES (:old, 'household', 'reserved', '2'), (:new, 'household', 'reserved', '2')"
            " ON CONFLICT (code) DO UPDATE SET floor = excluded.floor"
        ),
        {"old": old, "new": new},
    )
    assert floors(session, old) == ["1", "2"]
    assert floors(session, new) == ["2"]
    assert_tiles(session, old, new)


def test_merge_versions_updated_and_deleted_rows(session: Session) -> None:
    updated, removed = make_household(session, floor="1"), make_household(session, floor="1")
    inserted = next_code()
    session.execute(
        text(
            "MERGE INTO household h USING (VALUES (:updated), (:removed), (:inserted)) s (code)"
            " ON h.code = s.code"
            " WHEN MATCHED AND h.code = :updated THEN UPDATE SET floor = '2'"
            " WHEN MATCHED THEN DELETE"
            " WHEN NOT MATCHED THEN INSERT (code, kind, status, floor)"
            " VALUES (s.code, 'household', 'reserved', '2')"
        ),
        {"updated": updated, "removed": removed, "inserted": inserted},
    )
    assert floors(session, updated) == ["1", "2"]
    assert floors(session, removed) == ["1"]
    assert floors(session, inserted) == ["2"]
    assert_tiles(session, updated, inserted)
    assert_tiles(session, removed, removed=True)


def test_removed_row_is_versioned_and_ended_by_its_event(session: Session) -> None:
    code = make_household(session, floor="1")
    session.execute(delete(Household).where(Household.code == code))
    (last,) = states(session, code)
    assert last.ended_by_event_id == make_event(session)
    assert_tiles(session, code, removed=True)


def test_reinserted_row_has_no_version_for_its_absence(session: Session) -> None:
    code = make_household(session, floor="1")
    session.execute(delete(Household).where(Household.code == code))
    between = now(session)
    make_household(session, code=code, floor="2")
    set_floor(session, code, "3")
    assert floors(session, code) == ["1", "2", "3"]
    assert as_of(session, code, between) == "absent"
    first, second, third = states(session, code)
    assert first.valid_to <= between <= second.valid_from
    assert second.valid_to == third.valid_from


def test_added_column_is_versioned_after_fit_household_versions(
    fresh_database: Callable[[], str],
) -> None:
    url = fresh_database()
    owner = make_engine(url, role=OWNER_ROLE, pool_size=1)
    with owner.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE household ADD COLUMN storeys smallint")
        connection.exec_driver_sql("COMMENT ON COLUMN household.storeys IS 'Above ground'")
        connection.exec_driver_sql("CALL fit_household_versions()")
    owner.dispose()
    engine = make_engine(url, pool_size=1)
    with session_scope(engine) as session:
        make_event(session)
        code = make_household(session, unit_id=make_unit(session), status="active")
        for storeys in (3, 4):
            session.execute(
                text("UPDATE household SET storeys = :n WHERE code = :code"),
                {"n": storeys, "code": code},
            )
        kept = session.scalars(
            text("SELECT storeys FROM household_version WHERE code = :code ORDER BY valid_from"),
            {"code": code},
        ).all()
    engine.dispose()
    assert kept == [None, 3]


def test_rollback_leaves_nothing(own_engine: Engine) -> None:
    with session_scope(own_engine) as session:
        code = make_household(session, floor="1")
    with Session(own_engine) as session:
        make_event(session)
        set_floor(session, code, "2")
        session.rollback()
        make_event(session)
        savepoint = session.begin_nested()
        set_floor(session, code, "3")
        savepoint.rollback()
        set_floor(session, code, "4")
        session.commit()
    with Session(own_engine) as session:
        assert floors(session, code) == ["1", "4"]
        assert_tiles(session, code)


def test_rows_of_many_tables_belong_to_one_event(own_engine: Engine) -> None:
    with session_scope(own_engine) as session:
        unit, other = make_unit(session), make_unit(session)
        street = make_street(session, unit_id=unit)
        codes = [make_household(session, unit_id=unit, street_id=street) for _ in range(3)]
    with write_scope(own_engine, TEST) as session:
        event_id = make_event(session)
        session.execute(
            text("UPDATE place SET unit_id = :to WHERE id = :id"),
            {"to": other, "id": street},
        )
        session.execute(
            update(Household).where(Household.street_id == street).values(unit_id=other)
        )
        session.execute(
            text("INSERT INTO succession_link (old_code, new_code, kind) VALUES (:a, :b, 'merge')"),
            {"a": codes[0], "b": codes[1]},
        )
    with Session(own_engine) as session:
        assert_tiles(session, *codes)
        for code in codes:
            before, after = states(session, code)
            assert (before.unit_id, before.ended_by_event_id) == (unit, event_id)
            assert (after.unit_id, after.event_id) == (other, event_id)
        assert session.scalar(text("SELECT event_id FROM succession_link")) == event_id


# --- the clock -----------------------------------------------------------------------------------


@pytest.fixture
def tomorrow(own_engine: Engine, fresh_database: Callable[[], str]) -> str:
    """A household recorded a day from now, as if the clock had been set back since."""
    owner = make_engine(
        own_engine.url.set(
            drivername="postgresql", query=_without_options(own_engine)
        ).render_as_string(hide_password=False),
        role=OWNER_ROLE,
    )
    with session_scope(owner) as session:
        code, unit = next_code(), make_unit(session)
        make_event(session)
        session.execute(
            text(
                "INSERT INTO household (code, kind, status, unit_id, floor, recorded_at)"
                " VALUES (:code, 'household', 'active', :unit, '1',"
                " clock_timestamp() + interval '1 day')"
            ),
            {"code": code, "unit": unit},
        )
    owner.dispose()
    return code


def _without_options(engine: Engine) -> dict[str, str | tuple[str, ...]]:
    return {name: value for name, value in engine.url.query.items() if name != "options"}


def test_versions_have_no_gaps_after_the_clock_was_set_back(
    own_engine: Engine, tomorrow: str
) -> None:
    for floor in ("2", "3"):
        with write_scope(own_engine, TEST) as session:
            set_floor(session, tomorrow, floor)
    with Session(own_engine) as session:
        assert floors(session, tomorrow) == ["1", "2", "3"]
        assert_tiles(session, tomorrow)
    with write_scope(own_engine, TEST) as session:
        session.execute(delete(Household).where(Household.code == tomorrow))
    with Session(own_engine) as session:
        assert_tiles(session, tomorrow, removed=True)


def test_newest_state_wins_when_a_row_is_reinserted_before_its_recorded_end(
    own_engine: Engine, tomorrow: str
) -> None:
    """The one case of an overlap: clock set back, row removed, and put back. It would cost every
    bulk load a look at all versions to refuse it, and readers need only prefer the later begin.
    """
    with write_scope(own_engine, TEST) as session:
        session.execute(delete(Household).where(Household.code == tomorrow))
        unit = make_unit(session)
    with write_scope(own_engine, TEST) as session:
        make_household(session, code=tomorrow, unit_id=unit, floor="2")
    with Session(own_engine) as session:
        here, removed = states(session, tomorrow)
        assert (here.floor, here.valid_to) == ("2", None)
        assert removed.floor == "1"
        assert removed.valid_to - removed.valid_from == datetime.timedelta(microseconds=1)
        assert as_of(session, tomorrow, now(session)) == "2"


# --- two writers at once -------------------------------------------------------------------------


def test_overlapping_writers_leave_both_states_in_the_order_of_their_commits(
    own_engine: Engine,
) -> None:
    with session_scope(own_engine) as session:
        code = make_household(session, floor="1")

    def second(session: Session) -> None:
        set_floor(session, code, "3")
        session.commit()

    with thread() as pool, Session(own_engine) as one, Session(own_engine) as two:
        # The second writer's transaction and event are the older ones.
        later = make_event(two)
        earlier = make_event(one)
        set_floor(one, code, "2")
        waiting = start_and_wait(pool, own_engine, two, second)
        assert not waiting.done()
        one.commit()
        waiting.result()
    with Session(own_engine) as session:
        assert floors(session, code) == ["1", "2", "3"]
        assert [row.event_id for row in states(session, code)][1:] == [earlier, later]
        assert_tiles(session, code)


def test_waiting_writer_sees_the_state_before_a_rolled_back_write(own_engine: Engine) -> None:
    with session_scope(own_engine) as session:
        code = make_household(session, floor="1")

    def second(session: Session) -> None:
        make_event(session)
        set_floor(session, code, "3")
        session.commit()

    with thread() as pool, Session(own_engine) as one, Session(own_engine) as two:
        make_event(one)
        set_floor(one, code, "2")
        waiting = start_and_wait(pool, own_engine, two, second)
        assert not waiting.done()
        one.rollback()
        waiting.result()
    with Session(own_engine) as session:
        assert floors(session, code) == ["1", "3"]
        assert_tiles(session, code)


def test_bulk_update_versions_a_row_changed_while_it_waited(own_engine: Engine) -> None:
    with session_scope(own_engine) as session:
        unit = make_unit(session)
        codes = [make_household(session, unit_id=unit, floor="1") for _ in range(20)]

    def bulk(session: Session) -> None:
        make_event(session)
        session.execute(
            update(Household)
            .where(Household.unit_id == unit)
            .values(floor=literal("bulk after ").concat(Household.floor))
        )
        session.commit()

    with thread() as pool, Session(own_engine) as one, Session(own_engine) as two:
        make_event(one)
        set_floor(one, codes[10], "2")
        waiting = start_and_wait(pool, own_engine, two, bulk)
        assert not waiting.done()
        one.commit()
        waiting.result()
    with Session(own_engine) as session:
        assert_tiles(session, *codes)
        assert floors(session, codes[10]) == ["1", "2", "bulk after 2"]
        assert floors(session, codes[9]) == ["1", "bulk after 1"]


def test_waiting_writer_finds_nothing_when_the_row_was_removed(own_engine: Engine) -> None:
    with session_scope(own_engine) as session:
        code = make_household(session, floor="1")

    def second(session: Session) -> None:
        make_event(session)
        set_floor(session, code, "2")
        session.commit()

    with thread() as pool, Session(own_engine) as one, Session(own_engine) as two:
        make_event(one)
        one.execute(delete(Household).where(Household.code == code))
        waiting = start_and_wait(pool, own_engine, two, second)
        assert not waiting.done()
        one.commit()
        waiting.result()
    with Session(own_engine) as session:
        assert floors(session, code) == ["1"]
        assert_tiles(session, code, removed=True)


# --- anything at all, against a plain model ------------------------------------------------------

ROWS = 4
OPERATIONS = st.one_of(
    st.tuples(st.just("put"), st.integers(0, ROWS - 1), st.sampled_from("abc")),
    st.tuples(st.just("change"), st.integers(0, ROWS - 1), st.sampled_from("abc")),
    st.tuples(st.just("change all"), st.just(0), st.sampled_from("abc")),
    st.tuples(st.just("remove"), st.integers(0, ROWS - 1), st.just("")),
    st.tuples(st.just("remove all"), st.just(0), st.just("")),
)
TRANSACTIONS = st.lists(
    st.tuples(
        st.lists(OPERATIONS, min_size=1, max_size=4),
        st.sampled_from(["commit", "rollback", "savepoint"]),
    ),
    min_size=1,
    max_size=8,
)


@dataclass
class Model:
    """What a register with perfect memory knows: the floors now, and at recorded moments."""

    codes: list[str]
    present: dict[str, str] = field(default_factory=dict)
    past: list[tuple[Moment, dict[str, str]]] = field(default_factory=list)

    def apply(self, name: str, row: int, floor: str) -> None:
        code = self.codes[row]
        if name == "put":
            self.present[code] = floor
        elif name == "remove":
            self.present.pop(code, None)
        elif name == "remove all":
            self.present.clear()
        else:
            for each in self.present if name == "change all" else {code} & self.present.keys():
                self.present[each] = floor


def apply(session: Session, codes: list[str], name: str, row: int, floor: str) -> None:
    """The same operation in the database."""
    chosen = codes if name.endswith("all") else [codes[row]]
    if name == "put":
        session.execute(
            text(
                "INSERT INTO household (code, kind, status, floor)"
                " VALUES (:code, 'household', 'reserved', :floor)"
                " ON CONFLICT (code) DO UPDATE SET floor = excluded.floor"
            ),
            {"code": codes[row], "floor": floor},
        )
    elif name.startswith("remove"):
        session.execute(delete(Household).where(Household.code.in_(chosen)))
    else:
        session.execute(update(Household).where(Household.code.in_(chosen)).values(floor=floor))


def replay(session: Session, model: Model, operations: list[tuple[str, int, str]]) -> None:
    for operation in operations:
        apply(session, model.codes, *operation)
        model.apply(*operation)
        model.past.append((now(session), dict(model.present)))


def run_transaction(
    session: Session, model: Model, operations: list[tuple[str, int, str]], end: str
) -> None:
    """A transaction that commits, rolls back, or rolls back to a savepoint and continues."""
    make_event(session)
    kept, known = dict(model.present), len(model.past)
    if end == "savepoint":
        savepoint = session.begin_nested()
        replay(session, model, operations)
        savepoint.rollback()
    else:
        replay(session, model, operations)
    if end != "commit":
        model.present = dict(kept)
        # No reader can distinguish these moments from the previous one.
        model.past[known:] = [(moment, kept) for moment, _ in model.past[known:]]
    if end == "savepoint":
        replay(session, model, operations[:1])
    if end == "rollback":
        session.rollback()
    else:
        session.commit()


def test_every_past_moment_is_reconstructed(fresh_database: Callable[[], str]) -> None:
    engine = make_engine(fresh_database(), pool_size=1)

    @settings(
        max_examples=examples(15, 60), deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    @given(transactions=TRANSACTIONS, data=st.data())
    def check(
        transactions: list[tuple[list[tuple[str, int, str]], str]], data: st.DataObject
    ) -> None:
        model = Model(codes=[next_code() for _ in range(ROWS)])
        with Session(engine) as session:
            model.past.append((now(session), {}))
            for operations, end in transactions:
                run_transaction(session, model, operations, end)
            moments = data.draw(st.lists(st.sampled_from(range(len(model.past))), max_size=20))
            for moment, known in [model.past[-1], *(model.past[n] for n in moments)]:
                assert {
                    code: floor
                    for code in model.codes
                    if (floor := as_of(session, code, moment)) != "absent"
                } == known, transactions

    check()
    engine.dispose()
