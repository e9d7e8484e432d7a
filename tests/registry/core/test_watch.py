"""What was seen a moment ago, and for how long that counts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from registry.core import watch as module
from registry.core.database import TookTooLongError
from registry.core.errors import DatabaseUnavailableError
from registry.core.messages import Text
from registry.core.watch import Watch
from tests.support.waiting import eventually

NEW_S, HANGS_S = 1.0, 2.0
MOST_AGE_S = NEW_S + HANGS_S
SILENT, FAILED = TookTooLongError.__name__, DatabaseUnavailableError.__name__


class Database:
    """Answers a look with its number, fails it, or lets it hang; its clock is the test's."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.looks = self.ended = 0
        self.fails = False
        self._goes_on = threading.Event()
        self._goes_on.set()
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now)
        self._watch = Watch(self._look, new_s=NEW_S, hangs_s=HANGS_S, patience_s=0.05)

    def _look(self) -> int:
        self.looks += 1
        look, fails = self.looks, self.fails
        self._goes_on.wait()
        self.ended += 1
        if fails:
            raise DatabaseUnavailableError(Text("no"))
        return look

    def told(self) -> tuple[int, float] | str:
        """The number of a look and its age, or what was raised."""
        try:
            return self._watch.last()
        except DatabaseUnavailableError as error:
            return type(error).__name__

    def close(self) -> None:
        self._watch.close()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        self._goes_on.clear()
        try:
            yield
        finally:
            self._goes_on.set()


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    return Database(monkeypatch)


@pytest.mark.parametrize(
    ("later_s", "told"),
    [(0.0, (1, 0.0)), (0.75, (1, 0.75)), (NEW_S, (2, 0.0)), (1_000.0, (2, 0.0))],
)
def test_what_is_new_is_told_and_what_is_older_is_looked_at_again(
    database: Database, later_s: float, told: object
) -> None:
    assert database.told() == (1, 0.0)
    database.now += later_s
    assert database.told() == told


@pytest.mark.parametrize(
    ("later_s", "told"),
    [(1.25, (1, 1.25)), (MOST_AGE_S, (1, MOST_AGE_S)), (3.25, SILENT), (1_000.0, SILENT)],
)
def test_while_one_look_hangs_what_was_seen_before_counts_until_it_is_old(
    database: Database, later_s: float, told: object
) -> None:
    first = database.told()
    with database.hanging():
        database.now += NEW_S
        assert (first, database.told()) == ((1, 0.0), (1, NEW_S))
        database.now += later_s - NEW_S
        assert [database.told() for _ in range(3)] == [told] * 3
        assert database.looks == 2
    eventually(lambda: database.told() != told, "the look has ended, or somebody looks again")
    database.now += 1_000
    assert database.told() == (3 if database.looks == 3 else 4, 0.0)


def test_nothing_is_known_before_the_first_look_has_ended(database: Database) -> None:
    told: list[object] = []
    with database.hanging():
        first = threading.Thread(target=lambda: told.append(database.told()))
        first.start()
        eventually(lambda: database.looks == 1, "somebody looks")
        database.now += HANGS_S
        assert database.told() == SILENT
    first.join()
    assert told == [(1, 0.0)]


def test_a_failure_is_told_while_a_new_look_hangs_and_no_longer(database: Database) -> None:
    assert database.told() == (1, 0.0)
    database.fails, database.now = True, database.now + NEW_S
    assert database.told() == FAILED
    database.fails = False
    with database.hanging():
        assert database.told() == FAILED
    eventually(lambda: database.told() == (3, 0.0), "it answers again")


def test_look_that_has_begun_is_waited_for_at_the_end(database: Database) -> None:
    database.told()
    with database.hanging():
        database.now += NEW_S + 1
        assert database.told() == (1, NEW_S + 1)
        closing = threading.Thread(target=database.close)
        closing.start()
        closing.join(0.05)
        assert closing.is_alive()
    closing.join()
    assert (database.looks, database.ended) == (2, 2)
