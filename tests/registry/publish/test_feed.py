"""The change feed: every committed event once, and never one below what a reader has seen."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from registry.core.database import make_engine, session_scope
from registry.core.events import move_pending_events, open_event, write_scope
from tests.support.factories import TEST, make_event, make_household, next_code
from tests.support.feed import codes_of_event, feed_after
from tests.support.rivals import backend_pid, is_waiting, start_and_wait, thread
from tests.support.tables import Event, EventPending, Feed
from tests.support.thorough import gate_takes_first
from tests.support.waiting import eventually

WRITERS = 8
ROUNDS = 12


@pytest.fixture
def own_engine(fresh_database: Callable[[], str]) -> Iterator[Engine]:
    """The application's engine on a database of the test's own."""
    engine = make_engine(fresh_database(), pool_size=WRITERS + 6)
    yield engine
    engine.dispose()


def read_all(engine: Engine, position: int = 0) -> list[int]:
    """The ids of the events after a position."""
    with Session(engine) as session:
        return [entry.event_id for entry in feed_after(session, position, 10**6)]


def last_position(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.max(Feed.position))) or 0


def pending(engine: Engine) -> set[int]:
    with Session(engine) as session:
        return set(session.scalars(select(EventPending.event_id)))


def write(engine: Engine) -> int:
    """A committed event that is not published yet."""
    with session_scope(engine) as session:
        return open_event(session, TEST)


def move_in(session: Session) -> int:
    return session.execute(select(func.move_pending_events())).scalar_one()


# --- one after the other -------------------------------------------------------------------------


def test_write_is_in_the_feed_after_its_block(own_engine: Engine) -> None:
    with write_scope(own_engine, TEST) as session:
        event_id = make_event(session)
        codes = [make_household(session), make_household(session)]
    assert read_all(own_engine) == [event_id]
    assert pending(own_engine) == set()
    with Session(own_engine) as session:
        assert codes_of_event(session, event_id) == sorted(codes)


def test_event_lists_the_codes_it_wrote_changed_or_removed(own_engine: Engine) -> None:
    with write_scope(own_engine, TEST) as session:
        first = make_event(session)
        codes = sorted(make_household(session) for _ in range(3))
    with write_scope(own_engine, TEST) as session:
        second = make_event(session)
        session.execute(
            text("UPDATE household SET floor = '2' WHERE code = :code"), {"code": codes[0]}
        )
        session.execute(text("DELETE FROM household WHERE code = :code"), {"code": codes[1]})
        new = make_household(session)
    with Session(own_engine) as session:
        assert codes_of_event(session, first) == codes
        assert codes_of_event(session, second) == sorted([codes[0], codes[1], new])
        assert codes_of_event(session, second + 1) == []


def test_pages_join_without_a_gap(own_engine: Engine) -> None:
    events = []
    for _ in range(10):
        events.append(write(own_engine))
        if len(events) % 3 == 0:
            move_pending_events(own_engine)
    move_pending_events(own_engine)
    seen, position = [], 0
    with Session(own_engine) as session:
        while page := feed_after(session, position, 3):
            assert len(page) <= 3
            seen += [entry.event_id for entry in page]
            position = page[-1].position
    assert seen == events


@pytest.mark.parametrize("how", ["exception", "rollback", "savepoint"])
def test_event_never_appears_when_its_transaction_was_rolled_back(
    own_engine: Engine, how: str
) -> None:
    if how == "exception":
        lost = write_and_fail(own_engine)
    else:
        with Session(own_engine) as session:
            savepoint = session.begin_nested()
            lost = open_event(session, TEST)
            make_household(session)
            (savepoint if how == "savepoint" else session).rollback()
            session.commit()
    kept = write(own_engine)
    move_pending_events(own_engine)
    assert read_all(own_engine) == [kept]
    assert lost not in pending(own_engine)


def write_and_fail(engine: Engine) -> int:
    """The event of a block that raised."""
    events = []
    with suppress(LookupError), write_scope(engine, TEST) as session:
        events.append(make_event(session))
        make_household(session)
        raise LookupError
    return events[0]


def test_event_of_a_writer_that_died_after_commit_is_published_by_the_next(
    own_engine: Engine,
) -> None:
    orphan = write(own_engine)
    assert read_all(own_engine) == []
    assert pending(own_engine) == {orphan}
    with write_scope(own_engine, TEST) as session:
        next_one = make_event(session)
    assert read_all(own_engine) == [orphan, next_one]


def test_publishing_without_pending_events_does_nothing(own_engine: Engine) -> None:
    event_id = write(own_engine)
    assert move_pending_events(own_engine) == 1
    assert move_pending_events(own_engine) == 0
    assert read_all(own_engine) == [event_id]


# --- two at once ---------------------------------------------------------------------------------


def test_cursor_on_event_ids_would_miss_an_event_that_the_feed_has(own_engine: Engine) -> None:
    """Why there is a feed at all: the order of a sequence is not the order of commits."""

    def ids_after(event_id: int) -> list[int]:
        with Session(own_engine) as session:
            return list(session.scalars(select(Event.id).where(Event.id > event_id)))

    with Session(own_engine) as slow:
        early = open_event(slow, TEST)
        late = write(own_engine)
        assert early < late
        move_pending_events(own_engine)
        by_sequence, by_feed = ids_after(0), read_all(own_engine)
        cursor, position = max(by_sequence), last_position(own_engine)
        slow.commit()
    move_pending_events(own_engine)
    by_sequence += ids_after(cursor)
    by_feed += read_all(own_engine, position)
    assert by_sequence == [late]
    assert by_feed == [late, early]


def test_second_mover_waits_and_gets_the_higher_positions(own_engine: Engine) -> None:
    one = write(own_engine)
    with thread() as pool, Session(own_engine) as first, Session(own_engine) as second:
        assert move_in(first) == 1
        two = write(own_engine)

        def move(session: Session) -> int:
            moved = move_in(session)
            session.commit()
            return moved

        waiting = start_and_wait(pool, own_engine, second, move)
        assert not waiting.done()
        assert read_all(own_engine) == []
        first.commit()
        assert waiting.result() == 1
    assert read_all(own_engine) == [one, two]


def test_event_is_published_by_the_next_mover_after_a_rollback(own_engine: Engine) -> None:
    event_id = write(own_engine)
    with Session(own_engine) as session:
        assert move_in(session) == 1
        session.rollback()
    assert pending(own_engine) == {event_id}
    assert move_pending_events(own_engine) == 1
    assert read_all(own_engine) == [event_id]


def test_event_stays_pending_when_its_mover_is_killed(own_engine: Engine, admin_url: str) -> None:
    event_id = write(own_engine)
    with thread() as pool, Session(own_engine) as killed, Session(own_engine) as next_mover:
        assert move_in(killed) == 1
        waiting = start_and_wait(pool, own_engine, next_mover, move_in)
        with psycopg.connect(admin_url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 60000)", [backend_pid(killed)])
        # The lock is free again, and the event is where it was.
        assert waiting.result() == 1
        next_mover.commit()
        with pytest.raises(OperationalError):
            killed.commit() or killed.execute(text("SELECT 1"))
        killed.invalidate()
    assert read_all(own_engine) == [event_id]


def test_mover_with_an_old_snapshot_leaves_later_events_to_others(own_engine: Engine) -> None:
    with (
        own_engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection,
        Session(connection) as old,
    ):
        old.execute(text("SELECT count(*) FROM feed"))
        event_id = write(own_engine)
        assert move_in(old) == 0
        old.commit()
    assert pending(own_engine) == {event_id}
    assert move_pending_events(own_engine) == 1
    assert read_all(own_engine) == [event_id]


def test_mover_with_an_old_snapshot_is_refused_after_another_moved_the_event(
    own_engine: Engine,
) -> None:
    event_id = write(own_engine)
    with (
        own_engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection,
        Session(connection) as old,
    ):
        old.execute(text("SELECT count(*) FROM feed"))
        move_pending_events(own_engine)
        with pytest.raises(DBAPIError, match="could not serialize"):
            move_in(old)
    assert read_all(own_engine) == [event_id]


def test_writer_publishing_before_its_commit_keeps_the_order(own_engine: Engine) -> None:
    """Not intended use, but a position drawn early is held back by the lock."""
    with thread() as pool, Session(own_engine) as early, Session(own_engine) as mover:
        first = open_event(early, TEST)
        assert move_in(early) == 1
        second = write(own_engine)
        waiting = start_and_wait(pool, own_engine, mover, move_in)
        assert not waiting.done()
        early.commit()
        assert waiting.result() == 1
        mover.commit()
    assert read_all(own_engine) == [first, second]


@pytest.mark.parametrize("statement_timeout_ms", gate_takes_first(1, [500, None]))
def test_write_succeeds_when_its_event_cannot_be_published_in_time(
    own_engine: Engine, statement_timeout_ms: int | None
) -> None:
    """A hanging mover must neither make a committed write look like a failure nor block it."""
    limit = [] if statement_timeout_ms is None else [f"-c statement_timeout={statement_timeout_ms}"]
    options = " ".join([str(own_engine.url.query["options"]), *limit])
    impatient = create_engine(own_engine.url.update_query_dict({"options": options}))
    try:
        with Session(own_engine) as hanging:
            move_in(hanging)
            with write_scope(impatient, TEST) as session:
                event_id = make_event(session)
                code = make_household(session)
            assert pending(own_engine) == {event_id}
    finally:
        impatient.dispose()
    move_pending_events(own_engine)
    assert read_all(own_engine) == [event_id]
    with Session(own_engine) as session:
        assert codes_of_event(session, event_id) == [code]


# --- everything at once --------------------------------------------------------------------------


@dataclass
class Follower:
    """A reader that pages by position, as a subscriber does, until stopped."""

    engine: Engine
    seen: list[int] = field(default_factory=list)
    position: int = 0
    polls: int = 0

    def poll(self) -> bool:
        """Read one page; whether there was anything. AssertionError when the past has changed."""
        with Session(self.engine) as session:
            page = feed_after(session, self.position, 7)
            for entry in page:
                assert entry.position > self.position
                self.position = entry.position
                self.seen.append(entry.event_id)
        with Session(self.engine) as session:
            below = session.scalars(
                select(Feed.event_id).where(Feed.position <= self.position).order_by(Feed.position)
            ).all()
        assert below == self.seen, "an event appeared below what was read"
        self.polls += 1
        return bool(page)

    def follow(self, stop: threading.Event) -> None:
        while not stop.is_set():
            self.poll()

    def finish(self) -> None:
        while self.poll():
            pass


@dataclass
class Writer:
    """Writes in rounds: in each, its transaction stays open across a random number of barriers."""

    engine: Engine
    barrier: threading.Barrier
    chance: random.Random
    committed: list[int] = field(default_factory=list)
    rolled_back: list[int] = field(default_factory=list)

    def run(self) -> None:
        try:
            for _ in range(ROUNDS):
                self._round()
        except BaseException:
            self.barrier.abort()
            raise

    def _round(self) -> None:
        open_at, close_at = sorted(self.chance.choices(range(4), k=2))
        with Session(self.engine) as session:
            for phase in range(4):
                self.barrier.wait(timeout=60)
                if phase == open_at:
                    event_id = open_event(session, TEST)
                    make_household(session, status="reserved", code=next_code())
                if phase == close_at:
                    self._close(session, event_id)

    def _close(self, session: Session, event_id: int) -> None:
        if self.chance.random() < 0.3:
            session.rollback()
            self.rolled_back.append(event_id)
            return
        session.commit()
        self.committed.append(event_id)
        if self.chance.random() < 0.7:  # the others die before they move their event
            move_pending_events(self.engine)


@pytest.mark.parametrize("seed", gate_takes_first(1, [1, 2, 3]))
def test_concurrent_writers_and_movers_lose_and_repeat_no_event(
    own_engine: Engine, seed: int
) -> None:
    barrier, stop = threading.Barrier(WRITERS), threading.Event()
    writers = [Writer(own_engine, barrier, random.Random(f"{seed}/{n}")) for n in range(WRITERS)]
    follower = Follower(own_engine)

    def keep_moving() -> None:
        while not stop.is_set():
            move_pending_events(own_engine)

    with ThreadPoolExecutor(WRITERS + 3) as pool, Session(own_engine) as longest:
        held = open_event(longest, TEST)
        others = [pool.submit(follower.follow, stop)]
        others += [pool.submit(keep_moving) for _ in range(2)]
        try:
            for running in [pool.submit(writer.run) for writer in writers]:
                running.result()
            eventually(lambda: follower.polls > 3, "the follower reads on")
            longest.commit()
        finally:
            stop.set()
        for other in others:
            other.result()
    move_pending_events(own_engine)
    follower.finish()

    committed = {event_id for writer in writers for event_id in writer.committed} | {held}
    assert len(committed) > WRITERS
    assert any(writer.rolled_back for writer in writers)
    assert len(follower.seen) == len(set(follower.seen))
    assert set(follower.seen) == committed
    assert pending(own_engine) == set()
    # The longest transaction had the lowest id and blocked no other.
    assert held == min(committed)
    assert follower.seen[0] != held


def test_mover_is_not_blocked_by_writers_in_flight(own_engine: Engine) -> None:
    with Session(own_engine) as writer, Session(own_engine) as mover:
        open_event(writer, TEST)
        event_id = write(own_engine)
        mover.execute(text("SET LOCAL lock_timeout = '5s'"))
        assert move_in(mover) == 1
        assert not is_waiting(own_engine, backend_pid(writer))
        mover.commit()
        writer.commit()
    assert read_all(own_engine) == [event_id]
