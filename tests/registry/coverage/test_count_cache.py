"""Counts that are kept: equal to a count by hand after whatever is done, and never late unsaid."""

import datetime
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text
from sqlalchemy.orm import Session

from registry.core.database import make_engine, session_scope
from registry.core.errors import RegistryError
from registry.coverage import count_cache, measure
from registry.coverage.answers import coverage_answer
from registry.coverage.count_cache import (
    ACCURATE_M,
    backlog_of,
    count_anew,
    count_for_readers,
    recount,
    wrong_counts,
    years_before,
)
from registry.coverage.figures import Counts, Coverage
from registry.coverage.measure import coverage_of_level, coverage_of_unit
from registry.intake.publishing.rollback import roll_back
from registry.lifecycle.run import perform
from registry.lifecycle.table import BY_NAME
from registry.ops.demo.load import load_demo, plan_demo
from registry.units.gazetteer import Gazetteer, today
from registry.units.gazetteer_loading import load_gazetteer
from tests.support import reform
from tests.support.factories import (
    make_event,
    make_household,
    make_locality,
    make_street,
)
from tests.support.intake import deliveries, rows
from tests.support.rivals import start_and_wait, thread
from tests.support.tables import Plate
from tests.support.units import read_gazetteer, unit_named

COMMUNES = {"00004": "Phường Ba Đình", "00008": "Phường Ngọc Hà", "00097": "Phường Hồng Hà"}
NEW_COMMUNE = "00999"
HA_NOI = "01"
SEEDS = range(2)
STEPS = 30


def by_hand(session: Session, day: datetime.date, *, demo: bool) -> dict[str, Counts]:
    """Code of each commune → its counts, row by row, as defined in docs/coverage.md."""
    rows = session.execute(
        text(
            "SELECT h.*, u.code AS commune FROM household h JOIN admin_unit u ON u.id = h.unit_id"
            " WHERE h.status = 'active' AND h.kind = 'household'"
        )
    )
    communes: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        if demo or not row.code.startswith("0"):
            communes[row.commune].append(row)
    plated = set(
        session.scalars(
            text("SELECT code FROM plate WHERE mounted_on IS NOT NULL AND lost_on IS NULL")
        )
    )
    first = years_before(day, 2)
    return {code: _counts(doors, plated, first) for code, doors in communes.items()}


def _counts(rows: list[Any], plated: set[str], first: datetime.date) -> Counts:
    def door(row: Any) -> object:
        place = (row.street_id, None if row.street_id else row.locality_id)
        if place == (None, None) or row.house_number_key is None:
            return None
        return (*place, row.house_number_key, row.building_key, row.floor, row.unit_number)

    doors = Counter(door(row) for row in rows)
    counts: Counter[str] = Counter()
    for row in rows:
        positioned = row.position_accuracy_m is not None and row.position_accuracy_m <= ACCURATE_M
        suspected = door(row) is not None and doors[door(row)] > 1
        numbered = row.house_number_key is not None or row.unit_number is not None
        counts.update(
            households=row.households_count,
            dwellings=1,
            positioned=positioned,
            verified=row.verified_on is not None and row.verified_on >= first,
            deliverable=positioned and not suspected and (numbered or row.locality_id is not None),
            plated=row.code in plated,
            suspected=suspected,
            unnumbered=not numbered,
        )
    return Counts(*(int(counts[name]) for name in Counts.__dataclass_fields__))


