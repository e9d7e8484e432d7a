"""Copies that follow the feed during concurrent writes: in the end they equal the register."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.core.database import make_engine
from registry.core.errors import RegistryError
from registry.core.events import move_pending_events, open_event, write_scope
from registry.core.reads import Reads
from registry.intake.publishing.rollback import roll_back
from registry.publish.changes.snapshot import export_snapshot
from registry.register import Register
from scripts.follow import load_snapshot
from tests.support.copies import Follower, follower, opened
from tests.support.factories import TEST, make_household, next_code
from tests.support.intake import BA_DINH, deliveries, door
from tests.support.lifecycle import COMMUNE, LANG, Town

WHY = {"reason": "tests"}
STREETS = ("Cam", "Chanh", "Quýt", "Bưởi", "Mận", "Đào", "Táo", "Vải")
ROUNDS = 14
PHASES = 3


@dataclass
class Stage:
    """What all of a test share."""

    place: Town
    register: Register
    folder: Path
    barrier: threading.Barrier = field(default_factory=lambda: threading.Barrier(len(STREETS)))
    halfway: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    """The writers have; the imports end then."""
    quiet: threading.Event = field(default_factory=threading.Event)
    """Nobody writes any more."""


@pytest.fixture
def stage(fresh_database: Callable[[], str], tmp_path: Path) -> Iterator[Stage]:
    url = fresh_database()
    engine = make_engine(url, pool_size=len(STREETS) + 8)
    reads = Reads(url, pool_size=2, statement_timeout_ms=10_000)
    with opened(url) as register:
        yield Stage(Town(url, engine, reads), register, tmp_path)
    reads.close()
    engine.dispose()


@dataclass
class Writer:
    """Does one thing a round in a street of its own, or keeps a transaction open meanwhile."""

    stage: Stage
    name: str
    chance: random.Random
    kind: str = "Phố"
    used: set[str] = field(default_factory=set)
    living: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    rolled_back: int = 0

    @property
    def street(self) -> str:
        return f"{self.kind} {self.name}"

    def run(self) -> None:
        try:
            self.stage.place.street(self.street)
            self.living = [self._house() for _ in range(4)]
            for at in range(ROUNDS):
                if at == ROUNDS // 2:
                    self.stage.halfway.set()
                self._round()
        except BaseException:
            self.stage.barrier.abort()
            raise

    def _round(self) -> None:
        held = self.chance.random() < 0.4
        begins, ends = sorted(self.chance.choices(range(PHASES), k=2))
        with Session(self.stage.place.engine) as session:
            for phase in range(PHASES):
                self.stage.barrier.wait(timeout=120)
                if phase == begins:
                    self._begin(session) if held else self._operate()
                if phase == ends and held:
                    self._end(session)

    def _begin(self, session: Session) -> None:
        open_event(session, TEST)
        self.born = next_code()
        make_household(session, code=self.born, status="reserved")
        statement = "UPDATE household SET floor = :floor, restricted = :r WHERE code = ANY (:c)"
        some = self.chance.sample(self.living, k=min(2, len(self.living)))
        restricted = self.chance.random() < 0.5
        session.execute(
            text(statement), {"floor": str(self.chance.randrange(9)), "r": restricted, "c": some}
        )

    def _end(self, session: Session) -> None:
        if self.chance.random() < 0.3:
            session.rollback()
            self.rolled_back += 1
            return
        session.commit()
        self.done.append("held")
        if self.chance.random() < 0.7:  # the others die before they move their event
            move_pending_events(self.stage.place.engine)

    def _operate(self) -> None:
        operations = [
            *(self._make, self._correct, self._renumber, self._merge, self._split),
            *(self._replace, self._retire, self._reinstate, self._rename, self._take_in),
        ]
        chosen = self.chance.choice(operations) if len(self.living) > 3 else self._make
        with suppress(RegistryError):  # it may be impossible just now
            chosen()
            self.done.append(chosen.__name__)

    def _do(self, operation: str, **fields: object) -> list[str]:
        """Perform it; codes that it made."""
        records = self.stage.place.do(operation, **fields).records
        self.retired += [r.code for r in records if r.status == "retired"]
        self.living = [c for c in self.living if c not in self.retired]
        return [r.code for r in records if r.status == "active" and r.code not in self.living]

    def _number(self) -> str:
        number = str(len(self.used) + 1)
        self.used.add(number)
        return number

    def _house(self) -> str:
        return self.stage.place.house(self._number(), self.street, **LANG)

    def _make(self) -> None:
        self.living.append(self._house())

    def _correct(self) -> None:
        hint = f"cổng màu {self.chance.randrange(99)}"
        self._do("correct", code=self.chance.choice(self.living), delivery_hint=hint)

    def _renumber(self) -> None:
        code = self.chance.choice(self.living)
        self._do("renumber", code=code, house_number=self._number(), **WHY)

    def _merge(self) -> None:
        into, *others = self.chance.sample(self.living, k=3)
        self._do("merge", codes=others, into=into, **WHY)

    def _split(self) -> None:
        parts = [{"house_number": self._number()} for _ in range(2)]
        code = self.chance.choice(self.living)
        self.living += self._do("split", code=code, parts=parts, **WHY)

    def _replace(self) -> None:
        (reserved,) = self.stage.place.reserve()
        code = self.chance.choice(self.living)
        self.living += self._do("replace", code=code, by=reserved, **WHY)

    def _retire(self) -> None:
        self._do("retire", code=self.chance.choice(self.living), **WHY)

    def _reinstate(self) -> None:
        if self.retired:
            code = self.chance.choice(self.retired)
            self.stage.place.do("reinstate", code=code, **WHY)
            self.retired.remove(code)
            self.living.append(code)

    def _rename(self) -> None:
        kind = "Đường" if self.kind == "Phố" else "Phố"
        self._do(
            "rename-street", commune=COMMUNE, street=self.street, new_name=f"{kind} {self.name}"
        )
        self.kind = kind

    def _take_in(self) -> None:
        other = f"Ngõ {self.name} {len(self.used)}"
        self.stage.place.street(other)
        self.living.append(self.stage.place.house(self._number(), other))
        self._do("merge-street", commune=COMMUNE, street=other, into=self.street, **WHY)


def import_and_take_back(stage: Stage) -> int:
    """Imports until the writers have ended, every second one taken back; how many."""
    deliver, count = deliveries(stage.place.engine, stage.folder), 0
    while count < 3 or not stage.ended.is_set():
        rows = [door(str(n), f"{count}-{n}") for n in range(40 * count, 40 * count + 40)]
        result = deliver(*rows, source=f"phuong {count}")
        if count % 2:
            roll_back(stage.place.engine, result.import_id)
        count += 1
    return count


def follow_on(stage: Stage, name: str, **options: object) -> Future[list[str]]:
    """A follower in a thread of its own, from the start; what it has wrong in the end."""

    def run() -> list[str]:
        with follower(stage.register, stage.folder / name, **options) as reader:
            while not stage.quiet.is_set():
                reader.page()
            reader.catch_up()
            return reader.differences()

    pool = ThreadPoolExecutor(1)
    running = pool.submit(run)
    pool.shutdown(wait=False)
    return running


def from_snapshot(stage: Stage) -> Follower:
    """A copy of the register in an intermediate state, with its cursor."""
    assert stage.halfway.wait(timeout=120)
    export_snapshot(stage.place.engine, stage.folder / "snapshot")
    with follower(stage.register, stage.folder / "late") as late:
        load_snapshot(late.copy, stage.folder / "snapshot", None, demo=False)
    return late


def test_snapshot_and_replay_equal_the_register_despite_concurrent_writes(stage: Stage) -> None:
    writers = [Writer(stage, name, random.Random(name)) for name in STREETS]
    place = stage.place
    with ThreadPoolExecutor(len(writers) + 2) as pool, Session(place.engine) as longest:
        open_event(longest, TEST)
        held = make_household(longest, status="reserved", code=next_code())
        try:
            following = [
                follow_on(stage, "all", limit=11),
                follow_on(stage, "few", limit=300),
                follow_on(stage, "commune", unit=COMMUNE),
                follow_on(stage, "elsewhere", unit=BA_DINH),
            ]
            imports = pool.submit(import_and_take_back, stage)
            late = pool.submit(from_snapshot, stage)
            errors = [r.exception() for r in [pool.submit(writer.run) for writer in writers]]
            broken = (type(None), threading.BrokenBarrierError)  # because another one failed
            assert [error for error in errors if not isinstance(error, broken)] == []
            late.result()
        finally:
            longest.commit()
            with write_scope(place.engine, TEST) as session:
                session.execute(
                    text("UPDATE household SET status = 'retired' WHERE code = :c"), {"c": held}
                )
            stage.ended.set()
        try:
            assert imports.result() >= 3
        finally:
            stage.quiet.set()
    for follow in following:
        assert follow.result(timeout=120) == []
    with follower(stage.register, stage.folder / "late") as reader:
        assert reader.copy.cursor() is not None
        reader.catch_up()
        assert reader.differences() == []
    done = {what for writer in writers for what in writer.done}
    assert len(done) >= 9, done
    assert any(writer.rolled_back for writer in writers)