@dataclass
class World:
    """A register in which anything happens; `day` is today."""

    engine: Engine
    deliver: Callable[..., Any]
    random: random.Random
    known: Gazetteer
    day: datetime.date = field(default_factory=today)
    imports: list[int] = field(default_factory=list)
    communes: list[str] = field(default_factory=lambda: list(COMMUNES))

    def rows(self, query: str, **parameters: object) -> list[Any]:
        """What a statement finds."""
        with session_scope(self.engine) as session:
            return list(session.execute(text(query), parameters))

    def covered(self, *, demo: bool = False) -> Coverage:
        """All communes of the province in which all happens."""
        with session_scope(self.engine) as session:
            return coverage_of_level(session, self.known, "commune", province=HA_NOI, demo=demo)

    def check(self) -> None:
        """Whatever is cached, the answer equals a full count."""
        for demo in (False, True):
            with session_scope(self.engine) as session:
                wanted = by_hand(session, self.day, demo=demo)
            found = self.covered(demo=demo)
            assert found.counted_at is None
            counted = {unit.code: unit.counts for unit in found.units if unit.counts.dwellings}
            assert counted == wanted
            assert found.total.counts == Counts.sum(list(wanted.values()))

    # What happens ------------------------------------------------------------------------------

    def step(self) -> None:
        """Something, drawn."""
        happens = (
            *(self.a_delivery, self.a_delivery, self.an_operation, self.an_operation),
            *(self.an_operation, self.a_rollback, self.plates, self.verifications, self.a_night),
            *(self.doors_move, self.doors_move, self.verifications, self.a_night),
        )
        self.random.choice(happens)()

    def a_delivery(self) -> None:
        """Rows of a source, some of them at doors that are there; now and then all that it has."""
        rows = [self._row() for _ in range(self.random.randint(1, 12))]
        source = self.random.choice(("phường", "quận"))
        full = self.random.random() < 0.2
        delivery = "full" if full else "partial"
        result = self.deliver(*rows, source=source, delivery=delivery, accept_vanished=full)
        if result.state == "published":
            self.imports.append(result.import_id)

    def _row(self) -> dict[str, str]:
        draw = self.random
        row = {
            "source_ref": f"R{draw.randint(1, 40)}",
            "commune_code": draw.choice(self.communes),
            "house_number": str(draw.randint(1, 6)),
            "street": draw.choice(("Phố Một", "Phố Hai", "")),
            "locality": draw.choice(("Tổ 1", "Tổ 2", "")),
            "households_count": str(draw.randint(1, 3)),
        }
        if draw.random() < 0.3:
            row |= {"house_number": "", "locality": "Tổ 3"}
        if draw.random() < 0.7:
            lon, lat = 105.83 + draw.random() / 100, 21.03 + draw.random() / 100
            row |= {"longitude": f"{lon:.6f}", "latitude": f"{lat:.6f}"}
            row |= {"position_accuracy_m": draw.choice(("5", "20", "21", ""))}
        return row

    def an_operation(self) -> None:
        """A clerk does something to a record; what may not be done is refused."""
        codes = self._some("SELECT code FROM household WHERE kind = 'household' ORDER BY code", 2)
        if len(codes) < 2:
            return
        code, other = codes
        name, fields = self.random.choice(
            (
                ("retire", {"code": code, "reason": "t"}),
                ("reinstate", {"code": code, "reason": "t"}),
                ("merge", {"codes": [code], "into": other, "reason": "t"}),
                ("move", {"code": code, "lon": 105.83, "lat": 21.03, "position_accuracy_m": 4}),
                ("correct", {"code": code, "households_count": self.random.randint(1, 5)}),
                ("correct", {"code": code, "house_number": None, "locality": "Tổ 1"}),
                ("renumber", {"code": code, "house_number": str(self.random.randint(1, 6))}),
            )
        )
        made = BY_NAME[name]
        request = made.request.model_validate(fields)
        with suppress(RegistryError):
            perform(self.engine, made, request, actor="tests")

    def a_rollback(self) -> None:
        """An import is rolled back as far as possible."""
        if self.imports:
            number = self.imports.pop(self.random.randrange(len(self.imports)))
            with suppress(RegistryError):
                roll_back(self.engine, number, actor="tests", keep_later=True)

    def plates(self) -> None:
        """Plates are printed, mounted, or fall off."""
        codes = self._some("SELECT code FROM household ORDER BY code", 3)
        plates = self._some("SELECT id FROM plate ORDER BY id", 2)
        with session_scope(self.engine) as session:
            for code in codes:
                mounted = self.random.choice((None, datetime.date(2020, 1, 2)))
                day = datetime.date(2020, 1, 1)
                lost = text("UPDATE plate SET lost_on = '2020-01-02' WHERE code = :code")
                session.execute(lost, {"code": code})
                session.execute(insert(Plate).values(code=code, issued_on=day, mounted_on=mounted))
            session.execute(
                text(
                    "UPDATE plate SET mounted_on = CASE WHEN mounted_on IS NULL THEN issued_on END"
                    " WHERE id = ANY (:plates)"
                ),
                {"plates": plates},
            )

    def _some(self, query: str, most: int) -> list[Any]:
        found = [row[0] for row in self.rows(query)]
        return self.random.sample(found, min(most, len(found)))

    def verifications(self) -> None:
        """Doors are seen, today or nearly two years ago."""
        codes = self._some("SELECT code FROM household WHERE status = 'active' ORDER BY code", 4)
        last = years_before(self.day, 2)
        days = [self.day, *(last + datetime.timedelta(days=n) for n in (-1, 0, 1, 2))]
        with session_scope(self.engine) as session:
            make_event(session)
            session.execute(
                text("UPDATE household SET verified_on = :day WHERE code = ANY (:codes)"),
                {"day": self.random.choice(days), "codes": codes},
            )

    def a_night(self) -> None:
        """It is another day; once in a while the clock was set back."""
        self.day += datetime.timedelta(days=self.random.choice((1, 1, 2, -1)))

    def a_reform(self) -> None:
        """A commune is merged into a new one with another code."""
        (ended,) = (u for u in self.known.with_code("00004") if u.alive_on(self.day))
        day = today() - datetime.timedelta(days=90)
        reform.merge(self.engine, [ended.id], day, code=NEW_COMMUNE, name="Mới")
        with session_scope(self.engine) as session:
            self.known = load_gazetteer(session)
        self.communes = [NEW_COMMUNE if code == ended.code else code for code in self.communes]

    def doors_move(self) -> None:
        """Doors of one commune are found to be in another one."""
        with session_scope(self.engine) as session:
            make_event(session)
            streets = session.execute(
                text(
                    "SELECT DISTINCT unit_id FROM household"
                    " WHERE unit_id IS NOT NULL ORDER BY unit_id"
                )
            ).all()
            if len(streets) > 1:
                here, there = self.random.sample([row[0] for row in streets], 2)
                session.execute(
                    text(
                        "UPDATE household SET unit_id = :there, street_id = NULL,"
                        " locality_id = NULL, former_unit_id = NULL, parent_code = NULL"
                        " WHERE unit_id = :here AND kind = 'household' AND parent_code IS NULL"
                        " AND house_number_key IN ('1', '2')"
                    ),
                    {"here": here, "there": there},
                )

    def counting(self) -> None:
        """The job."""
        assert count_anew(self.engine)
        with self.engine.connect() as connection:
            assert wrong_counts(connection) == []


@pytest.fixture(scope="module")
def gazetteer(database_url: str) -> Gazetteer:
    """The units of the seeds, whatever database `engine` is of."""
    made = make_engine(database_url, pool_size=1)
    try:
        return read_gazetteer(made)
    finally:
        made.dispose()


@pytest.fixture
def engine(fresh_database: Callable[[], str]) -> Iterator[Engine]:
    made = make_engine(fresh_database(), pool_size=4)
    yield made
    made.dispose()


@pytest.fixture
def world(engine: Engine, tmp_path: Path, gazetteer: Gazetteer) -> World:
    return World(engine, deliveries(engine, tmp_path), random.Random(), gazetteer)


def load_some_demo(engine: Engine) -> None:
    with session_scope(engine) as session:
        plan = plan_demo(session, load_gazetteer(session), 120, provinces=["01"])
    load_demo(engine, plan, dry_run=False, progress=lambda _rows: None)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", SEEDS)
def test_counts_match_a_full_count_after_any_operation(
    world: World, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    world.random.seed(seed)
    for module in (count_cache, measure):
        monkeypatch.setattr(module, "today", lambda: world.day)
    if seed % 2:
        load_some_demo(world.engine)
        world.check()
    world.a_delivery()
    for number in range(STEPS):
        world.step()
        if number == STEPS // 2:
            world.a_reform()
        world.check()
        if world.random.random() < 0.6:
            world.counting()
            world.check()


def write(engine: Engine, commune: int, **columns: object) -> str:
    with session_scope(engine) as session:
        return make_household(session, unit_id=commune, **columns)


def spoil(engine: Engine, commune: int, dwellings: int) -> None:
    """Keep another count, as nothing of ours does."""
    with session_scope(engine) as session:
        session.execute(
            text("UPDATE coverage_count SET dwellings = :n WHERE unit_id = :u"),
            {"n": dwellings, "u": commune},
        )


def dwellings(engine: Engine, known: Gazetteer, code: str) -> int:
    with session_scope(engine) as session:
        return coverage_of_unit(session, known, code).total.counts.dwellings


@pytest.fixture
def units(gazetteer: Gazetteer) -> dict[str, int]:
    return {code: unit_named(gazetteer, name, code).id for code, name in COMMUNES.items()}


def test_only_changed_communes_are_counted_again(engine, gazetteer, units):
    write(engine, units["00004"])
    write(engine, units["00008"])
    assert count_anew(engine)
    spoil(engine, units["00004"], 70)
    spoil(engine, units["00008"], 80)

    write(engine, units["00004"])

    assert (dwellings(engine, gazetteer, "00004"), dwellings(engine, gazetteer, "00008")) == (2, 80)
    assert count_anew(engine)
    assert (dwellings(engine, gazetteer, "00004"), dwellings(engine, gazetteer, "00008")) == (2, 80)


def test_moved_or_removed_records_recount_their_former_commune(engine, gazetteer, units):
    here, there = units["00004"], units["00008"]
    code, other = write(engine, here), write(engine, here)
    assert count_anew(engine)

    for statement, left in (
        ("UPDATE household SET unit_id = :there", 1),
        ("DELETE FROM household", 0),
    ):
        with session_scope(engine) as session:
            make_event(session)
            session.execute(text(f"{statement} WHERE code = :code"), {"there": there, "code": code})
        assert dwellings(engine, gazetteer, "00004") == left
        assert count_anew(engine)
        code = other
    assert dwellings(engine, gazetteer, "00008") == 1


def test_writes_during_a_count_are_counted_next_time(engine, gazetteer, units):
    write(engine, units["00004"])
    with Session(engine) as writing, writing.begin():
        make_household(writing, unit_id=units["00004"])
        writing.flush()
        assert count_anew(engine)
        assert dwellings(engine, gazetteer, "00004") == 1
        # The writer sees its own.
        assert coverage_of_unit(writing, gazetteer, "00004").total.counts.dwellings == 2
    assert dwellings(engine, gazetteer, "00004") == 2
    assert count_anew(engine)
    assert dwellings(engine, gazetteer, "00004") == 2


def test_rolled_back_write_leaves_nothing_to_count(engine, units):
    assert count_anew(engine)
    with Session(engine) as writing:
        make_household(writing, unit_id=units["00004"])
        writing.rollback()
    with session_scope(engine) as session:
        assert backlog_of(session, today()).is_done


def test_concurrent_counts_run_once(engine, units):
    write(engine, units["00004"])
    with Session(engine) as first, Session(engine) as second, thread() as pool:
        first.execute(count_cache._LOCK)

        def count(session: Session) -> None:
            session.execute(count_cache._LOCK)
            session.execute(count_cache.SQL.text("count"), {"verified_since": today()})

        waiting = start_and_wait(pool, engine, second, count)
        count(first)
        first.commit()
        # Corrupted at once: a second count would correct it.
        spoil(engine, units["00004"], 70)
        waiting.result()
        second.commit()
    ((found,),) = rows(engine, "SELECT dwellings FROM coverage_count WHERE dwellings > 0")
    assert found == 70


def test_reader_that_cannot_count_still_gets_an_answer(engine, gazetteer, units, monkeypatch):
    monkeypatch.setattr(count_cache, "_BOUND", text("SET LOCAL lock_timeout = 1"))
    write(engine, units["00004"])
    with Session(engine) as counting:
        counting.execute(count_cache._LOCK)
        assert not count_anew(engine, most=100)
        count_for_readers(engine)
        assert dwellings(engine, gazetteer, "00004") == 1


def jobs(world: World) -> list[str]:
    query = "SELECT task_name FROM jobs.procrastinate_jobs WHERE status = 'todo'"
    return [row[0] for row in world.rows(query)]


def test_large_count_is_left_to_the_job_and_marked(world, gazetteer, units, monkeypatch):
    monkeypatch.setattr(count_cache, "MOST_RECORDS", 3)
    monkeypatch.setattr(measure, "MOST_RECORDS", 3)
    count_anew(world.engine)
    ((before,),) = world.rows("SELECT counted_at FROM coverage_state")
    for _ in range(5):
        write(world.engine, units["00004"])
    write(world.engine, units["00008"])

    for _ in range(2):
        count_for_readers(world.engine)
        late = measured(world, gazetteer, "01")
        assert (late.counted_at, late.total.counts.dwellings) == (before, 0)
        assert coverage_answer(late)["counted_at"] == before.replace(microsecond=0)
    # A commune with few writes is still counted exactly.
    assert measured(world, gazetteer, "00008").total.counts.dwellings == 1
    assert jobs(world) == ["coverage.count"]

    count_cache.count(world.engine, None)

    now = measured(world, gazetteer, "01")
    assert (now.counted_at, now.total.counts.dwellings) == (None, 6)
    assert coverage_answer(now)["counted_at"] is None


def measured(world: World, known: Gazetteer, code: str) -> Coverage:
    with session_scope(world.engine) as session:
        return coverage_of_unit(session, known, code)


def test_large_import_enqueues_the_job(world, monkeypatch):
    monkeypatch.setattr("registry.intake.run.MOST_RECORDS", 1)
    row = {"commune_code": "00004", "street": "Phố Một"}
    world.deliver(row | {"house_number": "1"})
    assert jobs(world) == []
    world.deliver(*(row | {"house_number": str(n)} for n in (2, 3)))
    assert jobs(world) == ["coverage.count"]


def test_verification_counts_until_its_last_day(engine, gazetteer, units, monkeypatch):
    first = years_before(today(), 2)
    write(engine, units["00004"], verified_on=first)
    assert count_anew(engine)
    with session_scope(engine) as session:
        assert coverage_of_unit(session, gazetteer, "00004").total.counts.verified == 1
        assert backlog_of(session, today()).is_done
        tomorrow = today() + datetime.timedelta(days=1)
        assert backlog_of(session, tomorrow).communes == 1
    for module in (count_cache, measure):
        monkeypatch.setattr(module, "today", lambda: tomorrow)
    with session_scope(engine) as session:
        assert coverage_of_unit(session, gazetteer, "00004").total.counts.verified == 0
    assert count_anew(engine)
    with session_scope(engine) as session:
        assert coverage_of_unit(session, gazetteer, "00004").total.counts.verified == 0
        assert backlog_of(session, tomorrow).is_done


def test_first_load_of_a_register_is_counted(engine, gazetteer, units):
    assert count_anew(engine)
    with session_scope(engine) as session:
        make_event(session)
        street = make_street(session, unit_id=units["00004"])
        make_locality(session, unit_id=units["00008"])
        assert session.scalar(text("SELECT park_keys()"))
        for number in range(3):
            columns = {"house_number": str(number), "house_number_key": str(number)}
            make_household(session, unit_id=units["00004"], street_id=street, **columns)
        make_household(session, unit_id=units["00008"])
        session.execute(text("SELECT unpark_keys()"))
    with session_scope(engine) as session:
        backlog = backlog_of(session, today())
        assert (backlog.communes, backlog.records) == (2, 4)
    assert dwellings(engine, gazetteer, "00004") == 3
    # And what comes after it.
    write(engine, units["00004"])
    assert count_anew(engine)
    assert dwellings(engine, gazetteer, "00004") == 4


def test_wrong_count_is_detected_and_corrected(engine, gazetteer, units):
    write(engine, units["00004"])
    assert count_anew(engine)
    spoil(engine, units["00004"], 70)
    with engine.connect() as connection:
        assert wrong_counts(connection) == ["00004"]

    recount(engine)

    with engine.connect() as connection:
        assert wrong_counts(connection) == []
    assert dwellings(engine, gazetteer, "00004") == 1
